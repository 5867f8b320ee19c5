"""Octets in and out, and tolerance of what should not be there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender.smpp import pdu
from tests.sender.smpp.wire import tlv


@given(st.lists(st.binary(max_size=40), max_size=20), st.data())
def test_a_stream_cut_anywhere_gives_the_same_pdus(bodies: list[bytes], data: st.DataObject):
    """TCP keeps no borders: several PDUs come in a read, one in many."""
    stream = b"".join(pdu.pack(pdu.DELIVER_SM, sequence=n, body=body) for n, body in enumerate(bodies))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    buffer = bytearray()
    found: list[pdu.Frame] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        buffer += stream[start:end]
        whole, legible = pdu.split(buffer)
        found += whole
        assert legible

    assert [frame.body for frame in found] == bodies
    assert not buffer


@pytest.mark.parametrize(
    "length", [pytest.param(0, id="zero"), pytest.param(15, id="short"), pytest.param(1 << 31, id="huge")]
)
def test_a_length_that_cannot_be_ends_reading_but_keeps_what_came_before(length: int):
    """Behind a wrong length nothing can be found again."""
    buffer = bytearray(pdu.pack(pdu.ENQUIRE_LINK, sequence=7) + pdu.HEADER.pack(length, 4, 0, 1))
    found, legible = pdu.split(buffer)

    assert [frame.sequence for frame in found] == [7]
    assert not legible


def test_a_tlv_that_runs_past_the_end_is_left_out():
    """A bad TLV ended the library's client for good."""
    whole = tlv(0x1E, b"abc\0")

    assert pdu.read_tlvs(whole + b"\x04\x27\x00\x09\x01", 0) == {0x1E: b"abc\0"}
    assert pdu.read_tlvs(whole + b"\x04\x27", 0) == {0x1E: b"abc\0"}


def test_the_first_of_two_equal_tlvs_counts():
    """Some SMSCs repeat one."""

    assert pdu.read_tlvs(tlv(0x1400, b"a") + tlv(0x1400, b"b"), 0) == {0x1400: b"a"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"\2", 2, id="as specified"),
        pytest.param(b"\0\0\2", 2, id="three octets"),
        pytest.param(b"", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_a_number_is_read_in_any_length(value: bytes | None, expected: int | None):
    """message_state of three octets was a KeyError in the library."""

    assert pdu.tlv_number(value) == expected


def test_a_bind_carries_a_password_of_any_length():
    """SMPP 3.4 says 8 octets; operators issue more."""
    packed = pdu.pack_bind(
        pdu.BIND_TRANSCEIVER, sequence=1, system_id="an-account-of-20-chr", password="p" * 30, system_type="VMA"
    )

    assert packed[16:].split(b"\0")[:3] == [b"an-account-of-20-chr", b"p" * 30, b"VMA"]
    assert len(packed) == int.from_bytes(packed[:4], "big")
