"""
How a campaign will go on: its hours, the limits of its days and the pace that is to be expected, put together for
``domain.rules.plan``. Reads only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from domain import store
from domain.models import Account, Campaign
from domain.rules.plan import Plan, plan
from domain.rules.price import Money
from domain.rules.quota import MICROS, Quota
from domain.rules.schedule import Hours, periods
from domain.usecases.hours import hours_of
from domain.usecases.quotas import today

ASSUMED_RATE: Final = 100.0  #: messages a second where neither the campaign nor its route has a limit
_PERIODS: Final = 4_000  # looked at: ten years of them


@dataclass(frozen=True, slots=True)
class Course:
    """
    What a campaign has before it.

    Attributes:
        quota: The limits of the day, and what is used of them.
        each: What a message costs, in millionths; 0: there is no price.
        rate: Messages a second that are to be expected.
        rate_known: The campaign or its route has a pace; else ``ASSUMED_RATE`` was taken.
        receipts: The route asks for receipts.
    """

    hours: Hours
    quota: Quota = field(default_factory=Quota)
    each: float = 0.0
    rate: float = ASSUMED_RATE
    rate_known: bool = False
    receipts: bool = True

    def plan(self, count: int, *, start: datetime, rate: float | None = None) -> Plan:
        """When so many messages go, from ``start`` on; ``rate``: messages a second, where that is seen."""
        daily = self.quota.in_messages(self.each)
        return plan(
            count,
            start=start,
            periods=islice(periods(start, self.hours), _PERIODS),
            rate=rate or self.rate,
            daily_cap=None if daily is None else daily[0],
            used=0 if daily is None else daily[1],
            zone=self.hours.zone,
        )


async def course_of(
    campaign: Campaign, account: Account, *, messages: int, segments: int, cost: Money | None, now: datetime
) -> Course:
    """
    Of a draft too.

    Args:
        messages: As many as come to ``segments`` and to ``cost``.
    """
    tps, receipts = await _route(now)
    limits = [] if campaign.tps is None else [campaign.tps]
    if tps:
        limits.append(tps * messages / segments if segments else tps)
    return Course(
        hours=hours_of(campaign, account, now=now),
        quota=(await today(campaign, now)).quota,
        each=float(cost.amount) * MICROS / messages if cost is not None and messages else 0.0,
        rate=min(limits, default=ASSUMED_RATE),
        rate_known=bool(limits),
        receipts=receipts,
    )


async def _route(now: datetime) -> tuple[float, bool]:
    """What the running senders say of the route that dispatches: segments a second (0: no limit), and receipts."""
    for link in await store.current().links(int(now.timestamp() * 1_000)):
        if link.get("dispatches"):
            return float(str(link.get("tps") or 0)), bool(link.get("receipts", True))
    return 0.0, True
