"""Plain asyncpg connections out of Tortoise's pool. The only place that reaches inside Tortoise's client."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient


class PostgresConnection:
    """Tortoise's asyncpg answers nothing to ``UPDATE … RETURNING``; the hot statements speak to asyncpg itself."""

    def __init__(self, client: AsyncpgDBClient) -> None:
        self._client = client

    @contextlib.asynccontextmanager
    async def acquire(self) -> AsyncIterator[Any]:
        """A connection of the pool, in autocommit; an ``asyncpg.Connection``."""
        pool: Any = self._client._pool  # noqa: SLF001 - Tortoise 1.1.9 has no public name
        async with pool.acquire() as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """A connection in a transaction of its own: all of it, or on an error nothing."""
        async with self.acquire() as connection, connection.transaction():
            yield connection

    async def close(self) -> None:
        """Nothing of its own: Tortoise closes the pool."""
