"""One pump a link: takes what fits window and pace, commits it as submitted, and only then lets it be written."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog

from domain import store
from domain.store import Submission
from sender.feed import Feed, Ready, SenderName, now_ms
from sender.metrics import SUBMITTED
from sender.pacing import Pacer
from sender.settle import Settler
from sender.smpp import Answer, AnswerKind, Link

log = structlog.get_logger()

_MOST: Final = 1_000  # messages in one commit, however large the window
_RETRY_S: Final = 0.5  # after the database refused


class Pump:
    """
    Args:
        pacer: Shared by all pumps of a route: the limit is the account's, not the bind's.
    """

    def __init__(self, link: Link, *, feed: Feed, settler: Settler, pacer: Pacer, sender: SenderName) -> None:
        self.link = link
        self._feed = feed
        self._settler = settler
        self._pacer = pacer
        self._sender = sender
        self._follow: list[Ready] = []
        self.wake = asyncio.Event()

    def follow(self, ready: Ready) -> None:
        """Some parts of a submitted message must follow; it is committed already."""
        self._follow.append(ready)
        self.wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``, or cancelled. Everything that was marked is handed to the link."""
        while not stop.is_set():
            self.wake.clear()
            if self._follow and self.link.room:
                self._send_parts()
            now = time.monotonic()
            room = self._pacer.allow(min(self.link.room, _MOST), now=now)
            batch = self._feed.take(room) if room > 0 else []
            if batch:
                self._pacer.take(sum(ready.segments for ready in batch), now=now)
                await self._submit(batch)
            else:
                await self._rest()

    async def _rest(self) -> None:
        """Until there is room, or something ready, or the pace allows more."""
        pause = self._pacer.wait(now=time.monotonic()) if self._feed.count and self.link.room else None
        waits = [asyncio.create_task(self.wake.wait())]
        if self.link.room and not self._feed.count:
            self._feed.more.clear()
            waits.append(asyncio.create_task(self._feed.more.wait()))
        try:
            await asyncio.wait(waits, timeout=pause or 0.5, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    async def _submit(self, batch: Sequence[Ready]) -> None:
        self._settler.watch(batch)
        claim = batch[0].held.claim
        submissions = [Submission(ready.message_id, ready.segments) for ready in batch]
        route = self.link.route.name
        try:
            allowed = await store.current().mark_submitted(
                self._sender.name, claim, submissions, route=route, now_ms=now_ms()
            )
        except Exception:
            # Nothing of it is written. Whether the commit happened is not known: both ways "unsent" is the truth.
            log.exception("mark_failed", campaign=claim.campaign_id, messages=len(batch))
            self._settler.answered(self.link.route, [one for ready in batch for one in _unsent(ready)])
            await asyncio.sleep(_RETRY_S)
            return
        if len(allowed) < len(batch):
            self._settler.forget(ready for ready in batch if ready.message_id not in allowed)
        out = [ready.outgoing for ready in batch if ready.message_id in allowed]
        if out:
            self.link.submit(out)
            SUBMITTED.labels(route).inc(len(out))

    def _send_parts(self) -> None:
        waiting, self._follow = self._follow, []
        self.link.submit([ready.outgoing for ready in waiting])


def _unsent(ready: Ready) -> list[Answer]:
    parts = ready.segments
    return [Answer(ready.message_id, part, parts, 0, None, AnswerKind.UNSENT) for part in range(1, parts + 1)]
