"""Whole conversations read back by tshark, and our own check of lengths where tshark does not look."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from domain.rules.gsm import Alphabet
from domain.rules.route import Route, Segments
from sandbox.smsc import Script, Smsc
from sender.smpp import pdu
from sender.smpp.encoder import Encoder, References
from tests.sender.smpp.capture import OURS, Tap, dissected, needs_tshark, values
from tests.sender.smpp.test_against_sandbox import run
from tests.sender.smpp.wire import make_route

#: So that tshark reads data_coding 0 as what it is; else it shows octets.
GSM = ("smpp.decode_sms_over_smpp:GSM 7-bit", "smpp.gsm7_unpacked:TRUE")
SHORT = "Hola Peña, mañana a las 10"
EXTENDED = "Saldo [€] {10} ~ 100^2 | fin \\ @"
LONG = "Señor Nuñez: su crédito ~ {€} no. " * 8
CYRILLIC = "Привет, вот ваш заказ"
EMOJI = "¡Feliz día! 🎉👨‍👩‍👧 Ñandú ✓"
LONG_EMOJI = "🎉 Ñandú ✓ " * 20


def _text_of(packets: list[object]) -> str:
    return "".join(value for packet in packets for value in values(packet, "smpp.message_text"))


async def _conversation(route: Route, *texts: str, sender_id: str = "PREGON") -> Tap:
    """Bind, one message a text, their receipts, unbind; over a relay that keeps all of it."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0), credentials={"test": "secret"})
    await smsc.start()
    tap = Tap(smsc.port)
    port = await tap.start()
    encoder = Encoder(route, references=References())
    messages = [
        encoder.outgoing(text, message_id=number, msisdn=51987000000 + number, sender_id=sender_id)
        for number, text in enumerate(texts, 1)
    ]
    try:
        async with asyncio.timeout(20):
            await run(replace(route, port=port), messages)
    finally:
        await tap.stop()
        await smsc.stop()
    return tap


@needs_tshark
@pytest.mark.parametrize(
    ("alphabet", "kind", "text", "parts"),
    [
        pytest.param(Alphabet.GSM7, Segments.UDH, SHORT, 1, id="short"),
        pytest.param(Alphabet.GSM7, Segments.UDH, EXTENDED, 1, id="extension"),
        pytest.param(Alphabet.GSM7, Segments.UDH, LONG, 2, id="long, 8-bit reference"),
        pytest.param(Alphabet.GSM7, Segments.UDH16, LONG, 2, id="long, 16-bit reference"),
        pytest.param(Alphabet.GSM7, Segments.SAR, LONG, 2, id="long, SAR"),
        pytest.param(Alphabet.GSM7, Segments.PAYLOAD, LONG, 1, id="long, payload"),
        pytest.param(Alphabet.GSM7, Segments.UDH, CYRILLIC, 1, id="UCS-2"),
        pytest.param(Alphabet.GSM7, Segments.UDH, EMOJI, 1, id="emoji"),
        pytest.param(Alphabet.GSM7, Segments.UDH, LONG_EMOJI, 4, id="long emoji, 8-bit reference"),
        pytest.param(Alphabet.GSM7, Segments.UDH16, LONG_EMOJI, 4, id="long emoji, 16-bit reference"),
        pytest.param(Alphabet.GSM7, Segments.SAR, LONG_EMOJI, 4, id="long emoji, SAR"),
        pytest.param(Alphabet.GSM7, Segments.PAYLOAD, LONG_EMOJI, 1, id="long emoji, payload"),
        # The Spanish shift table has its own reading in test_shift: tshark names the table and does not apply it.
    ],
)
async def test_an_independent_reader_sees_what_was_sent(
    tmp_path: Path, alphabet: Alphabet, kind: Segments, text: str, parts: int
) -> None:
    """Nothing malformed in either direction, as many parts as we count, and the text letter by letter."""
    route = replace(make_route(2775), alphabet=alphabet, segments=kind, message_reference=True)
    tap = await _conversation(route, text)
    packets = dissected(tap.frames(), tmp_path, *GSM)
    submits = [packet for packet in packets if values(packet, "smpp.command_id") == ["0x00000004"]]

    assert "malformed" not in str(packets).lower()
    assert all("smpp" in packet for packet in packets), "each packet is one PDU, and known as one"
    assert len(submits) == parts or kind is Segments.PAYLOAD
    assert _text_of(list(submits)) == text
    if len(submits) > 1:
        numbers = values(list(submits), "gsm_sms.udh.mm.msg_part") + values(list(submits), "smpp.sar_segment_seqnum")
        totals = values(list(submits), "gsm_sms.udh.mm.msg_parts") + values(list(submits), "smpp.sar_total_segments")
        assert numbers == [str(number) for number in range(1, parts + 1)]
        assert set(totals) == {str(parts)}
    assert set(values(list(submits), "smpp.user_message_reference")) == {"0x0001"}


@needs_tshark
@pytest.mark.parametrize(
    ("sender_id", "ton", "npi"),
    [
        pytest.param("PREGON", "0x05", "0x00", id="letters"),
        pytest.param("Mi Tienda 1", "0x05", "0x00", id="letters, spaces and a digit"),
        pytest.param("12345", "0x03", "0x00", id="a short code"),
        pytest.param("+51987654321", "0x01", "0x01", id="a long number"),
    ],
)
async def test_addresses_have_their_type(tmp_path: Path, sender_id: str, ton: str, npi: str) -> None:
    """As an operator's filter reads them."""
    tap = await _conversation(make_route(2775), SHORT, sender_id=sender_id)
    submits = [
        packet for packet in dissected(tap.frames(), tmp_path) if values(packet, "smpp.command_id") == ["0x00000004"]
    ]

    assert values(list(submits), "smpp.source_addr") == [sender_id.removeprefix("+")]
    assert values(list(submits), "smpp.source_addr_ton") == [ton]
    assert values(list(submits), "smpp.source_addr_npi") == [npi]
    assert values(list(submits), "smpp.destination_addr") == ["51987000001"]
    assert values(list(submits), "smpp.dest_addr_ton") == ["0x01"]
    assert values(list(submits), "smpp.dest_addr_npi") == ["0x01"]


@needs_tshark
async def test_a_conversation_begins_and_ends_as_it_should(tmp_path: Path) -> None:
    """Bind, submits, acknowledged receipts, unbind: each of our requests answered, each of theirs too."""
    tap = await _conversation(make_route(2775), SHORT, LONG, EMOJI)
    ours = [frame for source, frame in tap.frames() if source == OURS]
    kinds = [frame[4:8].hex() for frame in ours]

    assert kinds[0] == "00000009"
    assert kinds[-1] == "00000006"
    packets = dissected(tap.frames(), tmp_path)
    assert set(values(list(packets), "smpp.command_status")) == {"0x00000000"}


_SUBMIT = re.compile(rb"[^\0]{0,5}\0..[^\0]{0,20}\0..[^\0]{1,20}\0...[^\0]{0,16}\0[^\0]{0,16}\0....(.)", re.DOTALL)


@pytest.mark.parametrize("kind", list(Segments))
@pytest.mark.parametrize("text", [SHORT, LONG, EMOJI, LONG_EMOJI])
async def test_every_length_is_what_is_there(kind: Segments, text: str) -> None:
    """sm_length and the optional parameters end exactly where the PDU does: tshark does not notice if they do not."""
    tap = await _conversation(replace(make_route(2775), segments=kind, message_reference=True), text)
    submits = [frame for source, frame in tap.frames() if source == OURS and frame[4:8] == b"\0\0\0\4"]
    assert submits
    for frame in submits:
        body = frame[pdu.HEADER_SIZE :]
        fixed = _SUBMIT.match(body)
        assert fixed is not None
        offset = fixed.end() + fixed[1][0]
        tags = []
        while offset < len(body):
            tags.append(int.from_bytes(body[offset : offset + 2], "big"))
            offset += 4 + int.from_bytes(body[offset + 2 : offset + 4], "big")

        assert offset == len(body)
        assert len(set(tags)) == len(tags)
        assert pdu.TLV_USER_MESSAGE_REFERENCE in tags
