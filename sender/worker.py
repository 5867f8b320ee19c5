"""
One sender: its lease, its links, its feed and pumps. Holds what it claims as long as its row stands in the database.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog

from domain import monitoring, store
from domain.models import Campaign
from domain.rules.blanks import decided
from domain.rules.campaign_state import CampaignState
from domain.rules.route import Route
from domain.usecases import measuring
from sender import metrics
from sender.clock import Clock
from sender.faults import FaultWatch
from sender.feed import Feed, Held, Ready, Running, SenderName, now_ms
from sender.interpreter import tuned_for_throughput
from sender.pacing import Pacer
from sender.pump import Pump
from sender.scheduler import Scheduler
from sender.settle import Settler
from sender.smpp import Answer, Encoder, Link, LinkStateKind, References
from sender.throttle import Throttle

log = structlog.get_logger()

LEASE_S: Final = 15.0
_HEARTBEAT_S: Final = 3.0
_LOOK_S: Final = 0.3  # between looks at which campaigns run
_DRAIN_S: Final = 10.0  # a graceful end waits this long for responses


class Worker:
    """
    Args:
        routes: The first one dispatches; the others are bound for their receipts.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._sender = SenderName(_new_name())
        self._feed = Feed(Encoder(routes[0], references=References()), more=self._wake, spent=self._spent)
        self._faults = FaultWatch()
        self._throttle = Throttle()
        self._settler = Settler(resubmit=self._resubmit, spent=self._spent, written=self._faults.note)
        self._links = [self._link(route, number) for route in routes for number in range(1, route.binds + 1)]
        pacer = Pacer(routes[0].tps)
        self._pumps = [
            Pump(link, feed=self._feed, settler=self._settler, pacer=pacer, sender=self._sender)
            for link in self._links
            if link.route is routes[0]
        ]
        self._pump_of = {pump.link.name: pump for pump in self._pumps}
        self._clock = Clock(lambda: store.current().clock_ms())
        self._scheduler = Scheduler(self._clock)
        self._owed: list[Held] = []
        self._owing = asyncio.Event()
        self._states_changed = asyncio.Event()

    def _link(self, route: Route, number: int) -> Link:
        name = f"{route.name}-{number}"
        link: Link = Link(
            route,
            name=name,
            on_answers=lambda answers: self._answered(route, name, answers),
            on_incoming=lambda incoming: self._settler.arrived(link, incoming),
            on_state=lambda state: self._on_state(name, state.kind, state.reason or ""),
            on_room=lambda: self._on_room(name),
        )
        return link

    def _answered(self, route: Route, name: str, answers: Sequence[Answer]) -> None:
        self._throttle.note(name, answers, now_ms=now_ms())
        self._settler.answered(route, answers)

    def _on_state(self, name: str, kind: LinkStateKind, reason: str) -> None:
        log.info("link_state", link=name, state=kind, reason=reason)
        metrics.LINKS.set(sum(link.state.kind is LinkStateKind.BOUND for link in self._links))
        self._states_changed.set()
        self._wake()

    def _on_room(self, name: str) -> None:
        pump = self._pump_of.get(name)  # None: the link of a route that only receives
        if pump is not None:
            pump.wake.set()

    def _wake(self) -> None:
        for pump in self._pumps:
            pump.wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """
        Send until ``stop`` is set, then end in order: claim nothing more, wait for the window, write back, unbind.

        Raises:
            ExceptionGroup: A part of the sender failed for good; what was in flight is swept into doubt at the next
                start.
        """
        with tuned_for_throughput():
            await self._run(stop)

    async def _run(self, stop: asyncio.Event) -> None:
        await self._clock.measure()
        await self._scheduler.wake_up()
        await self._register()
        await measuring.carries(self._routes[0].alphabet)
        monitoring.checks["sender"] = self._health
        self._measure()
        feeding = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            links = [group.create_task(link.run(), name=link.name) for link in self._links]
            settling = group.create_task(self._settler.run(), name="settle")
            judging = group.create_task(self._faults.run(), name="faults")
            heart = group.create_task(self._keep_lease(), name="lease")
            giving = group.create_task(self._give_back(), name="give back")
            looking = group.create_task(self._look(), name="look")
            ticking = group.create_task(self._scheduler.run(stop), name="scheduler")
            work = [
                group.create_task(self._feed.run(self._sender, feeding), name="feed"),
                *(group.create_task(pump.run(feeding), name=f"pump {pump.link.name}") for pump in self._pumps),
            ]
            await stop.wait()
            feeding.set()
            self._feed.look()
            self._wake()
            looking.cancel()
            await asyncio.gather(*work, ticking, return_exceptions=True)
            await asyncio.gather(*(link.stop(drain_s=_DRAIN_S) for link in self._links))
            await asyncio.gather(*links, return_exceptions=True)
            for task in (settling, giving, heart, judging):
                task.cancel()
        try:
            await self._settler.flush()
        except Exception:
            log.exception("not_settled_at_the_end", sender=self._sender.name)  # leaving puts it in doubt
        await store.current().leave(self._sender.name)
        log.info("sender_left", sender=self._sender.name)

    async def _register(self) -> None:
        now = self._clock.database_ms()
        await store.current().register_sender(
            self._sender.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            now_ms=now,
            lease_ms=now + int(LEASE_S * 1000),
        )
        log.info("sender_registered", sender=self._sender.name)

    async def _keep_lease(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_HEARTBEAT_S):
                    await self._states_changed.wait()
            except TimeoutError:
                pass
            self._states_changed.clear()
            metrics.READY.set(self._feed.count)
            metrics.IN_FLIGHT.set(self._settler.in_flight)
            try:
                await self._clock.measure()
                held = await store.current().renew_sender(
                    self._sender.name,
                    lease_ms=self._clock.database_ms() + int(LEASE_S * 1000),
                    links=self._link_states(),
                    skew_ms=self._clock.skew_ms,
                )
                if not held:
                    log.warning("lease_lost", sender=self._sender.name)
                    self._feed.clear()
                    self._sender.name = _new_name()
                    await self._register()
            except Exception:
                log.exception("lease_not_renewed", sender=self._sender.name)

    def _measure(self) -> None:
        """Gauges that are read when they are asked for."""
        metrics.CLAIM_LAG.set_function(lambda: self._feed.lag_s(now=time.monotonic()))
        metrics.WINDOW_USE.clear()
        for link in self._links:
            metrics.WINDOW_USE.labels(link.name).set_function(partial(_window_use, link))

    def _health(self) -> tuple[bool, str]:
        """For ``/healthz``: well while at least one link is bound."""
        bound = sum(link.state.kind is LinkStateKind.BOUND for link in self._links)
        return bound > 0, f"{bound} of {len(self._links)} links bound"

    def _link_states(self) -> list[dict[str, object]]:
        return [
            {
                "name": link.name,
                "route": link.route.name,
                "state": link.state.kind,
                "reason": link.state.reason or "",
                "since_ms": int(link.state.since.timestamp() * 1000),
                "throttled_ms": self._throttle.since_ms(link.name, now_ms=now_ms()),
            }
            for link in self._links
        ]

    async def _look(self) -> None:
        """Which campaigns run: a new one starts, a stopped one falls silent within one look and one window."""
        while True:
            try:
                self._feed.show(await _running() if self._clock.right else [])
            except Exception:
                log.exception("look_failed")
            await asyncio.sleep(_LOOK_S)

    def _resubmit(self, ready: Ready, delay_s: float) -> None:
        """The parts without a final answer go again on the same route, under the same reference."""
        missing = tuple(part for part in range(1, ready.segments + 1) if part not in ready.answers)
        ready.outgoing = ready.outgoing._replace(only=missing)
        pump = self._pumps[ready.message_id % len(self._pumps)]
        asyncio.get_running_loop().call_later(delay_s, pump.follow, ready)

    def _spent(self, held: Held) -> None:
        self._owed.append(held)
        self._owing.set()

    async def _give_back(self) -> None:
        """Claims of which nothing is left. One that cannot be given back now is tried again."""
        while True:
            await self._owing.wait()
            self._owing.clear()
            while self._owed:
                try:
                    await store.current().finish_claim(self._sender.name, self._owed[0].claim)
                except Exception:
                    log.exception("claim_not_given_back", campaign=self._owed[0].claim.campaign_id)
                    await asyncio.sleep(_LOOK_S)
                else:
                    self._owed.pop(0)


def _window_use(link: Link) -> float:
    return link.in_flight / link.route.window


async def _running() -> list[Running]:
    columns = ("id", "account_id", "text", "sender_id", "tps", "priority", "open_until", "blanks")
    found = await Campaign.filter(state=CampaignState.RUNNING).only(*columns).order_by("id")
    return [
        Running(
            c.id,
            c.account_id,  # type: ignore[attr-defined]
            c.text,
            c.sender_id,
            c.tps or 0.0,
            c.priority,
            c.open_until.timestamp() if c.open_until else 0.0,
            decided(c.blanks),
        )
        for c in found
    ]


def _new_name() -> str:
    return secrets.token_hex(8)
