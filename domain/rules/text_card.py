"""How a template stands while it is written: size, the manual's counter, and what makes it dear."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.rules.gsm import USUAL, Carriage, Foreign, Segments, foreign_characters
from domain.rules.remedies import downgraded, outside_brackets
from domain.rules.template import compile_template

SEGMENT_LIMIT: Final = 6  #: segments; beyond it a text is warned of, not refused


@dataclass(frozen=True, slots=True)
class TextCard:
    """
    A text as one contact would get it.

    Attributes:
        text: Rendered.
        foreign: Characters of the template itself that have no septets, each named once.
        double: Those that cost two septets, each named once.
        cheaper: What it would take with the replaceable ones replaced; None: there are none.
    """

    text: str
    segments: Segments
    tokens: frozenset[str]
    foreign: tuple[Foreign, ...]
    double: tuple[str, ...]
    cheaper: Segments | None

    @property
    def replaceable(self) -> bool:
        """Something in it can be replaced by what reads the same."""
        return self.cheaper is not None


def text_card(source: str, fields: Mapping[str, str], *, carriage: Carriage = USUAL) -> TextCard:
    """
    Look at a template as the contact with these fields gets it.

    Raises:
        BadTemplate: It is none.
        TextTooLong: It renders to more than ten segments.
    """
    template = compile_template(source)
    text = template.render(fields)
    found = {one.character: one for one in foreign_characters(outside_brackets(source), alphabet=carriage.alphabet)}
    foreign = tuple(one for one in found.values() if one.cost != 2)
    replaceable = any(one.replacement is not None for one in foreign)
    cheaper = compile_template(downgraded(source, alphabet=carriage.alphabet)).render(fields) if replaceable else None
    return TextCard(
        text=text,
        segments=carriage.segments(text),
        tokens=template.tokens,
        foreign=foreign,
        double=tuple(one.character for one in found.values() if one.cost == 2),
        cheaper=None if cheaper is None else carriage.segments(cheaper),
    )
