"""Weekly hours through every jump of the clocks in the Americas and Europe."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.holiday import holiday_name, is_holiday, next_holiday
from domain.rules.local_time import wall
from domain.rules.schedule import Closure, Hours, Period, closure, period, periods

LIMA, MADRID, SANTIAGO = ZoneInfo("America/Lima"), ZoneInfo("Europe/Madrid"), ZoneInfo("America/Santiago")
EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
ZONES = st.sampled_from(
    sorted(zone for zone in available_timezones() if zone.startswith(("America/", "Europe/", "Atlantic/")))
).map(ZoneInfo)


@dataclass(frozen=True)
class Weekly:
    """Weekdays and two hours; ``ends`` None: until midnight."""

    days: frozenset[int]
    begins: time
    ends: time | None


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))
SCHEDULES = st.builds(Weekly, st.frozensets(st.integers(0, 6), min_size=1), CLOCKS, st.one_of(st.none(), CLOCKS))


def next_open(now: datetime, weekly: Weekly, zone: ZoneInfo) -> tuple[bool, datetime | None]:
    """Whether it is open, and when that changes next; None: not in the next days."""
    since = now - timedelta(days=63)
    found = period(now, Hours(zone, since, days=weekly.days, begins=weekly.begins, ends=weekly.ends or time(0)))
    if found is None:
        return False, None
    if not found.holds(now):
        return False, found.opens
    return True, None if found.closes is None or found.closes >= now + timedelta(days=8) else found.closes


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("now", "open_", "change"),
    [
        pytest.param(utc(2026, 11, 23, 15, 4), False, utc(2026, 11, 23, 15, 5), id="a minute before"),
        pytest.param(utc(2026, 11, 23, 15, 5), True, utc(2026, 11, 23, 16, 45), id="the first moment is open"),
        pytest.param(utc(2026, 11, 23, 16, 45), False, utc(2026, 11, 24, 15, 5), id="the last one is not"),
        pytest.param(utc(2026, 11, 27, 20), False, utc(2026, 11, 30, 15, 5), id="over the week-end"),
    ],
)
def test_the_manuals_own_hours(now: datetime, open_: bool, change: datetime) -> None:
    """Monday to Friday, 10:05 to 11:45 in Lima."""
    assert next_open(now, Weekly(WORKDAYS, time(10, 5), time(11, 45)), LIMA) == (open_, change)


@pytest.mark.parametrize(
    ("zone", "schedule", "now", "expected"),
    [
        pytest.param(
            MADRID,
            Weekly(EVERY_DAY, time(2, 30), time(20)),
            utc(2026, 3, 29, 0),
            (False, utc(2026, 3, 29, 1)),
            id="02:30 is jumped over: it begins at the jump",
        ),
        pytest.param(
            MADRID,
            Weekly(EVERY_DAY, time(2, 30), time(20)),
            utc(2026, 10, 25, 1, 10),
            (True, utc(2026, 10, 25, 19)),
            id="02:30 comes twice: it began the first time and does not begin again",
        ),
        pytest.param(
            SANTIAGO,
            Weekly(EVERY_DAY, time(0, 30), time(20)),
            utc(2026, 9, 6, 3),
            (False, utc(2026, 9, 6, 4)),
            id="midnight is jumped over: the day is not lost",
        ),
        pytest.param(
            MADRID,
            Weekly(frozenset({6}), time(2, 10), time(2, 50)),
            utc(2026, 3, 29, 0),
            (False, utc(2026, 4, 5, 0, 10)),
            id="a period within the jump is not held",
        ),
        pytest.param(
            LIMA,
            Weekly(frozenset({4}), time(22), time(6)),
            utc(2026, 11, 28, 10),
            (True, utc(2026, 11, 28, 11)),
            id="Friday's night goes on on Saturday",
        ),
        pytest.param(
            LIMA, Weekly(EVERY_DAY, time(8), time(8)), utc(2026, 11, 28, 13), (True, None), id="round the clock"
        ),
        pytest.param(
            SANTIAGO, Weekly(EVERY_DAY, time(0), None), utc(2026, 9, 6, 3, 59), (True, None), id="always, jump or not"
        ),
        pytest.param(
            LIMA,
            Weekly(frozenset({0}), time(10), None),
            utc(2026, 11, 23, 16),
            (True, utc(2026, 11, 24, 5)),
            id="no end: until midnight",
        ),
        pytest.param(LIMA, Weekly(frozenset(), time(10), None), utc(2026, 11, 23), (False, None), id="no day: never"),
    ],
)
def test_the_clocks_may_jump(
    zone: ZoneInfo, schedule: Weekly, now: datetime, expected: tuple[bool, datetime | None]
) -> None:
    """Where a cron expression fires twice, or loses a day."""
    assert next_open(now, schedule, zone) == expected


@given(MOMENTS, SCHEDULES, ZONES)
def test_the_change_is_the_next_one(now: datetime, schedule: Weekly, zone: ZoneInfo) -> None:
    """Just before it nothing has changed, at it everything has."""
    open_, change = next_open(now, schedule, zone)
    if change is None:
        assert open_
        assert len(schedule.days) == 7
        return
    before = change - timedelta(seconds=1)

    assert now < change <= now + timedelta(days=15)
    assert before < now or next_open(before, schedule, zone) == (open_, change)
    assert next_open(change, schedule, zone)[0] is not open_


@given(MOMENTS, SCHEDULES, ZONES)
def test_open_is_what_the_clock_on_the_wall_says(now: datetime, schedule: Weekly, zone: ZoneInfo) -> None:
    """On every day on which clocks do not jump."""
    local = now.astimezone(zone)
    around = (now + timedelta(days=days) for days in (-2, -1, 0, 1, 2))
    if len({moment.astimezone(zone).utcoffset() for moment in around}) > 1:
        return
    ends = schedule.ends or time(0)
    clock = local.time().replace(tzinfo=None)
    if ends > schedule.begins:
        expected = local.weekday() in schedule.days and schedule.begins <= clock < ends
    else:
        yesterday = (local.weekday() - 1) % 7
        expected = (local.weekday() in schedule.days and clock >= schedule.begins) or (
            yesterday in schedule.days and clock < ends
        )

    assert next_open(now, schedule, zone)[0] is expected


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.times(), ZONES)
def test_a_wall_time_is_the_first_moment_that_shows_it_or_the_jump(day: date, at: time, zone: ZoneInfo) -> None:
    """Never a moment that shows an earlier time; what is jumped over is the first moment behind the jump."""
    at = at.replace(microsecond=0)
    instant = wall(day, at, zone)
    shown = instant.astimezone(zone).replace(tzinfo=None)
    wanted = datetime.combine(day, at)
    just_before = (instant - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)

    assert shown >= wanted
    assert just_before < wanted


def test_days_are_numbered_from_monday() -> None:
    """A seventh would never open, silently."""
    with pytest.raises(ValueError, match="0 to 6"):
        Hours(LIMA, utc(2026, 1, 1), days=frozenset({7}))


NOON = utc(2026, 11, 23, 17)  # a Monday in Lima


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        pytest.param(Hours(LIMA, NOON), NOON, Period(NOON, None), id="no hours at all: from now on"),
        pytest.param(
            Hours(LIMA, NOON, ends=time(18)), NOON, Period(NOON, utc(2026, 11, 23, 23)), id="now, until a closing hour"
        ),
        pytest.param(
            Hours(LIMA, NOON, ends=time(18)),
            utc(2026, 11, 24),
            Period(utc(2026, 11, 24, 17), utc(2026, 11, 24, 23)),
            id="the next day from the same clock time on",
        ),
        pytest.param(Hours(LIMA, NOON, ends=time(18), carry_on=False), utc(2026, 11, 24), None, id="that day only"),
        pytest.param(
            Hours(LIMA, NOON, ends=time(18), last_day=date(2026, 11, 23)), utc(2026, 11, 24), None, id="the last day"
        ),
        pytest.param(
            Hours(LIMA, NOON, begins=time(10)), NOON, Period(utc(2026, 11, 24, 15), None), id="an hour, and no end"
        ),
        pytest.param(
            Hours(LIMA, NOON, last_day=date(2026, 11, 24)),
            NOON,
            Period(NOON, utc(2026, 11, 25, 5)),
            id="without an end the last day's midnight is one",
        ),
        pytest.param(
            Hours(LIMA, NOON, quiet=(time(21), time(8))),
            utc(2026, 11, 24, 5),
            Period(utc(2026, 11, 24, 13), utc(2026, 11, 25, 2)),
            id="quiet hours over midnight",
        ),
        pytest.param(
            Hours(LIMA, NOON, begins=time(20), ends=time(10), quiet=(time(21), time(8)), carry_on=False),
            utc(2026, 11, 24, 5),
            Period(utc(2026, 11, 24, 13), utc(2026, 11, 24, 15)),
            id="the only period goes on after the quiet hours in it",
        ),
        pytest.param(
            Hours(LIMA, NOON, begins=time(9), ends=time(10), quiet=(time(8), time(11))), NOON, None, id="always silent"
        ),
        pytest.param(
            Hours(LIMA, NOON, begins=time(10), ends=time(18), region="PE"),
            utc(2026, 12, 7, 23),
            Period(utc(2026, 12, 10, 15), utc(2026, 12, 10, 23)),
            id="8 and 9 December are holidays in Peru",
        ),
        pytest.param(
            Hours(LIMA, utc(2026, 12, 8, 14), region="PE"),
            NOON,
            Period(utc(2026, 12, 10, 14), utc(2026, 12, 25, 5)),
            id="a start on a holiday is at its hour of the next day that is none",
        ),
        pytest.param(
            Hours(LIMA, utc(2026, 12, 8, 14), last_day=date(2026, 12, 9), region="PE"),
            NOON,
            None,
            id="which the last day may not have",
        ),
        pytest.param(
            Hours(LIMA, NOON, begins=time(22), ends=time(2), region="PE"),
            utc(2026, 12, 8, 4),
            Period(utc(2026, 12, 8, 3), utc(2026, 12, 8, 5)),
            id="a night before a holiday ends at midnight",
        ),
    ],
)
def test_hours_of_a_campaign(hours: Hours, now: datetime, expected: Period | None) -> None:
    """A first moment, a closing hour, a last day, quiet hours and holidays."""
    assert period(now, hours) == expected


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        pytest.param(Hours(LIMA, NOON), NOON, None, id="open"),
        pytest.param(Hours(LIMA, NOON), NOON - timedelta(days=1), Closure.EARLY, id="to come"),
        pytest.param(Hours(LIMA, NOON, ends=time(18)), utc(2026, 11, 24), Closure.OUTSIDE, id="between two days"),
        pytest.param(Hours(LIMA, NOON, ends=time(18), carry_on=False), utc(2026, 11, 24), Closure.OVER, id="no more"),
        pytest.param(Hours(LIMA, NOON, quiet=(time(21), time(8))), utc(2026, 11, 24, 5), Closure.QUIET, id="quiet"),
        pytest.param(Hours(LIMA, NOON, region="PE"), utc(2026, 12, 8, 17), Closure.HOLIDAY, id="holiday"),
        pytest.param(
            Hours(LIMA, NOON, quiet=(time(21), time(8)), region="PE"), utc(2026, 12, 9, 3), Closure.HOLIDAY, id="both"
        ),
    ],
)
def test_why_it_may_not_send(hours: Hours, now: datetime, expected: Closure | None) -> None:
    """One word for the card."""
    assert closure(now, hours) is expected


_HOURS = st.builds(
    Hours,
    ZONES,
    MOMENTS,
    days=st.frozensets(st.integers(0, 6), min_size=1),
    begins=st.one_of(st.none(), CLOCKS),
    ends=st.one_of(st.none(), CLOCKS),
    last_day=st.one_of(st.none(), st.dates(date(2024, 1, 1), date(2029, 1, 1))),
    carry_on=st.booleans(),
    quiet=st.one_of(st.none(), st.tuples(CLOCKS, CLOCKS).filter(lambda pair: pair[0] != pair[1])),
    region=st.sampled_from([None, "PE", "CL", "ES", "BR"]),
)


@given(_HOURS, st.integers(0, 60 * 24 * 40))
def test_nothing_is_open_in_quiet_hours_on_holidays_or_after_the_closing_hour(hours: Hours, minutes: int) -> None:
    """What the clock on the wall forbids is closed, through every jump."""
    now = hours.since + timedelta(minutes=minutes)
    found = period(now, hours)
    if found is None or not found.holds(now):
        return
    local = now.astimezone(hours.zone)
    clock = local.time().replace(tzinfo=None)

    assert now >= hours.since
    assert not (hours.region and is_holiday(local.date(), hours.region))
    if hours.quiet is not None:
        begins, ends = hours.quiet
        assert not (begins <= clock < ends if begins < ends else clock >= begins or clock < ends)
    if hours.last_day is not None:
        assert local.date() <= hours.last_day + timedelta(days=1)


@given(_HOURS)
def test_periods_follow_one_another(hours: Hours) -> None:
    """None is empty, none overlaps, each is found from any moment in it, and between two nothing is open."""
    for first, second in itertools.pairwise(itertools.islice(periods(hours.since, hours), 12)):
        assert first.closes is not None
        assert first.opens < first.closes <= second.opens
        again = period(first.closes - timedelta(milliseconds=1), hours)
        assert again is not None
        assert again.closes is not None
        assert again.closes >= first.closes
        between = period(first.closes, hours)
        assert between is not None
        assert between.opens == second.opens or between.holds(first.closes)


@given(_HOURS, st.integers(0, 60 * 24 * 30))
def test_silence_only_takes_away(hours: Hours, minutes: int) -> None:
    """What is open with quiet hours is open without them."""
    now = hours.since + timedelta(minutes=minutes)
    found = period(now, hours)
    if found is None or not found.holds(now) or not hours.carry_on:
        return
    other = period(now, replace(hours, quiet=None))

    assert other is not None
    assert other.holds(now)


def test_holidays_have_names_and_an_end() -> None:
    """In the person's language, or the country's; a country that nobody knows has none."""
    assert holiday_name(date(2026, 12, 25), "PE", language="es") == "Navidad del Señor"
    assert holiday_name(date(2026, 12, 25), "PE", language="en") == "Christmas Day"
    assert holiday_name(date(2026, 12, 24), "PE", language="en") == ""
    assert next_holiday(date(2026, 12, 25), "PE") == date(2027, 1, 1)
    assert next_holiday(date(2026, 12, 25), "XX") is None
