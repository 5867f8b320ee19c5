"""
Parts of long messages on SQLite: each has its own id, its receipt and perhaps a late answer; together they settle the
message. Not for the hot paths of single messages.
"""

import sqlite3
from typing import Final, NamedTuple

from domain.rules.message_state import TABLE, MessageEvent, MessageState, settling
from domain.rules.receipt import PartsReceipt
from domain.store.doubt_interface import LatePart
from domain.store.interface import PartAnswer, Receipt
from domain.store.outcome import FATES, PART_OPEN, STATES, Plan
from domain.store.placing import place

PART: Final = (
    "insert into message_part (message_id, part, state, route, smsc_message_id, error) values (?, ?, ?, ?, ?, ?)"
    " on conflict (message_id, part) do update set state = excluded.state, route = excluded.route,"
    " smsc_message_id = excluded.smsc_message_id, error = excluded.error"
)
_MOVE: Final = "update message set state = ?, error = ?, {at} = ? where id = ? and state = ?"


class Settled(NamedTuple):
    """What an answer for a part did: whether the part took it, and what then became of its message."""

    taken: bool
    event: MessageEvent | None = None


def count(plan: Plan, settled: Settled) -> None:
    """Add to the plan's counts; the writes are done."""
    if settled.event is not None:
        plan.applied[settled.event] += 1
    elif not settled.taken:
        plan.refused += 1


def apply_receipt(db: sqlite3.Connection, receipt: Receipt, message_id: int, part: int) -> Settled:
    """A receipt with the id of one part, which on some routes stands for all of them."""
    row = db.execute(_COUNT, (message_id,)).fetchone()
    if row is None:
        return Settled(taken=False)
    fate = FATES[receipt.event]
    if PartsReceipt(receipt.stands_for or PartsReceipt.EACH).stands_for_all(part, row[0]):
        return settle_all(db, receipt, message_id)
    moved = db.execute(
        f"update message_part set state = ?, error = ? where message_id = ? and part = ? and state in {PART_OPEN}",
        (fate, receipt.error, message_id, part),
    ).rowcount
    return settle(db, message_id, error=receipt.error, at_ms=receipt.seen_ms) if moved else Settled(taken=False)


def settle_all(db: sqlite3.Connection, receipt: Receipt, message_id: int) -> Settled:
    """A receipt that stands for every part."""
    db.execute(
        f"update message_part set state = ?, error = ? where message_id = ? and state in {PART_OPEN}",
        (FATES[receipt.event], receipt.error, message_id),
    )
    return _move(db, message_id, receipt.event, error=receipt.error, at_ms=receipt.seen_ms)


def apply_late(db: sqlite3.Connection, late: LatePart, *, now_ms: int) -> Settled:
    """The response for a part whose timer had run out, or whose link was gone."""
    before = known(db, late.message_id)
    if not any(part.part == late.answer.part for part in before):
        return Settled(taken=False)  # it goes again, as a whole
    (count,) = db.execute(_COUNT, (late.message_id,)).fetchone()
    moved = place(before, [late.answer], count=count)
    if not moved:
        return Settled(taken=False)
    db.executemany(PART, [(late.message_id, one.part, one.state, late.route, *one[2:]) for one in moved])
    return settle(db, late.message_id, error=late.answer.error, at_ms=now_ms)


def known(db: sqlite3.Connection, message_id: int) -> list[PartAnswer]:
    """The parts of a message that the database has."""
    rows = db.execute(_KNOWN, (message_id,))
    return [PartAnswer(part, STATES[state], smsc_id, error) for part, state, smsc_id, error in rows]


def settle(db: sqlite3.Connection, message_id: int, *, error: str | None, at_ms: int) -> Settled:
    """A part has changed: where nothing is open any more, so does the message."""
    states = [MessageState(row[0]) for row in db.execute(_STATES, (message_id,))]
    (count,) = db.execute(_COUNT, (message_id,)).fetchone()
    event = settling(states, count)
    if event is None:
        return Settled(taken=True)
    return Settled(taken=True, event=_move(db, message_id, event, error=error, at_ms=at_ms).event)


_STATES: Final = "select state from message_part where message_id = ?"
_COUNT: Final = "select coalesce(parts, segments) from message where id = ?"
_KNOWN: Final = "select part, state, smsc_message_id, error from message_part where message_id = ?"


def _move(db: sqlite3.Connection, message_id: int, event: MessageEvent, *, error: str | None, at_ms: int) -> Settled:
    row = db.execute("select state from message where id = ?", (message_id,)).fetchone()
    state = MessageState(row[0])
    to = TABLE.get((state, event))
    if to is None:
        return Settled(taken=False)
    at = "done_ms" if event in FATES else "answered_ms"
    db.execute(_MOVE.format(at=at), (to, error, at_ms, message_id, state))
    return Settled(taken=True, event=event)
