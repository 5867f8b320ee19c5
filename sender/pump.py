"""One pump a link: takes what fits window and pace, commits it as submitted, and only then lets it be written."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from domain import store
from domain.store import Claim, Submission
from sender.clock import now_ms
from sender.feed import Feed, Ready
from sender.lease import SenderName
from sender.metrics import SUBMITTED
from sender.pacing import Pacer
from sender.settle import Settler
from sender.smpp import Answer, AnswerKind, Link, Outgoing

log = structlog.get_logger()

_MOST: Final = 1_000  # messages in one commit, however large the window
_BATCHES: Final = 2  # in the database at once: while one is committed the next one waits there already
_LOOK_S: Final = 0.5  # at the latest
_RETRY_S: Final = 0.5  # after the database refused
_GIVE_UP: Final = 3  # rows that fail one after the other: then it is the database, not a row


class Pump:
    """
    Args:
        pacer: Shared by all pumps of a route: the limit is the account's, not the bind's.
        suspect: Told the messages of a mark that failed: its commit may come yet.
    """

    def __init__(
        self,
        link: Link,
        *,
        feed: Feed,
        settler: Settler,
        pacer: Pacer,
        sender: SenderName,
        suspect: Callable[[Iterable[int]], None] = lambda _: None,
    ) -> None:
        self.link = link
        self._feed = feed
        self._settler = settler
        self._pacer = pacer
        self._sender = sender
        self._suspect = suspect
        self._submitted = SUBMITTED.labels(link.route.name)
        self._follow: deque[Ready] = deque()
        self._marking = 0  # parts that are being committed; they have their room in the window already
        self._unsettled = 0  # parts reserved whose result is not committed: a crash would put them in doubt
        self._batches = 0
        self.wake = asyncio.Event()

    def follow(self, ready: Ready) -> None:
        """Some parts of a submitted message must follow; it is committed already."""
        self._follow.append(ready)
        self.wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``, or cancelled. Everything that was marked is handed to the link."""
        async with asyncio.TaskGroup() as marking:
            while not stop.is_set():
                self.wake.clear()
                now = time.monotonic()
                if self._follow:
                    self._send_parts(now)
                batch = self._take(now)
                if batch:
                    marking.create_task(self._submit(batch, self._reserve(batch, now)))
                else:
                    await self._rest()

    @property
    def _free(self) -> int:
        """Segments for which there is room in the window, and nothing marked yet."""
        return self.link.room - self._marking

    @property
    def _room(self) -> int:
        """
        Segments of further messages. A response alone makes no room for them: until its commit the message would be in
        doubt after a crash, and never more than a window may be.
        """
        return min(self._free, self.link.route.window - self._unsettled, _MOST)

    def _take(self, now: float) -> list[Ready]:
        """What may be marked now, never more than fits in the window; the next batch while one is being committed."""
        if self._batches >= _BATCHES or self._room <= 0:
            return []
        room = self._pacer.allow(self._room, now=now)
        return self._feed.take(room, route=self.link.route.name, now=now) if room > 0 else []

    def _reserve(self, batch: Sequence[Ready], now: float) -> int:
        """Keep the batch's room and its share of the pace; its parts."""
        parts = sum([ready.parts for ready in batch])
        self._pacer.reserve(parts, now=now)
        freed, marks_ms = self._freed, list[int]()
        for ready in batch:
            ready.freed, ready.marks_ms = freed, marks_ms
        self._unsettled += parts
        self._marking += parts
        self._batches += 1
        return parts

    def _freed(self, parts: int) -> None:
        self._unsettled -= parts
        self.wake.set()

    async def _rest(self) -> None:
        """Until there is room, or something ready, or the pace allows more."""
        pause = 0.0
        if self._feed.count and self._room > 0:
            now = time.monotonic()
            pause = max(self._pacer.wait(now=now), self._feed.wait(route=self.link.route.name, now=now))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause or _LOOK_S):
                await self.wake.wait()

    async def _submit(self, batch: Sequence[Ready], parts: int) -> None:
        name = self._sender.name
        try:
            allowed = await self._mark(batch)
        finally:
            self._marking -= parts
            self._batches -= 1
            self.wake.set()
        now = time.monotonic()
        if allowed and not self._sender.holds(name, now=now):
            log.warning("lease_past_before_write", messages=len(allowed))
            self._settler.answered(self.link.route, [one for ready in allowed for one in _unsent(ready)])
            allowed = []
        going = parts if len(allowed) == len(batch) else sum([ready.parts for ready in allowed])
        self._feed.left(batch, len(allowed), now=now)
        self._pacer.stayed(parts - going)
        if allowed:
            self._pacer.left(going, now=now)
            self.link.submit([ready.outgoing for ready in allowed])
            self._submitted.inc(len(allowed))

    async def _mark(self, batch: Sequence[Ready]) -> Sequence[Ready]:
        """Commit the batch as submitted; those of it that may be written."""
        self._settler.watch(batch)
        claim, marks_ms = batch[0].held.claim, batch[0].marks_ms
        submissions = [_submission(ready) for ready in batch]
        try:
            allowed = await self._marked(claim, submissions, marks_ms)
        except Exception:
            log.exception("mark_failed", campaign=claim.campaign_id, messages=len(batch))
            allowed = await self._mark_one_by_one(claim, submissions, marks_ms)
            # Nothing of the others is written. Whether their commit happened is not known: "unsent" is true either way.
            unsent = [ready for ready in batch if ready.message_id not in allowed]
            self._suspect(ready.message_id for ready in unsent)
            self._settler.answered(self.link.route, [one for ready in unsent for one in _unsent(ready)])
            if not allowed:
                await asyncio.sleep(_RETRY_S)
            return [ready for ready in batch if ready.message_id in allowed]
        if len(allowed) == len(batch):
            return batch
        self._settler.forget([ready for ready in batch if ready.message_id not in allowed])
        return [ready for ready in batch if ready.message_id in allowed]

    async def _marked(self, claim: Claim, submissions: Sequence[Submission], marks_ms: list[int]) -> frozenset[int]:
        name, route, moment_ms = self._sender.name, self.link.route.name, now_ms()
        marks_ms.append(moment_ms)
        allowed = await store.current().mark_submitted(name, claim, submissions, route=route, now_ms=moment_ms)
        if not allowed:
            marks_ms.remove(moment_ms)  # it was refused, and somebody else may mark at this very moment
        return allowed

    async def _mark_one_by_one(
        self, claim: Claim, submissions: Sequence[Submission], marks_ms: list[int]
    ) -> frozenset[int]:
        """One bad row must not hold up the others; several without a success between them: it is the database."""
        allowed: set[int] = set()
        row = 0
        for submission in submissions if len(submissions) > 1 else ():
            try:
                allowed |= await self._marked(claim, [submission], marks_ms)
            except Exception:
                log.exception("message_not_marked", message=submission.message_id)
                row += 1
                if row == _GIVE_UP:
                    break
            else:
                row = 0
        return frozenset(allowed)

    def take_parts(self) -> list[Ready]:
        """What should have followed here: the link has ended."""
        parts = list(self._follow)
        self._follow.clear()
        return parts

    def drop_parts(self) -> None:
        """The lease was lost, or the route: what should follow is another's to decide, and in doubt."""
        dropped = self.take_parts()
        self._settler.answered(self.link.route, [one for ready in dropped for one in lost(ready)])

    def _send_parts(self, now: float) -> None:
        """Those that fit, the oldest first; one that is larger than the window or a step of the pace goes alone."""
        out: list[Outgoing] = []
        room = self._pacer.allow(max(0, self._free), now=now)
        while self._follow and room > 0:
            outgoing = self._follow.popleft().outgoing
            count = len(outgoing.only) or len(outgoing.parts)
            self._pacer.take(count, now=now)
            room -= count
            out.append(outgoing)
        if out:
            self.link.submit(out)


def lost(ready: Ready) -> list[Answer]:
    """Parts that should have followed, and will not."""
    return [
        Answer(ready.message_id, part, ready.parts, 0, None, AnswerKind.DISCONNECTED) for part in ready.outgoing.only
    ]


def _submission(ready: Ready) -> Submission:
    cut = ready.outgoing.cut
    return Submission(ready.message_id, cut, ready.parts) if cut else Submission(ready.message_id, ready.parts)


def _unsent(ready: Ready) -> list[Answer]:
    parts = ready.parts
    return [Answer(ready.message_id, part, parts, 0, None, AnswerKind.UNSENT) for part in range(1, parts + 1)]
