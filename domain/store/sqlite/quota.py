"""The limits of a day on SQLite: read and counted in the transaction that marks. The rule is ``domain.rules.quota``."""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from domain.rules.quota import Quota, day_of, micros

#: A campaign's closing hour has not come. Datetimes are text here: compared as moments, not as text.
OPEN: Final = "(k.open_until is null or julianday(k.open_until) > julianday(:now / 1000.0, 'unixepoch'))"
#: What ``Terms`` takes, of ``campaign k`` and ``account a``.
TERMS: Final = "k.account_id, k.daily_cap, a.budget_day, coalesce(k.segment_price, a.segment_price), a.time_zone"
_TERMS_OF: Final = f"select {TERMS} from campaign k join account a on a.id = k.account_id where k.id = ?"
_USED: Final = """
select coalesce(sum(messages) filter (where campaign_id = ?), 0), coalesce(sum(micros), 0),
    coalesce(max(short_micros), 0)
from day_use where account_id = ? and begins_ms = ?
"""
_COUNT: Final = """
insert into day_use (account_id, campaign_id, begins_ms, sender, messages, micros, short_micros)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (campaign_id, begins_ms, sender) do update set messages = messages + excluded.messages,
    micros = micros + excluded.micros, short_micros = max(short_micros, excluded.short_micros)
"""


class Terms(NamedTuple):
    """On which terms a campaign's messages go, as its row and its account's say."""

    account_id: int
    daily_cap: int | None
    budget_day: str | None
    segment_price: str | None
    time_zone: str

    def quota(self, db: sqlite3.Connection, campaign_id: int, now_ms: int) -> Quota:
        """The limits as they stand; the sums are read only where there is a limit."""
        price = micros(self.segment_price)
        if self.daily_cap is None and self.budget_day is None:
            return Quota(price=price)
        begins_ms, _ = day_of(now_ms, self.time_zone)
        submitted, spent, short = db.execute(_USED, (campaign_id, self.account_id, begins_ms)).fetchone()
        budget = None if self.budget_day is None else micros(self.budget_day)
        return Quota(self.daily_cap, submitted, budget, spent, price, short)

    def add(self, db: sqlite3.Connection, campaign_id: int, sender: str, use: "Use") -> None:
        """Add to what was used in the day of ``use.at_ms``."""
        begins_ms, _ = day_of(use.at_ms, self.time_zone)
        cost = use.segments * micros(self.segment_price)
        db.execute(_COUNT, (self.account_id, campaign_id, begins_ms, sender, use.messages, cost, use.short))


class Use(NamedTuple):
    """Messages and segments that went out at ``at_ms``, or below 0 did not; ``short``: as in ``Quota``."""

    at_ms: int
    messages: int
    segments: int
    short: int = 0


def give_back(db: sqlite3.Connection, returned: Mapping[tuple[int, int], list[int]]) -> None:
    """Messages and segments that were counted and did not go out, by campaign and when they were counted."""
    for (campaign_id, at_ms), (messages, segments) in returned.items():
        row: tuple[Any, ...] | None = db.execute(_TERMS_OF, (campaign_id,)).fetchone()
        if row is not None:
            Terms._make(row).add(db, campaign_id, "", Use(at_ms, -messages, -segments))
