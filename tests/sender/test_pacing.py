"""The pace is even, and never above the limit in any window of a second."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sender.pacing import Pacer


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
