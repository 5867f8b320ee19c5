"""*Plantillas de SMS*: write a text, see what it costs and how a real contact gets it. (Manual, step 3)"""

import dataclasses
from collections.abc import Sequence

from markupsafe import Markup

from bot.chat import Chat
from bot.conversations.team_phones import Subject
from bot.conversations.template_audience import PickGroup
from bot.conversations.template_marks import ReplaceAll, ShowCharacters
from bot.conversations.testing import OpenTest
from bot.conversations.wording import ListWords
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.marks import word_lines
from bot.screen import Action, Button, Rows, Screen, Style, on
from bot.template_lines import card_lines, example_token, read_as
from domain.models import Template
from domain.rules.permission import Permission
from domain.rules.template import TextTooLong, tokens
from domain.rules.text_card import TextCard, text_card
from domain.rules.title import TITLE_LIMIT
from domain.rules.wording import Found
from domain.usecases import templates, wording
from domain.usecases.templates import Page, Reader
from locales import Texts

# Actions


class ListTemplates(Action, code="tl"):
    """A page of them."""

    page: int = 0


class AskTitle(Action, code="ta", permission=Permission.EDIT):
    """A new one: its title shall be typed."""


class SaveTitle(Action, code="ts", permission=Permission.EDIT):
    """The title was typed; its text comes next."""


class OpenTemplate(Action, code="to"):
    """One of them, read as a contact."""

    template_id: int
    contact_id: int | None = None


class AskText(Action, code="tx", permission=Permission.EDIT):
    """Its text shall be typed. ``all_tokens``: *Mostrar tokens disponibles*."""

    template_id: int
    all_tokens: bool = False


class SaveText(Action, code="tw", permission=Permission.EDIT):
    """The text was typed."""

    template_id: int


class AskRename(Action, code="tr", permission=Permission.EDIT):
    """Another title shall be typed."""

    template_id: int


class SaveRename(Action, code="tn", permission=Permission.EDIT):
    """It was."""

    template_id: int


class AskDescription(Action, code="td", permission=Permission.EDIT):
    """A description shall be typed."""

    template_id: int


class SaveDescription(Action, code="te", permission=Permission.EDIT):
    """It was; ``clear``: there shall be none."""

    template_id: int
    clear: bool = False


class CopyTemplate(Action, code="tc", permission=Permission.EDIT):
    """Another one with the same text."""

    template_id: int


class AskDelete(Action, code="tq", permission=Permission.EDIT):
    """Whether it shall really go."""

    template_id: int


class DeleteTemplate(Action, code="tk", permission=Permission.EDIT):
    """It goes."""

    template_id: int


# Screens


def list_screen(found: Page, t: Texts, *, page: int = 0, may_edit: bool, toast: str | None = None) -> Screen:
    """By title; those without a text yet are marked."""
    text = t("templates.count", count=found.total) if found.total else t("templates.none")
    rows: list[tuple[Button, ...]] = [
        (Button(cut(template.title if template.text else f"✏️ {template.title}"), OpenTemplate(template.id)),)
        for template in found.templates
    ]
    rows += pager(page, found.total, to=ListTemplates)
    if may_edit:
        rows.append((Button(t.label("templates.new"), AskTitle(), Style.PRIMARY),))
    rows.append((Button(t.label("wording.title"), ListWords()),))
    return Screen(f"{heading(t.label('templates.title'))}\n\n{text}", (*rows, *footer(t)), toast=toast)


def title_screen(t: Texts, *, template: Template | None = None) -> Screen:
    """Of a new one, or another one for ``template``."""
    if template is None:
        head = heading(t.label("templates.new"), t.label("templates.title"))
        text = t("templates.ask_title", limit=TITLE_LIMIT)
        return Screen(f"{head}\n\n{text}", footer(t, ListTemplates()), expects=SaveTitle())
    head = heading(t.label("templates.rename"), t.label("templates.title"))
    text = t("templates.ask_rename", title=template.title, limit=TITLE_LIMIT)
    return Screen(f"{head}\n\n{text}", footer(t, OpenTemplate(template.id)), expects=SaveRename(template.id))


def description_screen(template: Template, t: Texts) -> Screen:
    """Optional."""
    head = heading(t.label("templates.describe"), t.label("templates.title"), cut(template.title))
    clear = ((Button(t.label("templates.no_description"), SaveDescription(template.id, clear=True)),),)
    rows: Rows = clear if template.description else ()
    return Screen(
        f"{head}\n\n{t('templates.ask_description')}",
        (*rows, *footer(t, OpenTemplate(template.id))),
        expects=SaveDescription(template.id),
    )


def text_screen(template: Template, t: Texts, *, all_tokens: bool = False) -> Screen:
    """What may be written; the tokens copy themselves at a tap."""
    lines = [heading(t.label("templates.text"), t.label("templates.title"), cut(template.title)), ""]
    if template.text:
        lines += [t("templates.text_now"), f"<pre>{_escaped(template.text)}</pre>", ""]
    lines.append(t("templates.ask_text", example=example_token(t)))
    rows: Rows
    if all_tokens:
        lines += ["", t("templates.tokens_help")]
        rows = pairs([Button(f"{{{{ {token} }}}}", copy_text=f"{{{{ {token} }}}}") for token in tokens(t.language)])
    else:
        rows = ((Button(t.label("templates.show_tokens"), AskText(template.id, all_tokens=True)),),)
    back = OpenTemplate(template.id) if template.text else ListTemplates()
    return Screen("\n".join(lines), (*rows, *footer(t, back)), expects=SaveText(template.id))


def template_screen(
    template: Template, reader: Reader | None, chat: Chat, *, words: Sequence[Found] = (), toast: str | None = None
) -> Screen:
    """The card: the text, how the reader gets it, what it costs, what makes it dear, and words that it may not have."""
    t = chat.t
    lines = [heading(template.title, t.label("templates.title"))]
    if template.description:
        lines.append(_escaped(cut(template.description, 200)))
    card: TextCard | None = None
    if not template.text:
        lines += ["", t("templates.no_text")]
    else:
        lines.append(f"<pre>{_escaped(template.text)}</pre>")
        try:
            card = text_card(template.text, read_as(reader, t), carriage=chat.account.carriage)
        except TextTooLong as error:
            lines.append(t(error.key, **error.values))
        else:
            lines += [*_reading(card, reader, t), "", *card_lines(card, t)]
        lines += word_lines(template.text, words, t)
    return Screen("\n".join(lines), _card_rows(template, reader, card, chat), toast=toast)


def delete_screen(template: Template, drafts: int, t: Texts) -> Screen:
    """The safe way first."""
    head = heading(t.label("templates.delete"), t.label("templates.title"), cut(template.title))
    lines = [head, "", t("templates.ask_delete", title=template.title)]
    if drafts:
        lines.append(t("templates.drafts_lose", count=drafts))
    rows = (
        (Button(t.label("templates.keep"), OpenTemplate(template.id)),),
        (Button(t.label("templates.delete_yes"), DeleteTemplate(template.id), Style.DANGER),),
    )
    return Screen("\n".join(lines), (*rows, *footer(t, ListTemplates())))


def _reading(card: TextCard, reader: Reader | None, t: Texts) -> list[str]:
    if reader is None:
        return [t("templates.no_reader")] if card.tokens else []
    who = f"{reader.name} ({reader.msisdn})" if reader.name else str(reader.msisdn)
    lines = [t("templates.as_read_by", who=who), f"<blockquote>{_escaped(card.text)}</blockquote>"]
    names = tokens(t.language)
    lacking = [
        f"{{{{ {token} }}}}" for token, field in names.items() if field in card.tokens and not reader.fields[field]
    ]
    if lacking:
        lines.append(t("templates.reader_lacks", tokens=", ".join(lacking)))
    return lines


def _card_rows(template: Template, reader: Reader | None, card: TextCard | None, chat: Chat) -> Rows:
    t = chat.t
    rows: list[tuple[Button, ...]] = []
    if reader is not None and template.text and reader.before is not None and reader.after is not None:
        rows.append(
            (
                Button(t.label("templates.reader_before"), OpenTemplate(template.id, reader.before)),
                Button(t.label("templates.reader_after"), OpenTemplate(template.id, reader.after)),
            )
        )
    if card is not None and (card.foreign or card.double):
        rows.append((Button(t.label("marks.title"), ShowCharacters(template.id)),))
    if template.text:
        rows.append((Button(t.label("audience.title"), PickGroup(template.id)),))
        if chat.may(Permission.SEND):
            rows.append((Button(t.label("testing.send"), OpenTest(Subject.TEMPLATE, template.id)),))
    if chat.may(Permission.EDIT):
        if card is not None and card.replaceable:
            rows.append((Button(t.label("templates.replace"), ReplaceAll(template.id, from_card=True), Style.SUCCESS),))
        rows += pairs(
            [
                Button(t.label("templates.edit_text"), AskText(template.id), None if template.text else Style.PRIMARY),
                Button(t.label("templates.rename"), AskRename(template.id)),
                Button(t.label("templates.describe"), AskDescription(template.id)),
                *([Button(t.label("templates.copy"), CopyTemplate(template.id))] if template.text else []),
                Button(t.label("templates.delete"), AskDelete(template.id)),
            ]
        )
    return (*rows, *footer(t, ListTemplates()))


def _escaped(text: str) -> str:
    return str(Markup.escape(text))


# Handlers


@on(ListTemplates)
async def list_templates(action: ListTemplates, chat: Chat) -> Screen:
    """A page."""
    found = await templates.page(chat.account.id, offset=action.page * PAGE, limit=PAGE)
    if not found.templates and action.page:
        return await list_templates(ListTemplates(), chat)
    return list_screen(found, chat.t, page=action.page, may_edit=chat.may(Permission.EDIT))


@on(AskTitle)
async def ask_title(_: AskTitle, chat: Chat) -> Screen:
    """Ask."""
    return title_screen(chat.t)


@on(SaveTitle)
async def save_title(_: SaveTitle, chat: Chat) -> Screen:
    """The row is there from now on, so nothing typed is lost."""
    return text_screen(await templates.create(chat.account.id, title=chat.text), chat.t)


@on(OpenTemplate)
async def open_template(action: OpenTemplate, chat: Chat) -> Screen:
    """The card."""
    return await _card(await templates.get(chat.account.id, action.template_id), chat, contact_id=action.contact_id)


@on(AskText)
async def ask_text(action: AskText, chat: Chat) -> Screen:
    """Ask."""
    template = await templates.get(chat.account.id, action.template_id)
    return text_screen(template, chat.t, all_tokens=action.all_tokens)


@on(SaveText)
async def save_text(action: SaveText, chat: Chat) -> Screen:
    """A text that cannot be one keeps the question open."""
    return await _card(await templates.write(chat.account.id, action.template_id, text=chat.text), chat)


@on(AskRename)
async def ask_rename(action: AskRename, chat: Chat) -> Screen:
    """Ask."""
    return title_screen(chat.t, template=await templates.get(chat.account.id, action.template_id))


@on(SaveRename)
async def save_rename(action: SaveRename, chat: Chat) -> Screen:
    """Back to the card."""
    return await _card(await templates.rename(chat.account.id, action.template_id, title=chat.text), chat)


@on(AskDescription)
async def ask_description(action: AskDescription, chat: Chat) -> Screen:
    """Ask."""
    return description_screen(await templates.get(chat.account.id, action.template_id), chat.t)


@on(SaveDescription)
async def save_description(action: SaveDescription, chat: Chat) -> Screen:
    """Back to the card."""
    description = "" if action.clear else chat.text
    return await _card(await templates.describe(chat.account.id, action.template_id, description=description), chat)


@on(CopyTemplate)
async def copy_template(action: CopyTemplate, chat: Chat) -> Screen:
    """The copy is what is shown."""
    pattern = chat.t.label("templates.copy_of", title="{title}", number="{number}")
    template = await templates.copy(chat.account.id, action.template_id, pattern=pattern)
    return await _card(template, chat, toast=chat.t.label("templates.copied"))


@on(AskDelete)
async def ask_delete(action: AskDelete, chat: Chat) -> Screen:
    """Say what it means."""
    template = await templates.get(chat.account.id, action.template_id)
    return delete_screen(template, await templates.drafts_using(chat.account.id, template.id), chat.t)


@on(DeleteTemplate)
async def delete_template(action: DeleteTemplate, chat: Chat) -> Screen:
    """Campaigns that have begun keep the text that they copied."""
    await templates.delete(chat.account.id, action.template_id)
    screen = await list_templates(ListTemplates(), chat)
    return dataclasses.replace(screen, toast=chat.t.label("templates.deleted"))


async def _card(template: Template, chat: Chat, *, contact_id: int | None = None, toast: str | None = None) -> Screen:
    if not template.text and chat.may(Permission.EDIT) and contact_id is None and toast is None:
        return text_screen(template, chat.t)
    reader = await templates.reader(chat.account.id, contact_id)
    words = await wording.look(chat.account.id, template.text)
    return template_screen(template, reader, chat, words=words, toast=toast)
