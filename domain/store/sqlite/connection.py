"""One writer and one reader on a SQLite file. The only place that reaches inside Tortoise's client and aiosqlite."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from tortoise.backends.sqlite.client import SqliteClient

from domain.store.sqlite.client import to_its_end

T = TypeVar("T")


class SqliteConnection:
    """
    Runs plain functions on a ``sqlite3.Connection``.

    Writes go through Tortoise's own connection, on its thread and under its lock: one writer by construction, and a
    batch costs one hand-over between threads. Reads go to a second connection that is query-only, so that a long
    count holds up nobody.
    """

    def __init__(self, client: SqliteClient, path: Path) -> None:
        self._client = client
        self._path = path
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite-read")
        self._reader: sqlite3.Connection | None = None

    async def write(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` in a transaction of its own: all of it, or on an error nothing. Keep it below 50 ms."""

        def in_transaction(connection: sqlite3.Connection) -> T:
            connection.execute("begin immediate")
            try:
                result = fn(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
            return result

        return await self.on_writer(in_transaction)

    async def on_writer(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` on the writer with no transaction around it: for filling a temporary table."""
        async with self._client.acquire_connection() as connection:
            # aiosqlite 0.22: _execute runs a function on its thread, _conn is the plain connection.
            return await to_its_end(connection._execute(fn, connection._conn))  # noqa: SLF001

    async def read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``fn`` on the query-only connection."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._read, fn)

    def _read(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        if self._reader is None:
            self._reader = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            self._reader.row_factory = sqlite3.Row
            self._reader.execute("pragma query_only = on")
            self._reader.execute("pragma busy_timeout = 10000")
        return fn(self._reader)

    async def close(self) -> None:
        """Close the reader; Tortoise closes the writer."""
        await asyncio.get_running_loop().run_in_executor(self._reading, self._close)
        self._reading.shutdown()

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
