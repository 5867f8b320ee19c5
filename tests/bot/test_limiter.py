"""Telegram's limits as rules; time is the event loop's, in small figures."""

import asyncio
import time
from typing import Any

import pytest
from httpx import ConnectError, ReadError, ReadTimeout
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot import limiter
from bot.limiter import Bucket, Limiter, Urgency, certainly_not_sent


@pytest.fixture(autouse=True)
def timedelta_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ``build_application`` sets it."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


class Wire:
    """Answers requests in order, or raises what stands in the list."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, Any]] = []

    async def __call__(self, endpoint: str, data: dict[str, Any], **_: Any) -> Any:
        self.calls.append((endpoint, data.get("text")))
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, BaseException):
            raise answer
        return {"message_id": len(self.calls)}


async def request(
    through: Limiter, wire: Wire, endpoint: str = "sendMessage", *, urgency: Urgency | None = None, **data: Any
) -> Any:
    """As ``ExtBot`` makes it."""
    data = {"chat_id": 1, **data}
    return await through.process_request(wire, (endpoint, data), {}, endpoint, data, urgency)


async def test_a_bucket_gives_its_rate():
    """A burst, and then one at a time."""
    bucket = Bucket(rate=50, capacity=5)
    begun = time.monotonic()
    await asyncio.gather(*(bucket.take(Urgency.INTERACTIVE) for _ in range(10)))

    assert 0.09 <= time.monotonic() - begun < 0.4


async def test_the_more_urgent_go_first():
    """News that waits is overtaken by answers."""
    bucket, order = Bucket(rate=50, capacity=1), []

    async def take(urgency: Urgency, name: str) -> None:
        await bucket.take(urgency)
        order.append(name)

    await bucket.take(Urgency.INTERACTIVE)
    waiting = [asyncio.create_task(take(Urgency.NEWS, "news"))]
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(take(Urgency.INTERACTIVE, "answer")))
    await asyncio.gather(*waiting)

    assert order == ["answer", "news"]


async def test_who_gives_up_waiting_takes_no_turn():
    """A cancelled request leaves its token to the next."""
    bucket = Bucket(rate=20, capacity=1)
    await bucket.take(Urgency.INTERACTIVE)
    waiting = asyncio.create_task(bucket.take(Urgency.INTERACTIVE))
    await asyncio.sleep(0)
    waiting.cancel()
    async with asyncio.timeout(0.5):
        await bucket.take(Urgency.INTERACTIVE)

    assert not bucket.take_now(Urgency.INTERACTIVE)


async def test_news_leaves_the_reserve_to_answers():
    """A burst is the person's."""
    bucket = Bucket(rate=0.001, capacity=3, reserve={Urgency.NEWS: 2})

    assert bucket.take_now(Urgency.NEWS)
    assert not bucket.take_now(Urgency.NEWS)
    assert bucket.take_now(Urgency.INTERACTIVE)


async def test_flood_control_of_one_chat_does_not_stop_another():
    """The library's own limiter would."""
    through, wire = Limiter(), Wire(RetryAfter(1))
    held = asyncio.create_task(request(through, wire, chat_id=1))
    await asyncio.sleep(0.01)
    begun = time.monotonic()
    await request(through, wire, chat_id=2)
    other = time.monotonic() - begun
    await held

    assert other < 0.5
    assert time.monotonic() - begun > 0.9
    assert len(wire.calls) == 3


async def test_a_long_halt_is_raised_and_not_waited_for():
    """Nobody waits four minutes for a screen; the outbox has its own patience."""
    through, wire = Limiter(), Wire(RetryAfter(240))
    for urgency in (Urgency.INTERACTIVE, Urgency.NEWS):
        with pytest.raises(RetryAfter):
            await request(through, wire, urgency=urgency)

    assert len(wire.calls) == 1


async def test_news_is_never_retried_here():
    """The outbox knows what may be in the chat already."""
    for error in (RetryAfter(1), NetworkError("Bad Gateway")):
        through, wire = Limiter(), Wire(error)
        with pytest.raises(type(error)):
            await request(through, wire, urgency=Urgency.NEWS)

        assert len(wire.calls) == 1


@pytest.mark.parametrize(
    ("error", "cause", "sure"),
    [
        pytest.param(NetworkError("Bad Gateway"), None, True, id="the server said so"),
        pytest.param(NetworkError("httpx.ConnectError"), ConnectError("refused"), True, id="never connected"),
        pytest.param(
            NetworkError("httpx.ReadError"), ReadError("reset"), False, id="connection lost after the request"
        ),
        pytest.param(TimedOut(), ReadTimeout("slow"), False, id="no answer in time"),
        pytest.param(TimedOut(), None, False, id="no answer, cause unknown"),
    ],
)
async def test_a_file_is_sent_again_only_if_it_is_certainly_not_there(
    monkeypatch: pytest.MonkeyPatch, error: NetworkError, cause: Exception | None, *, sure: bool
):
    """An edit may be repeated at will, and a screen may rather come twice than never."""
    monkeypatch.setattr(limiter, "_BACKOFF_S", 0.0)
    error.__cause__ = cause
    through, files, edits, screens = Limiter(), Wire(error), Wire(error), Wire(error)
    await request(through, edits, "editMessageText", message_id=5)
    await request(through, screens)
    if sure:
        await request(through, files, "sendDocument")
    else:
        with pytest.raises(NetworkError):
            await request(through, files, "sendDocument")

    assert certainly_not_sent(error) is sure
    assert (len(edits.calls), len(screens.calls), len(files.calls)) == (2, 2, 2 if sure else 1)


async def test_what_telegram_refuses_is_not_tried_again():
    """A bad request stays bad."""
    through, wire = Limiter(), Wire(BadRequest("message is not modified"))
    with pytest.raises(BadRequest):
        await request(through, wire, "editMessageText", message_id=5)

    assert len(wire.calls) == 1


async def test_progress_is_spaced_and_dropped_and_the_last_edit_always_goes(monkeypatch: pytest.MonkeyPatch):
    """Newest wins: what comes too soon is not queued; what is no progress goes at once."""
    monkeypatch.setattr(limiter, "PRIVATE_SPACING_S", 0.1)
    through, wire = Limiter(), Wire()

    async def edit(text: str, urgency: Urgency) -> Any:
        return await request(through, wire, "editMessageText", urgency=urgency, message_id=5, text=text)

    first, soon = await edit("1", Urgency.PROGRESS), await edit("2", Urgency.PROGRESS)
    await asyncio.sleep(0.11)
    later, last = await edit("3", Urgency.PROGRESS), await edit("done", Urgency.INTERACTIVE)

    assert (soon, bool(first), bool(later), bool(last)) == (True, True, True, True)
    assert [text for _, text in wire.calls] == ["1", "3", "done"]


async def test_progress_is_dropped_on_a_429_and_while_the_chat_is_halted(monkeypatch: pytest.MonkeyPatch):
    """It would only prolong the halt."""
    monkeypatch.setattr(limiter, "PRIVATE_SPACING_S", 0.0)
    through, wire = Limiter(), Wire(RetryAfter(30))
    answers = [
        await request(through, wire, "editMessageText", urgency=Urgency.PROGRESS, message_id=5) for _ in range(3)
    ]

    assert answers == [True, True, True]
    assert len(wire.calls) == 1


async def test_answers_to_buttons_pass_at_once():
    """They are not messages, and a button spins until they come."""
    through, wire = Limiter(), Wire(RetryAfter(20))
    with pytest.raises(RetryAfter):
        await request(through, wire, urgency=Urgency.NEWS)
    begun = time.monotonic()
    await request(through, wire, "sendChatAction")
    data = {"callback_query_id": "1"}
    await through.process_request(wire, ("answerCallbackQuery", data), {}, "answerCallbackQuery", data, None)

    assert time.monotonic() - begun < 0.5
