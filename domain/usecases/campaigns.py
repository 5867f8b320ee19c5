"""
A campaign from its start to its end: what people ask of it, and what the sender does to it. Every transition is one
guarded update read from ``domain.rules.campaign_state``, so a second tap, a second person and a doubled tick change
nothing. Drafts are filled in by ``domain.usecases.drafts`` and launched by ``domain.usecases.launching``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from tortoise.expressions import F, Q
from tortoise.functions import Count
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError, NotFound, WrongState
from domain.models import Account, Campaign, CampaignMode, Change, ChangeState, ContactGroup, NoticeKind, StartKind
from domain.rules import campaign_state
from domain.rules.blanks import decided, held_fields
from domain.rules.campaign_state import CampaignEvent, CampaignState
from domain.rules.message_state import MessageState
from domain.rules.schedule import period
from domain.usecases import notices
from domain.usecases.hours import hours_of

log = structlog.get_logger()

REGROUPED: Final = -2  #: an ``audience_revision``: its groups were changed since its messages were written


class HoursOver(DomainError):
    """It cannot go on: no period of its hours is to come."""

    key = "error.hours_over"


@dataclass(frozen=True, slots=True)
class Listed:
    """A campaign as lists show it."""

    id: int
    name: str
    mode: CampaignMode
    state: CampaignState


@dataclass(frozen=True, slots=True)
class Page:
    """Campaigns of a list, the newest first, and how many there are in all."""

    campaigns: Sequence[Listed]
    total: int


async def get(account_id: int, campaign_id: int) -> Campaign:
    """
    A campaign of the account, with its template.

    Raises:
        NotFound: It is gone, or another account's.
    """
    campaign = await Campaign.get_or_none(id=campaign_id, account_id=account_id).select_related("template", "account")
    if campaign is None:
        raise NotFound(noun="campaign")
    return campaign


async def page(account_id: int, *, offset: int, limit: int, states: Iterable[CampaignState] | None = None) -> Page:
    """A page of the account's campaigns, the newest first; only in ``states``, where given."""
    query = Campaign.filter(account_id=account_id, test=False)
    if states is not None:
        query = query.filter(state__in=list(states))
    rows = await query.order_by("-id").offset(offset).limit(limit)
    return Page([Listed(row.id, row.name, row.mode, row.state) for row in rows], await query.count())


async def count_by_state(account_id: int) -> Mapping[CampaignState, int]:
    """How many campaigns of the account are in each state; states without any are left out."""
    rows = await (
        Campaign.filter(account_id=account_id, test=False)
        .annotate(number=Count("id"))
        .group_by("state")
        .values_list("state", "number")
    )
    return {CampaignState(state): number for state, number in rows}


async def counts(campaign: Campaign) -> Mapping[MessageState, int]:
    """Messages by state, as they are now: a receipt may come after the end. Nothing before it has begun."""
    if campaign.state in {CampaignState.DRAFT, CampaignState.SCHEDULED} and campaign.started_at is None:
        return {}
    return await store.current().counts(campaign.id)


async def pause(account_id: int, campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """
    *Parar*: nothing of it is submitted from the next batch on.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It does not run.
    """
    return await _ask(account_id, campaign_id, CampaignEvent.PAUSE, by=by, now=now)


async def resume(account_id: int, campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """
    *Continuar*: at once, or from its next hour on, or from the end of its countdown.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It is not stopped.
        HoursOver: No hour of it is to come; its end can be edited.
    """
    campaign = await get(account_id, campaign_id)
    if campaign.state is not CampaignState.PAUSED:
        raise stale(campaign, CampaignEvent.RESUME)
    found = period(now, hours_of(campaign, await Account.get(id=account_id), now=now))
    if found is None:
        raise HoursOver
    counts_down = campaign.launch_at is not None and campaign.launch_at > now
    if counts_down or not found.holds(now):
        columns: dict[str, object] = {"start_at": found.opens}
        if not counts_down:
            columns["launch_at"] = None
        return await _ask(account_id, campaign_id, CampaignEvent.RESUME_LATER, by=by, now=now, columns=columns)
    columns = {} if campaign.started_at else {"started_at": now, "launch_at": None}
    return await _ask(account_id, campaign_id, CampaignEvent.RESUME, by=by, now=now, columns=columns)


async def cancel(account_id: int, campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """
    *Cancelar*, for good. ``domain.usecases.closing`` expires what is pending and posts the summary.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It has ended already.
    """
    return await _ask(account_id, campaign_id, CampaignEvent.CANCEL, by=by, now=now, columns={"ended_at": now})


async def reopen(account_id: int, campaign_id: int, *, by: int, now: datetime) -> Campaign:
    """
    *Editar*, and *Cancelar* during the countdown: while its hour has not come it goes back to the draft.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It has begun.
    """
    columns: dict[str, object] = {"launch_at": None}
    if (await get(account_id, campaign_id)).start_kind is not StartKind.WEEKLY:
        columns["begins"] = None  # it was reckoned from the launch that is taken back
    return await _ask(account_id, campaign_id, CampaignEvent.EDIT, by=by, now=now, columns=columns, untouched=True)


# What the sender does. Each answers whether it changed anything: False means somebody else was first.


async def due(now: datetime) -> list[Campaign]:
    """Scheduled campaigns whose hour has come and that cannot be called back any more, the earliest first."""
    come = Q(launch_at__lte=now) | Q(launch_at__isnull=True, start_at__lte=now)
    found = Campaign.filter(come, state=CampaignState.SCHEDULED).order_by("start_at", "id")
    return await found.select_related("account")


async def in_states(*states: CampaignState) -> list[Campaign]:
    """Every campaign in one of these states, of all accounts, the oldest first, with its account."""
    return await Campaign.filter(state__in=list(states)).order_by("id").select_related("account")


async def begin(
    campaign: Campaign,
    *,
    now: datetime | None = None,
    by: int | None = None,
    late_from: datetime | None = None,
    tell: bool = True,
    as_of: datetime | None = None,
) -> bool:
    """
    Its hour has come: SCHEDULED → STARTING. Its chat is told, unless somebody there has just launched it.

    Args:
        campaign: As it was read: one that was called back since, and launched again, is not begun.
        by: The person who does not want to wait for the countdown.
        late_from: When it should have begun, where that is worth a word.
        tell: Tell its chat.
        as_of: When it counts as begun; None: now.
    """
    moment = now or datetime.now(UTC)
    event = CampaignEvent.SCHEDULE_BEGIN
    columns: dict[str, object] = {"launch_at": None, "started_at": campaign.started_at or as_of or moment}
    async with in_transaction():
        if not await move(campaign.id, event, now=moment, by=by, revision=campaign.revision, columns=columns):
            return False
        if tell and (campaign.launch_at is None or late_from is not None):
            key = f"started:{campaign.id}" if late_from is None else f"late:{campaign.id}:{int(late_from.timestamp())}"
            await notices.post(
                key,
                chat_id=campaign.chat_id,
                person_id=campaign.created_by,
                kind=NoticeKind.STARTED,
                subject_id=campaign.id,
                detail={} if late_from is None else {"late_from": late_from.isoformat()},
            )
    return True


async def expanded(campaign: Campaign, audience_revision: int, *, now: datetime | None = None) -> bool:
    """
    Its messages are written: STARTING → RUNNING, open until its period closes. What runs already, as a permanent one
    does, only notes it.

    Args:
        campaign: As it was read before the first slice was written, with its account: one that was stopped or edited
            since, its groups perhaps, is written anew.
        audience_revision: What ``audience_revision`` said before the first slice was written.
    """
    moment = now or datetime.now(UTC)
    found = period(moment, hours_of(campaign, campaign.account, now=moment))
    closes = found.closes if found is not None and found.holds(moment) else moment
    columns = {"audience_revision": audience_revision, "open_until": closes}
    event, seen = CampaignEvent.EXPANDED, campaign.revision
    if await move(campaign.id, event, now=moment, revision=seen, columns=columns):
        return True
    running = Campaign.filter(id=campaign.id, state=CampaignState.RUNNING, revision=seen)
    await running.update(audience_revision=audience_revision)
    return False


async def complete(campaign: Campaign, now: datetime) -> bool:
    """
    Nothing is left to send: RUNNING → COMPLETED. ``domain.usecases.closing`` freezes its results.

    Args:
        campaign: As it was read before nothing was found: a person may have let something go again since.
    """
    drained, columns = CampaignEvent.DRAINED, {"ended_at": now}
    return await move(campaign.id, drained, now=now, revision=campaign.revision, columns=columns)


async def fault(
    campaign_id: int,
    reason_key: str,
    *,
    now: datetime | None = None,
    revision: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> bool:
    """
    It stops by itself: → PAUSED, and its chat is told why.

    Args:
        reason_key: A text key, at most 64 characters.
        revision: Only while it has this one, where given.
        detail: JSON, the values that the text names.
    """
    moment = now or datetime.now(UTC)
    columns: dict[str, object] = {"state_reason": reason_key, "state_detail": dict(detail) if detail else None}
    async with in_transaction():
        moved = await move(campaign_id, CampaignEvent.FAULT, now=moment, revision=revision, columns=columns)
        if moved:
            campaign = await Campaign.get(id=campaign_id)
            await notices.post(
                f"stopped:{campaign_id}:{campaign.revision}",
                chat_id=campaign.chat_id,
                person_id=campaign.created_by,
                kind=NoticeKind.STOPPED,
                subject_id=campaign_id,
                detail={"reason": reason_key},
            )
    return moved


async def audience_revision(campaign: Campaign) -> int:
    """
    A number that is another one when anybody has joined or left one of its groups; and where it holds contacts back,
    when any contacts of the account were changed: what somebody lacked may be there now.
    """
    groups = await ContactGroup.filter(campaigns__id=campaign.id)
    revision = sum(group.revision for group in groups)
    if not held_fields(decided(campaign.blanks)):
        return revision
    changes = Change.filter(account_id=campaign.account_id)  # type: ignore[attr-defined]
    done, undone = [await changes.filter(state=state).count() for state in (ChangeState.DONE, ChangeState.UNDONE)]
    return revision + done + 2 * undone


async def post_summary(campaign: Campaign) -> None:
    """Tell its chat that it has ended; once for each time that it does: what is sent again ends it again."""
    ended_s = int(campaign.ended_at.timestamp()) if campaign.ended_at else 0
    await notices.post(
        f"summary:{campaign.id}:{campaign.state.value}:{ended_s}",
        chat_id=campaign.chat_id,
        person_id=campaign.created_by,
        kind=NoticeKind.SUMMARY,
        subject_id=campaign.id,
    )


async def _ask(
    account_id: int,
    campaign_id: int,
    event: CampaignEvent,
    *,
    by: int,
    now: datetime,
    columns: Mapping[str, object] | None = None,
    untouched: bool = False,
) -> Campaign:
    moved = await move(campaign_id, event, now=now, by=by, account_id=account_id, columns=columns, untouched=untouched)
    campaign = await get(account_id, campaign_id)
    if not moved:
        raise stale(campaign, event)
    return campaign


async def move(
    campaign_id: int,
    event: CampaignEvent,
    *,
    now: datetime | None = None,
    by: int | None = None,
    account_id: int | None = None,
    revision: int | None = None,
    columns: Mapping[str, object] | None = None,
    untouched: bool = False,
) -> bool:
    """
    The one guarded update of a campaign's state; False: the guard refused it.

    Args:
        by: The person who asked; None: it moves by itself.
        account_id: Narrows the guard where it is given, and so does ``revision``.
        columns: What else changes with it.
        untouched: Only if it never began.
    """
    guard: dict[str, object] = {"id": campaign_id, "state__in": sorted(campaign_state.sources(event))}
    if account_id is not None:
        guard["account_id"] = account_id
    if revision is not None:
        guard["revision"] = revision
    if untouched:
        guard["started_at__isnull"] = True
    values: dict[str, object] = {"state_reason": "", "state_detail": None, **(columns or {})}
    changed = await Campaign.filter(**guard).update(
        state=campaign_state.target(event),
        state_at=now or datetime.now(UTC),
        state_by=by,
        revision=F("revision") + 1,
        **values,
    )
    if changed:
        log.info("campaign_moved", campaign=campaign_id, campaign_event=event.value, by=by)
    return changed == 1


def stale(campaign: Campaign, event: CampaignEvent) -> WrongState:
    """The error for an event that came too late for the campaign."""
    return WrongState(now=campaign.state.value, wanted=campaign_state.target(event).value)
