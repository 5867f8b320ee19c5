"""A file of numbers for the blacklist: a kill in the middle leaves nothing half done."""

import asyncio
import signal
import sys
from datetime import UTC, datetime

import pytest

from domain.models import Account, BlacklistEntry, Change, ChangeState, UploadPiece
from domain.usecases import blacklist, blacklist_file, change_run, undo, uploads
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
        await blacklist_file.add_file(account, "negra.csv", {FILE!r}, by={OWNER})

asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


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
    added = await blacklist_file.add_file(account.id, "negra.csv", FILE, by=OWNER)

    assert (added.added, added.already) == (COUNT, 0)
    assert seen
    assert not any(seen)
    assert await blacklist_file.unfinished() == []


async def test_numbers_of_every_country_go_on_the_list(sqlite_account: Account) -> None:
    """A country that is not enabled is no reason to forget that somebody wants no messages; typed or in a file."""
    content = b"numero\n+573001234567\n+34612345678\n987763010\n"
    added = await blacklist_file.add_file(sqlite_account.id, "negra.csv", content, by=OWNER)
    typed = await blacklist.add(sqlite_account.id, "+57 300 1234567, +57 300 1234568", source=Source.MANUAL, by=OWNER)

    assert (added.added, dict(added.refused)) == (3, {})
    assert (typed.added, typed.already) == ((573001234568,), 1)
