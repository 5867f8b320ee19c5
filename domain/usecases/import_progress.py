"""How far the imports of this process are: for screens that follow them, and for stopping one at once."""

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """What an import is doing."""

    READING = "reading"
    WRITING = "writing"


@dataclass(slots=True)
class Progress:
    """
    Attributes:
        done, total: Bytes or rows that are read, contacts that are written.
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


_progress: dict[int, Progress] = {}
_readings: dict[int, asyncio.Task[object]] = {}


def of(job_id: int) -> Progress | None:
    """None: this process does nothing for it now."""
    return _progress.get(job_id)


def begin(job_id: int, stage: Stage, *, done: int = 0, total: int = 0) -> None:
    """A stage begins."""
    _progress[job_id] = Progress(stage, done, total, done, time.monotonic())


def tell(job_id: int, done: int, total: int) -> None:
    """So far it is."""
    found = _progress.get(job_id)
    if found is not None:
        found.done, found.total = done, total


def end(job_id: int) -> None:
    """It does nothing any more."""
    _progress.pop(job_id, None)


def reading(job_id: int, task: "asyncio.Task[object] | None") -> None:
    """The task that reads it; None: no more."""
    if task is None:
        _readings.pop(job_id, None)
    else:
        _readings[job_id] = task


def stop_reading(job_id: int) -> bool:
    """Let it read no further. False: it was not reading."""
    task = _readings.get(job_id)
    return task is not None and task.cancel()
