"""Imports, memberships, the blacklist by batches and pages of contacts on PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar, Final

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
from domain.store.journal_sql import POSTGRES, Touched
from domain.store.postgres.connection import PostgresConnection

_STAGE: Final = (
    "create temp table import_stage (msisdn bigint not null,"
    f" {', '.join(f'{name} text not null' for name in FIELDS)}) on commit drop"
)
_JOB: Final = """
select change_id from import_job where id = $1 and account_id = $2 and state = 'running' and cursor < $3 for update
"""
_GROUP: Final = "select 1 from contact_group where id = $1 and account_id = $2 for key share"
# xmax is 0 only in a row that this statement inserted; those left alone by "where" are not returned.
_UPSERT: Final = f"""
with written as (
    insert into contact (account_id, {COLUMNS}, created_ms, updated_ms, import_id)
    select $1, {COLUMNS}, $2, $2, $3 from import_stage order by msisdn
    on conflict (account_id, msisdn) do update set {ASSIGNMENTS},
        updated_ms = greatest(excluded.updated_ms, contact.updated_ms + 1),
        import_id = coalesce(excluded.import_id, contact.import_id) where {DIFFERS}
    returning id, updated_ms, (xmax = 0) as created
), noted as (
    insert into change_row (change_id, key, what, joined, after_ms)
    select $4, id, {Touched.CREATED}, $5::smallint, updated_ms from written
    where created and $4::bigint is not null order by id
)
select count(*) filter (where created) from written
"""
# The journal of a slice. The staged row goes by the name that it has in the upsert.
_NOTE_CHANGED: Final = f"""
insert into change_row (change_id, key, what, msisdn, after_ms, before)
select $1, contact.id, {Touched.CHANGED}, contact.msisdn, greatest($2, contact.updated_ms + 1),
    {POSTGRES.image("contact")}
from import_stage excluded join contact on contact.account_id = $3 and contact.msisdn = excluded.msisdn
where {DIFFERS} order by contact.id for update of contact
"""
_NOTE_JOINED: Final = f"""
insert into change_row (change_id, key, what)
select $1, c.id, {Touched.JOINED} from import_stage s join contact c on c.account_id = $2 and c.msisdn = s.msisdn
where not exists (select 1 from group_contact g where g.group_id = $3 and g.contact_id = c.id)
on conflict (change_id, key) do update set joined = 1
"""
# Who asks for it stays on the list, also when what a person did is undone.
_ASKED_FOR: Final = f"""
update blacklist_entry set source = '{OPTOUT}', created_by = null, created_ms = greatest($1, created_ms + 1)
where account_id = $2 and source <> '{OPTOUT}' and msisdn = any($3::bigint[])
"""
_COUNT_CHANGE: Final = """
update change set count = (select count(*) from change_row r where r.change_id = change.id) where id = $1
"""
_JOIN_GROUP: Final = """
insert into group_contact (group_id, contact_id)
select $1, c.id from import_stage s join contact c on c.account_id = $2 and c.msisdn = s.msisdn order by c.id
on conflict do nothing
"""
_ADVANCE: Final = """
update import_job set cursor = $2, counts = counts || jsonb_build_object(
    'created', coalesce((counts->>'created')::bigint, 0) + $3::bigint,
    'updated', coalesce((counts->>'updated')::bigint, 0) + $4::bigint)
where id = $1
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


@dataclass(frozen=True, slots=True)
class _Into:
    """Where rows go. ``change``: what they are noted for; None: it cannot be undone. ``job``: the import."""

    account: int
    group: int | None
    change: int | None
    job: int | None
    now: int


async def _write(db: Any, rows: Sequence[ImportedRow], into: _Into) -> int:
    """Upsert ``rows``, put them in the group, and note what each was. Returns how many are new."""
    await db.execute(_STAGE)
    await db.copy_records_to_table("import_stage", records=rows, columns=STAGED)
    await db.execute("analyze import_stage")
    if into.change is not None:
        await db.execute(_NOTE_CHANGED, into.change, into.now, into.account)
    joined = 0 if into.group is None else 1
    created: int = await db.fetchval(_UPSERT, into.account, into.now, into.job, into.change, joined)
    if into.group is not None:
        if into.change is not None:
            await db.execute(_NOTE_JOINED, into.change, into.account, into.group)
        if _changed(await db.execute(_JOIN_GROUP, into.group, into.account)):
            await db.execute(_REVISE, into.group)
    return created


class PostgresContacts(PostgresConnection):
    """The contact half of the store. ``domain.store.interface`` says what each method promises."""

    import_rows: ClassVar = 20_000
    import_pause_s: ClassVar = 0.0

    async def standing(self, account_id: int, msisdns: Iterable[int]) -> Listed:
        total = known = blacklisted = 0
        numbers = iter(msisdns)
        query = """
            select (select count(*) from contact where account_id = $1 and msisdn = any($2::bigint[])),
                   (select count(*) from blacklist_entry where account_id = $1 and msisdn = any($2::bigint[]))
        """
        while part := list(islice(numbers, NUMBERS_SLICE)):
            async with self.acquire() as db:
                present = await db.fetchrow(query, account_id, part)
            total += len(part)
            known += present[0]
            blacklisted += present[1]
        return Listed(total - known, known, blacklisted)

    async def import_slice(
        self, account_id: int, group_id: int, rows: Sequence[ImportedRow], *, now_ms: int, job_id: int
    ) -> SliceCounts | None:
        async with self.transaction() as db:
            job = await db.fetchrow(_JOB, job_id, account_id, rows[0].msisdn)
            if job is None or not await db.fetchval(_GROUP, group_id, account_id):
                return None
            created = await _write(db, rows, _Into(account_id, group_id, job["change_id"], job_id, now_ms))
            counts = SliceCounts(created, len(rows) - created, rows[-1].msisdn)
            await db.execute(_ADVANCE, job_id, counts.last_msisdn, counts.created, counts.updated)
        return counts

    async def write_contacts(
        self, account_id: int, group_id: int | None, rows: Sequence[ImportedRow], *, now_ms: int, change_id: int
    ) -> SliceCounts:
        async with self.transaction() as db:
            created = await _write(db, rows, _Into(account_id, group_id, change_id, None, now_ms))
            await db.execute(_COUNT_CHANGE, change_id)
        return SliceCounts(created, len(rows) - created, rows[-1].msisdn)

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

    async def members_page(self, group_id: int, *, offset: int, limit: int) -> Sequence[ContactRow]:
        query = f"""
            select {CONTACT} from (
                select contact_id from group_contact where group_id = $1 order by contact_id limit $2 offset $3
            ) g join contact c on c.id = g.contact_id order by c.id
        """
        return await self._contacts(query, group_id, limit, offset)

    async def _contacts(self, query: str, *values: object) -> list[ContactRow]:
        async with self.acquire() as db:
            return [ContactRow(*row) for row in await db.fetch(query, *values)]

    async def blacklisted_members(self, account_id: int, group_id: int) -> Sequence[int]:
        query = f"select g.contact_id {_BLACKLISTED} and g.group_id = $2 order by g.contact_id"
        return await self._ids(query, account_id, group_id)

    async def groups_of(self, account_id: int, contact_id: int) -> Sequence[int]:
        query = """
            select k.id from group_contact g join contact_group k on k.id = g.group_id
            where g.contact_id = $1 and k.account_id = $2 order by k.title
        """
        return await self._ids(query, contact_id, account_id)

    async def _ids(self, query: str, *values: object) -> list[int]:
        async with self.acquire() as db:
            return [row[0] for row in await db.fetch(query, *values)]

    async def delete_contact(self, account_id: int, contact_id: int) -> bool:
        async with self.transaction() as db:
            gone = await db.execute("delete from contact where id = $1 and account_id = $2", contact_id, account_id)
            if not _changed(gone):
                return False
            groups = "with gone as (delete from group_contact where contact_id = $1 returning group_id)"
            revise = "update contact_group set revision = revision + 1 where id in (select group_id from gone)"
            await db.execute(f"{groups} {revise}", contact_id)
        return True

    async def delete_group(self, account_id: int, group_id: int) -> bool:
        # The group first: killed half-way, what is left are memberships of nothing, for ids are never used again.
        async with self.acquire() as db:
            gone = await db.execute("delete from contact_group where id = $1 and account_id = $2", group_id, account_id)
            if not _changed(gone):
                return False
            query = "delete from group_contact where group_id = $1 and contact_id in"
            query += " (select contact_id from group_contact where group_id = $1 limit $2)"
            while _changed(await db.execute(query, group_id, DELETE_SLICE)):
                pass
        return True

    async def group_counts(self, account_id: int) -> Mapping[int, GroupCount]:
        sizes = """
            select k.id, count(g.contact_id)
            from contact_group k left join group_contact g on g.group_id = k.id
            where k.account_id = $1 group by k.id
        """
        async with self.acquire() as db:
            rows = await db.fetch(f"select g.group_id, count(*) {_BLACKLISTED} group by g.group_id", account_id)
            blocked = dict(rows)
            return {group: GroupCount(n, blocked.get(group, 0)) for group, n in await db.fetch(sizes, account_id)}

    async def audience_count(self, account_id: int, group_ids: Sequence[int]) -> GroupCount:
        chosen = "g.group_id in (select id from contact_group where account_id = $1 and id = any($2::int[]))"
        size = f"select count(distinct g.contact_id) from group_contact g where {chosen}"
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
