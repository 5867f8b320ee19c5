"""What the steps of the campaign wizard have in common: their numbers, going from one to another, and the frame."""

from enum import IntEnum
from typing import Final

from bot.chat import Chat
from bot.layout import cut, footer, heading
from bot.screen import Action, Button, Rows, Screen, Style, handler_of
from domain.rules.permission import Permission
from domain.usecases import drafts
from domain.usecases.drafts import Draft
from locales import Texts


class Step(IntEnum):
    """In the order of the wizard."""

    NAME = 1
    MODE = 2
    GROUPS = 3
    TEXT = 4
    SENDER = 5
    WHEN = 6
    ENDS = 7
    PACE = 8
    SILENCE = 9
    REVIEW = 10


LAST: Final = len(Step)


class GoTo(Action, code="ws", permission=Permission.EDIT):
    """A step of a draft."""

    campaign_id: int
    step: int


class Leave(Action, code="wx", permission=Permission.EDIT):
    """✖: the draft stays, and it is said so."""

    campaign_id: int


class ResumeDraft(Action, code="wr", permission=Permission.EDIT):
    """Go on at the first step that is not done."""

    campaign_id: int


def frame(
    draft: Draft,
    step: Step,
    chat: Chat,
    *,
    body: str,
    rows: Rows = (),
    expects: Action | None = None,
    toast: str | None = None,
    back: Action | None = None,
) -> Screen:
    """A step: which of how many, what it asks, and the ways out. ``back``: of a screen within the step."""
    t = chat.t
    from_review = {Step.PACE, Step.SILENCE}
    if back is None and step > Step.NAME:
        back = GoTo(draft.id, Step.REVIEW if step in from_review else step - 1)
    text = f"{head(t, draft.campaign.name, step)}\n\n{body}"
    leave = (Button(t.label("wizard.leave"), Leave(draft.id)),)
    return Screen(text, (*rows, leave, *footer(t, back)), expects=expects, toast=toast)


def head(t: Texts, name: str, step: Step) -> str:
    """Title, where one is, and the number of the step."""
    top = heading(t.label(f"wizard.step_{step.name.lower()}"), t.label("campaigns.title"), cut(name, 40))
    return f"{top}\n{t('wizard.step', step=int(step), last=LAST)}"


def next_row(draft: Draft, step: Step, t: Texts) -> Rows:
    """On to the step that follows; straight to the review where everything else is done."""
    to = Step.REVIEW if is_complete(draft) else Step(step + 1)
    return ((Button(t.label("wizard.next"), GoTo(draft.id, int(to)), Style.PRIMARY),),)


def is_complete(draft: Draft) -> bool:
    """Nothing is missing for a launch."""
    return bool(draft.groups and draft.text and draft.campaign.sender_id)


def first_open(draft: Draft) -> Step:
    """Where a draft goes on."""
    if not draft.groups:
        return Step.MODE if draft.campaign.revision == 0 else Step.GROUPS
    if not draft.text:
        return Step.TEXT
    return Step.REVIEW if draft.campaign.sender_id else Step.SENDER


async def go_on(campaign_id: int, step: Step, chat: Chat, *, edited: bool = False) -> Screen:
    """
    What follows a step that is done: the next one; the review where nothing else is left.

    Args:
        edited: The draft lacked nothing before: the person came from the review, and goes back to it.
    """
    draft = await drafts.get(chat.account.id, campaign_id)
    only_review = is_complete(draft) and (edited or step is not Step.SENDER)
    action = GoTo(campaign_id, int(Step.REVIEW if only_review else step + 1))
    return await handler_of(GoTo)(action, chat)
