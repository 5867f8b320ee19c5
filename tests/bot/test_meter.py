"""The pace of a campaign: the average at first, then what was seen lately."""

from datetime import UTC, datetime, timedelta

import pytest

from bot import meter
from bot.meter import rate

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart."""
    monkeypatch.setattr(meter, "_looks", {})


def after(seconds: float) -> datetime:
    """That much later."""
    return NOW + timedelta(seconds=seconds)


def test_the_first_look_gives_the_average_since_it_began() -> None:
    """A restarted bot has something to say at once; without a beginning it has nothing."""
    assert rate(1, 600, now=after(60), since=NOW) == 10
    assert rate(2, 600, now=after(60), since=None) is None


def test_later_looks_give_the_pace_of_the_last_half_minute() -> None:
    """What was slow an hour ago does not count any more."""
    rate(1, 0, now=NOW, since=None)
    for second in range(3_600, 3_640, 3):
        found = rate(1, (second - 3_600) * 50, now=after(second), since=NOW)

    assert found == 50


def test_looks_too_near_to_one_another_say_nothing_and_counts_may_go_back() -> None:
    """A message that goes again is unsettled again."""
    assert rate(1, 10, now=NOW, since=None) is None
    assert rate(1, 11, now=after(1), since=None) is None
    assert rate(1, 5, now=after(10), since=None) is None


def test_old_campaigns_are_forgotten() -> None:
    """Memory is bounded."""
    for campaign_id in range(1_000):
        rate(campaign_id, 1, now=NOW, since=None)

    assert len(meter._looks) <= 256
