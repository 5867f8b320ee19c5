"""When a draft shall be sent, and how fast: the wizard's steps from *Iniciar* on. Each change raises its revision."""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Final

from domain.errors import DomainError
from domain.models import StartKind
from domain.usecases.drafts import edit

MOST_PER_SECOND: Final = 10_000.0
LEAST_PER_SECOND: Final = 0.01
MOST_PER_DAY: Final = 100_000_000
PRIORITIES: Final = (-1, 0, 1)  #: low, normal, high


class StartInThePast(DomainError):
    """The moment chosen is not to come. Values: none."""

    key = "error.start_in_the_past"


class NoWeekdays(DomainError):
    """Not one day of the week is left."""

    key = "error.no_weekdays"


class LastDayOver(DomainError):
    """The last day chosen is over."""

    key = "error.last_day_over"


class BadPace(DomainError):
    """Not a number of messages that is possible. Values: ``most``."""

    key = "error.bad_pace"


async def start_now(account_id: int, campaign_id: int) -> None:
    """
    It begins when the person says so.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, start_kind=StartKind.NOW, start_at=None, begins=None)


async def start_at(account_id: int, campaign_id: int, *, moment: datetime, now: datetime) -> None:
    """
    It begins at ``moment``, aware UTC.

    Raises:
        StartInThePast: That is not to come.
        NotFound, WrongState: As in ``drafts.get``.
    """
    if moment <= now:
        raise StartInThePast
    await edit(account_id, campaign_id, start_kind=StartKind.AT, start_at=moment, begins=None)


async def set_weekdays(account_id: int, campaign_id: int, *, days: Iterable[int]) -> None:
    """
    The days of the week on which it begins, 0 = Monday; they count once the hour is there as well.

    Raises:
        NoWeekdays: There is none.
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, weekdays=_mask(days))


async def start_weekly(account_id: int, campaign_id: int, *, days: Iterable[int], begins: time) -> None:
    """
    It begins on some weekdays at an hour, by the account's clocks.

    Raises:
        NoWeekdays: There is none.
        NotFound, WrongState: As in ``drafts.get``.
    """
    columns = {"weekdays": _mask(days), "begins": _minutes(begins)}
    await edit(account_id, campaign_id, start_kind=StartKind.WEEKLY, start_at=None, **columns)


async def set_ends(account_id: int, campaign_id: int, *, ends: time | None) -> None:
    """
    The closing hour, by the account's clocks; None: it ends when all is sent.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    if ends is None:
        await edit(account_id, campaign_id, ends=None, carry_on=True, last_day=None)
    else:
        await edit(account_id, campaign_id, ends=_minutes(ends))


async def set_carry_on(account_id: int, campaign_id: int, *, carry_on: bool) -> None:
    """
    Whether what is pending at the closing hour goes on another day; else it expires.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, carry_on=carry_on)


async def set_last_day(account_id: int, campaign_id: int, *, day: date | None, today: date) -> None:
    """
    No period begins after that day of the account's calendar; None: there is no last one.

    Raises:
        LastDayOver: It is before ``today``.
        NotFound, WrongState: As in ``drafts.get``.
    """
    if day is not None and day < today:
        raise LastDayOver
    await edit(account_id, campaign_id, last_day=day)


async def set_tps(account_id: int, campaign_id: int, *, tps: float | None) -> None:
    """
    Messages a second; None: as fast as the route allows.

    Raises:
        BadPace: That is not possible.
        NotFound, WrongState: As in ``drafts.get``.
    """
    if tps is not None and not LEAST_PER_SECOND <= tps <= MOST_PER_SECOND:
        raise BadPace(most=int(MOST_PER_SECOND))
    await edit(account_id, campaign_id, tps=tps)


async def set_daily_cap(account_id: int, campaign_id: int, *, cap: int | None) -> None:
    """
    Messages submitted in a day of the account's calendar; None: as many as there are.

    Raises:
        BadPace: That is not possible.
        NotFound, WrongState: As in ``drafts.get``.
    """
    if cap is not None and not 1 <= cap <= MOST_PER_DAY:
        raise BadPace(most=MOST_PER_DAY)
    await edit(account_id, campaign_id, daily_cap=cap)


async def set_priority(account_id: int, campaign_id: int, *, priority: int) -> None:
    """
    One of ``PRIORITIES``, the nearest: a higher one goes first where several campaigns run.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, priority=max(PRIORITIES[0], min(PRIORITIES[-1], priority)))


async def set_quiet_hours(account_id: int, campaign_id: int, *, keep: bool) -> None:
    """
    Whether it keeps the account's quiet hours.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, quiet_hours=keep)


async def set_skip_holidays(account_id: int, campaign_id: int, *, skip: bool) -> None:
    """
    Whether nothing of it goes out on holidays of the account's country.

    Raises:
        NotFound, WrongState: As in ``drafts.get``.
    """
    await edit(account_id, campaign_id, skip_holidays=skip)


def _mask(days: Iterable[int]) -> int:
    mask = sum(1 << day for day in set(days) & set(range(7)))
    if not mask:
        raise NoWeekdays
    return mask


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
