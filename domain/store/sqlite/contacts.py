"""Imports, memberships, the blacklist by batches and pages of contacts on SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import ClassVar, Final

from domain.store.contact_sql import (
    ASSIGNMENTS,
    COLUMNS,
    CONTACT,
    DELETE_SLICE,
    DIFFERS,
    FIELDS,
    NUMBERS_SLICE,
    OPTOUT,
    STAGED,
    blank_counts,
    merged,
)
from domain.store.interface import BlankCount, ContactRow, GroupCount, ImportedRow, Listed, SliceCounts
from domain.store.journal_sql import SQLITE, Touched
from domain.store.sqlite.connection import SqliteConnection

_STAGE: Final = (
    "create temp table if not exists import_stage (msisdn integer primary key,"
    f" {', '.join(f'{name} text not null' for name in FIELDS)})"
)
_FILL: Final = f"insert into import_stage ({COLUMNS}) values ({', '.join('?' * len(STAGED))})"
_JOB: Final = "select change_id from import_job where id = ? and account_id = ? and state = 'running' and cursor < ?"
_GROUP: Final = "select 1 from contact_group where id = ? and account_id = ?"
_VERSION: Final = "max(excluded.updated_ms, contact.updated_ms + 1)"  # rises, also within one millisecond
_KNOWN: Final = """
select count(*) from import_stage s cross join contact c on c.account_id = ? and c.msisdn = s.msisdn
"""
# "where true": without it SQLite takes "on conflict" for a join condition.
_UPSERT: Final = f"""
insert into contact (account_id, {COLUMNS}, created_ms, updated_ms, import_id)
select :account, {COLUMNS}, :now, :now, :job from import_stage where true order by msisdn
on conflict (account_id, msisdn) do update set {ASSIGNMENTS}, updated_ms = {_VERSION},
    import_id = coalesce(excluded.import_id, contact.import_id) where {DIFFERS}
"""
_JOIN_GROUP: Final = """
insert or ignore into group_contact (group_id, contact_id)
select ?, c.id from import_stage s cross join contact c on c.account_id = ? and c.msisdn = s.msisdn
"""
# The journal of a slice. The staged row goes by the name that it has in the upsert.
_NOTE_CHANGED: Final = f"""
insert into change_row (change_id, key, what, msisdn, after_ms, before)
select :change, contact.id, {Touched.CHANGED}, contact.msisdn, max(:now, contact.updated_ms + 1),
    {SQLITE.image("contact")}
from import_stage excluded cross join contact on contact.account_id = :account and contact.msisdn = excluded.msisdn
where {DIFFERS}
"""
_NOTE_CREATED: Final = f"""
insert into change_row (change_id, key, what, joined, after_ms)
select :change, id, {Touched.CREATED}, :group is not null, updated_ms from contact where id > :last order by id
"""
_NOTE_JOINED: Final = f"""
insert into change_row (change_id, key, what)
select :change, c.id, {Touched.JOINED}
from import_stage s cross join contact c on c.account_id = :account and c.msisdn = s.msisdn
where c.id <= :last and not exists (
    select 1 from group_contact g where g.group_id = :group and g.contact_id = c.id
)
on conflict (change_id, key) do update set joined = 1
"""
_LAST_ID: Final = "select coalesce(max(seq), 0) from sqlite_sequence where name = 'contact'"
_ADVANCE: Final = """
update import_job set cursor = :last, counts = json_set(counts,
    '$.created', coalesce(json_extract(counts, '$.created'), 0) + :created,
    '$.updated', coalesce(json_extract(counts, '$.updated'), 0) + :updated)
where id = :job
"""
_REVISE: Final = "update contact_group set revision = revision + 1 where id = ?"
_BLACKLISTED: Final = """
from blacklist_entry b
cross join contact c on c.account_id = b.account_id and c.msisdn = b.msisdn
cross join group_contact g on g.contact_id = c.id
where b.account_id = ?
"""
_NOT_BLACKLISTED: Final = """
not exists (select 1 from blacklist_entry b where b.account_id = c.account_id and b.msisdn = c.msisdn)
"""


# Who asks for it stays on the list, also when what a person did is undone.
_ASKED_FOR: Final = f"""
update blacklist_entry set source = '{OPTOUT}', created_by = null, created_ms = max(?, created_ms + 1)
where account_id = ? and source <> '{OPTOUT}' and msisdn in (select value from json_each(?))
"""
_COUNT_CHANGE: Final = """
update change set count = (select count(*) from change_row r where r.change_id = change.id) where id = ?
"""


@dataclass(frozen=True, slots=True)
class _Into:
    """Where rows go. ``change``: what they are noted for; None: it cannot be undone. ``job``: the import."""

    account: int
    group: int | None
    change: int | None
    job: int | None
    now: int


def _write(db: sqlite3.Connection, rows: Sequence[ImportedRow], into: _Into) -> tuple[int, int]:
    """Upsert ``rows``, put them in the group, and note what each was. Returns how many are new, and how many known."""
    values = asdict(into)
    db.execute(_STAGE)
    db.execute("delete from import_stage")
    db.executemany(_FILL, rows)
    known = int(db.execute(_KNOWN, (into.account,)).fetchone()[0])
    values["last"] = int(db.execute(_LAST_ID).fetchone()[0])
    if known and into.change is not None:
        db.execute(_NOTE_CHANGED, values)
    db.execute(_UPSERT, values)
    if into.change is not None and known < len(rows):
        db.execute(_NOTE_CREATED, values)
    if into.group is not None:
        if known and into.change is not None:
            db.execute(_NOTE_JOINED, values)
        if db.execute(_JOIN_GROUP, (into.group, into.account)).rowcount:
            db.execute(_REVISE, (into.group,))
    return len(rows) - known, known


class SqliteContacts(SqliteConnection):
    """The contact half of the store. ``domain.store.interface`` says what each method promises."""

    import_rows: ClassVar = 10_000  # about 40 ms of the only writer
    import_pause_s: ClassVar = 0.02

    async def standing(self, account_id: int, msisdns: Iterable[int]) -> Listed:
        total = known = blacklisted = 0
        numbers = iter(msisdns)
        while part := list(islice(numbers, NUMBERS_SLICE)):
            text = json.dumps(part)
            total += len(part)
            known += await self._present("contact", account_id, text)
            blacklisted += await self._present("blacklist_entry", account_id, text)
        return Listed(total - known, known, blacklisted)

    async def _present(self, table: str, account_id: int, numbers: str) -> int:
        query = f"select count(*) from json_each(?) j cross join {table} t on t.account_id = ? and t.msisdn = j.value"

        def count(db: sqlite3.Connection) -> int:
            return int(db.execute(query, (numbers, account_id)).fetchone()[0])

        return await self.read(count)

    async def import_slice(
        self, account_id: int, group_id: int, rows: Sequence[ImportedRow], *, now_ms: int, job_id: int
    ) -> SliceCounts | None:
        first, last = rows[0].msisdn, rows[-1].msisdn

        def apply(db: sqlite3.Connection) -> SliceCounts | None:
            found = db.execute(_JOB, (job_id, account_id, first)).fetchone()
            if found is None or db.execute(_GROUP, (group_id, account_id)).fetchone() is None:
                return None
            change = found[0]
            created, updated = _write(db, rows, _Into(account_id, group_id, change, job_id, now_ms))
            counts = SliceCounts(created, updated, last)
            db.execute(_ADVANCE, {"last": last, "created": counts.created, "updated": updated, "job": job_id})
            return counts

        return await self.write(apply)

    async def write_contacts(
        self, account_id: int, group_id: int | None, rows: Sequence[ImportedRow], *, now_ms: int, change_id: int
    ) -> SliceCounts:
        def write(db: sqlite3.Connection) -> SliceCounts:
            created, updated = _write(db, rows, _Into(account_id, group_id, change_id, None, now_ms))
            db.execute(_COUNT_CHANGE, (change_id,))
            return SliceCounts(created, updated, rows[-1].msisdn)

        return await self.write(write)

    async def add_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        query = "insert or ignore into group_contact (group_id, contact_id) select ?, value from json_each(?)"
        return await self._change_members(query, group_id, contact_ids)

    async def remove_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        query = "delete from group_contact where group_id = ? and contact_id in (select value from json_each(?))"
        return await self._change_members(query, group_id, contact_ids)

    async def _change_members(self, query: str, group_id: int, contact_ids: Sequence[int]) -> int:
        def change(db: sqlite3.Connection) -> int:
            changed = db.execute(query, (group_id, json.dumps(list(contact_ids)))).rowcount
            if changed:
                db.execute(_REVISE, (group_id,))
            return changed

        return await self.write(change)

    async def members(self, group_id: int, *, after: int, limit: int) -> Sequence[ContactRow]:
        query = f"""
            select {CONTACT} from group_contact g cross join contact c on c.id = g.contact_id
            where g.group_id = ? and g.contact_id > ? order by g.contact_id limit ?
        """
        return await self._contacts(query, (group_id, after, limit))

    async def members_page(self, group_id: int, *, offset: int, limit: int) -> Sequence[ContactRow]:
        query = f"""
            select {CONTACT} from (
                select contact_id from group_contact where group_id = ? order by contact_id limit ? offset ?
            ) g cross join contact c on c.id = g.contact_id order by c.id
        """
        return await self._contacts(query, (group_id, limit, offset))

    async def _contacts(self, query: str, values: tuple[object, ...]) -> list[ContactRow]:
        return await self.read(lambda db: [ContactRow(*row) for row in db.execute(query, values)])

    async def blacklisted_members(self, account_id: int, group_id: int) -> Sequence[int]:
        query = f"select g.contact_id {_BLACKLISTED} and g.group_id = ? order by g.contact_id"
        return await self._ids(query, (account_id, group_id))

    async def groups_of(self, account_id: int, contact_id: int) -> Sequence[int]:
        query = """
            select k.id from group_contact g join contact_group k on k.id = g.group_id
            where g.contact_id = ? and k.account_id = ? order by k.title
        """
        return await self._ids(query, (contact_id, account_id))

    async def _ids(self, query: str, values: tuple[object, ...]) -> list[int]:
        return await self.read(lambda db: [int(row[0]) for row in db.execute(query, values)])

    async def delete_contact(self, account_id: int, contact_id: int) -> bool:
        def delete(db: sqlite3.Connection) -> bool:
            gone = db.execute("delete from contact where id = ? and account_id = ?", (contact_id, account_id)).rowcount
            if not gone:
                return False
            groups = "select group_id from group_contact where contact_id = ?"
            db.execute(f"update contact_group set revision = revision + 1 where id in ({groups})", (contact_id,))
            db.execute("delete from group_contact where contact_id = ?", (contact_id,))
            return True

        return await self.write(delete)

    async def delete_group(self, account_id: int, group_id: int) -> bool:
        def delete(db: sqlite3.Connection) -> bool:
            row = (group_id, account_id)
            return db.execute("delete from contact_group where id = ? and account_id = ?", row).rowcount == 1

        # The group first: killed half-way, what is left are memberships of nothing, for ids are never used again.
        if not await self.write(delete):
            return False
        query = "delete from group_contact where group_id = ?1 and contact_id in"
        query += " (select contact_id from group_contact where group_id = ?1 limit ?2)"
        while await self.write(lambda db: db.execute(query, (group_id, DELETE_SLICE)).rowcount):
            pass
        return True

    async def group_counts(self, account_id: int) -> Mapping[int, GroupCount]:
        sizes = """
            select k.id, (select count(*) from group_contact g where g.group_id = k.id)
            from contact_group k where k.account_id = ?
        """
        blocked = f"select g.group_id, count(*) {_BLACKLISTED} group by g.group_id"

        def count(db: sqlite3.Connection) -> dict[int, GroupCount]:
            of: dict[int, int] = dict(db.execute(blocked, (account_id,)))
            return {group: GroupCount(n, of.get(group, 0)) for group, n in db.execute(sizes, (account_id,))}

        return await self.read(count)

    async def audience_count(self, account_id: int, group_ids: Sequence[int]) -> GroupCount:
        chosen = "g.group_id in (select k.id from contact_group k, json_each(?) j where k.id = j.value"
        chosen += " and k.account_id = ?)"
        size = f"select count(distinct g.contact_id) from group_contact g where {chosen}"
        blocked = f"select count(distinct g.contact_id) {_BLACKLISTED} and {chosen}"
        groups = json.dumps(list(group_ids))

        def count(db: sqlite3.Connection) -> GroupCount:
            (contacts,) = db.execute(size, (groups, account_id)).fetchone()
            (blacklisted,) = db.execute(blocked, (account_id, groups, account_id)).fetchone()
            return GroupCount(contacts, blacklisted)

        return await self.read(count)

    async def audience(
        self, account_id: int, group_ids: Sequence[int], *, after: int, limit: int
    ) -> Sequence[ContactRow]:
        # One ordered walk a group: an "in" over all of them would read every member for each page.
        query = f"""
            select {CONTACT} from group_contact g cross join contact c on c.id = g.contact_id and c.account_id = ?
            where g.group_id = ? and g.contact_id > ? and {_NOT_BLACKLISTED} order by g.contact_id limit ?
        """
        pages = [await self._contacts(query, (account_id, group_id, after, limit)) for group_id in set(group_ids)]
        return merged(pages, limit)

    async def audience_blanks(self, account_id: int, group_ids: Sequence[int], fields: Sequence[str]) -> BlankCount:
        query = f"""
            select {blank_counts(fields)} from contact c where c.account_id = ? and c.id in (
                select g.contact_id from group_contact g join contact_group k on k.id = g.group_id
                where k.account_id = ? and g.group_id in (select value from json_each(?))
            ) and {_NOT_BLACKLISTED}
        """
        groups = json.dumps(list(group_ids))
        *counts, contacts = await self.read(lambda db: db.execute(query, (account_id, account_id, groups)).fetchone())
        return BlankCount(dict(zip(fields, counts, strict=True)), contacts)

    async def blacklist(
        self, account_id: int, msisdns: Sequence[int], *, source: str, by: int | None, now_ms: int
    ) -> int:
        query = """
            insert or ignore into blacklist_entry (account_id, msisdn, source, created_by, created_ms)
            select ?, value, ?, ?, ? from json_each(?)
        """
        numbers = json.dumps(list(msisdns))

        def put(db: sqlite3.Connection) -> int:
            if source == OPTOUT:
                db.execute(_ASKED_FOR, (now_ms, account_id, numbers))
            return db.execute(query, (account_id, source, by, now_ms, numbers)).rowcount

        return await self.write(put)
