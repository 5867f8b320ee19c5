"""The wizard's pace, and its silences: messages a second and a day, priority; quiet hours and holidays."""

from typing import Final

from bot.chat import Chat
from bot.hours_words import pace_words, span_words
from bot.screen import Action, Button, Rows, Screen, on, unpack
from bot.wizard import Step, frame, next_row
from domain.rules.pace_words import parse_pace
from domain.rules.permission import Permission
from domain.usecases import draft_hours, drafts
from domain.usecases.draft_hours import PRIORITIES
from domain.usecases.drafts import Draft

_SPEEDS: Final = (1, 10, 50, 100)  # messages a second
_CAPS: Final = (500, 1_000, 5_000, 20_000)  # messages a day

# Actions


class SetSpeed(Action, code="wp", permission=Permission.EDIT):
    """Messages a second; None: as the route allows."""

    campaign_id: int
    tps: int | None


class SetCap(Action, code="wpc", permission=Permission.EDIT):
    """Messages a day; None: as many as there are."""

    campaign_id: int
    cap: int | None


class SetPriority(Action, code="wpp", permission=Permission.EDIT):
    """-1, 0 or 1."""

    campaign_id: int
    priority: int


class SavePace(Action, code="wpa", permission=Permission.EDIT):
    """A pace was typed."""

    campaign_id: int


class SetQuiet(Action, code="wq", permission=Permission.EDIT):
    """The account's quiet hours are kept, or not."""

    campaign_id: int
    keep: bool


class SetHolidays(Action, code="wqh", permission=Permission.EDIT):
    """Nothing goes out on holidays, or it does."""

    campaign_id: int
    skip: bool


# Screens


def pace_screen(draft: Draft, chat: Chat) -> Screen:
    """Three lines of choices; other figures are typed."""
    t, campaign = chat.t, draft.campaign
    speeds = (
        Button(_mark(t.label("wizard.full_speed"), campaign.tps is None), SetSpeed(draft.id, None)),
        *(Button(_mark(f"{t.number(tps)}/s", campaign.tps == tps), SetSpeed(draft.id, tps)) for tps in _SPEEDS),
    )
    caps = (
        Button(_mark(t.label("wizard.no_cap"), campaign.daily_cap is None), SetCap(draft.id, None)),
        *(Button(_mark(t.number(cap), campaign.daily_cap == cap), SetCap(draft.id, cap)) for cap in _CAPS),
    )
    priorities = tuple(
        Button(_mark(t.label(_PRIORITY_WORDS[one]), campaign.priority == one), SetPriority(draft.id, one))
        for one in PRIORITIES
    )
    body = f"{t('wizard.ask_pace')}\n\n{t('wizard.chosen_when', when=pace_words(campaign, t))}"
    rows: Rows = (speeds[:1], speeds[1:], caps[:1], caps[1:], priorities, *next_row(draft, Step.PACE, t))
    return frame(draft, Step.PACE, chat, body=body, rows=rows, expects=SavePace(draft.id))


def silence_screen(draft: Draft, chat: Chat) -> Screen:
    """Two switches."""
    t, campaign = chat.t, draft.campaign
    rows: list[tuple[Button, ...]] = []
    body = [t("wizard.ask_silence")]
    if draft.quiet is None:
        body.append(t("wizard.no_quiet_hours"))
        if chat.may(Permission.GOVERN):
            rows.append((Button(t.label("wizard.set_quiet_hours"), unpack("ajq")),))
    else:
        hours = span_words(draft.quiet, chat.account.zone, t)
        label = t.label("wizard.quiet_hours", hours=f"{draft.quiet[0]:%H:%M}–{draft.quiet[1]:%H:%M}")
        body.append(t("wizard.quiet_are", hours=hours))
        rows.append((Button(_switch(label, campaign.quiet_hours), SetQuiet(draft.id, not campaign.quiet_hours)),))
    holidays = _switch(t.label("wizard.skip_holidays"), campaign.skip_holidays)
    rows.append((Button(holidays, SetHolidays(draft.id, not campaign.skip_holidays)),))
    rows += next_row(draft, Step.SILENCE, t)
    return frame(draft, Step.SILENCE, chat, body="\n".join(body), rows=tuple(rows))


_PRIORITY_WORDS: Final = {-1: "wizard.priority_low", 0: "wizard.priority_normal", 1: "wizard.priority_high"}


def _mark(label: str, chosen: bool) -> str:
    return f"✅ {label}" if chosen else label


def _switch(label: str, on_: bool) -> str:
    return f"{'✅' if on_ else '⬜'} {label}"


# Handlers


@on(SetSpeed)
async def set_speed(action: SetSpeed, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_tps(chat.account.id, action.campaign_id, tps=action.tps)
    return await _pace(action.campaign_id, chat)


@on(SetCap)
async def set_cap(action: SetCap, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_daily_cap(chat.account.id, action.campaign_id, cap=action.cap)
    return await _pace(action.campaign_id, chat)


@on(SetPriority)
async def set_priority(action: SetPriority, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_priority(chat.account.id, action.campaign_id, priority=action.priority)
    return await _pace(action.campaign_id, chat)


@on(SavePace)
async def save_pace(action: SavePace, chat: Chat) -> Screen:
    """A speed or a cap; what is neither keeps the question open."""
    words = parse_pace(chat.text or "")
    if words.tps is not None:
        await draft_hours.set_tps(chat.account.id, action.campaign_id, tps=words.tps)
    else:
        await draft_hours.set_daily_cap(chat.account.id, action.campaign_id, cap=words.daily_cap)
    return await _pace(action.campaign_id, chat)


@on(SetQuiet)
async def set_quiet(action: SetQuiet, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_quiet_hours(chat.account.id, action.campaign_id, keep=action.keep)
    return silence_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(SetHolidays)
async def set_holidays(action: SetHolidays, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_skip_holidays(chat.account.id, action.campaign_id, skip=action.skip)
    return silence_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


async def _pace(campaign_id: int, chat: Chat) -> Screen:
    return pace_screen(await drafts.get(chat.account.id, campaign_id), chat)
