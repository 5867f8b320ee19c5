"""
A ground for each engine, shared by the tests of a module: what one of them leaves has ended, and is checked.
``PREGON_TEST_LOGS`` names a folder that keeps logs, ledgers and SQLite files.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.crash.ground import Database, Ground, telegram
from tests.acceptance.crash.nursery import Nursery
from tests.acceptance.crash.siege import Siege


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts the programs."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def telegram_url(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The emulated Telegram."""
    async with telegram(nursery, tmp_path_factory.mktemp("telegram")) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Once for each."""
    found: str = request.param
    return found


@contextlib.asynccontextmanager
async def _besieged(
    engine: str, nursery: Nursery, telegram_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="pregon-crash-", dir=os.environ.get("PREGON_TEST_LOGS")))
        if "PREGON_TEST_LOGS" not in os.environ:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'pregon.db'}"
        else:
            url = await request.getfixturevalue("postgres").create_database(durable=True)
        siege = Siege(Ground(nursery, Database(url), folder, telegram_url))
        try:
            await siege.ground.settle_in()
            yield siege
        finally:
            siege.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camp(
    engine: str, nursery: Nursery, telegram_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    """Made once a module and engine: the SMSC, the database, the people."""
    async with _besieged(engine, nursery, telegram_url, request) as siege:
        yield siege


@pytest.fixture
async def fresh(
    engine: str, nursery: Nursery, telegram_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    """One that no other test sees."""
    async with _besieged(engine, nursery, telegram_url, request) as siege:
        yield siege


@pytest.fixture
def siege(camp: Siege) -> Iterator[Siege]:
    """A ground with nothing but the SMSC running, before and after."""
    yield camp
    for name in camp.ground.parts:
        if camp.ground.lives(name):
            camp.ground.kill(name)
