"""A text to what a route carries: alphabet, packing, parts, and the reference that ties the parts together."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.rules.gsm import DATA_CODING_UCS2, Alphabet, encode_parts, pack_septets
from domain.rules.route import Route, Segments
from sender.smpp.messages import Outgoing

_REMEMBERED: Final = 32_768  # destinations; about 6 MB
_ESCAPE: Final = 0x1B
_SPELT: Final = (Alphabet.GSM7, Alphabet.SPANISH, Alphabet.STRICT)  # one septet an octet, ours to pack
_TWO_SEPTETS: Final = frozenset(b"^{}\\[~]|\f")

# A 16-bit reference makes the header one octet longer: 7 of 140. Source: 3GPP TS 23.040 §9.2.3.24.8.
_GSM_PART_16: Final = 152
_SHIFT_PART_16: Final = 148
_UCS2_PART_16_OCTETS: Final = 132


class EncodedText(NamedTuple):
    """User data of each part, without its header, its data_coding, and the national table that the header names."""

    parts: tuple[bytes, ...]
    data_coding: int
    shift: int = 0


class References:
    """
    Concatenation references: different for each message of several parts to the same number, the same when a message
    goes again, for as long as the number is remembered. One for the process, whatever the routes.
    """

    def __init__(self) -> None:
        self._last: dict[int, tuple[int, int]] = {}

    def give(self, msisdn: int, message_id: int) -> int:
        """The reference, 0..65535; with 8 bits its low octet is used, which repeats after 256 messages to a number."""
        last = self._last.pop(msisdn, None)
        if last is None:
            # A process that begins does not begin at the same reference for everybody: mix the id (Knuth, 6.4).
            reference = (message_id * 2_654_435_761 >> 8) & 0xFFFF
            if len(self._last) >= _REMEMBERED:
                del self._last[next(iter(self._last))]
        elif last[0] == message_id:
            reference = last[1]
        else:
            reference = (last[1] + 1) & 0xFFFF
        self._last[msisdn] = (message_id, reference)
        return reference


class Encoder:
    """Encodes for one route. A text that comes again at once, as a campaign without tokens has it, is encoded once."""

    def __init__(self, route: Route, *, references: References) -> None:
        self._route = route
        self._references = references
        self._last_text = ""
        self._last = self._encode("")

    def outgoing(
        self, text: str, *, message_id: int, msisdn: int, sender_id: str, valid_until: float = 0.0
    ) -> Outgoing:
        """A message ready for ``Link.submit``. ``msisdn``: E.164 digits. ``valid_until``: as in ``Outgoing``."""
        parts, data_coding, shift = self.encode(text)
        reference = self._references.give(msisdn, message_id) if len(parts) > 1 else 0
        return Outgoing(
            message_id, msisdn, sender_id, parts, data_coding, reference, shift=shift, valid_until=valid_until
        )

    def encode(self, text: str) -> EncodedText:
        """The parts of a text."""
        if text != self._last_text:
            self._last_text, self._last = text, self._encode(text)
        return self._last

    def _encode(self, text: str) -> EncodedText:
        route = self._route
        encoded = encode_parts(text, alphabet=route.alphabet)
        parts = encoded.parts or (b"",)
        ucs2 = encoded.data_coding == DATA_CODING_UCS2
        if len(parts) > 1:
            parts = self._parted(parts, ucs2=ucs2, shift=encoded.shift)
        if ucs2:
            return EncodedText(parts, DATA_CODING_UCS2)
        if route.packed and route.alphabet in _SPELT:
            header = header_octets(len(parts), route.segments, shift=encoded.shift)
            parts = tuple(pack_septets(part, fill_bits=-8 * header % 7) for part in parts)
        data_coding = encoded.data_coding if route.data_coding is None else route.data_coding
        return EncodedText(parts, data_coding, encoded.shift)

    def _parted(self, parts: tuple[bytes, ...], *, ucs2: bool, shift: int) -> tuple[bytes, ...]:
        """As the route's kind of concatenation wants it."""
        route = self._route
        if route.segments is Segments.PAYLOAD:
            return (b"".join(parts),)
        if route.segments is Segments.UDH16:
            if ucs2:
                return tuple(_cut_ucs2(b"".join(parts)))
            per_part = _SHIFT_PART_16 if shift else _GSM_PART_16
            return tuple(_cut_septets(b"".join(parts), route.alphabet, per_part=per_part))
        return parts


def header_octets(parts: int, kind: Segments, *, shift: int) -> int:
    """Octets of the user data header, its own length octet among them; 0: there is none."""
    concatenation = {Segments.UDH: 5, Segments.UDH16: 6}.get(kind, 0) if parts > 1 else 0
    elements = concatenation + (3 if shift else 0)
    return elements + 1 if elements else 0


def _cut_septets(octets: bytes, alphabet: Alphabet, *, per_part: int) -> Iterator[bytes]:
    """Parts of so many septets, an extension pair whole; in Latin-1 and ASCII such a character is one octet."""
    spelt = alphabet in _SPELT
    start = septets = 0
    for position, octet in enumerate(octets):
        cost = 2 if (octet == _ESCAPE if spelt else octet in _TWO_SEPTETS) else 1
        if septets + cost > per_part:
            yield octets[start:position]
            start, septets = position, 0
        # The escape and what follows it are counted one each; the escape only looks ahead for its pair's room.
        septets += 1 if spelt else cost
    yield octets[start:]


def _cut_ucs2(octets: bytes) -> Iterator[bytes]:
    """Parts of at most 66 units, a surrogate pair whole."""
    start = 0
    while start < len(octets):
        end = start + _UCS2_PART_16_OCTETS
        if end < len(octets) and 0xDC <= octets[end] <= 0xDF:
            end -= 2
        yield octets[start:end]
        start = end
