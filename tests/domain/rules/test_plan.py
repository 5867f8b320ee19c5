"""Pace, cap and hours before anything is sent, against a walk message by message."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.plan import Plan, plan
from domain.rules.schedule import Hours, Period, periods

LIMA, MADRID = ZoneInfo("America/Lima"), ZoneInfo("Europe/Madrid")
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # 12:00 in Lima
HAIR = timedelta(milliseconds=1)


def test_without_hours_the_pace_alone_decides() -> None:
    """A hundred at ten a second: the last leaves 9.9 seconds after the first."""
    found = plan(100, start=NOON, periods=[Period(NOON, None)], rate=10, daily_cap=None, zone=LIMA)

    assert found == Plan(100, 0, NOON, NOON + timedelta(seconds=9.9))


def test_what_the_closing_hour_cuts_off_goes_on_or_expires() -> None:
    """One a second in an hour are 3,600; with a second hour all of 5,000 go."""
    hour = timedelta(hours=1)
    first, second = Period(NOON, NOON + hour), Period(NOON + 24 * hour, NOON + 25 * hour)

    assert plan(5_000, start=NOON, periods=[first], rate=1, daily_cap=None, zone=LIMA) == Plan(
        3_600, 1_400, NOON, NOON + timedelta(seconds=3_599)
    )
    assert plan(5_000, start=NOON, periods=[first, second], rate=1, daily_cap=None, zone=LIMA) == Plan(
        5_000, 0, NOON, NOON + 24 * hour + timedelta(seconds=1_399)
    )


def test_a_period_that_is_open_already_is_used_from_the_start_on() -> None:
    """A launch in the middle of one."""
    found = plan(10, start=NOON, periods=[Period(NOON - timedelta(hours=5), None)], rate=1, daily_cap=None, zone=LIMA)

    assert (found.first, found.last) == (NOON, NOON + timedelta(seconds=9))


def test_a_daily_cap_spreads_it_over_days_of_the_zone() -> None:
    """Ten a day from noon on: the rest at each following midnight of Lima."""
    found = plan(25, start=NOON, periods=[Period(NOON, None)], rate=1, daily_cap=10, zone=LIMA)

    assert found.last == datetime(2026, 11, 26, 5, 0, 4, tzinfo=UTC)
    assert found.midnight == datetime(2026, 11, 25, 5, 0, tzinfo=UTC)


def test_a_midnight_is_told_where_it_waits_for_one_and_only_there() -> None:
    """Not where it sends without a pause, nor where quiet hours last until the morning."""
    through = plan(100_000, start=NOON, periods=[Period(NOON, None)], rate=1, daily_cap=90_000, zone=LIMA)
    quiet = Hours(LIMA, NOON, quiet=(time(21), time(8)))
    morning = plan(25, start=NOON, periods=islice(periods(NOON, quiet), 9), rate=1, daily_cap=10, zone=LIMA)
    holiday = Hours(LIMA, datetime(2026, 12, 8, 4, 59, tzinfo=UTC), region="PE")
    after = plan(70, start=holiday.since, periods=islice(periods(NOON, holiday), 9), rate=1, daily_cap=None, zone=LIMA)

    assert (through.midnight, morning.midnight) == (None, None)
    assert morning.last == datetime(2026, 11, 26, 13, 0, 4, tzinfo=UTC)
    assert after.midnight == datetime(2026, 12, 10, 5, 0, tzinfo=UTC)


def test_what_is_used_of_the_cap_today_is_not_there_again_before_midnight() -> None:
    """Ten a day, all gone: twenty-five are done on the third day from now; a later start has a day of its own."""
    course = [Period(NOON - timedelta(days=3), None)]
    found = plan(25, start=NOON, periods=course, rate=1, daily_cap=10, used=10, zone=LIMA)
    later = plan(
        25, start=NOON, periods=[Period(NOON + timedelta(days=1), None)], rate=1, daily_cap=10, used=10, zone=LIMA
    )

    assert (found.first, found.last) == (
        datetime(2026, 11, 25, 5, 0, tzinfo=UTC),
        datetime(2026, 11, 27, 5, 0, 4, tzinfo=UTC),
    )
    assert later.first == NOON + timedelta(days=1)


def test_where_no_day_has_room_for_one_nothing_goes() -> None:
    """It would wait for ever: none of them is sent, none of them expires."""
    found = plan(25, start=NOON, periods=[Period(NOON, None)], rate=1, daily_cap=0, zone=LIMA)

    assert found == Plan(0, 0, None, None)


def test_nothing_to_send_and_nowhere_to_go() -> None:
    """No moment is named."""
    assert plan(0, start=NOON, periods=[Period(NOON, None)], rate=1, daily_cap=None, zone=LIMA) == Plan(
        0, 0, None, None
    )
    assert plan(7, start=NOON, periods=[], rate=1, daily_cap=None, zone=LIMA) == Plan(0, 7, None, None)


def _walk(count: int, spans: Sequence[Period], rate: float, cap: int | None, zone: ZoneInfo) -> Plan:
    """One message after another, each at the first moment at which it may leave."""
    by_day: dict[object, int] = {}
    first = last = None
    ready = NOON
    for sent in range(count):
        moment = None
        for span in spans:
            at = max(span.opens, ready)
            while span.closes is None or at < span.closes - timedelta(microseconds=1):
                day = at.astimezone(zone).date()
                if cap is None or by_day.get(day, 0) < cap:
                    moment = at
                    break
                after = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
                at = max(at, after)
            if moment is not None:
                by_day[moment.astimezone(zone).date()] = by_day.get(moment.astimezone(zone).date(), 0) + 1
                break
        if moment is None:
            return Plan(sent, count - sent, first, last)
        first, last, ready = first or moment, moment, moment + timedelta(seconds=1 / rate)
    return Plan(count, 0, first, last)


_SPANS = st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 3_000)), min_size=1, max_size=5).map(
    lambda pairs: _laid_out(pairs)
)


def _laid_out(pairs: Sequence[tuple[int, int]]) -> list[Period]:
    spans, at = [], NOON
    for gap, length in pairs:
        opens = at + timedelta(minutes=gap)
        at = opens + timedelta(minutes=length)
        spans.append(Period(opens, at))
    return spans


@given(
    st.integers(0, 120),
    _SPANS,
    st.sampled_from([0.001, 0.01, 0.032, 0.25, 1, 8, 100]),  # whole microseconds apart: the walk adds no error
    st.one_of(st.none(), st.integers(1, 40)),
    st.sampled_from([LIMA, MADRID]),
)
def test_it_is_as_a_walk_message_by_message(
    count: int, spans: list[Period], rate: float, cap: int | None, zone: ZoneInfo
) -> None:
    """The same number leaves, the first and the last at the same moments."""
    found = plan(count, start=NOON, periods=spans, rate=rate, daily_cap=cap, zone=zone)
    walked = _walk(count, spans, rate, cap, zone)

    assert (found.sent, found.expired, found.first) == (walked.sent, walked.expired, walked.first)
    if walked.last is None:
        assert found.last is None
    else:
        assert found.last is not None
        assert abs(found.last - walked.last) < HAIR


@given(
    st.integers(1, 5_000),
    st.sampled_from([0.5, 3, 50]),
    st.one_of(st.none(), st.integers(1, 900)),
    st.booleans(),
    st.sampled_from([None, "PE"]),
)
def test_nothing_is_planned_for_when_it_may_not_go(
    count: int, rate: float, cap: int | None, carry_on: bool, region: str | None
) -> None:
    """With real hours, quiet hours and holidays: both ends lie in a period, and all are accounted for."""
    from datetime import time

    hours = Hours(
        LIMA, NOON, begins=time(10), ends=time(20), carry_on=carry_on, quiet=(time(13), time(15)), region=region
    )
    spans = list(islice(periods(NOON, hours), 400))
    found = plan(count, start=NOON, periods=spans, rate=rate, daily_cap=cap, zone=LIMA)

    assert found.sent + found.expired == count
    for moment in (found.first, found.last):
        assert moment is None or any(span.holds(moment) for span in spans)
    if not carry_on:
        assert found.last is None or found.last < NOON + timedelta(hours=8)
