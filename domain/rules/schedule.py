"""
When a campaign may send: periods by the clocks of an account's zone, without its holidays and quiet hours. Pure:
``now`` is an argument, aware; every answer is UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from domain.rules.holiday import is_holiday, next_holiday
from domain.rules.local_time import wall, wall_again
from domain.rules.when import BadWhen, WhenInPast, parse_when

__all__ = [
    "EVERY_DAY",
    "BadWhen",
    "Closure",
    "Hours",
    "Period",
    "WhenInPast",
    "closure",
    "parse_when",
    "period",
    "periods",
    "wall",
]

EVERY_DAY: Final = frozenset(range(7))
_DAY: Final = timedelta(days=1)
_DAYS_AHEAD: Final = 63  # in which a period is looked for: eight holidays in a row on its only weekday
_JOINED: Final = timedelta(days=8)  # periods that touch for longer are told in pieces of about this length


@dataclass(frozen=True, slots=True)
class Hours:
    """
    When one campaign may send, by the clocks of ``zone``.

    A period begins when clocks first show ``begins`` and ends when they first show ``ends``; what they jump over is
    the moment of the jump, so a period that lies in a jump is not held. Periods that touch are one. On a holiday no
    period begins and nothing is sent; quiet hours last until clocks show their end for the last time.

    Attributes:
        since: Nothing before it, aware.
        days: On which a period begins, 0 = Monday.
        begins: The first moment of a period. None: the clock time of ``since``; a first one that falls on a holiday is
            at the same time of the next day that is none.
        ends: The first moment after it; at or before ``begins`` it is the next day's. None: it goes on until all is
            sent; with ``begins`` from the first such hour that is not before ``since``.
        last_day: No period begins after it, and one without an end ends with it.
        carry_on: There is a next period. False: only the first that ends after ``since``.
        quiet: From when until when nothing is sent, on any day.
        region: ISO 3166-1 alpha-2: its holidays are kept. None: they are not.
    """

    zone: tzinfo
    since: datetime
    days: frozenset[int] = EVERY_DAY
    begins: time | None = None
    ends: time | None = None
    last_day: date | None = None
    carry_on: bool = True
    quiet: tuple[time, time] | None = None
    region: str | None = None

    def __post_init__(self) -> None:
        if not self.days <= EVERY_DAY:
            raise ValueError("days are 0 to 6")


@dataclass(frozen=True, slots=True)
class Period:
    """It may send from ``opens`` on and before ``closes``, UTC. ``closes`` None: until all is sent."""

    opens: datetime
    closes: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether it is open then."""
        return self.opens <= moment and (self.closes is None or moment < self.closes)


class Closure(StrEnum):
    """Why it may not send at a moment."""

    EARLY = "early"  #: its first period is to come
    OUTSIDE = "outside"  #: between two periods
    QUIET = "quiet"  #: it would be open but for the quiet hours
    HOLIDAY = "holiday"  #: it would be open but for the holiday
    OVER = "over"  #: there is no period to come


def period(now: datetime, hours: Hours) -> Period | None:
    """The period that is open at ``now``, or else the next one; None: there is none to come."""
    found: Period | None = None
    for opens, closes in _pieces(now, hours):
        if closes is not None and closes <= now:
            continue
        if found is None:
            found = Period(opens, closes)
        elif found.closes is not None and opens <= found.closes:
            found = Period(found.opens, None if closes is None else max(found.closes, closes))
        else:
            break
        if found.closes is None or found.closes >= max(now, found.opens) + _JOINED:
            break
    return found


def periods(now: datetime, hours: Hours) -> Iterator[Period]:
    """The period that is open at ``now``, and all that follow."""
    moment: datetime | None = now
    while moment is not None:
        found = period(moment, hours)
        if found is None:
            return
        yield found
        moment = found.closes


def closure(now: datetime, hours: Hours) -> Closure | None:
    """Why nothing is sent at ``now``; None: it may send."""
    found = period(now, hours)
    if found is not None and found.holds(now):
        return None
    for why, without in (
        (Closure.HOLIDAY, replace(hours, region=None)),
        (Closure.QUIET, replace(hours, quiet=None)),
        (Closure.HOLIDAY, replace(hours, region=None, quiet=None)),
    ):
        other = period(now, without)
        if other is not None and other.holds(now):
            return why
    if found is None:
        return Closure.OVER
    return Closure.EARLY if now < hours.since else Closure.OUTSIDE


def _pieces(now: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime | None]]:
    """Those around ``now`` and after, in order, none empty: periods less holidays and quiet hours."""
    for opens, closes in _held(now, hours):
        moment = opens if closes is not None else max(opens, now - 2 * _DAY)
        while True:
            moment = _after_silence(moment, hours)
            if closes is not None and moment >= closes:
                break
            silence = _next_silence(moment, hours)
            end = silence if closes is None else closes if silence is None else min(silence, closes)
            yield moment, end
            if end is None or end == closes:
                break
            moment = end


def _held(now: datetime, hours: Hours) -> Iterator[tuple[datetime, datetime | None]]:
    """The periods by ``days``, ``begins`` and ``ends`` alone; a day that is a holiday begins none."""
    since = hours.since.astimezone(UTC)
    local = since.astimezone(hours.zone)
    if hours.ends is None:
        closes = None if hours.last_day is None else wall(hours.last_day + _DAY, time(0), hours.zone)
        opens = since
        if hours.begins is not None:
            days = (day for day in _days(local.date(), hours) if wall(day, hours.begins, hours.zone) >= since)
            first = next(days, None)
            if first is None:
                return
            opens = wall(first, hours.begins, hours.zone)
        elif hours.region and is_holiday(local.date(), hours.region):
            # Not at the midnight after it: nobody asked for that.
            working = next(_days(local.date(), hours), None)
            if working is None:
                return
            opens = wall(working, local.time(), hours.zone)
        if closes is None or opens < closes:
            yield opens, closes
        return
    begins = local.time() if hours.begins is None else hours.begins
    following = _DAY if hours.ends <= begins else timedelta()
    start = since if not hours.carry_on else max(since, now.astimezone(UTC))
    for day in _days(start.astimezone(hours.zone).date() - 2 * _DAY, hours):
        opens, ends = wall(day, begins, hours.zone), wall(day + following, hours.ends, hours.zone)
        if opens < ends and ends > since:
            yield max(opens, since), ends
            if not hours.carry_on:
                return


def _days(first: date, hours: Hours) -> Iterator[date]:
    for ahead in range(_DAYS_AHEAD):
        day = first + timedelta(days=ahead)
        if hours.last_day is not None and day > hours.last_day:
            return
        if day.weekday() in hours.days and not (hours.region and is_holiday(day, hours.region)):
            yield day


def _after_silence(moment: datetime, hours: Hours) -> datetime:
    """``moment``, or the end of the holidays and quiet hours that it lies in."""
    while True:
        day = moment.astimezone(hours.zone).date()
        if hours.region and is_holiday(day, hours.region):
            moment = wall(day + _DAY, time(0), hours.zone)
            continue
        end = next((ends for begins, ends in _quiet_around(day, hours) if begins <= moment < ends), None)
        if end is None:
            return moment
        moment = end


def _next_silence(moment: datetime, hours: Hours) -> datetime | None:
    """When the next holiday or quiet hour begins after ``moment``, which lies in none; None: there is none near."""
    day = moment.astimezone(hours.zone).date()
    found = [begins for begins, ends in _quiet_around(day, hours) if moment < begins < ends]
    if hours.region:
        holiday = next_holiday(day, hours.region)
        if holiday is not None:
            found.append(wall(holiday, time(0), hours.zone))
    return min(found, default=None)


def _quiet_around(day: date, hours: Hours) -> Iterator[tuple[datetime, datetime]]:
    if hours.quiet is None:
        return
    begins, ends = hours.quiet
    following = _DAY if ends <= begins else timedelta()
    for ahead in (-1, 0, 1):
        on = day + timedelta(days=ahead)
        yield wall(on, begins, hours.zone), wall_again(on + following, ends, hours.zone)
