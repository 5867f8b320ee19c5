"""deliver_sm, data_sm and ids of responses, as operators really send them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.message_state import MessageEvent
from sender.smpp import pdu
from sender.smpp.inbound import read_incoming, read_message_id
from sender.smpp.messages import AckHandle, Concatenation, Incoming
from tests.sender.smpp.wire import deliver, make_route, tlv

ROUTE = make_route(2775)
RECEIPT = b"id:77 sub:001 dlvrd:001 submit date:2601010101 done date:2601010102 stat:DELIVRD err:000 text:hola"


def read(octets: bytes) -> Incoming:
    """The one PDU in ``octets``."""
    (frame,), _ = pdu.split(bytearray(octets))
    incoming = read_incoming(frame, handle=AckHandle(None, frame.command, frame.sequence), route=ROUTE)
    assert incoming is not None
    return incoming


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"abc\0", "abc", id="as specified"),
        pytest.param(b"abc\0" + tlv(0x0425, b"\0"), "abc", id="with parameters behind it"),
        pytest.param(b"abc", "abc", id="no NUL"),
        pytest.param(b"\0", None, id="empty"),
        pytest.param(b"", None, id="no body"),
        pytest.param(b"\0" + tlv(0x001E, b"abc\0"), "abc", id="only as a parameter"),
        pytest.param(b"0190f5b4-7d1e-7c3a-9d8e-0f1e2d3c4b5a\0", "0190f5b4-7d1e-7c3a-9d8e-0f1e2d3c4b5a", id="UUID"),
        pytest.param(b"9" * 64 + b"\0", "9" * 64, id="64 digits"),
    ],
)
def test_the_id_of_a_response_is_found(body: bytes, expected: str | None):
    """The library took the parameters for a part of the id."""

    assert read_message_id(body) == expected


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(deliver(RECEIPT), id="by its kind"),
        pytest.param(deliver(RECEIPT, esm_class=0x20), id="intermediate notification"),
        pytest.param(deliver(RECEIPT, data_coding=8), id="ASCII under UCS-2"),
        pytest.param(deliver(RECEIPT.decode().encode("utf-16-be"), data_coding=8), id="really UCS-2"),
        pytest.param(deliver(b"", tlvs=tlv(0x0424, RECEIPT)), id="in message_payload"),
        pytest.param(deliver(b"", tlvs=tlv(0x001E, b"77\0") + tlv(0x0427, b"\2")), id="only parameters"),
        pytest.param(deliver(b"", esm_class=0, tlvs=tlv(0x001E, b"77") + tlv(0x0427, b"\2")), id="parameters, class 0"),
        pytest.param(deliver(b"id:9 stat:UNDELIV", tlvs=tlv(0x001E, b"77\0") + tlv(0x0427, b"\0\0\2")), id="TLV wins"),
        pytest.param(deliver(RECEIPT, tlvs=tlv(0x1400, b"x") + b"\x04\x27"), id="a vendor's parameter, a cut one"),
        pytest.param(deliver(RECEIPT.replace(b"err:000", b"err:0B3")), id="letters in err"),
        pytest.param(deliver(RECEIPT.replace(b"err:000", b"err:")), id="empty err"),
        pytest.param(deliver(RECEIPT.replace(b"2601010102", b"260101010206")), id="date with seconds"),
        pytest.param(deliver(RECEIPT.replace(b"2601010102", b"0000000000")), id="date of zeros"),
        pytest.param(deliver(b"id:77 stat:DELIVRD"), id="hardly anything"),
        pytest.param(deliver(RECEIPT, tlvs=tlv(0x0423, b"\x03\x00\x8b")), id="network_error_code above 0x7F"),
    ],
)
def test_a_receipt_in_any_dress_is_read(octets: bytes):
    """Each of these ended the library's link, or was taken for an SMS."""
    incoming = read(octets)

    assert incoming.is_receipt
    assert incoming.receipt is not None
    assert (incoming.receipt.smsc_message_id, incoming.receipt.event) == ("77", MessageEvent.RECEIPT_DELIVERED)
    assert (incoming.source, incoming.destination) == ("51987763010", "PREGON")


def test_a_person_cannot_write_a_receipt():
    """The text alone does not make one."""
    incoming = read(deliver(RECEIPT, esm_class=0))

    assert not incoming.is_receipt
    assert incoming.receipt is None


def test_a_receipt_that_says_nothing_is_still_a_receipt():
    """It is acknowledged and counted, never shown as an SMS."""
    incoming = read(deliver(b"???"))

    assert incoming.is_receipt
    assert incoming.receipt is None


@pytest.mark.parametrize(
    ("octets", "text", "concatenation"),
    [
        pytest.param(deliver(b"BAJA", esm_class=0), "BAJA", None, id="plain"),
        pytest.param(deliver(b"", esm_class=0), "", None, id="empty"),
        pytest.param(
            deliver(b"\5\0\3\7\2\1hola", esm_class=0x40), "hola", Concatenation(7, 1, 2), id="8-bit reference"
        ),
        pytest.param(
            deliver(b"\6\x08\4\x12\x34\2\2hola", esm_class=0x40), "hola", Concatenation(0x1234, 2, 2), id="16 bits"
        ),
        pytest.param(
            deliver(b"\x08\x24\1\2\0\3\7\2\1hola", esm_class=0x40),
            "hola",
            Concatenation(7, 1, 2),
            id="behind another element",
        ),
        pytest.param(deliver(b"\5\0\3\7\0\0hola", esm_class=0x40), "hola", None, id="parts that cannot be"),
        pytest.param(deliver(b"\xffhola", esm_class=0x40), "ÿhola", None, id="a header longer than the text"),
        pytest.param(
            deliver(b"hola", esm_class=0, tlvs=tlv(0x020C, b"\0\7") + tlv(0x020E, b"\2") + tlv(0x020F, b"\1")),
            "hola",
            Concatenation(7, 1, 2),
            id="SAR",
        ),
        pytest.param(
            deliver(b"\5\0\3\7\2\1" + "sí".encode("utf-16-be"), esm_class=0x40, data_coding=8),
            "sí",
            Concatenation(7, 1, 2),
            id="UCS-2 behind a header",
        ),
    ],
)
def test_an_incoming_sms_is_read(octets: bytes, text: str, concatenation: Concatenation | None):
    """With its header taken off, and where it belongs."""
    incoming = read(octets)

    assert not incoming.is_receipt
    assert (incoming.text, incoming.concatenation) == (text, concatenation)


def test_a_data_sm_is_a_receipt_too():
    """Some SMSCs send receipts that way."""
    body = b"\0\1\x0151987763010\0\5\0PREGON\0" + bytes((4, 0, 0)) + tlv(0x001E, b"77\0") + tlv(0x0427, b"\2")
    incoming = read(pdu.pack(pdu.DATA_SM, sequence=1, body=body))

    assert incoming.receipt is not None
    assert incoming.receipt.smsc_message_id == "77"


def test_a_plus_before_a_number_is_taken_off():
    """One form of a number inside."""

    assert read(deliver(RECEIPT, source=b"+51987763010")).source == "51987763010"


@given(st.sampled_from([pdu.DELIVER_SM, pdu.DATA_SM]), st.binary(max_size=120))
def test_no_body_raises(command: int, body: bytes):
    """Anything may come; what has not even the mandatory fields is None."""
    read_incoming(pdu.Frame(command, 0, 1, body), handle=AckHandle(None, command, 1), route=ROUTE)


@given(st.binary(max_size=60))
def test_no_message_behind_whole_fields_raises(text: bytes):
    """Any esm_class, data_coding and text."""
    for esm_class in range(0, 256, 4):
        (frame,), _ = pdu.split(bytearray(deliver(text, esm_class=esm_class, data_coding=esm_class ^ 0xF0)))

        assert read_incoming(frame, handle=AckHandle(None, 5, 1), route=ROUTE) is not None
