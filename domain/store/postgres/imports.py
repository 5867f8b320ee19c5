"""Imports by slices on PostgreSQL: a slice is one COPY and a few statements over it."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

from asyncpg.exceptions import UniqueViolationError

from domain.store.contact_sql import COLUMNS, FIELDS, STAGED, assignments, differs
from domain.store.interface import ImportedRow, Listed, Policy, SliceCounts, StagedRows
from domain.store.journal_sql import POSTGRES, Touched
from domain.store.postgres.connection import PostgresConnection
from domain.store.staging import Staged

_STAGE: Final = (
    "create temp table import_stage (msisdn bigint not null,"
    f" {', '.join(f'{name} text not null' for name in FIELDS)}) on commit drop"
)
#: Each row is looked up by its number. The planner, which knows nothing of a table that has just been filled, would
#: read all of it for each. What is switched off costs so much in its eyes that it would compile each statement, which
#: takes longer than running it.
_BY_INDEX: Final = "; ".join(
    f"set local {what} = off" for what in ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "jit")
)
_COPIED: Final = (*STAGED, "account_id", "created_ms", "updated_ms", "import_id")
_JOB: Final = """
select change_id from import_job where id = $1 and account_id = $2 and state = 'running' and cursor < $3 for update
"""
_GROUP: Final = "select 1 from contact_group where id = $1 and account_id = $2 for key share"
_ANY_KNOWN: Final = "select 1 from contact where account_id = $1 and msisdn between $2 and $3 limit 1"
_INSERT: Final = f"""
insert into contact (account_id, {COLUMNS}, created_ms, updated_ms, import_id)
select $1, {COLUMNS}, $2, $2, $3 from import_stage order by msisdn
on conflict (account_id, msisdn) do
"""
#: Those of a slice none of which was there: nobody else writes for this import, whose row is locked.
_NEW: Final = "from contact where account_id = $1 and msisdn between $2 and $3 and import_id = $4"
_NOTE_NEW: Final = f"""
insert into change_row (change_id, key, what, joined, after_ms)
select $5, id, {Touched.CREATED}, 1, updated_ms {_NEW} order by id
"""
_JOIN_NEW: Final = f"insert into group_contact (group_id, contact_id) select $5::integer, id {_NEW} order by id"
_NOTE_JOINED: Final = f"""
insert into change_row (change_id, key, what)
select $1, c.id, {Touched.JOINED} from import_stage s join contact c on c.account_id = $2 and c.msisdn = s.msisdn
where not exists (select 1 from group_contact g where g.group_id = $3 and g.contact_id = c.id)
on conflict (change_id, key) do update set joined = 1
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
_COUNT_CHANGE: Final = """
update change set count = (select count(*) from change_row r where r.change_id = change.id) where id = $1
"""
_STANDING: Final = """
select (select count(*) from contact where account_id = $1 and msisdn = any($2::bigint[])),
       (select count(*) from blacklist_entry where account_id = $1 and msisdn = any($2::bigint[]))
"""


@cache
def _upsert(policy: Policy) -> str:
    """Also puts the new ones in the group ($5) and notes them; the others follow where there are any."""
    onto = "nothing"
    if policy.writes:
        onto = f"""update set {assignments(policy)},
            updated_ms = greatest(excluded.updated_ms, contact.updated_ms + 1),
            import_id = coalesce(excluded.import_id, contact.import_id) where {differs(policy)}"""
    # xmax is 0 only in a row that this statement inserted; those left alone by "where" are not returned.
    return f"""
        with written as (
            {_INSERT} {onto}
            returning id, updated_ms, (xmax = 0) as created
        ), noted as (
            insert into change_row (change_id, key, what, joined, after_ms)
            select $4, id, {Touched.CREATED}, case when $5::integer is null then 0 else 1 end, updated_ms from written
            where created and $4::bigint is not null order by id
        ), joined as (
            insert into group_contact (group_id, contact_id)
            select $5::integer, id from written where created and $5::integer is not null order by id
        )
        select count(*) filter (where created) from written
    """


@cache
def _note_changed(policy: Policy) -> str:
    """The journal of a slice. The staged row goes by the name that it has in the upsert."""
    return f"""
        insert into change_row (change_id, key, what, msisdn, after_ms, before)
        select $1, contact.id, {Touched.CHANGED}, contact.msisdn, greatest($2, contact.updated_ms + 1),
            {POSTGRES.image("contact")}
        from import_stage excluded join contact on contact.account_id = $3 and contact.msisdn = excluded.msisdn
        where {differs(policy)} order by contact.id for update of contact
    """


@dataclass(frozen=True, slots=True)
class _Into:
    """Where rows go. ``change``: what they are noted for; None: it cannot be undone. ``job``: the import."""

    account: int
    group: int | None
    change: int | None
    job: int | None
    now: int


async def _copy(db: Any, text: bytes, span: tuple[int, int], into: _Into) -> bool:
    """
    The short way for an import: straight among the contacts, where none of the slice's span is there. Returns whether
    that was so; if not, nothing is written.
    """
    await db.execute(_BY_INDEX)
    if await db.fetchval(_ANY_KNOWN, into.account, *span):
        return False
    same = f"\t{into.account}\t{into.now}\t{into.now}\t{into.job}\n".encode()
    lines = io.BytesIO(text.replace(b"\n", same))  # a line break in a cell is written otherwise
    try:
        async with db.transaction():
            await db.copy_to_table("contact", source=lines, columns=_COPIED, format="text")
    except UniqueViolationError:  # somebody has added one of them at this very moment
        return False
    if into.change is not None:
        await db.execute(_NOTE_NEW, into.account, *span, into.job, into.change)
    await db.execute(_JOIN_NEW, into.account, *span, into.job, into.group)
    await db.execute(_REVISE, into.group)
    return True


async def _write(
    db: Any, rows: Sequence[ImportedRow] | bytes, span: tuple[int, int], into: _Into, policy: Policy
) -> int:
    """Upsert the rows, put them in the group, and note what each was. Returns how many are new."""
    await db.execute(f"{_STAGE}; {_BY_INDEX}")
    if isinstance(rows, bytes):
        await db.copy_to_table("import_stage", source=io.BytesIO(rows), columns=STAGED, format="text")
    else:
        await db.copy_records_to_table("import_stage", records=rows, columns=STAGED)
    known = await db.fetchval(_ANY_KNOWN, into.account, *span)
    if known and policy.writes and into.change is not None:
        await db.execute(_note_changed(policy), into.change, into.now, into.account)
    created: int = await db.fetchval(_upsert(policy), into.account, into.now, into.job, into.change, into.group)
    if into.group is not None:
        joined = 0
        if known and into.change is not None:
            await db.execute(_NOTE_JOINED, into.change, into.account, into.group)
        if known:
            joined = _changed(await db.execute(_JOIN_GROUP, into.group, into.account))
        if created or joined:
            await db.execute(_REVISE, into.group)
    return created


class PostgresImports(PostgresConnection):
    """Contacts on their way in. ``domain.store.interface`` says what each method promises."""

    import_rows: ClassVar = 20_000
    import_pause_s: ClassVar = 0.0

    async def give_way(self) -> None:
        await asyncio.sleep(self.import_pause_s)

    _opened: ClassVar[dict[Path, Staged]] = {}

    @contextlib.asynccontextmanager
    async def staged(self, path: Path) -> AsyncIterator[None]:
        """Read from here, slice by slice."""
        self._opened[path] = Staged(path)
        try:
            yield
        finally:
            self._opened.pop(path).close()

    async def standing(self, account_id: int, rows: StagedRows) -> Listed:
        numbers = await asyncio.to_thread(self._opened[rows.path].msisdns, rows.after, rows.last)
        async with self.acquire() as db:
            known, blacklisted = await db.fetchrow(_STANDING, account_id, numbers)
        return Listed(len(numbers) - known, known, blacklisted)

    async def import_slice(
        self,
        account_id: int,
        group_id: int,
        rows: Sequence[ImportedRow] | StagedRows,
        *,
        now_ms: int,
        job_id: int,
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> SliceCounts | None:
        if isinstance(rows, StagedRows):
            span = (rows.after + 1, rows.last)
            source: Sequence[ImportedRow] | bytes = await asyncio.to_thread(
                self._opened[rows.path].copy_text, rows.after, rows.last
            )
        else:
            span, source = (rows[0].msisdn, rows[-1].msisdn), rows
        async with self.transaction() as db:
            job = await db.fetchrow(_JOB, job_id, account_id, span[1])
            if job is None or not await db.fetchval(_GROUP, group_id, account_id):
                return None
            into = _Into(account_id, group_id, job["change_id"], job_id, now_ms)
            if isinstance(source, bytes) and await _copy(db, source, span, into):
                created = len(rows)
            else:
                created = await _write(db, source, span, into, policy)
            counts = SliceCounts(created, len(rows) - created, span[1])
            await db.execute(_ADVANCE, job_id, counts.last_msisdn, counts.created, counts.updated)
        return counts

    async def write_contacts(
        self, account_id: int, group_id: int | None, rows: Sequence[ImportedRow], *, now_ms: int, change_id: int
    ) -> SliceCounts:
        async with self.transaction() as db:
            span, into = (rows[0].msisdn, rows[-1].msisdn), _Into(account_id, group_id, change_id, None, now_ms)
            created = await _write(db, rows, span, into, Policy())
            await db.execute(_COUNT_CHANGE, change_id)
        return SliceCounts(created, len(rows) - created, rows[-1].msisdn)


def _changed(tag: Any) -> int:
    """Rows touched, from PostgreSQL's command tag: ``INSERT 0 3``."""
    return int(str(tag).rsplit(" ", 1)[-1])
