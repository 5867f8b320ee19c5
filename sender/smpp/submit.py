"""submit_sm bodies: addresses, flags, concatenation. What does not change between messages is built once."""

import time
from struct import pack
from typing import Final

from domain.rules.gsm import DATA_CODING_UCS2, GSM_SINGLE
from domain.rules.orphan import message_reference
from domain.rules.route import Route, Segments
from sender.smpp import pdu, statuses
from sender.smpp.messages import Outgoing

MAX_SHORT_MESSAGE: Final = 254  # octets; SMPP 3.4 §5.2.22
MAX_ALPHANUMERIC: Final = 11  # 3GPP TS 23.040 §9.1.2.5: eleven septets fit an address
MAX_NUMBER: Final = 20  # digits; SMPP 3.4 §4.4.1
SHORT_CODE: Final = 8  # digits; a longer number is international

_ESM_UDHI: Final = 0x40
_TON_INTERNATIONAL: Final = 1
_TON_NETWORK: Final = 3
_TON_ALPHANUMERIC: Final = 5
_NPI_ISDN: Final = 1
_CACHED_SENDERS: Final = 1_000
_VALIDITY_STEP_S: Final = 10  # and the least: SMSCs refuse nought


class Unsendable(Exception):
    """This message cannot be put into a PDU. ``status``: what an SMSC would answer."""

    def __init__(self, reason: str, *, status: int) -> None:
        super().__init__(reason)
        self.status = status


def relative_time(seconds: int) -> bytes:
    """A validity_period from now on. Source: SMPP 3.4 §7.1.1.2; relative, so that nobody's time zone matters."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    return b"0000%02d%02d%02d%02d000R" % (min(days, 99), hours, minutes, secs)


class SubmitBody:
    """Builds the bodies of a route's messages."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._prefixes: dict[str, bytes] = {}
        self._middles: dict[tuple[int, int], bytes] = {}
        self._validity_s = route.validity_s

    def build(self, message: Outgoing) -> list[tuple[int, bytes]]:
        """
        The bodies of a message, by number of part from 1, in order.

        Raises:
            Unsendable: The sender ID or a part is longer than the wire carries, or has letters that it does not.
        """
        if self._route.validity_until_close:
            self._keep_validity(message.valid_until)
        prefix = self._prefixes.get(message.sender_id) or self._prefix(message.sender_id)
        address = prefix + b"%d" % message.msisdn
        parts = message.parts
        after = b""
        if self._route.message_reference:
            after = pdu.pack_tlv(pdu.TLV_USER_MESSAGE_REFERENCE, pack("!H", message_reference(message.message_id)))
        if len(parts) == 1:
            return [(1, address + self._whole(parts[0], message.data_coding, shift=message.shift) + after)]
        numbers = message.only or range(1, len(parts) + 1)
        return [(number, address + self._part(message, number) + after) for number in numbers]

    def _keep_validity(self, until: float) -> None:
        """In steps, so that the middles are built seldom; not past the hour, unless that is nearer than a step."""
        seconds = self._route.validity_s
        if until:
            left_s = max(_VALIDITY_STEP_S, int(until - time.time()) // _VALIDITY_STEP_S * _VALIDITY_STEP_S)
            seconds = min(left_s, seconds or left_s)
        if seconds != self._validity_s:
            self._validity_s = seconds
            self._middles.clear()

    def _whole(self, text: bytes, data_coding: int, *, shift: int) -> bytes:
        if shift:
            return self._with_header(_shift_element(shift), text, data_coding)
        middle = self._middles.get((0, data_coding)) or self._middle(0, data_coding)
        length = len(text)
        if self._route.segments is Segments.PAYLOAD and length > _single(data_coding, packed=self._route.packed):
            return middle + b"\0" + pdu.pack_tlv(pdu.TLV_MESSAGE_PAYLOAD, text)
        if length > MAX_SHORT_MESSAGE:
            raise Unsendable(f"part of {length} octets", status=statuses.RINVMSGLEN)
        return middle + bytes((length,)) + text

    def _part(self, message: Outgoing, number: int) -> bytes:
        total = len(message.parts)
        text = message.parts[number - 1]
        if self._route.segments is Segments.SAR:
            middle = self._middles.get((0, message.data_coding)) or self._middle(0, message.data_coding)
            if len(text) > MAX_SHORT_MESSAGE:
                raise Unsendable(f"part of {len(text)} octets", status=statuses.RINVMSGLEN)
            return (
                middle
                + bytes((len(text),))
                + text
                + pdu.pack_tlv(pdu.TLV_SAR_MSG_REF_NUM, pack("!H", message.reference & 0xFFFF))
                + pdu.pack_tlv(pdu.TLV_SAR_TOTAL_SEGMENTS, bytes((total,)))
                + pdu.pack_tlv(pdu.TLV_SAR_SEGMENT_SEQNUM, bytes((number,)))
            )
        if self._route.segments is Segments.UDH16:
            elements = b"\x08\x04" + pack("!HBB", message.reference & 0xFFFF, total, number)
        else:
            elements = bytes((0, 3, message.reference & 0xFF, total, number))
        if message.shift:
            elements += _shift_element(message.shift)
        return self._with_header(elements, text, message.data_coding)

    def _with_header(self, elements: bytes, text: bytes, data_coding: int) -> bytes:
        """``elements``: of a user data header. Source: 3GPP TS 23.040 §9.2.3.24."""
        length = 1 + len(elements) + len(text)
        if length > MAX_SHORT_MESSAGE:
            raise Unsendable(f"part of {length} octets", status=statuses.RINVMSGLEN)
        middle = self._middles.get((_ESM_UDHI, data_coding)) or self._middle(_ESM_UDHI, data_coding)
        return middle + bytes((length, len(elements))) + elements + text

    def _prefix(self, sender_id: str) -> bytes:
        """Up to the destination's digits."""
        if len(self._prefixes) >= _CACHED_SENDERS:
            self._prefixes.clear()
        route = self._route
        digits, ton, npi = source_address(sender_id, route)
        prefix = b"".join((
            route.service_type.encode("latin-1"), b"\0",
            bytes((ton, npi)), digits, b"\0",
            bytes((
                _TON_INTERNATIONAL if route.dest_ton is None else route.dest_ton,
                _NPI_ISDN if route.dest_npi is None else route.dest_npi,
            )),
        ))  # fmt: skip
        self._prefixes[sender_id] = prefix
        return prefix

    def _middle(self, esm_class: int, data_coding: int) -> bytes:
        """From behind the destination's digits up to sm_length."""
        validity = relative_time(self._validity_s) if self._validity_s else b""
        middle = (
            b"\0"
            + bytes((esm_class, 0, 0))  # protocol_id, priority_flag
            + b"\0"  # schedule_delivery_time: ours, never theirs
            + validity
            + b"\0"
            + bytes((self._route.registered_delivery, 0, data_coding, 0))  # replace_if_present, sm_default_msg_id
        )
        self._middles[esm_class, data_coding] = middle
        return middle


def _shift_element(language: int) -> bytes:
    """Names the national table that the escape leads to. Source: 3GPP TS 23.040 §9.2.3.24.15."""
    return bytes((0x24, 1, language))


def _single(data_coding: int, *, packed: bool) -> int:
    """Octets of user data that are one segment."""
    return 140 if packed or data_coding == DATA_CODING_UCS2 else GSM_SINGLE


def source_address(sender_id: str, route: Route) -> tuple[bytes, int, int]:
    """
    The octets, TON and NPI of a sender ID: letters are alphanumeric (5, 0), up to 8 digits a short code (3, 0), more
    digits an international number (1, 1), nothing leaves it to the SMSC (0, 0); a route may say otherwise.

    Raises:
        Unsendable: Too long, or with letters outside ASCII.

    Source: SMPP 3.4 §5.2.5, §5.2.6.
    """
    number = sender_id.strip().removeprefix("+")
    if not number.isascii() or "\0" in number:
        raise Unsendable("sender ID with letters outside ASCII", status=statuses.RINVSRCADR)
    if not number:
        ton, npi = 0, 0
    elif not number.isdigit():
        ton, npi = _TON_ALPHANUMERIC, 0
    elif len(number) <= SHORT_CODE:
        ton, npi = _TON_NETWORK, 0
    else:
        ton, npi = _TON_INTERNATIONAL, _NPI_ISDN
    if len(number) > (MAX_ALPHANUMERIC if ton == _TON_ALPHANUMERIC else MAX_NUMBER):
        raise Unsendable(f"sender ID of {len(number)} letters", status=statuses.RINVSRCADR)
    ton = ton if route.source_ton is None else route.source_ton
    npi = npi if route.source_npi is None else route.source_npi
    return number.encode("ascii"), ton, npi
