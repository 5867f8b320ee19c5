"""
Contact files: records in, rows and refusals with their line out, lazily. ``csv_records`` cuts a text into records,
``csv_layout`` finds how it is written, ``csv_columns`` what its columns mean. Nothing is stored here.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import IO, Final, NamedTuple

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
from domain.rules.csv_records import Record, records_of
from domain.rules.formula import unprotect
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
    "preview_text",
    "read_rows",
]

MAX_CELL: Final = 255  #: characters
_GUESSED_FROM: Final = 200  # rows
_SHOWN: Final = 100  # characters of a refused value
_FIELDS: Final = tuple(Field)

_REASON_PREFIX: Final = "import.reason."
CELL_TOO_LONG: Final = _REASON_PREFIX + "cell_too_long"
TOO_MANY_CELLS: Final = _REASON_PREFIX + "too_many_cells"
_NUMBER_REASONS: Final = {problem: _REASON_PREFIX + problem.value for problem in NumberProblem}
COUNTRY_NOT_ENABLED: Final = _NUMBER_REASONS[NumberProblem.COUNTRY_NOT_ENABLED]
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


def preview(layout: Layout, records: Iterable[Record], plan: NumberPlan, rows: int = 5) -> Preview:
    """
    Look at the beginning of a file: what its columns are, its first rows.

    Raises:
        FileRejected: Nothing of it can be used.
    """
    first = [cells for _, cells in islice(records, _GUESSED_FROM) if any(map(str.strip, cells))]
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


def preview_text(stream: IO[bytes], again: IO[bytes], plan: NumberPlan, *, encoding: str = "") -> Preview:
    """
    Look at a text: how it is written, what its columns are, its first rows.

    Args:
        stream: It is read to its end.
        again: The same bytes once more.
        encoding: What a person says it is.

    Raises:
        FileRejected: Nothing of it can be used.
    """
    layout = detect(stream, encoding=encoding)
    return preview(layout, records_of(again, layout), plan)


def read_rows(records: Iterator[Record], *, columns: ColumnMap, plan: NumberPlan) -> Iterator[Row | RowError]:
    """
    Every row of a file, in order; those without anything in them are passed over. A number that comes twice is the
    caller's business, and so is an e-mail address that is none.

    Args:
        records: From the first row on: the header's too, where ``columns`` says that there is one.

    Raises:
        TooManyRows: At the first row too many.
        ValueError: No column is the phone number.
    """
    if not columns.has_msisdn:
        raise ValueError("no column is the phone number")
    if columns.header:
        next((line for line, cells in records if any(map(str.strip, cells))), None)
    return _rows(records, columns, plan)


def _rows(records: Iterator[Record], columns: ColumnMap, plan: NumberPlan) -> Iterator[Row | RowError]:
    width = len(columns.columns)
    phone = columns.columns.index(Field.MSISDN)
    places = [columns.columns.index(field) if field in columns.columns else width for field in _FIELDS[1:]]
    pick = itemgetter(*places)
    taken = [at for at, field in enumerate(columns.columns) if field is not None]
    padding = [""] * (width + 1)
    read, new, strip = plan.read, tuple.__new__, str.strip
    left = MAX_ROWS
    for line, cells in records:
        if len(cells) != width:
            if any(map(strip, cells[width:])):
                yield RowError(line, 0, _shown(" ".join(cells)), TOO_MANY_CELLS)
                continue
            cells = [*cells[:width], *padding[: width - len(cells)]]
        msisdn = read(cells[phone])
        whole = "".join(cells)  # most questions are answered for all of them at once
        if type(msisdn) is int and (len(whole) <= MAX_CELL or _too_long(cells, taken) is None):
            cells.append("")  # what a field without a column holds
            texts = [*map(strip, pick(cells))]
            if "'" in whole:
                texts = [*map(unprotect, texts)]
            yield new(Row, (line, msisdn, *texts))
        elif any(map(strip, cells)):
            yield _refusal(line, cells, taken, phone, None if isinstance(msisdn, int) else msisdn)
        else:
            continue
        left -= 1
        if left < 0:
            raise TooManyRows(limit=MAX_ROWS)


def _too_long(cells: Sequence[str], taken: Iterable[int]) -> int | None:
    """The first of the columns that are taken whose cell is; a long note in another one is nobody's fault."""
    return next((at for at in taken if len(cells[at]) > MAX_CELL), None)


def _refusal(
    line: int, cells: Sequence[str], taken: Iterable[int], phone: int, problem: NumberProblem | None
) -> RowError:
    long = _too_long(cells, taken)
    if long is not None:
        return RowError(line, long + 1, _shown(cells[long]), CELL_TOO_LONG)
    reason = _NUMBER_REASONS[problem] if problem else CELL_TOO_LONG
    return RowError(line, phone + 1, _shown(cells[phone]), reason)


def _shown(value: str) -> str:
    return value.strip()[:_SHOWN]


def errors_csv(
    errors: Iterable[RowError],
    delimiter: str,
    *,
    header: tuple[str, str, str, str],
    reasons: Mapping[str, str],
) -> bytes:
    """
    The refused rows as a file for a spreadsheet: line, column, value, reason; CRLF. Excel opens UTF-8 with a mark, but
    parts it at tabs only in UTF-16.

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
    return out.getvalue().encode("utf-16" if delimiter == "\t" else "utf-8-sig")


def _harmless(value: str) -> str:
    """Source: OWASP, CSV injection."""
    return "'" + value if value.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} else value
