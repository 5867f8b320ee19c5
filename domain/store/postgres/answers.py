"""Responses and receipts on PostgreSQL: rows are locked and read, the table decides, the writes are guarded by it."""

from collections.abc import Sequence
from typing import Any, Final

from domain.rules.message_state import MessageEvent, MessageState
from domain.store.interface import Evidence, Receipt, Result
from domain.store.outcome import Plan, Row, admit, event_of_parts, plan_results
from domain.store.postgres.connection import PostgresConnection

# In order of id, so that two senders never wait for each other in a circle.
_ROWS: Final = (
    "select id, campaign_id, state, tries from message where id = any($1::bigint[]) order by id for no key update"
)
_ANSWER: Final = """
update message m set state = u.state, tries = m.tries + u.again, answered_ms = u.at, error = u.error,
    smsc_message_id = coalesce(u.smsc_id, m.smsc_message_id)
from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[])
    as u (state, again, smsc_id, error, at, id, old)
where m.id = u.id and m.state = u.old
"""
_FATE: Final = """
update message m set state = u.state, error = u.error, done_ms = u.at
from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[]) as u (state, error, at, id, old)
where m.id = u.id and m.state = u.old
"""
_RETRY: Final = """
insert into retry (message_id, campaign_id, next_ms)
select * from unnest($1::bigint[], $2::int[], $3::bigint[])
on conflict (message_id) do update set next_ms = excluded.next_ms, sender = null
"""
_PART: Final = """
insert into message_part (message_id, part, state, route, smsc_message_id, error)
select * from unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[])
on conflict (message_id, part) do update set state = excluded.state, route = excluded.route,
    smsc_message_id = excluded.smsc_message_id, error = excluded.error
"""
# Right after a start the statistics say that no message has an SMSC id, and the planner would read the whole index for
# each batch: the lateral look-up with OFFSET 0 makes it one probe an id.
_WHOLE: Final = """
select f.smsc_id, f.route, f.id, f.campaign_id, f.state
from unnest($1::text[]) as u (smsc_id), lateral (
    select m.smsc_message_id as smsc_id, m.route, m.id, m.campaign_id, m.state
    from message m where m.smsc_message_id = u.smsc_id offset 0
) f
order by f.id
"""
_PARTS: Final = """
select f.smsc_id, f.route, f.message_id, f.part
from unnest($1::text[]) as u (smsc_id), lateral (
    select p.smsc_message_id as smsc_id, p.route, p.message_id, p.part, p.id
    from message_part p where p.smsc_message_id = u.smsc_id offset 0
) f
order by f.id
"""
_WAIT: Final = (
    "insert into pending_receipt (route, smsc_message_id, event, error, source, destination, seen_ms)"
    " values ($1, $2, $3, $4, $5, $6, $7)"
)


class PostgresAnswers(PostgresConnection):
    """Applies what came back from the operator."""

    async def record_results(self, results: Sequence[Result], *, now_ms: int) -> Evidence:
        async with self.transaction() as db:
            ids = [result.message_id for result in results]
            rows = {r[0]: Row(r[0], r[1], MessageState(r[2]), r[3]) for r in await db.fetch(_ROWS, ids)}
            plan = plan_results(results, rows, now_ms=now_ms)
            await _write(db, plan)
            waiting = await _waiting_for(db, plan.smsc_ids)
            if waiting:
                late = Plan(applied=plan.applied)
                await _apply_receipts(db, late, waiting)
                await _write(db, late)
                plan.refused += late.refused
        return plan.evidence()

    async def record_receipts(self, receipts: Sequence[Receipt], *, now_ms: int) -> Evidence:
        async with self.transaction() as db:
            plan = Plan()
            early = await _apply_receipts(db, plan, receipts)
            await _write(db, plan)
            if early:
                await db.executemany(
                    _WAIT,
                    [
                        (
                            r.route,
                            next(iter(r.smsc_message_ids), None),
                            r.event,
                            r.error,
                            r.source,
                            r.destination,
                            r.seen_ms,
                        )
                        for r in early
                    ],
                )
        if early:
            await self._match_again([r.smsc_message_ids[0] for r in early if r.smsc_message_ids])
        return plan.evidence(waiting=len(early))

    async def _match_again(self, smsc_ids: Sequence[str]) -> None:
        """
        The response may have been committed by another transaction between our look and our insert: neither saw the
        other. A second look after the commit closes the gap.
        """
        async with self.transaction() as db:
            known = await db.fetch(
                "select smsc_message_id from message where smsc_message_id = any($1::text[])"
                " union select smsc_message_id from message_part where smsc_message_id = any($1::text[])",
                list(smsc_ids),
            )
            waiting = await _waiting_for(db, [row[0] for row in known])
            if waiting:
                plan = Plan()
                await _apply_receipts(db, plan, waiting)
                await _write(db, plan)


async def _write(db: Any, plan: Plan) -> None:
    if plan.answered:
        await db.execute(_ANSWER, *_columns(plan.answered))
    if plan.fates:
        await db.execute(_FATE, *_columns(plan.fates))
    if plan.retries:
        await db.execute(_RETRY, *_columns(plan.retries))
    if plan.parts:
        await db.execute(_PART, *_columns(plan.parts))
    if plan.settled:
        await db.execute("delete from retry where message_id = any($1::bigint[])", plan.settled)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _waiting_for(db: Any, smsc_ids: Sequence[str]) -> list[Receipt]:
    """Receipts that came before the response whose id they carry; they leave the inbox."""
    if not smsc_ids or not await db.fetchval("select exists (select 1 from pending_receipt)"):
        return []
    found = await db.fetch(
        "delete from pending_receipt where smsc_message_id = any($1::text[])"
        " returning route, smsc_message_id, event, error, source, destination, seen_ms",
        list(smsc_ids),
    )
    return [Receipt(r[0], (r[1],), MessageEvent(r[2]), r[3], r[4], r[5], r[6]) for r in found]


async def _apply_receipts(db: Any, plan: Plan, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Add what the receipts do to the plan; those that no message answers to come back."""
    wanted = [form for receipt in receipts for form in receipt.smsc_message_ids]
    # Operators reuse ids: of several messages with one id, the youngest is meant, so the last row wins.
    found = {(r[0], r[1]): r[2] for r in await db.fetch(_WHOLE, wanted)}
    locked = {r[0]: Row(r[0], r[1], MessageState(r[2])) for r in await db.fetch(_ROWS, list(found.values()))}
    parts = {(r[0], r[1]): (r[2], r[3]) for r in await db.fetch(_PARTS, wanted)}
    early = []
    for receipt in receipts:
        keys = [(form, receipt.route) for form in receipt.smsc_message_ids]
        message_id = next((found[key] for key in keys if key in found), None)
        if message_id is not None:
            if message_id in locked:
                locked[message_id] = admit(plan, locked[message_id], receipt)
            continue
        part = next((parts[key] for key in keys if key in parts), None)
        if part is None:
            early.append(receipt)
        else:
            await _apply_to_part(db, plan, receipt, part)
    return early


async def _apply_to_part(db: Any, plan: Plan, receipt: Receipt, part: tuple[int, int]) -> None:
    message_id, number = part
    # The message is locked first: two senders with receipts for two parts of it go one after the other.
    row = await db.fetchrow(_ROWS, [message_id])
    to = admit(Plan(), Row(message_id, 0, MessageState.ACCEPTED), receipt).state
    moved = await db.fetch(
        "update message_part set state = $1, error = $2 where message_id = $3 and part = $4 and state = 'accepted'"
        " returning id",
        to,
        receipt.error,
        message_id,
        number,
    )
    if not moved or row is None:
        plan.refused += 1
        return
    states = await db.fetch("select state from message_part where message_id = $1", message_id)
    event = event_of_parts(MessageState(state) for (state,) in states)
    if event is not None:
        admit(plan, Row(row[0], row[1], MessageState(row[2])), receipt, event=event)
