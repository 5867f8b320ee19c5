"""What is not known, on SQLite: words that settle nothing, late parts, orphan receipts, and what people decide."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

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
from domain.store.sqlite import parts
from domain.store.sqlite.answers import SqliteAnswers, apply_waiting

_DOUBT: Final = sql_list(IN_DOUBT)
# Those of which no id, or not every part's, is known. The index of (campaign_id, msisdn) finds them.
_CANDIDATES: Final = f"""
select m.msisdn, m.id, m.state, m.campaign_id, m.submitted_ms, m.route, coalesce(m.parts, m.segments)
from json_each(?1) k cross join json_each(?2) n
    cross join message m on m.campaign_id = k.value and m.msisdn = n.value
where m.state in ('{MessageState.SUBMITTED}', '{MessageState.ACCEPTED}', '{MessageState.NO_RESPONSE}',
    '{MessageState.DISCONNECTED}') and m.submitted_ms is not null and m.smsc_message_id is null
    and (m.state != '{MessageState.ACCEPTED}' or m.parts = 1 or m.segments = 1 or m.segments > (
        select count(*) from message_part p where p.message_id = m.id and p.smsc_message_id is not null))
"""
_WORD: Final = f"""
update message set word = j.stat
from (select json_extract(value, '$[0]') as smsc_id, json_extract(value, '$[1]') as route,
    json_extract(value, '$[2]') as stat from json_each(?)) j
where {{found}} and message.state in {PART_OPEN}
"""
_WORD_WHOLE: Final = _WORD.format(found="message.smsc_message_id = j.smsc_id and message.route = j.route")
_WORD_PART: Final = _WORD.format(
    found="message.id = (select p.message_id from message_part p"
    " where p.smsc_message_id = j.smsc_id and p.route = j.route order by p.id desc limit 1)"
)
_OF_CAMPAIGN: Final = """
from chunk k cross join message m on m.id between k.lo and k.hi and +m.campaign_id = k.campaign_id
"""
_PART_STATES: Final = f"""
select m.state, p.state, count(*) {_OF_CAMPAIGN} join message_part p on p.message_id = m.id
where k.campaign_id = ? and m.state in {sql_list({MessageState.FAILED, *IN_DOUBT})} group by m.state, p.state
"""
# Its end is reckoned from an older revision, and refused.
_GO_ON: Final = f"update campaign set revision = revision + 1 where id = ? and state not in {sql_list(FINISHED)}"


class SqliteDoubt(SqliteAnswers):
    """Off the hot paths. ``domain.store.interface`` says what each method promises."""

    async def record_words(self, words: Sequence[Word]) -> None:
        keys = json.dumps([(form, word.route, word.stat) for word in words for form in word.smsc_message_ids])

        def write(db: sqlite3.Connection) -> None:
            db.execute(_WORD_WHOLE, (keys,))
            db.execute(_WORD_PART, (keys,))

        await self.write_together(write, patient=True)

    async def record_late_parts(self, answers: Sequence[LatePart], *, now_ms: int) -> Evidence:
        def write(db: sqlite3.Connection) -> Evidence:
            plan = Plan()
            for late in answers:
                parts.count(plan, parts.apply_late(db, late, now_ms=now_ms))
            apply_waiting(db, plan, [one.answer.smsc_message_id for one in answers if one.answer.smsc_message_id])
            return plan.evidence()

        return await self.write(write)

    async def adopt_orphans(self, senders: Mapping[int, str], *, after: int, limit: int) -> Adopted | None:
        query = "select id, destination from pending_receipt where id > ? order by id limit ?"
        page = await self.read(lambda db: db.execute(query, (after, limit)).fetchall())
        if not page:
            return None
        numbers = {row_id: number for row_id, text in page if (number := digits(text)) is not None}
        found = await self.read(lambda db: _candidates(db, senders, set(numbers.values())))
        wanted = [row_id for row_id, number in numbers.items() if number in found]
        applied = await self.write(lambda db: _adopt(db, senders, wanted)) if wanted else {}
        return Adopted(page[-1][0], applied)

    async def drop_receipts(self, before_ms: int) -> int:
        query = "delete from pending_receipt where seen_ms < ?"
        return await self.write(lambda db: db.execute(query, (before_ms,)).rowcount)

    async def settle_doubt(self, campaign_id: int, event: MessageEvent, *, decision_id: int, now_ms: int) -> int:
        return await self.write(lambda db: _settle_doubt(db, campaign_id, event, decision_id, now_ms))

    async def part_states(self, campaign_id: int) -> Mapping[tuple[MessageState, MessageState], int]:
        rows = await self.read(lambda db: db.execute(_PART_STATES, (campaign_id,)).fetchall())
        return {(MessageState(state), MessageState(part)): number for state, part, number in rows}


_Found = tuple[Candidate, str, int]  # with its route and the number of its parts


def _candidates(db: sqlite3.Connection, senders: Mapping[int, str], numbers: set[int]) -> dict[int, list[_Found]]:
    found = defaultdict[int, list[_Found]](list)
    rows = db.execute(_CANDIDATES, (json.dumps([*senders]), json.dumps([*numbers])))
    for msisdn, message_id, state, campaign_id, submitted_ms, route, count in rows:
        candidate = Candidate(message_id, MessageState(state), msisdn, senders[campaign_id], submitted_ms)
        found[msisdn].append((candidate, route, count))
    return found


def _adopt(db: sqlite3.Connection, senders: Mapping[int, str], wanted: Sequence[int]) -> Mapping[MessageEvent, int]:
    applied: Counter[MessageEvent] = Counter()
    for row_id in wanted:
        row = db.execute(f"select {WAITING} from pending_receipt where id = ?", (row_id,)).fetchone()
        if row is None:
            continue
        receipt = waiting_receipt(row)
        number = digits(receipt.destination)
        found = _candidates(db, senders, {number})[number] if number is not None else []
        here = {one.message_id: (one, count) for one, route, count in found if route == receipt.route}
        chosen = adopter(orphan_of(receipt), [one for one, _ in here.values()])
        if chosen is not None:
            given = _give(db, receipt, chosen, here[chosen.message_id][1])
            if given.event is not None:
                applied[given.event] += 1
            if given.taken:
                _leave_inbox(db, receipt, row_id)
    return applied


def _leave_inbox(db: sqlite3.Connection, receipt: Receipt, row_id: int) -> None:
    """With what the SMSC said of it again: twice, or otherwise."""
    db.execute("delete from pending_receipt where id = ?", (row_id,))
    if receipt.smsc_message_ids:
        db.execute(
            "delete from pending_receipt where smsc_message_id = ? and route = ? and destination = ?",
            (receipt.smsc_message_ids[0], receipt.route, receipt.destination),
        )


def _give(db: sqlite3.Connection, receipt: Receipt, chosen: Candidate, count: int) -> parts.Settled:
    """Apply an orphan to its message of so many parts; what became of the message."""
    smsc_id = next(iter(receipt.smsc_message_ids), None)
    if count > 1:
        return _give_part(db, receipt, chosen.message_id, count, smsc_id)
    to = TABLE[chosen.state, receipt.event]
    db.execute(
        "update message set state = ?, error = ?, done_ms = ?, smsc_message_id = ? where id = ? and state = ?",
        (to, receipt.error, receipt.seen_ms, smsc_id, chosen.message_id, chosen.state),
    )
    return parts.Settled(taken=True, event=receipt.event)


def _give_part(
    db: sqlite3.Connection, receipt: Receipt, message_id: int, count: int, smsc_id: str | None
) -> parts.Settled:
    """Of which part it is nobody can say, and it does not matter: of one whose id is not known. None left: it waits."""
    if receipt.stands_for is not None:
        return parts.settle_all(db, receipt, message_id)
    part = free_part(parts.known(db, message_id), count)
    if part is None:
        return parts.Settled(taken=False)
    db.execute(parts.PART, (message_id, part, FATES[receipt.event], receipt.route, smsc_id, receipt.error))
    return parts.settle(db, message_id, error=receipt.error, at_ms=receipt.seen_ms)


def _settle_doubt(db: sqlite3.Connection, campaign_id: int, event: MessageEvent, decision_id: int, now_ms: int) -> int:
    if event is MessageEvent.RESEND and not db.execute(_GO_ON, (campaign_id,)).rowcount:
        return 0
    query = f"select m.id {_OF_CAMPAIGN} where k.campaign_id = ? and m.state in {_DOUBT}"
    ids = [row[0] for row in db.execute(query, (campaign_id,))]
    key = json.dumps(ids)
    moved = db.execute(
        f"update message set state = ?, decision_id = ? where id in (select value from json_each(?))"
        f" and state in {_DOUBT}",
        (target(event), decision_id, key),
    ).rowcount
    if event is MessageEvent.RESEND:
        db.execute("delete from message_part where message_id in (select value from json_each(?))", (key,))
        db.executemany(
            "insert into retry (message_id, campaign_id, next_ms) values (?, ?, ?) on conflict (message_id) do nothing",
            [(message_id, campaign_id, now_ms) for message_id in ids],
        )
    else:
        db.execute(
            f"update message_part set state = ? where message_id in (select value from json_each(?))"
            f" and state in {PART_IN_DOUBT}",
            (target(event), key),
        )
    return moved
