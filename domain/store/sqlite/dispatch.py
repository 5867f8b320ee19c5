"""Expansion, senders and their sweep, ends and counts on SQLite. What a sender does with messages is in ``claims``."""

import json
import sqlite3
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from domain.rules.campaign_state import WRITTEN_IN
from domain.rules.message_state import MessageEvent, MessageState, sources, target
from domain.store.contact_sql import not_blank
from domain.store.interface import Refusal
from domain.store.outcome import USUAL_REFUSAL, chunks, sql_list
from domain.store.sqlite.claims import PENDING, SqliteClaims

_EXPIRE_CHUNKS: Final = 20  # chunks in one transaction: about 10,000 rows, 20 ms
_IN_FLIGHT: Final = sql_list(sources(MessageEvent.BIND_LOST))

_GROUPS = "select group_id from campaign_group where campaign_id = ?"
_EXPAND = f"""
insert into message (campaign_id, contact_id, msisdn, state, done_ms)
select :campaign, c.id, c.msisdn,
       case when b.id is null then '{MessageState.PENDING}' else '{MessageState.BLOCKED}' end,
       case when b.id is null then null else :now end
from contact c
join campaign k on k.id = :campaign and k.account_id = c.account_id
left join blacklist_entry b on b.account_id = c.account_id and b.msisdn = c.msisdn
where c.id in (
    select g.contact_id from group_contact g
    where g.group_id in (select group_id from campaign_group where campaign_id = :campaign)
      and g.contact_id > :after and g.contact_id <= :upto
) {{not_blank}}
order by c.id
on conflict (campaign_id, msisdn) do nothing
"""
# "+" keeps the planner off the index of (campaign_id, msisdn), by which it would read the whole campaign.
_LOSE_OF_CHUNKS = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = :now
where state in {_IN_FLIGHT} and id in (
    select m.id from chunk k
    cross join message m on m.id between k.lo and k.hi and +m.campaign_id = k.campaign_id
    where k.sender = :sender and m.state in {_IN_FLIGHT}
)
"""
_LOSE_OF_RETRIES = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = :now
where state in {_IN_FLIGHT} and id in (select message_id from retry where sender = :sender)
"""
_LOSE_FORGOTTEN: Final = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = ?
where id in (select value from json_each(?)) and state in {_IN_FLIGHT} and not exists (
    select 1 from chunk k join sender s on s.id = k.sender
    where k.campaign_id = message.campaign_id and k.state = 'leased' and message.id between k.lo and k.hi
) and not exists (select 1 from retry r join sender s on s.id = r.sender where r.message_id = message.id)
"""
_BY_CHUNKS = """
from chunk k cross join message m on m.id between k.lo and k.hi and +m.campaign_id = k.campaign_id
where k.campaign_id = ?
"""
_DROP_OUTSIDERS: Final = f"""
delete from message where id between ? and ? and +campaign_id = ? and state in {PENDING} and not exists (
    select 1 from group_contact g where g.contact_id = message.contact_id and g.group_id in ({_GROUPS})
)
"""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class SqliteDispatch(SqliteClaims):
    """The dispatch half of the store. ``domain.store.interface`` says what each method promises."""

    senders_share: ClassVar[bool] = False
    in_order: ClassVar[bool] = True

    async def expand(self, campaign_id: int, *, after: int, limit: int) -> int | None:
        return await self.write(lambda db: _expand(db, campaign_id, after, limit))

    async def register_sender(self, sender: str, *, host: str, pid: int, now_ms: int, lease_ms: int) -> None:
        def register(db: sqlite3.Connection) -> None:
            for (other,) in db.execute("select id from sender").fetchall():
                _sweep(db, other, now_ms)
            db.execute(
                "insert into sender (id, host, pid, started_ms, lease_ms, links) values (?, ?, ?, ?, ?, '[]')",
                (sender, host, pid, now_ms, lease_ms),
            )

        await self.write(register)

    async def share_pace(
        self, sender: str, limits: Mapping[str, float], *, using: Mapping[str, float]
    ) -> Mapping[str, float]:
        return limits

    async def renew_sender(
        self, sender: str, *, lease_ms: int, links: Sequence[Mapping[str, object]], skew_ms: int = 0
    ) -> bool:
        def renew(db: sqlite3.Connection) -> bool:
            row = (lease_ms, json.dumps(links), skew_ms, sender)
            return db.execute("update sender set lease_ms = ?, links = ?, skew_ms = ? where id = ?", row).rowcount == 1

        return await self.write(renew)

    async def clock_ms(self) -> int:
        return _now_ms()

    async def sweep_senders(self, now_ms: int) -> int:
        def sweep(db: sqlite3.Connection) -> int:
            gone = db.execute("select id from sender where lease_ms < ?", (now_ms,)).fetchall()
            return sum(_sweep(db, sender, now_ms) for (sender,) in gone)

        return await self.write(sweep)

    async def in_flight(self, campaign_id: int) -> Sequence[int]:
        query = f"select m.id {_BY_CHUNKS} and m.state in {_IN_FLIGHT} order by m.id"
        return [row[0] for row in await self.read_long(lambda db: db.execute(query, (campaign_id,)).fetchall())]

    async def lose(self, ids: Sequence[int], *, now_ms: int) -> int:
        return await self.write(lambda db: db.execute(_LOSE_FORGOTTEN, (now_ms, json.dumps(ids))).rowcount)

    async def leave(self, sender: str) -> None:
        await self.write(lambda db: _sweep(db, sender, _now_ms()))

    async def expire_pending(self, campaign_id: int, *, now_ms: int) -> int:
        moved = 0
        while True:
            found = await self.write(lambda db: _expire_slice(db, campaign_id, now_ms))
            if found is None:
                return moved
            moved += found

    async def drop_outsiders(self, campaign_id: int) -> int:
        dropped, after = 0, 0
        while True:
            last, count = await self.write(partial(_drop_slice, campaign_id=campaign_id, after=after))
            dropped += count
            if last is None:
                return dropped
            after = last

    async def undone(self, campaign_id: int) -> int:
        return await self.read(
            lambda db: int(
                db.execute(
                    "select (select count(*) from chunk where campaign_id = ?1 and state in ('ready', 'leased'))"
                    " + (select count(*) from retry where campaign_id = ?1)",
                    (campaign_id,),
                ).fetchone()[0]
            )
        )

    async def counts(self, campaign_id: int) -> Mapping[MessageState, int]:
        query = f"select m.state, count(*) {_BY_CHUNKS} group by m.state"
        rows = await self.read(lambda db: db.execute(query, (campaign_id,)).fetchall())
        return {MessageState(state): count for state, count in rows}

    async def submitted_segments(self, campaign_id: int) -> Mapping[MessageState, int]:
        query = f"select m.state, sum(m.segments) {_BY_CHUNKS} group by m.state"
        rows = await self.read(lambda db: db.execute(query, (campaign_id,)).fetchall())
        return {MessageState(state): count for state, count in rows}

    async def last_submit(self, campaign_id: int) -> int | None:
        query = f"select max(m.submitted_ms) {_BY_CHUNKS}"
        (last,) = await self.read_long(lambda db: db.execute(query, (campaign_id,)).fetchone())
        return None if last is None else int(last)

    async def usual_refusal(self, campaign_id: int, states: Collection[MessageState]) -> Refusal | None:
        query = USUAL_REFUSAL.format(messages=_BY_CHUNKS, states=sql_list(states))
        row = await self.read_long(lambda db: db.execute(query, (campaign_id,)).fetchone())
        return None if row is None else Refusal(MessageState(row[0]), row[1], row[2])

    async def links(self, now_ms: int) -> Sequence[Mapping[str, object]]:
        rows = await self.read(
            lambda db: db.execute("select links from sender where lease_ms >= ?", (now_ms,)).fetchall()
        )
        return [link for (links,) in rows for link in json.loads(links)]


def _expand(db: sqlite3.Connection, campaign_id: int, after: int, limit: int) -> int | None:
    query = f"select blanks from campaign where id = ? and state in {sql_list(WRITTEN_IN)}"
    found = db.execute(query, (campaign_id,)).fetchone()
    if found is None:
        return None
    groups = [group for (group,) in db.execute(_GROUPS, (campaign_id,))]
    bounds = [
        row[0]
        for group in groups
        if (
            row := db.execute(
                "select contact_id from group_contact where group_id = ? and contact_id > ?"
                " order by contact_id limit 1 offset ?",
                (group, after, limit - 1),
            ).fetchone()
        )
    ]
    if bounds:
        upto = min(bounds)
    else:
        upto = db.execute(
            f"select max(contact_id) from group_contact where group_id in ({_GROUPS})",
            (campaign_id,),
        ).fetchone()[0]
    if upto is None or upto <= after:
        return None
    (before,) = db.execute("select coalesce(max(id), 0) from message").fetchone()
    expand = _EXPAND.format(not_blank=not_blank(json.loads(found[0] or "null")))
    db.execute(expand, {"campaign": campaign_id, "after": after, "upto": upto, "now": _now_ms()})
    (made,) = db.execute(
        "select json_group_array(id) from (select id from message where id > ? order by id)", (before,)
    ).fetchone()
    db.executemany(
        "insert into chunk (campaign_id, lo, hi, state) values (?, ?, ?, 'ready')",
        [(campaign_id, lo, hi) for lo, hi in chunks(json.loads(made))],
    )
    return int(upto)


def _sweep(db: sqlite3.Connection, sender: str, now_ms: int) -> int:
    """Give back all that the sender held; what it had in flight goes in doubt."""
    values = {"sender": sender, "now": now_ms}
    doubt = db.execute(_LOSE_OF_CHUNKS, values).rowcount + db.execute(_LOSE_OF_RETRIES, values).rowcount
    db.execute(
        f"delete from retry where sender = ? and message_id not in "
        f"(select id from message where id = retry.message_id and state in {PENDING})",
        (sender,),
    )
    db.execute("update retry set sender = null where sender = ?", (sender,))
    db.execute("update chunk set state = 'ready', sender = null where sender = ?", (sender,))
    db.execute("delete from sender where id = ?", (sender,))
    return doubt


def _expire_slice(db: sqlite3.Connection, campaign_id: int, now_ms: int) -> int | None:
    """The pending of some chunks that nobody holds; None: there is none left."""
    free = db.execute(
        "select id, lo, hi from chunk where campaign_id = ? and state = 'ready' order by id limit ?",
        (campaign_id, _EXPIRE_CHUNKS),
    ).fetchall()
    expired = target(MessageEvent.SCHEDULE_END)
    query = "delete from retry where campaign_id = ? and sender is null returning message_id"
    dropped = [row[0] for row in db.execute(query, (campaign_id,))]
    moved = db.execute(
        "update message set state = ?, done_ms = ?"
        f" where id in (select value from json_each(?)) and state in {PENDING}",
        (expired, now_ms, json.dumps(dropped)),
    ).rowcount
    for chunk_id, lo, hi in free:
        moved += db.execute(
            f"update message set state = ?, done_ms = ? where id between ? and ? and +campaign_id = ?"
            f" and state in {PENDING}",
            (expired, now_ms, lo, hi, campaign_id),
        ).rowcount
        db.execute("update chunk set state = 'done' where id = ?", (chunk_id,))
    return moved if free or dropped else None


def _drop_slice(db: sqlite3.Connection, campaign_id: int, after: int) -> tuple[int | None, int]:
    """The outsiders of some chunks above ``after``; the last chunk, or None where there is none left."""
    found = db.execute(
        "select id, lo, hi from chunk where campaign_id = ? and id > ? order by id limit ?",
        (campaign_id, after, _EXPIRE_CHUNKS),
    ).fetchall()
    dropped = sum(db.execute(_DROP_OUTSIDERS, (lo, hi, campaign_id, campaign_id)).rowcount for _, lo, hi in found)
    if not found:
        db.execute(
            "delete from retry where campaign_id = ? and message_id not in"
            " (select m.id from message m where m.id = retry.message_id)",
            (campaign_id,),
        )
        return None, 0
    return int(found[-1][0]), dropped
