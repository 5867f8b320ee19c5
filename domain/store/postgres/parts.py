"""
Parts of long messages on PostgreSQL: each has its own id, receipt and perhaps a late answer; together they settle the
message. The message's row is locked first: two senders with answers for two parts of it go one after the other.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from domain.rules.message_state import TABLE, MessageEvent, MessageState, settling
from domain.rules.receipt import PartsReceipt
from domain.store.doubt_interface import LatePart
from domain.store.interface import PartAnswer, Receipt
from domain.store.outcome import FATES, PART_OPEN, STATES, Plan
from domain.store.placing import place

_PART: Final = """
insert into message_part (message_id, part, state, route, smsc_message_id, error)
select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict (message_id, part) do update set state = excluded.state, route = excluded.route,
    smsc_message_id = excluded.smsc_message_id, error = excluded.error
"""
_MOVE: Final = "update message set state = $1, error = $2, {at} = $3 where id = $4 and state = $5"


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


async def apply_receipt(db: Any, receipt: Receipt, message_id: int, part: int) -> Settled:
    """A receipt with the id of one part, which on some routes stands for all of them."""
    row = await db.fetchrow(_LOCK, message_id)
    if row is None:
        return Settled(taken=False)
    fate = FATES[receipt.event]
    if PartsReceipt(receipt.stands_for or PartsReceipt.EACH).stands_for_all(part, row[0]):
        return await settle_all(db, receipt, message_id)
    moved = await db.fetch(
        "update message_part set state = $1, error = $2"
        f" where message_id = $3 and part = $4 and state in {PART_OPEN} returning id",
        fate,
        receipt.error,
        message_id,
        part,
    )
    return await settle(db, message_id, error=receipt.error, at_ms=receipt.seen_ms) if moved else Settled(taken=False)


async def settle_all(db: Any, receipt: Receipt, message_id: int) -> Settled:
    """A receipt that stands for every part."""
    await db.execute(
        f"update message_part set state = $1, error = $2 where message_id = $3 and state in {PART_OPEN}",
        FATES[receipt.event],
        receipt.error,
        message_id,
    )
    return await _move(db, message_id, receipt.event, error=receipt.error, at_ms=receipt.seen_ms)


async def apply_late(db: Any, late: LatePart, *, now_ms: int) -> Settled:
    """The response for a part whose timer had run out, or whose link was gone."""
    count = await db.fetchval(_LOCK, late.message_id)
    before = await known(db, late.message_id)
    if not any(part.part == late.answer.part for part in before):
        return Settled(taken=False)  # it goes again, as a whole
    moved = place(before, [late.answer], count=count)
    if not moved:
        return Settled(taken=False)
    await write(db, [(late.message_id, one.part, one.state, late.route, *one[2:]) for one in moved])
    return await settle(db, late.message_id, error=late.answer.error, at_ms=now_ms)


async def known(db: Any, message_id: int) -> list[PartAnswer]:
    """The parts of a message that the database has; its row is locked already."""
    rows = await db.fetch(_KNOWN, message_id)
    return [PartAnswer(part, STATES[state], smsc_id, error) for part, state, smsc_id, error in rows]


async def write(db: Any, rows: Sequence[tuple[int, int, str, str, str | None, str | None]]) -> None:
    """Parts as they are from now on: message_id, part, state, route, smsc_message_id, error."""
    await db.execute(_PART, *(list(column) for column in zip(*rows, strict=True)))


async def settle(db: Any, message_id: int, *, error: str | None, at_ms: int) -> Settled:
    """A part has changed: where nothing is open any more, so does the message."""
    states = [MessageState(row[0]) for row in await db.fetch(_STATES, message_id)]
    count = await db.fetchval(_LOCK, message_id)
    event = settling(states, count)
    if event is None:
        return Settled(taken=True)
    return Settled(taken=True, event=(await _move(db, message_id, event, error=error, at_ms=at_ms)).event)


_KNOWN: Final = "select part, state, smsc_message_id, error from message_part where message_id = $1"
_STATES: Final = "select state from message_part where message_id = $1"
_LOCK: Final = "select coalesce(parts, segments) from message where id = $1 for no key update"


async def _move(db: Any, message_id: int, event: MessageEvent, *, error: str | None, at_ms: int) -> Settled:
    state = MessageState(await db.fetchval("select state from message where id = $1 for no key update", message_id))
    to = TABLE.get((state, event))
    if to is None:
        return Settled(taken=False)
    at = "done_ms" if event in FATES else "answered_ms"
    await db.execute(_MOVE.format(at=at), to, error, at_ms, message_id, state)
    return Settled(taken=True, event=event)
