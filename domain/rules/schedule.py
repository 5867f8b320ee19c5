"""
When a campaign may send: weekly periods in an account's zone, and the moments that people write. Pure: ``now`` is an
argument, aware; every answer is UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from domain.rules.local_time import wall
from domain.rules.when import BadWhen, WhenInPast, parse_when

__all__ = ["BadWhen", "Weekly", "WhenInPast", "next_open", "parse_when", "wall"]

_DAYS_AHEAD = 16  # two weeks: a weekly period may lie in a jump of the clocks


@dataclass(frozen=True, slots=True)
class Weekly:
    """
    Hours of sending, by the clocks of a zone.

    Attributes:
        days: On which a period begins, 0 = Monday.
        begins: The first moment of the period.
        ends: The first moment after it; at or before ``begins`` it is the next day's. None: until midnight.
    """

    days: frozenset[int]
    begins: time
    ends: time | None

    def __post_init__(self) -> None:
        if not self.days <= frozenset(range(7)):
            raise ValueError("days are 0 to 6")


def next_open(now: datetime, schedule: Weekly, zone: tzinfo) -> tuple[bool, datetime | None]:
    """
    Whether ``schedule`` is open at ``now``, and when that changes next.

    A period begins when clocks first show ``begins`` and ends when they first show ``ends``; what clocks jump over is
    the moment of the jump, so a period that lies in the jump is not held. Periods that touch are one.

    Returns:
        The change in UTC; None: it never changes.
    """
    end: datetime | None = None
    for begins, ends in _periods(now, schedule, zone):
        if end is not None and begins > end:
            return True, end
        if end is None and begins > now:
            return False, begins
        if ends > now:
            end = ends if end is None else max(end, ends)
    always = len(schedule.days) == 7
    return end is not None, None if always else end


def _periods(now: datetime, schedule: Weekly, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Those around ``now``, in order, none empty."""
    today = now.astimezone(zone).date()
    ends = schedule.ends or time(0)
    following = timedelta(days=1 if ends <= schedule.begins else 0)
    for ahead in range(-2, _DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if day.weekday() in schedule.days:
            period = wall(day, schedule.begins, zone), wall(day + following, ends, zone)
            if period[0] < period[1]:
                yield period
