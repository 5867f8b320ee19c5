"""Why the operator refuses a campaign: the reason that it gives most often. Reads only."""

from collections.abc import Mapping
from typing import Final

from domain import store
from domain.models import Campaign
from domain.rules.message_state import MessageState
from domain.rules.statistics import Statistics
from domain.store import Refusal
from domain.usecases.remembered import Remembered

__all__ = ["Refusal", "most_frequent"]

_REFUSED: Final = (MessageState.FAILED, MessageState.REJECTED)
_WORTH_A_WORD: Final = 0.2  # of all that is settled; some wrong numbers are in every list
_usual: Final = Remembered[Refusal | None]()


async def most_frequent(campaign: Campaign, counts: Mapping[MessageState, int]) -> Refusal | None:
    """
    None where little is refused, or nobody said why. Looked for once for each number of refused messages: they stay
    what they are, so that of as many the reasons are the same.

    Args:
        counts: Its messages by state.
    """
    figures = Statistics(counts)
    if figures.of(*_REFUSED) <= _WORTH_A_WORD * figures.processed:
        return None
    refused = tuple(figures.of(state) for state in _REFUSED)
    return await _usual.get(
        campaign.id, lambda: store.current().usual_refusal(campaign.id, _REFUSED), stands_on=refused
    )
