"""The sandbox as a whole: page, Bot API and SMSC behind one address, and a data folder that a restart goes on with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.app import serve


@asynccontextmanager
async def running(data: Path | None) -> AsyncIterator[httpx.AsyncClient]:
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(port=0, smsc_port=0, data=data, ready=address.set_result))
    async with asyncio.timeout(10):
        await asyncio.wait({task, address}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task
    async with httpx.AsyncClient(base_url=await address, timeout=10) as client:
        yield client
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_page_bot_api_and_smsc_answer_at_one_address():
    """Everything that ``pregon sandbox`` offers over HTTP."""
    async with running(None) as client:
        page = await client.get("/")
        script = await client.get("/web/js/api.js")
        outside = await client.get("/web/%2e%2e/app.py")
        me = await client.get("/bot7000000001:secret/getMe")
        summary = await client.get("/sim/smsc/summary")
        samples = (await client.get("/sim/state")).json()["samples"]

    assert "text/html" in page.headers["content-type"]
    assert page.headers["cache-control"] == "no-store"
    assert script.status_code == 200
    assert script.headers["cache-control"] == "no-store"
    assert outside.status_code == 404
    assert me.json()["result"]["first_name"] == "Pregón"
    assert summary.json()["received"] == 0
    assert samples[0]["name"] == "contacts_excel_es.csv"


async def test_a_port_that_is_taken_is_an_error_and_nothing_stays_open():
    """Not a sandbox that half works."""
    async with running(None) as client:
        port = client.base_url.port
        with pytest.raises(OSError, match="address already in use"):
            await serve(port=port, smsc_port=0, data=None)


async def test_a_second_start_on_the_same_folder_goes_on(tmp_path):
    """Chats are where they were."""
    async with running(tmp_path) as client:
        await client.post("/sim/message", json={"chat_id": 1001, "user_id": 1001, "text": "/start"})
    async with running(tmp_path) as client:
        chat = (await client.get("/sim/chat/1001")).json()["messages"]

    assert [message["text"] for message in chat] == ["/start"]
