"""When to try a lost link again: the library's retry timer, with jitter, and slow where it is not let in."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiosmpplib import AbstractRetryTimer

STEADY_S: Final = 30.0  # a link that lived this long starts again from the shortest delay


@dataclass(frozen=True, slots=True)
class RetryDelays:
    """
    Seconds between attempts: the first, doubled up to the longest. A bind that was refused (ESME_RBINDFAIL) waits far
    longer, because many operators lock an account that knocks too often.
    """

    first_s: float = 1.0
    longest_s: float = 30.0
    refused_first_s: float = 60.0
    refused_longest_s: float = 600.0


class Backoff(AbstractRetryTimer):  # type: ignore[misc]  # the library is not typed
    """
    The delay doubles with each failure, less up to half of it by chance, so that many binds do not knock together.

    A bind that succeeds does not reset the delay (as the library's own timer does: an SMSC that binds and drops is then
    hit in a tight loop): only a link that has lived for ``STEADY_S`` does.
    """

    def __init__(self, delays: RetryDelays, *, clock: Callable[[], float]) -> None:
        self._delays = delays
        self._clock = clock
        self._bound_s: float | None = None
        self._failures = 0
        self._refusals = 0
        self._was_refused = False

    def reset(self) -> None:
        """The bind succeeded (called by the library)."""
        self._bound_s = self._clock()
        self._refusals = 0

    def refused(self) -> None:
        """The bind was refused: the next delay is a slow one."""
        self._was_refused = True

    def next_delay(self) -> float:
        """The seconds to wait for, before jitter, if the link failed now."""
        d = self._delays
        if self._was_refused:
            return min(d.refused_first_s * float(1 << min(self._refusals, 16)), d.refused_longest_s)
        return min(d.first_s * float(1 << min(self._failures, 16)), d.longest_s)

    async def wait(self) -> None:
        """Wait before the next attempt."""
        if self._bound_s is not None and self._clock() - self._bound_s >= STEADY_S:
            self._failures = 0
        self._bound_s = None
        delay = self.next_delay()
        if self._was_refused:
            self._refusals += 1
            self._was_refused = False
        else:
            self._failures += 1
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))
