"""What may hold a campaign up, gathered from the rows for ``domain.rules.standstill``. Reads only."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from domain import store
from domain.models import Campaign, CampaignMode, Person, Retry, Sender
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.schedule import closure, period
from domain.rules.standstill import Facts, LinkFact
from domain.usecases import pulse
from domain.usecases.audience import held_count
from domain.usecases.hours import hours_of
from domain.usecases.quotas import Today, today
from domain.usecases.remembered import Remembered

CLOCK_LIMIT_S: Final = 30.0  #: a sender whose clock is off by more does not send
_ASKED: Final = frozenset(
    {CampaignState.SCHEDULED, CampaignState.STARTING, CampaignState.RUNNING, CampaignState.PAUSED}
)
_last: Final = Remembered[int | None]()


async def facts_of(campaign: Campaign, counts: Mapping[MessageState, int], *, now: datetime) -> Facts:
    """
    The facts at ``now``; whether it moves is for the caller to know, who saw it before.

    Args:
        campaign: With its account.
        counts: Its messages by state.
    """
    hours = hours_of(campaign, campaign.account, now=now)
    asked, running = campaign.state in _ASKED, campaign.state is CampaignState.RUNNING
    next_period = period(now, hours) if asked else None
    person = await Person.get_or_none(id=campaign.state_by) if asked and campaign.state_by is not None else None
    senders = await _senders(now) if asked else []
    retries = Retry.filter(campaign_id=campaign.id)
    used = await today(campaign, now) if running else None
    first_retry = await retries.order_by("next_ms").first() if running else None
    ahead = await _ahead(campaign) if running else ""
    retrying = await retries.count() if first_retry else 0
    pending = counts.get(MessageState.PENDING, 0)
    waiting = counts.get(MessageState.SUBMITTED, 0)
    waits = bool((used and used.reached) or ahead or (pending <= retrying and (retrying or waiting)))
    return Facts(
        now=now,
        state=campaign.state,
        state_at=campaign.state_at,
        begun=campaign.started_at is not None,
        permanent=campaign.mode is CampaignMode.PERMANENT,
        stopped_by=person.name if person else None,
        reason=campaign.state_reason,
        detail=campaign.state_detail or {},
        launch_at=campaign.launch_at,
        start_at=campaign.start_at,
        closure=closure(now, hours) if asked else None,
        opens=next_period.opens if next_period else None,
        skews_s=[sender.skew_ms / 1000 for sender in senders],
        right_s=CLOCK_LIMIT_S,
        last_sender_at=None if senders or not asked else await pulse.last(),
        links=[link for sender in senders for link in _links(sender)],
        total=sum(counts.values()),
        pending=pending,
        retrying=retrying,
        retry_at=_moment(first_retry.next_ms) if first_retry else None,
        waiting=waiting,
        blocked=counts.get(MessageState.BLOCKED, 0),
        held=await _held(campaign, counts, now=now),
        limit=used.reached.value if used and used.reached else "",
        limit_until=used.until if used else None,
        last_at=await _last_at(campaign, used) if used and waits else None,
        ahead=ahead,
        pace=campaign.tps or 0.0,
    )


async def _last_at(campaign: Campaign, used: Today) -> datetime | None:
    """Looked for, in all of its messages, only where some were submitted since."""
    ground = (used.quota.submitted, used.until)
    last_ms = await _last.get(campaign.id, lambda: store.current().last_submit(campaign.id), stands_on=ground)
    return None if last_ms is None else _moment(last_ms)


async def _held(campaign: Campaign, counts: Mapping[MessageState, int], *, now: datetime) -> int:
    """Looked up only where nothing is left to send: it reads the whole audience."""
    open_ones = counts.get(MessageState.PENDING, 0) + counts.get(MessageState.SUBMITTED, 0)
    ran = campaign.state in {CampaignState.RUNNING, CampaignState.COMPLETED}
    return await held_count(campaign, now=now) if ran and not open_ones else 0


async def _senders(now: datetime) -> Sequence[Sender]:
    return await Sender.filter(lease_ms__gte=int(now.timestamp() * 1000)).order_by("started_ms")


def _links(sender: Sender) -> list[LinkFact]:
    return [
        LinkFact(
            bound=link.get("state") == "bound",
            since=_moment(_number(link.get("since_ms"))),
            reason=str(link.get("reason") or ""),
            throttled_since=_moment(at) if (at := _number(link.get("throttled_ms"))) else None,
            final=link.get("final") is True,
            word=str(link.get("word") or ""),
        )
        for link in sender.links
    ]


async def _ahead(campaign: Campaign) -> str:
    """A running campaign of the account that goes first and has something to send; empty: there is none."""
    others = Campaign.filter(
        account_id=campaign.account.id, state=CampaignState.RUNNING, priority__gt=campaign.priority
    )
    for other in await others.order_by("-priority", "id"):
        if await store.current().undone(other.id):
            return other.name
    return ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
