"""
What a refusal means beyond its message: for the campaign whose sender ID is not accepted, for the route, for all.
Pure bookkeeping; whoever asks it acts.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from sender.smpp import Consequence

SENDER_REFUSED: Final = "campaigns.sender_refused"  #: text keys: why a campaign stopped by itself
ACCOUNT_REFUSED: Final = "campaigns.account_refused"
_IN_A_ROW: Final = 3  # messages with a refused sender ID, and nothing of the campaign accepted between them
REST_S: Final = 60.0  #: a route that refuses everything is tried again after so long


class Consequences:
    """One a sender."""

    def __init__(self) -> None:
        self._refusals: dict[int, set[int]] = defaultdict(set)  # messages whose sender ID was refused, by campaign
        self._rests: dict[str, float] = {}  # routes, and until when (monotonic seconds)
        self.sender_refused: set[int] = set()  # campaigns to be stopped
        self.everything_refused = False  # so are all that run

    @property
    def suspicious(self) -> bool:
        """Some campaign has refusals to its name, which an acceptance would clear."""
        return bool(self._refusals)

    def refused(self, consequence: Consequence, *, route: str, campaign_id: int, message_id: int, now: float) -> None:
        """A submit, of a message or of one of its parts, was refused for good, or because of the route."""
        match consequence:
            case Consequence.SENDER:
                self._refusals[campaign_id].add(message_id)
                if len(self._refusals[campaign_id]) >= _IN_A_ROW:
                    del self._refusals[campaign_id]
                    self.sender_refused.add(campaign_id)
            case Consequence.ROUTE:
                self._rests[route] = now + REST_S
            case Consequence.EVERYTHING:
                self._rests[route] = now + REST_S
                self.everything_refused = True
            case _:
                pass

    def accepted(self, campaign_ids: Iterable[int]) -> None:
        """Messages of these campaigns were accepted."""
        for campaign_id in campaign_ids:
            self._refusals.pop(campaign_id, None)

    def rests(self, route: str, *, now: float) -> bool:
        """Whether the route refuses everything, and is left alone for a while."""
        return self._rests.get(route, 0.0) > now
