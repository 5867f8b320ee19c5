"""An SMSC in this process without the demo's waits and table, and clients for it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from sandbox.smsc import Script, Smsc
from tests.sandbox.smsc.esme import Esme

QUICK = Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0)

StartSmsc = Callable[..., Awaitable[Smsc]]
Connect = Callable[..., Awaitable[Esme]]


@pytest.fixture
async def start_smsc() -> AsyncIterator[StartSmsc]:
    """Starts SMSCs that are stopped at the end."""
    started: list[Smsc] = []

    async def start(**options: Any) -> Smsc:
        smsc = Smsc(**({"script": QUICK, "enquire_link_s": None, "seed": 1} | options))
        await smsc.start("127.0.0.1", 0)
        started.append(smsc)
        return smsc

    yield start
    for smsc in started:
        await smsc.stop()


@pytest.fixture
async def smsc(start_smsc: StartSmsc) -> Smsc:
    """An SMSC: everything delivered at once, nothing on disk."""
    return await start_smsc()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects clients that are closed at the end; ``mode`` None leaves them unbound."""
    clients: list[Esme] = []

    async def open_one(smsc: Smsc, mode: str | None = "transceiver", system_id: str = "demo") -> Esme:
        client = await Esme.connect(smsc.port)
        clients.append(client)
        if mode is not None:
            assert (await client.bind(mode, system_id)).status == 0
        return client

    yield open_one
    for client in clients:
        client.abort()
        await client.close()


@pytest.fixture
async def esme(smsc: Smsc, connect: Connect) -> Esme:
    """A transceiver bound to ``smsc``."""
    return await connect(smsc)
