"""*Gestor de campaña*: the list, and one campaign's card that follows it while it runs. (Manual, steps 4 and 5)"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from bot.campaign_lines import about_lines, cost_line, end_line, figures_lines, pace_line
from bot.chat import Chat
from bot.conversations.campaign_countdown import countdown_screen, counts_down
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.live import live
from bot.meter import rate
from bot.refusal_words import refusal_button, refusal_line
from bot.screen import Action, Button, Follow, Rows, Screen, Style, handler_of, on, unpack
from bot.standing import why_not
from domain.errors import WrongState
from domain.models import Campaign, LiveViewKind
from domain.rules.campaign_state import ACTIVE, FINISHED, CampaignEvent, CampaignState, offered
from domain.rules.permission import Permission
from domain.rules.standstill import Cause, Standstill, standstill
from domain.rules.statistics import Statistics
from domain.usecases import campaigns, launching, progress
from domain.usecases.campaigns import Page
from domain.usecases.progress import Progress
from locales import Texts

_FILTERS: Final[Mapping[str, frozenset[CampaignState]]] = {
    "active": ACTIVE,
    "draft": frozenset({CampaignState.DRAFT}),
    "done": FINISHED,
}
_UNDER_WAY: Final = ACTIVE | {CampaignState.PAUSED}
_MARKS: Final[Mapping[CampaignState, str]] = {
    CampaignState.DRAFT: "📝",
    CampaignState.SCHEDULED: "🕒",
    CampaignState.STARTING: "🟡",
    CampaignState.RUNNING: "🟢",
    CampaignState.PAUSED: "⏸",
    CampaignState.COMPLETED: "✅",
    CampaignState.CANCELLED: "✖️",
}

# Actions


class ListCampaigns(Action, code="cl"):
    """A page of them, the newest first; ``only``: those of one kind."""

    page: int = 0
    only: str | None = None


class OpenCampaign(Action, code="cc"):
    """*Monitorear*: its card; of a draft, the wizard."""

    campaign_id: int


class Pause(Action, code="cp", permission=Permission.SEND, ahead=True):
    """*Parar*, before anything else of this chat."""

    campaign_id: int


class Resume(Action, code="cr", permission=Permission.SEND):
    """*Continuar*."""

    campaign_id: int


class AskCancel(Action, code="cq", permission=Permission.SEND):
    """Whether it shall really end."""

    campaign_id: int


class Cancel(Action, code="cx", permission=Permission.SEND, ahead=True):
    """*Cancelar*, for good."""

    campaign_id: int


class Reopen(Action, code="ce", permission=Permission.SEND):
    """*Editar* what is scheduled: back to the draft."""

    campaign_id: int


class CopyCampaign(Action, code="cn", permission=Permission.EDIT):
    """*Editar como nuevo*."""

    campaign_id: int


# Screens


def list_screen(found: Page, t: Texts, *, page: int = 0, only: str | None = None, may_edit: bool) -> Screen:
    """*Nombre, Tipo, Estado*: the mark of the state is on the button, the words are in the text."""
    lines = [heading(t.label("campaigns.title")), ""]
    if found.campaigns:
        lines.append(t("campaigns.count", count=found.total))
        lines += [
            t(
                "campaigns.line",
                mark=_MARKS[one.state],
                name=cut(one.name, 40),
                mode=t.label(f"campaign.mode.{one.mode.value}"),
                state=t.label(f"campaign.state.{one.state.value}"),
            )
            for one in found.campaigns
        ]
    else:
        lines.append(t("campaigns.none_of_these" if only else "campaigns.none"))
    rows: list[tuple[Button, ...]] = [
        (Button(cut(f"{_MARKS[one.state]} {one.name}"), OpenCampaign(one.id)),) for one in found.campaigns
    ]
    rows += pager(page, found.total, to=lambda number: ListCampaigns(number, only))
    rows.append(
        tuple(
            Button(
                f"{'✅ ' if only == name else ''}{t.label(f'campaigns.only_{name}')}",
                ListCampaigns(0, _toggled(name, only)),
            )
            for name in _FILTERS
        )
    )
    if may_edit:
        rows.append((Button(t.label("campaigns.new"), unpack("wn:"), Style.PRIMARY),))
    return Screen("\n".join(lines), (*rows, *footer(t)))


def campaign_screen(
    found: Progress, chat: Chat, *, per_second: float | None = None, toast: str | None = None
) -> Screen:
    """The card: state in the manual's words, how far it is, how fast, what it waits for, and what may be done."""
    t, campaign = chat.t, found.campaign
    figures = Statistics(found.counts)
    lines = [heading(campaign.name, t.label("campaigns.title")), "", _state_line(campaign, chat)]
    held_up = standstill(dataclasses.replace(found.facts, moving=_moves(per_second)))
    waits_for = why_not(held_up, chat)
    if waits_for:
        lines.append(waits_for)
    ends = end_line(found, held_up, figures.pending, chat) if held_up else None
    if ends:
        lines.append(ends)
    if figures.total:
        lines += ["", *figures_lines(figures, t)]
    if found.refusal and (held_up is None or held_up.cause is not Cause.MANY_REFUSED):  # which says so itself
        lines.append(refusal_line(found.refusal, t))
    goes = held_up is None or held_up.cause is Cause.PACE
    if campaign.state is CampaignState.RUNNING and goes and per_second is not None:
        lines.append(pace_line(found, figures, per_second, chat))
    if campaign.state is CampaignState.RUNNING and campaign.open_until is not None and figures.pending:
        lines.append(t("campaigns.closes_at", when=t.moment(campaign.open_until, chat.account.zone)))
    if found.cost is not None:
        lines.append(cost_line(found.cost, t))
    if _awaits_receipts(campaign):
        lines.append(t("campaigns.awaits_receipts"))
    lines += ["", *about_lines(found, t)]
    if found.held:
        lines.append(t("blanks.held", count=found.held))
    follows = campaign.state in ACTIVE or _awaits_receipts(campaign)
    follow = Follow(LiveViewKind.CAMPAIGN, campaign.id, t("campaigns.below", name=campaign.name)) if follows else None
    return Screen("\n".join(lines), _card_rows(found, figures, held_up, chat), toast=toast, follow=follow)


def cancel_screen(found: Progress, t: Texts) -> Screen:
    """With the number that will not get it; the safe way first."""
    campaign, figures = found.campaign, Statistics(found.counts)
    head = heading(t.label("campaigns.cancel"), t.label("campaigns.title"), cut(campaign.name))
    lines = [head, "", t("campaigns.ask_cancel", name=cut(campaign.name, 64))]
    if figures.total:
        lines.append(t("campaigns.ask_cancel_pending", count=figures.pending))
    rows = (
        (Button(t.label("campaigns.keep"), OpenCampaign(campaign.id)),),
        (Button(t.label("campaigns.cancel_yes"), Cancel(campaign.id), Style.DANGER),),
    )
    return Screen("\n".join(lines), (*rows, *footer(t, OpenCampaign(campaign.id))))


def _toggled(name: str, only: str | None) -> str | None:
    return None if only == name else name


def _awaits_receipts(campaign: Campaign) -> bool:
    """It has ended, and its results are not frozen yet: receipts still come in."""
    return campaign.state in FINISHED and campaign.started_at is not None and campaign.results is None


def _state_line(campaign: Campaign, chat: Chat) -> str:
    t = chat.t
    return t(
        "campaigns.state_line",
        mark=_MARKS[campaign.state],
        state=t.label(f"campaign.state.{campaign.state.value}"),
        since=t.moment(campaign.state_at, chat.account.zone),
    )


def _moves(per_second: float | None) -> bool | None:
    return None if per_second is None else per_second > 0


def _card_rows(found: Progress, figures: Statistics, held_up: Standstill | None, chat: Chat) -> Rows:
    t, campaign = chat.t, found.campaign
    buttons: list[Button] = []
    if campaign.state is CampaignState.DRAFT:
        resume = ((Button(t.label("campaigns.resume_draft"), unpack(f"wr:{campaign.id}"), Style.PRIMARY),),)
        return (*(resume if chat.may(Permission.EDIT) else ()), *footer(t, ListCampaigns()))
    actions: Mapping[CampaignEvent, tuple[Action, Style | None]] = {
        CampaignEvent.PAUSE: (Pause(campaign.id), Style.DANGER),
        CampaignEvent.RESUME: (Resume(campaign.id), Style.SUCCESS),
        CampaignEvent.EDIT: (Reopen(campaign.id), None),
        CampaignEvent.CANCEL: (AskCancel(campaign.id), None),
    }
    for event in offered(campaign.state):
        if event in actions and not (event is CampaignEvent.EDIT and campaign.started_at):
            action, style = actions[event]
            if chat.may(action.permission):
                buttons.append(Button(t.label(f"campaigns.do_{event.value}"), action, style))
    if campaign.state in _UNDER_WAY and campaign.started_at and chat.may(Permission.SEND):
        buttons.append(Button(t.label("campaigns.do_edit"), unpack(f"ee:{campaign.id}")))
    if held_up and held_up.cause is Cause.BUDGET and chat.may(Permission.GOVERN):
        buttons.append(Button(t.label("limits.title"), unpack("ak")))
    if figures.total:
        buttons.append(Button(t.label("campaigns.results"), unpack(f"r:{campaign.id}:0")))
    if found.refusal:
        buttons.append(refusal_button(campaign.id, found.refusal, t))
    if figures.in_doubt:
        buttons.append(Button(t.label("doubt.button", count=figures.in_doubt), unpack(f"du:{campaign.id}")))
    if chat.may(Permission.EDIT):
        buttons.append(Button(t.label("campaigns.copy"), CopyCampaign(campaign.id)))
    buttons.append(Button(t.label("nav.refresh"), OpenCampaign(campaign.id)))
    return (*pairs(buttons), *footer(t, ListCampaigns()))


# Handlers


@on(ListCampaigns)
async def list_campaigns(action: ListCampaigns, chat: Chat) -> Screen:
    """A page."""
    states = _FILTERS.get(action.only or "")
    only = action.only if states else None
    found = await campaigns.page(chat.account.id, offset=action.page * PAGE, limit=PAGE, states=states)
    if not found.campaigns and action.page:
        return await list_campaigns(ListCampaigns(0, only), chat)
    return list_screen(found, chat.t, page=action.page, only=only, may_edit=chat.may(Permission.EDIT))


@on(OpenCampaign)
async def open_campaign(action: OpenCampaign, chat: Chat) -> Screen:
    """A draft goes on where it was left, for those who may."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    if campaign.state is CampaignState.DRAFT and chat.may(Permission.EDIT):
        return await _wizard(campaign.id, chat)
    return await card(campaign.id, chat)


@on(Pause)
async def pause(action: Pause, chat: Chat) -> Screen:
    """Silent within one window."""
    return await _asked(CampaignEvent.PAUSE, action.campaign_id, chat)


@on(Resume)
async def resume(action: Resume, chat: Chat) -> Screen:
    """From where it stopped."""
    return await _asked(CampaignEvent.RESUME, action.campaign_id, chat)


@on(AskCancel)
async def ask_cancel(action: AskCancel, chat: Chat) -> Screen:
    """Say what it means."""
    found = await progress.of(chat.account.id, action.campaign_id, now=chat.now)
    if CampaignEvent.CANCEL not in offered(found.campaign.state):
        return await card(action.campaign_id, chat, toast=_too_late(found.campaign, chat.t))
    return cancel_screen(found, chat.t)


@on(Cancel)
async def cancel(action: Cancel, chat: Chat) -> Screen:
    """The summary follows by itself."""
    return await _asked(CampaignEvent.CANCEL, action.campaign_id, chat)


@on(Reopen)
async def reopen(action: Reopen, chat: Chat) -> Screen:
    """The wizard, with everything in it."""
    try:
        await campaigns.reopen(chat.account.id, action.campaign_id, by=chat.person_id, now=chat.now)
    except WrongState:
        campaign = await campaigns.get(chat.account.id, action.campaign_id)
        return await card(action.campaign_id, chat, toast=_too_late(campaign, chat.t))
    screen = await _wizard(action.campaign_id, chat)
    return dataclasses.replace(screen, toast=chat.t.label("campaigns.reopened"))


@on(CopyCampaign)
async def copy_campaign(action: CopyCampaign, chat: Chat) -> Screen:
    """The wizard with the copy."""
    source = await campaigns.get(chat.account.id, action.campaign_id)
    draft = await launching.copy(
        chat.account.id,
        action.campaign_id,
        name=chat.t.label("campaigns.copy_of", name=source.name),
        by=chat.person_id,
        chat_id=chat.chat_id,
    )
    return await _wizard(draft.id, chat)


@live(LiveViewKind.CAMPAIGN)
async def live_card(subject_id: int, chat: Chat) -> tuple[Screen, bool]:
    """The last one is the first that shows it ended."""
    screen = await card(subject_id, chat)
    return screen, screen.follow is None


async def card(campaign_id: int, chat: Chat, *, toast: str | None = None) -> Screen:
    """A campaign's card as it stands."""
    found = await progress.of(chat.account.id, campaign_id, now=chat.now)
    campaign = found.campaign
    if counts_down(campaign, chat):
        return countdown_screen(campaign, chat, toast=toast)
    figures = Statistics(found.counts)
    done = figures.processed - figures.ignored
    per_second = None
    if campaign.state is CampaignState.RUNNING:
        per_second = rate(campaign.id, done, now=chat.now, since=campaign.started_at)
    return campaign_screen(found, chat, per_second=per_second, toast=toast)


async def _wizard(campaign_id: int, chat: Chat) -> Screen:
    action = unpack(f"wr:{campaign_id}")
    return await handler_of(type(action))(action, chat)


async def _asked(event: CampaignEvent, campaign_id: int, chat: Chat) -> Screen:
    """Do it once; whoever comes second sees what is true now."""
    deeds = {
        CampaignEvent.PAUSE: campaigns.pause,
        CampaignEvent.RESUME: campaigns.resume,
        CampaignEvent.CANCEL: campaigns.cancel,
    }
    try:
        await deeds[event](chat.account.id, campaign_id, by=chat.person_id, now=chat.now)
    except WrongState:
        campaign = await campaigns.get(chat.account.id, campaign_id)
        return await card(campaign_id, chat, toast=_too_late(campaign, chat.t))
    return await card(campaign_id, chat, toast=chat.t.label(f"campaigns.done_{event.value}"))


def _too_late(campaign: Campaign, t: Texts) -> str:
    return t.label("campaigns.too_late", state=t.label(f"campaign.state.{campaign.state.value}"))
