"""
Telegram's limits, kept before it has to remind us: per chat, over all chats, and for progress that is shown by edits.

Not ``AIORateLimiter``: in 22.8 one 429 halts every chat, and a request that ends re-opens the gate early.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import Any, Final

import structlog
from httpx import ConnectError, ConnectTimeout, PoolTimeout
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import BaseRateLimiter

log = structlog.get_logger()

# Telegram keeps the exact figures to itself; these are the ones that its FAQ names.
OVERALL_RATE: Final = 30.0  # requests/second, all chats
PRIVATE_RATE: Final = 1.0  # requests/second in one private chat, short bursts tolerated
GROUP_RATE: Final = 20 / 60  # requests/second in one group, edits included
PRIVATE_SPACING_S: Final = 3.0  # between progress edits of one message
GROUP_SPACING_S: Final = 6.0
PATIENCE_S: Final = 30.0  # an answer that would come later than this is refused instead
_RETRIES: Final = 3
_BACKOFF_S: Final = 0.5
_MANY: Final = 1_000  # lanes kept before idle ones are forgotten

Answer = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[[], Coroutine[Any, Any, Answer]]


class Urgency(IntEnum):
    """What a request is for; passed as ``rate_limit_args``."""

    INTERACTIVE = 0  #: the answer to what somebody did: goes first
    NEWS = 1  #: nobody waits for it: a 429 is raised at once, the outbox tries again
    PROGRESS = 2  #: spaced, and dropped rather than queued; a dropped edit gives True


# What a person does by hand paces itself: the burst is theirs. News may follow it closely, progress keeps well behind.
_PRIVATE_RESERVE: Final = {Urgency.NEWS: 5.0, Urgency.PROGRESS: 10.0}
_GROUP_RESERVE: Final = {Urgency.NEWS: 3.0, Urgency.PROGRESS: 5.0}


class Bucket:
    """
    Tokens that come back at ``rate`` a second, up to ``capacity``; the more urgent take first, and the others leave
    their ``reserve`` of them untouched.
    """

    def __init__(self, rate: float, capacity: float, *, reserve: Mapping[Urgency, float] | None = None) -> None:
        self._rate, self._capacity, self._reserve = rate, capacity, reserve or {}
        self._tokens = capacity
        self._at = time.monotonic()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._numbers: Iterator[int] = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Nobody waits and it is full: as good as a new one."""
        self._refill()
        return not self._waiting and self._tokens >= self._capacity

    def take_now(self, urgency: Urgency) -> bool:
        """Take a token if that needs no waiting."""
        self._refill()
        if self._waiting or self._tokens < 1 + self._reserve.get(urgency, 0.0):
            return False
        self._tokens -= 1
        return True

    async def take(self, urgency: Urgency) -> None:
        """Wait for one's turn and take a token."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._tokens += 1  # served, and then not needed
                self._serve()
            raise

    def _refill(self) -> None:
        now = time.monotonic()
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._rate)
        self._at = now

    def _serve(self) -> None:
        self._refill()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            urgency, _, turn = self._waiting[0]
            if turn.done():  # cancelled meanwhile
                heapq.heappop(self._waiting)
                continue
            missing = 1 + self._reserve.get(urgency, 0.0) - self._tokens
            if missing > 1e-9:
                self._timer = asyncio.get_running_loop().call_later(missing / self._rate, self._serve)
                return
            heapq.heappop(self._waiting)
            self._tokens -= 1
            turn.set_result(None)


@dataclass(slots=True)
class _Lane:
    """The edits of one message: they never overtake one another. ``last``: when the last one began, monotonic."""

    last: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limiter(BaseRateLimiter[Urgency]):
    """What ``ExtBot`` passes every request through, ``getUpdates`` excepted."""

    def __init__(self) -> None:
        self._overall = Bucket(OVERALL_RATE, OVERALL_RATE)
        self._chats: dict[int, Bucket] = {}
        self._lanes: dict[tuple[int, int], _Lane] = {}
        self._halted: dict[int, float] = {}  # chat: until when, monotonic

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Urgency | None,
    ) -> Answer:
        """
        Make the request when it is its turn.

        Raises:
            RetryAfter: Telegram wants us to wait longer than ``PATIENCE_S``, or the request was not urgent.
            TelegramError: As the request itself.
        """
        urgency = Urgency.INTERACTIVE if rate_limit_args is None else rate_limit_args
        chat_id = data.get("chat_id")

        async def call() -> Answer:
            return await callback(*args, **kwargs)

        if not isinstance(chat_id, int) or not _counted(endpoint):
            return await call()
        message_id = data.get("message_id")
        if not endpoint.startswith("edit") or not isinstance(message_id, int):
            # A screen that stands there twice is better than one that never came; a file is not.
            return await self._patiently(call, chat_id, urgency, repeatable=endpoint == "sendMessage")
        lane = self._lane(chat_id, message_id)
        if urgency is Urgency.PROGRESS:
            return await self._progress(call, chat_id, lane)
        async with lane.lock:
            lane.last = time.monotonic()
            return await self._patiently(call, chat_id, urgency, repeatable=True)

    async def _patiently(self, call: Call, chat_id: int, urgency: Urgency, *, repeatable: bool) -> Answer:
        for attempt in itertools.count(1):
            await self._wait_for_halt(chat_id, urgency)
            await self._turn(chat_id, urgency)
            try:
                return await call()
            except RetryAfter as error:
                self._halt(chat_id, error)
                if attempt > _RETRIES or urgency is not Urgency.INTERACTIVE:
                    raise
            except NetworkError as error:
                again = repeatable or certainly_not_sent(error)
                if isinstance(error, BadRequest) or not again or attempt > _RETRIES or urgency:
                    raise
                log.info("telegram_retry", chat=chat_id, attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(_BACKOFF_S * attempt)
        raise AssertionError

    async def _progress(self, call: Call, chat_id: int, lane: _Lane) -> Answer:
        """Now or not at all: whoever shows progress comes again with something newer."""
        spacing = PRIVATE_SPACING_S if chat_id > 0 else GROUP_SPACING_S
        if lane.lock.locked() or time.monotonic() < lane.last + spacing or self._remaining_halt(chat_id):
            return True
        if not (self._chat(chat_id).take_now(Urgency.PROGRESS) and self._overall.take_now(Urgency.PROGRESS)):
            return True
        async with lane.lock:
            lane.last = time.monotonic()
            try:
                return await call()
            except RetryAfter as error:
                self._halt(chat_id, error)
            except BadRequest:
                raise
            except NetworkError as error:
                log.info("progress_dropped", chat=chat_id, error=type(error).__name__)
        return True

    async def _turn(self, chat_id: int, urgency: Urgency) -> None:
        await self._chat(chat_id).take(urgency)
        await self._overall.take(urgency)

    def _halt(self, chat_id: int, error: RetryAfter) -> None:
        seconds = retry_after_s(error)
        self._halted[chat_id] = max(self._halted.get(chat_id, 0.0), time.monotonic() + seconds)
        log.warning("telegram_flood", chat=chat_id, retry_after_s=seconds)

    def _remaining_halt(self, chat_id: int) -> float:
        remaining = self._halted.get(chat_id, 0.0) - time.monotonic()
        if remaining <= 0:
            self._halted.pop(chat_id, None)
        return max(0.0, remaining)

    async def _wait_for_halt(self, chat_id: int, urgency: Urgency) -> None:
        remaining = self._remaining_halt(chat_id)
        if remaining > PATIENCE_S or (remaining and urgency is not Urgency.INTERACTIVE):
            raise RetryAfter(timedelta(seconds=remaining))
        await asyncio.sleep(remaining)

    def _chat(self, chat_id: int) -> Bucket:
        if chat_id not in self._chats:
            if len(self._chats) >= _MANY:
                self._chats = {chat: bucket for chat, bucket in self._chats.items() if not bucket.idle}
            self._chats[chat_id] = (
                Bucket(PRIVATE_RATE, 30, reserve=_PRIVATE_RESERVE)
                if chat_id > 0
                else Bucket(GROUP_RATE, 10, reserve=_GROUP_RESERVE)
            )
        return self._chats[chat_id]

    def _lane(self, chat_id: int, message_id: int) -> _Lane:
        if len(self._lanes) >= _MANY:
            old = time.monotonic() - GROUP_SPACING_S
            self._lanes = {k: lane for k, lane in self._lanes.items() if lane.last > old or lane.lock.locked()}
        return self._lanes.setdefault((chat_id, message_id), _Lane())


def retry_after_s(error: RetryAfter) -> float:
    """How long Telegram wants us to wait, in seconds."""
    wait = error.retry_after  # int or timedelta, by an environment variable of the library
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def certainly_not_sent(error: TelegramError) -> bool:
    """Whether the request has had no effect: it never left, or the server answered that it failed."""
    cause = error.__cause__
    if isinstance(cause, ConnectError | ConnectTimeout | PoolTimeout):
        return True
    return cause is None and not isinstance(error, TimedOut)


def _counted(endpoint: str) -> bool:
    return endpoint.startswith(("send", "edit", "copy", "forward")) and endpoint != "sendChatAction"
