"""Memberships, the blacklist by batches and pages of contacts on SQLite."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from domain.store.contact_sql import (
    CONTACT,
    OPTOUT,
    blank_counts,
    merged,
    people,
)
from domain.store.interface import BlankCount, ContactRow, GroupCount
from domain.store.sqlite.connection import SqliteConnection

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


class SqliteContacts(SqliteConnection):
    """The contact half of the store. ``domain.store.interface`` says what each method promises."""

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

    async def _contacts(self, query: str, values: tuple[object, ...]) -> list[ContactRow]:
        return await self.read(lambda db: [ContactRow(*row) for row in db.execute(query, values)])

    async def groups_of(self, account_id: int, contact_id: int) -> Sequence[int]:
        query = """
            select k.id from group_contact g join contact_group k on k.id = g.group_id
            where g.contact_id = ? and k.account_id = ? order by k.title
        """
        return await self._ids(query, (contact_id, account_id))

    async def _ids(self, query: str, values: tuple[object, ...]) -> list[int]:
        return await self.read(lambda db: [int(row[0]) for row in db.execute(query, values)])

    async def group_sizes(self, account_id: int) -> Mapping[int, int]:
        query = """
            select k.id, (select count(*) from group_contact g where g.group_id = k.id)
            from contact_group k where k.account_id = ?
        """
        return await self.read(lambda db: dict(db.execute(query, (account_id,)).fetchall()))

    async def audience_count(self, account_id: int, group_ids: Sequence[int]) -> GroupCount:
        chosen = "g.group_id in (select k.id from contact_group k, json_each(?) j where k.id = j.value"
        chosen += " and k.account_id = ?)"
        size = f"select count({people(group_ids)}) from group_contact g where {chosen}"
        blocked = f"select count(distinct g.contact_id) {_BLACKLISTED} and {chosen}"
        groups = json.dumps(list(group_ids))

        def count(db: sqlite3.Connection) -> GroupCount:
            (contacts,) = db.execute(size, (groups, account_id)).fetchone()
            (blacklisted,) = db.execute(blocked, (account_id, groups, account_id)).fetchone()
            return GroupCount(contacts, blacklisted)

        return await self.read_long(count)

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
        values = (account_id, account_id, groups)
        *counts, contacts = await self.read_long(lambda db: db.execute(query, values).fetchone())
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
