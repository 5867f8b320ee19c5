"""
Messages a second from pending rows to durable responses, and to a durable receipt each: the whole path, with rendering,
the blacklist, pacing and metrics, against an SMSC in a process of its own.

    python -m bench.dispatch [--engine sqlite|postgres] [--messages N] [--window N] [--runs N]

Ratios are to the goals. The clock starts before the sender connects and stops when the database has the last answer.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from bench.postgres import NoPostgres, postgres
from domain import store
from domain.database import open_database
from domain.models import Account, Campaign, ContactGroup, ImportJob, ImportState
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.store import ImportedRow
from sender.worker import Worker

_SLICE = 10_000
_SLOW_S = 0.05  # the response time of the run in which latency is the limit


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured, and the goal in messages a second."""

    name: str
    goal: int
    receipts: bool = False
    binds: int = 1
    answer_delay_s: float = 0.0


CASES = {
    "sqlite": (
        Case("SQLite, to a durable response", 40_000),
        Case("SQLite, with a durable receipt each", 20_000, receipts=True),
        Case("SQLite, 4 binds, responses after 50 ms", 14_000, binds=4, answer_delay_s=_SLOW_S),
    ),
    "postgres": (
        Case("PostgreSQL, to a durable response", 12_000),
        Case("PostgreSQL, with a durable receipt each", 8_000, receipts=True),
    ),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """
    Messages a second, and microseconds of our own processor time for each message; an SMSC's, or a database server's,
    are not in it.
    """

    rate: float
    cpu_us: float


@contextlib.asynccontextmanager
async def smsc(case: Case) -> AsyncIterator[int]:
    """A simulated SMSC as a process, its ledger off. Yields its port."""
    behaviour = {
        "builtin": False,
        "default": {"outcome": "delivered" if case.receipts else "accepted", "answer_delay_s": case.answer_delay_s},
        "receipt_delay_s": 0,
        "receipt_jitter_s": 0,
    }
    command = (sys.executable, "-m", "sandbox.smsc", "--port", "0", "--behaviour", json.dumps(behaviour))
    program = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert program.stdout is not None
    try:
        yield json.loads(await program.stdout.readline())["smsc_port"]
    finally:
        program.terminate()
        await program.wait()


async def fill(messages: int) -> Campaign:
    """Contacts, a group, and a campaign whose messages are pending."""
    account = await Account.create(name="bench", region="PE", time_zone="America/Lima", sender_id="BENCH")
    group = await ContactGroup.create(account=account, title="bench")
    now_ms = time.time_ns() // 1_000_000
    job = await ImportJob.create(
        account=account, group=group, person_id=1, chat_id=1, file_name="bench", sha256="", state=ImportState.RUNNING
    )
    for first in range(0, messages, _SLICE):
        rows = [
            ImportedRow(51900000000 + n, f"Nombre{n}", "", "", "", "", "", "")
            for n in range(first, min(first + _SLICE, messages))
        ]
        await store.current().import_slice(account.id, group.id, rows, now_ms=now_ms, job_id=job.id)
    campaign = await Campaign.create(
        account=account,
        name="bench",
        state=CampaignState.RUNNING,
        text="Hola {{ nombre }}, su pago vence hoy. Evite intereses pagando en linea.",
        sender_id="BENCH",
        created_by=1,
        chat_id=1,
    )
    await campaign.groups.add(group)
    after: int | None = 0
    while after is not None:
        after = await store.current().expand(campaign.id, after=after, limit=_SLICE)
    return campaign


async def once(case: Case, *, messages: int, window: int, database: str) -> Figures:
    """One run on a fresh database."""
    async with smsc(case) as port, open_database(database):
        campaign = await fill(messages)
        worker = Worker([parse_route("default", f"smpp://b:b@127.0.0.1:{port}?window={window}&binds={case.binds}")])
        stop = asyncio.Event()
        began, cpu = time.perf_counter(), time.process_time()
        running = asyncio.create_task(worker.run(stop))
        while await store.current().undone(campaign.id):
            await asyncio.sleep(0.02)
        while case.receipts and (await store.current().counts(campaign.id)).get(MessageState.ACCEPTED):
            await asyncio.sleep(0.1)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        stop.set()
        await running
        found = await store.current().counts(campaign.id)
        wanted = MessageState.DELIVERED if case.receipts else MessageState.ACCEPTED
        if found != {wanted: messages}:
            raise RuntimeError(f"not all messages came through: {found}")
        return Figures(messages / took, cpu / messages * 1e6)


@contextlib.contextmanager
def databases(engine: str) -> Iterator[Iterator[str]]:
    """URLs of fresh databases."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="pregon-bench-") as folder:
            yield (f"sqlite:///{Path(folder, str(number))}/bench.db" for number in range(1_000))
        return
    with postgres() as url:
        server, name = url.rsplit("/", 1)
        yield (_created(server, name, f"bench_{os.getpid()}_{number}") for number in range(1_000))


def _created(server: str, existing: str, name: str) -> str:
    async def create() -> None:
        connection = await asyncpg.connect(f"{server}/{existing}")
        try:
            await connection.execute(f"create database {name}")
        finally:
            await connection.close()

    asyncio.run(create())
    return f"{server}/{name}"


def measure(engine: str, arguments: argparse.Namespace) -> None:
    """Medians of the runs, on a line each."""
    with databases(engine) as fresh:
        for case in CASES[engine]:
            found = [
                asyncio.run(once(case, messages=arguments.messages, window=arguments.window, database=next(fresh)))
                for _ in range(arguments.runs)
            ]
            rates = [figures.rate for figures in found]
            rate, cpu_us = statistics.median(rates), statistics.median(figures.cpu_us for figures in found)
            print(
                f"{case.name:<42}{rate:>9,.0f}/s  {rate / case.goal:4.2f} of {case.goal:,}"
                f"  (of {len(rates)}: {min(rates):,.0f} to {max(rates):,.0f}; {cpu_us:.0f} us CPU;"
                f" load {os.getloadavg()[0]:.1f})",
                flush=True,
            )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=tuple(CASES))
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.engine is None:
        # A process for each: Tortoise 1.1.9 keeps one engine's SQL for the other.
        for engine in CASES:
            subprocess.run([sys.executable, "-m", "bench.dispatch", "--engine", engine, *sys.argv[1:]], check=True)
        return
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        measure(arguments.engine, arguments)
    except NoPostgres as error:
        print(f"PostgreSQL is not measured: {error}")


if __name__ == "__main__":
    main()
