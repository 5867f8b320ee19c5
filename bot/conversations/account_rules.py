"""*Mi cuenta*, sending rules: the countdown of a launch, quiet hours, and how far back the same text counts."""

import dataclasses
from typing import Final

from bot.chat import Chat
from bot.hours_words import span_words
from bot.layout import footer, heading
from bot.screen import Action, Button, Screen, on, unpack
from domain.rules.permission import Permission
from domain.rules.weekly_words import parse_weekly
from domain.rules.when import BadWhen
from domain.usecases import periods, sending_rules
from domain.usecases.sending_rules import SendingRules

_COUNTDOWNS: Final = (0, 10, 30, 60, 120)  # seconds
_LOOK_BACKS: Final = (0, 6, 24, 72, 168)  # hours

# Actions


class OpenRules(Action, code="aj"):
    """The rules as they are."""


class SetCountdown(Action, code="ajc", permission=Permission.GOVERN):
    """So many seconds."""

    seconds: int


class SetLookBack(Action, code="ajs", permission=Permission.GOVERN):
    """So many hours."""

    hours: int


class AskQuiet(Action, code="ajq", permission=Permission.GOVERN):
    """From when until when."""


class SaveQuiet(Action, code="ajt", permission=Permission.GOVERN):
    """It was typed; ``clear``: there shall be none."""

    clear: bool = False


# Screens


def rules_screen(rules: SendingRules, chat: Chat, *, toast: str | None = None) -> Screen:
    """Three rules; an owner changes each at a tap."""
    t = chat.t
    quiet = span_words(rules.quiet, chat.account.zone, t) if rules.quiet else t.label("rules.no_quiet")
    lines = [
        heading(t.label("rules.title"), t.label("account.title")),
        "",
        t("rules.countdown", countdown=_seconds(rules.countdown_s, chat)),
        t("rules.quiet", quiet=quiet),
        t("rules.same_content", hours=_hours(rules.same_content_hours, chat)),
    ]
    rows: list[tuple[Button, ...]] = []
    if chat.may(Permission.GOVERN):
        rows.append(
            tuple(
                Button(_mark(_seconds(one, chat), one == rules.countdown_s), SetCountdown(one)) for one in _COUNTDOWNS
            )
        )
        rows.append((Button(t.label("rules.edit_quiet"), AskQuiet()),))
        rows.append(
            tuple(
                Button(_mark(_hours(one, chat), one == rules.same_content_hours), SetLookBack(one))
                for one in _LOOK_BACKS
            )
        )
    return Screen("\n".join(lines), (*rows, *footer(t, unpack("a"))), toast=toast)


def quiet_screen(rules: SendingRules, chat: Chat) -> Screen:
    """How they are written."""
    t = chat.t
    head = heading(t.label("rules.edit_quiet"), t.label("account.title"), t.label("rules.title"))
    rows = ((Button(t.label("rules.clear_quiet"), SaveQuiet(clear=True)),),) if rules.quiet else ()
    body = t("rules.ask_quiet", zone=t.zone(chat.account.zone))
    return Screen(f"{head}\n\n{body}", (*rows, *footer(t, OpenRules())), expects=SaveQuiet())


def _mark(label: str, chosen: bool) -> str:
    return f"✅ {label}" if chosen else label


def _seconds(seconds: int, chat: Chat) -> str:
    return chat.t.label("rules.seconds", number=seconds) if seconds else chat.t.label("rules.off")


def _hours(hours: int, chat: Chat) -> str:
    return chat.t.label("rules.hours", number=hours) if hours else chat.t.label("rules.off")


# Handlers


@on(OpenRules)
async def open_rules(_: OpenRules, chat: Chat) -> Screen:
    """As they are."""
    return rules_screen(await sending_rules.of(chat.account.id), chat)


@on(SetCountdown)
async def set_countdown(action: SetCountdown, chat: Chat) -> Screen:
    """For launches from now on."""
    await sending_rules.set_countdown(chat.account.id, seconds=action.seconds)
    return await _saved(chat)


@on(SetLookBack)
async def set_look_back(action: SetLookBack, chat: Chat) -> Screen:
    """For launches from now on."""
    await sending_rules.set_same_content_hours(chat.account.id, hours=action.hours)
    return await _saved(chat)


@on(AskQuiet)
async def ask_quiet(_: AskQuiet, chat: Chat) -> Screen:
    """Ask."""
    return quiet_screen(await sending_rules.of(chat.account.id), chat)


@on(SaveQuiet)
async def save_quiet(action: SaveQuiet, chat: Chat) -> Screen:
    """Campaigns that keep them keep the new ones."""
    if action.clear:
        await sending_rules.set_quiet(chat.account.id, quiet=None)
        await periods.reckon(chat.account.id, now=chat.now)
        return await _saved(chat)
    text = chat.text or ""
    words = parse_weekly(text)
    if words.begins is None or words.ends is None:
        raise BadWhen(text=text)
    await sending_rules.set_quiet(chat.account.id, quiet=(words.begins, words.ends))
    await periods.reckon(chat.account.id, now=chat.now)
    return await _saved(chat)


async def _saved(chat: Chat) -> Screen:
    screen = await open_rules(OpenRules(), chat)
    return dataclasses.replace(screen, toast=chat.t.label("account.saved"))
