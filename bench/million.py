"""
One campaign of a million with a durable receipt each: what the sender's process holds at the most, how late its event
loop is, and whether receipts keep up with submits.

    python -m bench.million [--messages N] [--engine sqlite|postgres]

Goals: less than 150 MB at its peak; receipts at the rate of the submits, so that next to none is owed when the last
message was answered.
"""

import argparse
import asyncio
import logging
import subprocess
import sys
import time
from dataclasses import dataclass

import structlog

from bench.dispatch import databases
from bench.postgres import NoPostgres
from bench.scene import fill, smsc
from bench.senders import sending
from domain import store
from domain.database import open_database
from domain.rules.message_state import MessageState

_MOST_MB = 150
_OWED = 0.02  # of the receipts, when the last message was answered


@dataclass(frozen=True, slots=True)
class Figures:
    """``owed``: receipts that were missing when the last message was answered."""

    rate: float
    receipts_rate: float
    owed: int
    most_mb: float
    late_ms: float


async def once(messages: int, database: str) -> Figures:
    """One campaign, sent by a process of its own."""
    async with smsc(receipts=True) as port, open_database(database):
        campaign = await fill(messages)
        began = time.perf_counter()
        async with sending(database, f"smpp://b:b@127.0.0.1:{port}?window=200") as said:
            while await store.current().undone(campaign.id):
                await asyncio.sleep(0.1)
            answered = time.perf_counter() - began
            counts = await store.current().counts(campaign.id)
            owed = counts.get(MessageState.ACCEPTED, 0)
            while counts.get(MessageState.ACCEPTED):
                await asyncio.sleep(0.1)
                counts = await store.current().counts(campaign.id)
            received = time.perf_counter() - began
        if counts != {MessageState.DELIVERED: messages}:
            raise RuntimeError(f"not all messages came through: {counts}")
    return Figures(messages / answered, messages / received, owed, said["most_mb"], said["late_ms"])


def main() -> None:
    """Entry point: a line for each engine; fails where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=("sqlite", "postgres"))
    arguments = parser.parse_args()
    if arguments.engine is None:
        # A process for each: Tortoise 1.1.9 keeps one engine's SQL for the other.
        commands = [
            [sys.executable, "-m", "bench.million", "--engine", one, *sys.argv[1:]] for one in ("sqlite", "postgres")
        ]
        sys.exit(max([subprocess.run(command, check=False).returncode for command in commands]))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with databases(arguments.engine) as fresh:
        found = asyncio.run(once(arguments.messages, next(fresh)))
    print(
        f"{arguments.engine}, {arguments.messages:,} messages: {found.rate:,.0f}/s answered,"
        f" {found.receipts_rate:,.0f}/s with their receipts, {found.owed:,} owed at the last answer;"
        f" the sender held {found.most_mb:.0f} MB at most, of {_MOST_MB};"
        f" its loop was {found.late_ms:.0f} ms late at most",
        flush=True,
    )
    if found.most_mb > _MOST_MB or found.owed > arguments.messages * _OWED:
        sys.exit("a goal is missed")


if __name__ == "__main__":
    try:
        main()
    except NoPostgres as error:
        print(f"PostgreSQL is not measured: {error}")
