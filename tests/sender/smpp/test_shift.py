"""The Spanish single shift table on the wire: read back by tshark, and by the simulated SMSC's handsets."""

import asyncio
import json
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from domain.rules.gsm import Alphabet, segments
from domain.rules.route import Route, Segments
from sandbox.smsc import Script, Smsc
from sender.smpp import pdu
from sender.smpp.encoder import Encoder, References
from sender.smpp.messages import Outgoing
from sender.smpp.submit import SubmitBody
from tests.sender.smpp.test_against_sandbox import run
from tests.sender.smpp.wire import make_route

TEXTS = {
    "one": "Está aquí: ñandú, Ágil {€} ç ÍÓÚ",
    "several": "Señor Núñez, su préstamo está aprobado: acérquese aquí. [Ó] " * 5,
    "plain": "Hola Peña, sin tabla",
}


def route_of(port: int, *, kind: Segments = Segments.UDH, packed: bool = False) -> Route:
    """A route that takes the Spanish table."""
    return replace(make_route(port), alphabet=Alphabet.SPANISH, segments=kind, packed=packed)


def outgoing(text: str, route: Route, *, number: int = 1) -> Outgoing:
    """The message of a text."""
    encoder = Encoder(route, references=References())
    return encoder.outgoing(text, message_id=number, msisdn=51987000000 + number, sender_id="PREGON")


def bodies(text: str, route: Route) -> list[bytes]:
    """Its submit_sm bodies."""
    return [body for _, body in SubmitBody(route).build(outgoing(text, route))]


def user_data(body: bytes) -> bytes:
    """What follows sm_length."""
    text = outgoing("", route_of(2775))
    empty = SubmitBody(route_of(2775)).build(text)[0][1]
    return body[len(empty) :]


@pytest.mark.parametrize("kind", [Segments.UDH, Segments.UDH16])
def test_every_part_names_the_table_and_fits_140_octets(kind: Segments) -> None:
    """Septets beside the header, packed, never exceed an SMS."""
    route = route_of(2775, kind=kind)
    for body in bodies(TEXTS["several"], route):
        data = user_data(body)
        header = data[0] + 1
        septets = len(data) - header

        assert data[header - 3 : header] == b"\x24\x01\x02"
        assert header + -(-septets * 7 // 8) <= 140
        assert data[-1] != 0x1B


def test_packed_text_begins_at_a_septets_border_behind_each_header() -> None:
    """Fill bits by the header's length: 4 octets leave 3, 9 leave 5, 10 leave 4."""
    for text, kind in (
        (TEXTS["one"], Segments.UDH),
        (TEXTS["several"], Segments.UDH),
        (TEXTS["several"], Segments.UDH16),
    ):
        plain = [user_data(body) for body in bodies(text, route_of(2775, kind=kind))]
        packed = [user_data(body) for body in bodies(text, route_of(2775, kind=kind, packed=True))]
        for loose, tight in zip(plain, packed, strict=True):
            header = loose[0] + 1
            fill = (7 - header * 8 % 7) % 7
            number = int.from_bytes(tight[header:], "little") >> fill
            septets = bytes(number >> 7 * index & 0x7F for index in range(len(loose) - header))

            assert septets == loose[header:]
            assert len(tight) <= 140


@pytest.mark.parametrize("kind", [Segments.UDH, Segments.UDH16])
async def test_handsets_show_it_as_it_was_written(kind: Segments) -> None:
    """The sandbox's own reading of header and table; as many parts as were counted."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0), credentials={"test": "secret"})
    await smsc.start()
    try:
        route = route_of(smsc.port, kind=kind)
        async with asyncio.timeout(20):
            await run(route, [outgoing(text, route, number=n) for n, text in enumerate(TEXTS.values(), 1)])
        await smsc.wait_for(lambda summary: summary.receipts + summary.waiting >= summary.received)
        shown = {arrival.handset: arrival.text for arrival in smsc.handsets.collect()}
        received = smsc.summary().received
    finally:
        await smsc.stop()

    assert list(shown.values()) == list(TEXTS.values())
    assert received == sum(segments(text, alphabet=Alphabet.SPANISH).count for text in TEXTS.values())


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_header_as_spanish(tmp_path: Path) -> None:
    """An independent dissector finds the language, the concatenation and nothing malformed."""
    route = route_of(2775)
    wire = [
        pdu.pack(pdu.SUBMIT_SM, sequence=number, body=body)
        for number, body in enumerate([*bodies(TEXTS["one"], route), *bodies(TEXTS["several"], route)], 1)
    ]
    capture = tmp_path / "wire.pcap"
    capture.write_bytes(_pcap(wire))
    read = subprocess.run(
        ["tshark", "-r", str(capture), "-d", "tcp.port==2775,smpp", "-T", "json"],
        capture_output=True,
        check=True,
        text=True,
    )
    texts = json.dumps(json.loads(read.stdout))
    names = subprocess.run(
        ["tshark", "-r", str(capture), "-d", "tcp.port==2775,smpp", "-V"], capture_output=True, check=True, text=True
    ).stdout

    assert names.count("Language (Single Shift): Spanish (2)") == len(wire)
    assert (
        names.count("Message parts: 3") == len(wire) - 1 == segments(TEXTS["several"], alphabet=Alphabet.SPANISH).count
    )
    assert "malformed" not in texts.lower()


def _pcap(payloads: list[bytes]) -> bytes:
    """One TCP packet a PDU, as raw IPv4 (link type 101)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
    position = 1
    here = b"\x7f\0\0\1"
    for payload in payloads:
        tcp = struct.pack("!HHIIBBHHH", 40_000, 2775, position, 1, 0x50, 0x18, 65_535, 0, 0) + payload
        packet = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, here, here) + tcp
        out += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
        position += len(payload)
    return out
