"""
How a text travels: alphabets, the segments that are billed, the octets of each part, and what to write instead of what
costs more. No wire: concatenation headers and PDUs are the sender's.

Source: 3GPP TS 23.038 §6.1.2 (packing), §6.2.1 (alphabet), annex A.2.1 (Spanish); TS 23.040 §9.2.3.24.1 and
§9.2.3.24.8 (room that concatenation leaves), §9.2.3.24.15 (room that a national table leaves).
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final, NamedTuple

from domain.rules.gsm_tables import (
    BASIC,
    BASIC_SET,
    CHEAPER,
    ESCAPE,
    EXTENSION,
    GSM_SET,
    SPANISH,
    SPANISH_LANGUAGE,
    SPANISH_SET,
    STRICT_SET,
    replacement,
)

GSM_SINGLE: Final = 160  #: septets of a message of one segment
GSM_PART: Final = 153  #: septets of each segment of several
SHIFT_SINGLE: Final = 155  #: septets beside the header that names a national table: 136 octets
SHIFT_PART: Final = 149  #: the same with concatenation in it: 131 octets
UCS2_SINGLE: Final = 70  #: 16-bit units
UCS2_PART: Final = 67
WIDE: Final = 1  #: units less in each segment of several where the reference has 16 bits: 7 octets of 140 for it

DATA_CODING_DEFAULT: Final = 0
DATA_CODING_UCS2: Final = 8


class Alphabet(StrEnum):
    """What a route carries in its default alphabet (data_coding 0); everything else goes as UCS-2."""

    GSM7 = "gsm"  #: GSM 03.38 with its extension, exactly
    SPANISH = "gsm_es"  #: the same, and where a text needs them the letters of the Spanish single shift table
    STRICT = "strict"  #: travels as GSM 03.38, but accents, Ñ and what the manual does not name are flagged
    LATIN1 = "latin1"  #: the SMSC takes ISO 8859-1 and turns it into GSM 03.38 itself
    ASCII = "ascii"  #: the SMSC takes ASCII and turns it into GSM 03.38 itself
    UCS2 = "ucs2"  #: never the default alphabet


@dataclass(frozen=True, slots=True)
class Segments:
    """
    What a text is billed as.

    Attributes:
        count: Segments; 0 for an empty text.
        encoding: ``GSM7``, ``SPANISH`` (a header names its table) or ``UCS2``.
        units: Septets or 16-bit units of the whole text.
        remaining: Units still free in the last segment.
        per_segment: Units that each segment holds.
    """

    count: int
    encoding: Alphabet
    units: int
    remaining: int
    per_segment: int


class Encoded(NamedTuple):
    """
    A text ready for the wire.

    Attributes:
        data_coding: 0, or 8 for UCS-2. Source: SMPP 3.4 §5.2.19.
        parts: Each part's octets, without concatenation header: one septet an octet, or UTF-16BE.
        encoding: ``GSM7``, ``SPANISH`` or ``UCS2``: what it is billed as.
    """

    data_coding: int
    parts: tuple[bytes, ...]
    encoding: Alphabet

    @property
    def shift(self) -> int:
        """The national language whose single shift table each part's header must name; 0: none."""
        return SPANISH_LANGUAGE if self.encoding is Alphabet.SPANISH else 0


@dataclass(frozen=True, slots=True)
class Foreign:
    """
    A character outside the alphabet's plain set.

    Attributes:
        position: Index in the text, from 0.
        cost: Septets that it takes: 1 or 2; 0: it has no septets and makes the whole text UCS-2.
        replacement: What may stand instead, possibly empty; None: nothing reads the same.
    """

    character: str
    position: int
    cost: int
    replacement: str | None


_SETS: Final = {
    Alphabet.GSM7: GSM_SET,
    Alphabet.SPANISH: SPANISH_SET,
    Alphabet.STRICT: GSM_SET,
    Alphabet.LATIN1: frozenset(c for c in GSM_SET if ord(c) < 0x100),
    Alphabet.ASCII: frozenset(c for c in GSM_SET if ord(c) < 0x80),
    Alphabet.UCS2: frozenset[str](),
}


def _outside(characters: frozenset[str]) -> Callable[[str], re.Match[str] | None]:
    """Finds the first character that is not one of these."""
    if not characters:
        return re.compile(".", re.DOTALL).search
    return re.compile(f"[^{re.escape(''.join(sorted(characters)))}]").search


_NOT_PLAIN: Final = {alphabet: _outside(allowed & BASIC_SET) for alphabet, allowed in _SETS.items()}
_NOT_DEFAULT: Final = {alphabet: _outside(allowed) for alphabet, allowed in _SETS.items()}
_EXTENDED: Final = re.compile(f"[{re.escape(''.join(EXTENSION))}]")
_SHIFTED: Final = re.compile(f"[{''.join(SPANISH)}]")
_ESCAPED: Final = re.compile(f"[{re.escape(''.join([*EXTENSION, *SPANISH]))}]")
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Room:
    """What segments hold. ``double``: finds characters that take two units and go whole."""

    double: re.Pattern[str]
    single: int
    per_part: int


_ROOMS: Final = {
    (encoding, wide): _Room(double, single, per_part - WIDE * wide)
    for encoding, double, single, per_part in (
        (Alphabet.GSM7, _EXTENDED, GSM_SINGLE, GSM_PART),
        (Alphabet.SPANISH, _ESCAPED, SHIFT_SINGLE, SHIFT_PART),
        (Alphabet.UCS2, _ASTRAL, UCS2_SINGLE, UCS2_PART),
    )
    for wide in (False, True)
}

#: What needs no replacement: one septet, and for ``STRICT`` what the manual allows.
_PLAIN: Final = {
    alphabet: STRICT_SET if alphabet is Alphabet.STRICT else allowed & BASIC_SET for alphabet, allowed in _SETS.items()
}
_FLAGGED: Final = {
    alphabet: re.compile(f"[^{re.escape(''.join(sorted(plain)))}]") for alphabet, plain in _PLAIN.items() if plain
}

_SEPTETS: Final = {character: bytes((septet,)) for septet, character in enumerate(BASIC)} | {
    character: bytes((ESCAPE, septet)) for table in (EXTENSION, SPANISH) for character, septet in table.items()
}
#: The same for what is in ISO 8859-1, all but Greek: ``bytes.translate`` is ten times as fast.
#: Octets that stand for the same character in ASCII and in every default alphabet: letters, digits, most marks.
_SAME: Final = bytes(
    ord(character) for character in BASIC_SET if character.isascii() and _SEPTETS[character] == character.encode()
)
_LATIN1_TO_SEPTET: Final = bytes(_SEPTETS.get(chr(code), b"\0")[0] for code in range(256))


@cache
def _counted(encoding: Alphabet, wide: bool, units: int) -> Segments:
    """Where no character can straddle a border. Cached: frozen values are dear to build and there are few of them."""
    room = _ROOMS[encoding, wide]
    if units <= room.single:
        return Segments(min(units, 1), encoding, units, room.single - units if units else 0, room.single)
    count = -(-units // room.per_part)
    return Segments(count, encoding, units, count * room.per_part - units, room.per_part)


def segments(text: str, *, alphabet: Alphabet = Alphabet.GSM7, wide: bool = False) -> Segments:
    """
    Count what ``text`` is billed as. An extension pair and a surrogate pair never straddle two segments.

    Args:
        text: The rendered message, tokens already replaced.
        alphabet: What the route carries.
        wide: The reference that ties segments together has 16 bits.
    """
    if alphabet is not Alphabet.UCS2 and _NOT_PLAIN[alphabet](text) is None:
        return _counted(Alphabet.GSM7, wide, len(text))
    encoding = _encoding(text, alphabet)
    room = _ROOMS[encoding, wide]
    doubles = len(room.double.findall(text))
    units = len(text) + doubles
    if not doubles or units <= room.single:
        return _counted(encoding, wide, units)
    parts = _cut(text, room)
    last = len(parts[-1]) + len(room.double.findall(parts[-1]))
    return Segments(len(parts), encoding, units, room.per_part - last, room.per_part)


class Carriage(NamedTuple):
    """How a route carries texts, as far as it changes what they are billed as: the arguments of ``segments``."""

    alphabet: Alphabet = Alphabet.GSM7
    wide: bool = False

    def segments(self, text: str) -> Segments:
        """What ``text`` is billed as on such a route."""
        return segments(text, alphabet=self.alphabet, wide=self.wide)


USUAL: Final = Carriage()  #: what most SMSCs take


def split(text: str, *, alphabet: Alphabet = Alphabet.GSM7, wide: bool = False) -> list[str]:
    """The text of each segment; joined they are ``text``. Nothing for an empty text."""
    return _split(text, _encoding(text, alphabet), wide)


def _split(text: str, encoding: Alphabet, wide: bool) -> list[str]:
    if not text:
        return []
    room = _ROOMS[encoding, wide]
    if len(text) <= room.single and len(text) + len(room.double.findall(text)) <= room.single:
        return [text]
    return _cut(text, room)


def _encoding(text: str, alphabet: Alphabet) -> Alphabet:
    """What it travels as: the route's default alphabet, that with the Spanish table, or UCS-2."""
    if alphabet is Alphabet.UCS2 or _NOT_DEFAULT[alphabet](text) is not None:
        return Alphabet.UCS2
    if alphabet is Alphabet.SPANISH and _SHIFTED.search(text) is not None:
        return Alphabet.SPANISH
    return Alphabet.GSM7


def _cut(text: str, room: _Room) -> list[str]:
    """Fill each part up to its border; a character of two units goes whole."""
    double, per_part = room.double, room.per_part
    parts = []
    start = 0
    while start < len(text):
        end = start + per_part
        extra = len(double.findall(text, start, end))
        while extra and end - start + len(double.findall(text, start, end)) > per_part:
            end -= 1
        parts.append(text[start:end])
        start = end
    return parts


def encode_parts(text: str, *, alphabet: Alphabet = Alphabet.GSM7, wide: bool = False) -> Encoded:
    """
    The octets of each part of ``text``. No part for an empty text. ``wide``: as in ``segments``.

    Half a surrogate pair, which no text should have, goes as U+003F.
    """
    if text.isascii() and alphabet is not Alphabet.UCS2 and 0 < len(text) <= GSM_SINGLE:
        octets = text.encode("ascii")
        if not octets.translate(None, _SAME):
            return Encoded(DATA_CODING_DEFAULT, (octets,), Alphabet.GSM7)
    plain = alphabet is not Alphabet.UCS2 and _NOT_PLAIN[alphabet](text) is None
    if plain and 0 < len(text) <= GSM_SINGLE:  # nearly every message
        return Encoded(DATA_CODING_DEFAULT, (_octets(text, alphabet),), Alphabet.GSM7)
    encoding = Alphabet.GSM7 if plain else _encoding(text, alphabet)
    parts = _split(text, encoding, wide)
    if encoding is not Alphabet.UCS2:
        return Encoded(DATA_CODING_DEFAULT, tuple(_octets(part, alphabet) for part in parts), encoding)
    return Encoded(DATA_CODING_UCS2, tuple(part.encode("utf-16-be", "replace") for part in parts), Alphabet.UCS2)


def _octets(text: str, alphabet: Alphabet) -> bytes:
    """A part in the default alphabet: its own octets where the SMSC translates them, else one septet an octet."""
    if alphabet is Alphabet.LATIN1 or alphabet is Alphabet.ASCII:
        return text.encode("latin-1")
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:  # Greek, or the euro sign
        octets = b""
    if octets and _ESCAPED.search(text) is None:
        return octets.translate(_LATIN1_TO_SEPTET)
    return b"".join([_SEPTETS[character] for character in text])


def pack_septets(septets: bytes, *, fill_bits: int = 0) -> bytes:
    """
    Eight septets in seven octets, first septet in the low bits.

    Args:
        septets: One an octet.
        fill_bits: Zero bits in front, 0 to 6: after a header they bring the text to a septet's border.

    Where exactly seven bits are left over, a carriage return fills them: zeros would be read as an ``@``.

    Source: 3GPP TS 23.038 §6.1.2.1.1, §6.1.2.3.1.
    """
    bits = fill_bits + 7 * len(septets)
    number = 0
    for septet in reversed(septets):
        number = number << 7 | septet & 0x7F
    number <<= fill_bits
    if bits % 8 == 1:
        number |= 0x0D << bits
        bits += 7
    return number.to_bytes(-(-bits // 8), "little")


def foreign_characters(text: str, *, alphabet: Alphabet = Alphabet.GSM7) -> list[Foreign]:
    """
    Every character that costs more than one septet, or that the manual does not allow (``STRICT``), in order.

    The manual allows ``^ { } [ ]``, so ``STRICT`` does not flag them although they cost two. ``UCS2`` flags nothing:
    there every character costs the same.
    """
    if alphabet is Alphabet.UCS2:
        return []
    return [_foreign(match, alphabet) for match in _FLAGGED[alphabet].finditer(text)]


def _foreign(match: re.Match[str], alphabet: Alphabet) -> Foreign:
    character = match.group()
    double = character in EXTENSION or character in SPANISH
    cost = 0 if character not in _SETS[alphabet] else 2 if double else 1
    return Foreign(character, match.start(), cost, _replacement(character, alphabet))


@lru_cache(maxsize=4_096)
def _replacement(character: str, alphabet: Alphabet) -> str | None:
    if alphabet is not Alphabet.STRICT and character in CHEAPER:
        return CHEAPER[character]
    return replacement(character, _PLAIN[alphabet])


def downgrade(text: str, *, alphabet: Alphabet = Alphabet.GSM7) -> str:
    """
    Replace what makes ``text`` UCS-2 (and, for ``STRICT``, what the manual does not allow) by what reads the same;
    what nothing replaces stays. What only costs two septets stays too: it is meant. Idempotent.
    """
    text = unicodedata.normalize("NFC", text)  # a letter and its accent apart are one that the alphabet may have
    out = []
    last = 0
    for foreign in foreign_characters(text, alphabet=alphabet):
        if foreign.replacement is None or (foreign.cost == 2 and alphabet is not Alphabet.STRICT):
            continue
        out += [text[last : foreign.position], foreign.replacement]
        last = foreign.position + 1
    return "".join([*out, text[last:]])
