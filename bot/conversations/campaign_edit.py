"""*Editar* a campaign that has been launched: some of it at once, some only while it is stopped."""

import dataclasses
from datetime import time

from bot.chat import Chat
from bot.conversations.campaigns import OpenCampaign, card
from bot.layout import cut, footer, heading, pairs
from bot.screen import Action, Button, Screen, on
from domain.errors import WrongState
from domain.models import Campaign
from domain.rules.campaign_state import CampaignState
from domain.rules.local_time import clock
from domain.rules.permission import Permission
from domain.rules.schedule import WhenInPast, parse_when
from domain.usecases import campaigns, running_edit
from domain.usecases.running_edit import GroupTick
from locales import Texts

_PACES = (1, 5, 10, 50)
_ENDS = (18, 20, 21, 22)
_MOST_GROUPS = 40  # buttons of a screen

# Actions


class EditLaunched(Action, code="ee", permission=Permission.SEND):
    """What may be changed."""

    campaign_id: int


class AskChange(Action, code="ea", permission=Permission.SEND):
    """One of ``name``, ``ends``, ``pace``, ``cap``, ``text``, ``sender`` shall be typed or chosen."""

    campaign_id: int
    what: str


class SaveChange(Action, code="es", permission=Permission.SEND):
    """It was; ``value``: chosen by a button, ``-`` for none."""

    campaign_id: int
    what: str
    value: str | None = None


class AskGroups(Action, code="eg", permission=Permission.SEND):
    """Its groups."""

    campaign_id: int


class TickGroup(Action, code="et", permission=Permission.SEND):
    """A group in, or out."""

    campaign_id: int
    group_id: int
    chosen: bool


class SetCarryOn(Action, code="ec", permission=Permission.SEND):
    """Whether it goes on another day after the closing hour."""

    campaign_id: int
    carry_on: bool


# Screens


def edit_screen(campaign: Campaign, t: Texts, *, toast: str | None = None) -> Screen:
    """What is changed at once; the rest where it is stopped."""
    stopped = campaign.state is CampaignState.PAUSED
    ends = t.label("edit.ends_when_done") if campaign.ends is None else f"{clock(campaign.ends):%H:%M}"
    pace = t.label("edit.as_fast") if campaign.tps is None else t.number(campaign.tps)
    cap = t.label("edit.no_cap") if campaign.daily_cap is None else t.number(campaign.daily_cap)
    lines = [
        heading(t.label("edit.title"), t.label("campaigns.title"), cut(campaign.name)),
        "",
        t("edit.now", ends=ends, pace=pace, cap=cap),
        t("edit.stopped_too" if stopped else "edit.stop_first"),
    ]
    whats = ["name", "ends", "pace", "cap", *(["text", "sender"] if stopped else [])]
    buttons = [Button(t.label(f"edit.{what}"), AskChange(campaign.id, what)) for what in whats]
    if stopped:
        buttons.append(Button(t.label("edit.groups"), AskGroups(campaign.id)))
    if campaign.ends is not None:
        key = "edit.carry_on_no" if campaign.carry_on else "edit.carry_on_yes"
        buttons.append(Button(t.label(key), SetCarryOn(campaign.id, carry_on=not campaign.carry_on)))
    return Screen("\n".join(lines), (*pairs(buttons), *footer(t, OpenCampaign(campaign.id))), toast=toast)


def ask_screen(campaign: Campaign, what: str, t: Texts) -> Screen:
    """The question, with the usual answers at a tap."""
    offers = {
        "ends": [(f"{hour}:00", str(hour * 60)) for hour in _ENDS] + [(t.label("edit.ends_when_done"), "-")],
        "pace": [(t.label("edit.per_second", count=pace), str(pace)) for pace in _PACES]
        + [(t.label("edit.as_fast"), "-")],
        "cap": [(t.label("edit.no_cap"), "-")],
    }
    buttons = [Button(label, SaveChange(campaign.id, what, value)) for label, value in offers.get(what, [])]
    head = heading(t.label(f"edit.{what}"), t.label("campaigns.title"), cut(campaign.name))
    rows = (*pairs(buttons), *footer(t, EditLaunched(campaign.id)))
    return Screen(f"{head}\n\n{t(f'edit.ask_{what}')}", rows, expects=SaveChange(campaign.id, what))


def groups_screen(campaign: Campaign, found: list[GroupTick], t: Texts, *, toast: str | None = None) -> Screen:
    """Ticked those that it goes to."""
    buttons = [
        Button(
            cut(f"{'✅ ' if group.chosen else '☐ '}{group.title}"),
            TickGroup(campaign.id, group.id, chosen=not group.chosen),
        )
        for group in found[:_MOST_GROUPS]
    ]
    head = heading(t.label("edit.groups"), t.label("campaigns.title"), cut(campaign.name))
    rows = (*pairs(buttons), *footer(t, EditLaunched(campaign.id)))
    return Screen(f"{head}\n\n{t('edit.ask_groups')}", rows, toast=toast)


# Handlers


@on(EditLaunched)
async def edit_launched(action: EditLaunched, chat: Chat) -> Screen:
    """What can be changed in its state; what has ended shows its card."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    if campaign.state in running_edit.UNDER_WAY:
        return edit_screen(campaign, chat.t)
    return await card(campaign.id, chat, toast=_too_late(campaign, chat.t))


@on(AskChange)
async def ask_change(action: AskChange, chat: Chat) -> Screen:
    """Ask."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    allowed = running_edit.STOPPED if action.what in {"text", "sender"} else running_edit.UNDER_WAY
    if campaign.state not in allowed:
        return await edit_launched(EditLaunched(campaign.id), chat)
    return ask_screen(campaign, action.what, chat.t)


@on(SaveChange)
async def save_change(action: SaveChange, chat: Chat) -> Screen:
    """One change, at once."""
    account_id, campaign_id = chat.account.id, action.campaign_id
    given = action.value if action.value is not None else chat.text or ""
    none = given == "-"
    try:
        match action.what:
            case "name":
                await running_edit.rename(account_id, campaign_id, name=given)
            case "ends":
                ends = None if none else _minutes(given, chat) if action.value is None else int(given)
                await running_edit.set_ends(account_id, campaign_id, ends=ends, now=chat.now)
            case "pace":
                await running_edit.set_pace(account_id, campaign_id, None if none else given)
            case "cap":
                await running_edit.set_daily_cap(account_id, campaign_id, None if none else given)
            case "text":
                await running_edit.set_text(account_id, campaign_id, text=chat.text)
            case "sender":
                await running_edit.set_sender_id(account_id, campaign_id, sender_id=given)
    except WrongState:
        return await edit_launched(EditLaunched(campaign_id), chat)
    return await _saved(campaign_id, chat)


@on(SetCarryOn)
async def set_carry_on(action: SetCarryOn, chat: Chat) -> Screen:
    """At the next closing hour."""
    try:
        await running_edit.set_carry_on(chat.account.id, action.campaign_id, carry_on=action.carry_on, now=chat.now)
    except WrongState:
        return await edit_launched(EditLaunched(action.campaign_id), chat)
    return await _saved(action.campaign_id, chat)


@on(AskGroups)
async def ask_groups(action: AskGroups, chat: Chat) -> Screen:
    """Only while it is stopped."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    if campaign.state not in running_edit.STOPPED:
        return await edit_launched(EditLaunched(campaign.id), chat)
    return groups_screen(campaign, await running_edit.groups(chat.account.id, campaign.id), chat.t)


@on(TickGroup)
async def tick_group(action: TickGroup, chat: Chat) -> Screen:
    """With the number of those who will not get it any more."""
    account_id, t = chat.account.id, chat.t
    try:
        dropped = await running_edit.set_group(
            account_id, action.campaign_id, group_id=action.group_id, chosen=action.chosen
        )
    except WrongState:
        return await edit_launched(EditLaunched(action.campaign_id), chat)
    campaign = await campaigns.get(account_id, action.campaign_id)
    toast = t.label("edit.dropped", count=dropped) if dropped else t.label("edit.saved")
    return groups_screen(campaign, await running_edit.groups(account_id, campaign.id), t, toast=toast)


async def _saved(campaign_id: int, chat: Chat) -> Screen:
    campaign = await campaigns.get(chat.account.id, campaign_id)
    return dataclasses.replace(edit_screen(campaign, chat.t), toast=chat.t.label("edit.saved"))


def _minutes(text: str, chat: Chat) -> int:
    """A time of day as people write it, in minutes after midnight."""
    try:
        moment = parse_when(text, now=chat.now, zone=chat.account.zone, language=chat.t.language)
    except WhenInPast as error:
        moment = error.values["when"]  # type: ignore[assignment]
    local: time = moment.astimezone(chat.account.zone).time()
    return local.hour * 60 + local.minute


def _too_late(campaign: Campaign, t: Texts) -> str:
    return t.label("campaigns.too_late", state=t.label(f"campaign.state.{campaign.state.value}"))
