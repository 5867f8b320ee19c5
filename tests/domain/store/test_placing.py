"""Which part an answer belongs to, where an orphan receipt was adopted before it came."""

import itertools
from typing import Final

import pytest

from domain.rules.message_state import MessageState
from domain.store.interface import PartAnswer
from domain.store.placing import place

S = MessageState
COUNT: Final = 3


def _part(number: int, state: MessageState, smsc_id: str | None = None) -> PartAnswer:
    return PartAnswer(number, state, smsc_id, None)


@pytest.mark.parametrize(
    ("known", "answer", "changed"),
    [
        pytest.param([], _part(1, S.ACCEPTED, "a"), [_part(1, S.ACCEPTED, "a")], id="the first word of it"),
        pytest.param(
            [_part(1, S.NO_RESPONSE)], _part(1, S.FAILED), [_part(1, S.FAILED)], id="the truth after our timer"
        ),
        pytest.param([_part(1, S.DELIVERED, "a")], _part(1, S.ACCEPTED, "a"), [], id="adopted where it belongs"),
        pytest.param([_part(1, S.DELIVERED, "255")], _part(1, S.ACCEPTED, "ff"), [], id="in the other base"),
        pytest.param(
            [_part(1, S.DELIVERED, "b"), _part(2, S.NO_RESPONSE)],
            _part(2, S.ACCEPTED, "b"),
            [_part(1, S.NO_RESPONSE), _part(2, S.DELIVERED, "b")],
            id="adopted under another",
        ),
        pytest.param(
            [_part(1, S.DELIVERED, "b")],
            _part(1, S.ACCEPTED, "a"),
            [_part(1, S.ACCEPTED, "a"), _part(2, S.DELIVERED, "b")],
            id="the orphan was another's",
        ),
        pytest.param(
            [_part(1, S.DELIVERED)], _part(1, S.ACCEPTED, "a"), [_part(1, S.DELIVERED, "a")], id="a receipt without id"
        ),
        pytest.param(
            [_part(1, S.DELIVERED, "x"), _part(2, S.ACCEPTED, "b"), _part(3, S.ACCEPTED, "c")],
            _part(1, S.ACCEPTED, "a"),
            [],
            id="a second response with another id, and nowhere to put the first",
        ),
    ],
)
def test_a_response_and_what_was_adopted(
    known: list[PartAnswer], answer: PartAnswer, changed: list[PartAnswer]
) -> None:
    """The rows that it changes, and no others."""
    assert place(known, [answer], count=COUNT) == changed


@pytest.mark.parametrize("order", [*itertools.permutations((1, 2, 3))])
@pytest.mark.parametrize("adopted", [*itertools.permutations("abc", 1), *itertools.permutations("abc", 2)])
def test_whatever_the_order_each_fate_ends_at_its_own_part(adopted: tuple[str, ...], order: tuple[int, ...]) -> None:
    """Orphans are adopted from the first part on; responses come in any order."""
    known = [_part(number, S.DELIVERED, smsc_id) for number, smsc_id in enumerate(adopted, 1)]
    answers = {1: _part(1, S.ACCEPTED, "a"), 2: _part(2, S.ACCEPTED, "b"), 3: _part(3, S.ACCEPTED, "c")}
    rows = {row.part: row for row in known}
    rows |= {row.part: row for row in place(known, [answers[number] for number in order], count=COUNT)}

    assert [rows[number].smsc_message_id for number in (1, 2, 3)] == ["a", "b", "c"]
    assert {row.smsc_message_id for row in rows.values() if row.state is S.DELIVERED} == set(adopted)
