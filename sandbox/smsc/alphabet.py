"""Octets to text and back as a handset does it: GSM 03.38, UCS-2, and what joins the parts of a long SMS."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sandbox.smsc import pdu

# 3GPP TS 23.038 §6.2.1. 0x1B is the escape to the extension table: it never stands for itself.
_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# §6.2.1.1, and for Spanish §A.2.2 (national language single shift, identifier 2).
_EXTENSION: Final = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
_SPANISH: Final = _EXTENSION | {
    0x09: "ç", 0x41: "Á", 0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x61: "á", 0x69: "í", 0x6F: "ó", 0x75: "ú",
}  # fmt: skip
_ESCAPE: Final = 0x1B
_ENCODE: Final = {letter: bytes((code,)) for code, letter in enumerate(_BASIC) if code != _ESCAPE} | {
    letter: bytes((_ESCAPE, code)) for code, letter in _EXTENSION.items()
}

# 3GPP TS 23.040 §9.2.3.24: information elements of a user data header
_IE_CONCAT_8: Final = 0x00
_IE_CONCAT_16: Final = 0x08
_IE_SINGLE_SHIFT: Final = 0x24
_LANGUAGE_SPANISH: Final = b"\x02"


class DefaultAlphabet(StrEnum):
    """What data_coding 0 means at this operator (SMPP 3.4 §5.2.19 leaves it open)."""

    GSM = "gsm"
    LATIN_1 = "latin-1"
    ASCII = "ascii"


@dataclass(frozen=True, slots=True)
class Part:
    """Where one SMS stands in a longer one; ``number`` counts from 1. A single SMS is part 1 of 1, reference None."""

    reference: int | None
    number: int
    total: int


SINGLE: Final = Part(None, 1, 1)


def decode_gsm(octets: bytes, *, spanish: bool = False) -> str:
    """Decode unpacked GSM 03.38, one septet an octet; an unknown escape shows the basic character (TS 23.038)."""
    extension = _SPANISH if spanish else _EXTENSION
    letters: list[str] = []
    escaped = False
    for octet in octets:
        code = octet & 0x7F
        if escaped:
            letters.append(extension.get(code, _BASIC[code]))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            letters.append(_BASIC[code])
    return "".join(letters)


def encode(text: str) -> tuple[int, list[bytes]]:
    """
    Encode ``text`` for the air.

    Returns:
        The data_coding (0 GSM 03.38, 8 UCS-2) and one item a character, so that a splitter never cuts a pair.
    """
    try:
        return 0, [_ENCODE[letter] for letter in text]
    except KeyError:
        return 8, [letter.encode("utf-16-be", "replace") for letter in text]


def segment_limit(*, octets: int, gsm: bool) -> int:
    """How many octets of unpacked text fit one SMS beside a user data header of ``octets`` (TS 23.040 §9.2.3.24)."""
    return (140 - octets) * 8 // 7 if gsm else 140 - octets


def is_gsm(data_coding: int) -> bool:
    """Whether the text under ``data_coding`` is counted in septets."""
    return _family(data_coding) == "default"


def header_octets(esm_class: int, user_data: bytes) -> int:
    """The length of the user data header with its length octet, 0 without one."""
    return min(user_data[0] + 1, len(user_data)) if esm_class & pdu.ESM_UDHI and user_data else 0


def part_of(submit: pdu.Submit) -> Part:
    """Read the concatenation from the user data header or the SAR parameters; a broken one counts as a single SMS."""
    elements = _elements(submit)
    if len(eight := elements.get(_IE_CONCAT_8, b"")) == 3:
        return _part(eight[0], eight[2], eight[1])
    if len(sixteen := elements.get(_IE_CONCAT_16, b"")) == 4:
        return _part(int.from_bytes(sixteen[:2], "big"), sixteen[3], sixteen[2])
    reference = pdu.tlv(submit.tlvs, pdu.TLV_SAR_MSG_REF_NUM)
    total = pdu.tlv(submit.tlvs, pdu.TLV_SAR_TOTAL_SEGMENTS)
    number = pdu.tlv(submit.tlvs, pdu.TLV_SAR_SEGMENT_SEQNUM)
    if reference and total and number:
        return _part(int.from_bytes(reference, "big"), number[0], total[0])
    return SINGLE


def text_of(submit: pdu.Submit, *, alphabet: DefaultAlphabet = DefaultAlphabet.GSM) -> str:
    """The text of one part as the handset shows it; binary content as hexadecimal."""
    octets = submit.user_data[header_octets(submit.esm_class, submit.user_data) :]
    match _family(submit.data_coding):
        case "default" if alphabet is DefaultAlphabet.GSM or submit.data_coding >= 0x10:
            return decode_gsm(octets, spanish=_elements(submit).get(_IE_SINGLE_SHIFT) == _LANGUAGE_SPANISH)
        case "default":
            return octets.decode(alphabet.value, "replace")
        case "binary":
            return octets.hex()
        case codec:
            return octets.decode(codec, "replace")


def _part(reference: int, number: int, total: int) -> Part:
    return Part(reference, number, total) if 1 <= number <= total else SINGLE


def _family(data_coding: int) -> str:
    if data_coding < 0x10:
        # SMPP 3.4 §5.2.19
        return {0: "default", 1: "ascii", 3: "latin-1", 6: "iso8859_5", 7: "iso8859_8", 8: "utf-16-be"}.get(
            data_coding, "binary"
        )
    if data_coding >= 0xF0:
        return "binary" if data_coding & 0x04 else "default"
    # 3GPP TS 23.038 §4, general data coding: bits 3..2 name the alphabet
    return ("default", "binary", "utf-16-be", "binary")[data_coding >> 2 & 0x03]


def _elements(submit: pdu.Submit) -> dict[int, bytes]:
    octets = submit.user_data
    end = header_octets(submit.esm_class, octets)
    found: dict[int, bytes] = {}
    offset = 1
    while offset + 2 <= end:
        length = octets[offset + 1]
        if offset + 2 + length > end:
            break
        found[octets[offset]] = octets[offset + 2 : offset + 2 + length]
        offset += 2 + length
    return found
