"""
Workbooks: the sheets of one, and a sheet's cells as the text that a person reads in them. Only in the child process
that has its limits set: a small file may ask for gigabytes.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any, Final

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    WorksheetNotFound,
    ZipError,
)

from domain.rules.csv_layout import MAX_COLUMNS, MAX_ROWS, TooManyColumns, TooManyRows
from domain.rules.csv_records import Record
from domain.rules.upload import FileBroken, FileEncrypted, check_unpacked

_EXACT: Final = 2.0**53  # above it a float skips integers
_CHUNK: Final = 1 << 20


def open_workbook(stream: IO[bytes]) -> CalamineWorkbook:
    """
    Read its directory, once it is known to be no bomb.

    Raises:
        FileRejected: It has a password, is broken, or unpacks to too much.
    """
    content = stream.read()
    if content.startswith(b"PK"):
        _count_unpacked(content)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError as error:
        raise FileEncrypted from error
    except (CalamineError, ZipError, OSError, ValueError) as error:
        raise FileBroken from error


def sheets_of(book: CalamineWorkbook) -> list[str]:
    """The names of the sheets that hold cells."""
    return [meta.name for meta in book.sheets_metadata if str(meta.typ).endswith("WorkSheet")]


def records_of_sheet(book: CalamineWorkbook, sheet: str) -> Iterator[Record]:
    """
    Every row with its number in the sheet; blank ones in front and between are left out.

    Raises:
        FileRejected: It has too many rows or columns, or is broken.
    """
    try:
        found = book.get_sheet_by_name(sheet)
    except (CalamineError, WorksheetNotFound, OSError, ValueError) as error:
        raise FileBroken from error
    if found.start is None or found.end is None:
        return
    if found.end[0] - found.start[0] > 3 * MAX_ROWS:
        raise TooManyRows(limit=MAX_ROWS)
    first, skipped = found.start[0] + 1, found.start[1]
    if found.width > MAX_COLUMNS:
        used = _used_width(found.iter_rows())
        if used > MAX_COLUMNS:
            raise TooManyColumns(limit=MAX_COLUMNS, columns=used + skipped)
    blank = [""] * skipped if skipped < 5 else []  # cells that were never used before the first one
    for number, row in enumerate(found.iter_rows(), first):
        yield number, [*blank, *map(text_of, row[:MAX_COLUMNS])]


def _used_width(rows: Iterator[list[Any]]) -> int:
    return max((at + 1 for row in rows for at, cell in enumerate(row) if cell != ""), default=0)


def text_of(cell: object) -> str:
    """A cell as it is read: whole numbers without a point, dates as day/month/year."""
    if isinstance(cell, str):
        return cell.replace("\0", "")
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, dt.datetime):
        midnight = cell.time() == dt.time()
        return cell.strftime("%d/%m/%Y" if midnight else "%d/%m/%Y %H:%M")
    if isinstance(cell, dt.date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, dt.time):
        return cell.strftime("%H:%M")
    return str(cell)


def _count_unpacked(content: bytes) -> None:
    """What its directory says may be a lie."""
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                with archive.open(info) as stream:
                    while chunk := stream.read(_CHUNK):
                        total += len(chunk)
                        check_unpacked(total, len(content))
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError) as error:
        raise FileBroken from error
    except RuntimeError as error:  # zipfile: "password required"
        raise FileEncrypted from error
