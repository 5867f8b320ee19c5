"""What this sender may use of limits that all senders have together. The rows in the database are the truth."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Final

import structlog

from domain import store
from sender.clock import within
from sender.lease import SenderName
from sender.pacing import NOTHING

log = structlog.get_logger()

_ROUND_S: Final = 1.0
#: What another gave up it may have used within the last second: more is used only when that second is over.
_SETTLE_S: Final = 1.05
_BINDS: Final = "binds:"


def binds_of(route: str) -> str:
    """What the binds of a route are called."""
    return _BINDS + route


class Shares:
    """
    Args:
        open_binds: How many binds are open of what is named, whatever may be used: they are given up only when they
            are closed. 0 for what is no bind.
        clock: Monotonic seconds.

    Attributes:
        told: The database has said what may be used, under the name that the sender has now.
    """

    def __init__(
        self,
        sender: SenderName,
        *,
        open_binds: Callable[[str], int] = lambda _: 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.told = False
        self._sender = sender
        self._open_binds = open_binds
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

    def keep(self, resources: Collection[str]) -> None:
        """These are all that are wanted; the others are given up."""
        for resource in self._limits.keys() - set(resources):
            del self._limits[resource]
            self._using.pop(resource, None)
            self._rising.pop(resource, None)

    def forget(self) -> None:
        """The lease was lost, and with it every share."""
        self.told = False
        self._using.clear()
        self._rising.clear()

    def look(self) -> None:
        """Ask at once."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled. What is held stays held while the database does not answer."""
        while True:
            try:
                if await self.round():
                    continue  # less is used now: say so at once
            except Exception:
                log.exception("shares_failed", sender=self._sender.name)
            await within(self._asked, _ROUND_S)

    async def round(self) -> bool:
        """Ask once. True: something fell, which is yet to be written."""
        self._asked.clear()
        if not self._limits:
            return False
        name, using = self._sender.name, {key: self._used(key) for key in self._limits}
        granted = await store.current().share_pace(name, dict(self._limits), using=using)
        if self._sender.name != name:
            return False  # the lease was lost meanwhile, and with it what was granted
        self.told = self.told or bool(granted)
        fell = False
        for resource, share in granted.items():
            if resource not in self._limits:
                continue
            if share < using[resource]:
                self._rising.pop(resource, None)
                self._using[resource] = min(share, self._using.get(resource, 0.0))
                fell = fell or self._used(resource) < using[resource]
            elif share > using[resource]:
                self._rising[resource] = (share, self._clock() + _settle_s(resource))
        return fell

    def _used(self, resource: str) -> float:
        rising, _ = self._rising.get(resource, (0.0, 0.0))
        return max(self._using.get(resource, 0.0), rising, float(self._open_binds(resource)))


def _settle_s(resource: str) -> float:
    """A bind that was given up is closed."""
    return 0.0 if resource.startswith(_BINDS) else _SETTLE_S
