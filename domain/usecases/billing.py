"""What a campaign costs so far: the one reckoning behind its card and its results. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain import store
from domain.models import Campaign
from domain.rules.message_state import IN_DOUBT, MessageState
from domain.rules.price import Bracket, Money, bracket
from domain.rules.statistics import BILLED, Statistics


@dataclass(frozen=True, slots=True)
class Bill:
    """
    What was submitted so far.

    Attributes:
        billed: Segments of what was sent, and those that the operator took of messages that failed.
        doubtful: Segments of what is in doubt: billed only if they arrived.
        cost: At the price that the account had when it started; None: there was none.
    """

    billed: int
    doubtful: int
    cost: Bracket | None


NOTHING: Final = Bill(0, 0, None)


async def bill(campaign: Campaign, counts: Mapping[MessageState, int]) -> Bill:
    """The bill as it stands. ``counts``: the campaign's messages by state."""
    submitted = await store.current().submitted_segments(campaign.id)
    billed, doubtful = (sum(submitted.get(state, 0) for state in states) for states in (BILLED, IN_DOUBT))
    torn = (MessageState.FAILED, *IN_DOUBT)
    if sum(submitted.get(state, 0) for state in torn) > Statistics(counts).of(*torn):  # some of them have several parts
        certain, settled = _parts(await store.current().part_states(campaign.id))
        billed, doubtful = billed + certain, doubtful - settled
    price = price_of(campaign)
    return Bill(billed, doubtful, bracket(billed, doubtful, price=price) if price else None)


def price_of(campaign: Campaign) -> Money | None:
    """What a segment cost when it started."""
    if campaign.segment_price is None or campaign.currency is None:
        return None
    return Money(campaign.segment_price, campaign.currency)


def _parts(states: Mapping[tuple[MessageState, MessageState], int]) -> tuple[int, int]:
    """
    Of messages that failed or are in doubt: the parts that the operator took all the same, which are billed, and those
    in doubt no longer.
    """
    billed = sum(number for (_, part), number in states.items() if part in BILLED)
    settled = sum(number for (of, part), number in states.items() if of in IN_DOUBT and part not in IN_DOUBT)
    return billed, settled
