"""A small SMPP client over a raw socket for the tests of the SMSC: it packs and reads octets and knows no behaviour."""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field
from typing import Self

MODES = {"receiver": 0x01, "transmitter": 0x02, "transceiver": 0x09}


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def message_id(self) -> str:
        """The C-octet string that a submit_sm_resp begins with."""
        return self.body.split(b"\0", 1)[0].decode()


@dataclass(frozen=True, slots=True)
class Deliver:
    """A deliver_sm, taken apart."""

    sequence: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    short_message: bytes
    tlvs: dict[int, bytes] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The text, wherever it is."""
        return (self.tlvs.get(0x0424) or self.short_message).decode("latin-1")

    def field(self, name: str) -> str:
        """A field of a receipt's text."""
        return self.text.split(f"{name}:", 1)[1].split(" ", 1)[0]


def pdu(command: int, sequence: int, body: bytes = b"", *, status: int = 0, length: int | None = None) -> bytes:
    return struct.pack("!IIII", 16 + len(body) if length is None else length, command, status, sequence) + body


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack("!HH", tag, len(value)) + value


def submit_body(
    destination: str,
    text: bytes = b"hola",
    *,
    source: str = "PREGON",
    source_ton: int = 5,
    esm_class: int = 0,
    registered: int = 1,
    data_coding: int = 0,
    validity: str = "",
    tlvs: bytes = b"",
    text_length: int | None = None,
) -> bytes:
    return b"".join(
        (
            b"\0",
            bytes((source_ton, 0)) + source.encode() + b"\0",
            b"\x01\x01" + destination.encode() + b"\0",
            bytes((esm_class, 0, 0)) + b"\0" + validity.encode() + b"\0",
            bytes((registered, 0, data_coding, 0, len(text) if text_length is None else text_length)),
            text,
            tlvs,
        )
    )


class Esme:
    """A client; every wait ends after five seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sequence = 0

    @classmethod
    async def connect(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def bind(self, mode: str = "transceiver", system_id: str = "demo", password: str = "secret") -> Pdu:
        body = f"{system_id}\0{password}\0\0".encode() + b"\x34\0\0\0"
        self.write(pdu(MODES[mode], self.next_sequence(), body))
        return await self.read()

    def next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def write(self, octets: bytes) -> None:
        self._writer.write(octets)

    def submit(self, destination: str, text: bytes = b"hola", **fields: object) -> int:
        """Write a submit_sm; returns its sequence number."""
        sequence = self.next_sequence()
        self.write(pdu(0x04, sequence, submit_body(destination, text, **fields)))  # type: ignore[arg-type]
        return sequence

    async def ask(self, destination: str, text: bytes = b"hola", **fields: object) -> Pdu:
        """Submit and wait for the next PDU."""
        self.submit(destination, text, **fields)
        return await self.read()

    async def read(self, *, within_s: float = 5.0) -> Pdu:
        """The next PDU; raises IncompleteReadError when the link ends first."""
        async with asyncio.timeout(within_s):
            length, command, status, sequence = struct.unpack("!IIII", await self._reader.readexactly(16))
            return Pdu(command, status, sequence, await self._reader.readexactly(length - 16))

    async def deliver(self, *, ack: bool = True, status: int = 0) -> Deliver:
        """The next PDU, which must be a deliver_sm; acknowledged unless told otherwise."""
        came = await self.read()
        assert came.command == 0x05, came
        if ack:
            self.write(pdu(0x80000005, came.sequence, b"\0", status=status))
        return parse_deliver(came)

    async def ended(self) -> bytes:
        """Wait for the end of the link; returns the octets that came before it."""
        async with asyncio.timeout(5.0):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""

    def abort(self) -> None:
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


def parse_deliver(came: Pdu) -> Deliver:
    body = came.body
    place = body.index(0) + 1
    addresses = []
    for _ in range(2):
        end = body.index(0, place + 2)
        addresses.append(body[place + 2 : end].decode())
        place = end + 1
    esm_class, data_coding, length = body[place], body[place + 7], body[place + 9]
    start = place + 10
    message, rest = body[start : start + length], body[start + length :]
    tlvs = {}
    while rest:
        tag, size = struct.unpack_from("!HH", rest)
        tlvs[tag] = rest[4 : 4 + size]
        rest = rest[4 + size :]
    return Deliver(came.sequence, addresses[0], addresses[1], esm_class, data_coding, message, tlvs)
