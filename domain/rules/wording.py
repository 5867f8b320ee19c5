"""
Restricted words in a text: whole words and stems, however they are dressed up: accents, capitals, letters of other
scripts that look the same, digits for letters (``Appl3``), letters set apart (``B C P``, ``B.C.P.``). No database.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from domain.errors import DomainError
from domain.rules.accents import without_accents

WORD_LIMIT: Final = 40  #: characters of a word
_LEAST: Final = 2  # letters: one alone would be found in every text

_LEET: Final = {
    "a": "4@", "b": "8", "c": "(",
    "e": "3€", "g": "69", "i": "1!|¡", "l": "1!|", "o": "0", "s": "5$", "t": "7+", "z": "2",
}  # fmt: skip
#: Letters of other scripts that look like ours, in small; of Greek also those that GSM 03.38 has.
_ALIKE: Final = {
    ord(letter): alike
    for letters, likes in (
        ("авсеһкмнорѕтухіјѵԁԛԝ", "abcehkmhopstyxijvdqw"),
        ("αβεζηικμνορτυχγ", "abezhikmnoptyxy"),
        ("λσξθφωδ", "aeeoooa"),
        ("øłđı", "oldi"),
    )
    for letter, alike in zip(letters, likes, strict=True)
}
_APART: Final = r"[\W_]{1,3}"  # between letters that stand alone
#: A mark within a word; no space, or two words would make a third. It can be missing in one way only: with two, a long
#: word would be tried in twice as many ways for each letter.
_INSIDE: Final = r"(?:[^\w\s]{1,2}|_{1,2})?"
_BEFORE: Final = r"(?<![^\W_])"
_BEHIND: Final = r"(?![^\W_])"
_BRACKETS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_QUOTED: Final = re.compile(r"""(?<=")([^"]*)(?=")|(?<=')([^']*)(?=')|.""", re.DOTALL)
_JOINER: Final = "\u2060"  # cannot be seen: ``find`` reads over it
_MADE_OF: Final = re.compile(r"[^\W_]+")


class BadWord(DomainError):
    """Not a word to look for: it has fewer than two letters, or is too long. Values: ``word``, ``limit``."""

    key = "wording.bad_word"


@dataclass(frozen=True, slots=True)
class Restriction:
    """
    A word that texts should not have.

    Attributes:
        word: As it was written, without the mark of a stem.
        stem: What begins with it counts too.
        refuse: No campaign goes out with it; else people are warned.
    """

    word: str
    stem: bool = False
    refuse: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A restricted word in a text. ``start``, ``end``: where, as indices of the text as it is."""

    restriction: Restriction
    start: int
    end: int


def parse_word(text: str) -> tuple[str, bool]:
    """
    A word as it is typed: ``banc*`` is a stem. Returns the word and whether it is one.

    Raises:
        BadWord: Fewer than two letters or digits, or more than 40 characters.
    """
    clean = " ".join(text.split())
    stem = clean.endswith("*")
    word = clean.rstrip("* ")
    if len(word) > WORD_LIMIT or len(folded(word).replace(" ", "")) < _LEAST:
        raise BadWord(word=word[:WORD_LIMIT], limit=WORD_LIMIT)
    return word, stem


def folded(word: str) -> str:
    """How a word is compared: small letters without accents, its parts by one space."""
    return " ".join(_MADE_OF.findall("".join(_fold(character) for character in word)))


def find(text: str, restrictions: Iterable[Restriction]) -> list[Found]:
    """Every restricted word of a text, by where it begins; of one word each place once."""
    flat, places = _flat(text)
    found = [
        Found(restriction, places[match.start()], places[match.end() - 1] + 1)
        for restriction in restrictions
        for match in _pattern(folded(restriction.word), restriction.stem).finditer(flat)
        if _is_word(match.group())
    ]
    return sorted(found, key=lambda one: (one.start, -one.end))


def find_in_template(source: str, restrictions: Sequence[Restriction]) -> list[Found]:
    """
    The same in what a template writes by itself, its quoted texts too; a word is found as well where an empty token
    parts it. Places are those of the source.
    """
    apart, joined = _without_brackets(source, " "), _without_brackets(source, _JOINER)
    found = {(one.restriction, one.start, one.end): one for text in (apart, joined) for one in find(text, restrictions)}
    return sorted(found.values(), key=lambda one: (one.start, -one.end))


def _without_brackets(source: str, filler: str) -> str:
    """Brackets blotted out, as long as before; what stands in quotes within them stays."""

    def blot(match: re.Match[str]) -> str:
        return _QUOTED.sub(lambda part: part[1] or part[2] or filler * len(part[0]), match[0])

    return _BRACKETS.sub(blot, source)


def _flat(text: str) -> tuple[str, Sequence[int]]:
    """The text as it is compared, and for each of its characters the index of the one that it came from."""
    pieces = [_fold(character) for character in text]
    return "".join(pieces), [index for index, piece in enumerate(pieces) for _ in piece]


@lru_cache(maxsize=4_096)
def _fold(character: str) -> str:
    if unicodedata.category(character) == "Cf":
        return ""  # cannot be seen: a zero-width space between two letters
    return without_accents(character).casefold().translate(_ALIKE)


@lru_cache(maxsize=2_048)
def _pattern(word: str, stem: bool) -> re.Pattern[str]:
    """Its letters together, perhaps with a mark inside, or each of them alone."""
    parts = [[_letter(letter) for letter in part] for part in word.split()]
    together = r"[\W_]{0,3}".join(_INSIDE.join(part) for part in parts)
    apart = _APART.join(letter for part in parts for letter in part)
    behind = "" if stem else _BEHIND
    return re.compile(f"{_BEFORE}(?:{together}{behind}|{apart}{_BEHIND})")


def _letter(letter: str) -> str:
    return f"[{re.escape(letter + _LEET.get(letter, ''))}]"


def _is_word(found: str) -> bool:
    """Half of it are letters: ``501`` is a number, not ``sol``."""
    signs = [character for character in found if not character.isspace()]
    letters = sum(character.isalpha() for character in signs)
    marks = sum(not character.isalnum() and character not in "@$!|€+(¡" for character in signs)
    return 2 * letters >= len(signs) - marks and letters > 0
