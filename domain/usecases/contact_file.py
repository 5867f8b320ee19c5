"""Contacts as a file for spreadsheets, CSV or XLSX, that the import reads back unchanged."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

import xlsxwriter

from domain.rules.formula import protect

ZIP_ABOVE: Final = 5 << 20  #: bytes of CSV; Telegram takes 50 MB, and people prefer less
ROWS_A_FILE: Final = 500_000  #: a sheet takes 1,048,576; a ZIP of so many rows stays below 50 MB
_TEXT: Final = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}


class FileKind(StrEnum):
    """What the file is for."""

    CSV = "csv"  #: UTF-8 with BOM and ``;``: a double click opens it
    XLSX = "xlsx"


class RowWriter(Protocol):
    """Takes rows of text, one file's worth."""

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Bring the file to its end."""
        ...


class CsvWriter:
    """Writes a CSV file; cells that a spreadsheet would compute get an apostrophe in front."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file, delimiter=";", lineterminator="\r\n")
        self.write([header])

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Append rows."""
        self._writer.writerows([*map(protect, row)] for row in rows)

    def close(self) -> None:
        """Bring the file to its end."""
        self._file.close()


class XlsxWriter:
    """Writes a workbook row by row, with little memory: every cell is text, so that nothing is computed or rounded."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, **_TEXT})
        self._sheet = self._book.add_worksheet()
        self._sheet.set_column(0, len(header) - 1, 18)
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        self.write([header])

    def write(self, rows: Iterable[Sequence[str]]) -> None:
        """Append rows."""
        for row in rows:
            for column, cell in enumerate(row):
                if cell:
                    self._sheet.write_string(self._row, column, protect(cell))
            self._row += 1

    def close(self) -> None:
        """Bring the file to its end."""
        self._book.close()


def writer_of(kind: FileKind, path: Path, header: Sequence[str]) -> RowWriter:
    """A writer of that kind of file, its header written."""
    return CsvWriter(path, header) if kind is FileKind.CSV else XlsxWriter(path, header)


def packed(path: Path, name: str) -> tuple[str, bytes]:
    """The file with its name; zipped where it is a large CSV."""
    if path.stat().st_size <= ZIP_ABOVE or name.endswith(".xlsx"):
        return name, path.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, name)
    return f"{name.removesuffix('.csv')}.zip", out.getvalue()
