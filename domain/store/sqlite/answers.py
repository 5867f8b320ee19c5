"""
Responses and receipts on SQLite: rows are read, the table decides, and the writes are guarded by what was read.

Rows go in and out as JSON, one step of SQLite a statement: Python gives up its lock at each step, and with a busy event
loop on the other thread every row of an ``executemany`` would wait for it.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.rules.message_state import MessageEvent, sources, target
from domain.store.interface import Evidence, Receipt, Result
from domain.store.outcome import (
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
from domain.store.sqlite import parts
from domain.store.sqlite.connection import SqliteConnection
from domain.store.sqlite.quota import give_back

_Key = tuple[str, str]  # a message's id at the SMSC, and its route

_ROWS: Final = (
    "select json_group_array(json_array(id, campaign_id, state, segments, submitted_ms)) from message"
    " where id in (select value from json_each(?))"
)
_ACCEPT: Final = f"""
update message set state = '{target(MessageEvent.SUBMIT_OK)}', error = null, answered_ms = ?,
    smsc_message_id = coalesce(j.value, smsc_message_id)
from json_each(?) j
where message.id = cast(j.key as integer) and message.state in {sql_list(sources(MessageEvent.SUBMIT_OK))}
"""
_ANSWER: Final = (
    "update message set state = ?, tries = tries + ?, error = ?, answered_ms = ?,"
    " smsc_message_id = coalesce(j.value, smsc_message_id) from json_each(?) j"
    " where message.id = cast(j.key as integer) and message.state = ?"
)
_FATE: Final = (
    "update message set state = ?, error = ?, done_ms = ? where id in (select value from json_each(?)) and state = ?"
)
_RETRY: Final = (
    "insert into retry (message_id, campaign_id, next_ms, throttled) values (?, ?, ?, ?)"
    " on conflict (message_id) do update set next_ms = excluded.next_ms, sender = null,"
    " throttled = retry.throttled + excluded.throttled"
)
_WHOLE: Final = (
    "select json_group_array(json_array(smsc_message_id, route, id, campaign_id, state)) from"
    " (select smsc_message_id, route, id, campaign_id, state from message"
    " where smsc_message_id in (select value from json_each(?)) order by id)"
)
_PARTS: Final = (
    "select json_group_array(json_array(smsc_message_id, route, message_id, part)) from"
    " (select smsc_message_id, route, message_id, part from message_part"
    " where smsc_message_id in (select value from json_each(?)) order by id)"
)
_DONE_RETRIES: Final = f"""
delete from retry where message_id in (select value from json_each(?))
and not exists (select 1 from message m where m.id = message_id and m.state in {sql_list(sources(MessageEvent.SUBMIT))})
"""
_WAIT: Final = f"insert into pending_receipt ({WAITING}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteAnswers(SqliteConnection):
    """Applies what came back from the operator."""

    async def record_results(self, results: Sequence[Result], *, now_ms: int) -> Evidence:
        return await self.write_together(lambda db: _record_results(db, results, now_ms), patient=True)

    async def record_receipts(self, receipts: Sequence[Receipt], *, now_ms: int) -> Evidence:
        return await self.write_together(lambda db: _record_receipts(db, receipts))


def _record_results(db: sqlite3.Connection, results: Sequence[Result], now_ms: int) -> Evidence:
    plan = Plan()
    plain, others = plainly_accepted(results)
    if plain:
        accepted = db.execute(_ACCEPT, (now_ms, json.dumps(plain))).rowcount
        plan.applied[MessageEvent.SUBMIT_OK] += accepted
        plan.refused += len(plain) - accepted
        plan.smsc_ids += [smsc_id for smsc_id in plain.values() if smsc_id]
        if db.execute("select exists (select 1 from retry)").fetchone()[0]:
            db.execute(_DONE_RETRIES, (json.dumps([*plain]),))
    if others:
        found = _fetch(db, _ROWS, [result.message_id for result in others])
        rows = {r[0]: Row(r[0], r[1], STATES[r[2]], *r[3:]) for r in found}
        known = {message_id: parts.known(db, message_id) for message_id in doubted_parts(others, rows)}
        _write(db, plan_results(others, rows, plan, known, now_ms))
    apply_waiting(db, plan, plan.smsc_ids)
    return plan.evidence()


def apply_waiting(db: sqlite3.Connection, plan: Plan, smsc_ids: Sequence[str]) -> None:
    """Apply receipts that came before the response with their id; adds to the plan's counts."""
    waiting = _waiting_for(db, smsc_ids)
    if waiting:
        late = Plan(applied=plan.applied)
        _put_aside(db, _apply_receipts(db, late, waiting))
        _write(db, late)
        plan.refused += late.refused


def _record_receipts(db: sqlite3.Connection, receipts: Sequence[Receipt]) -> Evidence:
    plan = Plan()
    early = _apply_receipts(db, plan, receipts)
    _write(db, plan)
    _put_aside(db, early)
    return plan.evidence(waiting=len(early))


def _put_aside(db: sqlite3.Connection, early: Sequence[Receipt]) -> None:
    if early:
        db.executemany(_WAIT, [waiting_row(receipt) for receipt in early])


def _fetch(db: sqlite3.Connection, query: str, keys: Sequence[int | str]) -> list[list[Any]]:
    """The rows of a query that takes keys as JSON and answers in JSON."""
    found: list[list[Any]] = json.loads(db.execute(query, (json.dumps(keys),)).fetchone()[0])
    return found


def _write(db: sqlite3.Connection, plan: Plan) -> None:
    for answered in plan.rounds():
        answers = defaultdict[tuple[str, int, str | None, int, str], dict[int, str | None]](dict)
        for state, again, smsc_id, error, at_ms, message_id, old in answered:
            answers[state, again, error, at_ms, old][message_id] = smsc_id
        for (state, again, error, at_ms, old), ids in answers.items():
            db.execute(_ANSWER, (state, again, error, at_ms, json.dumps(ids), old))
    fates = defaultdict[tuple[str, str | None, int, str], list[int]](list)
    for fate, error, at_ms, message_id, old in plan.fates:
        fates[fate, error, at_ms, old].append(message_id)
    for (fate, error, at_ms, old), moved in fates.items():
        db.execute(_FATE, (fate, error, at_ms, json.dumps(moved), old))
    if plan.retries:
        db.executemany(_RETRY, plan.retries)
    if plan.parts:
        db.executemany(parts.PART, plan.parts)
    if plan.returned:
        give_back(db, plan.returned)
    if plan.settled:
        db.execute(
            "delete from retry where message_id in (select value from json_each(?))", (json.dumps(plan.settled),)
        )


def _waiting_for(db: sqlite3.Connection, smsc_ids: Sequence[str]) -> list[Receipt]:
    """Receipts that came before the response whose id they carry; they leave the inbox."""
    if not smsc_ids or db.execute("select exists (select 1 from pending_receipt)").fetchone()[0] == 0:
        return []
    found = db.execute(
        f"delete from pending_receipt where smsc_message_id in (select value from json_each(?)) returning {WAITING}",
        (json.dumps(waiting_keys(smsc_ids)),),
    ).fetchall()
    return [waiting_receipt(row) for row in found]


def _apply_receipts(db: sqlite3.Connection, plan: Plan, receipts: Sequence[Receipt]) -> list[Receipt]:
    """Add what the receipts do to the plan; those that no message answers to come back."""
    whole = _messages(db, [receipt.smsc_message_ids[0] for receipt in receipts if receipt.smsc_message_ids])
    unmatched = []
    for receipt in receipts:
        key = (receipt.smsc_message_ids[0], receipt.route) if receipt.smsc_message_ids else None
        if key in whole:
            whole[key] = admit(plan, whole[key], receipt)
        else:
            unmatched.append(receipt)
    return _apply_unlikely(db, plan, unmatched, whole) if unmatched else []


def _apply_unlikely(
    db: sqlite3.Connection, plan: Plan, receipts: Sequence[Receipt], known: Mapping[_Key, Row]
) -> list[Receipt]:
    """Those that no message has under the likeliest form of their id: other forms, then parts of longer messages."""
    wanted = [form for receipt in receipts for form in receipt.forms]
    whole = {**_messages(db, wanted), **known}
    known_parts = {(r[0], r[1]): (r[2], r[3]) for r in _fetch(db, _PARTS, wanted)}
    early = []
    for receipt in receipts:
        keys = [(form, receipt.route) for form in receipt.forms]
        key = next((key for key in keys if key in whole), None)
        if key is not None:
            whole[key] = admit(plan, whole[key], receipt)
            continue
        part = next((known_parts[key] for key in keys if key in known_parts), None)
        if part is None:
            early.append(receipt)
        else:
            parts.count(plan, parts.apply_receipt(db, receipt, *part))
    return early


def _messages(db: sqlite3.Connection, smsc_ids: Sequence[str]) -> dict[_Key, Row]:
    # Operators reuse ids: of several messages with one id, the youngest is meant, so the last row wins.
    return {(r[0], r[1]): Row(r[2], r[3], STATES[r[4]]) for r in _fetch(db, _WHOLE, smsc_ids)}
