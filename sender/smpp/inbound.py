"""
What an SMSC sends us, read tolerantly: ids of responses, receipts, incoming SMS. Never raises over what is on the wire:
what cannot be read is left out.
"""

import re
from typing import Final, NamedTuple

from domain.rules.receipt import parse_receipt
from domain.rules.route import Route
from sender.smpp import pdu
from sender.smpp.messages import AckHandle, Concatenation, Incoming
from sender.smpp.text import decode_text

_ESM_TYPE: Final = 0x3C
_ESM_RECEIPT: Final = 0x04  # SMSC delivery receipt
_ESM_INTERMEDIATE: Final = 0x20
_ESM_UDHI: Final = 0x40
_IE_CONCATENATED_8: Final = 0x00
_IE_CONCATENATED_16: Final = 0x08

# The mandatory fields up to the text: source, destination, esm_class, data_coding, sm_length. One match of a compiled
# expression costs a third of reading them one by one. Source: SMPP 3.4 §4.6.1, §4.7.1.
_ADDRESSES: Final = rb"[^\0]*\0..([^\0]*)\0..([^\0]*)\0"
_DELIVER_SM: Final = re.compile(_ADDRESSES + rb"(.)..[^\0]*\0[^\0]*\0..(.).(.)", re.DOTALL)
_DATA_SM: Final = re.compile(_ADDRESSES + rb"(.).(.)()", re.DOTALL)


def read_message_id(body: bytes) -> str | None:
    """The id in a submit_sm_resp; some SMSCs leave out the NUL, add optional parameters, or have it only there."""
    end = body.find(b"\0")
    text = (body if end < 0 else body[:end]).decode("latin-1").strip()
    if text or end < 0:
        return text or None
    return pdu.tlv_text(pdu.read_tlvs(body, end + 1).get(pdu.TLV_RECEIPTED_MESSAGE_ID))


class _Delivered(NamedTuple):
    """The fields of a deliver_sm or data_sm that mean something to us."""

    source: str
    destination: str
    esm_class: int
    data_coding: int
    text: bytes
    tlvs: dict[int, bytes]


def read_incoming(frame: pdu.Frame, *, handle: AckHandle, route: Route) -> Incoming | None:
    """A receipt or an incoming SMS; None: the mandatory fields are not all there."""
    found = (_DATA_SM if frame.command == pdu.DATA_SM else _DELIVER_SM).match(frame.body)
    if found is None:
        return None
    delivered = _read(found, frame.body)
    source, destination, esm_class, data_coding, user_data, tlvs = delivered
    concatenation: Concatenation | None = None
    if esm_class & _ESM_UDHI or pdu.TLV_SAR_MSG_REF_NUM in tlvs:
        concatenation, user_data = _read_concatenation(delivered)
    if not _is_receipt(delivered):
        text = decode_text(user_data, data_coding, default=route.alphabet)
        return Incoming(source, destination, text, False, None, concatenation, data_coding, handle)
    text = _receipt_text(user_data)
    smsc_message_id = tlvs.get(pdu.TLV_RECEIPTED_MESSAGE_ID)
    state = tlvs.get(pdu.TLV_MESSAGE_STATE)
    receipt = parse_receipt(
        text,
        receipted_message_id=pdu.tlv_text(smsc_message_id) if smsc_message_id else None,
        message_state=int.from_bytes(state, "big") if state else None,
        network_error=tlvs.get(pdu.TLV_NETWORK_ERROR_CODE),
        dialect=route.dialect,
    )
    reference = pdu.tlv_number(tlvs.get(pdu.TLV_USER_MESSAGE_REFERENCE)) if tlvs else None
    return Incoming(source, destination, text, True, receipt, concatenation, data_coding, handle, reference)


def _read(found: re.Match[bytes], body: bytes) -> _Delivered:
    source, destination, esm_class, data_coding, length = found.groups()
    start = found.end()
    end = start + ord(length) if length else start
    text = body[start:end]
    tlvs = pdu.read_tlvs(body, end) if end < len(body) else {}
    return _Delivered(
        source.decode("latin-1").removeprefix("+"),
        destination.decode("latin-1").removeprefix("+"),
        ord(esm_class),
        ord(data_coding),
        text or tlvs.get(pdu.TLV_MESSAGE_PAYLOAD, b""),
        tlvs,
    )


def _is_receipt(delivered: _Delivered) -> bool:
    """
    By its kind, or by what only a receipt carries. Never by its text: a person could write us "id:1 stat:DELIVRD".

    Source: SMPP 3.4 §5.2.12; some SMSCs leave esm_class 0 and say it only by optional parameters.
    """
    if delivered.esm_class & _ESM_TYPE in (_ESM_RECEIPT, _ESM_INTERMEDIATE):
        return True
    return pdu.TLV_RECEIPTED_MESSAGE_ID in delivered.tlvs or pdu.TLV_MESSAGE_STATE in delivered.tlvs


def _receipt_text(text: bytes) -> str:
    """A receipt is ASCII whatever its data_coding says; only some are really UCS-2, and then every other octet is 0."""
    if text[:1] == b"\0" and len(text) >= 2 and not any(text[: len(text) & ~1 : 2]):
        return text.decode("utf-16-be", "replace")
    return text.decode("latin-1")


def _read_concatenation(delivered: _Delivered) -> tuple[Concatenation | None, bytes]:
    """Which part of what this is, from the user data header or the SAR parameters; and the text behind the header."""
    text, tlvs = delivered.text, delivered.tlvs
    if delivered.esm_class & _ESM_UDHI and text and len(text) > text[0]:
        header, text = text[1 : text[0] + 1], text[text[0] + 1 :]
        return _from_header(header), text
    reference = pdu.tlv_number(tlvs.get(pdu.TLV_SAR_MSG_REF_NUM))
    parts = pdu.tlv_number(tlvs.get(pdu.TLV_SAR_TOTAL_SEGMENTS))
    part = pdu.tlv_number(tlvs.get(pdu.TLV_SAR_SEGMENT_SEQNUM))
    if reference is None or not parts or not part:
        return None, text
    return _concatenation(reference, part, parts), text


def _from_header(header: bytes) -> Concatenation | None:
    """Source: 3GPP TS 23.040 §9.2.3.24."""
    offset = 0
    while offset + 2 <= len(header):
        element, length = header[offset], header[offset + 1]
        data = header[offset + 2 : offset + 2 + length]
        if element == _IE_CONCATENATED_8 and len(data) == 3:
            return _concatenation(data[0], data[2], data[1])
        if element == _IE_CONCATENATED_16 and len(data) == 4:
            return _concatenation(int.from_bytes(data[:2], "big"), data[3], data[2])
        offset += 2 + length
    return None


def _concatenation(reference: int, part: int, parts: int) -> Concatenation | None:
    return Concatenation(reference, part, parts) if 1 <= part <= parts and parts > 1 else None
