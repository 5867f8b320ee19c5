"""The campaign wizard: name, mode, groups, sender ID, and going from one step to another. The draft is a row."""

import dataclasses
from collections.abc import Sequence

from bot.chat import Chat
from bot.conversations import campaign_review, campaign_text, end_picker, pace_picker, when_picker
from bot.conversations.campaigns import ListCampaigns
from bot.layout import PAGE, cut, footer, heading, pager
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from bot.wizard import GoTo, Leave, ResumeDraft, Step, first_open, frame, go_on, head, is_complete, next_row
from domain.models import CampaignMode
from domain.rules.permission import Permission
from domain.rules.sender_id import MAX_CHARACTERS
from domain.rules.title import TITLE_LIMIT
from domain.usecases import drafts
from domain.usecases.drafts import Draft, GroupChoice
from locales import Texts

# Actions


class NewCampaign(Action, code="wn", permission=Permission.EDIT):
    """Ask for the name; ``group_id``: it shall go to that group."""

    group_id: int | None = None


class SaveName(Action, code="wna", permission=Permission.EDIT):
    """The name was typed: from here on there is a draft."""

    group_id: int | None = None


class SaveRename(Action, code="wnb", permission=Permission.EDIT):
    """Another name was typed."""

    campaign_id: int


class SetMode(Action, code="wm", permission=Permission.EDIT):
    """Normal or permanent."""

    campaign_id: int
    mode: CampaignMode


class ShowGroups(Action, code="wgp", permission=Permission.EDIT):
    """A page of groups to choose from."""

    campaign_id: int
    page: int


class ToggleGroup(Action, code="wg", permission=Permission.EDIT):
    """Put one in or take it out: the button says which, so that a second tap changes nothing."""

    campaign_id: int
    group_id: int
    chosen: bool
    page: int


class ToggleAll(Action, code="wga", permission=Permission.EDIT):
    """*Seleccionar todo*, *eliminar todos*."""

    campaign_id: int
    chosen: bool


class UseAccountSender(Action, code="wd", permission=Permission.EDIT):
    """The account's sender ID."""

    campaign_id: int


class SaveSender(Action, code="wda", permission=Permission.EDIT):
    """Another one was typed."""

    campaign_id: int


# Screens


def name_screen(t: Texts, *, group_id: int | None = None) -> Screen:
    """Step 1, before there is a draft."""
    text = f"{head(t, t.label('campaigns.new'), Step.NAME)}\n\n{t('wizard.ask_name', limit=TITLE_LIMIT)}"
    rows = ((Button(t.label("wizard.cancel"), ListCampaigns()),), *footer(t, ListCampaigns()))
    return Screen(text, rows, expects=SaveName(group_id))


def rename_screen(draft: Draft, chat: Chat) -> Screen:
    """Step 1 once more."""
    t = chat.t
    body = t("wizard.ask_rename", name=draft.campaign.name, limit=TITLE_LIMIT)
    return frame(draft, Step.NAME, chat, body=body, rows=next_row(draft, Step.NAME, t), expects=SaveRename(draft.id))


def mode_screen(draft: Draft, chat: Chat) -> Screen:
    """Step 2: the manual's two modes, explained."""
    t = chat.t
    rows = tuple(
        (
            Button(
                f"{'✅ ' if draft.campaign.mode is mode else ''}{t.label(f'campaign.mode.{mode.value}')}",
                SetMode(draft.id, mode),
            ),
        )
        for mode in CampaignMode
    )
    return frame(draft, Step.MODE, chat, body=t("wizard.ask_mode"), rows=rows)


def groups_screen(draft: Draft, choices: Sequence[GroupChoice], chat: Chat, *, page: int = 0) -> Screen:
    """Step 3: toggles, and how many distinct people that makes."""
    t = chat.t
    if not choices:
        doors = (
            Button(t.label("wizard.to_import"), unpack("ii:"), Style.PRIMARY),
            Button(t.label("wizard.to_groups"), unpack("gl:0")),
        )
        return frame(draft, Step.GROUPS, chat, body=t("wizard.no_groups"), rows=(doors,))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                f"{'✅' if one.chosen else '⬜'} {cut(one.title, 18)} · {t.number(one.contacts)}",
                ToggleGroup(draft.id, one.id, not one.chosen, page),
            ),
        )
        for one in choices[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(choices), to=lambda number: ShowGroups(draft.id, number))
    if len(choices) > 1:
        rows.append(
            (
                Button(t.label("wizard.all_groups"), ToggleAll(draft.id, chosen=True)),
                Button(t.label("wizard.no_group"), ToggleAll(draft.id, chosen=False)),
            )
        )
    if draft.groups:
        rows += next_row(draft, Step.GROUPS, t)
    return frame(draft, Step.GROUPS, chat, body=_audience(draft, t), rows=tuple(rows))


def sender_screen(draft: Draft, chat: Chat) -> Screen:
    """Step 5: the account's at a tap, another one typed."""
    t = chat.t
    default = Button(
        t.label("wizard.account_sender", sender=chat.account.sender_id), UseAccountSender(draft.id), Style.PRIMARY
    )
    chosen = draft.campaign.sender_id
    body = t("wizard.ask_sender", limit=MAX_CHARACTERS)
    rows: Rows = ((default,),)
    if chosen:
        body += f"\n\n{t('wizard.chosen_sender', sender=chosen)}"
        rows += next_row(draft, Step.SENDER, t)
    return frame(draft, Step.SENDER, chat, body=body, rows=rows, expects=SaveSender(draft.id))


def left_screen(draft: Draft, t: Texts) -> Screen:
    """The draft stays."""
    rows = ((Button(t.label("wizard.resume"), ResumeDraft(draft.id), Style.PRIMARY),), *footer(t, ListCampaigns()))
    top = heading(t.label("campaigns.title"))
    return Screen(f"{top}\n\n{t('wizard.left', name=draft.campaign.name)}", rows)


def _audience(draft: Draft, t: Texts) -> str:
    if not draft.groups:
        return t("wizard.ask_groups")
    counted = t(
        "wizard.audience", count=draft.audience.contacts, groups=t.label("wizard.groups", count=len(draft.groups))
    )
    if not draft.audience.blacklisted:
        return counted
    blocked = t("wizard.blocked", count=draft.audience.blacklisted, left=t.number(draft.recipients))
    return f"{counted}\n{blocked}"


# Handlers


@on(NewCampaign)
async def new_campaign(action: NewCampaign, chat: Chat) -> Screen:
    """Ask for the name."""
    return name_screen(chat.t, group_id=action.group_id)


@on(SaveName)
async def save_name(action: SaveName, chat: Chat) -> Screen:
    """The draft is there from now on."""
    campaign_id = await drafts.create(chat.account.id, name=chat.text, person_id=chat.person_id, chat_id=chat.chat_id)
    if action.group_id is not None:
        await drafts.set_group(chat.account.id, campaign_id, group_id=action.group_id, chosen=True)
    return mode_screen(await drafts.get(chat.account.id, campaign_id), chat)


@on(SaveRename)
async def save_rename(action: SaveRename, chat: Chat) -> Screen:
    """On with the next step."""
    await drafts.rename(chat.account.id, action.campaign_id, name=chat.text)
    return await go_on(action.campaign_id, Step.NAME, chat)


@on(ResumeDraft)
async def resume_draft(action: ResumeDraft, chat: Chat) -> Screen:
    """Where it was left."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return await _show(draft, first_open(draft), chat)


@on(GoTo)
async def go_to(action: GoTo, chat: Chat) -> Screen:
    """That step; one that there is none of is the review."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return await _show(draft, Step(action.step) if action.step in set(Step) else Step.REVIEW, chat)


@on(SetMode)
async def set_mode(action: SetMode, chat: Chat) -> Screen:
    """On with the next step."""
    await drafts.set_mode(chat.account.id, action.campaign_id, mode=action.mode)
    return await go_on(action.campaign_id, Step.MODE, chat)


@on(ShowGroups)
async def show_groups(action: ShowGroups, chat: Chat) -> Screen:
    """A page."""
    return await _groups(action.campaign_id, chat, page=action.page)


@on(ToggleGroup)
async def toggle_group(action: ToggleGroup, chat: Chat) -> Screen:
    """The count changes with it."""
    await drafts.set_group(chat.account.id, action.campaign_id, group_id=action.group_id, chosen=action.chosen)
    return await _groups(action.campaign_id, chat, page=action.page)


@on(ToggleAll)
async def toggle_all(action: ToggleAll, chat: Chat) -> Screen:
    """The count changes with it."""
    await drafts.set_all_groups(chat.account.id, action.campaign_id, chosen=action.chosen)
    return await _groups(action.campaign_id, chat)


@on(UseAccountSender)
async def use_account_sender(action: UseAccountSender, chat: Chat) -> Screen:
    """On with the next step."""
    return await _set_sender(action.campaign_id, chat.account.sender_id, chat)


@on(SaveSender)
async def save_sender(action: SaveSender, chat: Chat) -> Screen:
    """On with the next step."""
    return await _set_sender(action.campaign_id, chat.text or "", chat)


@on(Leave)
async def leave(action: Leave, chat: Chat) -> Screen:
    """Nothing is lost."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return dataclasses.replace(left_screen(draft, chat.t), toast=chat.t.label("wizard.kept"))


async def _show(draft: Draft, step: Step, chat: Chat) -> Screen:
    match step:
        case Step.NAME:
            return rename_screen(draft, chat)
        case Step.MODE:
            return mode_screen(draft, chat)
        case Step.GROUPS:
            return await _groups(draft.id, chat)
        case Step.TEXT:
            return await campaign_text.choose_text(draft, chat)
        case Step.SENDER:
            return sender_screen(draft, chat)
        case Step.WHEN:
            return when_picker.when_screen(draft, chat)
        case Step.ENDS:
            return end_picker.end_screen(draft, chat)
        case Step.PACE:
            return pace_picker.pace_screen(draft, chat)
        case Step.SILENCE:
            return pace_picker.silence_screen(draft, chat)
        case Step.REVIEW:
            return await campaign_review.review(draft, chat)


async def _set_sender(campaign_id: int, sender_id: str, chat: Chat) -> Screen:
    edited = is_complete(await drafts.get(chat.account.id, campaign_id))
    await drafts.set_sender_id(chat.account.id, campaign_id, sender_id=sender_id)
    return await go_on(campaign_id, Step.SENDER, chat, edited=edited)


async def _groups(campaign_id: int, chat: Chat, *, page: int = 0) -> Screen:
    draft = await drafts.get(chat.account.id, campaign_id)
    return groups_screen(draft, await drafts.group_choices(chat.account.id, campaign_id), chat, page=page)
