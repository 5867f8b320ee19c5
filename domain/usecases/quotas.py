"""How a campaign stands against the limits of the day: its own messages, and what its account may spend. Reads only."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tortoise.functions import Max, Sum

from domain.models import Account, Campaign, DayUse
from domain.rules.quota import Limit, Quota, day_of, micros


@dataclass(frozen=True, slots=True)
class Today:
    """
    The limits of the account's calendar day.

    Attributes:
        until: When they begin anew: the next local midnight.
        reached: The limit for which nothing more goes until then; None: it goes on.
    """

    quota: Quota
    until: datetime
    reached: Limit | None


async def today(campaign: Campaign, now: datetime) -> Today:
    """How the campaign stands at ``now``, by the same sums that hold its messages back."""
    account = await Account.get(campaigns__id=campaign.id)
    begins_ms, ends_ms = day_of(int(now.timestamp() * 1_000), account.time_zone)
    uses = DayUse.filter(account_id=account.id, begins_ms=begins_ms)
    rows = (
        await uses.annotate(n=Sum("messages"), cost=Sum("micros"), missing=Max("short_micros"))
        .group_by("campaign_id")
        .values("campaign_id", "n", "cost", "missing")
    )
    price = account.segment_price if campaign.segment_price is None else campaign.segment_price
    quota = Quota(
        cap=campaign.daily_cap,
        submitted=sum(int(row["n"]) for row in rows if row["campaign_id"] == campaign.id),
        budget=None if account.budget_day is None else micros(account.budget_day),
        spent=sum(int(row["cost"]) for row in rows),
        price=micros(price),
        short=max((int(row["missing"]) for row in rows), default=0),
    )
    return Today(quota, datetime.fromtimestamp(ends_ms / 1_000, UTC), quota.reached)
