"""A text to what a route carries: alphabet, packing, parts, and the reference that ties the parts together."""

from typing import Final, NamedTuple

from domain.rules.gsm import DATA_CODING_UCS2, Alphabet, encode_parts, pack_septets
from domain.rules.route import Route, Segments
from sender.smpp.messages import Outgoing

_REMEMBERED: Final = 32_768  # destinations; about 6 MB
_SPELT: Final = (Alphabet.GSM7, Alphabet.SPANISH, Alphabet.STRICT)  # one septet an octet, ours to pack


class EncodedText(NamedTuple):
    """
    User data of each part, without its header, its data_coding, the national table that the header names, and how many
    segments the SMSC will make of the only part; 0: it leaves the parts as they are.
    """

    parts: tuple[bytes, ...]
    data_coding: int
    shift: int = 0
    cut: int = 0


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
        self._wide = route.carriage.wide
        self._references = references
        self._last_text = ""
        self._last = self._encode("")

    def outgoing(
        self, text: str, *, message_id: int, msisdn: int, sender_id: str, valid_until: float = 0.0
    ) -> Outgoing:
        """A message ready for ``Link.submit``. ``msisdn``: E.164 digits. ``valid_until``: as in ``Outgoing``."""
        parts, data_coding, shift, cut = self.encode(text)
        reference = self._references.give(msisdn, message_id) if len(parts) > 1 else 0
        return Outgoing(message_id, msisdn, sender_id, parts, data_coding, reference, (), shift, valid_until, cut)

    def encode(self, text: str) -> EncodedText:
        """The parts of a text."""
        if text != self._last_text:
            self._last_text, self._last = text, self._encode(text)
        return self._last

    def _encode(self, text: str) -> EncodedText:
        route = self._route
        encoded = encode_parts(text, alphabet=route.alphabet, wide=self._wide)
        parts = encoded.parts or (b"",)
        cut = 0
        if len(parts) > 1 and route.segments is Segments.PAYLOAD:
            parts, cut = (b"".join(parts),), len(parts)
        if encoded.data_coding == DATA_CODING_UCS2:
            return EncodedText(parts, DATA_CODING_UCS2, cut=cut)
        if route.packed and route.alphabet in _SPELT:
            header = header_octets(len(parts), route.segments, shift=encoded.shift)
            parts = tuple(pack_septets(part, fill_bits=-8 * header % 7) for part in parts)
        data_coding = encoded.data_coding if route.data_coding is None else route.data_coding
        return EncodedText(parts, data_coding, encoded.shift, cut)


def header_octets(parts: int, kind: Segments, *, shift: int) -> int:
    """Octets of the user data header, its own length octet among them; 0: there is none."""
    concatenation = {Segments.UDH: 5, Segments.UDH16: 6}.get(kind, 0) if parts > 1 else 0
    elements = concatenation + (3 if shift else 0)
    return elements + 1 if elements else 0
