"""
One bound session from the bind's answer to its end: reading, writing, timers, and the orderly end. Knows no
reconnecting and no library; ``session`` drives it, ``outflow`` keeps what is in flight.
"""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from domain.rules.route import Route
from sender.smpp import pdu, statuses
from sender.smpp.binding import Bound
from sender.smpp.inbound import read_incoming
from sender.smpp.messages import AckHandle, Answer, AnswerKind, DownReason, Incoming, Outgoing
from sender.smpp.outflow import Outflow

_READ_SIZE: Final = 1 << 16
_HIGH_WATER: Final = 1 << 17  # octets in our write buffer above which nothing is added
_MAX_UNACKED: Final = 10_000  # incoming that the engine has not stored yet; above it we stop reading
_TICK_S: Final = 0.25
_STALL_S: Final = 1.0  # a tick this late: the process stood still, and answers may wait unread in the socket
_LINGER_S: Final = 1.0  # how long an unbind waits for what else is under way
_FLUSH_S: Final = 2.0
_LOGGED: Final = 200  # octets of a PDU

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Events:
    """
    What a connection reports, and asks; synchronous, must not raise.

    Attributes:
        room: More may be submitted now.
        may_write: Whether submits may be written at all.
    """

    answers: Callable[[list[Answer]], None]
    incoming: Callable[[list[Incoming]], None]
    room: Callable[[], None]
    may_write: Callable[[], bool] = lambda: True


class Connection:
    """
    Args:
        sequence: Gives the next sequence number, 1..0x7FFFFFFF.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        route: Route,
        bound: Bound,
        *,
        name: str,
        outflow: Outflow,
        sequence: Callable[[], int],
        events: Events,
        clock: Callable[[], float],
    ) -> None:
        self.reason: DownReason | None = None
        self._route = route
        self._reader: StreamReader = bound.reader
        self._writer: StreamWriter = bound.writer
        self._buffer = bound.unread
        self._log = _log.bind(link=name, route=route.name)
        self._outflow = outflow
        self._sequence = sequence
        self._events = events
        self._clock = clock
        self._ended = asyncio.Event()
        self._wake = asyncio.Event()
        self._settled = asyncio.Event()
        self._unbind_answered = asyncio.Event()
        self._relieved = asyncio.Event()
        self._congested = False
        self._not_reading = False
        self._unacked = 0
        self._stopping = False
        self._unbind_asked: int | None = None
        self._heard_s = clock()
        self._enquired_s: float | None = None
        bound.writer.transport.set_write_buffer_limits(high=_HIGH_WATER)

    # What the engine asks

    @property
    def room(self) -> int:
        """Submits that may be written now."""
        if self._congested or self._writer.is_closing() or self._reader.at_eof() or not self._events.may_write():
            return 0
        return self._outflow.room(self._clock())

    @property
    def in_flight(self) -> int:
        """Submits that are written and not answered."""
        return self._outflow.in_flight

    def submit(self, batch: Sequence[Outgoing]) -> int:
        """Write what fits, in one write; hand the rest back as ``UNSENT``. Returns the number of messages taken."""
        out: list[bytes] = []
        answers: list[Answer] = []
        taken = self._outflow.submit(batch, out, answers, room=self.room, now_s=self._clock())
        self._write(out)
        if answers:
            self._events.answers(answers)
        return taken

    def drop_unwritten(self) -> None:
        """Hand back the rest of a message that is half written, as in doubt: it must not go again."""
        dropped = [one._replace(kind=AnswerKind.DISCONNECTED) for one in self._outflow.drop_half_written()]
        if dropped:
            self._events.answers(dropped)

    def acknowledge(self, handles: Iterable[AckHandle]) -> None:
        """Answer deliver_sm and data_sm of this connection, in one write."""
        out = [pdu.pack(h.command | pdu.RESPONSE, sequence=h.sequence, body=b"\0") for h in handles]
        self._unacked -= len(out)
        self._relieved.set()
        self._write(out)

    # What the session runs side by side; the first that ends, ends the connection

    async def read(self) -> None:
        """Read until the end, and answer what wants an answer at once."""
        try:
            self._take()
            while not self._ended.is_set():
                data = await self._reader.read(_READ_SIZE)
                if not data:
                    break
                self._heard_s = self._clock()
                self._not_reading = False
                self._buffer += data
                self._take()
                while self._unacked > _MAX_UNACKED and not self._ended.is_set():
                    self._not_reading = True
                    self._relieved.clear()
                    await self._relieved.wait()
        except OSError as error:
            self._log.info("link_broken", error=str(error))
        self.end(DownReason.CLOSED_BY_SMSC)

    async def tend(self) -> None:
        """Go on where a write could not: after a full buffer, after a pause, and once at the beginning."""
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._ended.is_set():
                return
            if self._congested:
                with suppress(OSError):  # the reader sees the same break, and says so
                    await self._writer.drain()
                self._congested = False
            self._refill()

    async def keep(self) -> None:
        """The clock: response timers, and enquire_link where it has been quiet."""
        tick_s = min(_TICK_S, self._route.response_timeout_s / 4, self._route.enquire_link_s / 4)
        last_s = self._clock()
        while not await self._within(self._ended, tick_s):
            now_s = self._clock()
            stalled = now_s - last_s > tick_s + _STALL_S
            last_s = now_s
            # Held up ourselves, or not reading on purpose: answers wait for us, not we for them.
            if not stalled and not self._not_reading:
                self._expire(now_s)
                self._enquire(now_s)

    # Ending

    async def unbind(self, *, drain_s: float) -> None:
        """Take nothing more, wait for what is under way, unbind, wait for the answer, close."""
        self._stopping = True
        self._outflow.stop()
        self._check_settled()
        await self._within(self._settled, drain_s)
        deadline_s = self._clock() + min(_LINGER_S, drain_s)
        while self._unacked > 0 and not self._ended.is_set() and self._clock() < deadline_s:
            self._relieved.clear()
            await self._within(self._relieved, deadline_s - self._clock())
        if not self._ended.is_set():
            self._write([pdu.pack(pdu.UNBIND, sequence=self._sequence())])
            await self._within(self._unbind_answered, _FLUSH_S)
        self.end(DownReason.STOPPED)

    def end(self, reason: DownReason) -> None:
        """Close, and hand back what is unanswered. The first reason counts; later calls do nothing."""
        if self._ended.is_set():
            return
        self.reason = reason
        for event in (self._ended, self._wake, self._settled, self._unbind_answered, self._relieved):
            event.set()
        transport = self._writer.transport
        if transport.get_write_buffer_size() and reason in (DownReason.STOPPED, DownReason.UNBOUND_BY_SMSC):
            transport.close()
            asyncio.get_running_loop().call_later(_FLUSH_S, transport.abort)
        else:
            transport.abort()
        left = self._outflow.close()
        if left:
            self._log.warning("link_ended_in_flight", reason=str(reason), parts=len(left))
            self._events.answers(left)

    # Reading

    def _take(self) -> None:
        """Act on the whole PDUs that are in the buffer: one report of each kind, and one write."""
        found, legible = pdu.split(self._buffer)
        answers: list[Answer] = []
        incoming: list[Incoming] = []
        out: list[bytes] = []
        now_s = self._clock()
        for frame in found:
            if frame.command in (pdu.SUBMIT_SM_RESP, pdu.GENERIC_NACK):
                pause_s = self._outflow.answered(frame, answers, now_s=now_s)
                if pause_s is not None:
                    self._log.info("throttled", status=statuses.status_name(frame.status), pause_s=pause_s)
                    asyncio.get_running_loop().call_later(pause_s, self._wake.set)
            elif frame.command in (pdu.DELIVER_SM, pdu.DATA_SM):
                self._arrived(frame, incoming, out)
            else:
                self._control(frame, answers, out)
        if not legible:
            self._log.warning("garbled", head=bytes(self._buffer[:32]).hex())
            out.append(pdu.pack(pdu.GENERIC_NACK, sequence=0, status=statuses.RINVCMDLEN))
        self._write(out)
        if answers:
            self._events.answers(answers)
        if incoming:
            self._unacked += len(incoming)
            self._events.incoming(incoming)
        if not legible:
            self.end(DownReason.GARBLED)
        self._refill()

    def _arrived(self, frame: pdu.Frame, incoming: list[Incoming], out: list[bytes]) -> None:
        status = statuses.RX_P_APPN
        try:
            message = read_incoming(frame, handle=AckHandle(self, frame.command, frame.sequence), route=self._route)
        except Exception:  # noqa: BLE001  # the library's door, for each PDU: one must not take the others with it
            # A fault of ours, so the SMSC is asked to try again later.
            self._log.exception("deliver_sm_failed", body=frame.body[:_LOGGED].hex())
            message, status = None, statuses.RX_T_APPN
        if message is not None:
            incoming.append(message)
            return
        # Never answered it would come again for ever.
        self._log.warning("illegible_deliver_sm", body=frame.body[:_LOGGED].hex())
        command = frame.command | pdu.RESPONSE
        out.append(pdu.pack(command, sequence=frame.sequence, status=status, body=b"\0"))

    def _control(self, frame: pdu.Frame, answers: list[Answer], out: list[bytes]) -> None:
        """Everything but what comes by the thousand."""
        command, sequence = frame.command, frame.sequence
        if command == pdu.ENQUIRE_LINK:
            out.append(pdu.pack(pdu.ENQUIRE_LINK_RESP, sequence=sequence))
        elif command == pdu.UNBIND:
            self._log.info("unbind_from_smsc", in_flight=self.in_flight)
            self._stopping = True
            self._unbind_asked = sequence
            self._outflow.stop()
            answers += self._outflow.drop_half_written()
            asyncio.get_running_loop().call_later(_LINGER_S, self._obey_unbind)
        elif command == pdu.UNBIND_RESP:
            self._unbind_answered.set()
        elif command & pdu.RESPONSE == 0 and command != pdu.ALERT_NOTIFICATION:
            self._log.warning("unknown_command", command=f"0x{command:08x}")
            out.append(pdu.pack(pdu.GENERIC_NACK, sequence=sequence, status=statuses.RINVCMDID))

    def _obey_unbind(self) -> None:
        """Answer the SMSC's unbind: when nothing is in flight, at the latest after ``_LINGER_S``."""
        if self._unbind_asked is not None:
            self._write([pdu.pack(pdu.UNBIND_RESP, sequence=self._unbind_asked)])
            self.end(DownReason.UNBOUND_BY_SMSC)

    # Writing

    def _refill(self) -> None:
        """What was begun goes first, then the engine is asked."""
        if self._ended.is_set():
            return
        if not self._congested and self._events.may_write():
            out: list[bytes] = []
            self._outflow.refill(out, now_s=self._clock())
            self._write(out)
        self._check_settled()
        if self.room > 0:
            self._events.room()

    def _check_settled(self) -> None:
        if self._stopping and self._outflow.idle:
            self._settled.set()
            self._obey_unbind()

    def _write(self, out: list[bytes]) -> None:
        if not out or self._ended.is_set():
            return
        self._writer.write(b"".join(out))
        if self._writer.transport.get_write_buffer_size() > _HIGH_WATER:
            self._congested = True
            self._wake.set()

    # Timers

    def _expire(self, now_s: float) -> None:
        expired = self._outflow.expire(now_s)
        if expired:
            self._log.warning("no_response", parts=len(expired))
            self._events.answers(expired)
            self._refill()

    def _enquire(self, now_s: float) -> None:
        if self._enquired_s is not None and self._heard_s >= self._enquired_s:
            self._enquired_s = None
        if self._enquired_s is not None:
            if now_s - self._enquired_s >= self._route.response_timeout_s:
                self.end(DownReason.SILENT)
        elif now_s - self._heard_s >= self._route.enquire_link_s:
            self._enquired_s = now_s
            self._write([pdu.pack(pdu.ENQUIRE_LINK, sequence=self._sequence())])

    @staticmethod
    async def _within(event: asyncio.Event, seconds: float) -> bool:
        """Wait for an event, but not for longer; False: the time ran out."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
        return event.is_set()
