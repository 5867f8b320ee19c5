"""The library's ``ESME``, with our connection in place of its reading, writing and keeping. Its loop stays."""

import asyncio
import logging
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from aiosmpplib import ESME, BindMode
from aiosmpplib.state import SmppSessionState

from domain.rules.route import Route
from sender.smpp.backoff import Backoff, RetryDelays
from sender.smpp.binding import BindFailed, open_bind
from sender.smpp.connection import Connection, Events
from sender.smpp.messages import DownReason, LinkStateKind
from sender.smpp.outflow import Outflow
from sender.smpp.submit import SubmitBody

_QUIET: Final = logging.CRITICAL + 1  # the library writes JSON to stderr; what matters we log ourselves
_CANCEL_S: Final = 1.0

_log = structlog.get_logger()

Report = Callable[[LinkStateKind, DownReason | None, str], None]


class Session(ESME):  # type: ignore[misc]  # the library is not typed
    """
    One bind: connects, binds, and again after each end, until closed, or until its credentials are refused.

    The library's ``start`` loop and its task handling stay; ``connect``, ``_receive_data``, ``_dequeue_messages``,
    ``_connection_keeper``, ``_disconnect`` and ``stop`` are ours. A test pins the release and these names.
    """

    _reader: StreamReader | None
    _writer: StreamWriter | None
    _is_shutting_down: bool

    def __init__(
        self,
        route: Route,
        mode: BindMode,
        *,
        name: str,
        events: Events,
        report: Report,
        delays: RetryDelays,
        clock: Callable[[], float],
    ) -> None:
        self._backoff = Backoff(delays, clock=clock)
        super().__init__(
            smsc_host=route.host,
            smsc_port=route.port,
            system_id="",
            password="",  # ours is in the route, and may be longer than the library allows
            bind_mode=mode,
            client_id=name,
            log_level=_QUIET,
            log_handler=logging.NullHandler(),
            retry_timer=self._backoff,
        )
        self.route = route
        self.connection: Connection | None = None
        self._name = name
        self._events = events
        self._report = report
        self._clock = clock
        self._body = SubmitBody(route)

    async def run(self) -> None:
        """Keep the bind up until ``close`` or refused credentials, whatever the library's loop does."""
        while not self._is_shutting_down:
            try:
                await self.start()
            except Exception:  # noqa: BLE001  # the library's door: it must not take the sender with it
                _log.exception("link_loop_failed", link=self._name, route=self.route.name)
            finally:
                self._end(self.connection, DownReason.INTERNAL)
            if not self._is_shutting_down:
                await self._backoff.wait()

    async def connect(self) -> None:
        """
        Connect and bind.

        Raises:
            BindFailed: It did not come to a bound session.
        """
        if self._ending():
            raise ConnectionAbortedError
        self._report(LinkStateKind.CONNECTING, None, "")
        sequence: Callable[[], int] = self.sequence_generator.next_sequence
        try:
            bound = await open_bind(self.route, self.bind_mode, sequence=sequence())
        except BindFailed as error:
            if error.final:
                self._is_shutting_down = True  # the library's loop ends, and so does ``run``
            elif error.refused:
                self._backoff.refused()
            kind = LinkStateKind.REFUSED if error.refused else LinkStateKind.DOWN
            _log.warning(
                "bind_failed", link=self._name, reason=str(error.reason), detail=error.detail, final=error.final
            )
            self._report(kind, error.reason, error.detail)
            raise
        if self._ending():
            bound.writer.transport.abort()
            raise ConnectionAbortedError
        self._reader, self._writer = bound.reader, bound.writer
        self._session_state = self.bind_mode.session_state
        self.connection = Connection(
            self.route,
            bound,
            name=self._name,
            outflow=Outflow(self.route, body=self._body, sequence=sequence),
            sequence=sequence,
            events=self._events,
            clock=self._clock,
        )
        _log.info("bound", link=self._name, mode=self.bind_mode.description)
        self._report(LinkStateKind.BOUND, None, "")

    def _ending(self) -> bool:
        return self._is_shutting_down  # asked again after each wait

    async def stop(self, *, drain_s: float = 0.0) -> None:
        """End the bound session in order (``Connection.unbind``), if there is one, and bind no more."""
        self._is_shutting_down = True
        if self.connection is not None:
            await self.connection.unbind(drain_s=drain_s)

    def abort(self) -> None:
        """End the bound session at once, if there is one, and bind no more."""
        self._is_shutting_down = True
        self._end(self.connection, DownReason.STOPPED)

    async def close(self, task: asyncio.Task[None]) -> None:
        """End ``run``, which is ``task``, at once."""
        self.abort()
        # More than once: the library's loop awaits its tasks with wait_for, which in Python 3.11 may swallow a
        # cancellation that meets a task just done.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=_CANCEL_S)

    async def _receive_data(self) -> None:
        await self._part(Connection.read)

    async def _dequeue_messages(self) -> None:
        await self._part(Connection.tend)

    async def _connection_keeper(self) -> None:
        await self._part(Connection.keep)

    async def _disconnect(self) -> None:
        self._end(self.connection, DownReason.STOPPED)

    async def _part(self, run: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
        """One of the three that run side by side on a connection; the first to end ends it. Never raises."""
        connection = self.connection
        if connection is None:
            return
        try:
            await run(connection)
        except Exception:  # noqa: BLE001  # the same door
            _log.exception("link_failed", link=self._name, route=self.route.name)
        finally:
            self._end(connection, DownReason.INTERNAL)

    def _end(self, connection: Connection | None, reason: DownReason) -> None:
        """Close a connection; if it is the one in use, say so."""
        if connection is None:
            return
        in_use = connection is self.connection
        if in_use:
            self.connection = None
            self._reader = self._writer = None
            self._session_state = SmppSessionState.CLOSED
        connection.end(reason)
        if in_use:
            reason = connection.reason or reason
            _log.info("link_down", link=self._name, reason=str(reason))
            self._report(LinkStateKind.DOWN, reason, "")
