"""What the reader of an upload is told, and what it answers: plain values that cross to a process and back as JSON."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.rules import contact_csv, csv_records, upload  # noqa: F401 - declare the errors that a reader may raise
from domain.rules.contact_csv import ColumnMap, Field, Layout, RowError
from domain.rules.csv_layout import FileRejected
from domain.rules.msisdn import NumberPlan
from domain.rules.upload import Packing, Part


@dataclass(frozen=True, slots=True)
class Numbering:
    """
    How an account's numbers are read; ``NumberPlan`` as values.

    Attributes:
        countries: Regions that may be written to.
        anywhere: Others are taken too: for the blacklist.
    """

    region: str
    countries: tuple[str, ...]
    anywhere: bool = False

    def plan(self) -> NumberPlan:
        """The rule itself; it compiles patterns."""
        return NumberPlan(self.region, countries=frozenset(self.countries), anywhere=self.anywhere)


@dataclass(frozen=True, slots=True)
class LookSpec:
    """
    What to look at.

    Attributes:
        name: What the upload is called.
        part: Which of its tables, from 0.
        encoding: What a person says it is; empty: find out.
    """

    name: str
    numbering: Numbering
    part: int = 0
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class ReadSpec:
    """How to read a table to its end."""

    part: Part
    layout: Layout
    columns: ColumnMap
    numbering: Numbering


@dataclass(frozen=True, slots=True)
class Look:
    """
    What an upload is.

    Attributes:
        parts: Its tables; ``index``: the one that was looked at.
        rows: Its first rows, the header among them, each as wide as ``columns``.
        odd: A cell of it with letters beyond ASCII, as bytes in hexadecimal; empty: there is none.
    """

    parts: tuple[Part, ...]
    index: int
    layout: Layout
    columns: ColumnMap
    rows: tuple[tuple[str, ...], ...]
    odd: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What reading came to.

    Attributes:
        rows: Those with anything in them, without the header.
        repeated: Valid rows whose number comes again further down.
        refused: Rows that cannot be taken, by reason.
    """

    rows: int
    contacts: int
    repeated: int
    refused: Mapping[str, int]


def part_from(values: Mapping[str, Any]) -> Part:
    """The opposite of ``asdict``."""
    return Part(**{**values, "packing": Packing(values["packing"])})


def columns_from(names: Iterable[str | None], *, header: bool) -> ColumnMap:
    """From names of fields."""
    return ColumnMap(tuple(Field(name) if name else None for name in names), header)


def numbering_from(values: Mapping[str, Any]) -> Numbering:
    """The opposite of ``asdict``."""
    return Numbering(values["region"], tuple(values["countries"]), values["anywhere"])


def look_spec_from(values: Mapping[str, Any]) -> LookSpec:
    """The opposite of ``asdict``."""
    return LookSpec(**{**values, "numbering": numbering_from(values["numbering"])})


def read_spec_from(values: Mapping[str, Any]) -> ReadSpec:
    """The opposite of ``asdict``."""
    columns = values["columns"]
    return ReadSpec(
        part_from(values["part"]),
        Layout(**values["layout"]),
        columns_from(columns["columns"], header=columns["header"]),
        numbering_from(values["numbering"]),
    )


def look_from(values: Mapping[str, Any]) -> Look:
    """The opposite of ``asdict``."""
    columns = values["columns"]
    return Look(
        tuple(map(part_from, values["parts"])),
        values["index"],
        Layout(**values["layout"]),
        columns_from(columns["columns"], header=columns["header"]),
        tuple(map(tuple, values["rows"])),
        values["odd"],
    )


def pack_error(error: FileRejected) -> dict[str, Any]:
    """A refusal on its way between processes."""
    return {"key": type(error).key, "values": dict(error.values)}


def unpack_error(packed: Mapping[str, Any]) -> FileRejected:
    """The opposite."""
    kinds = [FileRejected]
    for kind in kinds:
        kinds += kind.__subclasses__()
    kind = next((kind for kind in kinds if kind.key == packed["key"]), FileRejected)
    return kind(**packed["values"])


def pack_errors(errors: Iterable[RowError]) -> bytes:
    """Refused rows for the job's row: JSON lines, deflated."""
    lines = (json.dumps([e.line, e.column, e.value, e.reason], ensure_ascii=False) for e in errors)
    return zlib.compress("\n".join(lines).encode())


def unpack_errors(packed: bytes | None) -> Iterator[RowError]:
    """The opposite."""
    lines = zlib.decompress(packed).decode() if packed else ""
    for line in lines.split("\n") if lines else ():
        yield RowError(*json.loads(line))


def as_json(value: LookSpec | ReadSpec | Look | Tally) -> dict[str, Any]:
    """For the other process, or the database."""
    return asdict(value)
