"""The limits of a day: what still goes, and when the day begins."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from domain.rules.quota import Limit, Quota, day_of, micros

_CENT = 10_000  # millionths


def test_limits_in_messages() -> None:
    """The lesser one in a day, and what of it is used up today; who owes more than there is has used all."""
    assert Quota().in_messages(5.0) is None
    assert Quota(cap=10, submitted=4).in_messages(5.0) == (10, 4)
    assert Quota(budget=100, spent=35, price=5).in_messages(5.0) == (20, 7)
    assert Quota(budget=100, spent=35, price=5).in_messages(0.0) is None
    assert Quota(cap=10, submitted=1, budget=100, spent=85, price=5).in_messages(5.0) == (10, 7)
    assert Quota(cap=10, submitted=12).in_messages(5.0) == (10, 10)
    assert Quota(budget=100, spent=96, price=5, short=5).in_messages(5.0) == (20, 20)


@pytest.mark.parametrize(
    ("quota", "segments", "admitted"),
    [
        pytest.param(Quota(), [1, 2, 3], (3, 0), id="no limit"),
        pytest.param(Quota(cap=10, submitted=8), [1, 1, 1], (2, 0), id="the cap counts messages"),
        pytest.param(Quota(cap=10, submitted=8), [9, 9], (2, 0), id="however long"),
        pytest.param(Quota(cap=10, submitted=11), [1], (0, 0), id="never below nothing"),
        pytest.param(Quota(budget=5, spent=0, price=2), [1, 1, 1], (2, 2), id="the budget counts money"),
        pytest.param(Quota(budget=7, spent=0, price=2), [1, 3, 1], (1, 6), id="in order: none overtakes"),
        pytest.param(Quota(budget=6, spent=0, price=2), [1, 1, 1], (3, 0), id="to the last millionth"),
        pytest.param(Quota(budget=6, spent=0, price=0), [1, 1, 1], (3, 0), id="without a price no budget is kept"),
        pytest.param(Quota(cap=1, budget=6, price=2), [1, 1, 1], (1, 0), id="the tighter one holds"),
    ],
)
def test_no_more_is_admitted_than_the_limits_leave_room_for(
    quota: Quota, segments: list[int], admitted: tuple[int, int]
) -> None:
    """Both limits are exact."""
    assert quota.admit(segments) == admitted


@pytest.mark.parametrize(
    ("quota", "limit"),
    [
        pytest.param(Quota(cap=10, submitted=9), None, id="one is left"),
        pytest.param(Quota(cap=10, submitted=10), Limit.CAP, id="none is left"),
        pytest.param(Quota(budget=100, spent=98, price=2), None, id="a segment is left"),
        pytest.param(Quota(budget=100, spent=99, price=2), Limit.BUDGET, id="less than a segment"),
        pytest.param(Quota(budget=100, spent=95, price=2, short=6), Limit.BUDGET, id="less than its messages need"),
        pytest.param(Quota(budget=0, spent=0, price=0), None, id="nothing costs anything"),
    ],
)
def test_a_limit_is_reached_when_no_message_fits_any_more(quota: Quota, limit: Limit | None) -> None:
    """A message of three segments that does not fit is not asked for again and again."""
    assert quota.reached is limit


def test_prices_are_whole_millionths() -> None:
    """SQLite hands decimals out as text."""
    assert micros(Decimal("0.05")) == 5 * _CENT
    assert micros("0.000001") == 1
    assert micros(None) == 0


def _ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1_000)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        pytest.param("America/Lima", (2026, 5, 1, 4, 59), ((2026, 4, 30, 5), (2026, 5, 1, 5)), id="still yesterday"),
        pytest.param("America/Lima", (2026, 5, 1, 5, 0), ((2026, 5, 1, 5), (2026, 5, 2, 5)), id="midnight"),
        pytest.param("Asia/Kathmandu", (2026, 5, 1, 18, 15), ((2026, 5, 1, 18, 15), (2026, 5, 2, 18, 15)), id="45"),
        pytest.param("Europe/Madrid", (2026, 3, 29, 12), ((2026, 3, 28, 23), (2026, 3, 29, 22)), id="a short day"),
        pytest.param("America/Santiago", (2026, 9, 6, 12), ((2026, 9, 6, 4), (2026, 9, 7, 3)), id="no midnight"),
        pytest.param("America/Havana", (2026, 11, 1, 4, 30), ((2026, 11, 1, 4), (2026, 11, 2, 5)), id="two midnights"),
    ],
)
def test_a_day_is_the_account_s_calendar_day(
    zone: str, now: tuple[int, ...], day: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """Where clocks change a day is shorter or longer; it begins once."""
    assert day_of(_ms(*now), zone) == (_ms(*day[0]), _ms(*day[1]))
