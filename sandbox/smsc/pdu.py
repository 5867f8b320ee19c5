"""SMPP 3.4 on the wire: command ids, statuses, PDUs packed and unpacked by hand. No sockets, no behaviour."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

HEADER: Final = struct.Struct("!IIII")
HEADER_OCTETS: Final = 16
# A message_payload may hold 64 KiB (§5.3.2.32); anything beyond that plus mandatory fields is not a PDU but noise.
MAX_PDU_OCTETS: Final = 70_000
MAX_SEQUENCE: Final = 0x7FFFFFFF
INTERFACE_VERSION: Final = 0x34

# §5.1.2.1 command ids
GENERIC_NACK: Final = 0x80000000
BIND_RECEIVER: Final = 0x01
BIND_TRANSMITTER: Final = 0x02
SUBMIT_SM: Final = 0x04
DELIVER_SM: Final = 0x05
UNBIND: Final = 0x06
BIND_TRANSCEIVER: Final = 0x09
ENQUIRE_LINK: Final = 0x15
RESPONSE: Final = 0x80000000
SUBMIT_SM_RESP: Final = 0x80000004
DELIVER_SM_RESP: Final = 0x80000005

# §5.1.3 command statuses
ESME_ROK: Final = 0x00
ESME_RINVMSGLEN: Final = 0x01
ESME_RINVCMDLEN: Final = 0x02
ESME_RINVCMDID: Final = 0x03
ESME_RINVBNDSTS: Final = 0x04
ESME_RALYBND: Final = 0x05
ESME_RINVSRCADR: Final = 0x0A
ESME_RINVDSTADR: Final = 0x0B
ESME_RBINDFAIL: Final = 0x0D
ESME_RINVPASWD: Final = 0x0E
ESME_RMSGQFUL: Final = 0x14
ESME_RTHROTTLED: Final = 0x58
ESME_RX_T_APPN: Final = 0x64
ESME_RINVOPTPARSTREAM: Final = 0xC0

# §5.3.2 optional parameters
TLV_RECEIPTED_MESSAGE_ID: Final = 0x001E
TLV_SAR_MSG_REF_NUM: Final = 0x020C
TLV_SAR_TOTAL_SEGMENTS: Final = 0x020E
TLV_SAR_SEGMENT_SEQNUM: Final = 0x020F
TLV_SC_INTERFACE_VERSION: Final = 0x0210
TLV_NETWORK_ERROR_CODE: Final = 0x0423
TLV_MESSAGE_PAYLOAD: Final = 0x0424
TLV_MESSAGE_STATE: Final = 0x0427

ESM_UDHI: Final = 0x40
TON_ALPHANUMERIC: Final = 5


class BodyError(ValueError):
    """A body that cannot be read; ``status`` is the command_status to refuse it with."""

    def __init__(self, status: int) -> None:
        super().__init__(f"command_status {status:#x}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Bind:
    """The fields of a bind request that matter here (SMPP 3.4 §4.1.1)."""

    system_id: str
    password: str
    interface_version: int


@dataclass(frozen=True, slots=True)
class Submit:
    """
    A submit_sm body in full (SMPP 3.4 §4.4.1).

    ``short_message`` are the octets as sent, user data header included; ``tlvs`` are (tag, value) in wire order.
    """

    source_ton: int
    source: str
    destination: str
    esm_class: int
    validity_period: str
    registered_delivery: int
    data_coding: int
    short_message: bytes
    tlvs: tuple[tuple[int, bytes], ...]

    @property
    def user_data(self) -> bytes:
        """The octets of the message: message_payload where it is used, short_message otherwise."""
        return tlv(self.tlvs, TLV_MESSAGE_PAYLOAD) or self.short_message


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """Pack one PDU (SMPP 3.4 §3.2)."""
    return HEADER.pack(HEADER_OCTETS + len(body), command, status, sequence) + body


def pack_tlv(tag: int, value: bytes) -> bytes:
    """Pack one optional parameter (SMPP 3.4 §5.3)."""
    return struct.pack("!HH", tag, len(value)) + value


def tlv(tlvs: Iterable[tuple[int, bytes]], tag: int) -> bytes | None:
    """The first value under ``tag``, or None."""
    return next((value for key, value in tlvs if key == tag), None)


def parse_tlvs(octets: bytes, offset: int = 0) -> tuple[tuple[int, bytes], ...]:
    """
    Read optional parameters from ``offset`` to the end.

    Raises:
        BodyError: A length runs past the end, or octets are left over (ESME_RINVOPTPARSTREAM).
    """
    found: list[tuple[int, bytes]] = []
    end = len(octets)
    while offset < end:
        if offset + 4 > end:
            raise BodyError(ESME_RINVOPTPARSTREAM)
        tag, length = struct.unpack_from("!HH", octets, offset)
        offset += 4
        if offset + length > end:
            raise BodyError(ESME_RINVOPTPARSTREAM)
        found.append((tag, octets[offset : offset + length]))
        offset += length
    return tuple(found)


def parse_bind(body: bytes) -> Bind:
    """
    Read a bind body of any of the three modes.

    Raises:
        BodyError: A field is missing (ESME_RBINDFAIL).
    """
    fields = body.split(b"\0", 3)
    if len(fields) < 4 or not fields[3]:
        raise BodyError(ESME_RBINDFAIL)
    return Bind(fields[0].decode("latin-1"), fields[1].decode("latin-1"), fields[3][0])


def locate(body: bytes) -> tuple[int, int, int, int]:
    """
    Find the variable fields of a submit_sm without making objects of them: the intake calls this for every message.

    Returns:
        Where source_addr_ton stands, where destination_addr begins and ends, where the NUL of validity_period stands
        (registered_delivery is the next octet).

    Raises:
        BodyError: The fields do not fit the body, an address breaks its limit, or the TLVs are broken.
    """
    try:
        source = body.index(0) + 1
        source_end = body.index(0, source + 2)
        destination = source_end + 3
        end = body.index(0, destination)
        flags = end + 5
        if body[end + 4] or body[flags]:
            flags = body.index(0, body.index(0, end + 4) + 1)
        after = flags + 6 + body[flags + 5]
    except (ValueError, IndexError):
        raise BodyError(ESME_RINVMSGLEN) from None
    if after != len(body):
        if after > len(body):
            raise BodyError(ESME_RINVMSGLEN)
        parse_tlvs(body, after)
    # An address takes 21 octets with its NUL (§5.2.8); an alphanumeric one 11 characters (3GPP TS 23.040 §9.1.2.5).
    if source_end - source > 22 or (body[source] == TON_ALPHANUMERIC and source_end - source > 13):
        raise BodyError(ESME_RINVSRCADR)
    return source, destination, end, flags


def parse_submit(body: bytes) -> Submit:
    """
    Read a whole submit_sm.

    Raises:
        BodyError: As ``locate``.
    """
    source, destination, end, flags = locate(body)
    start = flags + 6
    after = start + body[flags + 5]
    return Submit(
        source_ton=body[source],
        source=body[source + 2 : destination - 3].decode("latin-1"),
        destination=body[destination:end].decode("latin-1"),
        esm_class=body[end + 1],
        validity_period=body[body.index(0, end + 4) + 1 : flags].decode("latin-1"),
        registered_delivery=body[flags + 1],
        data_coding=body[flags + 3],
        short_message=body[start:after],
        tlvs=parse_tlvs(body, after),
    )


def deliver_body(
    addresses: bytes, *, esm_class: int, data_coding: int, short_message: bytes, tlvs: bytes = b""
) -> bytes:
    """
    Pack a deliver_sm body (SMPP 3.4 §4.6.1).

    Args:
        addresses: source ton, npi, address, NUL, then the same of the destination: they go back as they came.
        short_message: At most 254 octets.
    """
    return b"".join(
        (
            b"\0",
            addresses,
            bytes((esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, len(short_message))),
            short_message,
            tlvs,
        )
    )
