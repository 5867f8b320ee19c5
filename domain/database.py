"""
Opening and closing the database, and bringing its schema up to date. The rest of the program sees Tortoise's models
and ``domain.store.current()``.

On SQLite there is one connection that writes, Tortoise's own: our batches run on its thread, under its lock. Reading
much goes to a second connection that cannot write.
"""

import asyncio
import contextlib
import fcntl
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import structlog
from tortoise import Tortoise
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.connection import get_connection
from tortoise.migrations.api.migrate import migrate

from domain import store
from domain.store.postgres import PostgresStore
from domain.store.sqlite import SqliteStore
from domain.store.sqlite.client import SteadySqliteClient

log = structlog.get_logger()

_ADVISORY_LOCK: Final = 7305210411  # any constant of ours: one migration at a time
_POOL: Final = 10  # connections a process
_SQLITE_OPTIONS: Final = {
    "journal_mode": "WAL",
    "synchronous": "FULL",  # NORMAL forgets the last commits on power loss: they would be sent again
    "foreign_keys": "ON",
    "busy_timeout": 10_000,  # ms
    "cache_size": -32_768,  # KiB: what a sender of a million messages may hold is 150 MB in all
    "temp_store": "MEMORY",
    "journal_size_limit": 64 << 20,  # bytes
}
# https://sqlite.org/wal.html: two connections that checkpoint at once could corrupt the file before this release.
_SQLITE_SAFE: Final = (3, 51, 3)


class NotOurSchema(Exception):
    """The database was written by a newer release; the message says so to the operator."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL in the forms that Tortoise and asyncpg want. ``path``: the file, on SQLite."""

    tortoise: str | dict[str, Any]
    plain: str
    path: Path | None

    @classmethod
    def parse(cls, url: str) -> "DatabaseUrl":
        """``sqlite:///path`` or ``postgres://…``; the settings have checked which."""
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///"))
            credentials = {"file_path": str(path), **_SQLITE_OPTIONS}
            return cls({"engine": "domain.store.sqlite.client", "credentials": credentials}, url, path)
        rest = url.split("://", 1)[1]
        mark = "&" if "?" in rest else "?"
        return cls(f"asyncpg://{rest}{mark}minsize=1&maxsize={_POOL}", f"postgresql://{rest}", None)


def tortoise_config(url: str) -> dict[str, Any]:
    """What Tortoise is initialised with; the migration commands use the same."""
    return {
        "connections": {"default": DatabaseUrl.parse(url).tortoise},
        "apps": {
            "domain": {
                "models": ["domain.models"],
                "default_connection": "default",
                "migrations": "domain.models.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@contextlib.asynccontextmanager
async def _migration_lock(url: DatabaseUrl) -> AsyncIterator[None]:
    """Tortoise 1.1.9 has none: of three programs that start together, two would crash on the same table."""
    if url.path is not None:
        with url.path.with_name(url.path.name + ".migrate").open("w") as file:
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)  # the kernel frees it if we die
            yield
        return
    connection = await asyncpg.connect(url.plain)
    try:
        await connection.execute("select pg_advisory_lock($1)", _ADVISORY_LOCK)
        yield
    finally:
        await connection.close()


async def migrate_database(url: str) -> None:
    """
    Bring the schema up to date; safe when several programs start together.

    Raises:
        NotOurSchema: The database holds a migration that this release does not know.
    """
    parsed = DatabaseUrl.parse(url)
    if parsed.path is not None:
        parsed.path.parent.mkdir(parents=True, exist_ok=True)
    async with _migration_lock(parsed):
        config = tortoise_config(url)
        try:
            await migrate(config=config, direction="forward", progress=lambda *_: None)
        finally:
            # Also after a failure: the connection's thread would keep the process alive.
            await Tortoise.close_connections()
        unknown = await _applied(parsed) - _known()
    if unknown:
        raise NotOurSchema(f"the database is from a newer release (migration {', '.join(sorted(unknown))})")


def _known() -> set[str]:
    folder = Path(__file__).parent / "models" / "migrations"
    return {file.stem for file in folder.glob("[0-9]*.py")}


async def _applied(url: DatabaseUrl) -> set[str]:
    query = "select name from tortoise_migrations where app = 'domain'"
    if url.path is not None:
        with contextlib.closing(sqlite3.connect(url.path)) as connection:
            return {name for (name,) in connection.execute(query)}
    connection = await asyncpg.connect(url.plain)
    try:
        return {row["name"] for row in await connection.fetch(query)}
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def open_database(url: str) -> AsyncIterator[None]:
    """
    Migrate, connect, and make the store current; on leaving, close all of it.

    Raises:
        NotOurSchema: The database is from a newer release.
    """
    parsed = DatabaseUrl.parse(url)
    await migrate_database(url)
    # The fallback makes the connections visible to tasks that a library starts outside our context.
    await Tortoise.init(config=tortoise_config(url), _enable_global_fallback=True)
    try:
        opened = await _open_store(parsed)
        store.use(opened)
        try:
            yield
        finally:
            store.use(None)
            await opened.close()
    finally:
        # Also after a failure on the way: the connection's thread would keep the process alive.
        await Tortoise.close_connections()


async def _open_store(url: DatabaseUrl) -> SqliteStore | PostgresStore:
    client = get_connection("default")
    await client.execute_query("select 1")  # connects
    if url.path is None:
        assert isinstance(client, AsyncpgDBClient)  # noqa: S101 - narrows the type
        return PostgresStore(client)
    if sqlite3.sqlite_version_info < _SQLITE_SAFE:
        log.info("sqlite_version", version=sqlite3.sqlite_version, advice="one process only, as Pregón keeps it")
    assert isinstance(client, SteadySqliteClient)  # noqa: S101 - narrows the type
    return SqliteStore(client, url.path)
