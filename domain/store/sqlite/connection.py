"""One writer and one reader on a SQLite file. The only place that reaches inside Tortoise's client and aiosqlite."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from domain.store.sqlite.client import SteadySqliteClient, to_its_end

log = structlog.get_logger()

T = TypeVar("T")
_Work = Callable[[sqlite3.Connection], Any]


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to be written in a transaction that it shares with others."""

    work: _Work
    patient: bool
    done: asyncio.Future[Any]


class SqliteConnection:
    """
    Runs plain functions on a ``sqlite3.Connection``.

    Writes go through Tortoise's own connection, on its thread and under its lock: one writer by construction, and a
    batch costs one hand-over between threads. Reads go to a second connection that is query-only, so that a long
    count holds up nobody.
    """

    def __init__(self, client: SteadySqliteClient, path: Path) -> None:
        self._client = client
        self._path = path
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-read")
        self._reader: sqlite3.Connection | None = None
        self._searching = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-search")
        self._searcher: sqlite3.Connection | None = None
        self._jobs: list[_Job] = []
        self._committing: asyncio.Task[None] | None = None
        self._pressing = False  # somebody waits for the next commit
        self._reminder: asyncio.Handle | None = None

    async def write(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` in a transaction of its own: all of it, or on an error nothing. Keep it below 50 ms."""
        return await self.on_writer(lambda db: _alone(db, fn))

    async def write_together(self, fn: Callable[[sqlite3.Connection], T], *, patient: bool = False) -> T:
        """
        Run ``fn`` in one transaction with all else that waited for the previous one: they share its commit.

        If one of them fails, or the commit does, nothing of it is written, and each is run again in a transaction of
        its own. So ``fn`` may run twice, and must change nothing but the database. Keep it below 5 ms. A caller that is
        cancelled does not learn what became of it.

        Args:
            patient: Nobody waits for it: it causes no commit before the event loop's next turn, so that what is asked
                for in this one goes with it. A real delay here costs more than the commits that it saves.
        """
        loop = asyncio.get_running_loop()
        job = _Job(fn, patient, loop.create_future())
        self._jobs.append(job)
        if not patient:
            self._commit_now()
        elif self._reminder is None:
            self._reminder = loop.call_soon(self._commit_now)
        result: T = await job.done
        return result

    def _commit_now(self) -> None:
        self._pressing = True
        if self._reminder is not None:
            self._reminder.cancel()
            self._reminder = None
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_waiting(), name="sqlite commit")

    async def _commit_waiting(self) -> None:
        """Group after group, back to back, while something presses."""
        group: list[_Job] = []
        try:
            while self._pressing:
                async with self._client.acquire_connection() as connection:
                    self._pressing = False
                    group, self._jobs = self._jobs, []
                    works = [job.work for job in group]
                    # aiosqlite 0.22: _execute runs a function on its thread, _conn is the plain connection.
                    outcomes = await connection._execute(_run_group, works, connection._conn)  # noqa: SLF001
                # Those that are waited for first: their callers run first.
                for job, outcome in sorted(zip(group, outcomes, strict=True), key=lambda told: told[0].patient):
                    _tell(job, outcome)
        except BaseException as error:
            # Not tried: the connection is closed, or the program ends.
            for job in group + self._jobs:
                _tell(job, error)
            self._jobs.clear()
            if not isinstance(error, Exception):
                raise
        finally:
            self._committing = None

    async def on_writer(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` on the writer with no transaction around it: for filling a temporary table."""
        async with self._client.acquire_connection() as connection:
            return await to_its_end(connection._execute(fn, connection._conn))  # noqa: SLF001

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` on the query-only connection."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, fn)

    def _read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        if self._reader is None:
            self._reader = self._connect()
        return fn(self._reader)

    async def read_long(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` on another query-only connection, where it may take seconds: searches, counts, exports."""
        return await asyncio.get_running_loop().run_in_executor(self._searching, self._search, fn)

    def _search(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        if self._searcher is None:
            self._searcher = self._connect()
        return fn(self._searcher)

    def _connect(self) -> sqlite3.Connection:
        reader = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        reader.row_factory = sqlite3.Row
        reader.execute("pragma query_only = on")
        reader.execute("pragma busy_timeout = 10000")
        return reader

    async def close(self) -> None:
        """Wait for what is being written and close the reader; Tortoise closes the writer."""
        if self._jobs:
            self._commit_now()
        if self._reminder is not None:
            self._reminder.cancel()
        if self._committing is not None:
            await asyncio.wait([self._committing])
        for threads, close in ((self._searching, self._close_searcher), (self._reading, self._close_reader)):
            await asyncio.get_running_loop().run_in_executor(threads, close)
            threads.shutdown()

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _close_searcher(self) -> None:
        if self._searcher is not None:
            self._searcher.close()
            self._searcher = None


def _alone(db: sqlite3.Connection, fn: Callable[[sqlite3.Connection], T]) -> T:
    db.execute("begin immediate")
    try:
        result = fn(db)
        db.execute("commit")
    except BaseException:
        db.rollback()
        raise
    return result


@dataclass(frozen=True, slots=True)
class _Written:
    result: Any


def _run_group(works: Sequence[_Work], db: sqlite3.Connection) -> list[_Written | Exception]:
    """In one transaction; where that fails, in one each."""
    if len(works) > 1:
        try:
            return [_Written(result) for result in _alone(db, lambda db: [work(db) for work in works])]
        except Exception:  # whose fault it is shows when each is run by itself
            log.warning("group_failed", batches=len(works), exc_info=True)
    outcomes: list[_Written | Exception] = []
    for work in works:
        try:
            outcomes.append(_Written(_alone(db, work)))
        except Exception as error:  # noqa: BLE001 - raised where the work was asked for
            outcomes.append(error)
    return outcomes


def _tell(job: _Job, outcome: _Written | BaseException) -> None:
    if job.done.done():  # told already, or its caller was cancelled
        return
    if isinstance(outcome, _Written):
        job.done.set_result(outcome.result)
    elif isinstance(outcome, asyncio.CancelledError):
        job.done.cancel()
    else:
        job.done.set_exception(outcome)
