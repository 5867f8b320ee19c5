"""What in a template costs more than one septet: shown in place, and replaced at a tap, one character or all."""

import dataclasses
from typing import Final

from bot.chat import Chat
from bot.layout import cut, footer, heading, pairs
from bot.marks import marked
from bot.screen import Action, Button, Rows, Screen, Style, handler_of, on, unpack
from bot.template_lines import alphabet_name, read_as
from domain.errors import DomainError
from domain.models import Template
from domain.rules.character_costs import CharacterCost, character_costs
from domain.rules.permission import Permission
from domain.rules.remedies import spans
from domain.usecases import templates
from domain.usecases.templates import Reader
from locales import Texts

_SHOWN: Final = 12  # characters listed; more would not fit a screen

# Actions


class ShowCharacters(Action, code="vm"):
    """Which they are and where."""

    template_id: int


class ReplaceCharacter(Action, code="vma", permission=Permission.EDIT):
    """Replace that one wherever the text has it. ``code_point``: Unicode."""

    template_id: int
    code_point: int


class ReplaceAll(Action, code="vmb", permission=Permission.EDIT):
    """Replace all that something reads the same as. ``from_card``: back to the template's card."""

    template_id: int
    from_card: bool = False


# Screens


def characters_screen(template: Template, reader: Reader | None, chat: Chat, *, toast: str | None = None) -> Screen:
    """The text with them underlined; of each what it costs and what may stand instead."""
    t, carriage = chat.t, chat.account.carriage
    fields = read_as(reader, t)
    lines = [heading(t.label("marks.title"), t.label("templates.title"), cut(template.title)), ""]
    try:
        costs = character_costs(template.text, fields, carriage=carriage)
    except DomainError as error:
        return Screen("\n".join([*lines, t(error.key, **error.values)]), footer(t, back_to(template)), toast=toast)
    lines.append(f"<blockquote>{marked(template.text, spans(template.text, alphabet=carriage.alphabet))}</blockquote>")
    if not costs.characters:
        lines += ["", t("marks.none")]
    for one in costs.characters[:_SHOWN]:
        lines.append(_line(one, t))
    if costs.brought:
        lines.append(t("marks.brought", characters=" ".join(costs.brought[:_SHOWN])))
    lines += ["", t("marks.now", alphabet=alphabet_name(costs.now.encoding, t), segments=_segments(costs.now.count, t))]
    if costs.all_replaced.count < costs.now.count:
        lines.append(t("marks.then", segments=_segments(costs.all_replaced.count, t)))
    rows = _rows(template, costs.characters, t) if chat.may(Permission.EDIT) else ()
    return Screen("\n".join(lines), (*rows, *footer(t, back_to(template))), toast=toast)


def back_to(template: Template) -> Action:
    """The template's card."""
    return unpack(f"to:{template.id}:")  # its module leads here, so it cannot be imported


def _line(one: CharacterCost, t: Texts) -> str:
    what = t.label("marks.instead", replacement=one.replacement or t.label("marks.nothing"))
    cost = t.label("marks.unicode" if one.unicode else "marks.double")
    saved = f" · {t.label('marks.saves', count=one.saves)}" if one.saves else ""
    return t("marks.line", character=one.character, count=one.times, cost=cost, instead=what, saved=saved)


def _segments(count: int, t: Texts) -> str:
    return t.label("templates.segments", count=count)


def _rows(template: Template, characters: tuple[CharacterCost, ...], t: Texts) -> Rows:
    single = [
        Button(
            t.label("marks.replace_one", character=one.character, replacement=one.replacement or "∅"),
            ReplaceCharacter(template.id, ord(one.character)),
        )
        for one in characters[:_SHOWN]
    ]
    rows = pairs(single)
    if sum(one.unicode and one.replacement is not None for one in characters) > 0:
        rows = ((Button(t.label("templates.replace"), ReplaceAll(template.id), Style.SUCCESS),), *rows)
    return rows


# Handlers


@on(ShowCharacters)
async def show_characters(action: ShowCharacters, chat: Chat) -> Screen:
    """As a contact reads it."""
    template = await templates.get(chat.account.id, action.template_id)
    return characters_screen(template, await templates.reader(chat.account.id), chat)


@on(ReplaceCharacter)
async def replace_character(action: ReplaceCharacter, chat: Chat) -> Screen:
    """Everywhere in the text; what reads the same, or nothing where nothing does."""
    template = await templates.get(chat.account.id, action.template_id)
    character = chr(action.code_point)
    reader = await templates.reader(chat.account.id)
    costs = character_costs(template.text, read_as(reader, chat.t), carriage=chat.account.carriage)
    one = next((one for one in costs.characters if one.character == character), None)
    if one is not None:
        template = await templates.replace_character(
            chat.account.id, template.id, character=character, replacement=one.replacement or ""
        )
    return characters_screen(template, reader, chat, toast=chat.t.label("templates.replaced"))


@on(ReplaceAll)
async def replace_all(action: ReplaceAll, chat: Chat) -> Screen:
    """All that makes it Unicode."""
    template = await templates.replace_foreign(
        chat.account.id, action.template_id, alphabet=chat.account.carriage.alphabet
    )
    toast = chat.t.label("templates.replaced")
    if action.from_card:
        card = back_to(template)
        return dataclasses.replace(await handler_of(type(card))(card, chat), toast=toast)
    return characters_screen(template, await templates.reader(chat.account.id), chat, toast=toast)
