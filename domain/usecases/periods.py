"""
What the clock does to campaigns: their periods open and close, and what a system that was down missed is told. Each
step is a guarded update of a row that was read with its account: several senders may take it, and once is enough.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import structlog
from tortoise.transactions import in_transaction

from domain.models import Campaign, CampaignMode, NoticeKind, StartKind
from domain.rules.campaign_state import CampaignEvent, CampaignState
from domain.rules.schedule import Period, period
from domain.usecases import campaigns, notices
from domain.usecases.hours import hours_of

log = structlog.get_logger()

SCHEDULE_OVER: Final = "campaigns.schedule_over"  #: text key: its last closing hour came with messages pending
HOURS_GONE: Final = "campaigns.hours_gone"  #: text key: a rule of its account left it no hours
FOUND_OLD: Final = "campaigns.found_old"  #: text key: a launch of long ago was found; a person is asked
LATE: Final = timedelta(seconds=30)  #: a start that is later than this is told
OLD: Final = timedelta(hours=1)  #: a launch for "at once" that is older than this is not begun without asking


async def open_due(campaign: Campaign, *, now: datetime) -> bool:
    """
    A scheduled campaign whose moment has come: begin it, late if need be; or note its next hour; or, where the last
    one was missed, begin it closed, so that what is pending is accounted for. Returns whether it begins.
    """
    meant_for = campaign.launch_at or campaign.start_at or now
    if campaign.launch_at is not None and now - campaign.launch_at > OLD and campaign.start_kind is StartKind.NOW:
        await ask_about(campaign, now=now)
        return False
    hours = hours_of(campaign, campaign.account, now=now)
    found = period(now, hours)
    if found is not None and not found.holds(now):
        await _wait(campaign, found, meant_for, now=now)
        return False
    if found is None and now - meant_for <= LATE:
        await _hours_gone(campaign, now=now)
        return False
    if found is None:
        await _tell_missed(campaign, meant_for, None)
        return await campaigns.begin(campaign, now=now, tell=False, as_of=meant_for)
    return await campaigns.begin(campaign, now=now, late_from=meant_for if now - meant_for > LATE else None)


async def keep_hours(campaign: Campaign, *, now: datetime) -> CampaignEvent | None:
    """
    A running campaign: close its period when that ends, or set the end anew where hours were changed. Where its
    account's rules leave it none before its closing hour has come, it stops, and nothing expires.

    Returns:
        What happened to it by this call; None: it goes on.
    """
    found = period(now, hours_of(campaign, campaign.account, now=now))
    if found is not None and found.holds(now):
        if found.closes != campaign.open_until:
            running = Campaign.filter(id=campaign.id, state=CampaignState.RUNNING, revision=campaign.revision)
            await running.update(open_until=found.closes)
        return None
    if found is None and (campaign.open_until is None or now + LATE < campaign.open_until):
        return CampaignEvent.FAULT if await _hours_gone(campaign, now=now) else None
    event, columns = CampaignEvent.SCHEDULE_OVER, {"ended_at": now, "state_reason": SCHEDULE_OVER}
    if found is not None:
        event, columns = CampaignEvent.SCHEDULE_END, {"start_at": found.opens}
    moved = await campaigns.move(campaign.id, event, now=now, revision=campaign.revision, columns=columns)
    return event if moved else None


async def reckon(account_id: int, *, now: datetime) -> None:
    """The account's clocks, quiet hours or holidays changed: what waits for an hour waits for the right one."""
    waiting = Campaign.filter(account_id=account_id, state=CampaignState.SCHEDULED, launch_at=None)
    for campaign in await waiting.select_related("account"):
        await reckon_one(campaign, now=now)


async def reckon_one(campaign: Campaign, *, now: datetime) -> None:
    """As ``reckon``, of one campaign with its account."""
    one_moment = campaign.start_kind is StartKind.AT and campaign.started_at is None
    found = period(now, hours_of(campaign, campaign.account, now=now))
    if found is None or one_moment or campaign.state is not CampaignState.SCHEDULED or campaign.launch_at is not None:
        return
    start_at = max(now, found.opens)
    if start_at != campaign.start_at:
        waiting = Campaign.filter(id=campaign.id, state=CampaignState.SCHEDULED, revision=campaign.revision)
        await waiting.update(start_at=start_at)


async def ask_about(campaign: Campaign, *, now: datetime) -> bool:
    """A launch of long ago: stop it, and ask whether it shall still go out. Returns whether this call did."""
    return await campaigns.fault(campaign.id, FOUND_OLD, now=now, revision=campaign.revision)


async def after_silence(silent_since: datetime | None, *, now: datetime) -> Iterable[int]:
    """
    No sender was at work since then: what was launched for "at once" may not go on at any hour without asking.

    Returns:
        The campaigns that were stopped.
    """
    if silent_since is None or now - silent_since <= OLD:
        return ()
    moving = Campaign.filter(
        state__in=[CampaignState.STARTING, CampaignState.RUNNING],
        start_kind=StartKind.NOW,
        mode=CampaignMode.NORMAL,
        ends=None,
        state_at__lt=now - OLD,
    )
    return [campaign.id for campaign in await moving if await ask_about(campaign, now=now)]


async def _hours_gone(campaign: Campaign, *, now: datetime) -> bool:
    return await campaigns.fault(campaign.id, HOURS_GONE, now=now, revision=campaign.revision)


async def _wait(campaign: Campaign, found: Period, meant_for: datetime, *, now: datetime) -> None:
    """It is closed: the next hour. Where a whole period went by, that is told."""
    columns = {"start_at": found.opens, "launch_at": None}
    waiting = Campaign.filter(id=campaign.id, state=CampaignState.SCHEDULED, revision=campaign.revision)
    async with in_transaction():
        if await waiting.update(**columns) and now - meant_for > LATE:
            await _tell_missed(campaign, meant_for, found.opens)
            log.warning("period_missed", campaign=campaign.id, meant_for=meant_for.isoformat())


async def _tell_missed(campaign: Campaign, meant_for: datetime, next_at: datetime | None) -> None:
    await notices.post(
        f"missed:{campaign.id}:{int(meant_for.timestamp())}",
        chat_id=campaign.chat_id,
        person_id=campaign.created_by,
        kind=NoticeKind.MISSED,
        subject_id=campaign.id,
        detail={"meant_for": meant_for.isoformat(), "next_at": next_at.isoformat() if next_at else None},
    )
