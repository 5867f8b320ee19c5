"""A task that is cancelled in the middle of a statement leaves the one SQLite connection as it found it."""

import asyncio
import sqlite3

import pytest
from tortoise.transactions import in_transaction

from domain.models import Notice, NoticeKind, Template
from domain.store import current
from domain.store.sqlite import SqliteStore


def _notice(number: int) -> Notice:
    return Notice(key=f"k{number}", chat_id=1, person_id=1, kind=NoticeKind.SUMMARY, subject_id=1)


@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_cancelled_bulk_insert_leaves_no_transaction_open(sqlite_database: str, steps: int) -> None:
    """Tortoise alone would leave ``BEGIN`` behind, and everybody's next statements inside it."""
    work = asyncio.ensure_future(Notice.bulk_create([_notice(1)]))
    for _ in range(steps):
        await asyncio.sleep(0)
    work.cancel()
    await asyncio.wait([work])
    await Notice.bulk_create([_notice(2)])

    store = current()
    assert isinstance(store, SqliteStore)
    assert not await store.on_writer(lambda db: db.in_transaction)
    with sqlite3.connect(sqlite_database.removeprefix("sqlite:///")) as other:
        assert other.execute("select count(*) from notice where key = 'k2'").fetchone() == (1,)
    other.close()


@pytest.mark.parametrize("steps", range(1, 12))
async def test_a_cancelled_transaction_is_rolled_back_and_gives_the_lock_back(
    sqlite_account: object, steps: int
) -> None:
    """Wherever it is hit: while it begins, in its body, or while it commits."""

    async def work() -> None:
        async with in_transaction():
            await Template.create(account=sqlite_account, title="a", text="t")
            await Template.create(account=sqlite_account, title="b", text="t")

    task = asyncio.ensure_future(work())
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])

    async with asyncio.timeout(5):
        assert await Template.all().count() in {0, 2}
    store = current()
    assert isinstance(store, SqliteStore)
    assert not await store.on_writer(lambda db: db.in_transaction)
