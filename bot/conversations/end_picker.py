"""The wizard's *Finalizar*: when all is sent, or at a closing hour, and what then becomes of the pending."""

from datetime import date, time

from bot.chat import Chat
from bot.hours_words import end_words
from bot.pickers import hour_rows, month_rows, pack, quarter, unpack_day
from bot.screen import Action, Button, Rows, Screen, on
from bot.wizard import GoTo, Step, frame, next_row
from domain.rules.local_time import clock
from domain.rules.permission import Permission
from domain.rules.when import BadWhen, parse_clock, parse_day
from domain.usecases import draft_hours, drafts
from domain.usecases.drafts import Draft

# Actions


class WhenDone(Action, code="we", permission=Permission.EDIT):
    """*Al finalizar*."""

    campaign_id: int


class PickCloses(Action, code="weh", permission=Permission.EDIT):
    """At which hour, at which quarter of it?"""

    campaign_id: int
    minute: int = 0


class SetCloses(Action, code="wes", permission=Permission.EDIT):
    """The closing hour was chosen, in minutes after midnight."""

    campaign_id: int
    ends: int


class SetCarryOn(Action, code="wec", permission=Permission.EDIT):
    """The pending goes on another day, or expires."""

    campaign_id: int
    carry_on: bool


class PickLastDay(Action, code="wel", permission=Permission.EDIT):
    """The month of this day (``20261124``), to choose the last day from."""

    campaign_id: int
    day: int


class SetLastDay(Action, code="wey", permission=Permission.EDIT):
    """That day; None: no last day."""

    campaign_id: int
    day: int | None


class SaveEnds(Action, code="wea", permission=Permission.EDIT):
    """A closing hour or a last day was typed."""

    campaign_id: int


# Screens


def end_screen(draft: Draft, chat: Chat) -> Screen:
    """Two ways to end; with a closing hour, what follows from it."""
    t, zone, campaign = chat.t, chat.account.zone, draft.campaign
    done = Button(_ticked(t.label("wizard.when_done"), chosen=campaign.ends is None), WhenDone(draft.id))
    closes = Button(_ticked(t.label("wizard.closing_hour"), chosen=campaign.ends is not None), PickCloses(draft.id))
    rows: Rows = ((done, closes),)
    body = t("wizard.ask_ends", zone=t.zone(zone))
    if campaign.ends is not None:
        body += f"\n\n{t('wizard.chosen_when', when=end_words(campaign, zone, t, now=chat.now))}"
        rows += (
            (
                Button(_ticked(t.label("wizard.carry_on"), chosen=campaign.carry_on), SetCarryOn(draft.id, True)),
                Button(_ticked(t.label("wizard.expire"), chosen=not campaign.carry_on), SetCarryOn(draft.id, False)),
            ),
        )
        if campaign.carry_on:
            shown = campaign.last_day or _today(chat)
            last: tuple[Button, ...] = (Button(t.label("wizard.last_day"), PickLastDay(draft.id, pack(shown))),)
            if campaign.last_day is not None:
                last += (Button(t.label("wizard.no_last_day"), SetLastDay(draft.id, None)),)
            rows += (last,)
    rows += next_row(draft, Step.ENDS, t)
    return frame(draft, Step.ENDS, chat, body=body, rows=rows, expects=SaveEnds(draft.id))


def hour_screen(draft: Draft, minute: int, chat: Chat) -> Screen:
    """Twenty-four of them: one before the beginning is the next day's."""
    rows = hour_rows(
        minute,
        pick=lambda hour: SetCloses(draft.id, hour * 60 + minute),
        turn=lambda other: PickCloses(draft.id, other),
    )
    body = chat.t("wizard.ask_closes", zone=chat.t.zone(chat.account.zone))
    return _within(draft, chat, body=body, rows=rows)


def last_day_screen(draft: Draft, month: date, chat: Chat) -> Screen:
    """A month of days."""
    rows = month_rows(
        month,
        today=_today(chat),
        pick=lambda day: SetLastDay(draft.id, pack(day)),
        turn=lambda day: PickLastDay(draft.id, pack(day)),
        t=chat.t,
    )
    body = chat.t("wizard.ask_last_day")
    return _within(draft, chat, body=body, rows=rows)


def _within(draft: Draft, chat: Chat, *, body: str, rows: Rows) -> Screen:
    """A screen of the step, back to its first one."""
    back = GoTo(draft.id, Step.ENDS)
    return frame(draft, Step.ENDS, chat, body=body, rows=rows, expects=SaveEnds(draft.id), back=back)


def _ticked(label: str, *, chosen: bool) -> str:
    return f"✅ {label}" if chosen else label


def _today(chat: Chat) -> date:
    return chat.now.astimezone(chat.account.zone).date()


# Handlers


@on(WhenDone)
async def when_done(action: WhenDone, chat: Chat) -> Screen:
    """Seen at once."""
    return await _set_ends(action.campaign_id, None, chat)


@on(PickCloses)
async def pick_closes(action: PickCloses, chat: Chat) -> Screen:
    """Which hour."""
    return hour_screen(await drafts.get(chat.account.id, action.campaign_id), quarter(action.minute), chat)


@on(SetCloses)
async def set_closes(action: SetCloses, chat: Chat) -> Screen:
    """And what then becomes of the pending."""
    return await _set_ends(action.campaign_id, clock(action.ends % 1_440), chat)


@on(SetCarryOn)
async def set_carry_on(action: SetCarryOn, chat: Chat) -> Screen:
    """Seen at once."""
    await draft_hours.set_carry_on(chat.account.id, action.campaign_id, carry_on=action.carry_on)
    return end_screen(await drafts.get(chat.account.id, action.campaign_id), chat)


@on(PickLastDay)
async def pick_last_day(action: PickLastDay, chat: Chat) -> Screen:
    """Which day."""
    return last_day_screen(await drafts.get(chat.account.id, action.campaign_id), unpack_day(action.day), chat)


@on(SetLastDay)
async def set_last_day(action: SetLastDay, chat: Chat) -> Screen:
    """Seen at once."""
    return await _set_last_day(action.campaign_id, None if action.day is None else unpack_day(action.day), chat)


@on(SaveEnds)
async def save_ends(action: SaveEnds, chat: Chat) -> Screen:
    """An hour is the closing hour, a day the last one; what is neither keeps the question open."""
    text = chat.text or ""
    try:
        closes = parse_clock(text)
    except BadWhen:
        day = parse_day(text, now=chat.now, zone=chat.account.zone, language=chat.t.language)
        return await _set_last_day(action.campaign_id, day, chat)
    return await _set_ends(action.campaign_id, closes, chat)


async def _set_ends(campaign_id: int, ends: time | None, chat: Chat) -> Screen:
    await draft_hours.set_ends(chat.account.id, campaign_id, ends=ends)
    return end_screen(await drafts.get(chat.account.id, campaign_id), chat)


async def _set_last_day(campaign_id: int, day: date | None, chat: Chat) -> Screen:
    await draft_hours.set_last_day(chat.account.id, campaign_id, day=day, today=_today(chat))
    return end_screen(await drafts.get(chat.account.id, campaign_id), chat)
