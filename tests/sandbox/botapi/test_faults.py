"""Faults on demand: what the bot suffers, and what happened nevertheless."""

import asyncio

import httpx
import pytest

TOKEN = "7000000001:secret"
OWNER = 1001


async def send(sandbox) -> httpx.Response:
    return await sandbox.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": OWNER, "text": "x"})


async def shown(sandbox) -> int:
    return sum(message["sim"]["outgoing"] for message in await sandbox.chat())


async def test_flood_control_names_the_seconds(sandbox):
    """429 as often as asked, then all is well; nothing was sent meanwhile."""
    await sandbox.act("fault", method="sendMessage", code=429, retry_after=7, times=2)
    refused = [await send(sandbox), await send(sandbox)]
    before = await shown(sandbox)
    sent = await send(sandbox)

    assert {answer.status_code for answer in refused} == {429}
    assert refused[0].json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }
    assert before == 0
    assert sent.json()["ok"]


@pytest.mark.parametrize(("code", "words"), [(500, "Internal Server Error"), (502, "Bad Gateway")])
async def test_a_server_error_is_not_carried_out(sandbox, code, words):
    """5xx."""
    await sandbox.act("fault", method="*", code=code)
    answer = await send(sandbox)

    assert (answer.status_code, answer.json()["description"]) == (code, words)
    assert await shown(sandbox) == 0


@pytest.mark.parametrize(("code", "count"), [pytest.param("drop", 0), pytest.param("lost", 1)])
async def test_a_cut_connection_leaves_the_bot_in_doubt(sandbox, code, count):
    """``drop`` was not carried out, ``lost`` was: the bot cannot tell."""
    await sandbox.act("fault", method="sendMessage", code=code)
    with pytest.raises(httpx.TransportError):
        await send(sandbox)
    calls = (await sandbox.client.get("/sim/outbox?method=sendMessage")).json()["calls"]

    assert await shown(sandbox) == count
    assert [(call["fault"], call["status"], call["ok"]) for call in calls] == [(code, None, bool(count))]


async def test_a_delayed_call_is_carried_out_although_nobody_waits_any_more(sandbox):
    """The send that timed out may have succeeded: the bot must not blindly send again."""
    await sandbox.act("fault", method="sendMessage", code="delay", delay_s=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await sandbox.client.post(f"/bot{TOKEN}/sendMessage", json={"chat_id": OWNER, "text": "x"}, timeout=0.05)
    before = await shown(sandbox)
    async with asyncio.timeout(5):
        while not await shown(sandbox):
            await asyncio.sleep(0.01)

    assert before == 0


async def test_any_method_means_any_but_polling(sandbox):
    """A poll would use the fault up before the call that it is meant for."""
    await sandbox.act("fault", method="*", code=500, times=-1)
    polled = await sandbox.call("getUpdates")
    refused = await send(sandbox)
    await sandbox.act("fault", method="*", code=500, times=0)
    sent = await send(sandbox)

    assert polled["ok"]
    assert refused.status_code == 500
    assert sent.status_code == 200


async def test_a_code_that_is_no_fault_is_refused(sandbox):
    """By the person's side, in JSON."""
    answer = await sandbox.client.post("/sim/fault", json={"method": "*", "code": 404})

    assert answer.status_code == 400
    assert answer.json() == {"ok": False, "error": "code must be 429, 5xx, drop, delay or lost"}
