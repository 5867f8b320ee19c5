"""
Contact files, from the upload to the confirmation: how the file was read, which column is which, the group, the counts
of a dry run. Carrying it out is ``import_run``'s.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

import structlog
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError, NotFound, WrongState
from domain.models import ChangeKind, ImportJob, ImportState
from domain.rules.contact_csv import COUNTRY_NOT_ENABLED, Field, RowError
from domain.rules.existing import Existing
from domain.rules.msisdn import regions_of
from domain.rules.title import TITLE_LIMIT
from domain.store.staging import Staged
from domain.usecases import groups, import_progress, import_reader, import_run, undo, uploads
from domain.usecases.import_job import Counts, Job, get, looked, packed_counts
from domain.usecases.import_progress import Stage
from domain.usecases.import_reader import ReadFile
from domain.usecases.import_run import ERRORS_FOR, run_job, run_jobs
from domain.usecases.import_spec import LookSpec, unpack_errors
from domain.usecases.numbering import numbering_of

__all__ = ["ERRORS_FOR", "UPLOAD_LIMIT", "Before", "Counts", "Job", "get", "run_job", "run_jobs"]

log = structlog.get_logger()

UPLOAD_LIMIT: Final = 20_000_000  #: bytes; what Telegram gives a bot
_NAME_LIMIT: Final = 255
_LOOKED_INTO: Final = 2_000  # refused numbers, for the countries that they are of
_COUNTED: Final = 20_000  # numbers a query
_UNCOUNTED: Final[dict[str, Any]] = {"counts": {}, "refused": None, "errors": None}  # columns of a void dry run


class UploadGone(DomainError):
    """The bytes of an ended import are not kept for ever."""

    key = "imports.upload_gone"


@dataclass(frozen=True, slots=True)
class Before:
    """The same table, earlier. ``ended_at``: aware UTC; None: that import is under way."""

    ended_at: datetime | None
    group: str


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
    if group_id is not None:
        await groups.require(account_id, group_id)
    name = _clean_name(name)
    look = await import_reader.look(content, LookSpec(name, await numbering_of(account_id)))
    upload = await uploads.keep(content)
    job = await ImportJob.create(
        account_id=account_id,
        group_id=group_id,
        person_id=person_id,
        chat_id=chat_id,
        file_name=name,
        sha256=await asyncio.to_thread(lambda: hashlib.sha256(content).hexdigest()),
        upload=upload,
        **looked(look),
    )
    log.info("import_received", account=account_id, job=job.id, bytes=len(content), parts=len(look.parts))
    return job.id


async def before(account_id: int, job_id: int) -> Before | None:
    """The newest import of the very same table that was carried out, or is, and was not undone; None: there is none."""
    own = await ImportJob.filter(id=job_id, account_id=account_id).values_list("sha256", "part")
    carried_out = [ImportState.DONE, ImportState.RUNNING]
    for digest, part in own:
        same = ImportJob.filter(
            undo.not_undone(), account_id=account_id, sha256=digest, part=part, state__in=carried_out
        )
        for row in await same.exclude(id=job_id).order_by("-id").limit(1).values("ended_at", "group__title"):
            return Before(row["ended_at"], row["group__title"] or "")
    return None


async def choose(account_id: int, job_id: int, *, part: int | None = None, encoding: str | None = None) -> None:
    """
    Take another table of the upload, or read its letters in another way; its columns are guessed anew.

    Raises:
        NotFound: There is no such import or table.
        WrongState: It is confirmed, or has ended.
        FileRejected: Nothing of that table can be used.
    """
    job = await get(account_id, job_id)
    part = job.part if part is None else part
    if not 0 <= part < len(job.parts):
        raise NotFound(noun="import")
    content = await uploads.content_of(job_id) or b""
    spec = LookSpec(job.file_name, await numbering_of(account_id), part, encoding or "")
    await _change(account_id, job_id, **looked(await import_reader.look(content, spec)), **_UNCOUNTED)


async def again(account_id: int, job_id: int) -> int:
    """
    Another table of an upload that was imported: a new import of the same bytes. Returns its id.

    Raises:
        NotFound: It is gone.
        UploadGone: Its bytes are.
    """
    job = await get(account_id, job_id)
    content = await uploads.content_of(job_id)
    if content is None:
        raise UploadGone
    new = await receive(account_id, job.file_name, content, person_id=job.person_id, chat_id=job.chat_id)
    await choose(account_id, new, part=(job.part + 1) % len(job.parts))
    return new


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
    await _change(account_id, job_id, columns=columns, **_UNCOUNTED)


async def set_header(account_id: int, job_id: int, *, header: bool) -> None:
    """
    Say whether the first row holds names. The dry run is void.

    Raises:
        NotFound: There is no such import.
        WrongState: It is confirmed, or has ended.
    """
    await _change(account_id, job_id, header=header, **_UNCOUNTED)


async def set_group(account_id: int, job_id: int, *, group_id: int) -> None:
    """
    Say where its contacts go.

    Raises:
        NotFound: The import or the group is gone.
        WrongState: It is confirmed, or has ended.
    """
    await groups.require(account_id, group_id)
    await _change(account_id, job_id, group_id=group_id)


async def set_existing(account_id: int, job_id: int, *, existing: Existing) -> None:
    """
    Say what becomes of contacts that are there.

    Raises:
        NotFound: There is no such import.
        WrongState: It is confirmed, or has ended.
    """
    await _change(account_id, job_id, existing=existing)


async def review(account_id: int, job_id: int) -> Job:
    """
    The dry run: read the whole file and count, once for each choice of columns. ``import_progress`` tells how far it
    is, and stops it.

    Raises:
        NotFound: The import is gone.
        WrongState: It is confirmed, or has ended.
        FileRejected: The file is too long, or broken further down.
        ReadingStopped: The person did not want to wait for the end.
    """
    job = await get(account_id, job_id)
    if job.counts is not None or not job.has_number:
        return job
    try:
        await import_progress.stoppable(job_id, _review(job))
    finally:
        import_progress.end(job_id)
    return await get(account_id, job_id)


async def _review(job: Job) -> None:
    content = await uploads.content_of(job.id) or b""
    spec = job.spec(await numbering_of(job.account_id))
    import_progress.begin(job.id, Stage.READING)
    file = await import_reader.read(content, spec, lambda done, total: import_progress.tell(job.id, done, total))
    try:
        counts = await _count(job.account_id, file)
        refused = await uploads.keep(await asyncio.to_thread(file.errors))
        await _change(job.account_id, job.id, counts=counts, refused=refused)
    except BaseException:
        file.close()
        raise
    import_reader.keep(job.id, spec, file)


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
    if await import_run.cancel(account_id, job_id):
        log.info("import_cancelled", account=account_id, job=job_id)
    return await get(account_id, job_id)


async def discard(account_id: int, job_id: int) -> None:
    """
    Give up an upload that is not confirmed; its bytes are deleted, and so is a group that was made for it. One that
    runs or has ended is left as it is.
    """
    previewed = ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW)
    row = await previewed.first().values("upload", "refused", "group_id", "created_at")
    if row and await previewed.delete():
        import_reader.forget(job_id)
        await uploads.drop(row["upload"], row["refused"])
        if row["group_id"] is not None:
            await groups.drop_unused(account_id, row["group_id"], since=row["created_at"])


async def errors(account_id: int, job_id: int) -> Sequence[RowError]:
    """
    The rows that could not be taken, the first ``ERRORS_KEPT`` of them; none any more ``ERRORS_FOR`` after its end.

    Raises:
        NotFound: The import is gone.
    """
    row = await ImportJob.filter(id=job_id, account_id=account_id).first().values("refused", "errors")
    if row is None:
        raise NotFound(noun="import")
    packed = await uploads.read(row["refused"]) if row["refused"] is not None else row["errors"]
    return await asyncio.to_thread(lambda: list(unpack_errors(packed)))


async def missed_countries(account_id: int, job_id: int) -> Sequence[str]:
    """Regions of the numbers that were refused because they are not enabled, the most frequent first."""
    refused = [error.value for error in await errors(account_id, job_id) if error.reason == COUNTRY_NOT_ENABLED]
    numbering = await numbering_of(account_id)
    return await asyncio.to_thread(regions_of, refused[:_LOOKED_INTO], numbering.region)


async def recount(account_id: int, job_id: int) -> None:
    """The rule has changed: the dry run is void, unless the import is confirmed."""
    await ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW).update(**_UNCOUNTED)


def suggested_title(file_name: str) -> str:
    """A group's title out of a file's name; empty where it says nothing."""
    words = re.sub(r"[_\W]+", " ", PurePath(file_name).stem).strip()
    return words[:TITLE_LIMIT].strip()


async def _count(account_id: int, file: ReadFile) -> dict[str, int]:
    db, staged = store.current(), Staged(file.staged)
    new = known = blacklisted = after = 0
    try:
        async with db.staged(file.staged):
            while rows := await asyncio.to_thread(staged.next_rows, after, limit=_COUNTED):
                listed = await db.standing(account_id, rows)
                new, known, blacklisted = new + listed.new, known + listed.known, blacklisted + listed.blacklisted
                after = rows.last
    finally:
        staged.close()
    return packed_counts(file.tally, new=new, known=known, blacklisted=blacklisted)


async def _change(account_id: int, job_id: int, **columns: object) -> None:
    if await ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.PREVIEW).update(**columns):
        return
    job = await get(account_id, job_id)
    raise WrongState(now=job.state, wanted=ImportState.PREVIEW)


def _clean_name(name: str) -> str:
    plain = "".join(letter for letter in " ".join(PurePath(name).name.split()) if letter.isprintable())
    return plain[:_NAME_LIMIT]
