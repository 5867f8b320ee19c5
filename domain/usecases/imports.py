"""
Contact files, from the upload to the confirmation: how the file was read, which column is which, the group, the counts
of a dry run. Carrying it out is ``import_run``'s.
"""

import asyncio
import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Final

import structlog
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import NotFound, WrongState
from domain.models import Account, ChangeKind, ContactGroup, ImportJob, ImportState
from domain.rules.contact_csv import Field, Preview, RowError, preview
from domain.rules.msisdn import NumberPlan
from domain.rules.title import TITLE_LIMIT
from domain.usecases import groups, import_run, undo
from domain.usecases.import_file import (
    ReadFile,
    columns_of,
    layout_of,
    pack_errors,
    read_file,
    unpack_errors,
)
from domain.usecases.import_run import run_job as run_job
from domain.usecases.import_run import run_jobs as run_jobs

log = structlog.get_logger()

UPLOAD_LIMIT: Final = 20_000_000  #: bytes; what Telegram gives a bot
_SHOWN: Final = 40  # characters of a cell in the preview
_NAME_LIMIT: Final = 255
_REFUSED: Final = "refused:"  # prefix of a reason's count
_LIGHT: Final = (
    "id", "account_id", "group_id", "person_id", "chat_id", "file_name", "sha256", "encoding", "delimiter", "columns",
    "header", "sample", "state", "counts", "created_at", "started_at", "ended_at",
    "change_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Before:
    """The same file, earlier. ``ended_at``: aware UTC; None: that import is under way."""

    ended_at: datetime | None
    group: str


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
    """An import without its bytes. ``counts``: None until the dry run. Times are aware UTC."""

    id: int
    chat_id: int
    person_id: int
    file_name: str
    encoding: str
    delimiter: str
    columns: tuple[Field | None, ...]
    header: bool
    sample: Sequence[Sequence[str]]
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


async def receive(
    account_id: int, name: str, content: bytes, *, person_id: int, chat_id: int, group_id: int | None = None
) -> int:
    """
    Keep an upload and look at it; nothing of it is written yet.

    Returns:
        The import's id.

    Raises:
        FileRejected: Nothing of it can be used.
        NotFound: The group is gone.
    """
    account = await Account.get(id=account_id)
    if group_id is not None:
        await groups.require(account_id, group_id)
    digest, seen = await asyncio.to_thread(_look, content, NumberPlan(account.region))
    shown = [seen.header_cells, *seen.rows] if seen.columns.header else [*seen.rows]
    job = await ImportJob.create(
        account_id=account_id,
        group_id=group_id,
        person_id=person_id,
        chat_id=chat_id,
        file_name=_clean_name(name),
        sha256=digest,
        content=content,
        encoding=seen.layout.encoding,
        delimiter=seen.layout.delimiter,
        preamble=seen.layout.preamble,
        columns=list(seen.columns.columns),
        header=seen.columns.header,
        sample=[[cell.replace("\0", "")[:_SHOWN] for cell in row] for row in shown],
    )
    log.info("import_received", account=account_id, job=job.id, bytes=len(content), encoding=seen.layout.encoding)
    return job.id


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
        chat_id=row["chat_id"],
        person_id=row["person_id"],
        file_name=row["file_name"],
        encoding=row["encoding"],
        delimiter=row["delimiter"],
        columns=tuple(Field(name) if name else None for name in row["columns"]),
        header=row["header"],
        sample=row["sample"],
        state=row["state"],
        group_id=row["group_id"],
        group=title["title"] if title else "",
        counts=_read_counts(row["counts"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        change_id=row["change_id"],
    )


async def before(account_id: int, job_id: int) -> Before | None:
    """The newest import of the very same file that was carried out, or is; None: there is none."""
    digests = await ImportJob.filter(id=job_id, account_id=account_id).values_list("sha256", flat=True)
    carried_out = [ImportState.DONE, ImportState.RUNNING]
    same = ImportJob.filter(account_id=account_id, sha256__in=digests, state__in=carried_out).exclude(id=job_id)
    for row in await same.order_by("-id").limit(1).values("ended_at", "group__title"):
        return Before(row["ended_at"], row["group__title"] or "")
    return None


async def set_column(account_id: int, job_id: int, *, column: int, field: Field | None) -> None:
    """
    Say what a column is; another one that was that field is not taken any more. The dry run is void.

    Raises:
        NotFound: There is no such import or column.
        WrongState: It is confirmed, or has ended.
    """
    job = await get(account_id, job_id)
    if not 0 <= column < len(job.columns):
        raise NotFound(noun="field")
    columns: list[str | None] = [None if name == field else name for name in job.columns]
    columns[column] = field
    await _change(account_id, job_id, columns=columns, counts={}, errors=None)


async def set_header(account_id: int, job_id: int, *, header: bool) -> None:
    """
    Say whether the first row holds names. The dry run is void.

    Raises:
        NotFound: There is no such import.
        WrongState: It is confirmed, or has ended.
    """
    await _change(account_id, job_id, header=header, counts={}, errors=None)


async def set_group(account_id: int, job_id: int, *, group_id: int) -> None:
    """
    Say where its contacts go.

    Raises:
        NotFound: The import or the group is gone.
        WrongState: It is confirmed, or has ended.
    """
    await groups.require(account_id, group_id)
    await _change(account_id, job_id, group_id=group_id)


async def review(account_id: int, job_id: int) -> Job:
    """
    The dry run: read the whole file and count, once for each choice of columns.

    Raises:
        NotFound: The import is gone.
        WrongState: It is confirmed, or has ended.
        FileRejected: The file is too long, or no text further down.
    """
    job = await get(account_id, job_id)
    if job.counts is not None or not job.has_number:
        return job
    row = await ImportJob.get(id=job_id)
    account = await Account.get(id=account_id)
    file = await asyncio.to_thread(
        read_file,
        row.content or b"",
        layout=layout_of(row),
        columns=columns_of(row),
        plan=NumberPlan(account.region),
        stop=threading.Event(),
    )
    try:
        counts = await _count(account_id, file)
        errors = await asyncio.to_thread(pack_errors, file.errors)
    finally:
        file.staging.close()
    await _change(account_id, job_id, counts=counts, errors=errors)
    return await get(account_id, job_id)


async def confirm(account_id: int, job_id: int) -> Job:
    """
    Let it run; a second call changes nothing.

    Raises:
        NotFound: The import or its group is gone.
        WrongState: It was given up, or there is nothing to write.
    """
    job = await get(account_id, job_id)
    if job.group_id is None:
        raise NotFound(noun="group")
    if job.state is ImportState.PREVIEW and (job.counts is None or not job.counts.contacts):
        raise WrongState(now=job.state, wanted=ImportState.RUNNING)
    async with in_transaction():
        changed = await ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW).update(
            state=ImportState.RUNNING, started_at=datetime.now(UTC), cursor=0
        )
        if changed:
            change_id = await undo.begin(
                account_id,
                ChangeKind.IMPORT,
                by=job.person_id,
                title=job.file_name,
                subject_id=job_id,
                group_id=job.group_id,
            )
            await ImportJob.filter(id=job_id).update(change_id=change_id)
    if changed:
        log.info("import_confirmed", account=account_id, job=job_id, group=job.group_id)
    return await get(account_id, job_id)


async def cancel(account_id: int, job_id: int) -> Job:
    """
    Stop a running import at the border of a slice; what is written stays, and the counts say how much. One that has
    ended is left as it is.

    Raises:
        NotFound: It is another account's.
    """
    running = ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.RUNNING)
    async with in_transaction():
        changed = await running.update(state=ImportState.CANCELLED, content=None, ended_at=datetime.now(UTC))
        if changed:
            await import_run.finish_change(job_id)
    if changed:
        log.info("import_cancelled", account=account_id, job=job_id)
    return await get(account_id, job_id)


async def discard(account_id: int, job_id: int) -> None:
    """Give up an upload that is not confirmed; its bytes are deleted. One that runs or has ended is left as it is."""
    await ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW).delete()


async def errors(account_id: int, job_id: int) -> Sequence[RowError]:
    """
    The rows that could not be taken, the first ``ERRORS_KEPT`` of them.

    Raises:
        NotFound: The import is gone.
    """
    row = await ImportJob.filter(id=job_id, account_id=account_id).first().values("errors")
    if row is None:
        raise NotFound(noun="import")
    return await asyncio.to_thread(lambda: list(unpack_errors(row["errors"])))


def suggested_title(file_name: str) -> str:
    """A group's title out of a file's name; empty where it says nothing."""
    words = re.sub(r"[_\W]+", " ", PurePath(file_name).stem).strip()
    return words[:TITLE_LIMIT].strip()


def _look(content: bytes, plan: NumberPlan) -> tuple[str, Preview]:
    return hashlib.sha256(content).hexdigest(), preview(content, plan)


async def _count(account_id: int, file: ReadFile) -> dict[str, int]:
    listed = await store.current().standing(account_id, file.staging.msisdns())
    return {
        "rows": file.rows,
        "contacts": file.contacts,
        "repeated": file.repeated,
        "new": listed.new,
        "known": listed.known,
        "blacklisted": listed.blacklisted,
        **{_REFUSED + reason: number for reason, number in file.refused.items()},
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


async def _change(account_id: int, job_id: int, **columns: object) -> None:
    if await ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW).update(**columns):
        return
    job = await get(account_id, job_id)
    raise WrongState(now=job.state, wanted=ImportState.PREVIEW)


def _clean_name(name: str) -> str:
    plain = "".join(letter for letter in " ".join(PurePath(name).name.split()) if letter.isprintable())
    return plain[:_NAME_LIMIT]
