"""A ground for each engine, shared by the tests of a module: what one of them leaves has ended, and is checked."""

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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camp(
    engine: str, nursery: Nursery, telegram_url: str, request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    """Made once a module and engine: the SMSC, the database, the people."""
    with tempfile.TemporaryDirectory(prefix="pregon-crash-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'pregon.db'}"
        else:
            url = await request.getfixturevalue("postgres").create_database()
        siege = Siege(Ground(nursery, Database(url), folder, telegram_url))
        try:
            await siege.ground.settle_in()
            yield siege
        finally:
            siege.end()


@pytest.fixture
def siege(camp: Siege) -> Iterator[Siege]:
    """A ground with nothing but the SMSC running, before and after."""
    yield camp
    for name in camp.ground.parts:
        if camp.ground.lives(name):
            camp.ground.kill(name)
