"""The wizard's *En el horario agendado*: days of the week and an hour, by buttons or typed."""

from datetime import time

from bot.chat import Chat
from bot.conversations import campaign_review
from bot.hours_words import days_in, days_words
from bot.pickers import hour_rows, quarter
from bot.screen import Action, Button, Rows, Screen, Style, handler_of, on
from bot.wizard import GoTo, Step, frame
from domain.rules.local_time import clock
from domain.rules.permission import Permission
from domain.rules.weekly_words import parse_weekly
from domain.usecases import draft_hours, drafts
from domain.usecases.drafts import Draft

_WORKDAYS = frozenset(range(5))
_EVERY_DAY = frozenset(range(7))

# Actions


class ShowWeekly(Action, code="wk", permission=Permission.EDIT):
    """Which days."""

    campaign_id: int


class SetDays(Action, code="wkd", permission=Permission.EDIT):
    """These: a bit mask, bit 0 is Monday. A second tap changes nothing."""

    campaign_id: int
    mask: int


class PickBegins(Action, code="wkh", permission=Permission.EDIT):
    """The days were chosen: at which hour, at which quarter of it?"""

    campaign_id: int
    minute: int = 0


class SetBegins(Action, code="wks", permission=Permission.EDIT):
    """The hour was chosen, in minutes after midnight."""

    campaign_id: int
    begins: int


class SaveWeekly(Action, code="wka", permission=Permission.EDIT):
    """Days and hours were typed."""

    campaign_id: int


# Screens


def days_screen(draft: Draft, chat: Chat) -> Screen:
    """Toggles, and the two sets that nearly everybody wants."""
    t = chat.t
    chosen = days_in(draft.campaign.weekdays)
    toggles = [
        Button(f"{'✅' if day in chosen else '⬜'} {t.weekday(day)}", SetDays(draft.id, _mask(chosen ^ {day})))
        for day in range(7)
    ]
    rows: Rows = (
        tuple(toggles[:4]),
        tuple(toggles[4:]),
        (
            Button(days_words(_WORKDAYS, t), SetDays(draft.id, _mask(_WORKDAYS))),
            Button(days_words(_EVERY_DAY, t), SetDays(draft.id, _mask(_EVERY_DAY))),
        ),
    )
    if chosen:
        rows += ((Button(t.label("wizard.to_hour"), PickBegins(draft.id), Style.PRIMARY),),)
    body = t("wizard.ask_days", zone=t.zone(chat.account.zone))
    return _frame(draft, chat, body=body, rows=rows, back=GoTo(draft.id, Step.WHEN))


def hour_screen(draft: Draft, minute: int, chat: Chat) -> Screen:
    """Twenty-four of them."""
    t = chat.t
    rows = hour_rows(
        minute,
        pick=lambda hour: SetBegins(draft.id, hour * 60 + minute),
        turn=lambda other: PickBegins(draft.id, other),
    )
    days = days_words(days_in(draft.campaign.weekdays), t)
    body = t("wizard.ask_begins", days=days, zone=t.zone(chat.account.zone))
    return _frame(draft, chat, body=body, rows=rows, back=ShowWeekly(draft.id))


def _frame(draft: Draft, chat: Chat, *, body: str, rows: Rows, back: Action) -> Screen:
    return frame(draft, Step.WHEN, chat, body=body, rows=rows, expects=SaveWeekly(draft.id), back=back)


def _mask(days: frozenset[int]) -> int:
    return sum(1 << day for day in days)


# Handlers


@on(ShowWeekly)
async def show_weekly(action: ShowWeekly, chat: Chat) -> Screen:
    """The days as they are."""
    return days_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(SetDays)
async def set_days(action: SetDays, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_weekdays(chat.account.id, action.campaign_id, days=days_in(action.mask))
    return days_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(PickBegins)
async def pick_begins(action: PickBegins, chat: Chat) -> Screen:
    """Which hour; without a day the days are asked for first."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    if not draft.campaign.weekdays:
        return days_screen(draft, chat)
    return hour_screen(draft, quarter(action.minute), chat)


@on(SetBegins)
async def set_begins(action: SetBegins, chat: Chat) -> Screen:
    """On to the end, which is nearly always a closing hour."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    await _save(draft, days_in(draft.campaign.weekdays), clock(action.begins % 1_440), chat)
    return await _to(Step.ENDS, draft, chat)


@on(SaveWeekly)
async def save_weekly(action: SaveWeekly, chat: Chat) -> Screen:
    """What was said is kept, and the next thing is asked; what is not understood keeps the question open."""
    words = parse_weekly(chat.text or "")
    draft = await drafts.get(chat.account.id, action.campaign_id)
    days = words.days or days_in(draft.campaign.weekdays)
    if words.begins is None or not days:
        await draft_hours.set_weekdays(chat.account.id, draft.id, days=days)
        return await pick_begins(PickBegins(draft.id), chat)
    await _save(draft, days, words.begins, chat)
    if words.ends is None:
        return await _to(Step.ENDS, draft, chat)
    await draft_hours.set_ends(chat.account.id, draft.id, ends=words.ends)
    return await campaign_review.review(await drafts.get(chat.account.id, draft.id), chat)


async def _save(draft: Draft, days: frozenset[int], begins: time, chat: Chat) -> None:
    await draft_hours.start_weekly(chat.account.id, draft.id, days=days, begins=begins)


async def _to(step: Step, draft: Draft, chat: Chat) -> Screen:
    return await handler_of(GoTo)(GoTo(draft.id, int(step)), chat)
