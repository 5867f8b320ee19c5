"""
What is ready to be submitted: claims a chunk, renders and encodes its messages, and hands them out in turn, campaign
by campaign. Writes nothing to the wire.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.rules.blanks import Blanks
from domain.rules.message_state import MessageEvent
from domain.rules.reach import NOT_ENABLED, Reach
from domain.rules.template import compile_template
from domain.store import Claim, ToSend
from domain.usecases import campaigns
from sender.clock import now_ms, within
from sender.lease import SenderName
from sender.leftovers import Leftovers
from sender.pacing import SHY, Pacer
from sender.rendering import renderer
from sender.routing import Routing
from sender.smpp import Answer, AnswerKind, Outgoing

log = structlog.get_logger()

_TARGET: Final = 2_000  # messages kept ready, in equal shares of the running campaigns; each a chunk more at the most
_MOST_READY: Final = 20_000  # of a campaign, where a route that stands still holds some of it
_LEAST: Final = 100  # of a campaign, however many there are
_CLAIM: Final = 500  # retries in one claim; a chunk has as many messages
_ROUND: Final = 8  # campaigns claimed before it is asked again whose turn it is
_SLICE: Final = 50  # messages rendered before the links get a turn: a quarter of a millisecond
_IDLE_S: Final = 0.3  # between looks for work when there was none
_REFUSED_S: Final = 1.0  # before a campaign is claimed again of which a whole batch was refused
UNRENDERED: Final = "render_failed"  #: error of a message of which no text could be made
TEXT_REFUSED: Final = "campaigns.text_refused"  #: text key: why a campaign stopped by itself


@dataclass(slots=True)
class Held:
    """A claim in memory, and who took it. It is given back when nothing of it is ready or in flight any more."""

    claim: Claim
    sender: str
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
        parts: Submits that it takes, each with its own response.
        route: For which it is encoded.
        answers: Of a message of several parts: what came back, by part.
        part_refusals: Why parts of it were refused for now that follow the others.
        freed: Told its parts once its result is committed.
        marks_ms: When it may have been marked as submitted; one list for its batch.
    """

    held: Held
    outgoing: Outgoing
    message_id: int
    parts: int
    tries: int
    throttled: int = 0
    route: str = ""
    answers: dict[int, Answer] = field(default_factory=dict)
    part_refusals: tuple[AnswerKind, ...] = ()
    freed: Callable[[int], None] = lambda _: None
    marks_ms: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Running:
    """
    A running campaign, as far as its messages need it.

    Attributes:
        tps: Messages a second, of all senders together; 0: as the route allows.
        reach: Which numbers its account may write to.
        closes: Epoch seconds of its closing hour; 0: it has none.
        priority: Of its account's campaigns, a higher one goes first.
    """

    campaign_id: int
    account_id: int
    text: str
    sender_id: str
    reach: Reach
    tps: float = 0.0
    priority: int = 0
    closes: float = 0.0
    blanks: Blanks = field(default_factory=dict)

    @property
    def resource(self) -> str:
        """What its pace is called where senders share it."""
        return f"campaign:{self.campaign_id}"


class Feed:
    """
    Whose turn it is: of the accounts the one that was served the longest ago; of its campaigns those with the highest
    priority, and of these again the one that was served the longest ago.

    Args:
        routing: Over which route a message goes, and what makes its wire parts.
        more: Called when something became ready.
        spent: Takes a claim of which nothing is left in memory.
        share: Of a number of messages a second that all senders have together, by its name, this one's.
    """

    def __init__(
        self,
        routing: Routing,
        *,
        more: Callable[[], None],
        spent: Callable[[Held], None],
        share: Callable[[str, float], float] = lambda _, tps: tps,
    ) -> None:
        self._routing = routing
        self._left_over = Leftovers(routing)
        self._more = more
        self._spent = spent
        self._share_of = share
        self._queues: dict[str, dict[int, deque[Ready]]] = {name: {} for name in routing.encoders}  # by route
        self._running: dict[int, Running] = {}
        self._paces: dict[int, Pacer] = {}  # of campaigns that have one
        self._turn = 0
        self._served: dict[tuple[str, int], int] = {}  # accounts and campaigns, by the turn that they had last
        self._look_s: dict[int, float] = {}  # campaigns that had nothing to claim, and when to look again
        self._dry_s: dict[int, float] = {}  # campaigns of which nothing is ready, and since when a claim is wanted
        self._short = asyncio.Event()  # there is room for more
        self._count = 0

    @property
    def count(self) -> int:
        """Messages ready."""
        return self._count

    def lag_s(self, *, now: float) -> float:
        """How long (seconds) the campaign has waited that waits longest for its claim; 0: none waits."""
        return max([now - since for since in self._dry_s.values()], default=0.0)

    def has(self, *, route: str | None = None, campaign_id: int | None = None) -> bool:
        """Whether something is ready, for a route or of a campaign."""
        return any(
            (queues if campaign_id is None else campaign_id in queues)
            for name, queues in self._queues.items()
            if route in (None, name)
        )

    def show(self, running: Sequence[Running]) -> None:
        """
        These campaigns run now. Dropped is what is ready of others, or as it was before an edit: it is still pending.
        """
        wanted = {campaign.campaign_id: campaign for campaign in running}
        for queues in self._queues.values():
            for campaign_id in [key for key in queues if not self._as_rendered(key, wanted.get(key))]:
                self._drop(queues, campaign_id)
        self._pace(running)
        if wanted != self._running:
            self._running = wanted
            self._look_s = {key: look_s for key, look_s in self._look_s.items() if key in wanted}
            alive = {("campaign", key) for key in wanted} | {("account", one.account_id) for one in running}
            self._served = {key: turn for key, turn in self._served.items() if key in alive}
            self._short.set()

    def _as_rendered(self, campaign_id: int, now: Running | None) -> bool:
        before = self._running.get(campaign_id)
        if now is None or before is None:
            return now is not None
        return replace(before, tps=now.tps, priority=now.priority) == now

    def _pace(self, running: Sequence[Running]) -> None:
        """A campaign's pace may change while it runs, and so may the share of it."""
        paced = {
            campaign.campaign_id: self._share_of(campaign.resource, campaign.tps)
            for campaign in running
            if campaign.tps > 0
        }
        self._paces = {key: self._paces.get(key) or Pacer(tps, shy=SHY) for key, tps in paced.items()}
        for key, tps in paced.items():
            self._paces[key].tps = tps

    def look(self) -> None:
        """Look at once, for work or whether it is time to stop."""
        self._short.set()

    def clear(self) -> None:
        """Drop everything: the lease was lost."""
        for route in self._queues:
            self.drop_route(route)

    def drop_route(self, route: str) -> None:
        """Drop what is ready for a route: it goes over another one now. In the database it is still pending."""
        queues = self._queues[route]
        for campaign_id in list(queues):
            self._drop(queues, campaign_id)
        self._left_over.forget()
        self._short.set()

    def _drop(self, queues: dict[int, deque[Ready]], campaign_id: int) -> None:
        queue = queues.pop(campaign_id)
        self._count -= len(queue)
        touched: dict[int, Held] = {}
        for ready in queue:
            ready.held.ready -= 1
            touched[id(ready.held)] = ready.held
        for held in touched.values():
            if held.spent:
                self._spent(held)

    def take(self, room: int, *, route: str, now: float) -> list[Ready]:
        """
        At most ``room`` parts of one claim for a route, and no more than the pace of its campaign allows at ``now``
        (seconds, monotonic). A long message may exceed the room. Tell ``left`` what became of them.
        """
        queues = self._queues[route]
        for campaign in self._in_turn(queues):
            campaign_id, queue = campaign.campaign_id, queues[campaign.campaign_id]
            pacer = self._paces.get(campaign_id)
            most = pacer.allow(len(queue), now=now) if pacer else len(queue)
            if most <= 0:
                continue
            held = queue[0].held
            taken: list[Ready] = []
            while most and room > 0 and queue[0].held is held:
                ready = queue.popleft()
                room -= ready.parts
                most -= 1
                taken.append(ready)
            if not queue:
                del queues[campaign_id]
            if pacer:
                pacer.reserve(len(taken), now=now)
            held.ready -= len(taken)
            held.in_flight += len(taken)
            self._count -= len(taken)
            self._turn += 1
            self._served["account", campaign.account_id] = self._served["campaign", campaign_id] = self._turn
            if len(queue) < self._share:
                self._short.set()
            return taken
        return []

    def left(self, batch: Sequence[Ready], going: int, *, now: float) -> None:
        """Of a batch that was taken so many messages leave now; the others will not."""
        campaign_id = batch[0].held.claim.campaign_id
        pacer = self._paces.get(campaign_id)
        if pacer:
            pacer.left(going, now=now)
            pacer.stayed(len(batch) - going)
        if not going:
            # A guard refused all of it, and would refuse the next one.
            self._look_s[campaign_id] = now + _REFUSED_S

    def wait(self, *, route: str, now: float) -> float:
        """Seconds until the pace of a campaign allows more of what is ready; 0: now, or there is nothing."""
        waits = [pacer.wait(now=now) if (pacer := self._paces.get(key)) else 0.0 for key in self._queues[route]]
        return min(waits, default=0.0)

    def _in_turn(self, campaign_ids: Iterable[int]) -> list[Running]:
        """The running ones of these, by whose turn it is."""
        found = [self._running[key] for key in campaign_ids if key in self._running]
        if len(found) > 1:
            found.sort(key=self._place)
        return found

    def _place(self, campaign: Running) -> tuple[int, int, int]:
        served, account, own = self._served, ("account", campaign.account_id), ("campaign", campaign.campaign_id)
        return served.get(account, 0), -campaign.priority, served.get(own, 0)

    @property
    def _share(self) -> int:
        """Messages of one campaign below which it is claimed again."""
        return max(_LEAST, _TARGET // max(1, len(self._running)))

    def _wanting(self, now_s: float) -> list[Running]:
        share = self._share
        wanting = [key for key in self._running if self._hungry(key, share) and self._look_s.get(key, 0.0) <= now_s]
        self._dry_s = {key: self._dry_s.get(key, now_s) for key in wanting if not self.has(campaign_id=key)}
        return self._in_turn(wanting)

    def _hungry(self, campaign_id: int, share: int) -> bool:
        """Whether some route has little of the campaign; but what waits for the others must not fill the memory."""
        closed = self._routing.closed
        ready = [len(queues.get(campaign_id, ())) for route, queues in self._queues.items() if route not in closed]
        return bool(ready) and min(ready) < share and sum(ready) < (_MOST_READY if len(ready) > 1 else share)

    async def run(self, sender: SenderName, stop: asyncio.Event) -> None:
        """Keep about ``_TARGET`` messages ready until ``stop``. Whatever the database does, it is asked again."""
        while not stop.is_set():
            self._short.clear()
            wanting = self._wanting(time.monotonic())
            for campaign in wanting[:_ROUND]:
                if not await self._claim_safely(sender.name, campaign):
                    self._look_s[campaign.campaign_id] = time.monotonic() + _IDLE_S
            if not wanting:
                await within(self._short, _IDLE_S)

    async def _claim_safely(self, sender: str, campaign: Running) -> bool:
        try:
            found = await self._claim(sender, campaign)
            self._dry_s.pop(campaign.campaign_id, None)
            return found
        except Exception:
            log.exception("claim_failed", campaign=campaign.campaign_id)
            return False

    async def _claim(self, sender: str, campaign: Running) -> bool:
        """One claim of the campaign, rendered; False: there is nothing to claim."""
        now, left, key = time.monotonic(), self._left_over, campaign.campaign_id
        limit, without = _CLAIM if left.retries(key, now=now) else 0, left.chunks(key, now=now)
        claim = await store.current().claim(sender, key, now_ms=now_ms(), limit=limit, without=without)
        if claim is None:
            return False
        held, found = Held(claim, sender), True
        try:
            rows = await store.current().pending(claim)
            ours = left.ours(claim, rows, now=now)
            found = bool(ours) or not rows
            await self._prepare(campaign, held, ours)
        finally:
            if held.spent:
                self._spent(held)
        return found

    async def _prepare(self, campaign: Running, held: Held, rows: Sequence[ToSend]) -> None:
        try:
            render = renderer(compile_template(campaign.text), campaign.blanks)
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
        lane_of, encoders, campaign_id = self._routing.lane, self._routing.encoders, campaign.campaign_id
        sender_id, closes, reaches, made = campaign.sender_id, campaign.closes, campaign.reach, 0
        for row in rows:
            message_id, msisdn, tries, throttled, _ = row
            if not reaches(msisdn):
                unsendable.setdefault(NOT_ENABLED, []).append(message_id)
                continue
            try:
                text = render(row)
                route = lane_of(msisdn)
                outgoing = encoders[route].outgoing(
                    text, message_id=message_id, msisdn=msisdn, sender_id=sender_id, valid_until=closes
                )
            except DomainError as error:
                unsendable.setdefault(type(error).key[-32:], []).append(message_id)
                continue
            except Exception:  # a fault of ours with one row must not hold up the others
                log.exception("render_failed", campaign=campaign.campaign_id, message=message_id)
                unsendable.setdefault(UNRENDERED, []).append(message_id)
                continue
            queues = self._queues[route]
            queue = queues.get(campaign_id)
            if queue is None:
                queue = queues[campaign_id] = deque()
            queue.append(Ready(held, outgoing, message_id, len(outgoing.parts), tries, throttled, route))
            made += 1
        held.ready += made
        self._count += made
