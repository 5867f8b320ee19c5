"""
Messages whose fate nobody knows: written to the wire, and no response came. What may settle them: a receipt without a
known id, or a person's word. Never sent again by the program.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from tortoise.expressions import Q

from domain import store
from domain.errors import DomainError
from domain.models import Campaign, DecisionKind, DoubtDecision, Person
from domain.rules import campaign_state, orphan
from domain.rules.campaign_state import CampaignEvent, CampaignState
from domain.rules.message_state import IN_DOUBT, MessageEvent
from domain.rules.schedule import period
from domain.rules.statistics import Statistics
from domain.usecases import campaigns, results
from domain.usecases.hours import hours_of
from domain.usecases.results import Detail, Report

log = structlog.get_logger()

_PAGE: Final = 500  # receipts of the inbox in one look
_LISTED: Final = 200  # the newest campaigns; older doubts are history
_ATTEMPTS: Final = 3
_EVENTS: Final = {DecisionKind.SENT: MessageEvent.TAKEN_AS_SENT, DecisionKind.RESEND: MessageEvent.RESEND}


class NothingInDoubt(DomainError):
    """A receipt, or somebody else, settled the last of them meanwhile."""

    key = "error.nothing_in_doubt"


class CampaignCancelled(DomainError):
    """Nothing goes again in a campaign that a person ended."""

    key = "error.doubt_cancelled"


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A campaign with messages in doubt."""

    campaign_id: int
    name: str
    messages: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of ``messages`` of them, and when (aware UTC)."""

    kind: DecisionKind
    messages: int
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    The doubts of a campaign.

    Attributes:
        report: Its figures, with the cost if none of them arrived and if all did.
        bound: Messages that one lost connection can put in doubt at the most: the windows of all links; None: no
            sender runs that could tell.
        decisions: Of people, the newest first.
        may_resend: Its state allows that messages go again.
    """

    report: Report
    bound: int | None
    decisions: tuple[Decision, ...]
    may_resend: bool

    @property
    def messages(self) -> int:
        """How many are in doubt."""
        return self.report.statistics.in_doubt


async def campaigns_in_doubt(account_id: int) -> Sequence[Doubtful]:
    """The account's campaigns with messages in doubt, the newest first; of the newest ``_LISTED`` that were started."""
    query = Campaign.filter(account_id=account_id, started_at__not_isnull=True).order_by("-id").limit(_LISTED)
    found = []
    for campaign in await query.only("id", "name", "results", "state", "started_at"):
        # Once frozen, doubts only become fewer; so where there was none there is none.
        if campaign.results is None or any(campaign.results.get(state.value) for state in IN_DOUBT):
            in_doubt = Statistics(await store.current().counts(campaign.id)).in_doubt
            if in_doubt:
                found.append(Doubtful(campaign.id, campaign.name, in_doubt))
    return found


async def ledger(account_id: int, campaign_id: int, *, now: datetime) -> Ledger:
    """
    The doubts of one campaign.

    Raises:
        NotFound: It is gone, or another account's.
    """
    report = await results.report(account_id, campaign_id)
    links = await store.current().links(_epoch_ms(now))
    rows = await DoubtDecision.filter(campaign_id=campaign_id).order_by("-id").limit(5)
    people = {person.id: person.name for person in await Person.filter(id__in=[row.person_id for row in rows])}
    return Ledger(
        report=report,
        bound=sum(int(str(link.get("window", 0))) for link in links) or None,
        decisions=tuple(Decision(row.kind, row.messages, people.get(row.person_id, ""), row.at) for row in rows),
        may_resend=report.campaign.state is not CampaignState.CANCELLED,
    )


def details(account_id: int, campaign_id: int) -> AsyncIterator[Sequence[Detail]]:
    """Every message of the campaign that is in doubt, in pages."""
    return results.details(account_id, campaign_id, states=IN_DOUBT)


async def take_as_sent(account_id: int, campaign_id: int, *, by: int, now: datetime) -> int:
    """
    *Dar por enviados*: they are accepted, and billed. A receipt that comes later still counts.

    Returns:
        How many there were.

    Raises:
        NotFound: It is gone, or another account's.
        NothingInDoubt: There was none any more.
    """
    await campaigns.get(account_id, campaign_id)
    return await _decide(campaign_id, DecisionKind.SENT, by=by, now=now)


async def resend(account_id: int, campaign_id: int, *, by: int, now: datetime) -> int:
    """
    *Reenviar*: they go again, though some may arrive twice. A campaign that was completed runs again for them.

    Returns:
        How many there were.

    Raises:
        NotFound: It is gone, or another account's.
        CampaignCancelled: A person ended the campaign.
        HoursOver: No hour of the campaign is to come.
        NothingInDoubt: There was none any more.
    """
    for _ in range(_ATTEMPTS):
        campaign = await campaigns.get(account_id, campaign_id)
        if campaign.state is CampaignState.CANCELLED:
            raise CampaignCancelled
        if campaign.state in campaign_state.sources(CampaignEvent.RESEND):
            if period(now, hours_of(campaign, campaign.account, now=now)) is None:
                raise campaigns.HoursOver  # it would only expire
            # Before its messages: the other way round a crash between would leave them in a campaign that is over.
            reopened: dict[str, object] = {"ended_at": None, "results": None}
            await campaigns.move(
                campaign_id, CampaignEvent.RESEND, now=now, by=by, account_id=account_id, columns=reopened
            )
        with contextlib.suppress(NothingInDoubt):
            return await _decide(campaign_id, DecisionKind.RESEND, by=by, now=now)
        # None is left, or it ran out and completed again before they were in it.
    raise NothingInDoubt


async def _decide(campaign_id: int, kind: DecisionKind, *, by: int, now: datetime) -> int:
    """The decision is written before it is carried out, so that no message is moved by nobody."""
    decision = await DoubtDecision.create(campaign_id=campaign_id, person_id=by, kind=kind, messages=0, at=now)
    moved = await store.current().settle_doubt(
        campaign_id, _EVENTS[kind], decision_id=decision.id, now_ms=_epoch_ms(now)
    )
    if not moved:
        await decision.delete()
        raise NothingInDoubt
    await DoubtDecision.filter(id=decision.id).update(messages=moved)
    log.info("doubt_decided", campaign=campaign_id, kind=kind.value, messages=moved, by=by)
    return moved


# What the sender does.


async def adopt_orphans(*, after: int, now: datetime) -> tuple[int, Mapping[MessageEvent, int]]:
    """
    Look through the inbox from above row ``after`` for receipts that can mean only one message whose id never reached
    us.

    Returns:
        The last row that was looked at, and what became of their messages.
    """
    since = now - timedelta(milliseconds=orphan.KEPT_MS)
    recent = Campaign.filter(Q(ended_at=None) | Q(ended_at__gte=since)).exclude(state=CampaignState.DRAFT)
    applied: Counter[MessageEvent] = Counter()
    senders: dict[int, str] = dict(await recent.values_list("id", "sender_id"))
    while True:
        page = await store.current().adopt_orphans(senders, after=after, limit=_PAGE)
        if page is None:
            break
        after = page.last_id
        applied.update(page.applied)
    if applied:
        log.info("orphans_adopted", receipts=sum(applied.values()))
    return after, applied


async def drop_old_receipts(now: datetime) -> int:
    """Receipts that nobody has claimed for days belong to another system of the same SMSC account."""
    dropped = await store.current().drop_receipts(_epoch_ms(now) - orphan.KEPT_MS)
    if dropped:
        log.info("receipts_dropped", receipts=dropped)
    return dropped


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
