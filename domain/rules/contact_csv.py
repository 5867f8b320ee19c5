"""
Contact files: bytes in, rows and refusals with their line out, lazily. ``csv_layout`` finds how a file is written,
``csv_columns`` what its columns mean. Nothing is stored here.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple

from domain.rules.csv_columns import ColumnMap, Field, guess_columns
from domain.rules.csv_layout import (
    DELIMITERS,
    MAX_COLUMNS,
    MAX_ROWS,
    FileEmpty,
    FileNotText,
    FileRejected,
    Layout,
    TooManyColumns,
    TooManyRows,
    detect,
)
from domain.rules.msisdn import NumberPlan, NumberProblem

__all__ = [
    "DELIMITERS",
    "MAX_CELL",
    "MAX_COLUMNS",
    "MAX_ROWS",
    "REASONS",
    "ColumnMap",
    "Field",
    "FileEmpty",
    "FileNotText",
    "FileRejected",
    "Layout",
    "Preview",
    "Row",
    "RowError",
    "TooManyColumns",
    "TooManyRows",
    "detect",
    "errors_csv",
    "guess_columns",
    "preview",
    "read_rows",
]

MAX_CELL: Final = 255  #: characters
_MAX_RECORD_LINES: Final = 30  # a quoted cell of more lines has lost its closing quote
_GUESSED_FROM: Final = 200  # rows
_SHOWN: Final = 100  # characters of a refused value
_FIELDS: Final = tuple(Field)

_REASON_PREFIX: Final = "import.reason."
CELL_TOO_LONG: Final = _REASON_PREFIX + "cell_too_long"
TOO_MANY_CELLS: Final = _REASON_PREFIX + "too_many_cells"
_NUMBER_REASONS: Final = {problem: _REASON_PREFIX + problem.value for problem in NumberProblem}
#: Every text key that a ``RowError`` may carry.
REASONS: Final = frozenset({CELL_TOO_LONG, TOO_MANY_CELLS, *_NUMBER_REASONS.values()})


class Row(NamedTuple):
    """
    A valid row; a tuple, because there are a million of them. ``line``: where it begins in the file, from 1.
    ``msisdn``: E.164 digits.
    """

    line: int
    msisdn: int
    first_name: str
    last_name: str
    email: str
    address: str
    value_1: str
    value_2: str
    value_3: str


@dataclass(frozen=True, slots=True)
class RowError:
    """
    A row that cannot be taken.

    Attributes:
        line: Where it begins in the file, from 1.
        column: From 1; 0: the whole row.
        value: What stands there, at most 100 characters of it.
        reason: A text key, one of ``REASONS``.
    """

    line: int
    column: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What a person is shown before anything is written.

    Attributes:
        header_cells: The first row where it is a header; else empty.
        rows: The first contacts' cells as they stand, each as wide as the file.
    """

    layout: Layout
    columns: ColumnMap
    header_cells: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def preview(content: bytes, plan: NumberPlan, rows: int = 5) -> Preview:
    """
    Look at a file: how it is written, what its columns are, its first rows.

    Raises:
        FileRejected: Nothing of it can be used.
    """
    layout = detect(content)
    first = [cells for _, cells in islice(_records(content, layout), _GUESSED_FROM) if any(map(str.strip, cells))]
    if not first:
        raise FileEmpty
    width = max(map(len, first))
    if width > MAX_COLUMNS:
        raise TooManyColumns(limit=MAX_COLUMNS, columns=width)
    wide = [(*(cell.strip() for cell in cells), *[""] * (width - len(cells))) for cells in first]
    columns = guess_columns(wide, plan=plan)
    if not columns.header:
        return Preview(layout, columns, (), tuple(wide[:rows]))
    columns = ColumnMap(columns.columns[: len(first[0])], header=True)  # a wider row is cut in the wrong places
    return Preview(layout, columns, wide[0][: len(first[0])], tuple(row[: len(first[0])] for row in wide[1 : rows + 1]))


def read_rows(content: bytes, *, layout: Layout, columns: ColumnMap, plan: NumberPlan) -> Iterator[Row | RowError]:
    """
    Every row of a file, in order; those without anything in them are passed over. A number that comes twice is the
    caller's business, and so is an e-mail address that is none.

    Raises:
        TooManyRows: At the first line too many.
        ValueError: No column is the phone number.
    """
    if not columns.has_msisdn:
        raise ValueError("no column is the phone number")
    records = _records(content, layout)
    if columns.header:
        next((line for line, cells in records if any(map(str.strip, cells))), None)
    return _rows(records, columns, plan)


def _rows(records: Iterator[tuple[int, list[str]]], columns: ColumnMap, plan: NumberPlan) -> Iterator[Row | RowError]:
    width = len(columns.columns)
    phone = columns.columns.index(Field.MSISDN)
    places = [columns.columns.index(field) if field in columns.columns else width for field in _FIELDS[1:]]
    pick = itemgetter(*places)
    padding = [""] * (width + 1)
    read = plan.read
    for line, cells in records:
        if len(cells) != width:
            if any(map(str.strip, cells[width:])):
                yield RowError(line, 0, _shown(" ".join(cells)), TOO_MANY_CELLS)
                continue
            cells = [*cells[:width], *padding[: width - len(cells)]]
        msisdn = read(cells[phone])
        if isinstance(msisdn, int) and len(max(cells, key=len)) <= MAX_CELL:
            cells.append("")  # what a field without a column holds
            yield Row(line, msisdn, *map(str.strip, pick(cells)))
        elif any(map(str.strip, cells)):
            yield _refusal(line, cells, phone, None if isinstance(msisdn, int) else msisdn)


def _refusal(line: int, cells: Sequence[str], phone: int, problem: NumberProblem | None) -> RowError:
    long = next((at for at, cell in enumerate(cells) if len(cell) > MAX_CELL), None)
    if long is not None:
        return RowError(line, long + 1, _shown(cells[long]), CELL_TOO_LONG)
    reason = _NUMBER_REASONS[problem] if problem else CELL_TOO_LONG
    return RowError(line, phone + 1, _shown(cells[phone]), reason)


def _shown(value: str) -> str:
    return value.strip()[:_SHOWN]


class _OpenQuote(Exception):
    """A record goes on for too many lines."""


class _Lines(Iterator[str]):
    """The lines of a file for ``csv``, which can be given back; ``taken``: those of the record that is being read."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __next__(self) -> str:
        if len(self.taken) >= _MAX_RECORD_LINES:
            raise _OpenQuote
        line = self._again.popleft() if self._again else next(self._stream)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """All that was taken but the first line, which is returned."""
        first, *rest = self.taken
        self._again.extendleft(reversed(rest))
        self.taken.clear()
        return first


def _records(content: bytes, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """
    Each record with the line where it begins. A quote that is never closed, or closed within a word, is a letter like
    others: otherwise one stray quote would swallow the rows behind it.
    """
    lines = _Lines(_decoded(content, layout))
    line = 1 + sum(1 for _ in islice(lines, layout.preamble))
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader)
            count = len(lines.taken)
        except StopIteration:
            return
        except (_OpenQuote, csv.Error):
            cells = lines.give_back().rstrip("\r\n").split(layout.delimiter)
            count = 1
            reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
        if line > MAX_ROWS + layout.preamble:
            raise TooManyRows(limit=MAX_ROWS)
        yield line, cells
        line += count


def _decoded(content: bytes, layout: Layout) -> Iterator[str]:
    """Lines with their ends. What the encoding does not know becomes U+FFFD, for the person to see."""
    if not layout.encoding.startswith(("utf-16", "utf-32")):
        content = content.translate(None, b"\0\x1a")  # no database takes the first; the second ends a DOS file
    return iter(io.TextIOWrapper(io.BytesIO(content), layout.encoding, errors="replace", newline=""))


def errors_csv(
    errors: Iterable[RowError],
    delimiter: str,
    *,
    header: tuple[str, str, str, str],
    reasons: Mapping[str, str],
) -> bytes:
    """
    The refused rows as a file for a spreadsheet: line, column, value, reason; UTF-8 with BOM, CRLF.

    Args:
        header: The four columns' names, in the person's language.
        reasons: Text key -> its words in that language; a key that is not there stands for itself.

    A value that a spreadsheet would compute gets an apostrophe in front; read in again, a number loses it.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(map(_harmless, header))
    for error in errors:
        reason = reasons.get(error.reason, error.reason)
        writer.writerow((error.line, error.column or "", _harmless(error.value), _harmless(reason)))
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: str) -> str:
    """Source: OWASP, CSV injection."""
    return "'" + value if value.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} else value
