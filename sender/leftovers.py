"""
What this sender leaves to others, because it goes over a route of which they hold all binds. It stays pending in the
database; here is only remembered what need not be claimed again for it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from domain.store import Claim, ToSend
from sender.routing import Routing

_PAUSE_S: Final = 1.0  # before retries are claimed again of which some were for others
_FORGET_S: Final = 30.0  # before chunks are looked at again: something of them may have gone back


class Leftovers:
    """
    Args:
        routing: Over which route a message goes now, and which routes are closed.
    """

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._closed = routing.closed
        self._since_s = 0.0
        self._chunks: dict[int, set[int]] = defaultdict(set)  # by campaign
        self._retries_s: dict[int, float] = {}  # of campaigns; they are others' until then

    def chunks(self, campaign_id: int, *, now: float) -> Collection[int]:
        """Chunks of the campaign in which nothing is left for this sender, as far as it knows."""
        if self._closed != self._routing.closed or now - self._since_s >= _FORGET_S:
            self._closed, self._since_s = self._routing.closed, now
            self.forget()
        return self._chunks[campaign_id]

    def retries(self, campaign_id: int, *, now: float) -> bool:
        """Whether retries of the campaign may be claimed at ``now`` (monotonic seconds)."""
        return self._retries_s.get(campaign_id, 0.0) <= now

    def ours(self, claim: Claim, rows: Sequence[ToSend], *, now: float) -> Sequence[ToSend]:
        """The rows of a claim that this sender has a bind for."""
        closed, lane = self._routing.closed, self._routing.lane
        if not closed:
            return rows
        ours = [row for row in rows if lane(row.msisdn) not in closed]
        if len(ours) < len(rows):
            if claim.chunk_id is not None:
                self._chunks[claim.campaign_id].add(claim.chunk_id)
            else:
                self._retries_s[claim.campaign_id] = now + _PAUSE_S
        return ours

    def forget(self) -> None:
        """Messages went back, or go over other routes now: look at everything again."""
        self._chunks.clear()
        self._retries_s.clear()
