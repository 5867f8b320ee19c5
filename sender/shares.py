"""What this sender may use of limits that all senders have together. The rows in the database are the truth."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from domain import store
from sender.lease import SenderName
from sender.pacing import NOTHING

log = structlog.get_logger()

_ROUND_S: Final = 1.0
#: What another gave up it may have used within the last second: more is used only when that second is over.
_SETTLE_S: Final = 1.05


class Shares:
    """
    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, sender: SenderName, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sender = sender
        self._clock = clock
        self._limits: dict[str, float] = {}
        self._using: dict[str, float] = {}
        self._rising: dict[str, tuple[float, float]] = {}  # to how much, and from when on
        self._asked = asyncio.Event()

    def of(self, resource: str, limit: float) -> float:
        """
        This sender's part of ``limit`` (a second) as it is now; ``NOTHING`` where others have all of it, or nobody has
        said yet. A limit of 0 is none.
        """
        if not limit or not store.current().senders_share:
            return limit
        if self._limits.get(resource) != limit:
            self._limits[resource] = limit
            self._asked.set()
        rising = self._rising.get(resource)
        if rising is not None and self._clock() >= rising[1]:
            self._using[resource] = self._rising.pop(resource)[0]
        return min(self._using.get(resource, 0.0), limit) or NOTHING

    def keep(self, resources: Mapping[str, float]) -> None:
        """These are all that are wanted; the others are given up."""
        for resource in self._limits.keys() - resources.keys():
            del self._limits[resource]
            self._using.pop(resource, None)
            self._rising.pop(resource, None)

    def forget(self) -> None:
        """The lease was lost, and with it every share."""
        self._using.clear()
        self._rising.clear()

    async def run(self) -> None:
        """Until cancelled. What is held stays held while the database does not answer."""
        while True:
            try:
                if await self.round():
                    continue  # less is used now: say so at once
            except Exception:
                log.exception("shares_failed", sender=self._sender.name)
            try:
                async with asyncio.timeout(_ROUND_S):
                    await self._asked.wait()
            except TimeoutError:
                pass

    async def round(self) -> bool:
        """Ask once. True: something fell, which is yet to be written."""
        self._asked.clear()
        if not self._limits:
            return False
        using = {key: max(self._using.get(key, 0.0), self._rising.get(key, (0.0, 0.0))[0]) for key in self._limits}
        granted = await store.current().share_pace(self._sender.name, dict(self._limits), using=using)
        fell = False
        for resource, share in granted.items():
            if resource not in self._limits:
                continue
            if share < using[resource]:
                self._rising.pop(resource, None)
                self._using[resource] = min(share, self._using.get(resource, 0.0))
                fell = True
            elif share > using[resource]:
                self._rising[resource] = (share, self._clock() + _SETTLE_S)
        return fell
