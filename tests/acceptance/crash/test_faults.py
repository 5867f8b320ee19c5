"""What else befalls an installation: the operator, the database, the disk, the machine and its clock."""

import asyncio
import contextlib
import random
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.acceptance.crash.ground import BINDS, WINDOW, Database, Ground
from tests.acceptance.crash.nursery import Nursery
from tests.acceptance.crash.side_by_side import on_each_engine
from tests.acceptance.crash.siege import Siege
from tests.acceptance.crash.torture import Torture
from tests.postgres_server import PostgresServer, postgres_server

pytestmark = pytest.mark.acceptance

_CONTACTS = 250
_DISK = 200 << 20  # octets, for a PostgreSQL
_SLOW = {"answer_delay_s": 0.05}


async def _under_way(siege: Siege, *, clock: bool = False) -> None:
    """All programs run, and a campaign has begun that is not over at once."""
    group = siege.add_group(_CONTACTS, blacklisted=5)
    await siege.launch((group, False, False), (group, True, False))
    await siege.ground.operator("behaviour", default=_SLOW)
    for name in siege.ground.parts:
        siege.start(name, siege.ground.arms(clock=clock))
    await siege.sent(50)


@contextlib.contextmanager
def small_disk(octets: int) -> Iterator[Path]:
    """A file system of its own, which PostgreSQL's user can reach; only root may have one."""
    with tempfile.TemporaryDirectory(prefix="pregon-disk-") as place:
        command = ["mount", "-t", "tmpfs", "-o", f"size={octets},mode=755", "tmpfs", place]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.skip(f"no file system of its own to fill: {mounted.stderr.strip()}")
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "--lazy", place], check=False)


@on_each_engine
async def test_a_lost_bind(siege: Siege) -> None:
    """The operator cuts all connections, twice."""
    await _under_way(siege)
    for _ in range(2):
        await siege.ground.operator("link", drop="all")
        siege.allowed += WINDOW * BINDS * len(siege.ground.sending)
        await siege.sent(50)

    await siege.finish()


@on_each_engine
async def test_an_operator_that_dies_and_comes_back(siege: Siege) -> None:
    """Its ledger knows what it took, and which receipts it owes."""
    await _under_way(siege)
    siege.ground.kill("smsc")
    siege.allowed += WINDOW * BINDS * len(siege.ground.sending)
    await siege.ground.smsc()

    await siege.finish()


@on_each_engine
async def test_all_programs_at_once(siege: Siege) -> None:
    """The machine loses its power."""
    await _under_way(siege)
    for name in siege.ground.parts:
        siege.ground.kill(name)
    for name in siege.ground.parts:
        await siege.fell(name)

    await siege.finish()


@on_each_engine
async def test_a_stop_in_order_leaves_nothing_in_doubt(siege: Siege) -> None:
    """SIGTERM: it waits for what is in flight; on SQLite this is the database's restart too."""
    await _under_way(siege)
    before = (await siege.checker.at_the_end()).doubt
    for name in siege.ground.parts:
        assert siege.ground.kill(name, signal.SIGTERM) == 0

    assert (await siege.finish()).doubt == before


@pytest.mark.parametrize("immediate", [False, True], ids=["in-order", "at-once"])
async def test_a_database_that_restarts(on_postgres: Siege, postgres: PostgresServer, *, immediate: bool) -> None:
    """Senders and bot keep what they know until it is back; what was committed stays committed."""
    await _under_way(on_postgres)
    if not postgres.restartable:
        pytest.skip("the server of TEST_PG_DSN is not ours to restart")
    postgres.restart(immediate=immediate)

    await on_postgres.finish()
    assert all(on_postgres.ground.lives(name) for name in on_postgres.ground.parts)


async def test_a_full_disk(on_sqlite: Siege) -> None:
    """Nothing can be written for a while: nothing is sent meanwhile, and it goes on by itself."""
    await _under_way(on_sqlite)
    on_sqlite.ground.limit_files("run", 4096)
    await asyncio.sleep(1.0)
    await on_sqlite.look()
    assert on_sqlite.ground.lives("run")
    on_sqlite.ground.limit_files("run", -1)

    await on_sqlite.finish()


async def test_a_full_disk_under_the_database(nursery: Nursery, telegrams: Mapping[str, str], tmp_path: Path) -> None:
    """Nothing can be written for a while, and PostgreSQL may give up over it; then it goes on by itself."""
    with small_disk(_DISK) as disk, postgres_server(disk) as server:
        url = await server.create_database(durable=True)
        siege = Siege(Ground(nursery, Database(url), tmp_path, telegrams["postgres"]))
        try:
            await siege.ground.settle_in()
            await _under_way(siege)
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb") as file:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            await asyncio.sleep(1.0)
            ballast.unlink()

            await siege.finish()
        finally:
            siege.end()


@on_each_engine
async def test_a_sender_that_stands_still(siege: Siege) -> None:
    """For longer than its lease: the others take over, and it writes nothing that it may not when it wakes."""
    await _under_way(siege)
    name = siege.ground.sending[0]
    siege.ground.tell(name, signal.SIGSTOP)
    siege.allowed += WINDOW * BINDS
    await asyncio.sleep(siege.ground.lease_s * 1.8)
    siege.ground.tell(name, signal.SIGCONT)

    await siege.finish()


@on_each_engine
async def test_a_clock_that_jumps(siege: Siege) -> None:
    """An hour forward, and back again, as when the time is set."""
    await _under_way(siege, clock=True)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        for name in siege.ground.parts:
            siege.ground.tell(name, number)
        siege.allowed += WINDOW * BINDS * len(siege.ground.sending)
        await asyncio.sleep(siege.ground.lease_s)  # with a clock that is not the database's a sender may hold back
        await siege.look()

    await siege.finish()


@pytest.mark.parametrize("seed", [1])
@on_each_engine
async def test_any_program_at_any_moment(fresh: Siege, seed: int) -> None:
    """The short form of ``make torture``."""
    work = Torture(fresh, kills=4, choice=random.Random(seed))
    await work.run()

    assert work.tally.kills >= 4
    assert not work.tally.faults, work.tally.lines()
