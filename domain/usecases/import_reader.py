"""
Our side of reading an upload: small texts in a thread, all else in a process that may take only so much memory and
time. What was read for the dry run is kept for the import itself, so that a file is read once.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog

from domain.rules.csv_layout import FileRejected
from domain.rules.upload import parts_of, size_of
from domain.usecases.import_child import UPLOAD
from domain.usecases.import_file import ERRORS, STAGED, Report, Stopped, look_at, read_into
from domain.usecases.import_spec import Look, LookSpec, ReadSpec, Tally, as_json, look_from, unpack_error

log = structlog.get_logger()

_SMALL: Final = 200_000  # bytes of text: some 20 ms of a thread
_WALL_S: Final = 900.0  # seconds; the process ends itself long before
_LINE: Final = 1 << 21  # bytes of an answer
_KEPT: Final = 4  # files that were read and wait for a confirmation


class FileTooHeavy(FileRejected):
    """It asks for more memory or time than a list of contacts may."""

    key = "file.too_heavy"


class ReaderFailed(Exception):
    """The process ended without an answer: a fault of ours."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A table that was read to its end. ``close`` it, or ``keep`` it."""

    folder: Path
    tally: Tally

    @property
    def staged(self) -> Path:
        """The valid rows, for the store."""
        return self.folder / STAGED

    def errors(self) -> bytes:
        """The first refused rows, packed."""
        return (self.folder / ERRORS).read_bytes()

    def close(self) -> None:
        """Delete it."""
        shutil.rmtree(self.folder, ignore_errors=True)


async def look(content: bytes, spec: LookSpec) -> Look:
    """
    How an upload is written, what its columns are, its first rows.

    Raises:
        FileRejected: Nothing of it can be used.
    """
    parts = await asyncio.to_thread(parts_of, content, spec.name)
    if not any(part.workbook for part in parts):
        return await asyncio.to_thread(look_at, content, spec)
    folder = _new_folder()
    try:
        answer = await _ask(folder, content, {"look": as_json(spec)}, _ignore)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return look_from(answer["look"])


async def read(content: bytes, spec: ReadSpec, report: Report) -> ReadFile:
    """
    Read a table to its end. Cancelled, it stops at once.

    Args:
        report: Called with bytes or rows read, and of how many; in this thread or another.

    Raises:
        FileRejected: It is too long, broken further down, or asks for too much.
    """
    folder = _new_folder()
    try:
        if not spec.part.workbook and size_of(content, spec.part) <= _SMALL:
            tally = await _in_thread(folder, content, spec, report)
        else:
            answer = await _ask(folder, content, {"read": as_json(spec)}, report)
            tally = Tally(**answer["tally"])
            (folder / UPLOAD).unlink()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return ReadFile(folder, tally)


async def _in_thread(folder: Path, content: bytes, spec: ReadSpec, report: Report) -> Tally:
    stop = threading.Event()

    def told(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        report(done, total)

    reading = asyncio.ensure_future(asyncio.to_thread(read_into, folder, content, spec, told))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        stop.set()
        with contextlib.suppress(Stopped, FileRejected):
            await reading
        raise


async def _ask(folder: Path, content: bytes, request: Mapping[str, Any], report: Report) -> dict[str, Any]:
    await asyncio.to_thread((folder / UPLOAD).write_bytes, content)
    with (folder / "stderr").open("wb") as complaints:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "domain.usecases.import_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=complaints, limit=_LINE,
        )  # fmt: skip
    try:
        async with asyncio.timeout(_WALL_S):
            answer = await _converse(process, {"folder": str(folder), **request}, report)
            code = await process.wait()
    except TimeoutError:
        raise FileTooHeavy from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if "refused" in answer:
        raise unpack_error(answer["refused"])
    if answer:
        return answer
    said = (folder / "stderr").read_text(errors="replace")[-2_000:]
    log.warning("reader_ended", code=code, said=said)
    if code < 0 or code == 3 or "memory allocation" in said:
        raise FileTooHeavy
    raise ReaderFailed(f"exit code {code}")


async def _converse(process: asyncio.subprocess.Process, request: dict[str, Any], report: Report) -> dict[str, Any]:
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
    answer: dict[str, Any] = {}
    async for line in process.stdout:
        said = json.loads(line)
        if "done" in said:
            report(said["done"], said["total"])
        else:
            answer = said
    return answer


def _ignore(_done: int, _total: int) -> None:
    """Nobody asks."""


# --- what was read for a dry run

_kept: OrderedDict[int, tuple[ReadSpec, ReadFile]] = OrderedDict()


def keep(job_id: int, spec: ReadSpec, file: ReadFile) -> None:
    """Keep it for the import itself; of many the oldest go, and are read again."""
    forget(job_id)
    _kept[job_id] = (spec, file)
    while len(_kept) > _KEPT:
        _, (_, oldest) = _kept.popitem(last=False)
        oldest.close()


def take(job_id: int, spec: ReadSpec) -> ReadFile | None:
    """What was read in this very way; whoever takes it closes it."""
    before, file = _kept.pop(job_id, (None, None))
    if file is None or before == spec:
        return file
    file.close()
    return None


def forget(job_id: int) -> None:
    """Nobody will take it."""
    _, file = _kept.pop(job_id, (None, None))
    if file is not None:
        file.close()


# --- where it lies


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(dir=_home(os.getpid())))


@cache
def _home(pid: int) -> Path:
    """This process's folder. Those of processes that were killed are deleted."""
    home = Path(tempfile.gettempdir()) / f"pregon-imports-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    for other in home.iterdir():
        if other.name.isdigit() and not Path("/proc", other.name).exists():
            shutil.rmtree(other, ignore_errors=True)
    mine = home / str(pid)
    mine.mkdir(exist_ok=True)
    return mine
