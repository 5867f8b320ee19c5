"""
What may still be submitted in a day: a campaign's messages, and what an account spends. Pure; amounts of money are
whole millionths of the currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from domain.rules.local_time import wall

MICROS: Final = 1_000_000  #: in one of the currency; prices have six decimals
_HAIR: Final = 1e-6  # of a message: what a quotient may be short of a whole number
_QUARTER_MS: Final = 900_000  # zones differ by whole quarters of an hour: no day begins within one


class Limit(StrEnum):
    """Which limit of the day is reached."""

    CAP = "cap"  #: the campaign's messages
    BUDGET = "budget"  #: the account's money


@dataclass(frozen=True, slots=True)
class Quota:
    """
    The limits that hold for a campaign today, and what is used of them.

    Attributes:
        cap: Messages of the campaign; None: no limit.
        submitted: Of them, so far.
        budget: Millionths that the account may spend; None: no limit.
        spent: Of them, so far.
        price: Of a segment, in millionths; 0: there is none, and so no budget can be kept.
        short: What the last message cost for which there was not enough left.
    """

    cap: int | None = None
    submitted: int = 0
    budget: int | None = None
    spent: int = 0
    price: int = 0
    short: int = 0

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self.cap is not None or (self.budget is not None and self.price > 0)

    @property
    def reached(self) -> Limit | None:
        """The limit for which nothing more goes today."""
        if self.cap is not None and self.submitted >= self.cap:
            return Limit.CAP
        if self.budget is not None and self.price and self.spent + max(self.price, self.short) > self.budget:
            return Limit.BUDGET
        return None

    def in_messages(self, each: float) -> tuple[int, int] | None:
        """
        How many messages go in a day, and how many of those are used up today, where each costs so many millionths;
        None: there is no limit.
        """
        limits = [] if self.cap is None else [(self.cap, self.cap - self.submitted)]
        if self.budget is not None and self.price and each > 0:
            most, left = (int(amount / each + _HAIR) for amount in (self.budget, self.budget - self.spent))
            limits.append((most, left))
        if not limits:
            return None
        a_day = min(most for most, _ in limits)
        left = 0 if self.reached else max(0, min(left for _, left in limits))
        return a_day, a_day - min(a_day, left)

    def admit(self, segments: Sequence[int]) -> tuple[int, int]:
        """
        How many messages of so many segments each, in this order, still go; and what the next one would cost, if it is
        the budget that it is too much for (else 0).
        """
        count = len(segments) if self.cap is None else max(0, min(len(segments), self.cap - self.submitted))
        if self.budget is None or not self.price:
            return count, 0
        left = self.budget - self.spent
        for number, parts in enumerate(segments[:count]):
            cost = parts * self.price
            if cost > left:
                return number, cost
            left -= cost
        return count, 0


def micros(amount: Decimal | str | None) -> int:
    """Whole millionths of an amount; None is 0."""
    return int(Decimal(amount) * MICROS) if amount is not None else 0


def day_of(now_ms: int, zone: str) -> tuple[int, int]:
    """
    The calendar day around ``now_ms`` by the clocks of a zone: its first moment and the first after it, epoch
    milliseconds.

    Raises:
        ZoneInfoNotFoundError: There is no such zone.
    """
    return _day(now_ms // _QUARTER_MS, zone)


@lru_cache(maxsize=256)
def _day(quarter: int, zone: str) -> tuple[int, int]:
    clocks = ZoneInfo(zone)
    moment = datetime.fromtimestamp(quarter * _QUARTER_MS / 1_000, UTC)
    today = moment.astimezone(clocks).date()
    begins, ends = (wall(today + timedelta(days=days), time(0), clocks) for days in (0, 1))
    return int(begins.timestamp() * 1_000), int(ends.timestamp() * 1_000)
