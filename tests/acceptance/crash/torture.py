"""
``kill -9`` again and again, on one database for each engine side by side, with campaigns in flight all the time::

    python -m tests.acceptance.crash.torture [--kills N] [--seed S] [--engine sqlite|postgres]

Half of the kills are at a named point, by the victim itself; the others come from outside at any moment. Every kill is
looked at at once, and every now and then all campaigns run to their end for the whole reckoning. Whom and when is drawn
from the seed alone. Exit code 1 if the promise was broken once.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.acceptance.crash.ground import BINDS, WINDOW, Database, Ground, telegram, until
from tests.acceptance.crash.nursery import Nursery
from tests.acceptance.crash.points import BOT_POINTS, SENDER_POINTS
from tests.acceptance.crash.siege import Siege
from tests.postgres_server import NoPostgres, postgres_server

_RANDOM: Final = "any moment"
_FIRE_S: Final = 2.5  # a trap that has not sprung by then is overtaken by a kill from outside
_LONGEST_S: Final = 0.7
_GROUPS: Final = (150, 400, 900)
_KEPT: Final = 900  # messages without an end, at the least, when a victim starts
_RECKON: Final = 50  # kills between two reckonings
_BLACKLIST: Final = 10  # kills between two additions to the blacklist
_DRAIN_S: Final = 180.0
_ALSO: Final = {"smsc": 0.06}  # it is killed too, in so many of all cycles


@dataclass(slots=True)
class Tally:
    """What was done and found on one engine."""

    engine: str
    by: Counter[tuple[str, str]] = field(default_factory=Counter)  # kills, by program and point
    smsc: int = 0
    bar: int = 0
    messages: int = 0
    taken: int = 0
    duplicates: int = 0
    lost: int = 0
    blacklisted: int = 0
    doubt: int = 0
    most: int = 0
    in_flight: int = 0
    allowed: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Of our programs."""
        return self.by.total()

    def lines(self) -> list[str]:
        """For a person."""
        done = f"{self.kills} kills of our programs and {self.smsc} of the SMSC in {self.seconds:.0f} s"
        at_kills = f"{self.in_flight} in all, {self.most} at the most (window x binds {WINDOW * BINDS})"
        return [
            f"{self.engine}: {done}; {self.messages} messages, {self.taken} parts at the SMSC",
            f"  sent twice {self.duplicates}, lost {self.lost}, to the blacklist {self.blacklisted}",
            f"  in flight at a kill {at_kills}; in doubt at the end {self.doubt} of {self.allowed} allowed",
            *(f"    {name:<10}{point:<20}{count:>5}" for (name, point), count in sorted(self.by.items())),
            *(f"  BROKEN {fault}" for fault in self.faults),
        ]


class Torture:
    """
    Args:
        choice: Draws whom to kill, where and when.
    """

    def __init__(self, siege: Siege, *, kills: int, choice: random.Random) -> None:
        self._siege = siege
        self._ground = siege.ground
        self._kills = kills
        self._choice = choice
        self._due: dict[str, float] = {}  # when whoever has a trap is overtaken, monotonic seconds
        self.tally = Tally(siege.ground.database.engine)

    async def run(self) -> None:
        """Until so many kills are done, or the promise is broken."""
        began = time.monotonic()
        try:
            for number, contacts in enumerate(_GROUPS):
                self._siege.add_group(contacts, blacklisted=3 + number)
            await self._launch()
            for name in self._ground.parts:
                self._rise(name)
            while self.tally.kills < self._kills:
                await self._cycle()
            await self._reckon()
        except (AssertionError, RuntimeError, TimeoutError) as error:
            self.tally.faults.append(str(error)[:2_000])
        finally:
            self._siege.end()
            self.tally.in_flight = self._siege.in_doubt
            self.tally.allowed = self._siege.allowed
            self.tally.seconds = time.monotonic() - began

    async def _cycle(self) -> None:
        if self._choice.random() < _ALSO["smsc"]:
            self._ground.kill("smsc")
            self.tally.smsc += 1
            self._siege.allowed += WINDOW * BINDS * len(self._ground.sending)
            await self._ground.smsc()
        weights = [3 if name in self._ground.sending else 1 for name in self._ground.parts]
        [name] = self._choice.choices(self._ground.parts, weights)
        await self._fall(name)
        done = self.tally.kills
        if done % _RECKON == 0 and done < self._kills:
            await self._reckon()
        if self._ground.database.engine == "sqlite" or done % _BLACKLIST == 0:
            await self._refill(bar=done % _BLACKLIST == 0)
        for other in self._ground.parts:
            if not self._ground.lives(other):
                self._rise(other)

    def _rise(self, name: str) -> None:
        """Start it, with a trap or without."""
        points: list[str] = []
        if name in self._ground.sending:
            points += SENDER_POINTS
        if name == self._ground.chatting:
            points += BOT_POINTS
        point = self._choice.choice(points) if self._choice.random() < 0.6 else None
        passage = self._choice.randint(1, 2 if point in {"summary-posted", "scheduler-fired"} else 6)
        self._siege.start(name, self._ground.arms(point, passage))
        self._due[name] = time.monotonic() + (_FIRE_S if point else self._choice.uniform(0.0, _LONGEST_S) + 0.3)

    async def _fall(self, name: str) -> None:
        """Its own trap, or a kill from outside at its hour."""
        with contextlib.suppress(AssertionError):
            wait_s = max(0.0, self._due[name] - time.monotonic())
            await until(lambda: not self._ground.lives(name), deadline_s=wait_s)
        actor = self._ground.actors[name]
        point = actor.arms.point if not self._ground.lives(name) else None
        code = self._ground.kill(name)
        if code != -9:
            raise AssertionError(f"{name} ended by itself, with code {code}: see {self._siege.logs}")
        before = self._siege.in_doubt
        await self._siege.fell(name)
        self.tally.most = max(self.tally.most, self._siege.in_doubt - before)
        self.tally.by[name.split("-")[0], point or _RANDOM] += 1

    async def _refill(self, *, bar: bool) -> None:
        """Enough to send; sometimes numbers that are still to be sent to get on the blacklist."""
        if bar:
            for name in self._ground.parts:
                if self._ground.lives(name):
                    await self._fall(name)
            await self._bar()
        undone = await self._ground.database.value(
            "select (select count(*) from message where state = 'pending')"
            " + (select count(*) from campaign where state in ('scheduled', 'starting')) * 300"
        )
        if undone < _KEPT:
            await self._launch()

    async def _bar(self) -> None:
        [rows] = await self._ground.database.rows(
            "select msisdn from message where state = 'pending' order by id desc limit 3"
        )
        numbers = [row[0] for row in rows]
        if numbers:
            self._siege.checker.bar(numbers)
            await self._ground.play(("blacklist", {"account": self._ground.account, "numbers": numbers}))
            self.tally.bar += len(numbers)

    async def _launch(self) -> None:
        wanted = [
            (self._choice.choice(self._siege.groups), self._choice.random() < 0.3, self._choice.random() < 0.5)
            for _ in range(3)
        ]
        await self._siege.launch(*wanted, upload=self._choice.choice((0, 200, 600)))

    async def _reckon(self) -> None:
        """Everything to its end, without a trap."""
        for name in self._ground.parts:
            if self._ground.lives(name):
                await self._fall(name)
        for name in self._ground.parts:
            self._siege.start(name)
        findings = await self._siege.reckon(deadline_s=_DRAIN_S)
        tally = self.tally
        tally.messages, tally.taken, tally.doubt = findings.messages, findings.taken, findings.doubt
        tally.duplicates = findings.duplicates
        tally.lost, tally.blacklisted = findings.lost, findings.blacklisted
        done = f"{tally.kills} kills, {tally.messages} messages"
        found = f"twice {tally.duplicates}, lost {tally.lost}, in doubt {tally.doubt} of {self._siege.allowed}"
        say(f"{time.strftime('%H:%M:%S')} {tally.engine}: {done}, {found}")
        if findings.faults:
            raise AssertionError("; ".join(findings.faults))
        if findings.doubt > self._siege.allowed:
            raise AssertionError(f"{findings.doubt} in doubt, of {self._siege.allowed} allowed")
        for name in self._ground.parts:
            self._ground.kill(name)
        await self._launch()
        for name in self._ground.parts:
            self._rise(name)


async def torture(engine: str, *, kills: int, seed: int, folder: Path) -> Tally:
    """One engine, from nothing to the last reckoning."""
    nursery = Nursery()
    try:
        async with _database(engine, folder) as url, telegram(nursery, folder) as telegram_url:
            siege = Siege(Ground(nursery, Database(url), folder, telegram_url))
            await siege.ground.settle_in()
            work = Torture(siege, kills=kills, choice=random.Random(f"{seed}/{engine}"))
            await work.run()
            return work.tally
    finally:
        nursery.close()


async def _side_by_side(engines: Sequence[str], *, kills: int, seed: int, place: Path) -> list[Tally]:
    async def one(engine: str) -> list[Tally]:
        folder = place / engine
        folder.mkdir(parents=True)
        try:
            tally = await torture(engine, kills=kills, seed=seed, folder=folder)
        except NoPostgres as error:
            say(f"PostgreSQL is left out: {error}")
            return []
        say("\n".join(tally.lines()))
        return [tally]

    return [tally for found in await asyncio.gather(*map(one, engines)) for tally in found]


@contextlib.asynccontextmanager
async def _database(engine: str, folder: Path) -> AsyncIterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'pregon.db'}"
        return
    with postgres_server() as server:
        yield await server.create_database(durable=True)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1_000, help="over all engines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("sqlite", "postgres"), help="default: both, half of the kills each")
    parser.add_argument("--keep", type=Path, help="folder for logs, ledgers and the SQLite file; must not exist")
    options = parser.parse_args()
    engines = [options.engine] if options.engine else ["sqlite", "postgres"]
    say(f"seed {options.seed}: {options.kills} kills on {' and '.join(engines)}")
    with contextlib.ExitStack() as stack:
        place = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pregon-torture-")))
        tallies = asyncio.run(
            _side_by_side(engines, kills=options.kills // len(engines), seed=options.seed, place=place)
        )
    faults = sum(len(tally.faults) for tally in tallies)
    twice, lost = sum(tally.duplicates for tally in tallies), sum(tally.lost for tally in tallies)
    done = f"{sum(tally.kills for tally in tallies)} kills, {sum(tally.messages for tally in tallies)} messages"
    barred = sum(tally.blacklisted for tally in tallies)
    say(f"{done}: sent twice {twice}, lost {lost}, to the blacklist {barred}")
    say("BROKEN" if faults else "the promise holds")
    return 1 if faults else 0


def say(line: str) -> None:
    """A line on stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
