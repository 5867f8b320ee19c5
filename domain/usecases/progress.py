"""Where a campaign stands, gathered for its card. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.models import Campaign, ContactGroup
from domain.rules.campaign_state import FINISHED
from domain.rules.message_state import MessageState
from domain.rules.price import Bracket
from domain.rules.standstill import Facts
from domain.usecases import campaigns, refusals
from domain.usecases.audience import held_count, reached_count
from domain.usecases.billing import NOTHING, bill
from domain.usecases.course import Course, course_of
from domain.usecases.refusals import Refusal
from domain.usecases.rehearsal import said_of
from domain.usecases.standing import facts_of


@dataclass(frozen=True, slots=True)
class Progress:
    """
    Where a campaign stands at a moment.

    Attributes:
        groups: Titles.
        counts: Messages by state.
        course: What it has before it.
        facts: What may hold it up.
        cost: Of what was submitted so far; None: there is no price, or nothing was submitted.
        held: Contacts held back, being blank in a token, as they stand now; 0 once it has ended.
        refusal: Why the operator refuses much of it; None: it does not.
        audience: Who would get it as things stand, before it begins; None: it has.
    """

    campaign: Campaign
    groups: tuple[str, ...]
    counts: Mapping[MessageState, int]
    course: Course
    facts: Facts
    cost: Bracket | None = None
    held: int = 0
    refusal: Refusal | None = None
    audience: int | None = None


async def of(account_id: int, campaign_id: int, *, now: datetime) -> Progress:
    """
    What the campaign's card shows.

    Raises:
        NotFound: It is gone, or another account's.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    titles = await ContactGroup.filter(campaigns__id=campaign_id).order_by("title").values_list("title", flat=True)
    by_state = await campaigns.counts(campaign)
    billed = await bill(campaign, by_state) if by_state and campaign.segment_price is not None else NOTHING
    begun = campaign.started_at or campaign.state in FINISHED
    return Progress(
        campaign=campaign,
        groups=tuple(str(title) for title in titles),
        counts=by_state,
        course=await _course(campaign, now),
        facts=await facts_of(campaign, by_state, now=now),
        cost=billed.cost if billed.billed or billed.doubtful else None,
        held=0 if campaign.state in FINISHED else await held_count(campaign, now=now),
        refusal=await refusals.most_frequent(campaign, by_state),
        audience=None if begun else await reached_count(campaign, now=now),
    )


async def _course(campaign: Campaign, now: datetime) -> Course:
    """What a message takes is known from its launch; else one segment is taken for it."""
    said = said_of(campaign)
    messages = said.statistics.sent if said else 0
    return await course_of(
        campaign,
        campaign.account,
        messages=messages,
        segments=said.low if said else 0,
        cost=said.cost.low if said and said.cost else None,
        now=now,
    )
