"""Responses and receipts on PostgreSQL: rows are locked and read, the table decides, the writes are guarded by it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from tortoise.backends.asyncpg.client import AsyncpgDBClient

from domain.rules.message_state import MessageEvent, sources, target
from domain.store.interface import Evidence, Receipt, Result
from domain.store.outcome import (
    FATED,
    FATES,
    STATES,
    WAITING,
    Plan,
    Row,
    admit,
    doubted_parts,
    plainly_accepted,
    plan_results,
    sql_list,
    waiting_keys,
    waiting_receipt,
    waiting_row,
)
from domain.store.postgres import parts
from domain.store.postgres.connection import PostgresConnection
from domain.store.postgres.quota import give_back

# Locks are taken in one order, so that two senders never wait for each other in a circle: receipts in the inbox, then
# messages, of each in order of id. An update alone takes them in whatever order the planner likes.
HOLD: Final = (
    "select m.id from message m where m.id = any({ids}) and m.state in {states} order by m.id for no key update"
)
HELD: Final = "(select count(*) from held) >= 0"  #: all of them are locked before the first is written
_ROWS: Final = (
    "select id, campaign_id, state, segments, submitted_ms from message"
    " where id = any($1::bigint[]) order by id for no key update"
)
_ACCEPT: Final = f"""
with held as materialized (
    {HOLD.format(ids="$1::bigint[]", states=sql_list(sources(MessageEvent.SUBMIT_OK)))}
), accepted as (
    update message m set state = '{target(MessageEvent.SUBMIT_OK)}', error = null, answered_ms = $3,
        smsc_message_id = coalesce(u.smsc_id, m.smsc_message_id)
    from unnest($1::bigint[], $2::text[]) as u (id, smsc_id)
    where {HELD} and m.id = u.id and m.state in {sql_list(sources(MessageEvent.SUBMIT_OK))}
    returning m.id
), done as (
    delete from retry r using accepted where r.message_id = accepted.id
)
select count(*) from accepted
"""
# The youngest of those with the id is meant, for operators reuse ids. "+ 0" keeps the planner from looking for it from
# the youngest message of all backwards.
_FATES: Final = f"""
with told as materialized (
    select u.*, (select max(m.id + 0) from message m where m.smsc_message_id = u.smsc_id and m.route = u.route) as id
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
        with ordinality as u (smsc_id, route, state, error, at, number)
), held as materialized (
    {HOLD.format(ids="array(select told.id from told)", states=sql_list(FATED))}
), moved as (
    update message m set state = told.state, error = told.error, done_ms = told.at from told
    where {HELD} and m.id = told.id and m.state in {sql_list(FATED)}
    returning told.number
)
select array(select number from told where id is null), array(select number from moved)
"""
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
insert into retry (message_id, campaign_id, next_ms, throttled)
select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::smallint[])
on conflict (message_id) do update set next_ms = excluded.next_ms, sender = null,
    throttled = retry.throttled + excluded.throttled
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
_MATCHABLE: Final = """
select p.smsc_message_id from pending_receipt p,
    lateral unnest(string_to_array(coalesce(p.forms, p.smsc_message_id), e'\\n')) as f (form)
where exists (select 1 from message m where m.smsc_message_id = f.form)
or exists (select 1 from message_part m where m.smsc_message_id = f.form)
"""
_LEAVE: Final = f"""
with held as materialized (
    select p.id from pending_receipt p where p.smsc_message_id = any($1::text[]) order by p.id for update
)
delete from pending_receipt where id in (select id from held) returning {WAITING}
"""
_WAIT: Final = f"insert into pending_receipt ({WAITING}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"


class PostgresAnswers(PostgresConnection):
    """
    Applies what came back from the operator: what is plain in one statement, the rest by rows that are locked and read.

    In this process answers are applied in the order in which they are given: a receipt on the heels of its response
    finds it. Other senders' receipts may pass a response on the way; then each looks for the other after its commit.
    """

    def __init__(self, client: AsyncpgDBClient) -> None:
        super().__init__(client)
        self._in_order = asyncio.Lock()

    async def record_results(self, results: Sequence[Result], *, now_ms: int) -> Evidence:
        plan = Plan()
        plain, others = plainly_accepted(results)
        async with self._in_order, self.hot() as db:
            if plain:
                ids = list(plain)
                smsc_ids = [plain[message_id] for message_id in ids]
                accepted = await db.fetchval(_ACCEPT, ids, smsc_ids, now_ms)
                plan.applied[MessageEvent.SUBMIT_OK] += accepted
                plan.refused += len(plain) - accepted
                plan.smsc_ids += [smsc_id for smsc_id in smsc_ids if smsc_id]
            if others:
                async with db.transaction():
                    found = await db.fetch(_ROWS, [result.message_id for result in others])
                    rows = {r[0]: Row(r[0], r[1], STATES[r[2]], *r[3:]) for r in found}
                    known = {one: await parts.known(db, one) for one in doubted_parts(others, rows)}
                    await _write(db, plan_results(others, rows, plan, known, now_ms))
            await apply_waiting(db, plan, plan.smsc_ids)
        return plan.evidence()

    async def record_receipts(self, receipts: Sequence[Receipt], *, now_ms: int) -> Evidence:
        plan = Plan()
        early: list[Receipt] = []
        async with self._in_order, self.hot() as db:
            unmatched = await _apply_likely(db, plan, receipts)
            if unmatched:
                async with db.transaction():
                    early = await _apply_receipts(db, plan, unmatched)
                    await _write(db, plan)
                    await _put_aside(db, early)
            # The response may have been committed meanwhile: neither saw the other.
            await apply_waiting(
                db, Plan(), [receipt.smsc_message_ids[0] for receipt in early if receipt.smsc_message_ids]
            )
        return plan.evidence(waiting=len(early))

    async def match_inbox(self) -> None:
        """Apply what waits in the inbox though its message is known: a process ended between commit and look."""
        async with self.hot() as db:
            known = await db.fetch(_MATCHABLE)
            await apply_waiting(db, Plan(), [row[0] for row in known])


async def apply_waiting(db: Any, plan: Plan, smsc_ids: Sequence[str]) -> None:
    """Apply receipts that waited for messages with these ids; they leave the inbox. Adds to the plan's counts."""
    if not smsc_ids or not await db.fetchval("select exists (select 1 from pending_receipt)"):
        return
    async with db.transaction():
        found = await db.fetch(_LEAVE, waiting_keys(smsc_ids))
        waiting = [waiting_receipt(tuple(row)) for row in found]
        if waiting:
            late = Plan(applied=plan.applied)
            unmatched = await _apply_receipts(db, late, waiting)
            await _write(db, late)
            await _put_aside(db, unmatched)
            plan.refused += late.refused


async def _put_aside(db: Any, early: Sequence[Receipt]) -> None:
    if early:
        await db.executemany(_WAIT, [waiting_row(receipt) for receipt in early])


async def _apply_likely(db: Any, plan: Plan, receipts: Sequence[Receipt]) -> list[Receipt]:
    """
    Apply those whose message stands under the likeliest form of their id; the others come back.

    All three kinds of receipt mean something in the same states, so of several for one message the first decides.
    """
    first: dict[tuple[str, str], Receipt] = {}
    others: list[Receipt] = []
    for receipt in receipts:
        key = (receipt.smsc_message_ids[0], receipt.route) if receipt.smsc_message_ids else None
        if key is None or first.setdefault(key, receipt) is not receipt:
            others.append(receipt)
    told = list(first.values())
    columns: list[list[str | None]] = [[smsc_id for smsc_id, _ in first], [route for _, route in first]]
    columns += [[FATES[r.event] for r in told], [r.error for r in told]]
    unknown, moved = await db.fetchrow(_FATES, *columns, [r.seen_ms for r in told])
    for number in moved:
        plan.applied[told[number - 1].event] += 1
    plan.refused += len(told) - len(unknown) - len(moved)
    return [told[number - 1] for number in unknown] + others


async def _write(db: Any, plan: Plan) -> None:
    for answered in plan.rounds():
        await db.execute(_ANSWER, *_columns(answered))
    if plan.fates:
        await db.execute(_FATE, *_columns(plan.fates))
    if plan.retries:
        await db.execute(_RETRY, *_columns(plan.retries))
    if plan.parts:
        await parts.write(db, plan.parts)
    if plan.returned:
        await give_back(db, plan.returned)
    if plan.settled:
        await db.execute("delete from retry where message_id = any($1::bigint[])", plan.settled)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _apply_receipts(db: Any, plan: Plan, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Add what the receipts do to the plan; those that no message answers to come back."""
    wanted = [form for receipt in receipts for form in receipt.forms]
    # Operators reuse ids: of several messages with one id, the youngest is meant, so the last row wins.
    found = {(r[0], r[1]): r[2] for r in await db.fetch(_WHOLE, wanted)}
    known_parts = {(r[0], r[1]): (r[2], r[3]) for r in await db.fetch(_PARTS, wanted)}
    meant = [*found.values(), *(message_id for message_id, _ in known_parts.values())]
    locked = {r[0]: Row(r[0], r[1], STATES[r[2]]) for r in await db.fetch(_ROWS, meant)}
    early = []
    for receipt in receipts:
        keys = [(form, receipt.route) for form in receipt.forms]
        message_id = next((found[key] for key in keys if key in found), None)
        if message_id is not None:
            if message_id in locked:
                locked[message_id] = admit(plan, locked[message_id], receipt)
            continue
        part = next((known_parts[key] for key in keys if key in known_parts), None)
        if part is None:
            early.append(receipt)
        else:
            parts.count(plan, await parts.apply_receipt(db, receipt, *part))
    return early
