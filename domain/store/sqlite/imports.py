"""Imports by slices on SQLite: rows go from the staged file to the tables without passing through Python."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import ClassVar, Final

from domain.store.contact_sql import COLUMNS, FIELDS, STAGED, assignments, differs
from domain.store.interface import ImportedRow, Listed, Policy, SliceCounts, StagedRows
from domain.store.journal_sql import SQLITE, Touched
from domain.store.sqlite.connection import SqliteConnection

_CALM_S: Final = 0.02  # without a statement: nobody is being answered
_MOST_GIVEN_S: Final = 0.2

_STAGE: Final = (
    "create temp table if not exists import_stage (msisdn integer primary key,"
    f" {', '.join(f'{name} text not null' for name in FIELDS)})"
)
_FILL: Final = f"insert into import_stage ({COLUMNS}) values ({', '.join('?' * len(STAGED))})"
_FILL_STAGED: Final = (
    f"insert into import_stage ({COLUMNS}) select {COLUMNS} from {{}}.staged where msisdn > ? and msisdn <= ?"
)
_JOB: Final = "select change_id from import_job where id = ? and account_id = ? and state = 'running' and cursor < ?"
_GROUP: Final = "select 1 from contact_group where id = ? and account_id = ?"
_VERSION: Final = "max(excluded.updated_ms, contact.updated_ms + 1)"  # rises, also within one millisecond
_KNOWN: Final = """
select count(*) from import_stage s cross join contact c on c.account_id = ? and c.msisdn = s.msisdn
"""
_STANDING: Final = """
select count(*) from {}.staged s cross join {} t on t.account_id = ? and t.msisdn = s.msisdn
where s.msisdn > ? and s.msisdn <= ?
"""
_INSERT: Final = f"""
insert into contact (account_id, {COLUMNS}, created_ms, updated_ms, import_id)
select :account, {COLUMNS}, :now, :now, :job from import_stage where true order by msisdn
on conflict (account_id, msisdn) do
"""  # "where true": without it SQLite takes "on conflict" for a join condition
_JOIN_GROUP: Final = """
insert or ignore into group_contact (group_id, contact_id)
select :group, c.id from import_stage s cross join contact c on c.account_id = :account and c.msisdn = s.msisdn
"""
_JOIN_NEW: Final = "insert into group_contact (group_id, contact_id) select :group, id from contact where id > :last"
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
_COUNT_CHANGE: Final = """
update change set count = (select count(*) from change_row r where r.change_id = change.id) where id = ?
"""


@cache
def _upsert(policy: Policy) -> str:
    if not policy.writes:
        return f"{_INSERT} nothing"
    return f"""{_INSERT} update set {assignments(policy)}, updated_ms = {_VERSION},
        import_id = coalesce(excluded.import_id, contact.import_id) where {differs(policy)}"""


@cache
def _note_changed(policy: Policy) -> str:
    """The journal of a slice. The staged row goes by the name that it has in the upsert."""
    return f"""
        insert into change_row (change_id, key, what, msisdn, after_ms, before)
        select :change, contact.id, {Touched.CHANGED}, contact.msisdn, max(:now, contact.updated_ms + 1),
            {SQLITE.image("contact")}
        from import_stage excluded
        cross join contact on contact.account_id = :account and contact.msisdn = excluded.msisdn
        where {differs(policy)}
    """


@dataclass(frozen=True, slots=True)
class _Into:
    """Where rows go. ``change``: what they are noted for; None: it cannot be undone. ``job``: the import."""

    account: int
    group: int | None
    change: int | None
    job: int | None
    now: int


def _write(db: sqlite3.Connection, count: int, into: _Into, policy: Policy) -> tuple[int, int]:
    """Upsert what is staged, put it in the group, and note what each was. Returns how many are new, and known."""
    values = asdict(into)
    known = int(db.execute(_KNOWN, (into.account,)).fetchone()[0])
    values["last"] = int(db.execute(_LAST_ID).fetchone()[0])
    if known and policy.writes and into.change is not None:
        db.execute(_note_changed(policy), values)
    db.execute(_upsert(policy), values)
    if into.change is not None and known < count:
        db.execute(_NOTE_CREATED, values)
    if into.group is not None:
        if known and into.change is not None:
            db.execute(_NOTE_JOINED, values)
        if db.execute(_JOIN_GROUP if known else _JOIN_NEW, values).rowcount:
            db.execute(_REVISE, (into.group,))
    return count - known, known


class SqliteImports(SqliteConnection):
    """Contacts on their way in. ``domain.store.interface`` says what each method promises."""

    import_rows: ClassVar = 7_000  # about 15 ms of the only writer
    import_pause_s: ClassVar = 0.003

    async def give_way(self) -> None:
        # What a person taps is answered by a dozen statements, one after another: each would wait for a slice.
        ends_s = time.monotonic() + _MOST_GIVEN_S
        await asyncio.sleep(self.import_pause_s)
        while (wait_s := min(ends_s, self._client.used_s + _CALM_S) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(wait_s)

    _numbers = count(1)
    _attached: ClassVar[dict[Path, str]] = {}

    @contextlib.asynccontextmanager
    async def staged(self, path: Path) -> AsyncIterator[None]:
        """Attached to the writer and to the reader."""
        name = f"staged_{next(self._numbers)}"

        def attach(db: sqlite3.Connection) -> None:
            db.execute(f"attach ? as {name}", (str(path),))

        def detach(db: sqlite3.Connection) -> None:
            db.execute(f"detach {name}")

        await self.on_writer(attach)
        try:
            await self.read(attach)
            self._attached[path] = name
            try:
                yield
            finally:
                del self._attached[path]
                await self.read(detach)
        finally:
            await self.on_writer(detach)

    async def standing(self, account_id: int, rows: StagedRows) -> Listed:
        def count_in(table: str, db: sqlite3.Connection) -> int:
            query = _STANDING.format(self._attached[rows.path], table)
            return int(db.execute(query, (account_id, rows.after, rows.last)).fetchone()[0])

        known = await self.read(lambda db: count_in("contact", db))
        blacklisted = await self.read(lambda db: count_in("blacklist_entry", db))
        return Listed(rows.count - known, known, blacklisted)

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
        last = rows.last if isinstance(rows, StagedRows) else rows[-1].msisdn

        def apply(db: sqlite3.Connection) -> SliceCounts | None:
            found = db.execute(_JOB, (job_id, account_id, last)).fetchone()
            if found is None or db.execute(_GROUP, (group_id, account_id)).fetchone() is None:
                return None
            self._fill(db, rows)
            created, updated = _write(db, len(rows), _Into(account_id, group_id, found[0], job_id, now_ms), policy)
            db.execute(_ADVANCE, {"last": last, "created": created, "updated": updated, "job": job_id})
            return SliceCounts(created, updated, last)

        return await self.write(apply)

    async def write_contacts(
        self, account_id: int, group_id: int | None, rows: Sequence[ImportedRow], *, now_ms: int, change_id: int
    ) -> SliceCounts:
        def write(db: sqlite3.Connection) -> SliceCounts:
            self._fill(db, rows)
            into = _Into(account_id, group_id, change_id, None, now_ms)
            created, updated = _write(db, len(rows), into, Policy())
            db.execute(_COUNT_CHANGE, (change_id,))
            return SliceCounts(created, updated, rows[-1].msisdn)

        return await self.write(write)

    def _fill(self, db: sqlite3.Connection, rows: Sequence[ImportedRow] | StagedRows) -> None:
        db.execute(_STAGE)
        db.execute("delete from import_stage")
        if isinstance(rows, StagedRows):
            db.execute(_FILL_STAGED.format(self._attached[rows.path]), (rows.after, rows.last))
        else:
            db.executemany(_FILL, rows)
