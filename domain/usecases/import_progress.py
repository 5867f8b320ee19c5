"""
How far this process is with what takes long: for screens that follow it, and for stopping its reading at once. An
import goes by its job's id, a change by ``of_change``.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from domain.errors import DomainError

Key = int | str
_T = TypeVar("_T")


class ReadingStopped(DomainError):
    """The person wanted it. Values: none."""

    key = "imports.stopped"


class Stage(StrEnum):
    """What it is doing."""

    READING = "reading"
    WRITING = "writing"


@dataclass(slots=True)
class Progress:
    """
    Attributes:
        done, total: Bytes or rows that are read, contacts or numbers that are written.
        base: What was done before this process began.
        since: When it began; seconds of the monotonic clock.
    """

    stage: Stage
    done: int
    total: int
    base: int
    since: float

    @property
    def fraction(self) -> float:
        """0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def rate(self) -> float:
        """Done a second; 0 while it cannot be told."""
        seconds = time.monotonic() - self.since
        return (self.done - self.base) / seconds if seconds >= 1.0 else 0.0


_progress: dict[Key, Progress] = {}
_readings: dict[Key, asyncio.Task[object]] = {}


def of_change(change_id: int) -> Key:
    """By what a change goes."""
    return f"change:{change_id}"


def of(key: Key) -> Progress | None:
    """None: this process does nothing for it now."""
    return _progress.get(key)


def begin(key: Key, stage: Stage, *, done: int = 0, total: int = 0) -> None:
    """A stage begins."""
    _progress[key] = Progress(stage, done, total, done, time.monotonic())


def tell(key: Key, done: int, total: int) -> None:
    """So far it is."""
    found = _progress.get(key)
    if found is not None:
        found.done, found.total = done, total


def end(key: Key) -> None:
    """It does nothing any more."""
    _progress.pop(key, None)


async def stoppable(key: Key, reading: Coroutine[object, object, _T]) -> _T:
    """
    Read, in a task that ``stop_reading`` ends at once.

    Raises:
        ReadingStopped: It did.
    """
    task = asyncio.create_task(reading)
    _readings[key] = task
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait([task])
        raise
    finally:
        _readings.pop(key, None)
    if task.cancelled():
        raise ReadingStopped
    return task.result()


def stop_reading(key: Key) -> bool:
    """Let it read no further. False: it was not reading."""
    task = _readings.get(key)
    return task is not None and task.cancel()
