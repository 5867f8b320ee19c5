"""The journal of changes on PostgreSQL: doing them by slices, and undoing them. ``journal_sql`` has the statements."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.store import journal_sql as sql
from domain.store import journal_undo_sql as undo_sql
from domain.store.journal import Slice, Span, UndoneSlice
from domain.store.journal_sql import POSTGRES
from domain.store.postgres.connection import PostgresConnection


class PostgresJournal(PostgresConnection):
    """The journal's part of the store. ``domain.store.interface`` says what each method promises."""

    async def delete_contacts(self, part: Slice) -> int | None:
        async def delete(db: Any) -> int:
            noted = await _run(db, sql.note_deleted(POSTGRES), part.keys, part.change_id, part.account_id)
            for statement in sql.delete_noted(POSTGRES):
                await _run(db, statement, part.keys, part.change_id)
            return noted

        return await self._slice(part, delete)

    async def change_members(self, part: Slice, group_id: int, *, joining: bool) -> int | None:
        async def change(db: Any) -> int:
            note = sql.note_membership(POSTGRES, joining=joining)
            noted = await _run(db, note, part.keys, part.change_id, part.account_id, group_id)
            if noted:
                move = sql.change_noted_membership(POSTGRES, joining=joining)
                await _run(db, move, part.keys, part.change_id, group_id)
                await _run(db, sql.REVISE, group_id)
            return noted

        return await self._slice(part, change)

    async def join_groups(self, part: Slice) -> int | None:
        async def join(db: Any) -> int:
            noted = await _run(db, sql.note_joined_all(POSTGRES), part.keys, part.change_id, part.account_id)
            for statement in sql.join_all_noted(POSTGRES):
                await _run(db, statement, part.keys, part.change_id)
            return noted

        return await self._slice(part, join)

    async def leave_groups(self, part: Slice) -> int | None:
        async def leave(db: Any) -> int:
            noted = await _run(db, sql.note_left_all(POSTGRES), part.keys, part.change_id, part.account_id)
            for statement in sql.leave_all_noted(POSTGRES):
                await _run(db, statement, part.keys, part.change_id)
            return noted

        return await self._slice(part, leave)

    async def list_numbers(self, part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        async def put(db: Any) -> int:
            noted = await _run(db, sql.note_listed(POSTGRES), part.keys, part.change_id, part.account_id, now_ms)
            values = (part.change_id, part.account_id, source, by, now_ms)
            await _run(db, sql.list_noted(POSTGRES), part.keys, *values)
            return noted

        return await self._slice(part, put)

    async def unlist_numbers(self, part: Slice) -> int | None:
        async def take(db: Any) -> int:
            noted = await _run(db, sql.note_unlisted(POSTGRES), part.keys, part.change_id, part.account_id)
            await _run(db, sql.unlist_noted(POSTGRES), part.keys, part.change_id, part.account_id)
            return noted

        return await self._slice(part, take)

    async def _slice(self, part: Slice, work: Callable[[Any], Awaitable[int]]) -> int | None:
        async with self.transaction() as db:
            if not await _run(db, sql.ADVANCE, part.change_id, part.upto, part.after):
                return None
            done = await work(db)
            await _run(db, sql.COUNTED, part.change_id, done)
        return done

    async def edit_contact(
        self, account_id: int, contact_id: int, *, column: str, value: object, change_id: int, now_ms: int
    ) -> bool:
        async with self.transaction() as db:
            found = await db.fetchval(f"{sql.VERSION_OF} for update", contact_id, account_id)
            if found is None:
                return False
            after_ms = max(now_ms, int(found) + 1)
            await _run(db, sql.note_edited(POSTGRES), contact_id, change_id, account_id, after_ms)
            await _run(db, sql.set_column(column), contact_id, value, after_ms)
            await _run(db, sql.COUNTED, change_id, 1)
        return True

    async def touched_since(self, span: Span) -> int:
        statement, values = undo_sql.touched(POSTGRES, span, undo_sql.COUNT_TOUCHED)
        async with self.acquire() as db:
            return int(await db.fetchval(statement, *values))

    async def journal_span(self, change_id: int, *, after: int, limit: int) -> tuple[int, int] | None:
        async with self.acquire() as db:
            row = await db.fetchrow(undo_sql.UPPER, change_id, after, limit)
        return None if row[0] is None else (int(row[0]), int(row[1]))

    async def journal_rows(self, change_id: int, *, upto: int) -> int:
        async with self.acquire() as db:
            return int(await db.fetchval(undo_sql.COUNT_UPTO, change_id, upto))

    async def undo_slice(self, span: Span, *, whole: bool) -> UndoneSlice | None:
        async with self.acquire() as db:
            transaction = db.transaction()
            await transaction.start()
            try:
                outcome = await _undo(db, span, whole=whole)
            except BaseException:
                await transaction.rollback()
                raise
            await (transaction.rollback() if outcome is None or outcome.refused else transaction.commit())
        return outcome

    async def later_changes(self, span: Span) -> Sequence[tuple[int, int]]:
        statement, values = undo_sql.touched(POSTGRES, span, undo_sql.LATER_CHANGES)
        async with self.acquire() as db:
            return [(int(row[0]), int(row[1])) for row in await db.fetch(statement, *values)]

    async def purge_journal(self, change_id: int, *, limit: int) -> int:
        async with self.acquire() as db:
            return await _run(db, sql.PURGE, change_id, limit)

    async def purge_members(self, group_id: int, *, limit: int) -> int:
        async with self.acquire() as db:
            return await _run(db, sql.PURGE_MEMBERS, group_id, limit)


async def _undo(db: Any, span: Span, *, whole: bool) -> UndoneSlice | None:
    if not await _run(db, undo_sql.STEP_UNDO, span.change_id, span.after, span.upto):
        return None
    # Nobody may change them between the look and the deed.
    await _run(db, undo_sql.LOCK, span.change_id, span.after, span.upto)
    mark, values = undo_sql.touched(POSTGRES, span, undo_sql.MARK_TOUCHED)
    kept = _changed(await db.execute(mark, *values))
    if kept and whole:
        return UndoneSlice(kept, refused=True)
    for statement, values in undo_sql.steps(POSTGRES, span):
        await db.execute(statement, *values)
    if span.group_id is not None:
        await _run(db, sql.REVISE, span.group_id)
    await _run(db, undo_sql.KEPT, span.change_id, kept)
    return UndoneSlice(kept, refused=False)


async def _run(db: Any, statement: str, *values: object) -> int:
    return _changed(await db.execute(POSTGRES.sql(statement), *values))


def _changed(tag: Any) -> int:
    """Rows touched, from PostgreSQL's command tag: ``INSERT 0 3``, ``DELETE 2``."""
    return int(str(tag).rsplit(" ", 1)[-1])
