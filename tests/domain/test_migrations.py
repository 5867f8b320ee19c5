"""The migrations: what they may hold, that they say what the models say, and that many programs may start at once."""

import ast
import asyncio
import contextlib
import sqlite3
import sys
from importlib import import_module
from pathlib import Path

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from domain.database import NotOurSchema, migrate_database, open_database, tortoise_config
from tests.postgres_server import PostgresServer

FOLDER = Path(__file__).parents[2] / "domain" / "models" / "migrations"
#: On SQLite Tortoise 1.1.9 carries these out by dropping the table: child rows and indexes go with it.
DESTRUCTIVE = {"AlterField", "AddConstraint", "RemoveConstraint", "RemoveField", "RenameField", "AlterModelOptions"}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("[0-9]*.py")), ids=lambda file: file.stem)
def test_no_migration_holds_an_operation_that_loses_data_on_sqlite(file: Path) -> None:
    """Use RunSQL for each dialect instead."""
    used = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}

    assert not used & DESTRUCTIVE


def test_each_migration_stands_on_the_one_before() -> None:
    """Two that were written side by side stand on the same one, and take the same number."""
    names = sorted(file.stem for file in FOLDER.glob("[0-9]*.py"))
    before = {name: import_module(f"domain.models.migrations.{name}").Migration.dependencies for name in names}

    assert before == {
        name: [("domain", other)] if other else [] for other, name in zip([None, *names], names, strict=False)
    }


async def test_programs_that_start_together_migrate_once(tmp_path: Path) -> None:
    """Tortoise has no lock of its own: of three, two would crash on the same table."""
    url = f"sqlite:///{tmp_path / 'p.db'}"
    code = f"import asyncio; from domain.database import migrate_database; asyncio.run(migrate_database({url!r}))"
    programs = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(3)]

    assert [await program.wait() for program in programs] == [0, 0, 0]


async def test_programs_that_start_together_migrate_once_on_postgres(postgres: PostgresServer) -> None:
    """The same under an advisory lock."""
    connection = await asyncpg.connect(f"{postgres.dsn}/postgres")
    await connection.execute("create database start_together")
    await connection.close()
    url = f"{postgres.dsn}/start_together"
    code = f"import asyncio; from domain.database import migrate_database; asyncio.run(migrate_database({url!r}))"
    programs = [await asyncio.create_subprocess_exec(sys.executable, "-c", code) for _ in range(3)]

    assert [await program.wait() for program in programs] == [0, 0, 0]


async def test_the_migrations_say_what_the_models_say(sqlite_url: str) -> None:
    """A model that changed without a migration would fail at the customer's, not here."""
    async with open_database(sqlite_url):
        detector = MigrationAutodetector(Tortoise.apps or {}, tortoise_config(sqlite_url)["apps"])
        changes = await detector.changes()

    assert [writer.operations for writer in changes] == []


async def test_a_database_of_a_newer_release_is_refused(sqlite_url: str) -> None:
    """An older program would write rows that the newer one misreads."""
    async with open_database(sqlite_url):
        from tortoise.connection import get_connection

        await get_connection("default").execute_query(
            "insert into tortoise_migrations (app, name, applied_at) values ('domain', '9999_later', '2027-01-01')"
        )

    with pytest.raises(NotOurSchema, match="9999_later"):
        await migrate_database(sqlite_url)


async def test_a_program_whose_migration_fails_ends(tmp_path: Path) -> None:
    """Its connection has a thread of its own: left open, it would hang where a supervisor waits for it to end."""
    url = f"sqlite:///{tmp_path / 'p.db'}"
    with contextlib.closing(sqlite3.connect(tmp_path / "p.db")) as connection:
        connection.execute("create table account (id integer)")  # in the way of the first migration
    code = f"import asyncio; from domain.database import migrate_database; asyncio.run(migrate_database({url!r}))"
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.DEVNULL)

    async with asyncio.timeout(60):
        assert await program.wait() == 1
