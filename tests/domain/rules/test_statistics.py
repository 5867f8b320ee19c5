"""The identities of the manual's results table."""

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.message_state import MessageState as S
from domain.rules.statistics import Statistics

COUNTS = st.dictionaries(st.sampled_from(list(S)), st.integers(0, 10**7))


@given(COUNTS)
def test_the_manuals_identities_hold_at_every_instant(counts: dict[S, int]) -> None:
    """Whatever the counts: the table is derived from them alone."""
    found = Statistics(counts)
    by_key = {line.key: line.total for line in found.lines()}

    assert by_key["sent"] == by_key["delivered"] + by_key["accepted"] + by_key["expired"] + by_key["rejected"]
    assert by_key["ignored"] == by_key["blocked"] + by_key["schedule_expired"] + by_key["invalid_number"]
    assert found.in_doubt == by_key["no_response"] + by_key["disconnected"]
    assert by_key["total"] == found.sent + found.in_doubt + found.failed + found.ignored + found.pending
    assert by_key["total"] == sum(counts.values())
    assert found.processed + found.pending == found.total


@given(COUNTS)
def test_rows_of_the_first_depth_add_up_to_the_total(counts: dict[S, int]) -> None:
    """And so do their shares, to one, unless there is nothing."""
    lines = Statistics(counts).lines()
    top = [line for line in lines if line.depth == 0 and line.key != "total"]

    assert sum(line.total for line in top) == lines[-1].total
    assert abs(sum(line.share for line in top) - lines[-1].share) < 1e-9
    assert lines[-1].share == (1.0 if sum(counts.values()) else 0.0)


def test_the_rows_stand_in_the_manuals_order() -> None:
    """Enviado first, Total last."""
    assert [line.key for line in Statistics({}).lines()] == [
        "sent",
        "delivered",
        "accepted",
        "expired",
        "rejected",
        "no_response",
        "disconnected",
        "failed",
        "ignored",
        "blocked",
        "schedule_expired",
        "invalid_number",
        "pending",
        "total",
    ]


def test_every_state_is_exactly_one_row() -> None:
    """A state that no row counts would be missing from the table."""
    for state in S:
        lines = Statistics({state: 1}).lines()
        assert sum(line.total for line in lines if line.depth == 0 and line.key != "total") == 1


def test_the_manuals_own_example() -> None:
    """One message, delivered."""
    lines = {line.key: (line.total, line.share) for line in Statistics({S.DELIVERED: 1}).lines()}

    assert lines["sent"] == lines["delivered"] == lines["total"] == (1, 1.0)
    assert lines["accepted"] == (0, 0.0)
