"""
What time it is, and waiting. A sender's clock is held against the database's: hours and leases of several machines only
agree if their clocks do.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from domain.usecases.standing import CLOCK_LIMIT_S


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def within(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but not for longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Clock:
    """
    Args:
        database_ms: Asks the database what time it is, epoch milliseconds.
    """

    def __init__(self, database_ms: Callable[[], Awaitable[int]], *, own_ms: Callable[[], int] = now_ms) -> None:
        self._ask = database_ms
        self._own_ms = own_ms
        self.skew_ms = 0  # ours less the database's

    @property
    def right(self) -> bool:
        """Near enough to send by: the hours of campaigns hold by this clock."""
        return abs(self.skew_ms) <= CLOCK_LIMIT_S * 1000

    def database_ms(self) -> int:
        """What time it is by the database's clock."""
        return self._own_ms() - self.skew_ms

    async def measure(self) -> None:
        """Ask once; the answer is taken to be of the moment half-way."""
        before = self._own_ms()
        database = await self._ask()
        self.skew_ms = (before + self._own_ms()) // 2 - database
