"""
Several senders on one PostgreSQL, each a process of its own: what one does, and what two do together.

    python -m bench.senders DATABASE_URL ROUTE_URL

The program is one sender, until SIGTERM; then it says how much memory it held and how late its event loop was.
"""

import asyncio
import contextlib
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from bench.scene import Lag, fill, smsc
from domain import store
from domain.database import open_database
from domain.models import Campaign, Sender
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from sender.worker import Worker

_WINDOW = 200
BINDS = 2  #: of the route: one sender holds both, of two each has one
_TICKS = os.sysconf("SC_CLK_TCK")
_BOUND_S = 30.0


@contextlib.asynccontextmanager
async def sending(database: str, route: str) -> AsyncIterator[dict[str, float]]:
    """A sender as a process, until the end; what it said of itself is there afterwards."""
    command = (sys.executable, "-m", "bench.senders", database, route)
    program = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said: dict[str, float] = {}
    try:
        yield said
    finally:
        program.terminate()
        out, _ = await program.communicate()
        said.update(json.loads(out or "{}"))


async def bound(senders: int, binds: int) -> None:
    """
    Until so many senders hold as many of the route's binds each.

    Raises:
        RuntimeError: They do not come to it, or hold more at once.
    """
    deadline, wanted = time.monotonic() + _BOUND_S, [binds // senders] * senders
    held: list[int] = []
    while held != wanted:
        held = [sum(link["state"] == "bound" for link in one.links) for one in await Sender.all()]
        if sum(held) > binds or time.monotonic() > deadline:
            raise RuntimeError(f"of {binds} binds the senders hold {held}")
        await asyncio.sleep(0.1)


def _processor_s() -> tuple[float, float]:
    """Seconds that all cores were busy so far, and seconds in all. Source: proc(5), /proc/stat."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / _TICKS, sum(ticks) / _TICKS


async def rate(senders: int, database: str, messages: int) -> tuple[float, float]:
    """
    Messages a second of so many senders with the same binds between them, from when the campaign may run to the last
    durable response; and the part of this machine's cores that was busy meanwhile.
    """
    async with smsc() as port, open_database(database), contextlib.AsyncExitStack() as stack:
        campaign = await fill(messages)
        await Campaign.filter(id=campaign.id).update(state=CampaignState.PAUSED)
        route = f"smpp://b:b@127.0.0.1:{port}?window={_WINDOW}&binds={BINDS}"
        for _ in range(senders):
            await stack.enter_async_context(sending(database, route))
        await bound(senders, BINDS)
        await Campaign.filter(id=campaign.id).update(state=CampaignState.RUNNING)
        began, (busy, whole) = time.perf_counter(), _processor_s()
        while await store.current().undone(campaign.id):
            await asyncio.sleep(0.05)
        took, (busy_then, whole_then) = time.perf_counter() - began, _processor_s()
        found = await store.current().counts(campaign.id)
        if found != {MessageState.ACCEPTED: messages}:
            raise RuntimeError(f"not all messages came through: {found}")
        return messages / took, (busy_then - busy) / (whole_then - whole)


async def _run(database: str, route: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    lag = Lag()
    async with open_database(database):
        watching = asyncio.create_task(lag.watch())
        await Worker([parse_route("default", route)]).run(stop)
        watching.cancel()
    most_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"most_mb": most_mb, "late_ms": lag.most_s * 1e3}), flush=True)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(_run(sys.argv[1], sys.argv[2]))
