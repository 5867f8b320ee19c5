"""
The character tables of gsm: the GSM 7 bit default alphabet with its extension, the strict alphabet of the manual, and
what foreign characters are replaced by. Data only; counting and encoding are in ``gsm``.

Source: 3GPP TS 23.038 §6.2.1 and §6.2.1.1; annex A.2.1 for Spanish.
"""

import string
import unicodedata
from collections.abc import Mapping
from typing import Final

from domain.rules.accents import without_accents

ESCAPE: Final = 0x1B

#: Septet by septet; the escape (0x1B) is not a character of its own.
BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

#: Character -> the septet that follows the escape.
EXTENSION: Final[Mapping[str, int]] = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}

#: What the Spanish national language single shift table has beyond that. Source: TS 23.038 annex A.2.1, language 2.
SPANISH: Final[Mapping[str, int]] = {
    "ç": 0x09,
    "Á": 0x41,
    "Í": 0x49,
    "Ó": 0x4F,
    "Ú": 0x55,
    "á": 0x61,
    "í": 0x69,
    "ó": 0x6F,
    "ú": 0x75,
}
SPANISH_LANGUAGE: Final = 2  #: its identifier, TS 23.038 §6.2.1.2.4

BASIC_SET: Final = frozenset(BASIC) - {chr(ESCAPE)}
GSM_SET: Final = BASIC_SET | EXTENSION.keys()
SPANISH_SET: Final = GSM_SET | SPANISH.keys()

#: The manual's: its list of special characters, unaccented letters, digits and what every sentence needs.
STRICT_SET: Final = frozenset(string.ascii_letters + string.digits + " \n\r.,:;!?'\"" + "¡#$%^&()-=+{}[]¿<>/")

#: What reads the same; beyond these a letter loses its accent.
_TYPOGRAPHIC: Final[Mapping[str, str]] = {
    **dict.fromkeys("‘’‚‛′´`ʼ＇", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("‐‑‒–—―−﹣－⁃", "-"),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000\t" + "".join(map(chr, range(0x2000, 0x200B))), " "),
    # Between the parts of an emoji; other invisible ones go by their category.
    **dict.fromkeys("\u200d\ufe0e\ufe0f", ""),
    **dict.fromkeys("\u2028\u2029\u0085\v", "\n"),
    **dict.fromkeys("•·●▪‣∙", "*"),
    "…": "...",
    "‹": "<",
    "›": ">",
    "©": "(c)",
    "®": "(R)",
    "™": "TM",
    "°": "o",
    "×": "x",
    "÷": "/",
    "¢": "c",
    "¦": "|",
    "¬": "-",
    "±": "+/-",
    "≤": "<=",
    "≥": ">=",
    "≠": "<>",
    "✓": "OK",
    "✔": "OK",
    "→": "->",
    "←": "<-",
    "⁄": "/",
    "∕": "/",
    "œ": "oe",
    "Œ": "OE",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "ẞ": "ß",
}  # fmt: skip

#: Only for an alphabet that has not even these of GSM 03.38.
_PLAINER: Final[Mapping[str, str]] = {
    "Ø": "O",
    "ø": "o",
    "Æ": "AE",
    "æ": "ae",
    "ß": "ss",
    "£": "GBP",
    "¥": "JPY",
    "€": "EUR",
    "¤": "$",
    "_": "-",
    "*": "-",
    "§": "S",
    "|": "/",
    "\\": "/",
    "~": "-",
    "\f": "\n",
    "¡": "",
    "¿": "",
    **dict(zip("ΔΦΓΛΩΠΨΣΘΞ", ("D", "F", "G", "L", "O", "P", "PS", "S", "TH", "X"), strict=True)),
}

#: One septet instead of two.
CHEAPER: Final[Mapping[str, str]] = {
    "{": "(",
    "[": "(",
    "}": ")",
    "]": ")",
    "\\": "/",
    "|": "/",
    "~": "-",
    "€": "EUR",
    "\f": "\n",
}


def replacement(character: str, alphabet: frozenset[str]) -> str | None:
    """What reads the same within ``alphabet``, possibly nothing for an invisible one; None: there is no such thing."""
    for found in _candidates(character):
        if all(letter in alphabet for letter in found):
            return found
    return None


def _candidates(character: str) -> list[str]:
    """Best first: the typographic equal, the letter without its accent, then the plainer form of each."""
    found = [table[character] for table in (_TYPOGRAPHIC, _PLAINER) if character in table]
    bare = without_accents(character)
    if bare != character:
        found.append(bare)
    elif unicodedata.category(character) in {"Cc", "Cf"}:
        found.append("")  # not to be seen on any screen
    return found + ["".join(_PLAINER.get(letter, letter) for letter in form) for form in found]
