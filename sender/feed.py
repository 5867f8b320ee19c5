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

_TARGET: Final = 2_000  # messages kept ready, in equal shares of the running campaigns; each a chunk more at the most
_LEAST: Final = 100  # of a campaign, however many there are
_CLAIM: Final = 500  # retries in one claim; a chunk has as many messages
_SLICE: Final = 50  # messages rendered before the links get a turn: a quarter of a millisecond
_IDLE_S: Final = 0.3  # between looks for work when there was none
TEXT_REFUSED: Final = "campaigns.text_refused"  #: text key: why a campaign stopped by itself
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
    """
    A message that may be submitted.

    Attributes:
        segments: Parts on the wire.
        answers: Of a message of several parts: what came back, by part.
        part_tries: How often parts of it were sent again.
    """

    held: Held
    outgoing: Outgoing
    message_id: int
    segments: int
    tries: int
    answers: dict[int, Answer] = field(default_factory=dict)
    part_tries: int = 0


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
        more: Called when something became ready.
        spent: Takes a claim of which nothing is left in memory.
    """

    def __init__(self, encoder: Encoder, *, more: Callable[[], None], spent: Callable[[Held], None]) -> None:
        self._encoder = encoder
        self._more = more
        self._spent = spent
        self._queues: dict[int, deque[Ready]] = {}
        self._running: dict[int, Running] = {}
        self._turn: deque[int] = deque()  # campaigns, the next one first
        self._look_s: dict[int, float] = {}  # campaigns that had nothing to claim, and when to look again
        self._short = asyncio.Event()  # there is room for more
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
            self._look_s = {key: look_s for key, look_s in self._look_s.items() if key in wanted}
            self._short.set()

    def look(self) -> None:
        """Look at once, for work or whether it is time to stop."""
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
            if len(queue) < self._share:
                self._short.set()
            return taken
        return []

    @property
    def _share(self) -> int:
        """Messages of one campaign below which it is claimed again."""
        return max(_LEAST, _TARGET // max(1, len(self._running)))

    def _wanting(self, now_s: float) -> list[Running]:
        share = self._share
        return [
            campaign
            for key, campaign in self._running.items()
            if len(self._queues.get(key, ())) < share and self._look_s.get(key, 0.0) <= now_s
        ]

    async def run(self, sender: "SenderName", stop: asyncio.Event) -> None:
        """Keep about ``_TARGET`` messages ready until ``stop``. Whatever the database does, it is asked again."""
        while not stop.is_set():
            self._short.clear()
            wanting = self._wanting(time.monotonic())
            for campaign in wanting:
                if not await self._claim_safely(sender.name, campaign):
                    self._look_s[campaign.campaign_id] = time.monotonic() + _IDLE_S
            if not wanting:
                await _within(self._short, _IDLE_S)

    async def _claim_safely(self, sender: str, campaign: Running) -> bool:
        try:
            return await self._claim(sender, campaign)
        except Exception:
            log.exception("claim_failed", campaign=campaign.campaign_id)
            return False

    async def _claim(self, sender: str, campaign: Running) -> bool:
        """One claim of the campaign, rendered; False: there is nothing to claim."""
        claim = await store.current().claim(sender, campaign.campaign_id, now_ms=now_ms(), limit=_CLAIM)
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
            render = renderer(compile_template(campaign.text))
        except DomainError as error:
            log.warning("text_refused", campaign=campaign.campaign_id, reason=str(error))
            await campaigns.fault(campaign.campaign_id, TEXT_REFUSED)
            return
        unsendable: dict[str, list[int]] = {}
        held.ready += 1  # so that it is not given back while it is being rendered
        try:
            for start in range(0, len(rows), _SLICE):
                if self._running.get(campaign.campaign_id) != campaign:
                    break  # what is left is still pending in the database
                self._render(render, campaign, held, rows[start : start + _SLICE], unsendable)
                self._more()
                await asyncio.sleep(0)
            for error_key, ids in unsendable.items():
                await store.current().settle(ids, MessageEvent.BAD_NUMBER, error=error_key, now_ms=now_ms())
                log.warning("unsendable", campaign=campaign.campaign_id, messages=len(ids), reason=error_key)
        finally:
            held.ready -= 1

    def _render(
        self,
        render: Callable[[ToSend], str],
        campaign: Running,
        held: Held,
        rows: Sequence[ToSend],
        unsendable: dict[str, list[int]],
    ) -> None:
        queue = self._queues.setdefault(campaign.campaign_id, deque())
        before = len(queue)
        outgoing_of, sender_id = self._encoder.outgoing, campaign.sender_id
        for row in rows:
            message_id, msisdn, tries, _ = row
            try:
                text = render(row)
                outgoing = outgoing_of(text, message_id=message_id, msisdn=msisdn, sender_id=sender_id)
            except DomainError as error:
                unsendable.setdefault(type(error).key[-32:], []).append(message_id)
                continue
            queue.append(Ready(held, outgoing, message_id, len(outgoing.parts), tries))
        held.ready += len(queue) - before
        self._count += len(queue) - before


@dataclass(slots=True)
class SenderName:
    """The name under which the lease is held; a new one when the lease was lost."""

    name: str


def renderer(template: CompiledTemplate) -> Callable[[ToSend], str]:
    """
    What makes the text of a message. A deleted contact leaves its fields blank; its number is kept in the message.

    Raises (when called):
        TextTooLong: With what this contact has in its fields.
    """
    if template.constant:
        text = template.render({})
        return lambda row: text
    places = [(name, ContactRow._fields.index(name)) for name in template.tokens - {"msisdn"}]
    with_number = "msisdn" in template.tokens

    def render(row: ToSend) -> str:
        contact = row.contact or _BLANK
        fields = {name: str(contact[place]) for name, place in places}
        if with_number:
            fields["msisdn"] = str(row.msisdn)
        return template.render(fields)

    return render


async def _within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but not for longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000
