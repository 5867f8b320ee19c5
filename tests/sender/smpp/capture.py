"""What went over the wire, as a file that other programs read; and tshark, an implementation that is not ours."""

import asyncio
import json
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from sender.smpp import pdu

OURS, THEIRS = 40_000, 2775  # ports in the file

needs_tshark: Final = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@dataclass(slots=True)
class Tap:
    """A TCP relay in front of an SMSC that keeps every octet of both directions."""

    port: int
    ours: bytearray = field(default_factory=bytearray)
    theirs: bytearray = field(default_factory=bytearray)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Close all of it."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        for source, target, kept in ((reader, back, self.ours), (there, writer, self.theirs)):
            task = asyncio.create_task(self._relay(source, target, kept))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    @staticmethod
    async def _relay(source: asyncio.StreamReader, target: asyncio.StreamWriter, kept: bytearray) -> None:
        while data := await source.read(1 << 16):
            kept += data
            target.write(data)
        target.close()

    def frames(self) -> list[tuple[int, bytes]]:
        """Every PDU with the port that it came from; ours first, each side in order."""
        return [(OURS, one) for one in _whole(self.ours)] + [(THEIRS, one) for one in _whole(self.theirs)]


def _whole(octets: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(octets):
        (length,) = struct.unpack_from("!I", octets, offset)
        assert pdu.HEADER_SIZE <= length <= len(octets) - offset, "the stream ends inside a PDU"
        yield bytes(octets[offset : offset + length])
        offset += length


def pcap(frames: Sequence[tuple[int, bytes]]) -> bytes:
    """One TCP packet a PDU, as raw IPv4 (link type 101)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101)
    position = dict.fromkeys((OURS, THEIRS), 1)
    here = b"\x7f\0\0\1"
    for source, payload in frames:
        target = THEIRS if source == OURS else OURS
        tcp = struct.pack("!HHIIBBHHH", source, target, position[source], 1, 0x50, 0x18, 65_535, 0, 0) + payload
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, here, here) + tcp
        out += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
        position[source] += len(payload)
    return out


def dissected(frames: Sequence[tuple[int, bytes]], folder: Path, *options: str) -> list[dict[str, Any]]:
    """Each PDU as tshark sees it: the layers of its packet."""
    file = folder / "wire.pcap"
    file.write_bytes(pcap(frames))
    command = ["tshark", "-r", str(file), "-d", "tcp.port==2775,smpp", "-T", "json", "--no-duplicate-keys"]
    for option in options:
        command += ["-o", option]
    run = subprocess.run(command, capture_output=True, check=True)
    # It writes each half of a surrogate pair by itself.
    halves = run.stdout.decode("utf-8", "surrogatepass")
    text = halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    return [packet["_source"]["layers"] for packet in json.loads(text)]


def values(layers: Any, name: str) -> list[str]:
    """Every value of a field, wherever it stands."""
    found: list[str] = []
    if isinstance(layers, dict):
        for key, value in layers.items():
            if key == name:
                found += value if isinstance(value, list) else [value]
            else:
                found += values(value, name)
    elif isinstance(layers, list):
        for one in layers:
            found += values(one, name)
    return found
