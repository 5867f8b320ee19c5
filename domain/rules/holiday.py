"""Public holidays of a country, from the ``holidays`` package. Pure: it computes them, and reads no clock."""

from bisect import bisect_right
from datetime import date
from functools import lru_cache

import holidays

_YEARS_AHEAD = 2


def is_holiday(day: date, region: str) -> bool:
    """Whether the whole country has a holiday. ``region``: ISO 3166-1 alpha-2; an unknown country has none."""
    return day in _days(region, day.year)


def next_holiday(after: date, region: str) -> date | None:
    """The first holiday after that day; None: there is none within a year."""
    for year in range(after.year, after.year + _YEARS_AHEAD):
        days = _days(region, year)
        place = bisect_right(days, after)
        if place < len(days):
            return days[place]
    return None


def holiday_name(day: date, region: str, *, language: str) -> str:
    """As it is called in ``language``, or else in the country; empty: it is none, or has no name."""
    calendar = _calendar(region, day.year, language)
    return "" if calendar is None else str(calendar.get(day) or "")


@lru_cache(maxsize=256)
def _days(region: str, year: int) -> tuple[date, ...]:
    calendar = _calendar(region, year, None)
    return () if calendar is None else tuple(sorted(calendar))


@lru_cache(maxsize=256)
def _calendar(region: str, year: int, language: str | None) -> holidays.HolidayBase | None:
    try:
        calendar = holidays.country_holidays(region, years=year)
    except NotImplementedError:
        return None
    # Without a language it would speak that of the machine.
    spoken = next((one for one in calendar.supported_languages if language and one.startswith(language)), None)
    spoken = spoken or calendar.default_language
    calendar = holidays.country_holidays(region, years=year, language=spoken)
    calendar.expand = False  # asked for a day of another year it would grow
    return calendar
