"""
Tortoise's SQLite client, made safe against cancellation. Tortoise finds it by ``client_class``.

As shipped (1.1.9), a task that is cancelled between ``BEGIN`` and ``COMMIT`` leaves the one connection inside a
transaction: the next statements of everybody would join it, and be rolled back with it. Cancelled while it enters
``in_transaction()``, it keeps the lock for ever. ``tests/domain/store/test_cancellation.py`` will tell us when this can
go.
"""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from tortoise.backends.base.client import TransactionalDBClient, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.connection import get_connections

T = TypeVar("T")


async def to_its_end(work: Awaitable[T]) -> T:
    """Wait for the end of ``work``, a coroutine in a task of its own, also when the caller is cancelled meanwhile."""
    job = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait([job])
        raise


class SteadyTransactionContext(SqliteTransactionContext):
    """Begins whole or not at all, and always gives the lock back."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self._trxlock.acquire()
        try:
            await to_its_end(self.ensure_connection())
            self.token = get_connections().set(self.connection_name, self.connection)
            try:
                await to_its_end(self.connection.begin())
            except BaseException:
                get_connections().reset(self.token)
                await to_its_end(self.connection.rollback())
                raise
        except BaseException:
            self._trxlock.release()
            raise
        return self.connection  # type: ignore[no-any-return]

    async def __aexit__(self, exc_type: object, exc_val: object, exc_tb: object) -> None:
        try:
            if not self.connection._finalized:  # noqa: SLF001
                await to_its_end(self.connection.rollback() if exc_type else self.connection.commit())
        finally:
            get_connections().reset(self.token)
            self._trxlock.release()


class SteadySqliteClient(SqliteClient):
    """Each call is carried out whole, whatever happens to the task that asked for it."""

    used_s: float = 0.0  #: when something was last asked for or answered; seconds of the monotonic clock

    async def _noted(self, work: Awaitable[T]) -> T:
        self.used_s = time.monotonic()
        try:
            return await to_its_end(work)
        finally:
            self.used_s = time.monotonic()

    def _in_transaction(self) -> TransactionContext:
        self.used_s = time.monotonic()
        return SteadyTransactionContext(SqliteTransactionWrapper(self), self._lock)

    async def execute_insert(self, query: str, values: list[Any]) -> int:
        return await self._noted(super().execute_insert(query, values))

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        await to_its_end(super().execute_many(query, values))

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[dict[str, Any]]]:
        return await self._noted(super().execute_query(query, values))

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        return await self._noted(super().execute_query_dict(query, values))

    async def execute_script(self, query: str) -> None:
        await to_its_end(super().execute_script(query))


client_class = SteadySqliteClient
