"""Weekly hours through every jump of the clocks in the Americas and Europe."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.local_time import wall
from domain.rules.schedule import Weekly, next_open

LIMA, MADRID, SANTIAGO = ZoneInfo("America/Lima"), ZoneInfo("Europe/Madrid"), ZoneInfo("America/Santiago")
EVERY_DAY, WORKDAYS = frozenset(range(7)), frozenset(range(5))
ZONES = st.sampled_from(
    sorted(zone for zone in available_timezones() if zone.startswith(("America/", "Europe/", "Atlantic/")))
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))
SCHEDULES = st.builds(Weekly, st.frozensets(st.integers(0, 6), min_size=1), CLOCKS, st.one_of(st.none(), CLOCKS))


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
        Weekly(frozenset({7}), time(0), None)
