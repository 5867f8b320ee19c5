"""What each character of a template's own text costs, and what replacing it would save. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from domain.rules.gsm import Carriage, Segments, foreign_characters
from domain.rules.remedies import downgraded, is_template, outside_brackets, replaced
from domain.rules.template import compile_template


@dataclass(frozen=True, slots=True)
class CharacterCost:
    """
    A character that the template writes by itself.

    Attributes:
        times: How often.
        unicode: It makes the whole text UCS-2; else it takes two septets, or the manual does not allow it.
        replacement: What may stand instead; empty or None: it can only be left out.
        saves: Segments that replacing this one alone saves.
    """

    character: str
    times: int
    unicode: bool
    replacement: str | None
    saves: int


@dataclass(frozen=True, slots=True)
class CharacterCosts:
    """
    A template's characters as one contact's text has them, the dearest first.

    Attributes:
        brought: Characters that the contact's own values bring, and that make the text UCS-2.
        now: What the text takes.
        all_replaced: What it would take with all of the template's own replaced.
    """

    characters: tuple[CharacterCost, ...]
    brought: tuple[str, ...]
    now: Segments
    all_replaced: Segments


def character_costs(source: str, fields: Mapping[str, str], *, carriage: Carriage) -> CharacterCosts:
    """
    Look at a template as the contact with these fields gets it.

    Raises:
        BadTemplate: It is none.
        TextTooLong: It renders to more than ten segments.
    """

    def size(text: str) -> Segments:
        return carriage.segments(compile_template(text).render(fields))

    def saved_by(other: str) -> int:
        return max(0, now.count - size(other).count) if is_template(other) else 0

    now = size(source)
    own = outside_brackets(source)
    found = {one.character: one for one in foreign_characters(own, alphabet=carriage.alphabet)}
    times = Counter(own)
    costs = [
        CharacterCost(
            character=character,
            times=times[character],
            unicode=one.cost == 0,
            replacement=one.replacement,
            saves=saved_by(replaced(source, character, one.replacement or "") or " "),
        )
        for character, one in found.items()
    ]
    rendered = compile_template(source).render(fields)
    brought = {
        one.character: None
        for one in foreign_characters(rendered, alphabet=carriage.alphabet)
        if one.cost == 0 and one.character not in found
    }
    return CharacterCosts(
        characters=tuple(sorted(costs, key=lambda one: (-one.saves, not one.unicode))),
        brought=tuple(brought),
        now=now,
        all_replaced=size(downgraded(source, alphabet=carriage.alphabet)),
    )
