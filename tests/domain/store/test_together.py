"""Several who write on SQLite at once share a commit, and one's misfortune is not the others'."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from domain.store import current
from domain.store.sqlite import SqliteStore

pytestmark = pytest.mark.usefixtures("sqlite_database")

_Work = Callable[[sqlite3.Connection], int]


@pytest.fixture
def store(sqlite_database: str) -> SqliteStore:
    """The open store."""
    found = current()
    assert isinstance(found, SqliteStore)
    return found


@pytest.fixture
async def commits(store: SqliteStore) -> list[str]:
    """The commits, as they happen."""
    seen: list[str] = []
    await store.on_writer(
        lambda db: db.set_trace_callback(lambda sql: seen.append(sql) if sql.lower() == "commit" else None)
    )
    return seen


def _insert(number: int) -> _Work:
    def insert(db: sqlite3.Connection) -> int:
        db.execute(
            "insert into sender (id, host, pid, started_ms, lease_ms, links) values (?, 'h', 1, 1, 1, '[]')",
            (f"s{number}",),
        )
        return number

    return insert


def _fail(db: sqlite3.Connection) -> int:
    db.execute("delete from sender")
    raise OverflowError("too large for an integer column")


async def _senders(store: SqliteStore) -> set[str]:
    return await store.read(lambda db: {row[0] for row in db.execute("select id from sender")})


async def test_those_that_wait_share_a_commit(store: SqliteStore, commits: list[str]) -> None:
    """Each gets its own answer."""
    answers = await asyncio.gather(*(store.write_together(_insert(number)) for number in range(5)))

    assert answers == [0, 1, 2, 3, 4]
    assert await _senders(store) == {"s0", "s1", "s2", "s3", "s4"}
    assert len(commits) == 1


async def test_one_that_fails_does_not_take_the_others_with_it(store: SqliteStore) -> None:
    """All is rolled back and each runs by itself; what the failing one did is not there."""
    works = [_insert(1), _fail, _insert(2)]
    answers = await asyncio.gather(*map(store.write_together, works), return_exceptions=True)

    assert [answers[0], answers[2]] == [1, 2]
    assert isinstance(answers[1], OverflowError)
    assert await _senders(store) == {"s1", "s2"}


async def test_a_full_disk_writes_nothing_and_says_so(store: SqliteStore) -> None:
    """The next ones succeed when there is room again."""
    await store.write(_insert(0))
    pages = await store.on_writer(lambda db: db.execute("pragma page_count").fetchone()[0])
    await store.on_writer(lambda db: db.execute(f"pragma max_page_count = {pages}").fetchall())

    def large(db: sqlite3.Connection) -> int:
        db.execute("update sender set links = zeroblob(1000000)")
        return 0

    answers = await asyncio.gather(*map(store.write_together, [large, large]), return_exceptions=True)
    assert [type(answer) for answer in answers] == [sqlite3.OperationalError] * 2
    await store.on_writer(lambda db: db.execute("pragma max_page_count = 1000000").fetchall())

    assert await store.write_together(large) == 0


async def test_a_locked_database_fails_all_and_leaves_nothing_open(store: SqliteStore, sqlite_database: str) -> None:
    """Another program holds the write lock for longer than we wait."""
    await store.on_writer(lambda db: db.execute("pragma busy_timeout = 1").fetchall())
    with closing(sqlite3.connect(sqlite_database.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("begin immediate")
        works = [_insert(1), _insert(2)]
        answers = await asyncio.gather(*map(store.write_together, works), return_exceptions=True)
        other.execute("rollback")

    assert [type(answer) for answer in answers] == [sqlite3.OperationalError] * 2
    assert await store.write_together(_insert(3)) == 3
    assert await _senders(store) == {"s3"}


async def test_what_nobody_waits_for_goes_with_the_next_commit(store: SqliteStore, commits: list[str]) -> None:
    """It does not cause one of its own while others come."""
    patient = asyncio.ensure_future(store.write_together(_insert(1), patient=True))
    await asyncio.sleep(0)
    await store.write_together(_insert(2))
    await patient

    assert await _senders(store) == {"s1", "s2"}
    assert len(commits) == 1


async def test_what_nobody_waits_for_is_written_all_the_same(store: SqliteStore) -> None:
    """When no other comes, after some milliseconds."""
    async with asyncio.timeout(5):
        assert await store.write_together(_insert(1), patient=True) == 1

    assert await _senders(store) == {"s1"}


@pytest.mark.parametrize("steps", range(6))
async def test_one_who_is_cancelled_leaves_the_others_their_answers(store: SqliteStore, steps: int) -> None:
    """Wherever it is hit; and no transaction stays open."""
    leaving = asyncio.ensure_future(store.write_together(_insert(1)))
    staying = asyncio.ensure_future(store.write_together(_insert(2)))
    for _ in range(steps):
        await asyncio.sleep(0)
    leaving.cancel()

    assert await staying == 2
    assert await store.write_together(_insert(3)) == 3
    assert {"s2", "s3"} <= await _senders(store)
    assert not await store.on_writer(lambda db: db.in_transaction)
