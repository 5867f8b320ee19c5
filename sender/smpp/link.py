"""The engine's side of a bind: submit, acknowledge, state. One object for ever; sessions under it come and go."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from domain.rules.route import Bind, Route
from sender.smpp.backoff import RetryDelays
from sender.smpp.binding import MODES
from sender.smpp.connection import Connection, Events
from sender.smpp.messages import Answer, DownReason, Incoming, LinkState, LinkStateKind, Outgoing
from sender.smpp.outflow import unsent
from sender.smpp.session import Session

#: Of two sessions the worse one is what the link says of itself.
_WORST_FIRST: Final = (LinkStateKind.REFUSED, LinkStateKind.DOWN, LinkStateKind.CONNECTING, LinkStateKind.BOUND)


class Link:
    """
    One bind of a route, or the pair of transmitter and receiver that serves as one. Once ended it may be run again.

    Every submitted part gets exactly one answer, or two where the truth comes after ``NO_RESPONSE``. Callbacks are
    synchronous, come from the event loop, and must not raise; one call each for a socket read.

    Args:
        name: For logs; unique in the process.
        on_answers: What became of parts, in the order of the SMSC's responses.
        on_incoming: Receipts and SMS, in order; nothing is acknowledged before ``ack``.
        on_state: The link's state has changed.
        on_room: ``room`` is above 0 and there may be more of it than before.
        may_write: Asked before submits are written; while it is False none are.
        delays: Between attempts to connect.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        route: Route,
        *,
        name: str,
        on_answers: Callable[[list[Answer]], None],
        on_incoming: Callable[[list[Incoming]], None],
        on_state: Callable[[LinkState], None],
        on_room: Callable[[], None],
        may_write: Callable[[], bool] = lambda: True,
        delays: RetryDelays | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.route = route
        self.name = name
        self._on_answers = on_answers
        self._on_state = on_state
        self._state = LinkState(LinkStateKind.DOWN, datetime.now(UTC))
        self._stop = asyncio.Event()
        self._finished = asyncio.Event()
        self._running = False
        self._events = Events(answers=on_answers, incoming=on_incoming, room=on_room, may_write=may_write)
        self._delays = delays or RetryDelays()
        self._clock = clock
        self._states: list[LinkState] = []
        self._sessions: list[Session] = []
        self._sender: Session | None = None

    @property
    def state(self) -> LinkState:
        """Where the link is, and since when."""
        return self._state

    @property
    def room(self) -> int:
        """Parts that may be submitted now: 0 while not bound, throttled, congested, or with the window full."""
        connection = self._sender.connection if self._sender else None
        return connection.room if connection else 0

    @property
    def in_flight(self) -> int:
        """Parts that are written and not answered."""
        connection = self._sender.connection if self._sender else None
        return connection.in_flight if connection else 0

    async def run(self) -> None:
        """
        Keep the link up until ``stop``, or until cancelled. Whatever the SMSC does, it goes on, unless the credentials
        are wrong: then nothing is tried any more (``LinkState.final``), not in another run either.
        """
        self._running = True
        self._finished.clear()
        if not self._state.final:
            self._begin()
        tasks = [asyncio.create_task(session.run(), name=f"link {self.name}") for session in self._sessions]
        try:
            await self._stop.wait()
        finally:
            await asyncio.gather(*map(Session.close, self._sessions, tasks))
            if not self._state.final:
                self._report_state(LinkState(LinkStateKind.STOPPED, datetime.now(UTC), DownReason.STOPPED))
            self._running = False
            self._stop.clear()
            self._finished.set()

    def _begin(self) -> None:
        modes = MODES[self.route.bind]
        self._states = [LinkState(LinkStateKind.DOWN, datetime.now(UTC)) for _ in modes]
        self._sessions = [
            Session(
                self.route,
                mode,
                name=self.name if len(modes) == 1 else f"{self.name}/{mode.description}",
                events=self._events,
                report=self._reporter(index),
                delays=self._delays,
                clock=self._clock,
            )
            for index, mode in enumerate(modes)
        ]
        self._sender = None if self.route.bind is Bind.RECEIVER else self._sessions[0]

    async def stop(self, *, drain_s: float) -> None:
        """
        End in order: take nothing more, wait at most ``drain_s`` for what is in flight, unbind, close. What is
        unanswered then is handed back as ``DISCONNECTED``.
        """
        # The receiver stays until the transmitter has ended: receipts of the last messages may still come.
        for session in self._sessions:
            await session.stop(drain_s=drain_s)
        self._stop.set()
        if self._running:
            await self._finished.wait()

    def abort(self) -> None:
        """End ``run`` at once, without a word to the SMSC: what is unanswered is handed back as ``DISCONNECTED``."""
        for session in self._sessions:
            session.abort()
        self._stop.set()

    def submit(self, batch: Sequence[Outgoing]) -> int:
        """
        Write messages now, in one write. Messages beyond ``room`` are handed back at once as ``UNSENT``; one that has
        more parts than there is room for is begun, and its further parts follow by themselves, in order.

        Returns:
            The number of messages taken, from the front of ``batch``.
        """
        connection = self._sender.connection if self._sender else None
        if connection is not None:
            return connection.submit(batch)
        if batch:
            self._on_answers(unsent(batch))
        return 0

    def drop_unwritten(self) -> None:
        """Give up the parts of half-written messages that wait for the window."""
        connection = self._sender.connection if self._sender else None
        if connection is not None:
            connection.drop_unwritten()

    def ack(self, incoming: Sequence[Incoming]) -> None:
        """Acknowledge what is stored. What came on a connection that is gone is left: the SMSC sends it again."""
        for connection, messages in _by_connection(incoming):
            connection.acknowledge(message.handle for message in messages)

    def refuse(self, incoming: Sequence[Incoming]) -> None:
        """These cannot be stored: drop the connection they came on, so that the SMSC sends them again later."""
        for connection, _ in _by_connection(incoming):
            connection.end(DownReason.NOT_STORED)

    def _reporter(self, index: int) -> Callable[[LinkStateKind, DownReason | None, str], None]:
        def report(kind: LinkStateKind, reason: DownReason | None, detail: str) -> None:
            self._states[index] = LinkState(kind, datetime.now(UTC), reason, detail)
            worst = min(self._states, key=lambda state: _WORST_FIRST.index(state.kind))
            self._report_state(worst)

        return report

    def _report_state(self, state: LinkState) -> None:
        if state != self._state:
            self._state = state
            self._on_state(state)


def _by_connection(incoming: Sequence[Incoming]) -> Iterator[tuple[Connection, list[Incoming]]]:
    groups: dict[int, tuple[Connection, list[Incoming]]] = {}
    for message in incoming:
        connection = message.handle.connection
        if isinstance(connection, Connection):
            groups.setdefault(id(connection), (connection, []))[1].append(message)
    yield from groups.values()
