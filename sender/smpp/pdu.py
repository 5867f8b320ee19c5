"""
SMPP 3.4 on the wire: headers, C-strings, optional parameters, and the PDUs other than submit_sm. Reading never raises:
what is missing is empty, what is malformed is left out.
"""

from struct import Struct
from typing import Final, NamedTuple

HEADER: Final = Struct("!IIII")
HEADER_SIZE: Final = 16
MAX_PDU: Final = 1 << 17  # a message_payload has up to 64 KiB; beyond this the stream is not SMPP
RESPONSE: Final = 0x80000000

GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x00000001
BIND_TRANSMITTER: Final = 0x00000002
SUBMIT_SM: Final = 0x00000004
SUBMIT_SM_RESP: Final = 0x80000004
DELIVER_SM: Final = 0x00000005
UNBIND: Final = 0x00000006
UNBIND_RESP: Final = 0x80000006
BIND_TRANSCEIVER: Final = 0x00000009
ALERT_NOTIFICATION: Final = 0x00000102
DATA_SM: Final = 0x00000103
ENQUIRE_LINK: Final = 0x00000015
ENQUIRE_LINK_RESP: Final = 0x80000015

BIND_RESPONSES: Final = frozenset(
    {BIND_RECEIVER | RESPONSE, BIND_TRANSMITTER | RESPONSE, BIND_TRANSCEIVER | RESPONSE},
)

TLV_RECEIPTED_MESSAGE_ID: Final = 0x001E
TLV_USER_MESSAGE_REFERENCE: Final = 0x0204
TLV_SAR_MSG_REF_NUM: Final = 0x020C
TLV_SAR_TOTAL_SEGMENTS: Final = 0x020E
TLV_SAR_SEGMENT_SEQNUM: Final = 0x020F
TLV_NETWORK_ERROR_CODE: Final = 0x0423
TLV_MESSAGE_PAYLOAD: Final = 0x0424
TLV_MESSAGE_STATE: Final = 0x0427

_TLV_HEADER: Final = Struct("!HH")
_INTERFACE_VERSION: Final = 0x34


def pack(command: int, *, sequence: int, status: int = 0, body: bytes = b"") -> bytes:
    """A whole PDU."""
    return HEADER.pack(HEADER_SIZE + len(body), command, status, sequence) + body


def pack_bind(
    command: int, *, sequence: int, system_id: str, password: str, system_type: str, address_range: str = ""
) -> bytes:
    """
    A bind request. The lengths of SMPP 3.4 §4.1 (password: 8) are not enforced: many operators issue longer ones.

    Raises:
        UnicodeEncodeError: A letter is not Latin-1.
    """
    strings = b"".join(text.encode("latin-1") + b"\0" for text in (system_id, password, system_type))
    body = strings + bytes((_INTERFACE_VERSION, 0, 0)) + address_range.encode("latin-1") + b"\0"
    return pack(command, sequence=sequence, body=body)


def pack_tlv(tag: int, value: bytes) -> bytes:
    """An optional parameter. Source: SMPP 3.4 §3.2.4.1."""
    return _TLV_HEADER.pack(tag, len(value)) + value


class Frame(NamedTuple):
    """One PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes


def split(buffer: bytearray) -> tuple[list[Frame], bool]:
    """
    Take the whole PDUs off the front of ``buffer``; what is not whole yet stays in it.

    Returns:
        The PDUs in order, and whether the stream can be read on: False after a length that cannot be.
    """
    data = bytes(buffer)
    end = len(data)
    offset = 0
    legible = True
    found: list[Frame] = []
    while end - offset >= HEADER_SIZE:
        length, command, status, sequence = HEADER.unpack_from(data, offset)
        if not HEADER_SIZE <= length <= MAX_PDU:
            legible = False
            break
        if end - offset < length:
            break
        found.append(Frame(command, status, sequence, data[offset + HEADER_SIZE : offset + length]))
        offset += length
    del buffer[:offset]
    return found, legible


def read_tlvs(body: bytes, offset: int) -> dict[int, bytes]:
    """The optional parameters from ``offset`` on; one that runs past the end is left out, the first of a tag wins."""
    found: dict[int, bytes] = {}
    last = len(body) - _TLV_HEADER.size
    while offset <= last:
        tag, length = _TLV_HEADER.unpack_from(body, offset)
        offset += _TLV_HEADER.size
        if offset + length > len(body):
            break
        found.setdefault(tag, body[offset : offset + length])
        offset += length
    return found


def tlv_text(value: bytes | None) -> str | None:
    """A C-octet string of an optional parameter; some SMSCs leave out its NUL. None: absent or empty."""
    if value is None:
        return None
    return value.split(b"\0", 1)[0].decode("latin-1").strip() or None


def tlv_number(value: bytes | None) -> int | None:
    """A number of an optional parameter, in whatever length it was sent. None: absent or empty."""
    return int.from_bytes(value, "big") if value else None
