"""What screens say of a text: its alphabet, segments, the manual's counter, and whom it is read as."""

from typing import Final

from markupsafe import Markup

from domain.rules.gsm import Alphabet
from domain.rules.template import tokens
from domain.rules.text_card import SEGMENT_LIMIT, TextCard
from domain.usecases.templates import Reader
from locales import Texts

_NAMED: Final = 8  # foreign characters named on a card
_NAMES: Final = {Alphabet.UCS2: "templates.ucs2", Alphabet.SPANISH: "templates.gsm_es"}


def alphabet_name(encoding: Alphabet, t: Texts) -> str:
    """What a text travels as."""
    return t.label(_NAMES.get(encoding, "templates.gsm"))


def example_token(t: Texts) -> Markup:
    """A token as it is written, in the person's language: ``{{ nombre }}``."""
    name = next(token for token, field in tokens(t.language).items() if field == "first_name")
    return Markup("<code>{{{{ {} }}}}</code>").format(name)


def read_as(reader: Reader | None, t: Texts) -> dict[str, str]:
    """Whose fields a text is shown with: without any contact each token is read as its own name."""
    return reader.fields if reader else {field: token.upper() for token, field in tokens(t.language).items()}


def card_lines(card: TextCard, t: Texts) -> list[str]:
    """Alphabet, segments, the manual's counter, and what makes it dear."""
    size = card.segments
    segments = t.label("templates.segments", count=size.count)
    alphabet = alphabet_name(size.encoding, t)
    lines = [t("templates.size", alphabet=alphabet, units=t.number(size.units), segments=segments)]
    left = SEGMENT_LIMIT - size.count
    if left >= 0:
        characters = t.label("templates.characters", count=size.remaining)
        lines.append(
            t("templates.remaining", segments=t.label("templates.segments", count=left), characters=characters)
        )
    else:
        lines.append(t("templates.over_limit", limit=SEGMENT_LIMIT))
    named = card.foreign[:_NAMED]
    if named:
        listed = ", ".join(
            f"{one.character} → {one.replacement}" if one.replacement else one.character for one in named
        )
        lines.append(t("templates.foreign", characters=listed, saved=_saving(card, t)))
    if card.double:
        lines.append(t("templates.double", characters=" ".join(card.double)))
    return lines


def _saving(card: TextCard, t: Texts) -> str:
    if card.cheaper is None or card.cheaper.count >= card.segments.count:
        return ""
    now = t.label("templates.segments", count=card.segments.count)
    then = t.label("templates.segments", count=card.cheaper.count)
    return f" ({now} → {then})"
