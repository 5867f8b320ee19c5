"""One cause at a time, and the right one first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.rules.campaign_state import CampaignState
from domain.rules.fault import Fault, fault_in
from domain.rules.schedule import Closure
from domain.rules.standstill import Cause, Facts, LinkFact, Standstill, standstill

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
SOON, BEFORE = NOW + timedelta(hours=1), NOW - timedelta(hours=1)
LATELY = NOW - timedelta(minutes=9)
BOUND = LinkFact(bound=True, since=BEFORE)
DOWN = LinkFact(bound=False, since=BEFORE, reason="unreachable")
SLOWED = replace(BOUND, throttled_since=BEFORE)
S = CampaignState
RUNNING = Facts(NOW, S.RUNNING, BEFORE, skews_s=(0.0,), links=(BOUND,), total=9, pending=9)


@pytest.mark.parametrize(
    ("facts", "cause", "since", "until"),
    [
        pytest.param(Facts(NOW, S.PAUSED, BEFORE), Cause.STOPPED_BY, BEFORE, None, id="a person"),
        pytest.param(Facts(NOW, S.PAUSED, BEFORE, reason="x"), Cause.STOPPED_ITSELF, BEFORE, None, id="by itself"),
        pytest.param(
            Facts(NOW, S.PAUSED, BEFORE, reason="x", detail={"failed": 6}), Cause.MANY_REFUSED, BEFORE, None, id="fault"
        ),
        pytest.param(Facts(NOW, S.SCHEDULED, BEFORE, launch_at=SOON), Cause.COUNTDOWN, BEFORE, SOON, id="countdown"),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, start_at=SOON, closure=Closure.EARLY), Cause.EARLY, BEFORE, SOON, id="early"
        ),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, start_at=SOON, closure=Closure.OUTSIDE), Cause.OUTSIDE, BEFORE, SOON,
            id="outside its hours",
        ),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, begun=False, start_at=SOON, closure=Closure.OUTSIDE), Cause.EARLY, BEFORE,
            SOON, id="its first weekday is to come",
        ),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, start_at=SOON, closure=Closure.QUIET), Cause.QUIET, BEFORE, SOON, id="quiet"
        ),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, start_at=SOON, closure=Closure.HOLIDAY), Cause.HOLIDAY, BEFORE, SOON,
            id="holiday",
        ),
        pytest.param(
            Facts(NOW, S.SCHEDULED, BEFORE, start_at=BEFORE, last_sender_at=BEFORE), Cause.NO_SENDER, BEFORE, None,
            id="its hour came and nobody is there to begin it",
        ),
        pytest.param(replace(RUNNING, skews_s=()), Cause.NO_SENDER, None, None, id="no sender"),
        pytest.param(replace(RUNNING, skews_s=(-600.0,)), Cause.CLOCK, None, None, id="its clock is wrong"),
        pytest.param(replace(RUNNING, links=(DOWN,)), Cause.LINK_DOWN, BEFORE, None, id="link down"),
        pytest.param(replace(RUNNING, links=(SLOWED,)), Cause.THROTTLED, BEFORE, None, id="throttled"),
        pytest.param(replace(RUNNING, links=(SLOWED, DOWN)), Cause.THROTTLED, BEFORE, None, id="all that is bound is"),
        pytest.param(
            replace(RUNNING, limit="cap", limit_until=SOON, last_at=LATELY), Cause.DAILY_CAP, LATELY, SOON, id="cap"
        ),
        pytest.param(replace(RUNNING, limit="budget", limit_until=SOON), Cause.BUDGET, BEFORE, SOON, id="budget"),
        pytest.param(
            replace(RUNNING, closure=Closure.QUIET, opens=SOON), Cause.QUIET, BEFORE, SOON, id="closed while it runs"
        ),
        pytest.param(replace(RUNNING, state=S.STARTING), Cause.WRITING, BEFORE, None, id="being written"),
        pytest.param(replace(RUNNING, pending=0, blocked=9), Cause.BLACKLIST, None, None, id="all blacklisted"),
        pytest.param(
            Facts(NOW, S.COMPLETED, BEFORE, total=9, blocked=9), Cause.BLACKLIST, None, None, id="that is why it ended"
        ),
        pytest.param(replace(RUNNING, total=0, pending=0, held=4), Cause.HELD, None, None, id="held back"),
        pytest.param(replace(RUNNING, pending=0, held=4, permanent=True), Cause.HELD, None, None, id="and it goes on"),
        pytest.param(replace(RUNNING, pending=0, permanent=True), Cause.CONTACTS, BEFORE, None, id="permanent"),
        pytest.param(replace(RUNNING, ahead="Otra", moving=False), Cause.PRIORITY, BEFORE, None, id="another first"),
        pytest.param(replace(RUNNING, retrying=9, retry_at=SOON), Cause.RETRY, BEFORE, SOON, id="tried again"),
        pytest.param(replace(RUNNING, pending=0, waiting=2, moving=False), Cause.ANSWERS, BEFORE, None, id="answers"),
        pytest.param(replace(RUNNING, moving=False), Cause.UNCLEAR, None, None, id="nobody knows"),
        pytest.param(replace(RUNNING, pace=2.5, moving=True), Cause.PACE, None, None, id="a pace of its own"),
    ],
)  # fmt: skip
def test_each_cause_alone(facts: Facts, cause: Cause, since: datetime | None, until: datetime | None) -> None:
    """Which it is, since when, and until when."""
    found = standstill(facts)

    assert found is not None
    assert (found.cause, found.since, found.until) == (cause, since, until)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(RUNNING, id="it runs"),
        pytest.param(replace(RUNNING, links=(BOUND, DOWN)), id="on one link of two"),
        pytest.param(replace(RUNNING, skews_s=(600.0, 1.0)), id="one sender of two has the right time"),
        pytest.param(replace(RUNNING, links=(BOUND, SLOWED)), id="one link of two is slowed down"),
        pytest.param(replace(RUNNING, ahead="Otra", moving=True), id="beside one with a higher priority"),
        pytest.param(Facts(NOW, S.COMPLETED, BEFORE, total=9), id="it has ended"),
        pytest.param(Facts(NOW, S.CANCELLED, BEFORE), id="it was cancelled"),
        pytest.param(Facts(NOW, S.DRAFT, BEFORE), id="a draft"),
    ],
)
def test_what_moves_has_no_cause(facts: Facts) -> None:
    """Nothing is said where nothing is wrong."""
    assert standstill(facts) is None


_ORDER = {  # each before the next ones, in a campaign that runs
    "closure": Closure.QUIET,
    "skews_s": (),
    "links": (DOWN,),
    "limit": "cap",
    "retrying": 9,
}


@pytest.mark.parametrize("first", range(len(_ORDER)))
def test_the_cause_that_comes_first_is_told(first: int) -> None:
    """Whatever else holds it up after that."""
    expected = [Cause.QUIET, Cause.NO_SENDER, Cause.LINK_DOWN, Cause.DAILY_CAP, Cause.RETRY]
    values: dict[str, Any] = dict(list(_ORDER.items())[first:])
    found = standstill(replace(RUNNING, **values))

    assert isinstance(found, Standstill)
    assert found.cause is expected[first]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param([None] * 200, None, id="all accepted"),
        pytest.param([None] * 140 + ["ESME_RINVDSTADR"] * 60, Fault(60, 200, "ESME_RINVDSTADR"), id="at the limit"),
        pytest.param([None] * 141 + ["ESME_RINVDSTADR"] * 59, None, id="one below"),
        pytest.param(["ESME_RINVDSTADR"] * 49, None, id="too few to say"),
        pytest.param(["ESME_RINVDSTADR"] * 50, Fault(50, 50, "ESME_RINVDSTADR"), id="a quarter of the window"),
        pytest.param(["ESME_RINVDSTADR"] * 500 + [None] * 200, None, id="old ones are forgotten"),
        pytest.param(
            [None] * 150 + ["ESME_RINVSRCADR"] * 20 + ["ESME_RINVDSTADR"] * 30 + ["ESME_RINVSRCADR"] * 40,
            Fault(90, 200, "ESME_RINVSRCADR"),
            id="most often",
        ),
    ],
)
def test_too_much_is_refused(answers: list[str | None], expected: Fault | None) -> None:
    """30 % of the latest 200."""
    assert fault_in(answers, window=200, percent=30) == expected


def test_nought_percent_never_stops() -> None:
    """Switched off."""
    assert fault_in(["ESME_RINVDSTADR"] * 300, window=200, percent=0) is None
