"""When a campaign starts, when it ends and how fast it goes, in words. Every hour with its zone."""

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from domain.models import Campaign, CampaignMode, StartKind
from domain.rules.local_time import clock, wall
from domain.usecases.hours import day_begins
from locales import Texts


def start_words(campaign: Campaign, zone: ZoneInfo, t: Texts) -> str:
    """*Iniciar*: at once, a date and hour, or days and an hour."""
    if campaign.start_kind is StartKind.AT and campaign.start_at is not None:
        return t.moment(campaign.start_at, zone)
    if campaign.start_kind is StartKind.WEEKLY and campaign.begins is not None:
        at = clock_words(clock(campaign.begins), zone, t)
        return t.label("hours.weekly", days=days_words(days_in(campaign.weekdays), t), at=at)
    return t.label("hours.now")


def end_words(campaign: Campaign, zone: ZoneInfo, t: Texts, *, now: datetime) -> str:
    """*Finalizar*: when all is sent, or a closing hour and what then. ``now``: when one begins that begins at once."""
    if campaign.ends is None:
        return t.label("hours.when_done" if campaign.mode is CampaignMode.NORMAL else "hours.never_done")
    at = clock_words(clock(campaign.ends), zone, t)
    begins = day_begins(campaign, zone, now=now)
    if begins is not None and campaign.ends <= begins:
        at = t.label("hours.next_day", at=at)
    parts = [t.label("hours.closes", at=at), t.label("hours.carries_on" if campaign.carry_on else "hours.expires")]
    if campaign.last_day is not None and campaign.carry_on:
        noon = wall(campaign.last_day, time(12), zone)
        parts.append(t.label("hours.last_day", day=t.day(noon, zone)))
    return "; ".join(parts)


def pace_words(campaign: Campaign, t: Texts) -> str:
    """Messages a second, the daily cap, the priority."""
    parts = [t.label("hours.full_speed") if campaign.tps is None else t.label("hours.tps", tps=t.number(campaign.tps))]
    if campaign.daily_cap is not None:
        parts.append(t.label("hours.cap", cap=t.number(campaign.daily_cap)))
    if campaign.priority:
        parts.append(t.label("hours.priority_high" if campaign.priority > 0 else "hours.priority_low"))
    return ", ".join(parts)


def silence_words(campaign: Campaign, quiet: tuple[time, time] | None, zone: ZoneInfo, t: Texts) -> str:
    """Which of quiet hours and holidays it keeps; empty: neither."""
    parts = []
    if campaign.quiet_hours and quiet is not None:
        parts.append(t.label("hours.quiet", hours=span_words(quiet, zone, t)))
    if campaign.skip_holidays:
        parts.append(t.label("hours.no_holidays"))
    return ", ".join(parts)


def clock_words(at: time, zone: ZoneInfo, t: Texts) -> str:
    """``10:05 (Lima)``."""
    return f"{at:%H:%M} ({t.zone(zone)})"


def span_words(span: tuple[time, time], zone: ZoneInfo, t: Texts) -> str:
    """``21:00–08:00 (Lima)``."""
    return f"{span[0]:%H:%M}–{span[1]:%H:%M} ({t.zone(zone)})"


def days_in(mask: int | None) -> frozenset[int]:
    """The days of a bit mask, 0 = Monday."""
    return frozenset(day for day in range(7) if (mask or 0) >> day & 1)


def days_words(days: Iterable[int], t: Texts) -> str:
    """``lunes a viernes``, ``lun, mié``, ``todos los días``."""
    found = sorted(set(days))
    if len(found) == 7:
        return t.label("hours.every_day")
    first = _run_begins(found)
    if len(found) >= 3 and first is not None:
        last = (first + len(found) - 1) % 7
        return t.label("hours.from_day_to_day", first=t.weekday(first, short=False), last=t.weekday(last, short=False))
    return ", ".join(t.weekday(day, short=len(found) > 2) for day in found)


def _run_begins(days: list[int]) -> int | None:
    """The first of days that follow one another, over Sunday too; None: they do not."""
    for first in days:
        if {(first + step) % 7 for step in range(len(days))} == set(days):
            return first
    return None
