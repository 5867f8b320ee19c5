"""What the review of a campaign says of its text, besides the figures: words it may not have, blanks, who is held."""

import dataclasses

from bot.chat import Chat
from bot.conversations import blanks as blanks_talk
from bot.conversations.team_phones import Subject
from bot.conversations.template_audience import MeasureDraft
from bot.conversations.testing import OpenTest
from bot.layout import pairs
from bot.marks import word_lines
from bot.screen import Button, Screen
from domain.errors import DomainError
from domain.rules.permission import Permission
from domain.usecases import wording
from domain.usecases.drafts import Draft
from domain.usecases.forecast import holes_of


async def with_checks(screen: Screen, draft: Draft, chat: Chat) -> Screen:
    """The review with what was found, and a row that leads to each; as it is where there is no text yet."""
    if not draft.text:
        return screen
    t = chat.t
    lines = word_lines(draft.text, await wording.look(chat.account.id, draft.text), t)
    buttons: list[Button] = []
    try:
        holes = await holes_of(chat.account.id, draft)
    except DomainError:
        return screen  # the review says already why the text cannot be one
    if holes.held:
        lines.append(t("blanks.held", count=holes.held))
    if chat.may(Permission.EDIT) and (draft.campaign.blanks or any(holes.counts.values())):
        buttons.append(Button(t.label("blanks.title"), blanks_talk.ShowBlanks(draft.id)))
    if draft.groups:
        buttons.append(Button(t.label("audience.title"), MeasureDraft(draft.id)))
    if chat.may(Permission.SEND):
        buttons.append(Button(t.label("testing.send"), OpenTest(Subject.DRAFT, draft.id)))
    text = "\n".join([screen.text, "", *lines]) if lines else screen.text
    return dataclasses.replace(screen, text=text, rows=(*screen.rows[:-1], *pairs(buttons), *screen.rows[-1:]))
