"""Numbers for the blacklist out of a file, of any kind that contacts are imported from."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.models import ChangeKind
from domain.store import Slice
from domain.store.staging import Staged
from domain.usecases import import_reader, undo
from domain.usecases.blacklist import Source
from domain.usecases.import_spec import LookSpec, ReadSpec
from domain.usecases.numbering import numbering_of

log = structlog.get_logger()

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


async def add_file(account_id: int, name: str, content: bytes, *, by: int) -> AddedFile:
    """
    Put every number of a file on the list: its first table, the column that holds numbers.

    Raises:
        FileRejected: Nothing of it can be used.
        NoNumberColumn: It holds no numbers.
    """
    numbering = await numbering_of(account_id)
    look = await import_reader.look(content, LookSpec(name, numbering))
    if not look.columns.has_msisdn:
        raise NoNumberColumn
    spec = ReadSpec(look.parts[look.index], look.layout, look.columns, numbering)
    file = await import_reader.read(content, spec, _untold)
    try:
        if not file.tally.contacts:
            raise NoNumberColumn
        change_id = await undo.begin(account_id, ChangeKind.BLACKLIST, by=by, title=name)
        added = await _list(account_id, change_id, Staged(file.staged), by=by)
    finally:
        file.close()
    await undo.finish(change_id)
    log.info("blacklisted", account=account_id, numbers=added, source=Source.IMPORT, by=by)
    already = file.tally.contacts - added
    return AddedFile(added, already, file.tally.refused, change_id if added else None)


async def _list(account_id: int, change_id: int, staged: Staged, *, by: int) -> int:
    """In ascending order, each slice with the change's cursor."""
    db, cursor, added = store.current(), 0, 0
    try:
        while rows := await asyncio.to_thread(staged.next_rows, cursor, limit=_SLICE):
            numbers = await asyncio.to_thread(staged.msisdns, cursor, rows.last)
            part = Slice(change_id, account_id, numbers, cursor, rows.last)
            done = await db.list_numbers(part, source=Source.IMPORT, by=by, now_ms=undo.now_ms())
            cursor, added = rows.last, added + (done or 0)
            await asyncio.sleep(_PAUSE_S)
    finally:
        staged.close()
    return added


def _untold(_done: int, _total: int) -> None:
    """Nobody waits for word of it."""
