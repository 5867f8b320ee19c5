"""
The demonstration: starts the sandbox and ``pregon run`` as processes, says where to look, starts either again if it
dies, and ends both on Ctrl-C. Knows our programs only by their command line and their environment.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TOKEN: Final = "42:sandbox"  # the emulated Bot API takes any
OWNER: Final = 1001
_READY_S: Final = 60.0
_END_S: Final = 20.0
_AGAIN_S: Final = 1.0


@dataclass(slots=True)
class _Program:
    """A child that is kept alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **self.environment}, stdout=out, stderr=out, start_new_session=True
            )

    def keep(self) -> None:
        """Start it again if it has died; its data is in files, it goes on where it was."""
        if self.process and self.process.poll() is not None:
            print(f"{self.name} ended with {self.process.returncode}; starting it again", flush=True)  # noqa: T201
            time.sleep(_AGAIN_S)
            self.start()

    def end(self) -> None:
        if not self.process or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_demo(*, port: int, smsc_port: int, data: Path) -> int:
    """Run until Ctrl-C or SIGTERM. Returns the exit code: 0, or 2 where a port is taken."""
    for wanted in (port, smsc_port):
        if not _is_free(wanted):
            print(  # noqa: T201
                f"port {wanted} is taken: choose others with --port and --smsc-port", file=sys.stderr
            )
            return 2
    data.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}"
    pregon = [sys.executable, "-m", "pregon"]
    programs = (
        _Program(
            "sandbox",
            [*pregon, "sandbox", "--port", str(port), "--smsc-port", str(smsc_port), "--data", str(data / "sandbox")],
            {},
            data / "sandbox.log",
        ),
        _Program("pregon", [*pregon, "run"], _environment(url, smsc_port, data), data / "pregon.log"),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        for program in programs:
            program.start()
        print("starting …", flush=True)  # noqa: T201
        if not _wait_until_ready(url, programs):
            print(f"it did not start: see {data}/*.log", file=sys.stderr)  # noqa: T201
            return 1
        print(f"\n  Pregón is ready: open {url}\n  Data and logs: {data}. Ctrl-C ends it.\n", flush=True)  # noqa: T201
        while True:
            time.sleep(0.5)
            for program in programs:
                program.keep()
    except KeyboardInterrupt:
        print("ending …", flush=True)  # noqa: T201
        return 0
    finally:
        for program in reversed(programs):
            program.end()


def _environment(url: str, smsc_port: int, data: Path) -> dict[str, str]:
    return {
        "PREGON_BOT_TOKEN": TOKEN,
        "PREGON_BOT_API_URL": url,
        "PREGON_BOT_FILE_URL": url,
        "PREGON_DATABASE_URL": f"sqlite:///{data.absolute() / 'pregon.db'}",
        "PREGON_SMSC_URL": f"smpp://pregon:sandbox@127.0.0.1:{smsc_port}?window=50&tps=100",
        "PREGON_OWNERS": str(OWNER),
        "PREGON_SEGMENT_PRICE": "0.05 PEN",
    }


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _wait_until_ready(url: str, programs: tuple[_Program, ...]) -> bool:
    """The page answers and the bot has asked for updates."""
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/sim/state", timeout=2) as answer:  # noqa: S310 - our own address
                if b'"polling": true' in answer.read().replace(b'":true', b'": true'):
                    return True
        except (urllib.error.URLError, OSError):
            pass
        for program in programs:
            program.keep()
        time.sleep(0.2)
    return False
