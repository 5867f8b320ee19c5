"""Contacts and the blacklist as files: read slice by slice, written in a thread, with word of how far it is."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

import structlog

from domain.models import BlacklistEntry
from domain.rules.contact_filter import Wanted
from domain.store import ContactRow
from domain.usecases import contact_search
from domain.usecases.blacklist import entry_of
from domain.usecases.contact_file import ROWS_A_FILE, FileKind, RowWriter, packed, writer_of
from domain.usecases.contact_search import SLICE

log = structlog.get_logger()

Told = Callable[[int], Awaitable[None]]
Cells = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that is ready. ``rows``: contacts in it."""

    name: str
    content: bytes
    rows: int


async def contacts(
    account_id: int, wanted: Wanted, *, kind: FileKind, title: str, header: Sequence[str], told: Told
) -> Sequence[ExportedFile]:
    """
    All contacts that match, in the columns of an import; several files where they are very many.

    Args:
        title: Of the files, without an ending.
        header: The eight columns' names.
        told: Is told now and then how many are written.
    """

    async def slices() -> AsyncIterator[Cells]:
        async for rows in contact_search.walk(account_id, wanted):
            yield [*map(_cells, rows)]

    files = await _write(slices(), kind=kind, title=title, header=header, told=told)
    log.info("contacts_exported", account=account_id, rows=sum(file.rows for file in files), kind=kind)
    return files


async def blacklist(
    account_id: int,
    *,
    kind: FileKind,
    title: str,
    header: Sequence[str],
    sources: dict[str, str],
    zone: tzinfo,
) -> Sequence[ExportedFile]:
    """The blacklist with source and date, the oldest first. ``sources``: their words; dates are the zone's."""

    async def slices() -> AsyncIterator[Cells]:
        after = 0
        while rows := await BlacklistEntry.filter(account_id=account_id, id__gt=after).order_by("id").limit(SLICE):
            after = rows[-1].id
            entries = [entry_of(row) for row in rows]
            yield [
                (str(one.msisdn), sources[one.source], one.since.astimezone(zone).strftime("%Y-%m-%d %H:%M"))
                for one in entries
            ]

    return await _write(slices(), kind=kind, title=title, header=header, told=_untold)


async def _untold(_written: int) -> None:
    """Nobody waits for word of it."""


def _cells(row: ContactRow) -> tuple[str, ...]:
    return (str(row.msisdn), *row[2:])


async def _write(
    slices: AsyncIterator[Cells], *, kind: FileKind, title: str, header: Sequence[str], told: Told
) -> Sequence[ExportedFile]:
    files: list[ExportedFile] = []
    with tempfile.TemporaryDirectory(prefix="pregon-export-") as folder:
        path = Path(folder) / "export"
        writer: RowWriter | None = None
        rows = written = 0
        async for cells in slices:
            if writer is None:
                writer = await asyncio.to_thread(writer_of, kind, path, header)
            await asyncio.to_thread(writer.write, cells)
            rows, written = rows + len(cells), written + len(cells)
            await told(written)
            if rows >= ROWS_A_FILE:
                files.append(await _finished(writer, path, f"{title}-{len(files) + 1}.{kind}", rows))
                writer, rows = None, 0
        if writer is None and not files:
            writer = await asyncio.to_thread(writer_of, kind, path, header)
        if writer is not None:
            name = f"{title}-{len(files) + 1}.{kind}" if files else f"{title}.{kind}"
            files.append(await _finished(writer, path, name, rows))
    return files


async def _finished(writer: RowWriter, path: Path, name: str, rows: int) -> ExportedFile:
    await asyncio.to_thread(writer.close)
    name, content = await asyncio.to_thread(packed, path, name)
    return ExportedFile(name, content, rows)
