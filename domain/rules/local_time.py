"""Wall clock times of a zone turned into instants, where clocks jump too. No clock is read here."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

_KEPT: Final = 8_192  # schedules ask for the same few hours of the same few days at every tick


@lru_cache(maxsize=_KEPT)
def wall(day: date, at: time, zone: tzinfo) -> datetime:
    """
    The instant, in UTC, at which clocks of ``zone`` show this date and time.

    A time that is shown twice is the first of the two; one that clocks jump over is the moment of the jump.

    Raises:
        OverflowError: At the ends of the calendar.
    """
    local = datetime.combine(day, at.replace(tzinfo=None, fold=0), zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    # PEP 495: in a gap fold=0 is reckoned with the offset before it, fold=1 with the one after: the jump is between.
    return _jump(local.replace(fold=1).astimezone(UTC), instant, zone)


@lru_cache(maxsize=_KEPT)
def wall_again(day: date, at: time, zone: tzinfo) -> datetime:
    """
    As ``wall``, but of a time that is shown twice the second.

    Raises:
        OverflowError: At the ends of the calendar.
    """
    second = datetime.combine(day, at.replace(tzinfo=None, fold=1), zone).astimezone(UTC)
    return max(wall(day, at, zone), second)


def _jump(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second after ``before`` with the offset that holds at ``after``."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before).total_seconds() // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after


def clock(minutes: int) -> time:
    """The time of day so many minutes after midnight."""
    return time(minutes // 60 % 24, minutes % 60)
