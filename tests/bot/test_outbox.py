"""News from rows to messages: each once, whatever Telegram answers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram.ext import ApplicationBuilder

from bot import outbox
from bot.app import build_application
from bot.chat import Chat
from bot.outbox import Outbox
from bot.screen import Document, Screen
from domain.errors import NotFound
from domain.models import Account, Membership, Notice, NoticeKind, NoticeState
from domain.rules.role import Role
from domain.usecases import accounts, notices
from locales import load
from tests.acceptance.programs import until
from tests.bot.conftest import Cast
from tests.conftest import OWNER

KIND = NoticeKind.SUMMARY


async def _render(notice: Notice, chat: Chat) -> Screen:
    if notice.subject_id == 404 or notice.detail.get("account", chat.account.id) != chat.account.id:
        raise NotFound(noun="campaign")
    documents = (Document("detail.csv", b"1\n"),) if notice.detail.get("file") else ()
    return Screen(f"News {notice.subject_id} in {chat.t.language}", documents=documents)


@pytest.fixture
async def deliverer(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outbox]:
    """The outbox alone, with a renderer of the test's."""
    monkeypatch.setattr(outbox, "_renderers", {KIND: _render})
    await cast.owner.say("/start")  # a bot may not write first
    application = build_application(ApplicationBuilder().read_timeout(1), cast.settings)
    async with application:
        yield Outbox(application.bot, load())


async def post(subject: int, *, chat_id: int = OWNER, person_id: int = OWNER, **detail: object) -> Notice:
    """Write news for the owner."""
    key = f"news:{subject}"
    await notices.post(key, chat_id=chat_id, person_id=person_id, kind=KIND, subject_id=subject, detail=detail)
    return await Notice.get(key=key)


async def state_of(notice: Notice) -> NoticeState:
    """Where it is now."""
    return (await Notice.get(id=notice.id)).state


async def texts(cast: Cast) -> list[str]:
    """What the owner reads, the oldest first."""
    return [message.get("text", "a file") for message in reversed(await cast.owner.shown())]


async def test_news_is_delivered_once_with_its_files_above(cast: Cast, deliverer: Outbox):
    """A second look finds nothing to do."""
    first, second = await post(1, file=True), await post(2)
    await deliverer.deliver_due()

    assert await deliverer.deliver_due() == 0
    assert await texts(cast) == ["a file", "News 1 in es", "News 2 in es"]
    assert await state_of(first) is await state_of(second) is NoticeState.SENT


async def test_flood_control_postpones(cast: Cast, deliverer: Outbox):
    """The outbox waits; the chat's other requests are not held up by it."""
    notice = await post(1)
    await cast.sandbox.post("/sim/fault", method="sendMessage", code=429, retry_after=20, times=1)
    await deliverer.deliver_due()
    await notice.refresh_from_db()

    assert notice.state is NoticeState.PENDING
    assert timedelta(seconds=15) < notice.next_at - datetime.now(UTC) <= timedelta(seconds=20)


async def test_an_answer_that_never_came_leaves_it_in_doubt(cast: Cast, deliverer: Outbox):
    """It arrived; sending it again would show it twice."""
    notice = await post(1)
    await cast.sandbox.post("/sim/fault", method="sendMessage", code="lost", times=1)
    await deliverer.deliver_due()
    await deliverer.deliver_due()

    assert await state_of(notice) is NoticeState.UNKNOWN
    assert await texts(cast) == ["News 1 in es"]


async def test_a_server_error_is_tried_again_later(cast: Cast, deliverer: Outbox):
    """502: it is certainly not in the chat."""
    notice = await post(1)
    await cast.sandbox.post("/sim/fault", method="sendMessage", code=502, times=1)
    await deliverer.deliver_due()
    before = await state_of(notice)
    await Notice.filter(id=notice.id).update(next_at=datetime.now(UTC))
    await deliverer.deliver_due()

    assert (before, await state_of(notice)) == (NoticeState.PENDING, NoticeState.SENT)


async def test_a_chat_that_is_closed_to_us_gets_nothing_more(cast: Cast, deliverer: Outbox):
    """Not found, a subject that is gone, and a person who was put out: none is tried again."""
    gone = await post(1, chat_id=999)
    void = await post(404)
    out = await post(3, person_id=cast.operator.user_id)
    account = (await accounts.seat_of(OWNER)).account_id  # type: ignore[union-attr]
    await accounts.revoke(account, cast.operator.user_id, by=OWNER)
    await deliverer.deliver_due()

    assert {await state_of(n) for n in (gone, void, out)} == {NoticeState.DEAD}
    assert await texts(cast) == []


async def test_news_of_an_account_reaches_who_works_in_another_now(
    cast: Cast, deliverer: Outbox, sqlite_account: Account
):
    """With the account's name above it; who was put out of that account hears nothing of it."""
    other = await Account.create(name="precyso", region="PE", time_zone="America/Lima", sender_id="PRECYSO")
    await Membership.create(account=other, person_id=OWNER, role=Role.OWNER)
    await accounts.choose_account(OWNER, other.id)
    await post(1, account=sqlite_account.id)
    await post(2, account=other.id)
    await deliverer.deliver_due()
    assert await texts(cast) == [f"🏢 {sqlite_account.name}\n\nNews 1 in es", "News 2 in es"]

    await Membership.filter(account=sqlite_account, person_id=OWNER).update(revoked_at=datetime.now(UTC))
    void = await post(3, account=sqlite_account.id)
    await deliverer.deliver_due()
    assert await state_of(void) is NoticeState.DEAD


async def test_after_a_crash_it_is_sent_again_once(cast: Cast, deliverer: Outbox):
    """The program died between request and answer, and then once more."""
    notice = await post(1)
    await notices.claim(notice.id)
    running = asyncio.create_task(deliverer.run())
    await cast.owner.sees("News 1")
    running.cancel()
    twice = await post(2)
    for _ in range(2):
        await notices.claim(twice.id)
        await notices.recover()

    assert await state_of(twice) is NoticeState.UNKNOWN


@pytest.mark.parametrize("step", ["recover", "due", "claim", "delivered"])
async def test_a_database_that_fails_for_a_moment_does_not_end_it(
    cast: Cast, deliverer: Outbox, monkeypatch: pytest.MonkeyPatch, step: str
):
    """It asks again, and what was on its way is as after a crash."""
    fails, original = [ConnectionError("the database is starting up")] * 2, getattr(notices, step)

    async def failing(*args: Any, **kwargs: Any) -> Any:
        if fails:
            raise fails.pop()
        return await original(*args, **kwargs)

    monkeypatch.setattr(notices, step, failing)
    if step == "delivered":  # its outcome cannot be written either
        monkeypatch.setattr(notices, "postpone", failing)
    monkeypatch.setattr(outbox, "_TICK_S", 0.01)
    notice = await post(1)
    running = asyncio.create_task(deliverer.run())
    try:
        await until(lambda: _is_sent(notice), saying="it is sent")
    finally:
        running.cancel()
    times = 2 if step == "delivered" else 1

    assert not fails
    assert await texts(cast) == ["News 1 in es"] * times


async def _is_sent(notice: Notice) -> bool:
    return await state_of(notice) is NoticeState.SENT
