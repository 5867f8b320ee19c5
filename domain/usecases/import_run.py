"""
Carrying out confirmed imports: slices in ascending order of number, each committed with the job's cursor and counts, so
that a restart goes on behind the last one and nothing is counted twice.
"""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError
from domain.models import Account, ImportJob, ImportState, NoticeKind
from domain.rules.msisdn import NumberPlan
from domain.usecases import notices, undo
from domain.usecases.import_file import ReadFile, Stopped, columns_of, layout_of, read_file

log = structlog.get_logger()

_TICK_S: Final = 0.5
_TRIES: Final = 3  # of a job that fails for no reason of its own
_PREVIEW_KEPT: Final = timedelta(days=1)
_SWEEP_S: Final = 3_600.0


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
    job = await ImportJob.get_or_none(id=job_id, state=ImportState.RUNNING).select_related("account")
    if job is None:
        return False
    async with _read(job) as file:
        if not await _write(job, file):
            return False
    return await end(job_id, ImportState.DONE)


async def end(job_id: int, state: ImportState, *, reason: str = "") -> bool:
    """
    End a running import and tell the person; both or neither. Returns False where it had ended.

    Args:
        reason: Text key, where it failed.
    """
    async with in_transaction():
        ended = await ImportJob.filter(id=job_id, state=ImportState.RUNNING).update(
            state=state, content=None, ended_at=datetime.now(UTC)
        )
        if not ended:
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
        await finish_change(job_id)
    log.info("import_ended", job=job_id, state=state, reason=reason)
    return True


async def finish_change(job_id: int) -> None:
    """What it wrote, to its end or not, can be undone from now on."""
    job = await ImportJob.get(id=job_id).only("id", "change_id", "counts")
    if job.change_id is not None:
        await undo.finish(job.change_id, count=job.counts.get("created", 0) + job.counts.get("updated", 0))


async def sweep_previews(now: datetime) -> int:
    """Delete uploads that nobody confirmed for a day, with their bytes. Returns how many."""
    return await ImportJob.filter(state=ImportState.PREVIEW, created_at__lt=now - _PREVIEW_KEPT).delete()


@contextlib.asynccontextmanager
async def _read(job: ImportJob) -> AsyncIterator[ReadFile]:
    """The job's file, read in a thread."""
    stop = threading.Event()
    account: Account = job.account
    reading = asyncio.ensure_future(
        asyncio.to_thread(
            read_file,
            job.content or b"",
            layout=layout_of(job),
            columns=columns_of(job),
            plan=NumberPlan(account.region),
            stop=stop,
        )
    )
    try:
        file = await asyncio.shield(reading)
    except asyncio.CancelledError:
        stop.set()
        with contextlib.suppress(Stopped, DomainError):
            (await reading).staging.close()
        raise
    try:
        yield file
    finally:
        file.staging.close()


async def _write(job: ImportJob, file: ReadFile) -> bool:
    """Every slice behind the cursor. False: the job was cancelled, or its group is gone."""
    db, cursor = store.current(), job.cursor
    group_id: int | None = job.group_id  # type: ignore[attr-defined]
    while rows := await asyncio.to_thread(file.staging.after, cursor, limit=db.import_rows):
        if group_id is None:
            return False
        counts = await db.import_slice(
            job.account.id, group_id, rows, now_ms=time.time_ns() // 1_000_000, job_id=job.id
        )
        if counts is None:
            return False
        cursor = counts.last_msisdn
        log.debug("import_slice", job=job.id, created=counts.created, updated=counts.updated)
        await asyncio.sleep(db.import_pause_s)
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
                await sweep_previews(datetime.now(UTC))
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
