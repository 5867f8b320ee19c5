"""Expansion, claims and submits on PostgreSQL. Answers and receipts are in ``answers``."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.rules.message_state import MessageEvent, MessageState, sources, target
from domain.store.interface import Claim, ContactRow, Submission, ToSend
from domain.store.outcome import chunks
from domain.store.postgres.answers import PostgresAnswers

_EXPIRE_CHUNKS: Final = 20
_PENDING: Final = "('" + "','".join(sorted(sources(MessageEvent.SUBMIT))) + "')"
_IN_FLIGHT: Final = "('" + "','".join(sorted(sources(MessageEvent.BIND_LOST))) + "')"

_BOUND: Final = """
select min(b) from (
    select (select contact_id from group_contact where group_id = c.group_id and contact_id > $2
            order by contact_id limit 1 offset $3) as b
    from campaign_group c where campaign_id = $1
) bounds
"""
_LAST: Final = (
    "select max(contact_id) from group_contact where contact_id > $2 and group_id in"
    " (select group_id from campaign_group where campaign_id = $1)"
)
_EXPAND: Final = f"""
insert into message (campaign_id, contact_id, msisdn, state, done_ms)
select k.id, c.id, c.msisdn,
       case when b.id is null then '{MessageState.PENDING}' else '{MessageState.BLOCKED}' end,
       case when b.id is null then null else $4::bigint end
from contact c
join campaign k on k.id = $1 and k.account_id = c.account_id
left join blacklist_entry b on b.account_id = c.account_id and b.msisdn = c.msisdn
where c.id in (
    select g.contact_id from group_contact g
    where g.group_id in (select group_id from campaign_group where campaign_id = $1)
      and g.contact_id > $2 and g.contact_id <= $3
)
order by c.id
on conflict (campaign_id, msisdn) do nothing
returning id
"""
_CONTACT: Final = "c.id, c.msisdn, c.first_name, c.last_name, c.email, c.address, c.value_1, c.value_2, c.value_3"
_PENDING_OF_CHUNK: Final = f"""
select m.id, m.msisdn, m.tries, {_CONTACT}
from chunk k
join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
left join contact c on c.id = m.contact_id
where k.id = $1 and m.state in {_PENDING} and not exists (select 1 from retry r where r.message_id = m.id)
order by m.id
"""
_PENDING_OF_RETRIES: Final = f"""
select m.id, m.msisdn, m.tries, {_CONTACT}
from message m left join contact c on c.id = m.contact_id
where m.id = any($1::bigint[]) and m.state in {_PENDING}
order by m.id
"""
_SUBMITTABLE: Final = f"""
select m.id, b.id is not null
from message m
left join blacklist_entry b on b.msisdn = m.msisdn
    and b.account_id = (select account_id from campaign where id = $2)
where m.id = any($1::bigint[]) and m.state in {_PENDING}
order by m.id
for no key update of m
"""
_SUBMIT: Final = f"""
update message m set state = '{target(MessageEvent.SUBMIT)}', segments = u.segments, route = $3, submitted_ms = $4
from unnest($1::bigint[], $2::smallint[]) as u (id, segments)
where m.id = u.id and m.state in {_PENDING}
"""
_LOSE: Final = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = $2
where state in {_IN_FLIGHT} and id in (
    select m.id from chunk k
    join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
    where k.sender = $1 and m.state in {_IN_FLIGHT}
      and not exists (select 1 from retry r where r.message_id = m.id)
    union all select message_id from retry where sender = $1
)
"""
_BY_CHUNKS: Final = """
from chunk k join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
where k.campaign_id = $1
"""
# The sender's row is locked against its own sweep: either the submit is committed first and swept into doubt, or the
# row is gone and nothing is submitted.
_ALLOWED: Final = (
    "select 1 from sender s, campaign k where s.id = $1 and k.id = $2 and k.state = 'running' for key share of s"
)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _rows_of(tag: str) -> int:
    """Rows that a statement changed, from its command tag: ``UPDATE 12``."""
    return int(tag.rsplit(" ", 1)[1])


class PostgresDispatch(PostgresAnswers):
    """The dispatch half of the store. ``domain.store.interface`` says what each method promises."""

    async def expand(self, campaign_id: int, *, after: int, limit: int) -> int | None:
        async with self.transaction() as db:
            # One expansion of a campaign at a time: two would make chunks of each other's messages.
            await db.execute("select id from campaign where id = $1 for no key update", campaign_id)
            upto = await db.fetchval(_BOUND, campaign_id, after, limit - 1)
            if upto is None:
                upto = await db.fetchval(_LAST, campaign_id, after)
            if upto is None:
                return None
            made = sorted(row[0] for row in await db.fetch(_EXPAND, campaign_id, after, upto, _now_ms()))
            await db.executemany(
                "insert into chunk (campaign_id, lo, hi, state) values ($1, $2, $3, 'ready')",
                [(campaign_id, lo, hi) for lo, hi in chunks(made)],
            )
            return int(upto)

    async def register_sender(self, sender: str, *, host: str, pid: int, now_ms: int, lease_ms: int) -> None:
        async with self.acquire() as db:
            await db.execute(
                "insert into sender (id, host, pid, started_ms, lease_ms, links) values ($1, $2, $3, $4, $5, '[]')",
                sender,
                host,
                pid,
                now_ms,
                lease_ms,
            )

    async def renew_sender(self, sender: str, *, lease_ms: int, links: Sequence[Mapping[str, object]]) -> bool:
        async with self.acquire() as db:
            tag = await db.execute(
                "update sender set lease_ms = $1, links = $2 where id = $3", lease_ms, json.dumps(links), sender
            )
        return _rows_of(tag) == 1

    async def sweep_senders(self, now_ms: int) -> int:
        doubt = 0
        async with self.transaction() as db:
            gone = await db.fetch("select id from sender where lease_ms < $1 for update skip locked", now_ms)
            for (sender,) in gone:
                doubt += await _sweep(db, sender, now_ms)
        return doubt

    async def leave(self, sender: str) -> None:
        async with self.transaction() as db:
            await db.execute("select 1 from sender where id = $1 for update", sender)
            await _sweep(db, sender, _now_ms())

    async def claim(self, sender: str, campaign_id: int, *, now_ms: int, limit: int) -> Claim | None:
        async with self.transaction() as db:
            if await db.fetchval(_ALLOWED, sender, campaign_id) is None:
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
        async with self.acquire() as db:
            rows = (
                await db.fetch(_PENDING_OF_RETRIES, list(claim.message_ids))
                if claim.chunk_id is None
                else await db.fetch(_PENDING_OF_CHUNK, claim.chunk_id)
            )
        return [ToSend(r[0], r[1], r[2], ContactRow(*r[3:]) if r[3] is not None else None) for r in map(tuple, rows)]

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        async with self.transaction() as db:
            if not await _holds(db, sender, claim):
                return frozenset()
            ids = [submission.message_id for submission in batch]
            if claim.chunk_id is None:
                held = await db.fetch(
                    "select message_id from retry where sender = $1 and message_id = any($2::bigint[])", sender, ids
                )
                ids = [row[0] for row in held]
            found = await db.fetch(_SUBMITTABLE, ids, claim.campaign_id)
            blocked = [row[0] for row in found if row[1]]
            allowed = frozenset(row[0] for row in found if not row[1])
            if blocked:
                await db.execute(
                    f"update message set state = $1, done_ms = $2 where id = any($3::bigint[]) and state in {_PENDING}",
                    target(MessageEvent.BLACKLIST),
                    now_ms,
                    blocked,
                )
                await db.execute("delete from retry where message_id = any($1::bigint[])", blocked)
            out = [s for s in batch if s.message_id in allowed]
            await db.execute(_SUBMIT, [s.message_id for s in out], [s.segments for s in out], route, now_ms)
        return allowed

    async def settle(self, ids: Sequence[int], event: MessageEvent, *, error: str | None, now_ms: int) -> int:
        async with self.transaction() as db:
            tag = await db.execute(
                "update message set state = $1, error = $2, done_ms = $3"
                f" where id = any($4::bigint[]) and state in {_PENDING}",
                target(event),
                error,
                now_ms,
                list(ids),
            )
            await db.execute("delete from retry where message_id = any($1::bigint[])", list(ids))
        return _rows_of(tag)

    async def finish_claim(self, sender: str, claim: Claim) -> None:
        async with self.transaction() as db:
            if claim.chunk_id is not None:
                left = await db.fetchval(f"select exists ({_PENDING_OF_CHUNK})", claim.chunk_id)
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
                f" (select 1 from message m where m.id = r.message_id and m.state in {_PENDING})",
                sender,
                ids,
            )
            await db.execute(
                "update retry set sender = null where sender = $1 and message_id = any($2::bigint[])", sender, ids
            )

    async def expire_pending(self, campaign_id: int, *, now_ms: int) -> int:
        moved = 0
        while True:
            async with self.transaction() as db:
                found = await _expire_slice(db, campaign_id, now_ms)
            if found is None:
                return moved
            moved += found

    async def undone(self, campaign_id: int) -> int:
        async with self.acquire() as db:
            return int(
                await db.fetchval(
                    "select (select count(*) from chunk where campaign_id = $1 and state in ('ready', 'leased'))"
                    " + (select count(*) from retry where campaign_id = $1)",
                    campaign_id,
                )
            )

    async def counts(self, campaign_id: int) -> Mapping[MessageState, int]:
        return await self._by_state("count(*)", campaign_id)

    async def submitted_segments(self, campaign_id: int) -> Mapping[MessageState, int]:
        return await self._by_state("sum(m.segments)", campaign_id)

    async def _by_state(self, what: str, campaign_id: int) -> Mapping[MessageState, int]:
        async with self.acquire() as db:
            rows = await db.fetch(f"select m.state, {what} {_BY_CHUNKS} group by m.state", campaign_id)
        return {MessageState(state): int(value) for state, value in rows}

    async def links(self, now_ms: int) -> Sequence[Mapping[str, object]]:
        async with self.acquire() as db:
            rows = await db.fetch("select links from sender where lease_ms >= $1", now_ms)
        return [link for (links,) in rows for link in (json.loads(links) if isinstance(links, str) else links)]


async def _sweep(db: Any, sender: str, now_ms: int) -> int:
    """Give back all that the sender held; what it had in flight goes in doubt."""
    doubt = _rows_of(await db.execute(_LOSE, sender, now_ms))
    await db.execute(
        "delete from retry r where sender = $1 and not exists"
        f" (select 1 from message m where m.id = r.message_id and m.state in {_PENDING})",
        sender,
    )
    await db.execute("update retry set sender = null where sender = $1", sender)
    await db.execute("update chunk set state = 'ready', sender = null where sender = $1", sender)
    await db.execute("delete from sender where id = $1", sender)
    return doubt


async def _holds(db: Any, sender: str, claim: Claim) -> bool:
    """Whether the claim is still this sender's and its campaign still runs."""
    if await db.fetchval(_ALLOWED, sender, claim.campaign_id) is None:
        return False
    if claim.chunk_id is None:
        return True
    return (await db.fetchval("select 1 from chunk where id = $1 and sender = $2", claim.chunk_id, sender)) is not None


async def _expire_slice(db: Any, campaign_id: int, now_ms: int) -> int | None:
    """The pending of some chunks that nobody holds; None: there is none left."""
    expired = target(MessageEvent.SCHEDULE_END)
    free = await db.fetch(
        "select id, lo, hi from chunk where campaign_id = $1 and state = 'ready' order by id limit $2"
        " for update skip locked",
        campaign_id,
        _EXPIRE_CHUNKS,
    )
    dropped = [
        row[0]
        for row in await db.fetch(
            "delete from retry where campaign_id = $1 and sender is null returning message_id", campaign_id
        )
    ]
    moved = _rows_of(
        await db.execute(
            f"update message set state = $1, done_ms = $2 where id = any($3::bigint[]) and state in {_PENDING}",
            expired,
            now_ms,
            dropped,
        )
    )
    for chunk_id, lo, hi in free:
        tag = await db.execute(
            "update message set state = $1, done_ms = $2 where id between $3 and $4 and campaign_id = $5"
            f" and state in {_PENDING}",
            expired,
            now_ms,
            lo,
            hi,
            campaign_id,
        )
        moved += _rows_of(tag)
        await db.execute("update chunk set state = 'done' where id = $1", chunk_id)
    return moved if free or dropped else None
