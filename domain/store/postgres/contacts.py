"""Memberships, the blacklist by batches and pages of contacts on PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.store.contact_sql import (
    CONTACT,
    OPTOUT,
    blank_counts,
    merged,
    people,
)
from domain.store.interface import BlankCount, ContactRow, GroupCount
from domain.store.postgres.connection import PostgresConnection

# Who asks for it stays on the list, also when what a person did is undone.
_ASKED_FOR: Final = f"""
update blacklist_entry set source = '{OPTOUT}', created_by = null, created_ms = greatest($1, created_ms + 1)
where account_id = $2 and source <> '{OPTOUT}' and msisdn = any($3::bigint[])
"""
_REVISE: Final = "update contact_group set revision = revision + 1 where id = $1"
_BLACKLISTED: Final = """
from blacklist_entry b
join contact c on c.account_id = b.account_id and c.msisdn = b.msisdn
join group_contact g on g.contact_id = c.id
where b.account_id = $1
"""
_NOT_BLACKLISTED: Final = """
not exists (select 1 from blacklist_entry b where b.account_id = c.account_id and b.msisdn = c.msisdn)
"""


class PostgresContacts(PostgresConnection):
    """The contact half of the store. ``domain.store.interface`` says what each method promises."""

    async def add_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        query = """
            insert into group_contact (group_id, contact_id) select $1, unnest($2::bigint[]) on conflict do nothing
        """
        return await self._change_members(query, group_id, contact_ids)

    async def remove_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        query = "delete from group_contact where group_id = $1 and contact_id = any($2::bigint[])"
        return await self._change_members(query, group_id, contact_ids)

    async def _change_members(self, query: str, group_id: int, contact_ids: Sequence[int]) -> int:
        async with self.transaction() as db:
            changed = _changed(await db.execute(query, group_id, list(contact_ids)))
            if changed:
                await db.execute(_REVISE, group_id)
        return changed

    async def members(self, group_id: int, *, after: int, limit: int) -> Sequence[ContactRow]:
        query = f"""
            select {CONTACT} from group_contact g join contact c on c.id = g.contact_id
            where g.group_id = $1 and g.contact_id > $2 order by g.contact_id limit $3
        """
        return await self._contacts(query, group_id, after, limit)

    async def _contacts(self, query: str, *values: object) -> list[ContactRow]:
        async with self.acquire() as db:
            return [ContactRow(*row) for row in await db.fetch(query, *values)]

    async def groups_of(self, account_id: int, contact_id: int) -> Sequence[int]:
        query = """
            select k.id from group_contact g join contact_group k on k.id = g.group_id
            where g.contact_id = $1 and k.account_id = $2 order by k.title
        """
        return await self._ids(query, contact_id, account_id)

    async def _ids(self, query: str, *values: object) -> list[int]:
        async with self.acquire() as db:
            return [row[0] for row in await db.fetch(query, *values)]

    async def group_sizes(self, account_id: int) -> Mapping[int, int]:
        query = """
            select k.id, (select count(*) from group_contact g where g.group_id = k.id)
            from contact_group k where k.account_id = $1
        """
        async with self.acquire() as db:
            return dict(await db.fetch(query, account_id))

    async def audience_count(self, account_id: int, group_ids: Sequence[int]) -> GroupCount:
        chosen = "g.group_id in (select id from contact_group where account_id = $1 and id = any($2::int[]))"
        size = f"select count({people(group_ids)}) from group_contact g where {chosen}"
        blocked = f"select count(distinct g.contact_id) {_BLACKLISTED} and {chosen}"
        async with self.acquire() as db:
            contacts = await db.fetchval(size, account_id, list(group_ids))
            return GroupCount(contacts, await db.fetchval(blocked, account_id, list(group_ids)))

    async def audience(
        self, account_id: int, group_ids: Sequence[int], *, after: int, limit: int
    ) -> Sequence[ContactRow]:
        query = f"""
            select {CONTACT} from group_contact g join contact c on c.id = g.contact_id and c.account_id = $1
            where g.group_id = $2 and g.contact_id > $3 and {_NOT_BLACKLISTED} order by g.contact_id limit $4
        """
        pages = [await self._contacts(query, account_id, group_id, after, limit) for group_id in set(group_ids)]
        return merged(pages, limit)

    async def audience_blanks(self, account_id: int, group_ids: Sequence[int], fields: Sequence[str]) -> BlankCount:
        query = f"""
            select {blank_counts(fields)} from contact c where c.account_id = $1 and c.id in (
                select g.contact_id from group_contact g join contact_group k on k.id = g.group_id
                where k.account_id = $1 and g.group_id = any($2::int[])
            ) and {_NOT_BLACKLISTED}
        """
        async with self.acquire() as db:
            *counts, contacts = await db.fetchrow(query, account_id, list(group_ids))
        return BlankCount(dict(zip(fields, counts, strict=True)), contacts)

    async def blacklist(
        self, account_id: int, msisdns: Sequence[int], *, source: str, by: int | None, now_ms: int
    ) -> int:
        query = """
            insert into blacklist_entry (account_id, msisdn, source, created_by, created_ms)
            select $1, unnest($2::bigint[]), $3, $4, $5 on conflict (account_id, msisdn) do nothing
        """
        async with self.transaction() as db:
            if source == OPTOUT:
                await db.execute(_ASKED_FOR, now_ms, account_id, list(msisdns))
            return _changed(await db.execute(query, account_id, list(msisdns), source, by, now_ms))


def _changed(tag: Any) -> int:
    """Rows touched, from PostgreSQL's command tag: ``INSERT 0 3``, ``DELETE 2``."""
    return int(str(tag).rsplit(" ", 1)[-1])
