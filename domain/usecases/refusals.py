"""Why the operator refuses a campaign: the reason that it gives most often. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tortoise.functions import Count

from domain.models import Campaign, Message
from domain.rules.message_state import MessageState
from domain.rules.statistics import Statistics

_REFUSED: Final = (MessageState.FAILED, MessageState.REJECTED)
_WORTH_A_WORD: Final = 0.2  # of all that is settled; some wrong numbers are in every list


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason that came most often: in a response or a receipt, as it is kept, and how many messages got it."""

    state: MessageState
    error: str
    messages: int


async def most_frequent(campaign: Campaign, counts: Mapping[MessageState, int]) -> Refusal | None:
    """
    None where little is refused, or nobody said why.

    Args:
        counts: Its messages by state.
    """
    figures = Statistics(counts)
    if figures.of(*_REFUSED) <= _WORTH_A_WORD * figures.processed:
        return None
    found = await (
        Message.filter(campaign_id=campaign.id, state__in=list(_REFUSED), error__not_isnull=True)
        .annotate(number=Count("id"))
        .group_by("state", "error")
        .order_by("-number")
        .first()
        .values("state", "error", "number")
    )
    return Refusal(MessageState(found["state"]), found["error"], found["number"]) if found else None
