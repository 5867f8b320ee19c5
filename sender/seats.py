"""
The binds of a route are so many for all senders together. Which of them this sender holds, and the links that run for
them: never more than it holds. What it must give up ends in order first; only then is another told that it is free.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from domain import store
from domain.rules.route import Route
from sender.clock import within
from sender.lease import SenderName
from sender.shares import Shares, binds_of
from sender.smpp import Link, LinkStateKind

log = structlog.get_logger()

_LOOK_S: Final = 0.25
_DRAIN_S: Final = 10.0  # an orderly end waits this long for responses


class Seats:
    """
    Args:
        links: Of every route as many as it has binds; some of them run.
    """

    def __init__(self, links: Sequence[Link], *, shares: Shares, sender: SenderName) -> None:
        self._links: dict[str, list[Link]] = {}
        for link in links:
            self._links.setdefault(link.route.name, []).append(link)
        self._shares = shares
        self._sender = sender
        self._running: set[Link] = set()
        self._leaving: set[Link] = set()
        self._ending = False
        self._look = asyncio.Event()

    @property
    def links(self) -> list[Link]:
        """Those that run, in their order."""
        return [link for links in self._links.values() for link in links if link in self._running]

    @property
    def resources(self) -> set[str]:
        """What is shared here, by name."""
        return {binds_of(route) for route in self._links}

    def serves(self, link: Link) -> bool:
        """Whether the link runs and stays."""
        return link in self._running and link not in self._leaving

    def held(self, route: str) -> int:
        """Binds of the route that are this sender's to use."""
        links = self._links[route]
        return max(0, int(self._shares.of(binds_of(route), float(links[0].route.binds))))

    def running(self, resource: str) -> int:
        """Links that run, by the name of what is shared: until they have ended nobody else may bind for them."""
        return sum(binds_of(link.route.name) == resource for link in self._running)

    def without(self, routes: Iterable[Route]) -> frozenset[str]:
        """Those of the routes of which others hold all binds."""
        return frozenset(route.name for route in routes if not self.held(route.name))

    def health(self) -> tuple[bool, str]:
        """Well while at least one link is bound, or while others hold all binds."""
        links = self.links
        if not links and self._shares.told and not any(self.held(route) for route in self._links):
            return True, "standing by: other senders hold all binds"
        bound = sum(link.state.kind is LinkStateKind.BOUND for link in links)
        return bound > 0, f"{bound} of {len(links)} links bound"

    async def run(self) -> None:
        """Until ``end``: then every link ends in order."""
        async with asyncio.TaskGroup() as group:
            while self._running or not self._ending:
                self._look.clear()
                self._adjust(group, now=time.monotonic())
                # Woken when the lease ends, if not before: after a standstill that is the first thing that happens.
                left_s = self._sender.until_s - time.monotonic()
                await within(self._look, left_s if 0 < left_s < _LOOK_S else _LOOK_S)

    def end(self) -> None:
        """Let ``run`` end."""
        self._ending = True
        self._look.set()

    def lapse(self) -> None:
        """The lease is past, and others may have what was held: no connection outlives it."""
        if store.current().senders_share:
            for link in self._running:
                link.abort()

    def _adjust(self, group: asyncio.TaskGroup, *, now: float) -> None:
        if now >= self._sender.until_s and store.current().senders_share:
            if self._running:
                log.warning("lease_past", links=len(self._running))
            self.lapse()
            return
        for route, links in self._links.items():
            held = 0 if self._ending else self.held(route)
            running = [link for link in links if link in self._running]
            staying = [link for link in running if link not in self._leaving]
            staying.sort(key=lambda link: link.state.kind is not LinkStateKind.BOUND)  # what is of no use goes first
            for link in staying[held:]:
                log.info("bind_given_up", link=link.name, left=held)
                self._leave(link, group)
            idle = [link for link in links if link not in self._running]
            for link in idle[: max(0, held - len(running))]:
                self._running.add(link)
                group.create_task(self._keep(link), name=link.name)

    def _leave(self, link: Link, group: asyncio.TaskGroup) -> None:
        self._leaving.add(link)
        group.create_task(link.stop(drain_s=_DRAIN_S), name=f"leave {link.name}")

    async def _keep(self, link: Link) -> None:
        try:
            await link.run()
        finally:
            self._running.discard(link)
            self._leaving.discard(link)
            self._shares.look()
            self._look.set()
