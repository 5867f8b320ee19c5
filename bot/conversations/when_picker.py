"""The wizard's sixth step: now, a day and an hour by buttons, or a moment typed."""

from datetime import date, datetime, time, timedelta
from typing import Final

from bot.chat import Chat
from bot.conversations import campaign_review
from bot.layout import pairs
from bot.screen import Action, Button, Rows, Screen, StaleAction, Style, on
from bot.wizard import GoTo, Step, frame
from domain.models import StartKind
from domain.rules.permission import Permission
from domain.rules.schedule import parse_when, wall
from domain.usecases import drafts
from domain.usecases.drafts import Draft

_DAYS: Final = 6  # offered by buttons
_PER_ROW: Final = 6  # hours
_MINUTES: Final = (0, 15, 30, 45)

# Actions


class StartNow(Action, code="wh", permission=Permission.EDIT):
    """*Inmediatamente*."""

    campaign_id: int


class PickHour(Action, code="whh", permission=Permission.EDIT):
    """The day was chosen (``20261124``): which hour?"""

    campaign_id: int
    day: int


class PickMinute(Action, code="whm", permission=Permission.EDIT):
    """The hour was chosen: which minute?"""

    campaign_id: int
    day: int
    hour: int


class SetStart(Action, code="whs", permission=Permission.EDIT):
    """The moment was chosen, by the account's clocks."""

    campaign_id: int
    day: int
    hour: int
    minute: int


class SaveStart(Action, code="wha", permission=Permission.EDIT):
    """The moment was typed."""

    campaign_id: int


# Screens


def when_screen(draft: Draft, chat: Chat) -> Screen:
    """Now, one of the next days, or typed."""
    t, zone = chat.t, chat.account.zone
    body = t("wizard.ask_when", zone=t.zone(zone), time=t.time(chat.now, zone))
    if draft.campaign.start_kind is StartKind.AT and draft.campaign.start_at is not None:
        body += f"\n\n{t('wizard.chosen_when', when=t.moment(draft.campaign.start_at, zone))}"
    local = chat.now.astimezone(zone)
    days = [local.date() + timedelta(days=ahead) for ahead in range(_DAYS)]
    if local.time() >= time(23, 45):
        days = days[1:]
    buttons = [Button(_day_label(day, local.date(), chat), PickHour(draft.id, _pack(day))) for day in days]
    rows: Rows = ((Button(t.label("wizard.start_now"), StartNow(draft.id), Style.PRIMARY),), *pairs(buttons))
    return frame(draft, Step.WHEN, chat, body=body, rows=rows, expects=SaveStart(draft.id))


def hour_screen(draft: Draft, day: date, chat: Chat) -> Screen:
    """The hours of that day that are to come."""
    local = chat.now.astimezone(chat.account.zone)
    hours = [hour for hour in range(24) if _to_come(day, hour, _MINUTES[-1], local)]
    buttons = [Button(f"{hour:02d}", PickMinute(draft.id, _pack(day), hour)) for hour in hours]
    rows = tuple(tuple(buttons[i : i + _PER_ROW]) for i in range(0, len(buttons), _PER_ROW))
    body = chat.t("wizard.ask_hour", day=_day_label(day, local.date(), chat))
    return frame(draft, Step.WHEN, chat, body=body, rows=(*rows, _other_day(draft, chat)), expects=SaveStart(draft.id))


def minute_screen(draft: Draft, day: date, hour: int, chat: Chat) -> Screen:
    """The quarters of that hour that are to come."""
    local = chat.now.astimezone(chat.account.zone)
    row = tuple(
        Button(f"{hour:02d}:{minute:02d}", SetStart(draft.id, _pack(day), hour, minute))
        for minute in _MINUTES
        if _to_come(day, hour, minute, local)
    )
    body = chat.t("wizard.ask_minute", day=_day_label(day, local.date(), chat), hour=f"{hour:02d}")
    rows = (row, _other_day(draft, chat)) if row else (_other_day(draft, chat),)
    return frame(draft, Step.WHEN, chat, body=body, rows=rows, expects=SaveStart(draft.id))


def _day_label(day: date, today: date, chat: Chat) -> str:
    noon = wall(day, time(12), chat.account.zone)
    written = chat.t.day(noon, chat.account.zone)
    near = {today: "wizard.today", today + timedelta(days=1): "wizard.tomorrow"}.get(day)
    return chat.t.label(near, day=written) if near else written


def _to_come(day: date, hour: int, minute: int, local: datetime) -> bool:
    return datetime.combine(day, time(hour, minute)) > local.replace(tzinfo=None)


def _other_day(draft: Draft, chat: Chat) -> tuple[Button, ...]:
    return (Button(chat.t.label("wizard.other_day"), GoTo(draft.id, Step.WHEN)),)


def _pack(day: date) -> int:
    return int(f"{day:%Y%m%d}")


def _day(packed: int) -> date:
    """
    Raises:
        StaleAction: No such day: the button is forged.
    """
    try:
        return date(packed // 10_000, packed // 100 % 100, packed % 100)
    except ValueError as error:
        raise StaleAction(str(packed)) from error


# Handlers


@on(StartNow)
async def start_now(action: StartNow, chat: Chat) -> Screen:
    """On to the review."""
    await drafts.start_now(chat.account.id, action.campaign_id)
    return await campaign_review.review(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(PickHour)
async def pick_hour(action: PickHour, chat: Chat) -> Screen:
    """Which hour."""
    return hour_screen(await drafts.get(chat.account.id, action.campaign_id), _day(action.day), chat)


@on(PickMinute)
async def pick_minute(action: PickMinute, chat: Chat) -> Screen:
    """Which minute."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    return minute_screen(draft, _day(action.day), action.hour % 24, chat)


@on(SetStart)
async def set_start(action: SetStart, chat: Chat) -> Screen:
    """On to the review."""
    moment = wall(_day(action.day), time(action.hour % 24, action.minute % 60), chat.account.zone)
    return await _set(action.campaign_id, moment, chat)


@on(SaveStart)
async def save_start(action: SaveStart, chat: Chat) -> Screen:
    """What is not understood, or is over, keeps the question open."""
    zone = chat.account.zone
    moment = parse_when(chat.text or "", now=chat.now, zone=zone, language=chat.t.language)
    return await _set(action.campaign_id, moment, chat)


async def _set(campaign_id: int, moment: datetime, chat: Chat) -> Screen:
    await drafts.start_at(chat.account.id, campaign_id, moment=moment, now=chat.now)
    return await campaign_review.review(await drafts.get(chat.account.id, campaign_id), chat)
