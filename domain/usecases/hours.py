"""The hours of a campaign: what its row and its account's say, as ``domain.rules.schedule`` reckons with it."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from domain.models import Account, Campaign, StartKind
from domain.rules.campaign_state import CampaignState
from domain.rules.local_time import clock
from domain.rules.schedule import EVERY_DAY, Hours


def hours_of(campaign: Campaign, account: Account, *, now: datetime) -> Hours:
    """
    When it may send. Works for a draft too: then as if it were launched at ``now``.

    One date, or at once, with a closing hour: the following days from the same clock time on, unless the person set
    another. Weekdays without a closing hour: once begun it goes on until all is sent.
    """
    weekly, closing = campaign.start_kind is StartKind.WEEKLY, campaign.ends is not None
    going_on = campaign.started_at is not None and not closing
    begins = campaign.begins if (weekly or closing) and not going_on else None
    zone, since = ZoneInfo(account.time_zone), _since(campaign, now)
    if closing and not campaign.carry_on and campaign.only_from is not None and campaign.only_from > since:
        begins = _clock_minutes(since, zone) if begins is None else begins
        since = campaign.only_from
    return Hours(
        zone=zone,
        since=since,
        days=days_of(campaign.weekdays) if weekly and not going_on else EVERY_DAY,
        begins=None if begins is None else clock(begins),
        ends=None if campaign.ends is None else clock(campaign.ends),
        last_day=campaign.last_day,
        carry_on=campaign.carry_on,
        quiet=quiet_of(account) if campaign.quiet_hours else None,
        region=account.region if campaign.skip_holidays else None,
    )


def _clock_minutes(moment: datetime, zone: ZoneInfo) -> int:
    """The time of day that clocks show then, in minutes after midnight."""
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


def day_begins(campaign: Campaign, zone: ZoneInfo, *, now: datetime) -> int | None:
    """
    The clock time, minutes after midnight, at which each day of one with a closing hour begins if it is launched at
    ``now``: its weekly hour, or the time that is meant for the first day. None: a weekly hour is not set yet.
    """
    if campaign.start_kind is StartKind.WEEKLY:
        weekly: int | None = campaign.begins
        return weekly
    first = campaign.start_at if campaign.start_kind is StartKind.AT else None
    return _clock_minutes(first or now, zone)


def days_of(mask: int | None) -> frozenset[int]:
    """Weekdays of a bit mask, bit 0 is Monday; None: every day."""
    return EVERY_DAY if mask is None else frozenset(day for day in EVERY_DAY if mask & 1 << day)


def quiet_of(account: Account) -> tuple[time, time] | None:
    """The account's quiet hours; None: it has none."""
    if account.quiet_begins is None or account.quiet_ends is None or account.quiet_begins == account.quiet_ends:
        return None
    return clock(account.quiet_begins), clock(account.quiet_ends)


def _since(campaign: Campaign, now: datetime) -> datetime:
    """The first moment at which it may send, were there no hours."""
    if campaign.started_at is not None:
        return campaign.started_at
    if campaign.start_kind is StartKind.AT and campaign.start_at is not None:
        return campaign.start_at
    if campaign.state is CampaignState.DRAFT:
        return now
    if campaign.start_kind is StartKind.NOW and campaign.launch_at is not None:
        return campaign.launch_at
    return campaign.state_at
