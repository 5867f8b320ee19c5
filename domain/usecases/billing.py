"""What a campaign costs so far: the one reckoning behind its card and its results. Reads only."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tortoise.expressions import Subquery
from tortoise.functions import Count, Sum
from tortoise.queryset import QuerySet

from domain import store
from domain.models import Campaign, Message
from domain.rules.message_state import IN_DOUBT, MessageState
from domain.rules.price import Bracket, Money, bracket
from domain.rules.statistics import BILLED, Statistics


@dataclass(frozen=True, slots=True)
class Bill:
    """
    What was submitted so far.

    Attributes:
        billed: Segments of what was sent, and those that the operator took of messages that failed.
        doubtful: Segments of what is in doubt, of messages that failed too: billed only if they arrived.
        cost: At the price that the account had when it started; None: there was none.
    """

    billed: int
    doubtful: int
    cost: Bracket | None


NOTHING: Final = Bill(0, 0, None)
_ByState = dict[MessageState, int]


async def bill(campaign: Campaign, counts: Mapping[MessageState, int]) -> Bill:
    """The bill as it stands. ``counts``: the campaign's messages by state."""
    return await _bill(campaign, counts, await store.current().submitted_segments(campaign.id))


async def bills(campaigns: QuerySet[Campaign]) -> list[Bill]:
    """Those of many small campaigns, the oldest first; the messages of all of them are read at once."""
    messages = Message.filter(campaign_id__in=Subquery(campaigns.values("id")))
    by_state = messages.annotate(number=Count("id"), size=Sum("segments")).group_by("campaign_id", "state")
    counts, submitted = defaultdict[int, _ByState](dict), defaultdict[int, _ByState](dict)
    for campaign_id, state, number, size in await by_state.values_list("campaign_id", "state", "number", "size"):
        counts[campaign_id][state], submitted[campaign_id][state] = number, int(size)
    return [await _bill(one, counts[one.id], submitted[one.id]) for one in await campaigns.order_by("id")]


async def _bill(campaign: Campaign, counts: Mapping[MessageState, int], submitted: Mapping[MessageState, int]) -> Bill:
    billed, doubtful = (sum(submitted.get(state, 0) for state in states) for states in (BILLED, IN_DOUBT))
    torn = (MessageState.FAILED, *IN_DOUBT)
    if sum(submitted.get(state, 0) for state in torn) > Statistics(counts).of(*torn):  # some of them have several parts
        certain, open_more = _parts(await store.current().part_states(campaign.id))
        billed, doubtful = billed + certain, doubtful + open_more
    price = price_of(campaign)
    return Bill(billed, doubtful, bracket(billed, doubtful, price=price) if price else None)


def price_of(campaign: Campaign) -> Money | None:
    """What a segment cost when it started."""
    if campaign.segment_price is None or campaign.currency is None:
        return None
    return Money(campaign.segment_price, campaign.currency)


def _parts(states: Mapping[tuple[MessageState, MessageState], int]) -> tuple[int, int]:
    """
    Of messages that failed or are in doubt: the parts that the operator took all the same, which are billed; and how
    many more are in doubt than those of the messages that are: of one in doubt some are not, of one that failed some.
    """
    billed = sum(number for (_, part), number in states.items() if part in BILLED)
    settled = sum(number for (of, part), number in states.items() if of in IN_DOUBT and part not in IN_DOUBT)
    still_open = sum(number for (of, part), number in states.items() if of not in IN_DOUBT and part in IN_DOUBT)
    return billed, still_open - settled
