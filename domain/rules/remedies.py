"""Why one contact's text takes more segments than most, what would help, and how a template helps itself. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from domain.rules.gsm import (
    GSM_SINGLE,
    SHIFT_SINGLE,
    Alphabet,
    Carriage,
    Foreign,
    Segments,
    downgrade,
    foreign_characters,
)
from domain.rules.template import BadTemplate, CompiledTemplate, compile_template
from domain.rules.template_tokens import field_of

_TOKEN: Final = re.compile(r"\{\{(-?)\s*([^\W\d]\w*)\s*(-?)\}\}")
_BRACKETS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_SYNTAX: Final = re.compile(r"""["'\\{}%#|]""")  # what means something between brackets


@dataclass(frozen=True, slots=True)
class Remedy:
    """
    What makes a text dear.

    Attributes:
        now: Segments that it takes.
        then: Segments that it would take with the remedy.
        foreign: Characters that make it UCS-2, each once; empty: it is only long.
        field: The value that brings them, or the longest one; None: the template's own text.
        length: Characters of that value.
        excess: Units (septets, or 16-bit) too many for one segment less; 0 where characters are at fault.
    """

    now: int
    then: int
    foreign: tuple[Foreign, ...]
    field: str | None
    length: int
    excess: int


def remedy(template: CompiledTemplate, fields: Mapping[str, str], *, usual: int, carriage: Carriage) -> Remedy:
    """
    Look at the text that a contact with these fields gets.

    Args:
        usual: Segments that most others take.

    Raises:
        TextTooLong: Theirs has more than ten segments.
    """
    text = template.render(fields)
    size = carriage.segments(text)
    values = {field: fields.get(field, "") for field in template.tokens}
    if size.encoding is Alphabet.UCS2:
        found = {one.character: one for one in foreign_characters(text, alphabet=carriage.alphabet) if one.cost == 0}
        guilty = next((field for field, value in values.items() if any(one in value for one in found)), None)
        then = carriage.segments(downgrade(text, alphabet=carriage.alphabet)).count
        return Remedy(size.count, then, tuple(found.values()), guilty, len(values.get(guilty or "", "")), 0)
    longest = max(values, key=lambda field: len(values[field]), default=None)
    room = _room(size, usual)
    length = len(values[longest]) if longest else 0
    return Remedy(size.count, min(usual, size.count), (), longest, length, max(0, size.units - room))


def _room(size: Segments, count: int) -> int:
    """Units that so many segments hold, for what a text of this size travels as."""
    single = SHIFT_SINGLE if size.encoding is Alphabet.SPANISH else GSM_SINGLE
    return single if count <= 1 else count * size.per_segment


def is_template(source: str) -> bool:
    """Whether what was made of one is still one: a character may have been all that parted two brackets."""
    try:
        compile_template(source)
    except BadTemplate:
        return False
    return True


def replaced(source: str, character: str, replacement: str) -> str:
    """A template with one character replaced in what it writes by itself: what stands in brackets stays."""
    parts = _BRACKETS.split(source)
    kept = _BRACKETS.findall(source)
    clean = [part.replace(character, replacement) for part in parts]
    return "".join(part + bracket for part, bracket in zip(clean, [*kept, ""], strict=True))


def downgraded(source: str, *, alphabet: Alphabet) -> str:
    """
    A template with all that makes a text UCS-2 replaced by what reads the same. Within brackets letters alone: a quote
    would end the text that it stands in, and what is ours has its meaning, whatever an operator allows. As it is where
    nothing but that would come to a template.
    """

    def within(bracket: str) -> str:
        plain = [(one, one if one.isascii() else downgrade(one, alphabet=alphabet)) for one in bracket]
        return "".join(one if _SYNTAX.search(other) else other for one, other in plain)

    parts = [downgrade(part, alphabet=alphabet) for part in _BRACKETS.split(source)]
    kept = [within(bracket) for bracket in _BRACKETS.findall(source)]
    found = "".join(part + bracket for part, bracket in zip(parts, [*kept, ""], strict=True))
    return found if is_template(found) else source


def outside_brackets(source: str) -> str:
    """What a template writes by itself, without its tokens and conditions."""
    return _BRACKETS.sub("", source)


def plain_tokens(source: str) -> str:
    """A template whose plain tokens bring values without what makes a text UCS-2: ``{{ nombre|plain }}``."""
    return _TOKEN.sub(lambda token: f"{{{{{token[1]} {token[2]}|plain {token[3]}}}}}", source)


def shortened(source: str, field: str, length: int) -> str:
    """A template that cuts a field's value where it stands plain: ``{{ apellido|truncate(20) }}``."""

    def cut(token: re.Match[str]) -> str:
        if field_of(token[2]) != field:
            return token[0]
        return f"{{{{{token[1]} {token[2]}|truncate({length}) {token[3]}}}}}"

    return _TOKEN.sub(cut, source)


def spans(source: str, *, alphabet: Alphabet) -> list[tuple[int, int]]:
    """Where a template's own text has characters that cost more than one septet, or make all of it UCS-2."""
    hidden = _BRACKETS.sub(lambda bracket: " " * len(bracket[0]), source)
    return [(one.position, one.position + 1) for one in foreign_characters(hidden, alphabet=alphabet)]
