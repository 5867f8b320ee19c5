"""
When so many messages go out, and how many of them do: pace, daily cap and hours worked through before anything is
sent. Pure: the periods of sending are an argument.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from domain.rules.local_time import wall
from domain.rules.schedule import Period

_MOST_PIECES: Final = 4_000  # of days and periods: ten years of them
_HAIR_S: Final = 1e-6  # a moment that is nearer to the end of a period than that is its end
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """
    What the hours leave time for.

    Attributes:
        sent: Messages that leave.
        expired: Those for which no hour is left.
        first: When the first leaves, UTC; None: none does.
        last: When the last of ``sent`` leaves; None: none does, or only in years.
        midnight: The first at which it goes on after a wait, for a day's limit or a holiday; None: at none.
    """

    sent: int
    expired: int
    first: datetime | None
    last: datetime | None
    midnight: datetime | None = None


def plan(
    count: int,
    *,
    start: datetime,
    periods: Iterable[Period],
    rate: float,
    daily_cap: int | None,
    zone: tzinfo,
    used: int = 0,
) -> Plan:
    """
    Send ``count`` messages evenly, as soon as they may go.

    Args:
        start: None leaves before it, UTC.
        periods: In order, none overlapping; what is not sent when they are over expires.
        rate: Messages a second.
        daily_cap: At most so many in a day of ``zone``'s calendar.
        used: Of them, those that are gone already on the day of ``start``.
    """
    if daily_cap is not None and daily_cap <= 0:
        return Plan(0, 0, None, None)  # they would wait for ever
    left, first, last, midnight = count, None, None, None
    ready = start  # the pace allows the next one
    today = start.astimezone(zone).date()
    on, gone = None, 0
    for number, (opens, closes, day) in enumerate(_pieces(periods, zone, by_day=daily_cap is not None)):
        if not left:
            break
        if number >= _MOST_PIECES:
            return Plan(count, 0, first, None, midnight)
        if day != on:
            on, gone = day, used if day == today else 0
        begin = max(opens, ready)
        room = left if closes is None else math.ceil(((closes - begin).total_seconds() - _HAIR_S) * rate)
        if daily_cap is not None:
            room = min(room, daily_cap - gone)
        taken = min(left, room)
        if taken <= 0:
            continue
        if first and not midnight and begin > ready and begin.astimezone(zone).time() == time(0):
            midnight = begin
        first = first or begin
        last = begin + timedelta(seconds=(taken - 1) / rate)
        ready = begin + timedelta(seconds=taken / rate)
        left, gone = left - taken, gone + taken
    return Plan(count - left, left, first, last, midnight)


def _pieces(
    periods: Iterable[Period], zone: tzinfo, *, by_day: bool
) -> Iterator[tuple[datetime, datetime | None, date | None]]:
    """The periods, cut at midnight where the day matters."""
    for period in periods:
        if not by_day:
            yield period.opens, period.closes, None
            continue
        opens = period.opens
        while period.closes is None or opens < period.closes:
            day = opens.astimezone(zone).date()
            midnight = wall(day + _DAY, time(0), zone)
            yield opens, midnight if period.closes is None else min(midnight, period.closes), day
            opens = midnight
