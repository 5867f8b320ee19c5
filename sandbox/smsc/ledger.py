"""The SMSC's ledger: JSON lines, on the disk before an answer leaves; one fsync for all that came in meanwhile."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

import structlog

from sandbox.smsc.behaviour import Stat
from sandbox.smsc.journal import Message

_log: Final = structlog.get_logger(__name__)

Committed = Callable[[bool], None]
RESET_LINE: Final = '{"kind":"reset"}\n'


class LedgerError(Exception):
    """A line in the middle of the file cannot be read; carries its number."""

    def __init__(self, path: Path, line: int) -> None:
        super().__init__(f"{path}:{line}: not a ledger line")
        self.line = line


@dataclass(frozen=True, slots=True)
class SubmitLine:
    """
    A submit_sm. ``status`` None: no answer was planned; ``id`` None: not taken; ``due`` is the final receipt planned.

    ``time`` is seconds since the epoch, ``pdu`` the body of the PDU in hexadecimal.
    """

    n: int
    time: float
    session: str
    system_id: str
    destination: str
    sequence: int
    status: int | None
    number: int
    id: str | None
    due: Stat | None
    pdu: bytes


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A final receipt that the ESME has acknowledged."""

    number: int
    stat: Stat


@dataclass(frozen=True, slots=True)
class ResetLine:
    """Everything above was cleared by ``POST /sim/smsc/reset``."""


Line = SubmitLine | ReceiptLine | ResetLine


class Ledger:
    """Appends in order and calls back when the disk has it. Not safe for two processes on one file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._cut_torn_tail()
        self._size = os.fstat(self._fd).st_size
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="smsc-ledger")
        self._lines: list[str] = []
        self._waiting: list[Committed] = []
        self._idle = asyncio.Event()
        self._idle.set()

    def append(self, text: str, committed: Committed | None = None) -> None:
        """
        Add whole lines; ``committed`` is called on the loop, with True once they are durable, False if it failed.

        An empty text is a place in the queue: its call comes after all that stood before it.
        """
        if text:
            self._lines.append(text)
        if committed is not None:
            self._waiting.append(committed)
        if self._idle.is_set():
            self._idle.clear()
            # Not at once: the other links that have something to read in this turn of the loop join the same commit.
            asyncio.get_running_loop().call_soon(self._commit)

    async def close(self) -> None:
        """Wait for the last commit and close the file."""
        await self._idle.wait()
        self._thread.shutdown()
        os.close(self._fd)

    def _commit(self) -> None:
        lines, self._lines = self._lines, []
        waiting, self._waiting = self._waiting, []
        if not lines:
            self._tell(waiting, durable=True)
            return
        work = asyncio.get_running_loop().run_in_executor(self._thread, self._write, "".join(lines).encode())
        work.add_done_callback(partial(self._committed, waiting))

    def _committed(self, waiting: list[Committed], work: "asyncio.Future[None]") -> None:
        error = work.exception()
        if error is not None:
            _log.error("smsc.ledger_failed", path=str(self.path), error=str(error))
        self._tell(waiting, durable=error is None)

    def _tell(self, waiting: list[Committed], *, durable: bool) -> None:
        for committed in waiting:
            committed(durable)
        if self._lines or self._waiting:
            self._commit()
        else:
            self._idle.set()

    def _write(self, octets: bytes) -> None:
        try:
            view = memoryview(octets)
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError:
            # Nothing of a refused commit was answered: a half line must not stand before the next one.
            os.ftruncate(self._fd, self._size)
            raise
        self._size += len(octets)

    def _cut_torn_tail(self) -> None:
        size = os.fstat(self._fd).st_size
        end = size
        while end:
            start = max(0, end - 65_536)
            newline = os.pread(self._fd, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end != size:
            _log.warning("smsc.ledger_torn_tail", path=str(self.path), octets=size - end)
            os.ftruncate(self._fd, end)


def submit_line(message: Message, due: Stat | None) -> str:
    """The line of a submit. By hand for what is plain: ``json.dumps`` of the whole costs three times as much."""
    destination = message.destination.decode("latin-1")
    to = f'"{destination}"' if destination.isalnum() and destination.isascii() else json.dumps(destination)
    status = "null" if message.status is None else message.status
    message_id = f'"{message.id}"' if message.id else "null"
    fate = f'"{due}"' if due else "null"
    return (
        f'{{"kind":"submit","n":{message.n},"time":{message.time:.3f},"session":{_quoted(message.session)},'
        f'"system_id":{_quoted(message.system_id)},"destination":{to},"sequence":{message.sequence},"status":{status},'
        f'"number":{message.number},"id":{message_id},"due":{fate},"pdu":"{message.body.hex()}"}}\n'
    )


def receipt_line(message: Message, stat: Stat) -> str:
    """The line of a final receipt that was acknowledged."""
    return f'{{"kind":"receipt","number":{message.number},"id":"{message.id}","stat":"{stat}"}}\n'


def read_ledger(path: Path) -> Iterator[Line]:
    """
    Read a ledger from its first line; a torn last line, which was never answered, is left out.

    Raises:
        LedgerError: Another line cannot be read.
    """
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.endswith(b"\n"):
                return
            try:
                yield _read(json.loads(raw))
            except (ValueError, KeyError, TypeError):
                raise LedgerError(path, number) from None


@cache
def _quoted(text: str) -> str:
    return json.dumps(text)


def _read(line: dict[str, object]) -> Line:
    match line.pop("kind"):
        case "submit":
            due = line.pop("due")
            body = bytes.fromhex(str(line.pop("pdu")))
            return SubmitLine(**line, due=Stat(str(due)) if due else None, pdu=body)  # type: ignore[arg-type]
        case "receipt":
            return ReceiptLine(number=int(str(line["number"])), stat=Stat(str(line["stat"])))
        case "reset":
            return ResetLine()
        case _:
            raise ValueError("kind")
