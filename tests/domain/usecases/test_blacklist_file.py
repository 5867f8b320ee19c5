"""A file of numbers for the blacklist: a kill in the middle leaves nothing half done."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.models import Account, BlacklistEntry, Change, ChangeKind, ChangeState, UploadPiece
from domain.store import Slice, Store
from domain.usecases import blacklist, blacklist_file, change_run, import_reader, undo, uploads
from domain.usecases.blacklist import Source
from tests.conftest import OWNER

NUMBER = 51_987_000_000
COUNT = 50
SLICE = 7
FILE = ("numero;nombre\n" + "".join(f"{NUMBER + n};n{n}\n" for n in range(COUNT))).encode()

#: A program that lists the file's numbers and is killed, as by ``kill -9``, behind so many slices.
KILLED = f"""
import asyncio, os, signal, sys
from domain import store
from domain.database import open_database
from domain.usecases import blacklist_file

async def main(url, account, slices):
    async with open_database(url):
        db = store.current()
        blacklist_file._SLICE = {SLICE}
        listed, done = db.list_numbers, 0

        async def list_numbers(part, **values):
            nonlocal done
            if done == slices:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return await listed(part, **values)

        type(db).list_numbers = staticmethod(list_numbers)

        async def fetch():
            return {FILE!r}

        await blacklist_file.add_file(account, "negra.csv", fetch, by={OWNER})

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


def sent(content: bytes = FILE) -> Callable[[], Awaitable[bytes]]:
    """What brings a file's bytes."""

    async def fetch() -> bytes:
        return content

    return fetch


async def kill_in_the_middle(url: str, account: Account, slices: int) -> None:
    """Begin with the file in another process, which does not live to its end."""
    code = ["-c", KILLED, url, str(account.id), str(slices)]
    program = await asyncio.create_subprocess_exec(sys.executable, *code)
    assert await program.wait() == -signal.SIGKILL


@pytest.mark.parametrize("slices", [0, 1, 7])
async def test_killed_in_the_middle_it_goes_on_at_the_next_start(
    database: str, account: Account, monkeypatch: pytest.MonkeyPatch, slices: int
) -> None:
    """Every number is on the list once, as one change that is undone by one tap; its file is not kept."""
    await BlacklistEntry.create(account=account, msisdn=NUMBER + 3, source=Source.OPTOUT, created_ms=5)
    await kill_in_the_middle(database, account, slices)
    change = await Change.get()
    halfway = await BlacklistEntry.filter(source=Source.IMPORT).count()
    monkeypatch.setattr(uploads, "_UNNAMED_KEPT_MS", -1)
    assert await uploads.sweep() == 0
    await change_run.carry_all()
    await change_run.carry_all()

    assert (change.state, halfway) == (ChangeState.RUNNING, max(0, slices * SLICE - 1))
    listed = await BlacklistEntry.all().order_by("msisdn").values_list("msisdn", "source", "created_by")
    wanted = [(NUMBER + n, Source.IMPORT, OWNER) for n in range(COUNT)]
    wanted[3] = (NUMBER + 3, Source.OPTOUT, None)
    assert listed == wanted
    assert await UploadPiece.all().count() == 0
    view = await undo.undo(account.id, change.id, by=OWNER, now=datetime.now(UTC))
    assert (view.state, view.count, view.title) == (ChangeState.UNDONE, COUNT - 1, "negra.csv")
    assert await BlacklistEntry.all().values_list("msisdn", "created_ms") == [(NUMBER + 3, 5)]


async def test_a_file_that_cannot_be_read_again_ends_where_it_was(database: str, account: Account) -> None:
    """It does not stand in the way of others, and what is on the list of it can be undone."""
    await kill_in_the_middle(database, account, 2)
    await UploadPiece.all().delete()
    await change_run.carry_all()
    change = await Change.get()

    assert change.state is ChangeState.DONE
    assert await BlacklistEntry.all().count() == 2 * SLICE
    await undo.undo(account.id, change.id, by=OWNER, now=datetime.now(UTC))
    assert await BlacklistEntry.all().count() == 0


async def test_the_runner_leaves_a_file_alone_that_is_being_listed(
    database: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sent it is answered by the handler that began with it."""
    monkeypatch.setattr(blacklist_file, "_SLICE", SLICE)
    seen = []

    async def look(_seconds: float) -> None:
        seen.append(await blacklist_file.unfinished())

    monkeypatch.setattr(blacklist_file.asyncio, "sleep", look)
    added = await blacklist_file.add_file(account.id, "negra.csv", sent(), by=OWNER)

    assert (added.added, added.already) == (COUNT, 0)
    assert seen
    assert not any(seen)
    assert await blacklist_file.unfinished() == []


async def test_numbers_of_every_country_go_on_the_list(sqlite_account: Account) -> None:
    """A country that is not enabled is no reason to forget that somebody wants no messages; typed or in a file."""
    content = b"numero\n+573001234567\n+34612345678\n987763010\n"
    added = await blacklist_file.add_file(sqlite_account.id, "negra.csv", sent(content), by=OWNER)
    typed = await blacklist.add(sqlite_account.id, "+57 300 1234567, +57 300 1234568", source=Source.MANUAL, by=OWNER)

    assert (added.added, dict(added.refused)) == (3, {})
    assert (typed.added, typed.already) == ((573001234568,), 1)


@pytest.mark.parametrize("slices", [1, 4])
async def test_stopped_it_ends_at_the_border_of_a_slice(
    account: Account, store: Store, monkeypatch: pytest.MonkeyPatch, slices: int
) -> None:
    """What is listed by then is counted and undone exactly; a second stop, or one behind the end, changes nothing."""
    await BlacklistEntry.create(account=account, msisdn=NUMBER + 3, source=Source.OPTOUT, created_ms=5)
    monkeypatch.setattr(blacklist_file, "_SLICE", SLICE)
    listed, done, answers = store.list_numbers, 0, []

    async def list_numbers(part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        nonlocal done
        count = await listed(part, source=source, by=by, now_ms=now_ms)
        done += 1
        if done == slices:
            stops = (change_run.stop(account.id, part.change_id) for _ in range(2))
            answers.extend(await asyncio.gather(*stops))
        return count

    monkeypatch.setattr(store, "list_numbers", list_numbers)
    added = await blacklist_file.add_file(account.id, "negra.csv", sent(), by=OWNER)
    view = await undo.get(account.id, added.change_id, now=datetime.now(UTC))

    assert (added.stopped, added.added, done, sorted(answers)) == (True, slices * SLICE - 1, slices + 1, [False, True])
    assert (view.state, view.stopped, view.stoppable, view.undoable) == (ChangeState.DONE, True, False, True)
    assert (view.done, view.total) == (slices * SLICE - 1, COUNT)
    assert await BlacklistEntry.filter(source=Source.IMPORT).count() == slices * SLICE - 1
    assert await UploadPiece.all().count() == 0
    assert not await change_run.stop(account.id, added.change_id)
    await undo.undo(account.id, added.change_id, by=OWNER, now=datetime.now(UTC))
    await change_run.carry_all()
    assert await BlacklistEntry.all().values_list("msisdn", "created_ms") == [(NUMBER + 3, 5)]


@pytest.mark.parametrize("where", ["fetch", "look", "read"])
async def test_stopped_before_the_first_number_it_changes_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """While its bytes come, while it is looked at, while it is read: nobody waits for the end of that."""
    begun, changes = asyncio.Event(), []

    async def for_ever(*_: object) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def told(change_id: int) -> None:
        changes.append(change_id)

    if where != "fetch":
        monkeypatch.setattr(import_reader, where, for_ever)
    fetch = for_ever if where == "fetch" else sent()
    adding = asyncio.create_task(blacklist_file.add_file(account.id, "negra.csv", fetch, by=OWNER, told=told))
    await begun.wait()
    assert await change_run.stop(account.id, changes[0])
    added = await asyncio.wait_for(adding, 5)

    assert (added.stopped, added.added) == (True, 0)
    view = await undo.get(account.id, added.change_id, now=datetime.now(UTC))
    assert (view.state, view.stopped, view.undoable, view.count) == (ChangeState.DONE, True, False, 0)
    assert await UploadPiece.all().count() == 0


async def test_stopped_as_soon_as_it_is_told_of_it_brings_no_bytes(account: Account) -> None:
    """The tap may come before anything has begun."""

    async def told(change_id: int) -> None:
        assert await change_run.stop(account.id, change_id)

    async def never() -> bytes:
        raise AssertionError

    added = await blacklist_file.add_file(account.id, "negra.csv", never, by=OWNER, told=told)

    assert (added.stopped, added.added) == (True, 0)


async def test_killed_and_stopped_before_the_next_start_it_stays_stopped(database: str, account: Account) -> None:
    """The runner that finds it leaves it where it was."""
    await kill_in_the_middle(database, account, 2)
    change = await Change.get()
    assert await change_run.stop(account.id, change.id)
    await change_run.carry_all()
    view = await undo.get(account.id, change.id, now=datetime.now(UTC))

    assert (view.stopped, view.done, view.total) == (True, 2 * SLICE, COUNT)
    assert await BlacklistEntry.all().count() == 2 * SLICE
    assert await UploadPiece.all().count() == 0


async def test_killed_and_stopped_while_it_is_read_again_it_stays_where_it_was(
    database: str, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runner goes on with the other changes."""
    await kill_in_the_middle(database, account, 2)
    begun, change = asyncio.Event(), await Change.get()

    async def for_ever(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(import_reader, "read", for_ever)
    carrying = asyncio.create_task(change_run.carry_all())
    await begun.wait()
    assert await change_run.stop(account.id, change.id)
    await asyncio.wait_for(carrying, 5)

    await change.refresh_from_db()
    assert (change.state, change.stopped, change.count) == (ChangeState.DONE, True, 2 * SLICE)


async def test_one_whose_bytes_never_came_ends_with_nothing(account: Account) -> None:
    """A kill while they were on their way; as long as they may be, nobody touches it."""
    change_id = await undo.begin(account.id, ChangeKind.BLACKLIST, by=OWNER, title="negra.csv", scope={"upload": None})
    await change_run.carry_all()
    assert (await Change.get(id=change_id)).state is ChangeState.RUNNING
    await Change.filter(id=change_id).update(made_ms=undo.to_ms(datetime.now(UTC) - timedelta(minutes=2)))
    await change_run.carry_all()

    view = await undo.get(account.id, change_id, now=datetime.now(UTC))
    assert (view.state, view.count, view.stopped, view.undoable) == (ChangeState.DONE, 0, False, False)
