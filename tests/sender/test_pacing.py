"""The pace is even, and never above the limit in any window of a second."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender.pacing import NOTHING, SHY, Pacer


def _run(tps: float, seconds: float, greedy: list[int]) -> list[tuple[float, int]]:
    """When how many left, with a clock that jumps to the next moment at which something may."""
    pacer, now, sent, turn = Pacer(tps), 0.0, [], 0
    while now < seconds:
        wanted = greedy[turn % len(greedy)]
        turn += 1
        count = pacer.allow(wanted, now=now)
        if count:
            pacer.take(count, now=now)
            sent.append((now, count))
        now += max(pacer.wait(now=now), 1e-6)
    return sent


@given(
    st.one_of(st.sampled_from([1, 2, 10, 50, 300, 1000]), st.integers(1, 500)),
    st.lists(st.integers(1, 100), min_size=1, max_size=5),
)
def test_no_window_of_a_second_is_above_the_limit(tps: int, greedy: list[int]) -> None:
    """Wherever the window begins, and however much is asked for at once."""
    sent = _run(tps, 2.5, greedy)

    for start, _ in sent:
        assert sum(count for when, count in sent if start <= when < start + 1.0) <= tps


@given(st.sampled_from([10, 50, 300, 1000]))
def test_the_mean_is_the_limit(tps: int) -> None:
    """Within two percent, over ten seconds."""
    sent = _run(tps, 10.0, [1000])
    total = sum(count for _, count in sent)

    assert abs(total - 10 * tps) <= 0.02 * 10 * tps + 1


def test_nothing_leaves_in_a_burst() -> None:
    """At 300 a second, six at once, twenty milliseconds apart."""
    sent = _run(300, 2.0, [1000])

    assert {count for _, count in sent} == {6}
    assert min(b - a for (a, _), (b, _) in pairwise(sent)) > 0.019


def test_no_limit_means_none() -> None:
    """tps=0 lets everything go at once."""
    pacer = Pacer(0)
    pacer.take(10_000, now=0.0)

    assert pacer.allow(10_000, now=0.0) == 10_000
    assert pacer.wait(now=0.0) == 0.0


@given(
    st.one_of(st.sampled_from([1, 2, 10, 50, 300]), st.integers(1, 500)),
    st.lists(st.tuples(st.floats(0.0, 0.4), st.booleans()), min_size=1, max_size=20),
)
def test_a_commit_between_does_not_let_more_through(tps: int, commits: list[tuple[float, bool]]) -> None:
    """What is reserved leaves when its commit is done, however long that takes, or stays; two wait at a time."""
    pacer, now, sent, turn = Pacer(tps), 0.0, [], 0
    under_way: list[tuple[float, int, bool]] = []
    while now < 2.5:
        for done, count, leaves in [one for one in under_way if one[0] <= now]:
            under_way.remove((done, count, leaves))
            if leaves:
                pacer.left(count, now=now)
                sent.append((now, count))
            else:
                pacer.stayed(count)
        count = pacer.allow(1000, now=now) if len(under_way) < 2 else 0
        if count:
            delay, leaves = commits[turn % len(commits)]
            turn += 1
            pacer.reserve(count, now=now)
            under_way.append((now + delay, count, leaves))
        now += 0.003

    for start, _ in sent:
        assert sum(count for when, count in sent if start <= when < start + 1.0) <= tps


def test_a_shy_pace_stays_a_little_below_and_within_two_percent() -> None:
    """The operator measures where they arrive, not where they leave."""
    sent = 0
    pacer, now = Pacer(100, shy=SHY), 0.0
    while now < 10.0:
        count = pacer.allow(10, now=now)
        pacer.take(count, now=now)
        sent += count
        now += 0.001

    assert 980 <= sent < 1_000


def test_nothing_leaves_while_others_have_all_of_it() -> None:
    """A share of nothing is not the same as no limit."""
    pacer = Pacer(NOTHING)

    assert pacer.allow(10, now=0.0) == 0
    assert pacer.wait(now=0.0) > 0
    pacer.tps = 5
    assert pacer.allow(10, now=1.0) == 1


def _against(capacity: int, limit: float, seconds: float) -> tuple[list[float], list[float]]:
    """
    An operator that takes ``capacity`` submits in any second, and refuses the others at once.

    Returns:
        When submits left, and when it refused one.
    """
    pacer, now = Pacer(limit), 0.0
    sent: list[float] = []
    taken: list[float] = []
    refused: list[float] = []
    while now < seconds:
        for _ in range(pacer.allow(50, now=now)):
            pacer.take(1, now=now)
            sent.append(now)
            taken = [when for when in taken if when > now - 1.0]
            if len(taken) < capacity:
                taken.append(now)
            else:
                refused.append(now)
                pacer.throttled(now=now)
        now += max(pacer.wait(now=now), 0.002)
    return sent, refused


@given(st.integers(10, 150), st.floats(1.2, 4.0))
@settings(max_examples=20)
def test_throttled_it_finds_what_the_operator_takes(capacity: int, times: float) -> None:
    """Few are refused, and nearly all that is taken is used; never more than was agreed."""
    limit = capacity * times
    sent, refused = _against(capacity, limit, 60.0)
    settled = [when for when in sent if when >= 20.0]
    accepted = len(settled) - sum(when >= 20.0 for when in refused)

    assert accepted >= 0.8 * capacity * 40
    assert sum(when >= 20.0 for when in refused) <= 0.03 * len(settled) + 5
    for start in sent[:: max(1, len(sent) // 200)]:
        assert sum(start <= when < start + 1.0 for when in sent) <= limit


@given(st.integers(20, 400))
def test_throttled_it_is_slower_at_once(tps: int) -> None:
    """In the second after the refusal at most seven tenths leave, and what comes of the same second counts once."""
    pacer, now = Pacer(tps), 0.0
    for _ in range(2_000):
        count = pacer.allow(1_000, now=now)
        pacer.take(count, now=now)
        now += 0.001
    rate = pacer.rate(now)
    for _ in range(50):
        pacer.throttled(now=now)
    after, moment = 0, now
    while moment < now + 1.0:
        count = pacer.allow(1_000, now=moment)
        pacer.take(count, now=moment)
        after += count
        moment += 0.001

    assert 0.65 * rate <= pacer.rate(now) <= 0.71 * rate + 1
    assert after <= 0.85 * tps + 1


def test_a_route_without_a_limit_learns_one() -> None:
    """What it was doing when it was refused is where it looks."""
    pacer = Pacer(0)
    for step in range(100):
        pacer.take(2, now=step / 100)
    pacer.throttled(now=1.0)

    assert 130 <= pacer.rate(1.0) <= 141
    assert pacer.rate(40.0) > 200
    assert pacer.rate(600.0) == 0, "and forgets it, when it was not there for minutes"


@pytest.mark.parametrize("left", [1, 4, 36])
def test_a_refusal_at_a_quiet_moment_does_not_make_a_campaign_crawl(left: int) -> None:
    """One submit of a few was refused; a hundred thousand follow."""
    pacer = Pacer(500)
    for step in range(left):
        pacer.take(1, now=step / left)
    pacer.throttled(now=0.99)
    assert pacer.rate(1.0) <= 500 * 0.7

    now, count, sent = 1.0, 0, 0
    while now < 61.0:
        count = pacer.allow(1_000, now=now)
        pacer.take(count, now=now)
        sent += count
        now += max(pacer.wait(now=now), 0.001)

    assert pacer.rate(61.0) == 500, "within a minute"
    assert sent >= 500 * 60 / 4


def test_a_refusal_of_what_left_long_ago_says_nothing_of_the_pace() -> None:
    """On a route without a limit, whose operator answers late."""
    pacer = Pacer(0)
    pacer.take(50, now=0.0)
    pacer.throttled(now=5.0)

    assert pacer.rate(5.0) == 0
