"""The wizard's fourth step: a template, or a text of its own, shown as a contact gets it."""

from collections.abc import Sequence

from markupsafe import escape

from bot.chat import Chat
from bot.layout import PAGE, cut, pager, pairs
from bot.marks import word_lines
from bot.screen import Action, Button, Screen, Style, on
from bot.template_lines import card_lines, example_token, read_as
from bot.wizard import GoTo, Step, frame, go_on, next_row
from domain.errors import DomainError
from domain.rules.gsm import Carriage
from domain.rules.permission import Permission
from domain.rules.template import tokens
from domain.rules.text_card import text_card
from domain.rules.wording import Found
from domain.usecases import drafts, templates, wording
from domain.usecases.drafts import Draft
from domain.usecases.templates import Page, Reader
from locales import Texts

# Actions


class ShowTexts(Action, code="wtp", permission=Permission.EDIT):
    """A page of templates to choose from."""

    campaign_id: int
    page: int


class PickTemplate(Action, code="wt", permission=Permission.EDIT):
    """That one."""

    campaign_id: int
    template_id: int


class AskOwnText(Action, code="wta", permission=Permission.EDIT):
    """A text of its own shall be typed."""

    campaign_id: int


class SaveOwnText(Action, code="wtb", permission=Permission.EDIT):
    """It was."""

    campaign_id: int


# Screens


def texts_screen(
    draft: Draft, found: Page, reader: Reader | None, chat: Chat, *, page: int = 0, words: Sequence[Found] = ()
) -> Screen:
    """Step 4: a template, or a text of its own; with what a contact gets, and restricted words in it."""
    t = chat.t
    body = [t("wizard.ask_text" if found.total else "wizard.no_templates")]
    if draft.text:
        body += ["", t("wizard.chosen_text", title=draft.text_title or t.label("campaigns.own_text"))]
        body += _preview(draft, reader, t, carriage=chat.account.carriage)
        body += word_lines(draft.text, words, t)
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                cut(f"{'✅ ' if draft.campaign.template and draft.campaign.template.id == one.id else ''}{one.title}"),
                PickTemplate(draft.id, one.id),
            ),
        )
        for one in found.templates
    ]
    rows += pager(page, found.total, to=lambda number: ShowTexts(draft.id, number))
    own = None if found.total or draft.text else Style.PRIMARY
    rows.append((Button(t.label("wizard.own_text"), AskOwnText(draft.id), own),))
    if draft.text:
        rows += next_row(draft, Step.TEXT, t)
    expects = SaveOwnText(draft.id)
    return frame(draft, Step.TEXT, chat, body="\n".join(body), rows=tuple(rows), expects=expects)


def own_text_screen(draft: Draft, chat: Chat) -> Screen:
    """Step 4: typed; the tokens copy themselves at a tap."""
    t = chat.t
    own = draft.text and not draft.text_title
    now = f"{t('wizard.own_text_now')}\n<pre>{escape(draft.text)}</pre>\n\n" if own else ""
    body = now + t("wizard.ask_own_text", example=example_token(t))
    rows = pairs([Button(f"{{{{ {token} }}}}", copy_text=f"{{{{ {token} }}}}") for token in tokens(t.language)])
    back = ((Button(t.label("wizard.choose_template"), GoTo(draft.id, Step.TEXT)),),)
    return frame(draft, Step.TEXT, chat, body=body, rows=(*rows, *back), expects=SaveOwnText(draft.id))


def _preview(draft: Draft, reader: Reader | None, t: Texts, *, carriage: Carriage) -> list[str]:
    fields = read_as(reader, t)
    try:
        card = text_card(draft.text, fields, carriage=carriage)
    except DomainError as error:
        return [t(error.key, **error.values)]
    return [f"<blockquote>{escape(card.text)}</blockquote>", *card_lines(card, t)]


# Handlers


@on(ShowTexts)
async def show_texts(action: ShowTexts, chat: Chat) -> Screen:
    """A page."""
    return await choose_text(await drafts.get(chat.account.id, action.campaign_id), chat, page=action.page)


@on(PickTemplate)
async def pick_template(action: PickTemplate, chat: Chat) -> Screen:
    """On with the next step."""
    await drafts.set_template(chat.account.id, action.campaign_id, template_id=action.template_id)
    return await go_on(action.campaign_id, Step.TEXT, chat)


@on(AskOwnText)
async def ask_own_text(action: AskOwnText, chat: Chat) -> Screen:
    """Ask."""
    return own_text_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(SaveOwnText)
async def save_own_text(action: SaveOwnText, chat: Chat) -> Screen:
    """Shown as a contact gets it; a text that cannot be one keeps the question open."""
    await drafts.set_text(chat.account.id, action.campaign_id, text=chat.text)
    return await choose_text(await drafts.get(chat.account.id, action.campaign_id), chat)


async def choose_text(draft: Draft, chat: Chat, *, page: int = 0) -> Screen:
    """The step as it stands."""
    found = await templates.page(chat.account.id, offset=page * PAGE, limit=PAGE, with_text=True)
    words = await wording.look(chat.account.id, draft.text)
    return texts_screen(draft, found, await templates.reader(chat.account.id), chat, page=page, words=words)
