"""
Whether two texts say nearly the same to those who get them: written differently, but for the words. Pure.
"""

import re
from difflib import SequenceMatcher
from typing import Final

from domain.rules.accents import without_accents

ALIKE: Final = 0.9  #: at least so much of two texts is the same, in the same order: they are near-identical
MUCH: Final = 0.2  #: of an audience: so much of it got such a text, and the person is asked

_MARK: Final = "\x00"  # stands for what differs from one contact to the next
_TOKEN: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FIGURES: Final = re.compile(r"\d[\d.,:/-]*")
_LINK: Final = re.compile(r"https?://\S+|www\.\S+", re.IGNORECASE)
_WORD: Final = re.compile(rf"{_MARK}|[^\W_]+")


def normal_words(text: str) -> tuple[str, ...]:
    """
    The words of a template, small and without accents; a token, a number or a link is a mark, whatever is in it: two
    reminders that differ in the amount are the same reminder.
    """
    marked = _FIGURES.sub(f" {_MARK} ", _LINK.sub(f" {_MARK} ", _TOKEN.sub(f" {_MARK} ", text)))
    return tuple(_WORD.findall(without_accents(marked.casefold())))


def likeness(one: str, other: str) -> float:
    """
    How much of two templates is the same, 0 to 1: twice the words that they share in order, by all their words. Below
    ``ALIKE`` it may be less than what is said.
    """
    first, second = normal_words(one), normal_words(other)
    if not first or not second:
        return float(first == second)
    if first == second:
        return 1.0
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    # Each is an upper bound of the next, and cheaper.
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return min(matcher.real_quick_ratio(), matcher.quick_ratio())
    return matcher.ratio()


def alike(one: str, other: str) -> bool:
    """Whether somebody who gets both gets nearly the same twice."""
    return likeness(one, other) >= ALIKE


def is_much(overlap: int, audience: int) -> bool:
    """Whether so many of an audience are worth a question."""
    return overlap > 0 and overlap >= MUCH * audience
