"""getUpdates and webhook: offsets, one poller, allowed kinds, the secret, and trying again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from aiohttp import web

TOKEN = "7000000001:secret"
OWNER = 1001
OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def texts(sandbox, **params: object) -> list[str]:
    return [one["message"]["text"] for one in await sandbox.result("getUpdates", **params)]


async def until_polling(sandbox) -> None:
    """A long poll has arrived and waits."""
    async with asyncio.timeout(5):
        while not sandbox.api.world.updates.waiting:
            await asyncio.sleep(0.001)


async def test_updates_come_again_until_an_offset_confirms_them(sandbox):
    """At least once; the offset is the first one wanted."""
    await sandbox.say("two")
    first = await sandbox.result("getUpdates")
    again = await sandbox.result("getUpdates", limit=1)
    rest = await sandbox.result("getUpdates", offset=first[0]["update_id"] + 1)

    assert [one["message"]["text"] for one in first] == ["/start", "two"]
    assert first[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert first[0]["message"]["from"]["id"] == OWNER
    assert again == first[:1]
    assert rest == first[1:]


async def test_a_negative_offset_keeps_only_the_end_of_the_queue(sandbox):
    """The rest is forgotten."""
    await sandbox.say("two")
    await sandbox.say("three")

    assert await texts(sandbox, offset=-1) == ["three"]
    assert await texts(sandbox) == ["three"]


async def test_a_long_poll_ends_when_somebody_writes(sandbox):
    """Not when its timeout does."""
    await sandbox.result("getUpdates", offset=-1)
    last = (await sandbox.result("getUpdates"))[0]["update_id"]
    poll = asyncio.create_task(texts(sandbox, offset=last + 1, timeout=30))
    await until_polling(sandbox)
    await sandbox.say("now")
    async with asyncio.timeout(5):
        got = await poll

    assert got == ["now"]


async def test_a_second_poller_ends_the_first(sandbox):
    """One bot instance a token: the one that waited gets 409."""
    await sandbox.result("getUpdates", offset=10**9)
    first = asyncio.create_task(sandbox.call("getUpdates", timeout=30))
    await until_polling(sandbox)
    second = await sandbox.result("getUpdates")

    assert await first == {"ok": False, "error_code": 409, "description": OTHER}
    assert second == []


async def test_allowed_updates_are_remembered_and_an_empty_list_is_the_default(sandbox):
    """Kinds that the bot did not ask for are never queued."""
    await sandbox.result("getUpdates", offset=-1, allowed_updates=["message"])
    message_id = await sandbox.say("one")
    edited = await sandbox.act("edit", chat_id=OWNER, user_id=OWNER, message_id=message_id, text="two")
    await sandbox.result("getUpdates", allowed_updates=[])
    edited_again = await sandbox.act("edit", chat_id=OWNER, user_id=OWNER, message_id=message_id, text="three")
    kinds = [set(one) - {"update_id"} for one in await sandbox.result("getUpdates")]

    assert edited["update_id"] is None
    assert edited_again["update_id"]
    assert kinds == [{"message"}, {"message"}, {"edited_message"}]


@pytest.mark.parametrize("content", [
    pytest.param({"json": {"offset": -1, "limit": 1}}, id="json"),
    pytest.param({"data": {"offset": "-1", "limit": "1"}}, id="form"),
    pytest.param({"params": {"offset": "-1", "limit": "1"}}, id="query"),
    pytest.param({"files": {"offset": (None, "-1"), "limit": (None, "1")}}, id="multipart"),
])  # fmt: skip
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_body_is_read_by_its_content_type_on_get_too(sandbox, verb, content):
    """Some clients poll with GET and a body; unread, its offset would redeliver for ever."""
    await sandbox.say("two")
    answer = await sandbox.client.request(verb, f"/bot{TOKEN}/getUpdates", **content)

    assert [one["message"]["text"] for one in answer.json()["result"]] == ["two"]


async def test_forms_are_decoded_by_what_the_method_wants(sandbox):
    """``text=123`` stays text, ``chat_id`` becomes a number, a keyboard is JSON."""
    form = {
        "chat_id": "1001",
        "text": "123",
        "disable_notification": "true",
        "reply_markup": '{"inline_keyboard": [[{"text": "1", "callback_data": "1"}]]}',
    }
    sent = (await sandbox.client.post(f"/bot{TOKEN}/sendMessage", data=form)).json()["result"]

    assert sent["text"] == "123"
    assert sent["reply_markup"]["inline_keyboard"] == [[{"text": "1", "callback_data": "1"}]]


class Receiver:
    """A bot's webhook end: answers with the statuses it is given, then 200."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: asyncio.Queue[tuple[str | None, dict]] = asyncio.Queue()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.got.put_nowait((secret, await request.json()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def next(self) -> tuple[str | None, dict]:
        async with asyncio.timeout(5):
            return await self.got.get()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    application = web.Application()
    application.add_routes([web.post("/hook", one.take)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()


async def until(truth: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await truth():
            await asyncio.sleep(0.005)


async def test_a_webhook_gets_each_update_once_with_the_secret(sandbox, receiver):
    """What waited comes first; getUpdates is refused meanwhile."""
    await sandbox.result("setWebhook", url=receiver.url, secret_token="s3cret")
    waiting = await receiver.next()
    await sandbox.say("two")
    fresh = await receiver.next()
    refused = await sandbox.call("getUpdates")

    async def drained() -> bool:
        return (await sandbox.result("getWebhookInfo"))["pending_update_count"] == 0

    await until(drained)
    await sandbox.result("deleteWebhook")

    assert (waiting[0], waiting[1]["message"]["text"]) == ("s3cret", "/start")
    assert fresh[1]["message"]["text"] == "two"
    assert refused["error_code"] == 409
    assert "can't use getUpdates method while webhook is active" in refused["description"]
    assert await sandbox.result("getUpdates") == []
    assert receiver.got.empty()


async def test_a_webhook_that_fails_gets_the_same_update_again(sandbox, receiver):
    """Until it answers 2xx; getWebhookInfo says what was wrong."""
    receiver.statuses = [500]
    await sandbox.result("setWebhook", url=receiver.url)
    first = await receiver.next()
    second = await receiver.next()
    info = await sandbox.result("getWebhookInfo")

    assert first == second
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"
    assert info["url"] == receiver.url


async def test_setting_a_webhook_ends_the_poll_that_waits(sandbox, receiver):
    """409 with its own sentence; dropping pending updates empties the queue."""
    await sandbox.result("getUpdates", offset=10**9)
    poll = asyncio.create_task(sandbox.call("getUpdates", timeout=30))
    await until_polling(sandbox)
    await sandbox.result("setWebhook", url=receiver.url, drop_pending_updates=True)

    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"


async def test_a_poller_that_hangs_up_leaves_the_queue_alone(sandbox):
    """A killed bot's poll neither confirms nor blocks."""
    await sandbox.result("getUpdates", offset=10**9)
    with pytest.raises(httpx.ReadTimeout):
        await sandbox.client.post(f"/bot{TOKEN}/getUpdates", json={"timeout": 30}, timeout=0.1)
    await sandbox.say("after")

    assert await texts(sandbox) == ["after"]
