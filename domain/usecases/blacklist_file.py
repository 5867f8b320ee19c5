"""
Numbers for the blacklist out of a file, of any kind that contacts are imported from. The file is kept until all of them
are on the list, so that a kill in the middle loses none: ``carry_on`` goes on where it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.models import Change, ChangeKind, ChangeState
from domain.rules.csv_layout import FileEmpty, FileRejected
from domain.store import Slice
from domain.store.staging import Staged
from domain.usecases import import_progress, import_reader, undo, uploads
from domain.usecases.blacklist import Source
from domain.usecases.import_progress import ReadingStopped, Stage
from domain.usecases.import_reader import ReaderFailed, ReadFile
from domain.usecases.import_spec import LookSpec, ReadSpec, Tally, as_json, read_spec_from
from domain.usecases.numbering import numbering_anywhere

log = structlog.get_logger()

Fetch = Callable[[], Awaitable[bytes]]
Told = Callable[[int], Awaitable[None]]

_SLICE: Final = 2_000  # numbers a transaction
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair
_FETCHED_WITHIN_MS: Final = 60_000
_UPLOAD: Final = "upload"  # in the scope; null: its bytes are on the way


class NoNumberColumn(DomainError):
    """No column of the file holds numbers that can be written to. Values: none."""

    key = "error.no_number_column"


@dataclass(frozen=True, slots=True)
class AddedFile:
    """
    What became of a file's numbers.

    Attributes:
        change_id: What tells of it, and undoes it.
        added, already: Numbers that were not on the list, and that were.
        refused: Rows without a number that can be written to, by text key of the reason.
        stopped: Somebody did not let it come to its end; ``already`` and ``refused`` are not known.
    """

    change_id: int
    added: int
    already: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    stopped: bool = False


async def add_file(account_id: int, name: str, fetch: Fetch, *, by: int, told: Told | None = None) -> AddedFile:
    """
    Put every number of a file on the list: its first table, the column that holds numbers. ``change_run.stop`` stops it
    at any moment.

    Args:
        fetch: Brings the file's bytes.
        told: Is told the change's id at once.

    Raises:
        FileRejected: Nothing of it can be used.
        NoNumberColumn: It holds no numbers.
    """
    change_id = await undo.begin(account_id, ChangeKind.BLACKLIST, by=by, title=name, scope={_UPLOAD: None})
    _here.add(change_id)
    try:
        if told is not None:
            await told(change_id)
        tally = await _carry(change_id, fetch)
        change = await _end(change_id)
    except (FileRejected, NoNumberColumn):
        await _end(change_id)
        raise
    finally:
        _here.discard(change_id)
    if tally is None or change.stopped:
        return AddedFile(change_id, change.count, stopped=True)
    return AddedFile(change_id, change.count, tally.contacts - change.count, tally.refused)


async def unfinished() -> Sequence[int]:
    """Ids of changes that a kill or a stop of the program left half-way: nobody carries them out."""
    running = Change.filter(state=ChangeState.RUNNING, kind=ChangeKind.BLACKLIST, scope__isnull=False).order_by("id")
    return [change.id for change in await running if _is_left(change)]


async def carry_on(change_id: int) -> None:
    """Read its file once more and list the numbers behind the change's cursor; safe to repeat and to do twice."""
    if not _is_left(await Change.get(id=change_id)):
        return
    try:
        await _carry(change_id, _lost)
    except (FileRejected, NoNumberColumn, ReaderFailed) as error:  # what is on the list of it can be undone
        log.warning("blacklist_file_lost", change=change_id, error=type(error).__name__)
    await _end(change_id)


def upload_of(change: Change) -> int | None:
    """The name of its file's bytes."""
    name = (change.scope or {}).get(_UPLOAD)
    return None if name is None else int(str(name))


_here: Final[set[int]] = set()  # changes that ``add_file`` is carrying out


def _is_left(change: Change) -> bool:
    """Nobody carries it out, here or (its file on the way) in another process."""
    if change.state is not ChangeState.RUNNING or _UPLOAD not in (change.scope or {}) or change.id in _here:
        return False
    return upload_of(change) is not None or change.made_ms < undo.now_ms() - _FETCHED_WITHIN_MS


async def _lost() -> bytes:
    raise FileEmpty


async def _carry(change_id: int, fetch: Fetch) -> Tally | None:
    """Read it and list its numbers. None: it was stopped."""
    key = import_progress.of_change(change_id)
    import_progress.begin(key, Stage.READING)
    try:
        file = await import_progress.stoppable(key, _read(change_id, fetch))
        try:
            await _list(change_id, file)
        finally:
            await asyncio.to_thread(file.close)
    except ReadingStopped:
        return None
    finally:
        import_progress.end(key)
    return file.tally


async def _read(change_id: int, fetch: Fetch) -> ReadFile:
    """
    From the bytes that are kept, else from those that ``fetch`` brings. What it found is kept with the change, so that
    after a restart the same numbers follow in the same order.
    """
    change = await Change.get(id=change_id)
    if change.state is not ChangeState.RUNNING:
        raise ReadingStopped
    scope: dict[str, Any] = dict(change.scope or {})
    if scope.get(_UPLOAD) is None:
        content = await fetch()
        scope[_UPLOAD] = await uploads.keep(content)
        await _note(change_id, scope)
    else:
        content = await uploads.read(scope[_UPLOAD])
    if "spec" not in scope:
        numbering = await numbering_anywhere(change.account_id)  # type: ignore[attr-defined]
        look = await import_reader.look(content, LookSpec(change.title, numbering))
        if not look.columns.has_msisdn:
            raise NoNumberColumn
        scope["spec"] = as_json(ReadSpec(look.parts[look.index], look.layout, look.columns, numbering))
    key = import_progress.of_change(change_id)
    file = await import_reader.read(
        content, read_spec_from(scope["spec"]), lambda done, total: import_progress.tell(key, done, total)
    )
    if not file.tally.contacts:
        file.close()
        raise NoNumberColumn
    try:
        await _note(change_id, {**scope, "total": file.tally.contacts})
    except BaseException:
        file.close()
        raise
    return file


async def _note(change_id: int, scope: dict[str, Any]) -> None:
    if not await Change.filter(id=change_id, state=ChangeState.RUNNING).update(scope=scope):
        await uploads.drop(scope[_UPLOAD])
        raise ReadingStopped


async def _list(change_id: int, file: ReadFile) -> None:
    """In ascending order, each slice with the change's cursor, until the last one or until it is stopped."""
    db, staged, change = store.current(), Staged(file.staged), await Change.get(id=change_id)
    account_id: int = change.account_id  # type: ignore[attr-defined]
    key, cursor, done = import_progress.of_change(change_id), change.cursor, change.count
    import_progress.begin(key, Stage.WRITING, done=done, total=file.tally.contacts)
    try:
        while rows := await asyncio.to_thread(staged.next_rows, cursor, limit=_SLICE):
            numbers = await asyncio.to_thread(staged.msisdns, cursor, rows.last)
            part = Slice(change_id, account_id, numbers, cursor, rows.last)
            listed = await db.list_numbers(part, source=Source.IMPORT, by=change.made_by, now_ms=undo.now_ms())
            if listed is None and not await Change.filter(id=change_id, state=ChangeState.RUNNING).exists():
                return
            cursor, done = rows.last, done + len(rows)
            import_progress.tell(key, done, file.tally.contacts)
            await asyncio.sleep(_PAUSE_S)
    finally:
        staged.close()


async def _end(change_id: int) -> Change:
    """It can be undone from now on."""
    await undo.finish(change_id)
    change = await Change.get(id=change_id)
    await uploads.drop(upload_of(change))
    log.info("blacklisted", change=change_id, numbers=change.count, source=Source.IMPORT, by=change.made_by)
    return change
