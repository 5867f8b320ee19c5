"""What is not known, on PostgreSQL: words that settle nothing, late parts, orphan receipts, what people decide."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.rules.campaign_state import FINISHED
from domain.rules.message_state import IN_DOUBT, TABLE, MessageEvent, MessageState, target
from domain.rules.orphan import Candidate, adopter
from domain.store.doubt_interface import Adopted, LatePart, Word
from domain.store.interface import Evidence, Receipt
from domain.store.outcome import (
    FATES,
    PART_IN_DOUBT,
    PART_OPEN,
    WAITING,
    Plan,
    digits,
    orphan_of,
    sql_list,
    waiting_receipt,
)
from domain.store.placing import free_part
from domain.store.postgres import parts
from domain.store.postgres.answers import HELD, HOLD, PostgresAnswers, apply_waiting

_DOUBT: Final = sql_list(IN_DOUBT)
# Those of which no id, or not every part's, is known. The index of (campaign_id, msisdn) finds them: LATERAL with
# OFFSET 0 keeps the planner to one probe for each campaign and number.
_CANDIDATES: Final = f"""
select m.msisdn, m.id, m.state, m.campaign_id, m.submitted_ms, m.route, coalesce(m.parts, m.segments)
from unnest($1::int[]) as k (id) cross join unnest($2::bigint[]) as n (msisdn), lateral (
    select * from message where campaign_id = k.id and msisdn = n.msisdn offset 0
) m
where m.state in ('{MessageState.SUBMITTED}', '{MessageState.ACCEPTED}', '{MessageState.NO_RESPONSE}',
    '{MessageState.DISCONNECTED}') and m.submitted_ms is not null and m.smsc_message_id is null
    and (m.state != '{MessageState.ACCEPTED}' or m.parts = 1 or m.segments = 1 or m.segments > (
        select count(*) from message_part p where p.message_id = m.id and p.smsc_message_id is not null))
"""
_WORDS: Final = """
select m.id, u.stat from unnest($1::text[], $2::text[], $3::text[]) as u (smsc_id, route, stat), lateral (
    select id from message where smsc_message_id = u.smsc_id and route = u.route offset 0
) m
union all
select p.id, u.stat from unnest($1::text[], $2::text[], $3::text[]) as u (smsc_id, route, stat), lateral (
    select message_id as id from message_part where smsc_message_id = u.smsc_id and route = u.route
    order by id desc limit 1
) p
"""
_WORD: Final = f"""
with held as materialized (
    {HOLD.format(ids="$1::bigint[]", states=PART_OPEN)}
)
update message m set word = u.stat from unnest($1::bigint[], $2::text[]) as u (id, stat)
where {HELD} and m.id = u.id and m.state in {PART_OPEN}
"""
_DROP: Final = """
with held as materialized (select p.id from pending_receipt p where p.seen_ms < $1 order by p.id for update)
delete from pending_receipt where id in (select id from held)
"""
# With what the SMSC said of it again: twice, or otherwise.
_SAME: Final = """
select p.id from pending_receipt p where p.id = $1 or (p.smsc_message_id, p.route, p.destination) = (
    select o.smsc_message_id, o.route, o.destination from pending_receipt o where o.id = $1
) order by p.id for update
"""
_KNOWN: Final = """
select exists (select 1 from message where smsc_message_id = any($1::text[]) and route = $2)
    or exists (select 1 from message_part where smsc_message_id = any($1::text[]) and route = $2)
"""
_OF_CAMPAIGN: Final = """
from chunk k cross join lateral (
    select * from message where id between k.lo and k.hi and campaign_id + 0 = k.campaign_id offset 0
) m
"""
_PART_STATES: Final = f"""
select m.state, p.state, count(*) {_OF_CAMPAIGN} join message_part p on p.message_id = m.id
where k.campaign_id = $1 and m.state in {sql_list({MessageState.FAILED, *IN_DOUBT})} group by m.state, p.state
"""
_GO_ON: Final = (
    f"update campaign set revision = revision + 1 where id = $1 and state not in {sql_list(FINISHED)} returning id"
)


class PostgresDoubt(PostgresAnswers):
    """Off the hot paths. ``domain.store.interface`` says what each method promises."""

    async def record_words(self, words: Sequence[Word]) -> None:
        rows = [(form, word.route, word.stat) for word in words for form in word.smsc_message_ids]
        if not rows:
            return
        columns = [list(column) for column in zip(*rows, strict=True)]
        async with self.acquire() as db:
            told = {row[0]: row[1] for row in await db.fetch(_WORDS, *columns)}
            if told:
                await db.execute(_WORD, list(told), list(told.values()))

    async def record_late_parts(self, answers: Sequence[LatePart], *, now_ms: int) -> Evidence:
        plan = Plan()
        async with self.acquire() as db:
            async with db.transaction():
                for late in sorted(answers, key=lambda one: one.message_id):
                    parts.count(plan, await parts.apply_late(db, late, now_ms=now_ms))
            known = [one.answer.smsc_message_id for one in answers if one.answer.smsc_message_id]
            await apply_waiting(db, plan, known)
        return plan.evidence()

    async def adopt_orphans(self, senders: Mapping[int, str], *, after: int, limit: int) -> Adopted | None:
        async with self.acquire() as db:
            page = await db.fetch(
                "select id, destination from pending_receipt where id > $1 order by id limit $2", after, limit
            )
            if not page:
                return None
            numbers = {row[0]: number for row in page if (number := digits(row[1])) is not None}
            found = await _candidates(db, senders, set(numbers.values()))
            applied: Counter[MessageEvent] = Counter()
            for row_id, number in numbers.items():
                if number in found:
                    async with db.transaction():
                        applied.update(await _adopt(db, senders, row_id, number))
        return Adopted(page[-1][0], applied)

    async def drop_receipts(self, before_ms: int) -> int:
        async with self.acquire() as db:
            tag = await db.execute(_DROP, before_ms)
        return int(tag.rsplit(" ", 1)[1])

    async def settle_doubt(self, campaign_id: int, event: MessageEvent, *, decision_id: int, now_ms: int) -> int:
        async with self.transaction() as db:
            return await _settle_doubt(db, campaign_id, event, decision_id, now_ms)

    async def part_states(self, campaign_id: int) -> Mapping[tuple[MessageState, MessageState], int]:
        async with self.acquire() as db:
            rows = await db.fetch(_PART_STATES, campaign_id)
        return {(MessageState(state), MessageState(part)): number for state, part, number in rows}


_Found = tuple[Candidate, str, int]  # with its route and the number of its parts


async def _candidates(
    db: Any, senders: Mapping[int, str], numbers: set[int], *, lock: bool = False
) -> dict[int, list[_Found]]:
    found = defaultdict[int, list[_Found]](list)
    rows = await db.fetch(_CANDIDATES, [*senders], [*numbers])
    if lock:  # a response that comes meanwhile waits, or was first: then the second look shows it
        ids = sorted(row[1] for row in rows)
        await db.execute("select 1 from message where id = any($1::bigint[]) order by id for no key update", ids)
        rows = await db.fetch(_CANDIDATES, [*senders], [*numbers])
    for msisdn, message_id, state, campaign_id, submitted_ms, route, count in rows:
        candidate = Candidate(message_id, MessageState(state), msisdn, senders[campaign_id], submitted_ms)
        found[msisdn].append((candidate, route, count))
    return found


async def _adopt(db: Any, senders: Mapping[int, str], row_id: int, number: int) -> list[MessageEvent]:
    same = [row[0] for row in await db.fetch(_SAME, row_id)]
    row = await db.fetchrow(f"select {WAITING} from pending_receipt where id = $1", row_id)
    if row is None:
        return []
    receipt = waiting_receipt(tuple(row))
    found = (await _candidates(db, senders, {number}, lock=True))[number]
    if await db.fetchval(_KNOWN, list(receipt.forms), receipt.route):
        return []  # its response has just come, and whoever wrote it looks into the inbox next
    here = {one.message_id: (one, count) for one, route, count in found if route == receipt.route}
    chosen = adopter(orphan_of(receipt), [one for one, _ in here.values()])
    if chosen is None:
        return []
    given = await _give(db, receipt, chosen, here[chosen.message_id][1])
    if given.taken:
        await db.execute("delete from pending_receipt where id = any($1::bigint[])", same)
    return [] if given.event is None else [given.event]


async def _give(db: Any, receipt: Receipt, chosen: Candidate, count: int) -> parts.Settled:
    """Apply an orphan to its message; what became of the message."""
    smsc_id = next(iter(receipt.smsc_message_ids), None)
    if count > 1:
        return await _give_part(db, receipt, chosen.message_id, count, smsc_id)
    await db.execute(
        "update message set state = $1, error = $2, done_ms = $3, smsc_message_id = $4 where id = $5 and state = $6",
        TABLE[chosen.state, receipt.event],
        receipt.error,
        receipt.seen_ms,
        smsc_id,
        chosen.message_id,
        chosen.state,
    )
    return parts.Settled(taken=True, event=receipt.event)


async def _give_part(db: Any, receipt: Receipt, message_id: int, count: int, smsc_id: str | None) -> parts.Settled:
    """Of which part it is nobody can say, and it does not matter: of one whose id is not known. None left: it waits."""
    if receipt.stands_for is not None:
        return await parts.settle_all(db, receipt, message_id)
    part = free_part(await parts.known(db, message_id), count)
    if part is None:
        return parts.Settled(taken=False)
    await parts.write(db, [(message_id, part, FATES[receipt.event], receipt.route, smsc_id, receipt.error)])
    return await parts.settle(db, message_id, error=receipt.error, at_ms=receipt.seen_ms)


async def _settle_doubt(db: Any, campaign_id: int, event: MessageEvent, decision_id: int, now_ms: int) -> int:
    # Its end, too, locks the campaign's row: it comes before this, or finds another revision.
    if event is MessageEvent.RESEND and await db.fetchval(_GO_ON, campaign_id) is None:
        return 0
    query = f"select m.id {_OF_CAMPAIGN} where k.campaign_id = $1 and m.state in {_DOUBT}"
    ids = sorted(row[0] for row in await db.fetch(query, campaign_id))
    await db.execute("select 1 from message where id = any($1::bigint[]) order by id for no key update", ids)
    moved = [
        row[0]
        for row in await db.fetch(
            f"update message set state = $1, decision_id = $2 where id = any($3::bigint[]) and state in {_DOUBT}"
            " returning id",
            target(event),
            decision_id,
            ids,
        )
    ]
    if event is MessageEvent.RESEND:
        await db.execute("delete from message_part where message_id = any($1::bigint[])", moved)
        await db.execute(
            "insert into retry (message_id, campaign_id, next_ms) select unnest($1::bigint[]), $2, $3"
            " on conflict (message_id) do nothing",
            moved,
            campaign_id,
            now_ms,
        )
    else:
        await db.execute(
            f"update message_part set state = $1 where message_id = any($2::bigint[]) and state in {PART_IN_DOUBT}",
            target(event),
            moved,
        )
    return len(moved)
