"""Claims and submits on PostgreSQL: what a sender leases, reads, marks and gives back. Answers are in ``answers``."""

from collections.abc import Sequence
from typing import Any, Final

from domain.rules.message_state import MessageEvent, sources, target
from domain.store.contact_sql import CONTACT
from domain.store.interface import Claim, ContactRow, Submission, ToSend
from domain.store.outcome import sql_list
from domain.store.postgres.answers import PostgresAnswers

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
_ROWS_OF_CHUNK: Final = f"select m.id, m.msisdn, m.tries, {CONTACT} {_OF_CHUNK} order by m.id"
_LEFT_OF_CHUNK: Final = f"select exists (select 1 {_OF_CHUNK})"
_ROWS_OF_RETRIES: Final = f"""
select m.id, m.msisdn, m.tries, {CONTACT}
from message m left join contact c on c.id = m.contact_id
where m.id = any($1::bigint[]) and m.state in {PENDING}
order by m.id
"""
# The sender's row is locked against its own sweep: either the submit is committed first and swept into doubt, or the
# row is gone and nothing is submitted.
_MAY_CLAIM: Final = (
    "select 1 from sender s, campaign k where s.id = $1 and k.id = $2 and k.state = 'running' for key share of s"
)
# One statement, one transaction, one round trip. All guards stand in it: the lock on the sender's row first, and each
# message's state once more outside the look-up, where PostgreSQL checks it again on a row that changed meanwhile.
_MARK: Final = f"""
with held as materialized (
    select k.account_id from sender s, campaign k
    where s.id = $1 and k.id = $2 and k.state = 'running' {{held}} for key share of s
), free as materialized (
    select u.id, u.segments from held, unnest($4::bigint[], $5::smallint[]) as u (id, segments), message m
    where m.id = u.id and m.state in {PENDING} {{one}} and not exists (
            select 1 from blacklist_entry b
            where b.account_id = (select account_id from held) and b.msisdn = m.msisdn
        )
    order by u.id
)
update message m
set state = '{target(MessageEvent.SUBMIT)}', segments = free.segments, route = $6, submitted_ms = $7
from free where m.id = free.id and m.state in {PENDING}
returning m.id
"""
_MARK_CHUNK: Final = _MARK.format(
    held="and exists (select 1 from chunk c where c.id = $3 and c.sender = s.id)",
    one="",
)
_MARK_RETRIES: Final = _MARK.format(
    held="and $3::bigint is null",
    one="and exists (select 1 from retry r where r.message_id = u.id and r.sender = $1)",
)
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

    async def claim(self, sender: str, campaign_id: int, *, now_ms: int, limit: int) -> Claim | None:
        async with self.hot() as db, db.transaction():
            if await db.fetchval(_MAY_CLAIM, sender, campaign_id) is None:
                return None
            due = await db.fetch(
                "update retry set sender = $1 where sender is null and message_id in (select message_id from retry"
                " where campaign_id = $2 and next_ms <= $3 and sender is null order by next_ms limit $4"
                " for update skip locked) returning message_id",
                sender,
                campaign_id,
                now_ms,
                limit,
            )
            if due:
                return Claim(campaign_id, None, tuple(sorted(row[0] for row in due)))
            chunk = await db.fetchval(
                "update chunk set state = 'leased', sender = $1 where state = 'ready' and id ="
                " (select id from chunk where campaign_id = $2 and state = 'ready' order by id limit 1"
                " for update skip locked) returning id",
                sender,
                campaign_id,
            )
        return Claim(campaign_id, chunk, ()) if chunk is not None else None

    async def pending(self, claim: Claim) -> Sequence[ToSend]:
        query, key = (
            (_ROWS_OF_RETRIES, list(claim.message_ids)) if claim.chunk_id is None else (_ROWS_OF_CHUNK, claim.chunk_id)
        )
        async with self.hot() as db:
            rows = await db.fetch(query, key)
        return [_to_send(tuple(row)) for row in rows]

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        ids, segments = [list(column) for column in zip(*batch, strict=True)] if batch else ([], [])
        query = _MARK_RETRIES if claim.chunk_id is None else _MARK_CHUNK
        async with self.hot() as db:
            rows = await db.fetch(query, sender, claim.campaign_id, claim.chunk_id, ids, segments, route, now_ms)
            allowed = frozenset([row[0] for row in rows])
            if len(allowed) < len(ids):
                await db.execute(_BLOCK, [key for key in ids if key not in allowed], claim.campaign_id, now_ms)
        return allowed

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


def _to_send(row: tuple[Any, ...]) -> ToSend:
    return ToSend(row[0], row[1], row[2], ContactRow._make(row[3:]) if row[3] is not None else None)
