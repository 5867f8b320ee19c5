"""
Messages a second from pending rows to durable responses, and to a durable receipt each: the whole path, with rendering,
the blacklist, pacing and metrics, against an SMSC in a process of its own.

    python -m bench.dispatch [--engine sqlite|postgres] [--messages N] [--window N] [--runs N] [--no-kannel]

Ratios are to the goals. The clock starts before the sender connects and stops when the database has the last answer.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from bench import kannel
from bench import senders as senders_bench
from bench.postgres import NoPostgres, postgres
from bench.scene import fill, smsc
from domain import store
from domain.database import open_database
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from sender.worker import Worker

_SLICE = 10_000
_SLOW_S = 0.05  # the response time of the run in which latency is the limit


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured, and the goal in messages a second."""

    name: str
    goal: int
    receipts: bool = False
    kannel: float = 0.0  # the goal as a multiple of what Kannel does on this machine; 0: it is not asked
    binds: int = 1
    answer_delay_s: float = 0.0


CASES = {
    "sqlite": (
        Case("SQLite, to a durable response", 40_000, kannel=2.0),
        Case("SQLite, with a durable receipt each", 20_000, receipts=True, kannel=5.0),
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


async def once(case: Case, *, messages: int, window: int, database: str) -> Figures:
    """One run on a fresh database."""
    async with smsc(receipts=case.receipts, answer_delay_s=case.answer_delay_s) as port, open_database(database):
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
            if case.kannel and arguments.kannel:
                beside(case, rate, arguments.runs)
    if engine == "postgres":
        measure_two(arguments)


def beside(case: Case, ours: float, runs: int) -> None:
    """Kannel on the same machine at the same time, and how many times as fast we are."""
    name = f"Kannel, {'with a receipt each' if case.receipts else 'with a store'}"
    try:
        rates = [asyncio.run(kannel.rate(kannel.MESSAGES, receipts=case.receipts)) for _ in range(runs)]
    except kannel.NoKannel as error:
        print(f"{name}: not measured: {error}", flush=True)
        return
    theirs = statistics.median(rates)
    print(
        f"{name:<42}{theirs:>9,.0f}/s  ours {ours / theirs:.1f} times, wanted {case.kannel:.0f}"
        f"  (of {len(rates)}: {min(rates):,.0f} to {max(rates):,.0f})",
        flush=True,
    )


def measure_two(arguments: argparse.Namespace) -> None:
    """Two senders as programs of their own against one, on PostgreSQL."""
    medians = []
    for senders in (1, 2):
        runs = []
        for _ in range(arguments.runs):
            with databases("postgres") as fresh:
                runs.append(asyncio.run(senders_bench.rate(senders, next(fresh), arguments.messages)))
        medians.append(statistics.median_low(runs))
    (one, busy), (two, busy_two) = medians
    print(
        f"{'PostgreSQL, two senders':<42}{two:>9,.0f}/s  {two / one:4.2f} times one ({one:,.0f}/s), wanted 1.70"
        f" where cores allow: of {os.cpu_count()} one, PostgreSQL and SMSC keep {busy:.0%} busy, two {busy_two:.0%}",
        flush=True,
    )


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=tuple(CASES))
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--window", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-kannel", dest="kannel", action="store_false", help="do not measure Kannel beside us")
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
