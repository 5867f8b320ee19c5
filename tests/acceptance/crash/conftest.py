"""
A ground for each engine, shared by the tests of a module: what one of them leaves has ended, and is checked.
``PREGON_TEST_LOGS`` names a folder that keeps logs, ledgers and SQLite files.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.crash.ground import Database, Ground, telegram
from tests.acceptance.crash.nursery import Nursery
from tests.acceptance.crash.side_by_side import ENGINES
from tests.acceptance.crash.siege import Siege


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Starts the programs."""
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def telegrams(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mapping[str, str]]:
    """The emulated Telegram's URL, by engine: a bot has one to itself."""
    async with contextlib.AsyncExitStack() as stack:
        yield {
            engine: await stack.enter_async_context(telegram(nursery, tmp_path_factory.mktemp(f"telegram-{engine}")))
            for engine in ("sqlite", "postgres")
        }


@contextlib.asynccontextmanager
async def _besieged(
    engine: str, nursery: Nursery, telegrams: Mapping[str, str], request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="pregon-crash-", dir=os.environ.get("PREGON_TEST_LOGS")))
        if "PREGON_TEST_LOGS" not in os.environ:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if engine == "sqlite":
            template = request.getfixturevalue("sqlite")
            url = await template.create_database(folder)
        else:
            url = await request.getfixturevalue("postgres").create_database(durable=True)
        siege = Siege(Ground(nursery, Database(url), folder, telegrams[engine]))
        try:
            await siege.ground.settle_in()
            yield siege
        finally:
            siege.end()


def _engines(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """SQLite alone where there is no PostgreSQL; the tests that need one are skipped."""
    if "postgres" in ENGINES:
        try:
            request.getfixturevalue("postgres")
        except pytest.skip.Exception:
            return tuple(engine for engine in ENGINES if engine != "postgres")
    return ENGINES


@contextlib.asynccontextmanager
async def _all_besieged(
    nursery: Nursery, telegrams: Mapping[str, str], request: pytest.FixtureRequest
) -> AsyncIterator[list[Siege]]:
    async with contextlib.AsyncExitStack() as stack:
        grounds = [_besieged(engine, nursery, telegrams, request) for engine in _engines(request)]
        yield [await stack.enter_async_context(ground) for ground in grounds]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camps(
    nursery: Nursery, telegrams: Mapping[str, str], request: pytest.FixtureRequest
) -> AsyncIterator[list[Siege]]:
    """Made once a module: for each engine the SMSC, the database, the people."""
    async with _all_besieged(nursery, telegrams, request) as sieges:
        yield sieges


@pytest.fixture
async def fresh_sieges(
    nursery: Nursery, telegrams: Mapping[str, str], request: pytest.FixtureRequest
) -> AsyncIterator[list[Siege]]:
    """Those that no other test sees."""
    async with _all_besieged(nursery, telegrams, request) as sieges:
        yield sieges


@pytest.fixture
async def fresh_on_postgres(
    nursery: Nursery, telegrams: Mapping[str, str], request: pytest.FixtureRequest
) -> AsyncIterator[Siege]:
    """One that no other test sees."""
    async with _besieged("postgres", nursery, telegrams, request) as siege:
        yield siege


@pytest.fixture
def sieges(camps: list[Siege]) -> Iterator[list[Siege]]:
    """Grounds with nothing but the SMSC running, before and after."""
    yield camps
    for camp in camps:
        for name in camp.ground.parts:
            if camp.ground.lives(name):
                camp.ground.kill(name)


@pytest.fixture
def on_sqlite(sieges: list[Siege]) -> Siege:
    """That one only."""
    return _of(sieges, "sqlite")


@pytest.fixture
def on_postgres(sieges: list[Siege]) -> Siege:
    """That one only."""
    return _of(sieges, "postgres")


def _of(sieges: list[Siege], engine: str) -> Siege:
    found = [siege for siege in sieges if siege.ground.database.engine == engine]
    if not found:
        pytest.skip(f"{engine} is not here, or not in PREGON_TEST_ENGINE")
    return found[0]
