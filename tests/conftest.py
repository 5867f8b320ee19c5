"""
What every test may ask for: a migrated database of its own on either engine, its store, an account, the texts.

The database is imported where it is first wanted: tests of pure rules start without it.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from domain.rules.role import Role
from locales import Catalogues, Texts, load

if TYPE_CHECKING:
    from domain.models import Account
    from domain.store import Store
    from tests.postgres_server import PostgresServer

settings.register_profile("pregon", deadline=None)  # nothing here is a matter of seconds
settings.load_profile("pregon")

LANGUAGES = ("es", "en", "pt")  #: every catalogue
OWNER, OPERATOR, VIEWER, STRANGER = 1001, 1002, 1003, 1004  #: the sandbox's people
_NAMES = {OWNER: "Owner", OPERATOR: "Operator", VIEWER: "Viewer", STRANGER: "Stranger"}


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """One server a session; tests that want it are skipped with the reason where there is none."""
    from tests.postgres_server import NoPostgres, postgres_server

    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except NoPostgres as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def fast_folder() -> Iterator[Path]:
    """In memory where the machine has such a place: SQLite waits for the disk at each commit."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="pregon-test-", dir=place) as name:
        yield Path(name)


class SqliteTemplate:
    """A database file that is migrated once and copied for each test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    async def create_database(self, place: Path | None = None) -> str:
        """A migrated, empty file of its own, in a folder of its own or in ``place``. Returns its URL."""
        from domain.database import migrate_database

        template = self.folder / "template.db"
        if not template.exists():
            await migrate_database(f"sqlite:///{template}")
        if place is None:
            self._count += 1
            place = self.folder / f"test_{self._count}"
            place.mkdir()
        return f"sqlite:///{shutil.copy(template, place / 'pregon.db')}"

    def drop_database(self, url: str) -> None:
        """Take the file away, with what lies beside it."""
        shutil.rmtree(Path(url.removeprefix("sqlite:///")).parent)


@pytest.fixture(scope="session")
def sqlite(fast_folder: Path) -> SqliteTemplate:
    """Makes SQLite files quickly."""
    return SqliteTemplate(fast_folder)


def _forget_statements() -> None:
    """Tortoise 1.1.9 keeps SQL by the connection's name: one engine's would be used on the other."""
    from tortoise.backends.base.executor import EXECUTOR_CACHE

    EXECUTOR_CACHE.clear()


@pytest.fixture
async def sqlite_url(sqlite: SqliteTemplate) -> AsyncIterator[str]:
    """URL of a migrated, empty SQLite database that nobody has open."""
    url = await sqlite.create_database()
    _forget_statements()
    yield url
    sqlite.drop_database(url)


@pytest.fixture
async def postgres_url(postgres: "PostgresServer") -> AsyncIterator[str]:
    """URL of a migrated, empty PostgreSQL database that nobody has open."""
    url = await postgres.create_database()
    _forget_statements()
    yield url
    await postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated, empty database, once for each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """The database is open: Tortoise's models and ``domain.store.current()`` work. Once for each engine."""
    from domain.database import open_database

    async with open_database(database_url):
        yield database_url


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[str]:
    """As ``database``, on SQLite only: for what does not depend on the engine."""
    from domain.database import open_database

    async with open_database(sqlite_url):
        yield sqlite_url


@pytest.fixture
def store(database: str) -> "Store":
    """The store of the open database, once for each engine."""
    from domain.store import current

    return current()


async def create_account(name: str = "Pregón") -> "Account":
    """An account in Peru with a price, and the sandbox's owner, operator and viewer in it."""
    from domain.models import Account, Membership, Person

    account = await Account.create(
        name=name,
        region="PE",
        time_zone="America/Lima",
        sender_id="PREGON",
        segment_price=Decimal("0.05"),
        currency="PEN",
    )
    for person_id, role in ((OWNER, Role.OWNER), (OPERATOR, Role.OPERATOR), (VIEWER, Role.VIEWER)):
        person, _ = await Person.get_or_create(
            id=person_id, defaults={"name": _NAMES[person_id], "language": "es", "account": account}
        )
        await Membership.create(account=account, person=person, role=role)
    return account


@pytest.fixture
async def account(database: str) -> "Account":
    """An account with its people in the open database, once for each engine."""
    return await create_account()


@pytest.fixture
async def sqlite_account(sqlite_database: str) -> "Account":
    """As ``account``, on SQLite only."""
    return await create_account()


@pytest.fixture(scope="session")
def catalogues() -> Catalogues:
    """The texts in every language."""
    return load()


@pytest.fixture(params=LANGUAGES)
def texts(request: pytest.FixtureRequest, catalogues: Catalogues) -> Texts:
    """The texts of Peru, once for each language."""
    return catalogues.texts(request.param, "PE")
