"""
What is ready to be submitted: claims a chunk, renders and encodes its messages, and hands them out in turn, campaign
by campaign. Writes nothing to the wire.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.rules.message_state import MessageEvent
from domain.rules.template import CompiledTemplate, compile_template
from domain.store import Claim, ContactRow, ToSend
from domain.usecases import campaigns
from sender.smpp import Answer, Encoder, Outgoing

log = structlog.get_logger()

_TARGET: Final = 2_000  # messages kept ready; a chunk more at the most
_IDLE_S: Final = 0.3  # between looks for work when there was none
_BLANK: Final = ContactRow(0, 0, "", "", "", "", "", "", "")


@dataclass(slots=True)
class Held:
    """A claim in memory. It is given back when nothing of it is ready or in flight any more."""

    claim: Claim
    ready: int = 0
    in_flight: int = 0

    @property
    def spent(self) -> bool:
        """Nothing of it is left in memory."""
        return not self.ready and not self.in_flight


@dataclass(slots=True)
class Ready:
    """A message that may be submitted, and the answers of its parts as they come in."""

    held: Held
    outgoing: Outgoing
    tries: int
    answers: dict[int, Answer] = field(default_factory=dict)
    part_tries: int = 0

    @property
    def message_id(self) -> int:
        return self.outgoing.message_id

    @property
    def segments(self) -> int:
        return len(self.outgoing.parts)


@dataclass(frozen=True, slots=True)
class Running:
    """A running campaign, as far as its messages need it."""

    campaign_id: int
    text: str
    sender_id: str


class Feed:
    """
    Args:
        encoder: Makes wire parts of a text, for the route that dispatches.
        spent: Takes a claim of which nothing is left in memory.
    """

    def __init__(self, encoder: Encoder, *, spent: Callable[[Held], None]) -> None:
        self._encoder = encoder
        self._spent = spent
        self._queues: dict[int, deque[Ready]] = {}
        self._running: dict[int, Running] = {}
        self._turn: deque[int] = deque()  # campaigns, the next one first
        self._short = asyncio.Event()  # there is room for more
        self.more = asyncio.Event()  # something became ready
        self._count = 0

    @property
    def count(self) -> int:
        """Messages ready."""
        return self._count

    def show(self, running: Sequence[Running]) -> None:
        """These campaigns run now. What is ready of others is dropped: in the database it is still pending."""
        wanted = {campaign.campaign_id: campaign for campaign in running}
        for campaign_id in [campaign_id for campaign_id in self._queues if campaign_id not in wanted]:
            self._drop(campaign_id)
        self._turn.extend(campaign_id for campaign_id in wanted if campaign_id not in self._turn)
        if wanted != self._running:
            self._running = wanted
            self._short.set()

    def clear(self) -> None:
        """Drop everything: the lease was lost."""
        for campaign_id in list(self._queues):
            self._drop(campaign_id)

    def _drop(self, campaign_id: int) -> None:
        queue = self._queues.pop(campaign_id)
        self._count -= len(queue)
        touched: dict[int, Held] = {}
        for ready in queue:
            ready.held.ready -= 1
            touched[id(ready.held)] = ready.held
        for held in touched.values():
            if held.spent:
                self._spent(held)

    def take(self, room: int) -> list[Ready]:
        """At most ``room`` segments of one claim; the campaigns take turns. A long message may exceed the room."""
        for _ in range(len(self._turn)):
            campaign_id = self._turn[0]
            self._turn.rotate(-1)
            queue = self._queues.get(campaign_id)
            if not queue:
                if campaign_id not in self._running:
                    self._turn.pop()
                continue
            held = queue[0].held
            taken: list[Ready] = []
            while queue and room > 0 and queue[0].held is held:
                ready = queue.popleft()
                room -= ready.segments
                taken.append(ready)
            held.ready -= len(taken)
            held.in_flight += len(taken)
            self._count -= len(taken)
            if self._count < _TARGET:
                self._short.set()
            return taken
        self._short.set()
        return []

    async def run(self, sender: "SenderName", stop: asyncio.Event) -> None:
        """Keep about ``_TARGET`` messages ready until ``stop``. Whatever the database does, it is asked again."""
        while not stop.is_set():
            self._short.clear()
            try:
                found = [await self._claim(sender.name, campaign) for campaign in list(self._running.values())]
            except Exception:
                log.exception("claim_failed")
                await asyncio.sleep(_IDLE_S)
                continue
            if self._count >= _TARGET or not any(found):
                # A look that found nothing is not repeated at once, however much is wanted.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._short.wait() if any(found) else stop.wait(), _IDLE_S)

    async def _claim(self, sender: str, campaign: Running) -> bool:
        """One claim of the campaign, rendered; False: there is nothing to claim, or enough is ready."""
        if self._count >= _TARGET:
            return False
        claim = await store.current().claim(sender, campaign.campaign_id, now_ms=now_ms(), limit=_TARGET // 4)
        if claim is None:
            return False
        held = Held(claim)
        try:
            await self._prepare(campaign, held, await store.current().pending(claim))
        finally:
            if held.spent:
                self._spent(held)
        return True

    async def _prepare(self, campaign: Running, held: Held, rows: Sequence[ToSend]) -> None:
        try:
            template = compile_template(campaign.text)
        except DomainError as error:
            await campaigns.fault(campaign.campaign_id, type(error).key)
            return
        queue = self._queues.setdefault(campaign.campaign_id, deque())
        unsendable: dict[str, list[int]] = {}
        for row in rows:
            try:
                text = render(template, row)
                outgoing = self._encoder.outgoing(
                    text, message_id=row.message_id, msisdn=row.msisdn, sender_id=campaign.sender_id
                )
            except DomainError as error:
                unsendable.setdefault(type(error).key[-32:], []).append(row.message_id)
                continue
            queue.append(Ready(held, outgoing, row.tries))
            held.ready += 1
            self._count += 1
        for error_key, ids in unsendable.items():
            await store.current().settle(ids, MessageEvent.BAD_NUMBER, error=error_key, now_ms=now_ms())
            log.warning("unsendable", campaign=campaign.campaign_id, messages=len(ids), reason=error_key)
        if held.ready:
            self.more.set()


@dataclass(slots=True)
class SenderName:
    """The name under which the lease is held; a new one when the lease was lost."""

    name: str


def render(template: CompiledTemplate, row: ToSend) -> str:
    """The text of one message. A deleted contact leaves its fields blank; its number is kept in the message."""
    if template.constant:
        return template.render({})
    contact = row.contact or _BLANK
    return template.render(
        {
            "msisdn": str(row.msisdn),
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "email": contact.email,
            "address": contact.address,
            "value_1": contact.value_1,
            "value_2": contact.value_2,
            "value_3": contact.value_3,
        }
    )


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000
