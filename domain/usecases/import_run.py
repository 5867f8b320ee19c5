"""
Carrying out confirmed imports: slices in ascending order of number, each committed with the job's cursor and counts, so
that a restart goes on behind the last one and nothing is counted twice.
"""

import asyncio
import contextlib
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from tortoise.expressions import Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError
from domain.models import Change, ImportJob, ImportState, NoticeKind
from domain.store import Policy
from domain.store.staging import Staged
from domain.usecases import import_job, import_progress, import_reader, notices, undo, uploads
from domain.usecases.import_job import Job
from domain.usecases.import_progress import ReadingStopped, Stage
from domain.usecases.import_reader import ReadFile
from domain.usecases.numbering import numbering_of

log = structlog.get_logger()

_TICK_S: Final = 0.5
_TRIES: Final = 3  # of a job that fails for no reason of its own
_PREVIEW_KEPT: Final = timedelta(days=1)
#: How long the refused rows of an ended import are kept: people correct them and send them again.
ERRORS_FOR: Final = timedelta(days=30)
_SWEEP_S: Final = 3_600.0
_ANY_KEY: Final = 2**63 - 1


async def run_jobs(stop: asyncio.Event) -> None:
    """
    Carry out confirmed imports until ``stop`` is set, one at a time in each account; those that a crash left half-way
    go on where they were. On leaving, a slice that is being written is finished first.
    """
    runner = _Runner()
    try:
        while not stop.is_set():
            await runner.tick()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK_S)
    finally:
        await runner.close()


async def run_job(job_id: int) -> bool:
    """
    Carry out one import to its end. Returns False where it was cancelled meanwhile, or is not running.

    Raises:
        DomainError: Its file cannot be read to its end.
    """
    row = await ImportJob.get_or_none(id=job_id, state=ImportState.RUNNING).only("id", "account_id", "cursor")
    if row is None:
        return False
    job = await import_job.get(row.account_id, job_id)  # type: ignore[attr-defined]
    try:
        file = await _read(job)
        try:
            if not await _write(job, file, row.cursor):
                return False
        finally:
            await asyncio.to_thread(file.close)
    except ReadingStopped:
        return False
    finally:
        import_progress.end(job_id)
    return await end(job_id, ImportState.DONE)


async def end(job_id: int, state: ImportState, *, reason: str = "") -> bool:
    """
    End a running import and tell the person; both or neither. Returns False where it had ended.

    Args:
        reason: Text key, where it failed.
    """
    async with in_transaction():
        closed = await _close(ImportJob.filter(id=job_id, state=ImportState.RUNNING), job_id, state)
        if closed is None:
            return False
        job = await ImportJob.get(id=job_id).only("id", "chat_id", "person_id")
        await notices.post(
            f"import:{job_id}",
            chat_id=job.chat_id,
            person_id=job.person_id,
            kind=NoticeKind.IMPORTED,
            subject_id=job_id,
            detail={"reason": reason} if reason else None,
        )
    await _count_noted(job_id)
    await uploads.drop(*closed)
    log.info("import_ended", job=job_id, state=state, reason=reason)
    return True


async def cancel(account_id: int, job_id: int) -> bool:
    """
    Stop a running import: at once while it is read, else at the border of a slice. Returns False where it had ended.
    """
    running = ImportJob.filter(id=job_id, account_id=account_id, state=ImportState.RUNNING)
    async with in_transaction():
        closed = await _close(running, job_id, ImportState.CANCELLED)
    if closed is None:
        return False
    import_progress.stop_reading(job_id)
    import_reader.forget(job_id)
    await _count_noted(job_id)
    await uploads.drop(*closed)
    return True


async def _close(running: QuerySet[ImportJob], job_id: int, state: ImportState) -> list[int | None] | None:
    """
    In a transaction: the job ends, and what it wrote can be undone from now on. None: it had ended.

    Returns the uploads to drop thereafter: its bytes go unless more is in.
    """
    if not await running.update(state=state, ended_at=datetime.now(UTC)):
        return None
    await _finish_change(job_id)
    job = await ImportJob.get(id=job_id).only("id", "parts", "upload")
    if len(job.parts or ()) > 1:
        return []
    await ImportJob.filter(id=job_id).update(upload=None, content=None)
    return [job.upload]


async def _finish_change(job_id: int) -> None:
    """What it wrote, to its end or not, can be undone from now on."""
    job = await ImportJob.get(id=job_id).only("id", "change_id", "counts")
    if job.change_id is not None:
        await undo.finish(job.change_id, count=job.counts.get("created", 0) + job.counts.get("updated", 0))


async def _count_noted(job_id: int) -> None:
    """
    Its change counts what it touched: of contacts that were there, and already so, there is nothing to undo. Behind the
    end of the import, for a million are not counted within a transaction.
    """
    job = await ImportJob.get(id=job_id).only("id", "change_id")
    if job.change_id is not None:
        noted = await store.current().journal_rows(job.change_id, upto=_ANY_KEY)
        await Change.filter(id=job.change_id).update(count=noted)


async def sweep(now: datetime) -> int:
    """
    Delete uploads that nobody confirmed for a day, with their bytes, and those of archives; and the refused rows of
    imports that ended more than ``ERRORS_FOR`` ago. Returns how many uploads.
    """
    ended = ImportJob.filter(state__in=[ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED])
    held, named = Q(upload__isnull=False) | Q(content__isnull=False), Q(refused__isnull=False) | Q(errors__isnull=False)
    await ended.filter(held, ended_at__lt=now - _PREVIEW_KEPT).update(upload=None, content=None)
    await ended.filter(named, ended_at__lt=now - ERRORS_FOR).update(refused=None, errors=None)
    deleted = await ImportJob.filter(state=ImportState.PREVIEW, created_at__lt=now - _PREVIEW_KEPT).delete()
    await uploads.sweep()
    return deleted


async def _read(job: Job) -> ReadFile:
    """What the dry run has read, else the job's file once more."""
    spec = job.spec(await numbering_of(job.account_id))
    kept = import_reader.take(job.id, spec)
    if kept is not None:
        return kept
    content = await uploads.content_of(job.id) or b""
    import_progress.begin(job.id, Stage.READING)
    reading = import_reader.read(content, spec, lambda done, total: import_progress.tell(job.id, done, total))
    return await import_progress.stoppable(job.id, reading)


async def _write(job: Job, file: ReadFile, cursor: int) -> bool:
    """Every slice behind the cursor. False: the job was cancelled, or its group is gone."""
    db, staged = store.current(), Staged(file.staged)
    policy = Policy(job.existing, frozenset(field.value for field in job.columns if field is not None))
    done = job.counts.written if job.counts else 0
    import_progress.begin(job.id, Stage.WRITING, done=done, total=file.tally.contacts)
    try:
        async with db.staged(file.staged):
            while rows := await asyncio.to_thread(staged.next_rows, cursor, limit=db.import_rows):
                if job.group_id is None:
                    return False
                counts = await db.import_slice(
                    job.account_id, job.group_id, rows, now_ms=time.time_ns() // 1_000_000, job_id=job.id, policy=policy
                )
                if counts is None:
                    return False
                cursor, done = counts.last_msisdn, done + len(rows)
                import_progress.tell(job.id, done, file.tally.contacts)
                log.debug("import_slice", job=job.id, created=counts.created, updated=counts.updated)
                await db.give_way()
    finally:
        staged.close()
    return True


async def _attempt(job_id: int) -> None:
    log.info("import_begins", job=job_id)
    try:
        if await run_job(job_id):
            return
    except DomainError as error:
        await end(job_id, ImportState.FAILED, reason=type(error).key)
        return
    # Not its end: it was cancelled, or its group has gone.
    if await ImportJob.filter(id=job_id, state=ImportState.RUNNING, group_id=None).exists():
        await end(job_id, ImportState.FAILED, reason="imports.failed.group_gone")


class _Runner:
    """The imports that are under way, by account."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._failures: Counter[int] = Counter()
        self._swept = float("-inf")

    async def tick(self) -> None:
        """Begin what can begin."""
        self._tasks = {account: task for account, task in self._tasks.items() if not task.done()}
        try:
            due = await ImportJob.filter(state=ImportState.RUNNING).order_by("id").values_list("id", "account_id")
            if time.monotonic() >= self._swept + _SWEEP_S:
                await sweep(datetime.now(UTC))
                self._swept = time.monotonic()
        except Exception:
            log.exception("import_tick_failed")
            return
        for job_id, account_id in due:
            if account_id not in self._tasks:
                self._tasks[account_id] = asyncio.create_task(self._guarded(job_id), name=f"import-{job_id}")

    async def _guarded(self, job_id: int) -> None:
        """The door: a job that fails is tried again a few times, and does not stop the others."""
        try:
            await _attempt(job_id)
        except Exception:
            self._failures[job_id] += 1
            log.exception("import_failed", job=job_id, times=self._failures[job_id])
            if self._failures[job_id] >= _TRIES:
                with contextlib.suppress(Exception):
                    await end(job_id, ImportState.FAILED, reason="imports.failed.unexpected")

    async def close(self) -> None:
        """Stop at the next border of a slice."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
