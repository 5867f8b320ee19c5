"""
From a draft to a campaign that runs: launching it, once, with its text copied into it; and making a draft out of a
campaign that was.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from domain import store
from domain.errors import DomainError
from domain.models import Account, Campaign, CampaignMode, StartKind
from domain.rules import campaign_state
from domain.rules.blanks import Undecided, decided, held_fields, undecided
from domain.rules.campaign_state import CampaignEvent
from domain.rules.schedule import period
from domain.rules.template import compile_template
from domain.rules.title import TITLE_LIMIT
from domain.usecases import campaigns, echoes, wording
from domain.usecases.echoes import SameContent
from domain.usecases.forecast import open_blanks
from domain.usecases.hours import day_begins, hours_of
from domain.usecases.rehearsal import Said

log = structlog.get_logger()

#: What a copy keeps of its hours and pace; the last day may be over.
_KEPT: Final = ("ends", "carry_on", "quiet_hours", "skip_holidays", "tps", "daily_cap", "priority")
_WEEKLY: Final = ("start_kind", "weekdays", "begins")


class Incomplete(DomainError):
    """The draft lacks something. Values: ``missing``, one of ``groups``, ``text``, ``sender``."""

    key = "error.campaign_incomplete"


class NobodyToSendTo(DomainError):
    """No contact of its groups is off the blacklist."""

    key = "error.campaign_nobody"


class StartPassed(DomainError):
    """The hour chosen for the start has passed meanwhile."""

    key = "error.start_passed"


class NeverOpens(DomainError):
    """No period of its hours is to come."""

    key = "error.never_opens"


async def start(
    account_id: int,
    campaign_id: int,
    *,
    revision: int,
    by: int,
    now: datetime,
    said: Said | None = None,
    despite: bool = False,
) -> Campaign:
    """
    Launch a draft: text, title, sender ID and price are copied into it. One that starts at once can be called back for
    as long as the account says (``Campaign.launch_at``), others until their hour. Of two who ask, or of one who asks
    twice, the first launches it.

    Args:
        revision: What the person saw; anything changed since is refused.
        by: The person.
        said: What they were told that it comes to; kept with it.
        despite: They know that much of the audience got nearly the same text.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It was launched, or changed, since ``revision``.
        SameContent: Much of the audience got nearly the same text, and nobody has said ``despite``.
        Incomplete: It has no group, no text, no sender ID or no hours.
        NobodyToSendTo: Its groups are empty, or all of them are on the blacklist.
        BadTemplate: Its text is none any more.
        StartPassed: Its hour is not to come any more.
        NeverOpens: Its hours never come.
        Undecided: Contacts are blank in a token, and nobody has said what to do about it.
        WordsRefused: A restricted word is in its text.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    if campaign.state not in campaign_state.sources(CampaignEvent.SCHEDULE) or campaign.revision != revision:
        raise campaigns.stale(campaign, CampaignEvent.SCHEDULE)
    text, title = (campaign.template.text, campaign.template.title) if campaign.template else (campaign.text, "")
    blanks = await check(campaign, text)
    if not despite:
        await _refuse_echo(account_id, campaign, text, now=now)
    account = await Account.get(id=account_id)
    launch_at, start_at = begin_moments(campaign, account, now=now)
    zone = ZoneInfo(account.time_zone)
    columns: dict[str, object] = {
        "text": text,
        "text_title": title,
        "blanks": blanks,
        "segment_price": account.segment_price,
        "currency": account.currency,
        "launch_at": launch_at,
        "start_at": start_at,
        "begins": day_begins(campaign, zone, now=now) if campaign.ends is not None else campaign.begins,
        "forecast": said.to_json() if said is not None else None,
    }
    event = CampaignEvent.SCHEDULE
    if launch_at == now:
        event = CampaignEvent.START
        columns |= {"launch_at": None, "started_at": now}
    moved = await campaigns.move(
        campaign_id, event, now=now, by=by, account_id=account_id, revision=revision, columns=columns
    )
    fresh = await campaigns.get(account_id, campaign_id)
    if not moved:
        raise campaigns.stale(fresh, event)
    return fresh


async def send_now(account_id: int, campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """
    *Enviar ya*: do not wait for the rest of the countdown.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It has begun, was called back, or waits for its hour.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    event = CampaignEvent.SCHEDULE_BEGIN
    if campaign.launch_at is None or not await campaigns.begin(campaign, now=now, by=by):
        raise campaigns.stale(await campaigns.get(account_id, campaign_id), event)
    return await campaigns.get(account_id, campaign_id)


def begin_moments(campaign: Campaign, account: Account, *, now: datetime) -> tuple[datetime | None, datetime | None]:
    """
    When a launch of now begins: ``launch_at``, where that is at once or within the account's countdown, until when it
    can be called back; and ``start_at``, its hour, where it has one.

    Raises:
        StartPassed: Its hour is not to come any more.
        NeverOpens: Its hours never come.
    """
    at = campaign.start_kind is StartKind.AT
    if at and (campaign.start_at is None or campaign.start_at <= now):
        raise StartPassed
    hours = hours_of(campaign, account, now=now)
    found = period(now, hours)
    if found is None:
        raise NeverOpens
    callback_until = now + timedelta(seconds=account.countdown_s)
    if found.closes is not None and found.closes <= callback_until:
        found = period(callback_until, hours)
        if found is None:
            raise NeverOpens
    if found.opens > callback_until:
        return None, found.opens
    return callback_until, campaign.start_at if at else None


async def copy(account_id: int, campaign_id: int, *, name: str, by: int, chat_id: int) -> Campaign:
    """
    *Editar como nuevo*: a draft with the same mode, groups, text, sender ID and pace, to start at once or on the same
    weekdays.

    Raises:
        NotFound: It is gone, or another account's.
    """
    source = await campaigns.get(account_id, campaign_id)
    weekly = source.start_kind is StartKind.WEEKLY
    same_text = source.template is not None and source.text in {"", source.template.text}
    draft = await Campaign.create(
        account_id=account_id,
        name=name[:TITLE_LIMIT],
        mode=source.mode,
        template=source.template if same_text else None,
        text="" if same_text else source.text,
        blanks=source.blanks,
        sender_id=source.sender_id,
        created_by=by,
        chat_id=chat_id,
        **{column: getattr(source, column) for column in (_WEEKLY if weekly else ()) + _KEPT},
    )
    groups = await source.groups.all()
    if groups:
        await draft.groups.add(*groups)
    log.info("campaign_copied", campaign=draft.id, source=campaign_id, by=by)
    return draft


async def _refuse_echo(account_id: int, campaign: Campaign, text: str, *, now: datetime) -> None:
    group_ids = [group.id for group in await campaign.groups.all()]
    echo = await echoes.find(account_id, campaign.id, text=text, group_ids=group_ids, now=now)
    if echo is not None:
        raise SameContent(count=echo.overlap, audience=echo.audience, name=echo.name)


async def check(campaign: Campaign, text: str) -> dict[str, str | None]:
    """
    Whether a draft may go out; what is done about blanks, a hold where nobody said and nobody is blank as yet.

    Raises:
        Incomplete, NobodyToSendTo, BadTemplate, Undecided, WordsRefused: As ``start``.
    """
    account_id: int = campaign.account_id  # type: ignore[attr-defined]
    group_ids = [group.id for group in await campaign.groups.all()]
    missing = next(
        (what for what, there in (("groups", group_ids), ("text", text), ("sender", campaign.sender_id)) if not there),
        None,
    )
    if missing is not None:
        raise Incomplete(missing=missing)
    template = compile_template(text)
    blanks = {name: other for name, other in decided(campaign.blanks).items() if name in template.tokens}
    await wording.refuse(account_id, text, blanks)
    open_ = await open_blanks(account_id, text, group_ids, blanks=blanks)
    if open_:
        raise Undecided(count=max(open_.values()))
    blanks |= dict.fromkeys(undecided(template.bare, blanks))
    found = await store.current().audience_count(account_id, group_ids)
    held = (await store.current().audience_blanks(account_id, group_ids, held_fields(blanks))).contacts
    if found.contacts - found.blacklisted <= held and campaign.mode is not CampaignMode.PERMANENT:
        raise NobodyToSendTo
    return blanks
