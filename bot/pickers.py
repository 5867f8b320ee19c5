"""Keyboards to pick an hour or a day from: a tap for the hour, one more for the quarter where it matters."""

import calendar
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Final

from bot.screen import Action, Button, Rows, StaleAction
from locales import Texts

_PER_ROW: Final = 6  # hours
QUARTERS: Final = (0, 15, 30, 45)
_FARTHEST: Final = timedelta(days=366)


def hour_rows(
    minute: int, *, pick: Callable[[int], Action], turn: Callable[[int], Action], first: time | None = None
) -> Rows:
    """
    The quarters of an hour, one of them chosen, and below them the hours of a day at that minute.

    Args:
        minute: The chosen quarter.
        pick: The action of an hour, 0 to 23, at ``minute``.
        turn: The action that chooses another quarter.
        first: Hours at or before it are left out.
    """
    quarters = tuple(
        Button(f"{'✅ ' if quarter == minute else ''}:{quarter:02d}", turn(quarter)) for quarter in QUARTERS
    )
    hours = [hour for hour in range(24) if first is None or time(hour, minute) > first]
    buttons = [Button(f"{hour:02d}:{minute:02d}", pick(hour)) for hour in hours]
    return (quarters, *(tuple(buttons[i : i + _PER_ROW]) for i in range(0, len(buttons), _PER_ROW)))


def month_rows(
    month: date, *, today: date, pick: Callable[[date], Action], turn: Callable[[date], Action], t: Texts
) -> Rows:
    """
    A month of days, from Monday on; those that are over cannot be picked.

    Args:
        month: Any day of it.
        pick: The action of a day.
        turn: The action that shows the month of a day.
    """
    first = month.replace(day=1)
    before = max(first - timedelta(days=1), today)
    after = min((first + timedelta(days=31)).replace(day=1), today + _FARTHEST)
    head = (Button("‹", turn(before)), Button(t.month(first), turn(first)), Button("›", turn(after)))
    same = turn(first)
    names = tuple(Button(t.weekday(day)[:3], same) for day in range(7))
    weeks = tuple(
        tuple(
            Button(f"·{day.day}·" if day == today else str(day.day), pick(day))
            if day.month == first.month and day >= today
            else Button("·", same)
            for day in week
        )
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
        if week[-1] >= today
    )
    return (head, names, *weeks)


def pack(day: date) -> int:
    """A day as a button carries it: ``20261124``."""
    return int(f"{day:%Y%m%d}")


def unpack_day(packed: int) -> date:
    """
    The day of a button.

    Raises:
        StaleAction: No such day: the button is forged.
    """
    try:
        return date(packed // 10_000, packed // 100 % 100, packed % 100)
    except ValueError as error:
        raise StaleAction(str(packed)) from error


def quarter(minute: int) -> int:
    """The minute of a button, brought to what there is."""
    return minute % 60
