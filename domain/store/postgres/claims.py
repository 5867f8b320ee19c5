"""Claims and submits on PostgreSQL: what a sender leases, reads, marks and gives back. Answers are in ``answers``."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from domain.rules.message_state import MessageEvent, sources, target
from domain.rules.quota import day_of, micros
from domain.store.contact_sql import CONTACT
from domain.store.interface import Claim, Submission, ToSend
from domain.store.outcome import RETRY_HORIZON_MS, sql_list
from domain.store.postgres.answers import PostgresAnswers
from domain.store.postgres.quota import Terms, terms_of, within_limits

PENDING: Final = sql_list(sources(MessageEvent.SUBMIT))

# While the statistics are young the planner would read a whole campaign, by its index or all messages there are, for
# each chunk: "+ 0" keeps it off the one, LATERAL with OFFSET 0 off the other.
OF_CHUNKS: Final = """
from chunk k cross join lateral (
    select * from message where id between k.lo and k.hi and campaign_id + 0 = k.campaign_id offset 0
) m
"""
_OF_CHUNK: Final = f"""
{OF_CHUNKS} left join contact c on c.id = m.contact_id
where k.id = $1 and m.state in {PENDING} and not exists (select 1 from retry r where r.message_id = m.id)
"""
_ROWS_OF_CHUNK: Final = f"select m.id, m.msisdn, m.tries, 0, {CONTACT} {_OF_CHUNK} order by m.id"
_LEFT_OF_CHUNK: Final = f"select exists (select 1 {_OF_CHUNK})"
_ROWS_OF_RETRIES: Final = f"""
select m.id, m.msisdn, m.tries, r.throttled, {CONTACT}
from retry r join message m on m.id = r.message_id left join contact c on c.id = m.contact_id
where r.message_id = any($1::bigint[]) and m.state in {PENDING}
order by m.id
"""
# The sender's row is locked against its own sweep: either the submit is committed first and swept into doubt, or the
# row is gone and nothing is submitted.
_OPEN: Final = "k.state = 'running' and (k.open_until is null or k.open_until > to_timestamp({now} / 1000.0))"
_MAY_CLAIM: Final = f"""
select 1 from sender s, campaign k where s.id = $1 and k.id = $2 and {_OPEN.format(now="$3::bigint")}
for key share of s
"""
# One statement, one transaction, one round trip. All guards stand in it: the lock on the sender's row first, and each
# message's state once more outside the look-up, where PostgreSQL checks it again on a row that changed meanwhile.
_MARK: Final = f"""
with held as materialized (
    select k.account_id from sender s, campaign k, account a
    where s.id = $1 and k.id = $2 and a.id = k.account_id and {_OPEN.format(now="$7::bigint")} {{held}}
    for key share of s
), free as materialized (
    select u.id, u.segments, u.parts
    from held, unnest($4::bigint[], $5::smallint[], $10::smallint[]) as u (id, segments, parts), message m
    where m.id = u.id and m.state in {PENDING} {{one}} and not exists (
            select 1 from blacklist_entry b
            where b.account_id = (select account_id from held) and b.msisdn = m.msisdn
        )
    order by u.id
), marked as (
    update message m
    set state = '{target(MessageEvent.SUBMIT)}', segments = free.segments, parts = free.parts, route = $6,
        submitted_ms = $7
    from free where m.id = free.id and m.state in {PENDING}
    returning m.id, free.segments
), counted as (
    insert into day_use (account_id, campaign_id, begins_ms, sender, messages, micros)
    select (select account_id from held), $2, $8, $1, count(*), sum(segments) * $9::bigint
    from marked having count(*) > 0
    on conflict (campaign_id, begins_ms, sender) do update
    set messages = day_use.messages + excluded.messages, micros = day_use.micros + excluded.micros
)
select id from marked
"""
_OF_A_CHUNK: Final = "and exists (select 1 from chunk c where c.id = $3 and c.sender = s.id)"
_OF_NO_CHUNK: Final = "and $3::bigint is null"
_A_RETRY: Final = "and exists (select 1 from retry r where r.message_id = u.id and r.sender = $1)"
_UNLIMITED: Final = " and k.daily_cap is null and a.budget_day is null"
#: By whether limits of the day were seen to, and whether it is a chunk.
_MARKS: Final = {
    (limited, chunk): _MARK.format(
        held=(_OF_A_CHUNK if chunk else _OF_NO_CHUNK) + ("" if limited else _UNLIMITED), one="" if chunk else _A_RETRY
    )
    for limited in (False, True)
    for chunk in (False, True)
}
_BLOCK: Final = f"""
with blocked as (
    update message m set state = '{target(MessageEvent.BLACKLIST)}', done_ms = $3
    where m.id = any($1::bigint[]) and m.state in {PENDING} and exists (
        select 1 from blacklist_entry b join campaign k on k.id = $2 and k.account_id = b.account_id
        where b.msisdn = m.msisdn
    )
    returning m.id
)
delete from retry where message_id in (select id from blocked)
"""


def rows_of(tag: str) -> int:
    """Rows that a statement changed, from its command tag: ``UPDATE 12``."""
    return int(tag.rsplit(" ", 1)[1])


class PostgresClaims(PostgresAnswers):
    """What a sender does with the messages it holds. ``domain.store.interface`` says what each method promises."""

    async def claim(
        self, sender: str, campaign_id: int, *, now_ms: int, limit: int, without: Collection[int] = ()
    ) -> Claim | None:
        async with self.hot() as db, db.transaction():
            if await db.fetchval(_MAY_CLAIM, sender, campaign_id, now_ms) is None:
                return None
            terms = await terms_of(db, campaign_id)
            if terms is None or (await terms.quota(db, campaign_id, now_ms)).reached:
                return None
            due = await db.fetch(
                "update retry set sender = $1 where sender is null and message_id in (select message_id from retry"
                " where campaign_id = $2 and next_ms not between $3 and $4 and sender is null order by next_ms limit $5"
                " for update skip locked) returning message_id",
                sender,
                campaign_id,
                now_ms + 1,
                now_ms + RETRY_HORIZON_MS,
                limit,
            )
            if due:
                return Claim(campaign_id, None, tuple(sorted(row[0] for row in due)))
            chunk = await db.fetchval(
                "update chunk set state = 'leased', sender = $1 where state = 'ready' and id ="
                " (select id from chunk where campaign_id = $2 and state = 'ready' and id <> all($3::bigint[])"
                " order by id limit 1 for update skip locked) returning id",
                sender,
                campaign_id,
                [*without],
            )
        return Claim(campaign_id, chunk, ()) if chunk is not None else None

    async def pending(self, claim: Claim) -> Sequence[ToSend]:
        query, key = (
            (_ROWS_OF_RETRIES, list(claim.message_ids)) if claim.chunk_id is None else (_ROWS_OF_CHUNK, claim.chunk_id)
        )
        async with self.hot() as db:
            rows = await db.fetch(query, key)
        return [ToSend(row[0], row[1], row[2], row[3], row[4:] if row[4] is not None else None) for row in rows]

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        async with self.hot() as db:
            terms = await terms_of(db, claim.campaign_id)
            if terms is None:
                return frozenset()
            if not terms.limited:
                return await _mark(db, sender, claim, batch, terms, route, now_ms)
            async with db.transaction():
                terms = await terms_of(db, claim.campaign_id, locked=True) or terms
                batch = await within_limits(db, terms, claim.campaign_id, batch, sender=sender, now_ms=now_ms)
                return await _mark(db, sender, claim, batch, terms, route, now_ms)

    async def settle(self, ids: Sequence[int], event: MessageEvent, *, error: str | None, now_ms: int) -> int:
        async with self.hot() as db, db.transaction():
            tag = await db.execute(
                "update message set state = $1, error = $2, done_ms = $3"
                f" where id = any($4::bigint[]) and state in {PENDING}",
                target(event),
                error,
                now_ms,
                list(ids),
            )
            await db.execute("delete from retry where message_id = any($1::bigint[])", list(ids))
        return rows_of(tag)

    async def finish_claim(self, sender: str, claim: Claim) -> None:
        async with self.hot() as db, db.transaction():
            if claim.chunk_id is not None:
                left = await db.fetchval(_LEFT_OF_CHUNK, claim.chunk_id)
                await db.execute(
                    "update chunk set state = $1, sender = null where id = $2 and sender = $3",
                    "ready" if left else "done",
                    claim.chunk_id,
                    sender,
                )
                return
            ids = list(claim.message_ids)
            await db.execute(
                "delete from retry r where sender = $1 and message_id = any($2::bigint[]) and not exists"
                f" (select 1 from message m where m.id = r.message_id and m.state in {PENDING})",
                sender,
                ids,
            )
            await db.execute(
                "update retry set sender = null where sender = $1 and message_id = any($2::bigint[])", sender, ids
            )


async def _mark(
    db: Any, sender: str, claim: Claim, batch: Sequence[Submission], terms: Terms, route: str, now_ms: int
) -> frozenset[int]:
    ids, segments, parts = [list(column) for column in zip(*batch, strict=True)] if batch else ([], [], [])
    begins_ms, _ = day_of(now_ms, terms.time_zone)
    price = micros(terms.segment_price)
    values = (claim.campaign_id, claim.chunk_id, ids, segments, route, now_ms, begins_ms, price, parts)
    rows = await db.fetch(_MARKS[terms.limited, claim.chunk_id is not None], sender, *values)
    allowed = frozenset([row[0] for row in rows])
    if len(allowed) < len(ids):
        await db.execute(_BLOCK, [key for key in ids if key not in allowed], claim.campaign_id, now_ms)
    return allowed
