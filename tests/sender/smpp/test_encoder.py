"""Texts to parts, as the route wants them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.gsm import Alphabet
from domain.rules.gsm_tables import GSM_SET
from domain.rules.route import Route, Segments
from sender.smpp.encoder import EncodedText, Encoder, References
from sender.smpp.text import decode_gsm
from tests.sender.smpp.wire import make_route

ROUTE = make_route(2775)


def encode(text: str, route: Route = ROUTE) -> EncodedText:
    """With an encoder of its own."""
    return Encoder(route, references=References()).encode(text)


def unpacked(octets: bytes, *, fill_bits: int, septets: int) -> bytes:
    """Septets out of packed octets."""
    number = int.from_bytes(octets, "little") >> fill_bits
    return bytes(number >> 7 * index & 0x7F for index in range(septets))


def test_a_text_that_comes_again_is_not_encoded_again():
    """A campaign without tokens sends one text a million times."""
    encoder = Encoder(ROUTE, references=References())

    assert encoder.encode("hola" * 100) is encoder.encode("hola" * 100)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        pytest.param("x" * 160, [160], id="160 septets"),
        pytest.param("x" * 161, [153, 8], id="161 septets"),
        pytest.param("€" * 80, [160], id="80 euro signs"),
        pytest.param("€" * 150, [152, 148], id="150 euro signs, no pair cut"),
        pytest.param("я" * 70, [140], id="70 units"),
        pytest.param("я" * 71, [134, 8], id="71 units"),
        pytest.param("😀" * 40, [132, 28], id="surrogate pairs, none cut"),
    ],
)
def test_parts_are_as_long_as_a_segment(text: str, sizes: list[int]):
    """Septets are counted after encoding."""

    assert [len(part) for part in encode(text).parts] == sizes


@given(st.text(sorted(GSM_SET), min_size=161, max_size=700))
def test_udh16_parts_leave_room_for_the_longer_header_and_lose_nothing(text: str):
    """7 octets of header leave 152 septets."""
    encoded = encode(text, replace(ROUTE, segments=Segments.UDH16))

    assert "".join(decode_gsm(part) for part in encoded.parts) == text
    assert all(len(part) <= 152 and part[-1] != 0x1B for part in encoded.parts)


@given(st.text(min_size=71, max_size=300).filter(lambda text: not text.isascii()))
def test_udh16_parts_in_ucs2_lose_nothing(text: str):
    """7 octets of header leave 66 units, and no pair is cut."""
    text = text.encode("utf-16", "replace").decode("utf-16") + "я"
    encoded = encode(text, replace(ROUTE, segments=Segments.UDH16, alphabet=Alphabet.UCS2))

    assert "".join(part.decode("utf-16-be") for part in encoded.parts) == text
    assert all(len(part) <= 132 for part in encoded.parts)


def test_udh16_parts_in_ascii_count_what_the_smsc_will_make_of_them():
    """The SMSC turns a brace into two septets."""
    encoded = encode("{" * 100, replace(ROUTE, segments=Segments.UDH16, alphabet=Alphabet.ASCII))

    assert [len(part) for part in encoded.parts] == [76, 24]


def test_a_packed_text_has_eight_septets_in_seven_octets():
    """160 septets are 140 octets."""
    encoded = encode("hellohello", replace(ROUTE, packed=True))

    assert encoded.parts == (bytes.fromhex("e8329bfd4697d9ec37"),)


@pytest.mark.parametrize(
    ("segments", "header", "septets"),
    [
        pytest.param(Segments.UDH, 6, 153, id="udh"),
        pytest.param(Segments.UDH16, 7, 152, id="udh16"),
    ],
)
def test_a_packed_part_begins_on_a_septet_s_border_behind_its_header(segments: Segments, header: int, septets: int):
    """Header, fill bits and text are one row of septets for the handset."""
    text = "abcdefghijklmnop" * 12
    first = encode(text, replace(ROUTE, packed=True, segments=segments)).parts[0]

    assert header + len(first) == 140
    assert unpacked(first, fill_bits=-header * 8 % 7, septets=septets).decode() == text[:septets]


def test_a_payload_is_one_part():
    """The SMSC cuts it, and bills what it cut."""
    route = replace(ROUTE, segments=Segments.PAYLOAD)

    assert encode("x" * 400, route) == EncodedText((b"x" * 400,), 0, cut=3)
    assert encode("x" * 160, route) == EncodedText((b"x" * 160,), 0)
    assert encode("я" * 71, route) == EncodedText((("я" * 71).encode("utf-16-be"),), 8, cut=2)


def test_a_route_may_number_its_default_alphabet_differently():
    """Some take Latin-1 under 3, some class 1 under 0xF1; UCS-2 stays 8."""
    route = replace(ROUTE, alphabet=Alphabet.LATIN1, data_coding=3)

    assert encode("niño", route) == EncodedText((b"ni\xf1o",), 3)
    assert encode("я", route).data_coding == 8


def test_an_empty_text_is_one_empty_part():
    """It is the engine's to refuse it; the link must not fall over it."""

    assert encode("").parts == (b"",)


def test_references_differ_for_one_number_until_they_must_repeat():
    """Two long messages to a handset within an hour must not mix."""
    references = References()
    given_to_one = [references.give(51987763010, message_id) for message_id in range(256)]

    assert len({reference & 0xFF for reference in given_to_one}) == 256


def test_a_message_that_goes_again_keeps_its_reference():
    """Its accepted parts are on the handset already."""
    references = References()
    first = references.give(51987763010, 7)
    references.give(51987763011, 8)

    assert references.give(51987763010, 7) == first


def test_a_message_of_one_part_needs_no_reference():
    """And none is used up."""
    encoder = Encoder(ROUTE, references=References())
    short = encoder.outgoing("hola", message_id=1, msisdn=51987763010, sender_id="PREGON")
    long = encoder.outgoing("hola" * 100, message_id=2, msisdn=51987763010, sender_id="PREGON")

    assert (short.reference, len(short.parts)) == (0, 1)
    assert len(long.parts) == 3
