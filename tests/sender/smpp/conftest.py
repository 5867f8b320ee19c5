"""A hand-driven SMSC, and links to it that end with the test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.sender.smpp.wire import Engine, RawSmsc, make_route

Linking = Callable[..., Awaitable[Engine]]


@pytest.fixture
async def smsc() -> AsyncIterator[RawSmsc]:
    """An SMSC of which the test writes every octet."""
    server = RawSmsc()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def linked(smsc: RawSmsc) -> AsyncIterator[Linking]:
    """Start a link to ``smsc``; its fields of ``Route`` as keywords. ``engine``: one prepared by the test."""
    engines: list[tuple[Engine, asyncio.Task[None]]] = []

    async def start(*, engine: Engine | None = None, **changes: object) -> Engine:
        engine = engine or Engine()
        link = engine.attach(make_route(smsc.port, **changes))
        engines.append((engine, asyncio.create_task(link.run())))
        return engine

    yield start
    for engine, task in engines:
        await engine.link.stop(drain_s=0)
        await task
