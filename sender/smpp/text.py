"""Octets of an incoming SMS to text. Never raises: what cannot be read shows as U+FFFD."""

from typing import Final

from domain.rules.gsm import Alphabet
from domain.rules.gsm_tables import BASIC, EXTENSION

_ESCAPE: Final = 0x1B
_EXTENDED: Final = {septet: character for character, septet in EXTENSION.items()}

#: SMPP 3.4 §5.2.19. 2 and 4 are octets without meaning: shown as Latin-1.
_CODECS: Final = {
    1: "latin-1",
    2: "latin-1",
    3: "latin-1",
    4: "latin-1",
    5: "shift_jis",
    6: "iso8859-5",
    7: "iso8859-8",
    8: "utf-16-be",
    14: "euc_kr",
}


def decode_text(octets: bytes, data_coding: int, *, default: Alphabet) -> str:
    """
    The text of an SMS.

    Args:
        default: What data_coding 0 means on this route.
    """
    codec = _CODECS.get(data_coding) or _codec_of_class(data_coding)
    if codec is None:
        if default in (Alphabet.LATIN1, Alphabet.ASCII) or any(octet > 0x7F for octet in octets):
            return octets.decode("latin-1")  # eight bits under data_coding 0: many SMSCs do that
        return decode_gsm(octets)
    return octets.decode(codec, "replace")


def _codec_of_class(data_coding: int) -> str | None:
    """The codec of a GSM data coding (flash, waiting); None: the default alphabet. Source: 3GPP TS 23.038 §4."""
    group = data_coding >> 4
    if group == 0xF:
        return "latin-1" if data_coding & 0x04 else None
    if group == 0xE:
        return "utf-16-be"
    if group <= 0x7:
        return {1: "latin-1", 2: "utf-16-be"}.get(data_coding >> 2 & 0x03) if group else None
    return None


def decode_gsm(octets: bytes) -> str:
    """Unpacked GSM 03.38; an unknown extension shows the basic character. Source: 3GPP TS 23.038 §6.2.1.1."""
    letters: list[str] = []
    escaped = False
    for octet in octets:
        septet = octet & 0x7F
        if escaped:
            letters.append(_EXTENDED.get(septet) or BASIC[septet])
            escaped = False
        elif septet == _ESCAPE:
            escaped = True
        else:
            letters.append(BASIC[septet])
    return "".join(letters)
