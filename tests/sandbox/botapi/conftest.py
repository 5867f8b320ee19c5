"""A Bot API emulator on a free port, and both ends to pull at it: the bot's and the person's."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from sandbox.botapi import BotApi

TOKEN = "7000000001:secret"
OWNER = 1001


class Clock:
    """Real time, and as much more as a test asks for."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


class Sandbox:
    """One running emulator."""

    def __init__(self, url: str, api: BotApi, client: httpx.AsyncClient, clock: Clock) -> None:
        self.url = url
        self.api = api
        self.client = client
        self.clock = clock

    async def call(self, method: str, **params: object) -> dict:
        """A bot's call with a JSON body; the whole answer."""
        return (await self.client.post(f"/bot{TOKEN}/{method}", json=params)).json()

    async def result(self, method: str, **params: object) -> object:
        """The result of a call that must succeed."""
        answer = await self.call(method, **params)
        assert answer["ok"], answer
        return answer["result"]

    async def refusal(self, method: str, **params: object) -> str:
        """The sentence of a call that must be refused."""
        answer = await self.call(method, **params)
        assert not answer["ok"], answer
        return answer["description"]

    async def upload(self, method: str, files: dict, **params: object) -> dict:
        """A bot's call as multipart form; the whole answer."""
        return (await self.client.post(f"/bot{TOKEN}/{method}", data=params, files=files)).json()

    async def act(self, path: str, **body: object) -> dict:
        """A person's act that must succeed."""
        answer = (await self.client.post(f"/sim/{path}", json=body)).json()
        assert answer["ok"], answer
        return answer

    async def say(self, text: str, *, user_id: int = OWNER, chat_id: int | None = None) -> int:
        """Somebody writes; the message id."""
        answer = await self.act("message", chat_id=chat_id or user_id, user_id=user_id, text=text)
        return answer["message_id"]

    async def chat(self, chat_id: int = OWNER) -> list[dict]:
        """What the person sees."""
        return (await self.client.get(f"/sim/chat/{chat_id}")).json()["messages"]


Start = Callable[..., Awaitable[Sandbox]]


@asynccontextmanager
async def running(data: Path | None, samples: Path | None) -> AsyncIterator[Sandbox]:
    clock = Clock()
    api = BotApi(data=data, samples=samples, clock=clock)
    application = web.Application(client_max_size=128 << 20)
    application.add_routes(api.routes())
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await api.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            yield Sandbox(url, api, client, clock)
    finally:
        await runner.cleanup()
        await api.stop()


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start an emulator; ``data`` makes it durable."""
    async with AsyncExitStack() as stack:

        async def begin(*, data: Path | None = None, samples: Path | None = None) -> Sandbox:
            return await stack.enter_async_context(running(data, samples))

        yield begin


@pytest.fixture
async def sandbox(start: Start) -> Sandbox:
    """An emulator in which Owner has opened the chat."""
    one = await start()
    await one.say("/start")
    return one
