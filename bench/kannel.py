"""
Kannel's bearerbox and smsbox on the same machine, against the same simulated SMSC, for the ratio of ours to it.

Messages are queued over HTTP into its spool while the SMSC is down; then the SMSC starts, and what is timed is the
drain: Kannel's best case, for it takes nothing in meanwhile. With receipts, each is told to an HTTP server of ours.
"""

import asyncio
import contextlib
import json
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import aiohttp

MESSAGES = 20_000  #: of a run
_PROGRAMS = ("bearerbox", "smsbox")
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin"
_HOME = Path(__file__).parents[1]
_PIPE, _NOTHING = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
_CONNECTIONS = 50
_START_S = 20.0
_DRAIN_S = 120.0
_WINDOW = 50  # Kannel's best
_TEXT = quote("Hola Nombre, su pago vence hoy. Evite intereses pagando en linea.")
_CORE = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
log-level = 4
store-type = spool
store-location = {folder}
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {smsc}
smsc-username = b
smsc-password = b
system-type = ""
transceiver-mode = true
max-pending-submits = {window}
reconnect-delay = 1
enquire-link-interval = 30

group = smsbox
smsbox-id = bench
bearerbox-host = 127.0.0.1
sendsms-port = {http}
log-level = 4

group = sendsms-user
username = bench
password = bench
max-messages = 1
"""


class NoKannel(Exception):
    """It is not installed here, or does not start."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Of one installation."""

    admin: int
    box: int
    http: int
    smsc: int
    told: int


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


@contextlib.asynccontextmanager
async def _program(*command: str | Path, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "log").open("ab") as log:
        program = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, cwd=folder)
    try:
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.terminate()
        try:
            async with asyncio.timeout(10):
                await program.wait()
        except TimeoutError:
            program.kill()
            await program.wait()


class _Told:
    """An HTTP server that counts what it is asked."""

    def __init__(self) -> None:
        self.count = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.count += 1
                writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        writer.close()


async def _listening(port: int, program: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if program.returncode is not None or time.monotonic() > deadline:
                raise NoKannel("Kannel does not start") from None
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


async def _queue(ports: Ports, messages: int, *, receipts: bool) -> None:
    """Hand in messages over a few connections that are kept."""
    told = quote(f"http://127.0.0.1:{ports.told}/?d=%d", safe="")
    wish = f"&dlr-mask=31&dlr-url={told}" if receipts else ""
    numbers = iter(range(messages))

    async def hand_in() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", ports.http)
        for number in numbers:
            path = f"/cgi-bin/sendsms?username=bench&password=bench&from=BENCH&to={51900000000 + number}&text={_TEXT}"
            writer.write(f"GET {path}{wish} HTTP/1.1\r\nHost: bench\r\nConnection: keep-alive\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 202 " not in head.split(b"\r\n", 1)[0]:
                raise NoKannel(f"Kannel refuses a message: {head[:80]!r}")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(_CONNECTIONS):
            group.create_task(hand_in())


async def _drain(ports: Ports, messages: int, told: _Told, folder: Path, *, receipts: bool) -> float:
    """Start the SMSC; the seconds from its first message to the last, and to the last receipt that was told."""
    behaviour = {
        "builtin": False,
        "default": {"outcome": "delivered" if receipts else "accepted"},
        "receipt_delay_s": 0,
        "receipt_jitter_s": 0,
    }
    (http,) = _free_ports(1)
    command = (sys.executable, "-m", "sandbox.smsc", "--port", str(ports.smsc), "--http-port", str(http))
    smsc = await asyncio.create_subprocess_exec(
        *command, "--behaviour", json.dumps(behaviour), cwd=_HOME, stdout=_PIPE, stderr=_NOTHING
    )
    try:
        assert smsc.stdout is not None
        await smsc.stdout.readline()
        began: float | None = None
        before = 0
        deadline = time.monotonic() + _DRAIN_S
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"http://127.0.0.1:{http}/sim/smsc/summary") as response:
                    received = (await response.json())["received"]
                now = time.perf_counter()
                if began is None and received:
                    began, before = now, received
                if began is not None and received >= messages and (not receipts or told.count >= messages):
                    return (now - began) * messages / (messages - before) if before < messages else now - began
                if time.monotonic() > deadline:
                    raise NoKannel(f"Kannel had sent {received} of {messages} after {_DRAIN_S:.0f} s")
                await asyncio.sleep(0.02)
    finally:
        smsc.terminate()
        await smsc.wait()


async def rate(messages: int, *, receipts: bool) -> float:
    """
    Messages a second of one run.

    Raises:
        NoKannel: It is not installed here, or does not do it.
    """
    bearerbox, smsbox = (shutil.which(name, path=_PLACES) for name in _PROGRAMS)
    if bearerbox is None or smsbox is None:
        raise NoKannel("not installed (apt-get install kannel)")
    ports = Ports(*_free_ports(5))
    told = _Told()
    with tempfile.TemporaryDirectory(prefix="pregon-bench-kannel-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        settings = {"admin": ports.admin, "box": ports.box, "http": ports.http, "smsc": ports.smsc}
        config = folder / "kannel.conf"
        config.write_text(_CORE.format(folder=folder / "spool", window=_WINDOW, **settings))
        (folder / "spool").mkdir()
        server = await asyncio.start_server(told.serve, "127.0.0.1", ports.told)
        async with (
            server,
            _program(bearerbox, config, folder=folder) as bearer,
        ):
            await _listening(ports.box, bearer)
            async with _program(smsbox, config, folder=folder) as box:
                await _listening(ports.http, box)
                await _queue(ports, messages, receipts=receipts)
                return messages / await _drain(ports, messages, told, folder, receipts=receipts)


def main() -> None:
    """Entry point: one run of each kind."""
    for receipts in (False, True):
        found = asyncio.run(rate(MESSAGES, receipts=receipts))
        print(f"Kannel, {'with a receipt each' if receipts else 'with a store'}: {found:,.0f}/s")


if __name__ == "__main__":
    main()
