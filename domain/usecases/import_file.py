"""Reading an upload to its last row: what is valid goes to a staging file, the rest is counted and kept."""

import dataclasses
import json
import threading
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from domain.models import ImportJob
from domain.rules.contact_csv import ColumnMap, Field, Layout, Row, RowError, read_rows
from domain.rules.msisdn import NumberPlan
from domain.store.staging import Staging

ERRORS_KEPT: Final = 100_000  #: refused rows that ``errores.csv`` names; all of them are counted
_BATCH: Final = 2_000  # rows
_WIDE: Final = ("utf-16", "utf-32")


class Stopped(Exception):
    """Nobody wants the result any more."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """
    A file that was read to its end. Close ``staging``.

    Attributes:
        rows: Those with anything in them, without the header.
        repeated: Valid rows whose number comes again further down.
        refused: Rows that cannot be taken, by reason.
        errors: The first ``ERRORS_KEPT`` of them.
    """

    staging: Staging
    rows: int
    contacts: int
    repeated: int
    refused: Mapping[str, int]
    errors: tuple[RowError, ...]


def read_file(
    content: bytes, *, layout: Layout, columns: ColumnMap, plan: NumberPlan, stop: threading.Event
) -> ReadFile:
    """
    Read a whole file; seconds for a large one, so not on the event loop.

    Raises:
        FileRejected: It is too long, or no text further down.
        Stopped: ``stop`` was set meanwhile.
    """
    staging = Staging()
    try:
        rows = read_rows(content, layout=layout, columns=columns, plan=plan)
        return _read_into(staging, _without_nul(rows) if layout.encoding.startswith(_WIDE) else rows, stop)
    except BaseException:
        staging.close()
        raise


def _read_into(staging: Staging, rows: Iterator[Row | RowError], stop: threading.Event) -> ReadFile:
    valid, refused = 0, Counter[str]()
    errors: list[RowError] = []
    while batch := list(islice(rows, _BATCH)):
        if stop.is_set():
            raise Stopped
        good = [row[1:] for row in batch if isinstance(row, Row)]
        staging.put(good)
        valid += len(good)
        if len(good) < len(batch):
            bad = [row for row in batch if isinstance(row, RowError)]
            refused.update(error.reason for error in bad)
            errors += bad[: ERRORS_KEPT - len(errors)]
    contacts = staging.count()
    return ReadFile(
        staging=staging,
        rows=valid + refused.total(),
        contacts=contacts,
        repeated=valid - contacts,
        refused=dict(refused),
        errors=tuple(errors),
    )


def _without_nul(rows: Iterator[Row | RowError]) -> Iterator[Row | RowError]:
    """PostgreSQL takes no NUL in a text; only in the wide encodings does one come through."""
    for row in rows:
        if isinstance(row, Row):
            yield Row(row.line, row.msisdn, *(cell.replace("\0", "") for cell in row[2:]))
        else:
            yield dataclasses.replace(row, value=row.value.replace("\0", ""))


def layout_of(job: ImportJob) -> Layout:
    """How the job's file is written."""
    return Layout(job.encoding, job.delimiter, job.preamble)


def columns_of(job: ImportJob) -> ColumnMap:
    """What the person said its columns are."""
    return ColumnMap(tuple(Field(name) if name else None for name in job.columns), job.header)


def pack_errors(errors: Iterable[RowError]) -> bytes:
    """For the job's row: JSON lines, deflated."""
    lines = (json.dumps([e.line, e.column, e.value, e.reason], ensure_ascii=False) for e in errors)
    return zlib.compress("\n".join(lines).encode())


def unpack_errors(packed: bytes | None) -> Iterator[RowError]:
    """The opposite."""
    lines = zlib.decompress(packed).decode() if packed else ""
    for line in lines.split("\n") if lines else ():
        yield RowError(*json.loads(line))
