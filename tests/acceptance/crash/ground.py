"""
Where programs are killed: one database, an SMSC whose ledger is on the disk before it answers, an emulated Telegram,
and our programs, each a process.
"""

import asyncio
import contextlib
import itertools
import json
import os
import resource
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx

from tests.acceptance.crash.kill_at import Arms
from tests.acceptance.crash.nursery import Nursery, Order
from tests.acceptance.programs import OPERATOR, OWNER, TOKEN, VIEWER, free_port

DEADLINE_S: Final = 120.0  # many times what it takes on a machine that does nothing else
WINDOW, BINDS = 10, 2
PEOPLE: Final = (OWNER, OPERATOR, VIEWER)
LEASE_S: Final = 2.0
_TPS: Final = 0
_LOOK_S: Final = 0.03
#: Numbers that the operator treats in its own way, by their last two digits.
_RULES: Final = (
    {"suffix": "99", "outcome": "refused"},
    {"suffix": "98", "outcome": "undeliverable"},
    {"suffix": "97", "outcome": "throttled", "times": 1},
    {"suffix": "96", "receipt": {"before_response": True}},
    {"suffix": "95", "receipt": {"copies": 2}},
    {"suffix": "94", "outcome": "expired"},
)
BEHAVIOUR: Final = {
    "builtin": False,
    "default": {"answer_delay_s": 0.01},
    "rules": _RULES,
    "receipt_delay_s": 0.05,
    "receipt_jitter_s": 0.05,
}


class Database:
    """A database as the checker reads it: plain SQL that both engines understand."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = "sqlite" if url.startswith("sqlite:") else "postgres"

    async def rows(self, *queries: str) -> list[list[tuple[Any, ...]]]:
        """The rows of each query, all of one moment."""
        if self.engine == "sqlite":
            return await asyncio.to_thread(self._sqlite, queries)
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                return [[tuple(row) for row in await connection.fetch(query)] for query in queries]
        finally:
            await connection.close()

    async def value(self, query: str) -> Any:
        """The first column of the only row."""
        [[row]] = await self.rows(query)
        return row[0]

    def _sqlite(self, queries: Sequence[str]) -> list[list[tuple[Any, ...]]]:
        path = self.url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
            connection.execute("pragma query_only = on")
            connection.execute("begin")
            return [connection.execute(query).fetchall() for query in queries]


@dataclass(slots=True)
class Actor:
    """A program that runs, or ran."""

    name: str
    pid: int
    arms: Arms


@dataclass(slots=True)
class Ground:
    """
    Attributes:
        database: Migrated or empty.
        lease_s: Of the senders.
        killed: Processes that died by SIGKILL, by name.
    """

    nursery: Nursery
    database: Database
    folder: Path
    telegram_url: str
    lease_s: float = LEASE_S
    route: str = f"window={WINDOW}&binds={BINDS}&tps={_TPS}"
    smsc_port: int = field(default_factory=free_port)
    smsc_http: int = field(default_factory=free_port)
    actors: dict[str, Actor] = field(default_factory=dict)
    account: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def ledger(self) -> Path:
        """The SMSC's."""
        return self.folder / "smsc.ledger"

    @property
    def parts(self) -> tuple[str, ...]:
        """The programs of an installation: one on SQLite, apart on PostgreSQL."""
        return ("run",) if self.database.engine == "sqlite" else ("bot", "sender-1", "sender-2")

    @property
    def sending(self) -> tuple[str, ...]:
        """Those of them that send."""
        return ("run",) if self.database.engine == "sqlite" else ("sender-1", "sender-2")

    @property
    def chatting(self) -> str:
        """The one that talks to Telegram."""
        return "run" if self.database.engine == "sqlite" else "bot"

    # -- programs

    def start(self, name: str, arms: Arms | None = None) -> Actor:
        """Start one of ``parts``, or the SMSC; what follows a dash in a name is only ours."""
        if name == "smsc":
            arguments = ["--port", str(self.smsc_port), "--http-port", str(self.smsc_http)]
            arguments += ["--ledger", str(self.ledger), "--behaviour", json.dumps(BEHAVIOUR)]
            order = Order("smsc", arguments, {}, self._log(name))
        else:
            arms = arms or Arms(lease_s=self.lease_s)
            order = Order("pregon", [name.split("-")[0]], self._environment(), self._log(name), arms)
        actor = Actor(name, self.nursery.start(order), order.arms)
        self.actors[name] = actor
        return actor

    def arms(
        self, point: str | None = None, passage: int = 1, *, mutant: str | None = None, clock: bool = False
    ) -> Arms:
        """With this ground's lease."""
        return Arms(point, passage, mutant, self.lease_s, clock)

    def lives(self, name: str) -> bool:
        """Whether it has been started and has not ended."""
        return name in self.actors and self.nursery.code(self.actors[name].pid) is None

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """``kill -9``, and its exit code."""
        pid = self.actors[name].pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        return self.nursery.wait(pid, deadline_s=DEADLINE_S)

    def tell(self, name: str, number: signal.Signals) -> None:
        """A signal that does not end it."""
        os.kill(self.actors[name].pid, number)

    async def died(self, name: str, *, deadline_s: float = DEADLINE_S) -> int:
        """Wait until it ends by itself; its exit code."""
        pid = self.actors[name].pid
        await until(lambda: self.nursery.code(pid) is not None, deadline_s=deadline_s, saying=f"{name} ends")
        code = self.nursery.code(pid)
        assert code is not None
        return code

    def limit_files(self, name: str, octets: int) -> None:
        """No file may grow beyond so many octets for it: what a full disk looks like. -1: the disk has room again."""
        resource.prlimit(self.actors[name].pid, resource.RLIMIT_FSIZE, (octets, resource.RLIM_INFINITY))

    async def smsc(self) -> None:
        """Start the SMSC and wait until it listens."""
        self.start("smsc")

        async def listens() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.smsc_http)
            except OSError:
                return False
            writer.close()
            return True

        await until(listens, saying="the SMSC listens")

    async def operator(self, path: str, **body: Any) -> Any:
        """``POST /sim/smsc/…``, or ``GET`` where nothing is to be said."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.smsc_http}", timeout=20) as http:
            answer = await (http.post(f"/sim/smsc/{path}", json=body) if body else http.get(f"/sim/smsc/{path}"))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def end(self) -> None:
        """Nothing of it stays."""
        for name in list(self.actors):
            if self.lives(name):
                self.kill(name)

    # -- rows

    async def play(self, *scenes: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Scenes of ``stage``, in one process of their own; what they returned."""
        answer = self.folder / f"answer-{next(self._numbers)}.json"
        order = Order("stage", [json.dumps(scenes), str(answer)], self._environment(), self._log("stage"))
        pid = self.nursery.start(order)
        await until(lambda: self.nursery.code(pid) is not None, saying="the stage is set")
        if self.nursery.code(pid) != 0:
            raise RuntimeError(f"the stage is not set: {Path(order.log).read_text()[-3000:]}")
        told: list[dict[str, Any]] = json.loads(answer.read_text())
        answer.unlink()
        return told

    async def settle_in(self) -> None:
        """The SMSC and the first account."""
        await self.smsc()
        [told] = await self.play(("people", {}))
        self.account = told["account"]

    def _environment(self) -> dict[str, str]:
        return {
            "PREGON_BOT_TOKEN": TOKEN,
            "PREGON_BOT_API_URL": self.telegram_url,
            "PREGON_BOT_FILE_URL": self.telegram_url,
            "PREGON_DATABASE_URL": self.database.url,
            "PREGON_SMSC_URL": f"smpp://pregon:test@127.0.0.1:{self.smsc_port}?{self.route}",
            "PREGON_OWNERS": ",".join(map(str, PEOPLE)),
        }

    def _log(self, name: str) -> str:
        return str(self.folder / f"{name}.log")


async def until(what: Any, *, deadline_s: float = DEADLINE_S, saying: str = "") -> Any:
    """Ask again until it answers something true, plainly or as a coroutine."""
    end = time.monotonic() + deadline_s
    while True:
        found = what()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {saying}")
        await asyncio.sleep(_LOOK_S)


@contextlib.asynccontextmanager
async def telegram(nursery: Nursery, folder: Path) -> AsyncIterator[str]:
    """The emulated Telegram as a process; its URL."""
    port = free_port()
    arguments = ["sandbox", "--port", str(port), "--smsc-port", str(free_port())]
    pid = nursery.start(Order("pregon", arguments, {}, str(folder / "telegram.log")))
    url = f"http://127.0.0.1:{port}"

    async def up() -> bool:
        async with httpx.AsyncClient() as http:
            try:
                return (await http.get(f"{url}/sim/state")).status_code == 200
            except httpx.TransportError:
                return False

    await until(up, saying="Telegram is up")
    async with httpx.AsyncClient() as http:
        for person in PEOPLE:  # a bot may write only to those who wrote to it
            said = {"chat_id": person, "user_id": person, "text": "/start"}
            assert (await http.post(f"{url}/sim/message", json=said)).status_code == 200
    try:
        yield url
    finally:
        os.kill(pid, signal.SIGKILL)
        nursery.wait(pid, deadline_s=DEADLINE_S)
