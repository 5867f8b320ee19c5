"""
How exactly a pace is kept: two senders as processes on one PostgreSQL share it, the simulated operator notes when each
submit came, and a minute of it is looked at.

    python -m bench.pace [--seconds N] [--rates 10,50,300] [--of route,campaign]

Goals: no window of one second above the limit, and a mean within two percent of it. The operator shares the machine:
what waits for it arrives together however evenly it left, so its own lag is printed beside.
"""

import argparse
import asyncio
import contextlib
import gc
import logging
import sys
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bench.dispatch import databases
from bench.postgres import NoPostgres
from bench.scene import Lag, fill
from bench.senders import BINDS, bound, sending
from domain.database import open_database
from domain.models import Campaign
from domain.rules.campaign_state import CampaignState
from sandbox.smsc import Script, Smsc

_SETTLE_S = 8.0  # until both send, each its share
_MEAN_GOAL = 0.02
_HELD = 7_000  # more than one sender keeps ready, so that there is something for both


@dataclass(frozen=True, slots=True)
class Kept:
    """What came in the time looked at: the most in any window of a second, messages a second, and how late we were."""

    most: int
    mean: float
    lag_s: float


def most_in_a_second(moments: Sequence[float]) -> int:
    """The most of these ascending moments, in seconds, that lie within less than a second."""
    return max(index + 1 - bisect_left(moments, moment - 1.0 + 1e-9) for index, moment in enumerate(moments))


async def keep(tps: int, *, of_campaign: bool, seconds: float, database: str) -> Kept:
    """Two senders at ``tps``, the route's or the campaign's, for so long."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    route = f"smpp://b:b@127.0.0.1:{smsc.port}?window=50&binds={BINDS}&tps={0 if of_campaign else tps}"
    lag = Lag()
    async with open_database(database), contextlib.AsyncExitStack() as stack:
        campaign = await fill(_HELD + int(tps * (seconds + 4 * _SETTLE_S)))
        columns = {"state": CampaignState.RUNNING, "tps": float(tps) if of_campaign else None}
        await Campaign.filter(id=campaign.id).update(**columns)
        for _ in range(2):
            await stack.enter_async_context(sending(database, route))
        await bound(2, BINDS)
        await asyncio.sleep(_SETTLE_S)
        gc.freeze()  # a look through all that was made so far would hold up the operator
        first = smsc.summary().received
        watching = asyncio.create_task(lag.watch())
        await asyncio.sleep(seconds)
        watching.cancel()
        moments = [message.time for message in smsc.journal.since(1)][first:]
    await smsc.stop()
    mean = (len(moments) - 1) / (moments[-1] - moments[0])
    return Kept(most_in_a_second(moments), mean, lag.most_s)


def main() -> None:
    """Entry point: a line for each rate; fails where a goal is missed by more than the operator's own lag."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rates", default="10,50,300")
    parser.add_argument("--of", default="route,campaign", help="whose limit it is")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    missed = False
    with databases("postgres") as fresh:
        for whose in arguments.of.split(","):
            for tps in map(int, arguments.rates.split(",")):
                kept = asyncio.run(
                    keep(tps, of_campaign=whose == "campaign", seconds=arguments.seconds, database=next(fresh))
                )
                missed |= kept.most > tps * (1 + kept.lag_s) or abs(kept.mean - tps) > _MEAN_GOAL * tps
                print(
                    f"{whose:<9}{tps:>4}/s: at most {kept.most} in a second,"
                    f" mean {kept.mean:.2f}/s ({kept.mean / tps - 1:+.1%}); operator's lag {kept.lag_s * 1e3:.0f} ms",
                    flush=True,
                )
    if missed:
        sys.exit("a goal is missed")


if __name__ == "__main__":
    try:
        main()
    except NoPostgres as error:
        print(f"PostgreSQL is not measured: {error}")
