"""The two ends of a link under test: an SMSC driven by hand, and an engine that writes down what it hears."""

import asyncio
import ssl
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from domain.rules.route import Route, parse_route
from sender.smpp import pdu
from sender.smpp.backoff import RetryDelays
from sender.smpp.link import Link
from sender.smpp.messages import Answer, AnswerKind, Incoming, LinkState, LinkStateKind, Outgoing

PATIENCE_S = 5.0
QUICK = RetryDelays(first_s=0.01, longest_s=0.02, refused_first_s=0.01, refused_longest_s=0.02)


def tlv(tag: int, value: bytes) -> bytes:
    """An optional parameter."""
    return struct.pack("!HH", tag, len(value)) + value


def deliver(
    text: bytes,
    *,
    sequence: int = 1,
    esm_class: int = 4,
    data_coding: int = 0,
    tlvs: bytes = b"",
    source: bytes = b"51987763010",
    destination: bytes = b"PREGON",
) -> bytes:
    """A deliver_sm: a receipt unless ``esm_class`` says otherwise."""
    body = b"".join(
        (
            b"\0\1\1", source, b"\0\5\0", destination, b"\0",
            bytes((esm_class, 0, 0)), b"\0\0\0\0", bytes((data_coding, 0, len(text))), text, tlvs,
        )
    )  # fmt: skip
    return pdu.pack(pdu.DELIVER_SM, sequence=sequence, body=body)


def response(submit: pdu.Frame, body: bytes = b"id\0", *, status: int = 0) -> bytes:
    """A submit_sm_resp."""
    return pdu.pack(pdu.SUBMIT_SM_RESP, sequence=submit.sequence, status=status, body=body)


def message(number: int, *parts: bytes, sender_id: str = "PREGON", data_coding: int = 0) -> Outgoing:
    """Message ``number``, to a number of its own."""
    return Outgoing(number, 51987000000 + number, sender_id, parts or (b"hello",), data_coding, reference=number & 0xFF)


class Peer:
    """One connection. Binds, enquire_links and unbinds are answered as its SMSC says; the rest is for the test."""

    def __init__(self, smsc: "RawSmsc", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.smsc = smsc
        self.writer = writer
        self.frames: asyncio.Queue[pdu.Frame] = asyncio.Queue()
        self.seen: list[pdu.Frame] = []
        self.closed = asyncio.Event()
        self._reader = reader

    async def serve(self) -> None:
        """Until the other side closes."""
        buffer = bytearray()
        try:
            while data := await self._reader.read(1 << 16):
                buffer += data
                found, legible = pdu.split(buffer)
                assert legible
                for frame in found:
                    self._take(frame)
        except ConnectionError:
            pass
        finally:
            self.closed.set()
            self.writer.transport.abort()

    def _take(self, frame: pdu.Frame) -> None:
        self.seen.append(frame)
        smsc = self.smsc
        if frame.command in (pdu.BIND_TRANSCEIVER, pdu.BIND_TRANSMITTER, pdu.BIND_RECEIVER):
            smsc.binds.append(frame)
            answer = smsc.on_bind(frame)
            if answer:
                self.send(answer)
            smsc.peers.put_nowait(self)
            return
        if frame.command == pdu.ENQUIRE_LINK and smsc.answers_enquiries:
            self.send(pdu.pack(pdu.ENQUIRE_LINK_RESP, sequence=frame.sequence))
        elif frame.command == pdu.UNBIND and smsc.answers_unbind:
            self.send(pdu.pack(pdu.UNBIND_RESP, sequence=frame.sequence))
        self.frames.put_nowait(frame)

    def send(self, octets: bytes) -> None:
        """Write as it is."""
        self.writer.write(octets)

    async def next(self, command: int) -> pdu.Frame:
        """The next PDU of a kind; others before it are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.frames.get()
                if frame.command == command:
                    return frame

    async def submits(self, count: int) -> list[pdu.Frame]:
        """The next submits."""
        return [await self.next(pdu.SUBMIT_SM) for _ in range(count)]

    async def gone(self) -> None:
        """Wait for the other side to close."""
        async with asyncio.timeout(PATIENCE_S):
            await self.closed.wait()


def accept_bind(frame: pdu.Frame) -> bytes:
    """The answer to a bind that an SMSC usually gives."""
    return pdu.pack(frame.command | pdu.RESPONSE, sequence=frame.sequence, body=b"SMSC\0")


class RawSmsc:
    """Listens; hands each bound connection to the test."""

    def __init__(self) -> None:
        self.port = 0
        self.peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.binds: list[pdu.Frame] = []
        self.connections: list[Peer] = []
        self.on_bind: Callable[[pdu.Frame], bytes] = accept_bind
        self.answers_enquiries = True
        self.answers_unbind = True
        self.raw_greeting = b""  # sent before anything is read
        self._server: asyncio.Server | None = None

    async def start(self, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self, reader, writer)
        self.connections.append(peer)
        writer.write(self.raw_greeting)
        await peer.serve()

    async def stop(self) -> None:
        """Stop listening, cut every connection."""
        if self._server is not None:
            self._server.close()
        for peer in self.connections:
            peer.writer.transport.abort()
            await peer.gone()

    async def peer(self) -> Peer:
        """The next connection that has asked to bind."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.peers.get()


@dataclass
class Engine:
    """Stands where the engine stands: keeps every report in order, and acknowledges at once if told to."""

    acknowledges: bool = True
    answers: list[Answer] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)
    rooms: list[int] = field(default_factory=list)
    reports: list[int] = field(default_factory=list)
    feed: Callable[[], None] | None = None
    link: Link = field(init=False)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def attach(self, route: Route, *, delays: RetryDelays = QUICK) -> Link:
        """Make the link that reports here."""
        self.link = Link(
            route,
            name="test",
            on_answers=self._answers,
            on_incoming=self._incoming,
            on_state=self._state,
            on_room=self._room,
            delays=delays,
        )
        return self.link

    def _answers(self, answers: list[Answer]) -> None:
        self.answers += answers
        self.reports.append(len(answers))
        self._changed.set()

    def _incoming(self, incoming: list[Incoming]) -> None:
        self.incoming += incoming
        self.reports.append(len(incoming))
        if self.acknowledges:
            self.link.ack(incoming)
        self._changed.set()

    def _state(self, state: LinkState) -> None:
        self.states.append(state)
        self._changed.set()

    def _room(self) -> None:
        self.rooms.append(self.link.room)
        if self.feed is not None:
            self.feed()
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to have been reported."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def answered(self, count: int) -> list[Answer]:
        """Wait for so many answers."""
        await self.until(lambda: len(self.answers) >= count)
        return self.answers

    async def received(self, count: int) -> list[Incoming]:
        """Wait for so many incoming."""
        await self.until(lambda: len(self.incoming) >= count)
        return self.incoming

    async def reached(self, kind: LinkStateKind) -> LinkState:
        """Wait for a state to have been reported; the last such."""
        await self.until(lambda: any(state.kind is kind for state in self.states))
        return [state for state in self.states if state.kind is kind][-1]

    @property
    def kinds(self) -> list[AnswerKind]:
        """The kinds of all answers, in order."""
        return [answer.kind for answer in self.answers]


def make_route(port: int, **changes: object) -> Route:
    """A route to a port here; ``changes`` are fields of ``Route``."""
    route = parse_route("default", f"smpp://test:secret@127.0.0.1:{port}")
    return replace(route, **changes)  # type: ignore[arg-type]
