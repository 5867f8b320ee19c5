"""Plain asyncpg connections out of Tortoise's pool. The only place that reaches inside Tortoise's client."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from tortoise.backends.asyncpg.client import AsyncpgDBClient

_KEPT: Final = 4  # connections for the hot statements: two links that mark, answers, the feed


class PostgresConnection:
    """Tortoise's asyncpg answers nothing to ``UPDATE … RETURNING``; the hot statements speak to asyncpg itself."""

    def __init__(self, client: AsyncpgDBClient) -> None:
        self._client = client
        self._kept: list[Any] = []

    @property
    def _pool(self) -> Any:
        return self._client._pool  # noqa: SLF001 - Tortoise 1.1.9 has no public name

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        """A connection of the pool, in autocommit; an ``asyncpg.Connection``."""
        async with self._pool.acquire() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection in a transaction of its own: all of it, or on an error nothing."""
        async with self.acquire() as connection, connection.transaction():
            yield connection

    @contextlib.asynccontextmanager
    async def hot(self) -> AsyncIterator[Any]:
        """
        As ``acquire``, for a statement of the hot paths. The connection is kept for the next one: the pool resets what
        it gets back, which is a round trip each time.
        """
        connection = await self._take()
        try:
            yield connection
        except BaseException:
            await self._pool.release(connection)  # in whatever state it is: the pool resets or replaces it
            raise
        if len(self._kept) < _KEPT:
            self._kept.append(connection)
        else:
            await self._pool.release(connection)

    async def _take(self) -> Any:
        while self._kept:
            connection = self._kept.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        return await self._pool.acquire()

    async def close(self) -> None:
        """Give back what is kept; Tortoise closes the pool."""
        while self._kept:
            await self._pool.release(self._kept.pop())
