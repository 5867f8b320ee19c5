"""
*Editar* what has been launched: name, end and pace at once; text, groups and sender ID only while it is stopped, and
only for what is still pending. Each change is one guarded update.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

import structlog
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError, NotFound, WrongState
from domain.models import Campaign, ContactGroup
from domain.rules.blanks import decided, undecided
from domain.rules.campaign_state import CampaignState
from domain.rules.schedule import period
from domain.rules.sender_id import parse_sender_id
from domain.rules.title import clean_title
from domain.usecases import campaigns, periods, wording
from domain.usecases.hours import hours_of
from domain.usecases.templates import checked_text

log = structlog.get_logger()

UNDER_WAY: Final = frozenset(
    {CampaignState.SCHEDULED, CampaignState.STARTING, CampaignState.RUNNING, CampaignState.PAUSED}
)
STOPPED: Final = frozenset({CampaignState.PAUSED})
FASTEST: Final = 10_000.0  #: messages a second
LARGEST_CAP: Final = 100_000_000  #: messages a day


class BadNumber(DomainError):
    """Not a number that can be kept. Values: ``text``, ``limit``."""

    key: ClassVar[str] = "edit.bad_number"


class LastGroup(DomainError):
    """A campaign has at least one group."""

    key: ClassVar[str] = "edit.last_group"


@dataclass(frozen=True, slots=True)
class GroupTick:
    """A group of the account, and whether the campaign goes to it."""

    id: int
    title: str
    chosen: bool


async def rename(account_id: int, campaign_id: int, *, name: str | None) -> None:
    """
    Another name.

    Raises:
        TitleMissing, TitleTooLong: It cannot be used.
        NotFound: It is gone, or another account's.
        WrongState: It has ended, or is a draft.
    """
    await _edit(account_id, campaign_id, UNDER_WAY, name=clean_title(name))


async def set_ends(account_id: int, campaign_id: int, *, ends: int | None, now: datetime) -> None:
    """
    Another closing hour, minutes after midnight; None: when all is sent, whatever day it is. What waits or runs
    follows at once.

    Raises:
        HoursOver: With it no hour would be left, and what is pending would expire.
        NotFound, WrongState: As in ``rename``.
    """
    columns: dict[str, object] = {"ends": ends}
    if ends is None:
        columns |= {"carry_on": True, "last_day": None}
    await _check_hours(account_id, campaign_id, now=now, **columns)
    await _edit(account_id, campaign_id, UNDER_WAY, **columns)
    campaign = await campaigns.get(account_id, campaign_id)
    await periods.reckon_one(campaign, now=now)
    if campaign.state is CampaignState.RUNNING:
        await periods.keep_hours(campaign, now=now)


async def set_carry_on(account_id: int, campaign_id: int, *, carry_on: bool, now: datetime) -> None:
    """
    Whether what is pending at the closing hour, this one or else the next, goes on another day, or expires.

    Raises:
        HoursOver, NotFound, WrongState: As in ``set_ends``.
    """
    columns = {"carry_on": carry_on, "only_from": None if carry_on else now}
    await _check_hours(account_id, campaign_id, now=now, **columns)
    await _edit(account_id, campaign_id, UNDER_WAY, **columns)


async def set_pace(account_id: int, campaign_id: int, text: str | None) -> None:
    """
    Messages a second; None: as fast as the route allows.

    Raises:
        BadNumber: Not a number above nought.
        NotFound, WrongState: As in ``rename``.
    """
    tps = None if text is None else _number(text, FASTEST)
    await _edit(account_id, campaign_id, UNDER_WAY, tps=tps)


async def set_daily_cap(account_id: int, campaign_id: int, text: str | None) -> None:
    """
    Messages in a day of the account's calendar; None: no limit.

    Raises:
        BadNumber: Not a whole number above nought.
        NotFound, WrongState: As in ``rename``.
    """
    cap = None if text is None else _number(text, LARGEST_CAP)
    if cap is not None and cap != int(cap):
        raise BadNumber(text=text, limit=LARGEST_CAP)
    await _edit(account_id, campaign_id, UNDER_WAY, daily_cap=None if cap is None else int(cap))


async def set_text(account_id: int, campaign_id: int, *, text: str | None) -> None:
    """
    Another text for what is still pending. Who is blank in a token that nobody has decided about is held back.

    Raises:
        TextMissing, BadTemplate, WordsRefused: It cannot be used; nothing changed.
        NotFound: It is gone, or another account's.
        WrongState: It is not stopped.
    """
    checked = checked_text(text)
    blanks = decided((await campaigns.get(account_id, campaign_id)).blanks)
    await wording.refuse(account_id, checked.source, blanks)
    blanks |= dict.fromkeys(undecided(checked.bare, blanks))
    await _edit(account_id, campaign_id, STOPPED, text=checked.source, text_title="", template_id=None, blanks=blanks)


async def set_sender_id(account_id: int, campaign_id: int, *, sender_id: str) -> None:
    """
    Another sender ID for what is still pending.

    Raises:
        BadSenderId: It is neither a number nor at most 11 letters and digits.
        NotFound, WrongState: As in ``set_text``.
    """
    await _edit(account_id, campaign_id, STOPPED, sender_id=parse_sender_id(sender_id))


async def groups(account_id: int, campaign_id: int) -> list[GroupTick]:
    """
    Every group of the account, by title.

    Raises:
        NotFound: It is gone, or another account's.
    """
    await campaigns.get(account_id, campaign_id)
    chosen = {group.id for group in await ContactGroup.filter(campaigns__id=campaign_id)}
    found = await ContactGroup.filter(account_id=account_id).order_by("title", "id")
    return [GroupTick(group.id, group.title, group.id in chosen) for group in found]


async def set_group(account_id: int, campaign_id: int, *, group_id: int, chosen: bool) -> int:
    """
    Put a group in: its contacts are written when it goes on; or take one out: what is pending for contacts that are in
    none of its groups any more is dropped, before it goes on at the latest. Doing so twice changes nothing more.

    Returns:
        Messages dropped.

    Raises:
        LastGroup: It would have none.
        NotFound: The group or the campaign is gone, or another account's.
        WrongState: It is not stopped.
    """
    group = await ContactGroup.get_or_none(id=group_id, account_id=account_id)
    if group is None:
        raise NotFound(noun="group")
    async with in_transaction():
        await _edit(account_id, campaign_id, STOPPED, audience_revision=campaigns.REGROUPED)
        campaign = await Campaign.get(id=campaign_id)
        if chosen:
            await campaign.groups.add(group)
            return 0
        others = await ContactGroup.filter(campaigns__id=campaign_id).exclude(id=group_id).exists()
        if not others:
            raise LastGroup
        await campaign.groups.remove(group)
    dropped = await store.current().drop_outsiders(campaign_id)
    log.info("outsiders_dropped", campaign=campaign_id, messages=dropped)
    return dropped


async def _edit(account_id: int, campaign_id: int, states: frozenset[CampaignState], **columns: object) -> None:
    changed = await Campaign.filter(id=campaign_id, account_id=account_id, state__in=sorted(states)).update(
        revision=F("revision") + 1, **columns
    )
    if not changed:
        campaign = await campaigns.get(account_id, campaign_id)
        raise WrongState(now=campaign.state.value, wanted=CampaignState.PAUSED.value)


async def _check_hours(account_id: int, campaign_id: int, *, now: datetime, **columns: object) -> None:
    campaign = await campaigns.get(account_id, campaign_id)
    campaign.update_from_dict(columns)
    if campaign.state in UNDER_WAY and period(now, hours_of(campaign, campaign.account, now=now)) is None:
        raise campaigns.HoursOver


def _number(text: str, limit: float) -> float:
    try:
        value = float(text.strip().split(" ")[0].replace(",", "."))
    except ValueError:
        raise BadNumber(text=text, limit=int(limit)) from None
    if not 0 < value <= limit:
        raise BadNumber(text=text, limit=int(limit))
    return value
