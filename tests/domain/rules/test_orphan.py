"""Receipts whose id never reached us: adopted only where one message can be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.message_state import MessageState
from domain.rules.orphan import Candidate, Orphan, adopter, fits, message_reference

T = 1_800_000_000_000  # when it was submitted, epoch ms
HOUR = 3_600_000
MINE = Candidate(70_001, MessageState.DISCONNECTED, 51987763010, "PREGON", T)
SAID = Orphan("51987763010", "PREGON", T + 5_000, T + 1_000, zoned=True, reference=None)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(SAID, True, id="all of it agrees"),
        pytest.param(SAID._replace(destination="+51987763010"), True, id="a plus in front"),
        pytest.param(SAID._replace(destination="0051987763010"), True, id="zeros in front"),
        pytest.param(SAID._replace(destination="51987763011"), False, id="another number"),
        pytest.param(SAID._replace(source="pregon"), True, id="small letters"),
        pytest.param(SAID._replace(source="OTHER"), False, id="another sender ID"),
        pytest.param(SAID._replace(source=""), True, id="no sender ID"),
        pytest.param(SAID._replace(sent_ms=None), True, id="no date"),
        pytest.param(SAID._replace(sent_ms=T - 60_000), True, id="a date to the minute"),
        pytest.param(SAID._replace(sent_ms=T + HOUR), False, id="submitted an hour later"),
        pytest.param(SAID._replace(sent_ms=T - 24 * HOUR), False, id="submitted yesterday"),
        pytest.param(SAID._replace(sent_ms=T - 5 * HOUR, zoned=False), True, id="clocks of an unknown zone"),
        pytest.param(SAID._replace(sent_ms=T + 7 * 60_000, zoned=False), False, id="seven minutes off in any zone"),
        pytest.param(SAID._replace(seen_ms=T - HOUR), False, id="came before it was submitted"),
        pytest.param(SAID._replace(seen_ms=T + 72 * HOUR), True, id="came after days"),
        pytest.param(SAID._replace(reference=message_reference(70_001)), True, id="its reference"),
        pytest.param(SAID._replace(reference=1), False, id="another one's reference"),
    ],
)
def test_what_a_receipt_says_must_fit(said: Orphan, expected: bool) -> None:
    """Number, sender ID, time and reference, as far as it says them."""
    assert fits(said, MINE) is expected


def test_of_two_that_fit_none_is_chosen() -> None:
    """To guess would settle the wrong one, and nobody would ask again."""
    other = MINE._replace(message_id=70_002)

    assert adopter(SAID, [MINE]) == MINE
    assert adopter(SAID, [MINE, other]) is None
    assert adopter(SAID._replace(reference=message_reference(70_002)), [MINE, other]) == other


def test_a_message_on_the_wire_keeps_the_receipt_waiting() -> None:
    """It may be its own: the response will tell the id."""
    on_the_wire = MINE._replace(message_id=70_002, state=MessageState.SUBMITTED)

    assert adopter(SAID, [on_the_wire]) is None
    assert adopter(SAID, [MINE, on_the_wire]) is None


@given(st.text(max_size=20), st.text(max_size=12), st.integers(0, 2**40), st.none() | st.integers(0, 2**41))
def test_nothing_that_a_receipt_says_makes_it_fail(number: str, sender: str, seen: int, sent: int | None) -> None:
    """It came from outside."""
    assert fits(Orphan(number, sender, seen, sent, zoned=False, reference=None), MINE) in (True, False)


@given(st.integers(-14 * 4, 12 * 4), st.integers(-80_000, 290_000))
def test_no_zone_of_the_world_hides_a_message(quarters: int, late_ms: int) -> None:
    """Where the operator's clocks are not known, whole quarters of an hour say nothing."""
    sent_ms = T + late_ms + quarters * 900_000

    assert fits(SAID._replace(sent_ms=sent_ms, zoned=False), MINE)
