"""Expansion, claims and submits on SQLite. Answers and receipts are in ``answers``."""

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from domain.rules.message_state import MessageEvent, MessageState, sources, target
from domain.store.interface import Claim, ContactRow, Submission, ToSend
from domain.store.outcome import chunks
from domain.store.sqlite.answers import SqliteAnswers

_EXPIRE_CHUNKS: Final = 20  # chunks in one transaction: about 10,000 rows, 20 ms
_PENDING: Final = "('" + "','".join(sorted(sources(MessageEvent.SUBMIT))) + "')"
_IN_FLIGHT: Final = "('" + "','".join(sorted(sources(MessageEvent.BIND_LOST))) + "')"

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
)
order by c.id
on conflict (campaign_id, msisdn) do nothing
"""
_CONTACT = "c.id, c.msisdn, c.first_name, c.last_name, c.email, c.address, c.value_1, c.value_2, c.value_3"
_PENDING_OF_CHUNK = f"""
select m.id, m.msisdn, m.tries, {_CONTACT}
from chunk k
join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
left join contact c on c.id = m.contact_id
where k.id = ? and m.state in {_PENDING} and not exists (select 1 from retry r where r.message_id = m.id)
order by m.id
"""
_PENDING_OF_RETRIES = f"""
select m.id, m.msisdn, m.tries, {_CONTACT}
from message m left join contact c on c.id = m.contact_id
where m.id in (select value from json_each(?)) and m.state in {_PENDING}
order by m.id
"""
_SUBMITTABLE = f"""
select json_group_array(json_array(m.id, b.id is not null))
from message m
left join blacklist_entry b on b.msisdn = m.msisdn
    and b.account_id = (select account_id from campaign where id = m.campaign_id)
where m.id in (select value from json_each(?)) and m.state in {_PENDING}
"""
_SUBMIT = f"""
update message set state = '{target(MessageEvent.SUBMIT)}', segments = ?, route = ?, submitted_ms = ?
where id in (select value from json_each(?)) and state in {_PENDING}
"""
_LOSE_OF_CHUNKS = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = :now
where state in {_IN_FLIGHT} and id in (
    select m.id from chunk k
    cross join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
    where k.sender = :sender and m.state in {_IN_FLIGHT}
      and not exists (select 1 from retry r where r.message_id = m.id)
)
"""
_LOSE_OF_RETRIES = f"""
update message set state = '{target(MessageEvent.BIND_LOST)}', answered_ms = :now
where state in {_IN_FLIGHT} and id in (select message_id from retry where sender = :sender)
"""
_BY_CHUNKS = """
from chunk k cross join message m on m.id between k.lo and k.hi and m.campaign_id = k.campaign_id
where k.campaign_id = ?
"""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class SqliteDispatch(SqliteAnswers):
    """The dispatch half of the store. ``domain.store.interface`` says what each method promises."""

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

    async def renew_sender(self, sender: str, *, lease_ms: int, links: Sequence[Mapping[str, object]]) -> bool:
        def renew(db: sqlite3.Connection) -> bool:
            row = (lease_ms, json.dumps(links), sender)
            return db.execute("update sender set lease_ms = ?, links = ? where id = ?", row).rowcount == 1

        return await self.write(renew)

    async def sweep_senders(self, now_ms: int) -> int:
        def sweep(db: sqlite3.Connection) -> int:
            gone = db.execute("select id from sender where lease_ms < ?", (now_ms,)).fetchall()
            return sum(_sweep(db, sender, now_ms) for (sender,) in gone)

        return await self.write(sweep)

    async def leave(self, sender: str) -> None:
        await self.write(lambda db: _sweep(db, sender, _now_ms()))

    async def claim(self, sender: str, campaign_id: int, *, now_ms: int, limit: int) -> Claim | None:
        return await self.write(lambda db: _claim(db, sender, campaign_id, now_ms, limit))

    async def pending(self, claim: Claim) -> Sequence[ToSend]:
        query, key = (
            (_PENDING_OF_RETRIES, json.dumps(claim.message_ids))
            if claim.chunk_id is None
            else (_PENDING_OF_CHUNK, claim.chunk_id)
        )
        rows = await self.on_writer(lambda db: db.execute(query, (key,)).fetchall())
        return [ToSend(r[0], r[1], r[2], ContactRow(*r[3:]) if r[3] is not None else None) for r in rows]

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        return await self.write(lambda db: _mark_submitted(db, sender, claim, batch, route, now_ms))

    async def settle(self, ids: Sequence[int], event: MessageEvent, *, error: str | None, now_ms: int) -> int:
        def settle(db: sqlite3.Connection) -> int:
            key = json.dumps(ids)
            moved = db.execute(
                f"update message set state = ?, error = ?, done_ms = ? "
                f"where id in (select value from json_each(?)) and state in {_PENDING}",
                (target(event), error, now_ms, key),
            ).rowcount
            db.execute("delete from retry where message_id in (select value from json_each(?))", (key,))
            return moved

        return await self.write(settle)

    async def finish_claim(self, sender: str, claim: Claim) -> None:
        await self.write(lambda db: _finish_claim(db, sender, claim))

    async def expire_pending(self, campaign_id: int, *, now_ms: int) -> int:
        moved = 0
        while True:
            found = await self.write(lambda db: _expire_slice(db, campaign_id, now_ms))
            if found is None:
                return moved
            moved += found

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

    async def links(self, now_ms: int) -> Sequence[Mapping[str, object]]:
        rows = await self.read(
            lambda db: db.execute("select links from sender where lease_ms >= ?", (now_ms,)).fetchall()
        )
        return [link for (links,) in rows for link in json.loads(links)]


def _expand(db: sqlite3.Connection, campaign_id: int, after: int, limit: int) -> int | None:
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
    db.execute(_EXPAND, {"campaign": campaign_id, "after": after, "upto": upto, "now": _now_ms()})
    made = [row[0] for row in db.execute("select id from message where id > ? order by id", (before,))]
    db.executemany(
        "insert into chunk (campaign_id, lo, hi, state) values (?, ?, ?, 'ready')",
        [(campaign_id, lo, hi) for lo, hi in chunks(made)],
    )
    return int(upto)


def _sweep(db: sqlite3.Connection, sender: str, now_ms: int) -> int:
    """Give back all that the sender held; what it had in flight goes in doubt."""
    values = {"sender": sender, "now": now_ms}
    doubt = db.execute(_LOSE_OF_CHUNKS, values).rowcount + db.execute(_LOSE_OF_RETRIES, values).rowcount
    db.execute(
        f"delete from retry where sender = ? and message_id not in "
        f"(select id from message where id = retry.message_id and state in {_PENDING})",
        (sender,),
    )
    db.execute("update retry set sender = null where sender = ?", (sender,))
    db.execute("update chunk set state = 'ready', sender = null where sender = ?", (sender,))
    db.execute("delete from sender where id = ?", (sender,))
    return doubt


def _claim(db: sqlite3.Connection, sender: str, campaign_id: int, now_ms: int, limit: int) -> Claim | None:
    allowed = db.execute(
        "select 1 from sender, campaign where sender.id = ? and campaign.id = ? and campaign.state = 'running'",
        (sender, campaign_id),
    ).fetchone()
    if allowed is None:
        return None
    due = db.execute(
        "update retry set sender = ? where sender is null and message_id in (select message_id from retry"
        " where campaign_id = ? and next_ms <= ? and sender is null order by next_ms limit ?) returning message_id",
        (sender, campaign_id, now_ms, limit),
    ).fetchall()
    if due:
        return Claim(campaign_id, None, tuple(sorted(row[0] for row in due)))
    chunk = db.execute(
        "update chunk set state = 'leased', sender = ? where state = 'ready' and id ="
        " (select id from chunk where campaign_id = ? and state = 'ready' order by id limit 1) returning id",
        (sender, campaign_id),
    ).fetchall()
    return Claim(campaign_id, chunk[0][0], ()) if chunk else None


def _holds(db: sqlite3.Connection, sender: str, claim: Claim) -> bool:
    """Whether the claim is still this sender's and its campaign still runs."""
    running = db.execute(
        "select 1 from sender, campaign where sender.id = ? and campaign.id = ? and campaign.state = 'running'",
        (sender, claim.campaign_id),
    ).fetchone()
    if running is None or claim.chunk_id is None:
        return running is not None
    return (
        db.execute("select 1 from chunk where id = ? and sender = ?", (claim.chunk_id, sender)).fetchone() is not None
    )


def _mark_submitted(
    db: sqlite3.Connection, sender: str, claim: Claim, batch: Sequence[Submission], route: str, now_ms: int
) -> frozenset[int]:
    if not _holds(db, sender, claim):
        return frozenset()
    ids = [submission.message_id for submission in batch]
    if claim.chunk_id is None:
        held = db.execute(
            "select message_id from retry where sender = ? and message_id in (select value from json_each(?))",
            (sender, json.dumps(ids)),
        )
        ids = [row[0] for row in held]
    allowed, blocked = set[int](), list[tuple[str, int, int]]()
    for message_id, on_blacklist in json.loads(db.execute(_SUBMITTABLE, (json.dumps(ids),)).fetchone()[0]):
        if on_blacklist:
            blocked.append((target(MessageEvent.BLACKLIST), now_ms, message_id))
        else:
            allowed.add(message_id)
    if blocked:
        db.executemany(f"update message set state = ?, done_ms = ? where id = ? and state in {_PENDING}", blocked)
        db.executemany("delete from retry where message_id = ?", [(row[2],) for row in blocked])
    by_segments = defaultdict[int, list[int]](list)
    for submission in batch:
        if submission.message_id in allowed:
            by_segments[submission.segments].append(submission.message_id)
    for segments, out in by_segments.items():
        db.execute(_SUBMIT, (segments, route, now_ms, json.dumps(out)))
    return frozenset(allowed)


def _finish_claim(db: sqlite3.Connection, sender: str, claim: Claim) -> None:
    if claim.chunk_id is not None:
        left = db.execute(f"select exists ({_PENDING_OF_CHUNK})", (claim.chunk_id,)).fetchone()[0]
        db.execute(
            "update chunk set state = ?, sender = null where id = ? and sender = ?",
            ("ready" if left else "done", claim.chunk_id, sender),
        )
        return
    key = json.dumps(claim.message_ids)
    db.execute(
        f"delete from retry where sender = ? and message_id in (select value from json_each(?)) and not exists"
        f" (select 1 from message m where m.id = retry.message_id and m.state in {_PENDING})",
        (sender, key),
    )
    db.execute(
        "update retry set sender = null where sender = ? and message_id in (select value from json_each(?))",
        (sender, key),
    )


def _expire_slice(db: sqlite3.Connection, campaign_id: int, now_ms: int) -> int | None:
    """The pending of some chunks that nobody holds; None: there is none left."""
    free = db.execute(
        "select id, lo, hi from chunk where campaign_id = ? and state = 'ready' order by id limit ?",
        (campaign_id, _EXPIRE_CHUNKS),
    ).fetchall()
    expired = target(MessageEvent.SCHEDULE_END)
    moved = db.execute(
        f"update message set state = ?, done_ms = ? where state in {_PENDING} and id in"
        " (select message_id from retry where campaign_id = ? and sender is null)",
        (expired, now_ms, campaign_id),
    ).rowcount
    dropped = db.execute("delete from retry where campaign_id = ? and sender is null", (campaign_id,)).rowcount
    for chunk_id, lo, hi in free:
        moved += db.execute(
            f"update message set state = ?, done_ms = ? where id between ? and ? and campaign_id = ?"
            f" and state in {_PENDING}",
            (expired, now_ms, lo, hi, campaign_id),
        ).rowcount
        db.execute("update chunk set state = 'done' where id = ?", (chunk_id,))
    return moved if free or dropped else None
