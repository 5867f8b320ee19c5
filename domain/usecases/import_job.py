"""An import as screens show it, and what is kept of it in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from domain.errors import NotFound
from domain.models import ContactGroup, ImportJob, ImportState
from domain.rules.contact_csv import Field, Layout
from domain.rules.existing import Existing
from domain.rules.upload import Part
from domain.usecases.import_spec import Look, Numbering, ReadSpec, Tally, columns_from, part_from

_REFUSED: Final = "refused:"  # prefix of a reason's count
_LIGHT: Final = (
    "id", "account_id", "group_id", "person_id", "chat_id", "file_name", "sha256", "encoding", "delimiter", "preamble",
    "columns", "header", "sample", "parts", "part", "odd", "existing", "state", "counts", "created_at", "started_at",
    "ended_at", "change_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What an import comes to. Until it runs, ``new``, ``known`` and ``blacklisted`` are those of the dry run.

    Attributes:
        contacts: Distinct numbers.
        repeated: Rows whose number comes again further down: the last one counts.
        refused: Rows that cannot be taken, by text key of the reason.
        created, updated: What is written so far.
    """

    rows: int
    contacts: int
    repeated: int
    new: int
    known: int
    blacklisted: int
    refused: Mapping[str, int]
    created: int
    updated: int

    @property
    def written(self) -> int:
        """Contacts that are in the group for this import."""
        return self.created + self.updated


@dataclass(frozen=True, slots=True)
class Job:
    """
    An import without its bytes. ``counts``: None until the dry run. Times are aware UTC.

    Attributes:
        parts: The tables of the upload; ``part``: the one that is imported.
        odd: Bytes that an encoding changes, from the file; empty: its letters are the same in all of them.
    """

    id: int
    account_id: int
    chat_id: int
    person_id: int
    file_name: str
    layout: Layout
    columns: tuple[Field | None, ...]
    header: bool
    sample: Sequence[Sequence[str]]
    parts: tuple[Part, ...]
    part: int
    odd: bytes
    existing: Existing
    state: ImportState
    group_id: int | None
    group: str
    counts: Counts | None
    started_at: datetime | None
    ended_at: datetime | None
    change_id: int | None  # what undoes it

    @property
    def has_number(self) -> bool:
        """Whether a column of numbers is known."""
        return Field.MSISDN in self.columns

    @property
    def table(self) -> Part:
        """What is imported of the upload."""
        return self.parts[self.part]

    def spec(self, numbering: Numbering) -> ReadSpec:
        """How its file is read."""
        return ReadSpec(self.table, self.layout, columns_from(self.columns, header=self.header), numbering)


async def get(account_id: int, job_id: int) -> Job:
    """
    One import.

    Raises:
        NotFound: It is another account's, or was given up.
    """
    row = await ImportJob.filter(id=job_id, account_id=account_id).first().values(*_LIGHT)
    if row is None:
        raise NotFound(noun="import")
    title = await ContactGroup.filter(id=row["group_id"]).first().values("title") if row["group_id"] else None
    return Job(
        id=row["id"],
        account_id=row["account_id"],
        chat_id=row["chat_id"],
        person_id=row["person_id"],
        file_name=row["file_name"],
        layout=Layout(row["encoding"], row["delimiter"], row["preamble"]),
        columns=tuple(Field(name) if name else None for name in row["columns"]),
        header=row["header"],
        sample=row["sample"],
        parts=tuple(map(part_from, row["parts"] or ({"name": row["file_name"], "packing": "plain"},))),
        part=row["part"],
        odd=bytes.fromhex(row["odd"]),
        existing=row["existing"],
        state=row["state"],
        group_id=row["group_id"],
        group=title["title"] if title else "",
        counts=_read_counts(row["counts"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        change_id=row["change_id"],
    )


def looked(look: Look) -> dict[str, Any]:
    """What a look found, as columns of the job's row."""
    return {
        "encoding": look.layout.encoding,
        "delimiter": look.layout.delimiter,
        "preamble": look.layout.preamble,
        "columns": list(look.columns.columns),
        "header": look.columns.header,
        "sample": [list(row) for row in look.rows],
        "parts": [asdict(part) for part in look.parts],
        "part": look.index,
        "odd": look.odd,
    }


def packed_counts(tally: Tally, *, new: int, known: int, blacklisted: int) -> dict[str, int]:
    """For the job's row."""
    return {
        "rows": tally.rows,
        "contacts": tally.contacts,
        "repeated": tally.repeated,
        "new": new,
        "known": known,
        "blacklisted": blacklisted,
        **{_REFUSED + reason: number for reason, number in tally.refused.items()},
    }


def _read_counts(counts: Mapping[str, int]) -> Counts | None:
    if "contacts" not in counts:
        return None
    names = ("rows", "contacts", "repeated", "new", "known", "blacklisted")
    refused = {name.removeprefix(_REFUSED): n for name, n in counts.items() if name.startswith(_REFUSED)}
    return Counts(
        **{name: counts[name] for name in names},
        refused=dict(sorted(refused.items(), key=lambda item: -item[1])),
        created=counts.get("created", 0),
        updated=counts.get("updated", 0),
    )
