"""
Claims and submits on SQLite: what a sender leases, reads, marks and gives back. Answers are in ``answers``.

Rows go in and out as JSON, one step of SQLite a statement: Python gives up its lock at each step, and with a busy event
loop on the other thread every row of a ``fetchall`` or ``executemany`` would wait for it.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from domain.rules.message_state import MessageEvent, sources, target
from domain.store.contact_sql import CONTACT
from domain.store.interface import Claim, Submission, ToSend
from domain.store.outcome import RETRY_HORIZON_MS, sql_list
from domain.store.sqlite.answers import SqliteAnswers
from domain.store.sqlite.quota import OPEN, TERMS, Terms, Use

PENDING: Final = sql_list(sources(MessageEvent.SUBMIT))

# "+" keeps the planner off the index of (campaign_id, msisdn), by which it would read the whole campaign.
_OF_CHUNK: Final = f"""
from chunk k cross join message m on m.id between k.lo and k.hi and +m.campaign_id = k.campaign_id
where k.id = ? and m.state in {PENDING} and not exists (select 1 from retry r where r.message_id = m.id)
"""
_OF_RETRIES: Final = f"""
from retry r cross join message m on m.id = r.message_id
where r.message_id in (select value from json_each(?)) and m.state in {PENDING}
"""
_ROWS: Final = """
select json_group_array(json_array(message_id, number, tries, throttled, {contact})) from (
    select m.id as message_id, m.msisdn as number, m.tries, {throttled} as throttled, m.contact_id {which} order by m.id
) left join contact c on c.id = contact_id
"""
_ROWS_OF_CHUNK: Final = _ROWS.format(contact=CONTACT, throttled="0", which=_OF_CHUNK)
_LEFT_OF_CHUNK: Final = f"select exists (select 1 {_OF_CHUNK})"
_ROWS_OF_RETRIES: Final = _ROWS.format(contact=CONTACT, throttled="r.throttled", which=_OF_RETRIES)
_MAY_SEND: Final = f"""
select {TERMS} from sender s, campaign k join account a on a.id = k.account_id
where s.id = :sender and k.id = :campaign and k.state = 'running' and {OPEN}
"""
_HELD: Final = f"{_MAY_SEND} and (:chunk is null or exists (select 1 from chunk where id = :chunk and sender = s.id))"
_SUBMITTABLE: Final = f"""
select json_group_array(m.id) filter (where b.id is null), json_group_array(m.id) filter (where b.id is not null)
from message m left join blacklist_entry b on b.account_id = ? and b.msisdn = m.msisdn
where m.id in (select value from json_each(?)) and m.state in {PENDING}
"""
_SUBMIT: Final = f"""
update message set state = '{target(MessageEvent.SUBMIT)}', segments = ?, parts = ?, route = ?, submitted_ms = ?
where id in (select value from json_each(?)) and state in {PENDING}
"""
_SUBMIT_FREE: Final = f"""{_SUBMIT}
and not exists (select 1 from blacklist_entry b where b.account_id = ? and b.msisdn = message.msisdn)
"""
_BLOCK: Final = f"""
update message set state = '{target(MessageEvent.BLACKLIST)}', done_ms = ?
where id in (select value from json_each(?)) and state in {PENDING}
"""
_DROP_RETRIES: Final = "delete from retry where message_id in (select value from json_each(?))"


class SqliteClaims(SqliteAnswers):
    """What a sender does with the messages it holds. ``domain.store.interface`` says what each method promises."""

    async def claim(
        self, sender: str, campaign_id: int, *, now_ms: int, limit: int, without: Collection[int] = ()
    ) -> Claim | None:
        return await self.write_together(lambda db: _claim(db, sender, campaign_id, now_ms, limit, without))

    async def pending(self, claim: Claim) -> Sequence[ToSend]:
        query, key = (
            (_ROWS_OF_RETRIES, json.dumps(claim.message_ids))
            if claim.chunk_id is None
            else (_ROWS_OF_CHUNK, claim.chunk_id)
        )
        (found,) = await self.write_together(lambda db: db.execute(query, (key,)).fetchone())
        rows = json.loads(found)
        return [ToSend(row[0], row[1], row[2], row[3], row[4:] if row[4] is not None else None) for row in rows]

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        return await self.write_together(lambda db: _mark_submitted(db, sender, claim, batch, route, now_ms))

    async def settle(self, ids: Sequence[int], event: MessageEvent, *, error: str | None, now_ms: int) -> int:
        def settle(db: sqlite3.Connection) -> int:
            key = json.dumps(ids)
            moved = db.execute(
                f"update message set state = ?, error = ?, done_ms = ? "
                f"where id in (select value from json_each(?)) and state in {PENDING}",
                (target(event), error, now_ms, key),
            ).rowcount
            db.execute(_DROP_RETRIES, (key,))
            return moved

        return await self.write_together(settle)

    async def finish_claim(self, sender: str, claim: Claim) -> None:
        await self.write_together(lambda db: _finish_claim(db, sender, claim), patient=True)


def _claim(
    db: sqlite3.Connection, sender: str, campaign_id: int, now_ms: int, limit: int, without: Collection[int]
) -> Claim | None:
    allowed = db.execute(_MAY_SEND, {"sender": sender, "campaign": campaign_id, "now": now_ms}).fetchone()
    if allowed is None or Terms._make(allowed).quota(db, campaign_id, now_ms).reached:
        return None
    due = db.execute(
        "update retry set sender = ? where sender is null and message_id in (select message_id from retry"
        " where campaign_id = ? and next_ms not between ? and ? and sender is null order by next_ms limit ?)"
        " returning message_id",
        (sender, campaign_id, now_ms + 1, now_ms + RETRY_HORIZON_MS, limit),
    ).fetchall()
    if due:
        return Claim(campaign_id, None, tuple(sorted(row[0] for row in due)))
    chunk = db.execute(
        "update chunk set state = 'leased', sender = ? where state = 'ready' and id ="
        " (select id from chunk where campaign_id = ? and state = 'ready'"
        " and id not in (select value from json_each(?)) order by id limit 1) returning id",
        (sender, campaign_id, json.dumps([*without])),
    ).fetchall()
    return Claim(campaign_id, chunk[0][0], ()) if chunk else None


def _mark_submitted(
    db: sqlite3.Connection, sender: str, claim: Claim, batch: Sequence[Submission], route: str, now_ms: int
) -> frozenset[int]:
    values = {"sender": sender, "campaign": claim.campaign_id, "chunk": claim.chunk_id, "now": now_ms}
    held = db.execute(_HELD, values).fetchone()
    if held is None:
        return frozenset()
    terms = Terms._make(held)
    batch, short = _within_limits(db, terms, claim.campaign_id, batch, now_ms)
    ids = _mark_all(db, terms, batch, route, now_ms) if claim.chunk_id is not None else None
    if ids is None:
        ids = _mark_some(db, sender, claim, terms, batch, route, now_ms)
    billed = sum([submission.segments for submission in batch if submission.message_id in ids])
    if ids or short:
        terms.add(db, claim.campaign_id, sender, Use(now_ms, len(ids), billed, short))
    return ids


def _mark_all(
    db: sqlite3.Connection, terms: Terms, batch: Sequence[Submission], route: str, now_ms: int
) -> frozenset[int] | None:
    """The whole batch in one go, as nearly every one can be; None, and nothing is marked: some of it cannot."""
    db.execute("savepoint marking")
    marked = 0
    for (segments, parts), ids in _by_size(batch).items():
        marked += db.execute(_SUBMIT_FREE, (segments, parts, route, now_ms, json.dumps(ids), terms.account_id)).rowcount
    if marked < len(batch):
        db.execute("rollback to marking")
    db.execute("release marking")
    return frozenset([submission[0] for submission in batch]) if marked == len(batch) else None


def _mark_some(
    db: sqlite3.Connection,
    sender: str,
    claim: Claim,
    terms: Terms,
    batch: Sequence[Submission],
    route: str,
    now_ms: int,
) -> frozenset[int]:
    """Find out which may go; the blacklisted ones are blocked."""
    keys = json.dumps([submission.message_id for submission in batch])
    if claim.chunk_id is None:
        (keys,) = db.execute(
            "select json_group_array(message_id) from retry"
            " where sender = ? and message_id in (select value from json_each(?))",
            (sender, keys),
        ).fetchone()
    free, blocked = db.execute(_SUBMITTABLE, (terms.account_id, keys)).fetchone()
    if blocked != "[]":
        db.execute(_BLOCK, (now_ms, blocked))
        db.execute(_DROP_RETRIES, (blocked,))
    allowed = frozenset[int](json.loads(free))
    for (segments, parts), ids in _by_size([one for one in batch if one.message_id in allowed]).items():
        db.execute(_SUBMIT, (segments, parts, route, now_ms, json.dumps(ids)))
    return allowed


def _by_size(batch: Sequence[Submission]) -> dict[tuple[int, int | None], list[int]]:
    """The messages by their segments and parts: what is written is the same for all of a size."""
    found = defaultdict[tuple[int, int | None], list[int]](list)
    for message_id, segments, parts in batch:
        found[segments, parts].append(message_id)
    return found


def _within_limits(
    db: sqlite3.Connection, terms: Terms, campaign_id: int, batch: Sequence[Submission], now_ms: int
) -> tuple[Sequence[Submission], int]:
    """The front of the batch for which the day's limits leave room, and what ``Use.short`` is to be."""
    quota = terms.quota(db, campaign_id, now_ms)
    if not quota.limited:
        return batch, 0
    count, short = quota.admit([submission.segments for submission in batch])
    return batch[:count], short


def _finish_claim(db: sqlite3.Connection, sender: str, claim: Claim) -> None:
    if claim.chunk_id is not None:
        (left,) = db.execute(_LEFT_OF_CHUNK, (claim.chunk_id,)).fetchone()
        db.execute(
            "update chunk set state = ?, sender = null where id = ? and sender = ?",
            ("ready" if left else "done", claim.chunk_id, sender),
        )
        return
    key = json.dumps(claim.message_ids)
    db.execute(
        f"delete from retry where sender = ? and message_id in (select value from json_each(?)) and not exists"
        f" (select 1 from message m where m.id = retry.message_id and m.state in {PENDING})",
        (sender, key),
    )
    db.execute(
        "update retry set sender = null where sender = ? and message_id in (select value from json_each(?))",
        (sender, key),
    )
