"""The wizard's *Iniciar*: now, a day and an hour by buttons, or a moment typed. Weekdays are in ``weekly_picker``."""

from datetime import date, datetime, time, timedelta
from typing import Final

from bot.chat import Chat
from bot.conversations import campaign_review
from bot.conversations.weekly_picker import SaveWeekly, ShowWeekly, save_weekly
from bot.hours_words import start_words
from bot.layout import pairs
from bot.pickers import QUARTERS, hour_rows, month_rows, pack, quarter, unpack_day
from bot.screen import Action, Button, Rows, Screen, Style, on
from bot.wizard import GoTo, Step, frame, next_row
from domain.models import StartKind
from domain.rules.permission import Permission
from domain.rules.schedule import BadWhen, parse_when, wall
from domain.rules.weekly_words import parse_weekly
from domain.usecases import draft_hours, drafts
from domain.usecases.drafts import Draft

_DAYS: Final = 4  # offered by buttons of their own

# Actions


class StartNow(Action, code="wh", permission=Permission.EDIT):
    """*Inmediatamente*."""

    campaign_id: int


class ShowMonth(Action, code="whc", permission=Permission.EDIT):
    """Another day: the month of this one (``20261124``)."""

    campaign_id: int
    day: int


class PickHour(Action, code="whh", permission=Permission.EDIT):
    """The day was chosen: which hour, at which quarter of it?"""

    campaign_id: int
    day: int
    minute: int = 0


class SetStart(Action, code="whs", permission=Permission.EDIT):
    """The moment was chosen, by the account's clocks."""

    campaign_id: int
    day: int
    hour: int
    minute: int


class SaveStart(Action, code="wha", permission=Permission.EDIT):
    """The moment, or weekly hours, were typed."""

    campaign_id: int


# Screens


def when_screen(draft: Draft, chat: Chat) -> Screen:
    """Now, one of the next days, weekdays, or typed."""
    t, zone = chat.t, chat.account.zone
    body = t("wizard.ask_when", zone=t.zone(zone), time=t.time(chat.now, zone))
    if draft.campaign.start_kind is not StartKind.NOW:
        body += f"\n\n{t('wizard.chosen_when', when=start_words(draft.campaign, zone, t))}"
    local = chat.now.astimezone(zone)
    days = [local.date() + timedelta(days=ahead) for ahead in range(_DAYS)]
    if local.time() >= time(23, QUARTERS[-1]):
        days = days[1:]
    buttons = [Button(_day_label(day, local.date(), chat), PickHour(draft.id, pack(day))) for day in days]
    rows: Rows = (
        (Button(t.label("wizard.start_now"), StartNow(draft.id), Style.PRIMARY),),
        *pairs(buttons),
        (
            Button(t.label("wizard.other_date"), ShowMonth(draft.id, pack(local.date()))),
            Button(t.label("wizard.weekdays"), ShowWeekly(draft.id)),
        ),
    )
    if draft.campaign.start_kind is not StartKind.NOW:
        rows += next_row(draft, Step.WHEN, t)
    return frame(draft, Step.WHEN, chat, body=body, rows=rows, expects=SaveStart(draft.id))


def month_screen(draft: Draft, month: date, chat: Chat) -> Screen:
    """Any day of the next year."""
    rows = month_rows(
        month,
        today=chat.now.astimezone(chat.account.zone).date(),
        pick=lambda day: PickHour(draft.id, pack(day)),
        turn=lambda day: ShowMonth(draft.id, pack(day)),
        t=chat.t,
    )
    body = chat.t("wizard.ask_date")
    return _within(draft, chat, body=body, rows=rows)


def hour_screen(draft: Draft, day: date, minute: int, chat: Chat) -> Screen:
    """The hours of that day that are to come."""
    zone = chat.account.zone
    local = chat.now.astimezone(zone)
    packed = pack(day)
    rows = hour_rows(
        minute,
        pick=lambda hour: SetStart(draft.id, packed, hour, minute),
        turn=lambda other: PickHour(draft.id, packed, other),
        first=local.time() if day == local.date() else None,
    )
    body = chat.t("wizard.ask_hour", day=_day_label(day, local.date(), chat), zone=chat.t.zone(zone))
    return _within(draft, chat, body=body, rows=rows)


def _within(draft: Draft, chat: Chat, *, body: str, rows: Rows) -> Screen:
    """A screen of the step, back to its first one."""
    back = GoTo(draft.id, Step.WHEN)
    return frame(draft, Step.WHEN, chat, body=body, rows=rows, expects=SaveStart(draft.id), back=back)


def _day_label(day: date, today: date, chat: Chat) -> str:
    noon = wall(day, time(12), chat.account.zone)
    written = f"{chat.t.weekday(day.weekday())} {chat.t.day(noon, chat.account.zone)}"
    near = {today: "wizard.today", today + timedelta(days=1): "wizard.tomorrow"}.get(day)
    return chat.t.label(near, day=chat.t.day(noon, chat.account.zone)) if near else written


# Handlers


@on(StartNow)
async def start_now(action: StartNow, chat: Chat) -> Screen:
    """On to the review."""
    await draft_hours.start_now(chat.account.id, action.campaign_id)
    return await campaign_review.review(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(ShowMonth)
async def show_month(action: ShowMonth, chat: Chat) -> Screen:
    """A month."""
    return month_screen(await drafts.get(chat.account.id, action.campaign_id), unpack_day(action.day), chat)


@on(PickHour)
async def pick_hour(action: PickHour, chat: Chat) -> Screen:
    """Which hour."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return hour_screen(draft, unpack_day(action.day), quarter(action.minute), chat)


@on(SetStart)
async def set_start(action: SetStart, chat: Chat) -> Screen:
    """On to the review."""
    at = time(action.hour % 24, quarter(action.minute))
    return await _set(action.campaign_id, wall(unpack_day(action.day), at, chat.account.zone), chat)


@on(SaveStart)
async def save_start(action: SaveStart, chat: Chat) -> Screen:
    """What is not understood, or is over, keeps the question open."""
    text, zone = chat.text or "", chat.account.zone
    try:
        moment = parse_when(text, now=chat.now, zone=zone, language=chat.t.language)
    except BadWhen:
        try:
            understood = bool(parse_weekly(text).days)
        except BadWhen:
            understood = False
        if not understood:
            raise
        return await save_weekly(SaveWeekly(action.campaign_id), chat)
    return await _set(action.campaign_id, moment, chat)


async def _set(campaign_id: int, moment: datetime, chat: Chat) -> Screen:
    await draft_hours.start_at(chat.account.id, campaign_id, moment=moment, now=chat.now)
    return await campaign_review.review(await drafts.get(chat.account.id, campaign_id), chat)
