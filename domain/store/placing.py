"""
Which part of a message an answer belongs to, where an orphan receipt was adopted first: of which part that was nobody
could say then, and a response's id says it now. Pure, the same for both engines.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.rules.message_state import IN_DOUBT, MessageState
from domain.rules.receipt import other_bases
from domain.store.interface import PartAnswer

_OPEN: Final = frozenset({MessageState.ACCEPTED, *IN_DOUBT})


def free_part(known: Iterable[PartAnswer], count: int) -> int | None:
    """The first part of ``count`` whose id is not known and that may have arrived; None: there is none."""
    taken = {row.part for row in known if row.smsc_message_id is not None or row.state not in _OPEN}
    return next((part for part in range(1, count + 1) if part not in taken), None)


def place(known: Iterable[PartAnswer], answers: Sequence[PartAnswer], *, count: int) -> list[PartAnswer]:
    """
    The parts that these responses change, as they are afterwards, in order of part.

    A fate that an orphan gave to a part stays with the orphan's id: it goes to the part whose response names that id,
    or, when the part's own response names another, to one that may have arrived.

    Args:
        known: The parts that the database has.
        count: How many parts the message has.
    """
    before = {row.part: row for row in known}
    after = dict(before)
    for answer in answers:
        _place(after, answer, count)
    return [after[part] for part in sorted(after) if after[part] != before.get(part)]


def _place(rows: dict[int, PartAnswer], answer: PartAnswer, count: int) -> None:
    mine = rows.get(answer.part)
    holder = _holder(rows, answer.smsc_message_id)
    if holder is not None:
        if holder.part != answer.part:
            left = mine or PartAnswer(answer.part, MessageState.DISCONNECTED, None, None)
            rows[answer.part] = holder._replace(part=answer.part)
            rows[holder.part] = left._replace(part=holder.part)
    elif mine is None or (mine.state in _OPEN and mine.smsc_message_id is None):
        rows[answer.part] = answer
    elif mine.smsc_message_id is None:  # a fate that names no id can be of this part as well
        rows[answer.part] = mine._replace(smsc_message_id=answer.smsc_message_id)
    elif mine.state not in _OPEN:
        other = free_part(rows.values(), count)
        if other is not None:
            rows[other] = mine._replace(part=other)
            rows[answer.part] = answer


def _holder(rows: dict[int, PartAnswer], smsc_id: str | None) -> PartAnswer | None:
    """The part that has this id, in either base."""
    keys = other_bases(smsc_id) if smsc_id else ()
    return next((row for row in rows.values() if row.smsc_message_id in keys), None)
