"""The journal of changes on SQLite: doing them by slices, and undoing them. ``journal_sql`` has the statements."""

import json
import sqlite3
from collections.abc import Callable, Sequence

from domain.store import journal_sql as sql
from domain.store import journal_undo_sql as undo_sql
from domain.store.journal import Slice, Span, UndoneSlice
from domain.store.journal_sql import SQLITE
from domain.store.sqlite.connection import SqliteConnection


class SqliteJournal(SqliteConnection):
    """The journal's part of the store. ``domain.store.interface`` says what each method promises."""

    async def delete_contacts(self, part: Slice) -> int | None:
        def delete(db: sqlite3.Connection, ids: str) -> int:
            noted = _run(db, sql.note_deleted(SQLITE), ids, part.change_id, part.account_id)
            for statement in sql.delete_noted(SQLITE):
                _run(db, statement, ids, part.change_id)
            return noted

        return await self._slice(part, delete)

    async def change_members(self, part: Slice, group_id: int, *, joining: bool) -> int | None:
        def change(db: sqlite3.Connection, ids: str) -> int:
            note = sql.note_membership(SQLITE, joining=joining)
            noted = _run(db, note, ids, part.change_id, part.account_id, group_id)
            if noted:
                move = sql.change_noted_membership(SQLITE, joining=joining)
                _run(db, move, ids, part.change_id, group_id)
                _run(db, sql.REVISE, group_id)
            return noted

        return await self._slice(part, change)

    async def join_groups(self, part: Slice) -> int | None:
        def join(db: sqlite3.Connection, ids: str) -> int:
            noted = _run(db, sql.note_joined_all(SQLITE), ids, part.change_id, part.account_id)
            for statement in sql.join_all_noted(SQLITE):
                _run(db, statement, ids, part.change_id)
            return noted

        return await self._slice(part, join)

    async def leave_groups(self, part: Slice) -> int | None:
        def leave(db: sqlite3.Connection, ids: str) -> int:
            noted = _run(db, sql.note_left_all(SQLITE), ids, part.change_id, part.account_id)
            for statement in sql.leave_all_noted(SQLITE):
                _run(db, statement, ids, part.change_id)
            return noted

        return await self._slice(part, leave)

    async def list_numbers(self, part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        def put(db: sqlite3.Connection, numbers: str) -> int:
            noted = _run(db, sql.note_listed(SQLITE), numbers, part.change_id, part.account_id, now_ms)
            values = (part.change_id, part.account_id, source, by, now_ms)
            _run(db, sql.list_noted(SQLITE), numbers, *values)
            return noted

        return await self._slice(part, put)

    async def unlist_numbers(self, part: Slice) -> int | None:
        def take(db: sqlite3.Connection, numbers: str) -> int:
            noted = _run(db, sql.note_unlisted(SQLITE), numbers, part.change_id, part.account_id)
            _run(db, sql.unlist_noted(SQLITE), numbers, part.change_id, part.account_id)
            return noted

        return await self._slice(part, take)

    async def _slice(self, part: Slice, work: Callable[[sqlite3.Connection, str], int]) -> int | None:
        def apply(db: sqlite3.Connection) -> int | None:
            if not _run(db, sql.ADVANCE, part.change_id, part.upto, part.after):
                return None
            done = work(db, json.dumps(list(part.keys)))
            _run(db, sql.COUNTED, part.change_id, done)
            return done

        return await self.write(apply)

    async def edit_contact(
        self, account_id: int, contact_id: int, *, column: str, value: object, change_id: int, now_ms: int
    ) -> bool:
        def edit(db: sqlite3.Connection) -> bool:
            found = db.execute(SQLITE.sql(sql.VERSION_OF), (contact_id, account_id)).fetchone()
            if found is None:
                return False
            after_ms = max(now_ms, int(found[0]) + 1)
            _run(db, sql.note_edited(SQLITE), contact_id, change_id, account_id, after_ms)
            _run(db, sql.set_column(column), contact_id, value, after_ms)
            _run(db, sql.COUNTED, change_id, 1)
            return True

        return await self.write(edit)

    async def touched_since(self, span: Span) -> int:
        statement, values = undo_sql.touched(SQLITE, span, undo_sql.COUNT_TOUCHED)
        return await self.read_long(lambda db: int(db.execute(statement, values).fetchone()[0]))

    async def journal_span(self, change_id: int, *, after: int, limit: int) -> tuple[int, int] | None:
        row = await self.read(lambda db: db.execute(SQLITE.sql(undo_sql.UPPER), (change_id, after, limit)).fetchone())
        return None if row[0] is None else (int(row[0]), int(row[1]))

    async def journal_rows(self, change_id: int, *, upto: int) -> int:
        statement = SQLITE.sql(undo_sql.COUNT_UPTO)
        return await self.read_long(lambda db: int(db.execute(statement, (change_id, upto)).fetchone()[0]))

    async def undo_slice(self, span: Span, *, whole: bool) -> UndoneSlice | None:
        def undo(db: sqlite3.Connection) -> UndoneSlice | None:
            if not _run(db, undo_sql.STEP_UNDO, span.change_id, span.after, span.upto):
                return None
            mark, values = undo_sql.touched(SQLITE, span, undo_sql.MARK_TOUCHED)
            kept = db.execute(mark, values).rowcount
            if kept and whole:
                raise _Refused(kept)
            for statement, values in undo_sql.steps(SQLITE, span):
                db.execute(statement, values)
            if span.group_id is not None:
                _run(db, sql.REVISE, span.group_id)
            _run(db, undo_sql.KEPT, span.change_id, kept)
            return UndoneSlice(kept, refused=False)

        try:
            return await self.write(undo)
        except _Refused as error:
            return UndoneSlice(error.kept, refused=True)

    async def later_changes(self, span: Span) -> Sequence[tuple[int, int]]:
        statement, values = undo_sql.touched(SQLITE, span, undo_sql.LATER_CHANGES)
        return await self.read_long(lambda db: [(int(a), int(b)) for a, b in db.execute(statement, values)])

    async def purge_journal(self, change_id: int, *, limit: int) -> int:
        return await self.write(lambda db: _run(db, sql.PURGE, change_id, limit))

    async def purge_members(self, group_id: int, *, limit: int) -> int:
        return await self.write(lambda db: _run(db, sql.PURGE_MEMBERS, group_id, limit))


class _Refused(Exception):
    """Rolls back what was begun."""

    def __init__(self, kept: int) -> None:
        super().__init__(kept)
        self.kept = kept


def _run(db: sqlite3.Connection, statement: str, *values: object) -> int:
    return db.execute(SQLITE.sql(statement), values).rowcount
