"""Octets of incoming SMS to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.gsm import Alphabet, encode_parts
from domain.rules.gsm_tables import GSM_SET
from sender.smpp.text import decode_gsm, decode_text


@given(st.text(sorted(GSM_SET), min_size=1, max_size=80))
def test_gsm_text_survives_the_way_there_and_back(text: str):
    """Decoding is the inverse of the encoder's table."""

    assert decode_gsm(encode_parts(text).parts[0]) == text


@pytest.mark.parametrize(
    ("octets", "data_coding", "expected"),
    [
        pytest.param(b"\x00_\x11", 0, "@§_", id="default alphabet"),
        pytest.param(b"\x1b\x65\x1b\x28", 0, "€{", id="extension"),
        pytest.param(b"caf\xe9", 0, "café", id="eight bits under 0"),
        pytest.param(b"caf\xe9", 3, "café", id="Latin-1"),
        pytest.param(b"hello", 1, "hello", id="ASCII"),
        pytest.param("ñandú 😀".encode("utf-16-be"), 8, "ñandú 😀", id="UCS-2 with a surrogate pair"),
        pytest.param(b"\x00h\x00", 8, "h\ufffd", id="UCS-2 cut in the middle"),
        pytest.param(b"hello", 0xF1, "hello", id="class 1"),
        pytest.param(b"\x80\x81", 4, "\x80\x81", id="octets"),
        pytest.param(b"\x80", 0xF5, "\x80", id="class 1, octets"),
        pytest.param(b"\x00h", 0x18, "h", id="flash in UCS-2"),
        pytest.param(b"hello", 0x10, "hello", id="flash"),
        pytest.param(b"", 0, "", id="empty"),
        pytest.param(b"\x1b", 0, "", id="a lonely escape"),
    ],
)
def test_every_data_coding_gives_some_text(octets: bytes, data_coding: int, expected: str):
    """Each of these stopped the library's receiver, or was answered with generic_nack."""

    assert decode_text(octets, data_coding, default=Alphabet.GSM7) == expected


def test_the_route_says_what_data_coding_0_means():
    """Some SMSCs hand over Latin-1."""

    assert decode_text(b"\x40_", 0, default=Alphabet.LATIN1) == "@_"


@given(st.binary(max_size=60), st.integers(0, 255), st.sampled_from(Alphabet))
def test_no_octets_raise(octets: bytes, data_coding: int, default: Alphabet):
    """Anybody can send us anything."""
    decode_text(octets, data_coding, default=default)
