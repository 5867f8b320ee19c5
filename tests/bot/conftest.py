"""The bot in this process against the sandbox over HTTP; people type and tap as they would."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from bot.app import run_bot
from domain.models import Account
from domain.settings import Settings
from locales import load
from sandbox.app import serve
from tests.acceptance.programs import Person, Sandbox, until
from tests.bot.rehearsal import backstage
from tests.conftest import OPERATOR, OWNER, STRANGER, VIEWER

TEAM = -1002000000001  #: the sandbox's group
HOME = load().texts("es", "PE").label("home.campaigns")  #: a button that Home has, and nothing else


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """An emulated Telegram of its own, in memory."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(port=0, smsc_port=0, data=None, ready=address.set_result))
    await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
    place = Sandbox(await address, 0)
    yield place
    await place.http.aclose()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@pytest.fixture
def settings(sandbox: Sandbox, sqlite_database: str) -> Settings:
    """For a bot that talks to the sandbox."""
    return Settings.model_validate(
        {"bot_token": "42:secret", "bot_api_url": sandbox.url.rstrip("/"), "database_url": sqlite_database}
    )


@asynccontextmanager
async def running_bot(settings: Settings, sandbox: Sandbox) -> AsyncIterator[None]:
    """The bot from its first poll until the end of the context; then it stops as it would on SIGTERM."""
    stop = asyncio.Event()
    task = asyncio.create_task(run_bot(settings, stop=stop))

    async def polling() -> bool:
        if task.done():
            task.result()
        return await sandbox.polling()

    await until(polling, saying="the bot polls")
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the sandbox, and the bot's settings."""

    owner: Person
    operator: Person
    viewer: Person
    stranger: Person
    sandbox: Sandbox
    settings: Settings


@pytest.fixture
async def cast(sandbox: Sandbox, settings: Settings, sqlite_account: Account) -> Cast:
    """People in their private chats; the bot is not running yet."""
    backstage.gate = asyncio.Event()
    backstage.heard = []
    return Cast(*(sandbox.person(who) for who in (OWNER, OPERATOR, VIEWER, STRANGER)), sandbox, settings)


@pytest.fixture
async def chat(cast: Cast) -> AsyncIterator[Cast]:
    """As ``cast``, and the bot is running."""
    async with running_bot(cast.settings, cast.sandbox):
        yield cast
