"""
Reading an upload: a look at its beginning, and all of it to the last row. No database: it runs in a thread for a small
file, and in a process of its own for what is large or a workbook.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO, Final

from domain.rules.contact_csv import Layout, Row, RowError, preview, preview_text, read_rows
from domain.rules.csv_records import Record, records_of
from domain.rules.upload import Part, open_part, parts_of, size_of
from domain.store.staging import Staging
from domain.usecases.import_spec import Look, LookSpec, ReadSpec, Tally, pack_errors

ERRORS_KEPT: Final = 100_000  #: refused rows that ``errores.csv`` names; all of them are counted
STAGED: Final = "staged.db"
ERRORS: Final = "errors.z"
_BATCH: Final = 2_000  # rows
_CELL: Final = 40  # characters of a cell that are shown
_SHEET: Final = Layout("utf-8", ";")  # a workbook has neither; refused rows go out so

#: Told from time to time how much of how much is read; may raise ``Stopped``.
Report = Callable[[int, int], None]


class Stopped(Exception):
    """Nobody wants the result any more."""


def look_at(content: bytes, spec: LookSpec) -> Look:
    """
    How a file is written, what its columns are, its first rows.

    Raises:
        FileRejected: Nothing of it can be used.
    """
    parts = with_sheets(content, parts_of(content, spec.name))
    index = min(max(spec.part, 0), len(parts) - 1)
    part, plan = parts[index], spec.numbering.plan()
    odd = ""
    if part.workbook:
        seen = preview(_SHEET, _sheet(content, part, _nothing), plan)
    else:
        seen = preview_text(open_part(content, part), open_part(content, part), plan, encoding=spec.encoding)
        odd = _odd_cell(content, part, seen.layout)
    rows = [seen.header_cells, *seen.rows] if seen.columns.header else [*seen.rows]
    shown = tuple(tuple(cell.replace("\0", "")[:_CELL] for cell in row) for row in rows)
    return Look(parts, index, seen.layout, seen.columns, shown, odd)


def with_sheets(content: bytes, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The sheets of workbooks in place of them; the name of the file too where there is more than one."""
    found: list[Part] = []
    for part in parts:
        if not part.workbook:
            found.append(part)
            continue
        from domain.usecases.workbook import open_workbook, sheets_of

        with open_part(content, part) as stream:
            names = sheets_of(open_workbook(stream))
        several = len(parts) > 1
        found += [replace(part, name=f"{part.name} · {name}" if several else name, sheet=name) for name in names]
    return tuple(found)


def read_into(folder: Path, content: bytes, spec: ReadSpec, report: Report) -> Tally:
    """
    Read a table to its end: the valid rows go to ``STAGED`` in ``folder``, the first refused ones to ``ERRORS``.

    Raises:
        FileRejected: It is too long, or broken further down.
    """
    staging = Staging(folder / STAGED)
    try:
        records = records_in(content, spec, report)
        rows = read_rows(records, columns=spec.columns, plan=spec.numbering.plan())
        valid, refused, errors = 0, Counter[str](), list[RowError]()
        while batch := list(islice(rows, _BATCH)):
            good = [row[1:] for row in batch if type(row) is Row]
            staging.put(good)
            valid += len(good)
            if len(good) < len(batch):
                bad = [row for row in batch if isinstance(row, RowError)]
                refused.update(error.reason for error in bad)
                errors += bad[: ERRORS_KEPT - len(errors)]
        contacts = staging.finish()
    finally:
        staging.close()
    (folder / ERRORS).write_bytes(pack_errors(errors))
    return Tally(valid + refused.total(), contacts, valid - contacts, dict(refused))


def records_in(content: bytes, spec: ReadSpec, report: Report) -> Iterator[Record]:
    """
    The records of a table.

    Raises:
        FileRejected: It is broken.
    """
    if spec.part.workbook:
        return _sheet(content, spec.part, report)
    stream = _Reported(open_part(content, spec.part), size_of(content, spec.part), report)
    return records_of(io.BufferedReader(stream, 1 << 18), spec.layout)


def _sheet(content: bytes, part: Part, report: Report) -> Iterator[Record]:
    from domain.usecases.workbook import open_workbook, records_of_sheet

    with open_part(content, part) as stream:
        book = open_workbook(stream)
    total = book.get_sheet_by_name(part.sheet).total_height
    for line, cells in records_of_sheet(book, part.sheet):
        if line % _BATCH == 0:
            report(line, total)
        yield line, cells


class _Reported(io.RawIOBase):
    """Tells how far a stream is read."""

    def __init__(self, stream: IO[bytes], total: int, report: Report) -> None:
        self._stream, self._total, self._report, self._done = stream, total, report, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """As ``io.RawIOBase``."""
        data = self._stream.read(len(buffer))
        self._done += len(data)
        self._report(self._done, max(self._done, self._total))
        buffer[: len(data)] = data
        return len(data)


def _odd_cell(content: bytes, part: Part, layout: Layout) -> str:
    """The bytes of the first line in which an encoding matters, in hexadecimal."""
    with open_part(content, part) as stream:
        head = stream.read(1 << 18)
    if layout.encoding.startswith(("utf-16", "utf-32")):
        return ""
    for line in head.splitlines():
        if not line.isascii():
            return line[:200].hex()
    return ""


def _nothing(_done: int, _total: int) -> None:
    """Nobody asks."""
