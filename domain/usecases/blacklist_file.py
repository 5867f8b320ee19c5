"""
Numbers for the blacklist out of a file, of any kind that contacts are imported from. The file is kept until all of them
are on the list, so that a kill in the middle loses none: ``carry_on`` goes on where it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.models import Change, ChangeKind, ChangeState
from domain.rules.csv_layout import FileRejected
from domain.store import Slice
from domain.store.staging import Staged
from domain.usecases import import_reader, undo, uploads
from domain.usecases.blacklist import Source
from domain.usecases.import_reader import ReaderFailed
from domain.usecases.import_spec import LookSpec, ReadSpec, as_json, read_spec_from
from domain.usecases.numbering import numbering_anywhere

log = structlog.get_logger()

Told = Callable[[int], Awaitable[None]]

_SLICE: Final = 2_000  # numbers a transaction
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair


class NoNumberColumn(DomainError):
    """No column of the file holds numbers that can be written to. Values: none."""

    key = "error.no_number_column"


@dataclass(frozen=True, slots=True)
class AddedFile:
    """
    What became of a file's numbers.

    Attributes:
        added, already: Numbers that were not on the list, and that were.
        refused: Rows without a number that can be written to, by text key of the reason.
        change_id: What undoes it; None: nothing was added.
    """

    added: int
    already: int
    refused: Mapping[str, int]
    change_id: int | None


async def add_file(account_id: int, name: str, content: bytes, *, by: int, told: Told | None = None) -> AddedFile:
    """
    Put every number of a file on the list: its first table, the column that holds numbers.

    Args:
        told: Is told the change's id after each slice.

    Raises:
        FileRejected: Nothing of it can be used.
        NoNumberColumn: It holds no numbers.
    """
    numbering = await numbering_anywhere(account_id)
    look = await import_reader.look(content, LookSpec(name, numbering))
    if not look.columns.has_msisdn:
        raise NoNumberColumn
    spec = ReadSpec(look.parts[look.index], look.layout, look.columns, numbering)
    file = await import_reader.read(content, spec, _untold)
    change_id = 0
    try:
        if not file.tally.contacts:
            raise NoNumberColumn
        upload = await uploads.keep(content)
        scope = {"upload": upload, "spec": as_json(spec), "total": file.tally.contacts}
        change_id = await undo.begin(account_id, ChangeKind.BLACKLIST, by=by, title=name, scope=scope)
        _here.add(change_id)
        await _list(await Change.get(id=change_id), Staged(file.staged), told)
        added = await _end(change_id, upload)
    finally:
        _here.discard(change_id)
        file.close()
    return AddedFile(added, file.tally.contacts - added, file.tally.refused, change_id if added else None)


async def unfinished() -> Sequence[int]:
    """Ids of changes that a kill or a stop left half-way: nobody carries them out."""
    running = Change.filter(state=ChangeState.RUNNING, kind=ChangeKind.BLACKLIST, scope__isnull=False).order_by("id")
    return [int(change.id) for change in await running if _is_file(change) and change.id not in _here]


async def carry_on(change_id: int) -> None:
    """Read its file once more and list the numbers behind the change's cursor; safe to repeat and to do twice."""
    change = await Change.get(id=change_id)
    if change.state is not ChangeState.RUNNING or not _is_file(change):
        return
    scope: dict[str, Any] = dict(change.scope or {})
    try:
        content = await uploads.read(scope["upload"])
        file = await import_reader.read(content, read_spec_from(scope["spec"]), _untold)
    except (FileRejected, ReaderFailed) as error:  # what is on the list of it can be undone
        log.warning("blacklist_file_lost", change=change_id, error=type(error).__name__)
        await _end(change_id, scope["upload"])
        return
    try:
        await _list(change, Staged(file.staged))
    finally:
        file.close()
    await _end(change_id, scope["upload"])


_here: Final[set[int]] = set()  # changes that ``add_file`` is carrying out


def _is_file(change: Change) -> bool:
    return "upload" in (change.scope or {})


async def _list(change: Change, staged: Staged, told: Told | None = None) -> None:
    """In ascending order, each slice with the change's cursor."""
    account_id: int = change.account_id  # type: ignore[attr-defined]
    db, cursor = store.current(), change.cursor
    try:
        while rows := await asyncio.to_thread(staged.next_rows, cursor, limit=_SLICE):
            numbers = await asyncio.to_thread(staged.msisdns, cursor, rows.last)
            part = Slice(change.id, account_id, numbers, cursor, rows.last)
            await db.list_numbers(part, source=Source.IMPORT, by=change.made_by, now_ms=undo.now_ms())
            cursor = rows.last
            if told is not None:
                await told(change.id)
            await asyncio.sleep(_PAUSE_S)
    finally:
        staged.close()


async def _end(change_id: int, upload: int) -> int:
    """It can be undone from now on. Returns how many numbers it listed."""
    await undo.finish(change_id)
    await uploads.drop(upload)
    change = await Change.get(id=change_id)
    log.info("blacklisted", change=change_id, numbers=change.count, source=Source.IMPORT, by=change.made_by)
    return change.count


def _untold(_done: int, _total: int) -> None:
    """Nobody waits for word of it."""
