"""*Mi cuenta*, *Límites*: the budget of a day, and when a campaign stops by itself because too much is refused."""

import dataclasses

from bot.chat import Chat
from bot.layout import footer, heading, pairs
from bot.screen import Action, Button, Screen, on, unpack
from domain.rules.permission import Permission
from domain.usecases import account_limits
from domain.usecases.account_limits import AccountLimits
from locales import Texts

_PERCENTS = (10, 20, 30, 50, 0)

# Actions


class OpenLimits(Action, code="ak"):
    """The limits as they stand."""


class AskFault(Action, code="akf", permission=Permission.GOVERN):
    """When a campaign stops by itself shall be chosen or typed."""


class SaveFault(Action, code="akg", permission=Permission.GOVERN):
    """It was."""

    percent: int | None = None


class AskBudget(Action, code="akb", permission=Permission.GOVERN):
    """The budget of a day shall be typed."""


class SaveBudget(Action, code="akc", permission=Permission.GOVERN):
    """It was; ``clear``: there shall be none."""

    clear: bool = False


# Screens


def limits_screen(limits: AccountLimits, chat: Chat, *, toast: str | None = None) -> Screen:
    """What holds for all campaigns, and for an owner the buttons that change it."""
    t = chat.t
    lines = [
        heading(t.label("limits.title"), t.label("account.title")),
        "",
        t("limits.budget", amount=_amount(limits, t)) if limits.budget is not None else t("limits.no_budget"),
        t("limits.fault", percent=limits.fault_percent, count=limits.fault_window)
        if limits.fault_percent
        else t("limits.no_fault"),
    ]
    buttons = []
    if chat.may(Permission.GOVERN):
        buttons = [
            Button(t.label("limits.edit_budget"), AskBudget()),
            Button(t.label("limits.edit_fault"), AskFault()),
        ]
    return Screen("\n".join(lines), (*pairs(buttons), *footer(t, unpack("a"))), toast=toast)


def fault_screen(t: Texts) -> Screen:
    """A percentage at a tap; of how many messages is typed."""
    buttons = [
        Button(f"{percent} %" if percent else t.label("limits.never"), SaveFault(percent)) for percent in _PERCENTS
    ]
    head = heading(t.label("limits.edit_fault"), t.label("account.title"), t.label("limits.title"))
    rows = (*pairs(buttons), *footer(t, OpenLimits()))
    return Screen(f"{head}\n\n{t('limits.ask_fault')}", rows, expects=SaveFault())


def budget_screen(limits: AccountLimits, t: Texts) -> Screen:
    """An amount is typed."""
    head = heading(t.label("limits.edit_budget"), t.label("account.title"), t.label("limits.title"))
    rows = ((Button(t.label("limits.clear_budget"), SaveBudget(clear=True)),),) if limits.budget is not None else ()
    ask = t("limits.ask_budget" if limits.currency else "limits.ask_price_first")
    return Screen(f"{head}\n\n{ask}", (*rows, *footer(t, OpenLimits())), expects=SaveBudget())


def _amount(limits: AccountLimits, t: Texts) -> str:
    if limits.budget is None:
        return ""
    return t.money(limits.budget, limits.currency) if limits.currency else t.number(limits.budget)


# Handlers


@on(OpenLimits)
async def open_limits(_: OpenLimits, chat: Chat) -> Screen:
    """As they stand."""
    return limits_screen(await account_limits.of(chat.account.id), chat)


@on(AskFault)
async def ask_fault(_: AskFault, chat: Chat) -> Screen:
    """Ask."""
    return fault_screen(chat.t)


@on(SaveFault)
async def save_fault(action: SaveFault, chat: Chat) -> Screen:
    """From the next look at a running campaign on."""
    await account_limits.set_fault(chat.account.id, chat.text or "" if action.percent is None else str(action.percent))
    return await _saved(chat)


@on(AskBudget)
async def ask_budget(_: AskBudget, chat: Chat) -> Screen:
    """Ask."""
    return budget_screen(await account_limits.of(chat.account.id), chat.t)


@on(SaveBudget)
async def save_budget(action: SaveBudget, chat: Chat) -> Screen:
    """From the next message on."""
    await account_limits.set_budget(chat.account.id, None if action.clear else chat.text or "")
    return await _saved(chat)


async def _saved(chat: Chat) -> Screen:
    return dataclasses.replace(await open_limits(OpenLimits(), chat), toast=chat.t.label("account.saved"))
