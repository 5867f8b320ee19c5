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
from domain.rules.route import Route
from domain.usecases import campaigns, measuring
from sender import metrics
from sender.clock import Clock, now_ms, within
from sender.consequences import ACCOUNT_REFUSED, SENDER_REFUSED
from sender.faults import FaultWatch
from sender.feed import Feed, Held, Ready, Running
from sender.interpreter import tuned_for_throughput
from sender.lease import SenderName
from sender.orphans import Adopter
from sender.pacing import NOTHING, SHY, Pacer
from sender.pump import Pump, lost
from sender.routing import Routing
from sender.running import running_campaigns
from sender.scheduler import Scheduler
from sender.seats import Seats
from sender.settle import Settler
from sender.shares import Shares, binds_of
from sender.smpp import Answer, Link, LinkStateKind
from sender.throttle import Throttle

log = structlog.get_logger()

LEASE_S: Final = 15.0
_WRITES: Final = 0.9  # of a lease: a sender stops writing before others may sweep it
_HEARTBEAT_S: Final = 3.0
_LOOK_S: Final = 0.3  # between looks at which campaigns run
_WANTS_S: Final = 5.0  # a share is kept so long while there is nothing to use it for


class Worker:
    """
    Args:
        routes: Those that no prefix and no failover makes send are bound for their receipts only; see ``Routing``.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)
        self._sender = SenderName(_new_name())
        self._shares = Shares(self._sender, open_binds=lambda resource: self._seats.running(resource))
        self._wanted_s: dict[str, float] = {}  # limits that senders share, and when there last was something for them
        self._routing = Routing(routes)
        self._feed = Feed(self._routing, more=self._wake, spent=self._spent, share=self._share_of)
        self._adopter = Adopter()
        self._faults = FaultWatch()
        self._throttle = Throttle()
        self._settler = Settler(
            resubmit=self._resubmit,
            spent=self._spent,
            written=self._faults.note,
            adopter=self._adopter,
            throttled=self._throttled,
        )
        links = [self._link(route, number) for route in routes for number in range(1, route.binds + 1)]
        self._seats = Seats(links, shares=self._shares, sender=self._sender)
        self._sending = [route for route in routes if route.name in self._routing.encoders]
        self._pacers = {route.name: Pacer(NOTHING if route.tps else 0.0, shy=SHY) for route in self._sending}
        self._clock = Clock(lambda: store.current().clock_ms())
        self._scheduler = Scheduler(self._clock, on_doubt=self._adopter.doubt)
        self._pumps = [
            Pump(
                link,
                feed=self._feed,
                settler=self._settler,
                pacer=pacer,
                sender=self._sender,
                suspect=self._scheduler.suspect,
            )
            for link in links
            if (pacer := self._pacers.get(link.route.name)) is not None
        ]
        self._pump_of = {pump.link.name: pump for pump in self._pumps}
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
            may_write=lambda: self._may_write(route),
        )
        return link

    def _answered(self, route: Route, name: str, answers: Sequence[Answer]) -> None:
        self._throttle.note(name, answers, now_ms=now_ms())
        self._settler.answered(route, answers)

    def _may_write(self, route: Route) -> bool:
        now = time.monotonic()
        return now < self._sender.until_s and not self._settler.consequences.rests(route.name, now=now)

    def _on_state(self, name: str, kind: LinkStateKind, reason: str) -> None:
        log.info("link_state", link=name, state=kind, reason=reason)
        metrics.LINKS.set(sum(link.state.kind is LinkStateKind.BOUND for link in self._seats.links))
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
        await measuring.carries(self._routes[0].carriage)
        monitoring.checks["sender"] = self._seats.health
        self._measure()
        feeding = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            seating = group.create_task(self._seats.run(), name="seats")
            settling = group.create_task(self._settler.run(), name="settle")
            judging = group.create_task(self._faults.run(), name="faults")
            heart = group.create_task(self._keep_lease(), name="lease")
            giving = group.create_task(self._give_back(), name="give back")
            looking = group.create_task(self._look(), name="look")
            sharing = group.create_task(self._shares.run(), name="share")
            adopting = group.create_task(self._adopter.run(), name="adopt")
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
            self._seats.end()
            await asyncio.wait([seating])
            for task in (settling, giving, heart, judging, sharing, adopting):
                task.cancel()
        try:
            await self._settler.flush()
        except Exception:
            log.exception("not_settled_at_the_end", sender=self._sender.name)  # leaving puts it in doubt
        await store.current().leave(self._sender.name)
        log.info("sender_left", sender=self._sender.name)

    async def _register(self) -> None:
        now, begun_s = self._clock.database_ms(), time.monotonic()
        await store.current().register_sender(
            self._sender.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            now_ms=now,
            lease_ms=now + int(LEASE_S * 1000),
        )
        self._sender.until_s = begun_s + LEASE_S * _WRITES
        log.info("sender_registered", sender=self._sender.name)

    async def _keep_lease(self) -> None:
        while True:
            await within(self._states_changed, _HEARTBEAT_S)
            self._states_changed.clear()
            metrics.READY.set(self._feed.count)
            metrics.IN_FLIGHT.set(self._settler.in_flight)
            try:
                await self._clock.measure()
                begun_s = time.monotonic()
                held = await store.current().renew_sender(
                    self._sender.name,
                    lease_ms=self._clock.database_ms() + int(LEASE_S * 1000),
                    links=self._link_states(),
                    skew_ms=self._clock.skew_ms,
                )
                if held:
                    self._sender.until_s = begun_s + LEASE_S * _WRITES
                else:
                    await self._begin_anew()
            except Exception:
                log.exception("lease_not_renewed", sender=self._sender.name)

    def _measure(self) -> None:
        """Gauges that are read when they are asked for."""
        metrics.CLAIM_LAG.set_function(lambda: self._feed.lag_s(now=time.monotonic()))
        metrics.WINDOW_USE.clear()
        for pump in self._pumps:
            metrics.WINDOW_USE.labels(pump.link.name).set_function(partial(_window_use, pump.link))
        for route in self._routes:
            metrics.BINDS.labels(route.name).set_function(partial(self._seats.running, binds_of(route.name)))

    async def _begin_anew(self) -> None:
        """
        The lease was lost: another sender has put what was in flight in doubt and may have what was claimed. Nothing of
        it is written any more.
        """
        log.warning("lease_lost", sender=self._sender.name)
        self._sender.until_s = 0.0
        self._sender.name = _new_name()
        self._seats.lapse()
        self._feed.clear()
        self._shares.forget()
        for pump in self._pumps:
            pump.drop_parts()
            pump.link.drop_unwritten()
        await self._register()

    def _link_states(self) -> list[dict[str, object]]:
        return [
            {
                "name": link.name,
                "route": link.route.name,
                **self._state_of(link),
                "window": link.route.window,
                "since_ms": int(link.state.since.timestamp() * 1000),
                "throttled_ms": self._throttle.since_ms(link.name, now_ms=now_ms()),
                "dispatches": link.name in self._pump_of,
                "tps": link.route.tps,
                "receipts": link.route.registered_delivery & 0b11 == 1,  # SMPP 3.4 §5.2.17: of success and failure
            }
            for link in self._seats.links
        ]

    def _state_of(self, link: Link) -> dict[str, object]:
        """A bound link of a route that refuses everything says so."""
        if self._settler.consequences.rests(link.route.name, now=time.monotonic()):
            return {"state": LinkStateKind.REFUSED, "reason": "route_refused"}
        state = link.state
        return {"state": state.kind, "reason": state.reason or "", "final": state.final, "word": state.detail}

    async def _look(self) -> None:
        """Which campaigns run: a new one starts, a stopped one falls silent within one look and one window."""
        while True:
            try:
                running = await running_campaigns() if self._clock.right else []
                await self._stop_refused(running)
                self._share(running)
                self._choose_routes()
                self._feed.show(running)
            except Exception:
                log.exception("look_failed")
            await asyncio.sleep(_LOOK_S)

    def _share(self, running: Sequence[Running]) -> None:
        """What this sender may use of the limits that all have together."""
        now, feed = time.monotonic(), self._feed
        limits = {f"route:{one.name}": (one.tps, feed.has(route=one.name)) for one in self._sending if one.tps}
        limits |= {one.resource: (one.tps, feed.has(campaign_id=one.campaign_id)) for one in running if one.tps}
        self._wanted_s = {
            name: now if has else self._wanted_s.get(name, 0.0)
            for name, (_, has) in limits.items()
            if has or now - self._wanted_s.get(name, 0.0) < _WANTS_S
        }
        self._shares.keep(self._wanted_s.keys() | self._seats.resources)
        for route in self._sending:
            self._pacers[route.name].tps = self._share_of(f"route:{route.name}", route.tps)
        self._wake()

    def _share_of(self, resource: str, limit: float) -> float:
        """Who has nothing to send leaves it to the others."""
        if limit and store.current().senders_share and resource not in self._wanted_s:
            return NOTHING
        return self._shares.of(resource, limit)

    def _choose_routes(self) -> None:
        """
        What is ready for a route that is down goes back and is made anew for the one that takes over; for one of which
        others hold all binds, it is left to them. How such a route is they know.
        """
        now, closed = time.monotonic(), self._seats.without(self._sending)
        self._routing.closed = closed
        up, refused = self._routes_of(LinkStateKind.BOUND), self._routes_of(LinkStateKind.REFUSED)
        consequences = self._settler.consequences
        usable = {one.name: one.name in up and not consequences.rests(one.name, now=now) for one in self._sending}
        usable |= dict.fromkeys(closed, True)
        for name in sorted(self._routing.update(usable, refused=refused - up, now=now)):
            log.warning("route_changes", route=name, usable=usable[name])
            self._feed.drop_route(name)
        for name in closed:
            if self._feed.has(route=name):
                self._feed.drop_route(name)
        for pump in self._pumps:
            if pump.link.route.name in closed:
                pump.drop_parts()
            elif not self._seats.serves(pump.link):
                for ready in pump.take_parts():
                    self._follow(ready, self._sender.name)

    def _routes_of(self, kind: LinkStateKind) -> set[str]:
        return {link.route.name for link in self._seats.links if link.state.kind is kind}

    def _throttled(self, route: Route) -> None:
        pacer = self._pacers.get(route.name)
        if pacer is not None:
            pacer.throttled(now=time.monotonic())

    async def _stop_refused(self, running: Sequence[Running]) -> None:
        """Campaigns stop whose sender ID is refused, or all of them; the reason is told. What fails is tried again."""
        consequences = self._settler.consequences
        for campaign_id in sorted(consequences.sender_refused):
            await campaigns.fault(campaign_id, SENDER_REFUSED)
            consequences.sender_refused.discard(campaign_id)
        if consequences.everything_refused:
            for one in running:
                await campaigns.fault(one.campaign_id, ACCOUNT_REFUSED)
            consequences.everything_refused = False

    def _resubmit(self, ready: Ready, delay_s: float) -> None:
        """The parts without a final answer go again on the same route, under the same reference."""
        missing = tuple(part for part in range(1, ready.parts + 1) if part not in ready.answers)
        ready.outgoing = ready.outgoing._replace(only=missing)
        asyncio.get_running_loop().call_later(delay_s, self._follow, ready, self._sender.name)

    def _follow(self, ready: Ready, name: str) -> None:
        pumps = self._pumps_of(ready.route)
        serving = [pump for pump in pumps if self._seats.serves(pump.link)] or pumps
        pump = serving[ready.message_id % len(serving)]
        if self._sender.name == name:
            pump.follow(ready)
        else:
            self._settler.answered(pump.link.route, lost(ready))

    def _pumps_of(self, route: str) -> list[Pump]:
        return [pump for pump in self._pumps if pump.link.route.name == route]

    def _spent(self, held: Held) -> None:
        self._owed.append(held)
        self._owing.set()

    async def _give_back(self) -> None:
        """
        Claims of which nothing is left, each in the name that took it: under a new one the same chunk may be in work
        again. One that cannot be given back now is tried again.
        """
        while True:
            await self._owing.wait()
            self._owing.clear()
            while self._owed:
                held = self._owed[0]
                try:
                    await store.current().finish_claim(held.sender, held.claim)
                except Exception:
                    log.exception("claim_not_given_back", campaign=held.claim.campaign_id)
                    await asyncio.sleep(_LOOK_S)
                else:
                    self._owed.pop(0)


def _window_use(link: Link) -> float:
    return link.in_flight / link.route.window


def _new_name() -> str:
    return secrets.token_hex(8)
