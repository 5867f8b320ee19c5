"""Expansion, senders and their sweep, ends and counts on PostgreSQL. What a sender does with messages: ``claims``."""

import json
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Final

from domain.rules.campaign_state import WRITTEN_IN
from domain.rules.message_state import MessageEvent, MessageState, sources, target
from domain.rules.share import fair, next_share
from domain.store.contact_sql import not_blank
from domain.store.interface import Refusal
from domain.store.outcome import USUAL_REFUSAL, chunks, sql_list
from domain.store.postgres.answers import HELD, HOLD
from domain.store.postgres.claims import OF_CHUNKS, PENDING, PostgresClaims, rows_of

_EXPIRE_CHUNKS: Final = 20
_IN_FLIGHT: Final = sql_list(sources(MessageEvent.BIND_LOST))

_WRITTEN: Final = f"select blanks from campaign where id = $1 and state in {sql_list(WRITTEN_IN)} for no key update"
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
) {{not_blank}}
order by c.id
on conflict (campaign_id, msisdn) do nothing
returning id
"""
_LOST: Final = f"""
array(
    select m.id {OF_CHUNKS}
    where k.sender = $1 and m.state in {_IN_FLIGHT}
      and not exists (select 1 from retry r where r.message_id = m.id)
    union all select message_id from retry where sender = $1
)
"""
_LOSE: Final = f"""
with held as materialized ({HOLD.format(ids=_LOST, states=_IN_FLIGHT)})
update message m set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = $2 from held
where m.id = held.id and m.state in {_IN_FLIGHT}
"""
_LOSE_FORGOTTEN: Final = f"""
with held as materialized ({HOLD.format(ids="$2::bigint[]", states=_IN_FLIGHT)})
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = $1
where {HELD} and id = any($2::bigint[]) and state in {_IN_FLIGHT} and not exists (
    select 1 from chunk k join sender s on s.id = k.sender
    where k.campaign_id = message.campaign_id and k.state = 'leased' and message.id between k.lo and k.hi
) and not exists (select 1 from retry r join sender s on s.id = r.sender where r.message_id = message.id)
"""
_DROP_OUTSIDERS: Final = f"""
delete from message m where m.id between $1 and $2 and m.campaign_id + 0 = $3 and m.state in {PENDING} and not exists (
    select 1 from group_contact g join campaign_group c on c.group_id = g.group_id
    where g.contact_id = m.contact_id and c.campaign_id = $3
)
"""
_BY_CHUNKS: Final = f"{OF_CHUNKS} where k.campaign_id = $1"


_SHARING: Final = 0x5052_4547_4F4E  # the advisory lock under which shares are reckoned


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class PostgresDispatch(PostgresClaims):
    """The dispatch half of the store. ``domain.store.interface`` says what each method promises."""

    senders_share: ClassVar[bool] = True
    in_order: ClassVar[bool] = False

    async def expand(self, campaign_id: int, *, after: int, limit: int) -> int | None:
        async with self.transaction() as db:
            # One expansion of a campaign at a time: two would make chunks of each other's messages.
            # And whoever stops it waits for the slice: behind its end nothing is written any more.
            found = await db.fetchrow(_WRITTEN, campaign_id)
            if found is None:
                return None
            upto = await db.fetchval(_BOUND, campaign_id, after, limit - 1)
            if upto is None:
                upto = await db.fetchval(_LAST, campaign_id, after)
            if upto is None:
                return None
            blanks = json.loads(found[0]) if isinstance(found[0], str) else found[0]
            expand = _EXPAND.format(not_blank=not_blank(blanks))
            made = sorted(row[0] for row in await db.fetch(expand, campaign_id, after, upto, _now_ms()))
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
        await self.match_inbox()

    async def share_pace(
        self, sender: str, limits: Mapping[str, float], *, using: Mapping[str, float]
    ) -> Mapping[str, float]:
        async with self.transaction() as db:
            await db.execute("select pg_advisory_xact_lock($1)", _SHARING)
            return await _share_pace(db, sender, limits, using)

    async def renew_sender(
        self, sender: str, *, lease_ms: int, links: Sequence[Mapping[str, object]], skew_ms: int = 0
    ) -> bool:
        async with self.acquire() as db:
            tag = await db.execute(
                "update sender set lease_ms = $1, links = $2, skew_ms = $3 where id = $4",
                lease_ms,
                json.dumps(links),
                skew_ms,
                sender,
            )
        return rows_of(tag) == 1

    async def clock_ms(self) -> int:
        async with self.acquire() as db:
            return int(await db.fetchval("select extract(epoch from clock_timestamp()) * 1000"))

    async def sweep_senders(self, now_ms: int) -> int:
        doubt = 0
        async with self.transaction() as db:
            gone = await db.fetch("select id from sender where lease_ms < $1 for update skip locked", now_ms)
            for (sender,) in gone:
                doubt += await _sweep(db, sender, now_ms)
        if gone:
            await self.match_inbox()
        return doubt

    async def in_flight(self, campaign_id: int) -> Sequence[int]:
        async with self.acquire() as db:
            rows = await db.fetch(f"select m.id {_BY_CHUNKS} and m.state in {_IN_FLIGHT} order by m.id", campaign_id)
        return [row[0] for row in rows]

    async def lose(self, ids: Sequence[int], *, now_ms: int) -> int:
        async with self.transaction() as db:
            return rows_of(await db.execute(_LOSE_FORGOTTEN, now_ms, list(ids)))

    async def leave(self, sender: str) -> None:
        async with self.transaction() as db:
            await db.execute("select 1 from sender where id = $1 for update", sender)
            await _sweep(db, sender, _now_ms())

    async def expire_pending(self, campaign_id: int, *, now_ms: int) -> int:
        moved = 0
        while True:
            async with self.transaction() as db:
                found = await _expire_slice(db, campaign_id, now_ms)
            if found is None:
                return moved
            moved += found

    async def drop_outsiders(self, campaign_id: int) -> int:
        dropped, after = 0, 0
        while True:
            async with self.transaction() as db:
                found = await db.fetch(
                    "select id, lo, hi from chunk where campaign_id = $1 and id > $2 order by id limit $3",
                    campaign_id,
                    after,
                    _EXPIRE_CHUNKS,
                )
                for _, lo, hi in found:
                    dropped += rows_of(await db.execute(_DROP_OUTSIDERS, lo, hi, campaign_id))
                if not found:
                    await db.execute(
                        "delete from retry r where campaign_id = $1"
                        " and not exists (select 1 from message m where m.id = r.message_id)",
                        campaign_id,
                    )
                    return dropped
                after = found[-1][0]

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

    async def last_submit(self, campaign_id: int) -> int | None:
        async with self.acquire() as db:
            last: int | None = await db.fetchval(f"select max(m.submitted_ms) {_BY_CHUNKS}", campaign_id)
        return last

    async def usual_refusal(self, campaign_id: int, states: Collection[MessageState]) -> Refusal | None:
        async with self.acquire() as db:
            row = await db.fetchrow(USUAL_REFUSAL.format(messages=_BY_CHUNKS, states=sql_list(states)), campaign_id)
        return None if row is None else Refusal(MessageState(row[0]), row[1], row[2])

    async def links(self, now_ms: int) -> Sequence[Mapping[str, object]]:
        async with self.acquire() as db:
            rows = await db.fetch("select links from sender where lease_ms >= $1", now_ms)
        return [link for (links,) in rows for link in (json.loads(links) if isinstance(links, str) else links)]


async def _share_pace(
    db: Any, sender: str, limits: Mapping[str, float], using: Mapping[str, float]
) -> dict[str, float]:
    if not await db.fetchval("select 1 from sender where id = $1 for key share", sender):
        return {}
    await db.execute(
        "delete from pace_share where sender not in (select id from sender)"
        " or (sender = $1 and not resource = any($2::text[]))",
        sender,
        [*limits],
    )
    await db.execute(
        "insert into pace_share (resource, sender, share) select unnest($1::text[]), $2, 0 on conflict do nothing",
        [*limits],
        sender,
    )
    rows = defaultdict[str, list[tuple[str, float]]](list)
    query = "select resource, sender, share from pace_share where resource = any($1::text[]) order by resource, id"
    for resource, holder, share in await db.fetch(query, [*limits]):
        rows[resource].append((holder, share))
    granted: dict[str, float] = {}
    for resource, limit in limits.items():
        holders, shares = [row[0] for row in rows[resource]], [row[1] for row in rows[resource]]
        used = using.get(resource, 0.0)
        granted[resource] = next_share(limit, holders, shares, sender=sender, using=used)
        await db.execute(
            "update pace_share set share = $1 where resource = $2 and sender = $3", granted[resource], resource, sender
        )
        # What is written still holds what is used; the sender is asked for less.
        granted[resource] = min(granted[resource], fair(limit, holders.index(sender), len(holders)))
    return granted


async def _sweep(db: Any, sender: str, now_ms: int) -> int:
    """Give back all that the sender held; what it had in flight goes in doubt."""
    doubt = rows_of(await db.execute(_LOSE, sender, now_ms))
    await db.execute(
        "delete from retry r where sender = $1 and not exists"
        f" (select 1 from message m where m.id = r.message_id and m.state in {PENDING})",
        sender,
    )
    await db.execute("update retry set sender = null where sender = $1", sender)
    await db.execute("update chunk set state = 'ready', sender = null where sender = $1", sender)
    await db.execute("delete from pace_share where sender = $1", sender)
    await db.execute("delete from sender where id = $1", sender)
    return doubt


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
    moved = rows_of(
        await db.execute(
            f"update message set state = $1, done_ms = $2 where id = any($3::bigint[]) and state in {PENDING}",
            expired,
            now_ms,
            dropped,
        )
    )
    for chunk_id, lo, hi in free:
        tag = await db.execute(
            "update message set state = $1, done_ms = $2 where id between $3 and $4 and campaign_id + 0 = $5"
            f" and state in {PENDING}",
            expired,
            now_ms,
            lo,
            hi,
            campaign_id,
        )
        moved += rows_of(tag)
        await db.execute("update chunk set state = 'done' where id = $1", chunk_id)
    return moved if free or dropped else None
