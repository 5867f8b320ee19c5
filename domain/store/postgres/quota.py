"""The limits of a day on PostgreSQL: under a lock on the account's row. The rule is ``domain.rules.quota``."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from domain.rules.quota import Quota, day_of, micros
from domain.store.interface import Submission

_TERMS: Final = """
select k.account_id, k.daily_cap, a.budget_day, coalesce(k.segment_price, a.segment_price) as price, a.time_zone
from campaign k join account a on a.id = k.account_id where k.id = $1
"""
_USED: Final = """
select coalesce(sum(messages) filter (where campaign_id = $1), 0)::bigint, coalesce(sum(micros), 0)::bigint,
    coalesce(max(short_micros), 0)
from day_use where account_id = $2 and begins_ms = $3
"""
_ADD: Final = """
insert into day_use (account_id, campaign_id, begins_ms, sender, messages, micros, short_micros)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (campaign_id, begins_ms, sender) do update set messages = day_use.messages + excluded.messages,
    micros = day_use.micros + excluded.micros, short_micros = greatest(day_use.short_micros, excluded.short_micros)
"""


class Terms(NamedTuple):
    """On which terms a campaign's messages go, as its row and its account's say."""

    account_id: int
    daily_cap: int | None
    budget_day: Decimal | None
    segment_price: Decimal | None
    time_zone: str

    @property
    def limited(self) -> bool:
        """Whether sums must be looked at."""
        return self.daily_cap is not None or self.budget_day is not None

    async def quota(self, db: Any, campaign_id: int, now_ms: int) -> Quota:
        """The limits as they stand."""
        price = micros(self.segment_price)
        if not self.limited:
            return Quota(price=price)
        begins_ms, _ = day_of(now_ms, self.time_zone)
        submitted, spent, short = await db.fetchrow(_USED, campaign_id, self.account_id, begins_ms)
        budget = None if self.budget_day is None else micros(self.budget_day)
        return Quota(self.daily_cap, submitted, budget, spent, price, short)


async def terms_of(db: Any, campaign_id: int, *, locked: bool = False) -> Terms | None:
    """
    The campaign's terms; None: it is gone.

    Args:
        locked: Hold the account's row until the transaction ends: of all who submit for it, one goes at a time.
    """
    row = await db.fetchrow(_TERMS + (" for no key update of a" if locked else ""), campaign_id)
    return Terms._make(row) if row is not None else None


async def within_limits(
    db: Any, terms: Terms, campaign_id: int, batch: Sequence[Submission], *, sender: str, now_ms: int
) -> Sequence[Submission]:
    """The front of the batch for which the day's limits leave room. The account's row is locked."""
    quota = await terms.quota(db, campaign_id, now_ms)
    if not quota.limited:
        return batch
    count, short = quota.admit([submission.segments for submission in batch])
    if short:
        begins_ms, _ = day_of(now_ms, terms.time_zone)
        await db.execute(_ADD, terms.account_id, campaign_id, begins_ms, sender, 0, 0, short)
    return batch[:count]


async def give_back(db: Any, returned: Mapping[tuple[int, int], list[int]]) -> None:
    """Messages and segments that were counted and did not go out, by campaign and when they were counted."""
    sums: dict[tuple[int, int], list[int]] = {}
    terms: dict[int, Terms | None] = {}
    for (campaign_id, at_ms), (messages, segments) in returned.items():
        if campaign_id not in terms:
            terms[campaign_id] = await terms_of(db, campaign_id)
        found = terms[campaign_id]
        if found is not None:
            total = sums.setdefault((campaign_id, day_of(at_ms, found.time_zone)[0]), [found.account_id, 0, 0])
            total[1] -= messages
            total[2] -= segments * micros(found.segment_price)
    # In order, so that two senders never wait for each other in a circle.
    for (campaign_id, begins_ms), (account_id, messages, cost) in sorted(sums.items()):
        await db.execute(_ADD, account_id, campaign_id, begins_ms, "", messages, cost, 0)
