"""The countdown of a launch: it can be called back, or sent without waiting, and not a byte leaves before it ends."""

import dataclasses

from bot.chat import Chat
from bot.layout import cut, footer, heading
from bot.progress import bar
from bot.screen import Action, Button, Follow, Screen, Style, handler_of, on, unpack
from domain.errors import WrongState
from domain.models import Campaign, LiveViewKind
from domain.rules.campaign_state import CampaignEvent, CampaignState
from domain.rules.permission import Permission
from domain.usecases import campaigns, launching

# Actions


class CallBack(Action, code="wcb", permission=Permission.SEND, ahead=True):
    """*Cancelar*: back to the draft, before anything else of this chat."""

    campaign_id: int


class SendNow(Action, code="wcn", permission=Permission.SEND, ahead=True):
    """*Enviar ya*."""

    campaign_id: int


# Screens


def counts_down(campaign: Campaign, chat: Chat) -> bool:
    """Whether its launch can still be called back."""
    launch_at = campaign.launch_at
    return campaign.state is CampaignState.SCHEDULED and launch_at is not None and launch_at > chat.now


def countdown_screen(campaign: Campaign, chat: Chat, *, toast: str | None = None) -> Screen:
    """How long it still can be called back; edited in place. Only while ``counts_down``."""
    t, ends = chat.t, campaign.launch_at or chat.now
    left_s = (ends - chat.now).total_seconds()
    whole_s = max(1.0, (ends - campaign.state_at).total_seconds())
    seconds = max(1, round(left_s))
    lines = [
        heading(campaign.name, t.label("campaigns.title")),
        "",
        t("launch.begins_in", left=f"{seconds // 60}:{seconds % 60:02d}"),
        bar(seconds / whole_s),
        t("launch.not_yet"),
    ]
    rows = (
        (
            Button(t.label("launch.call_back"), CallBack(campaign.id), Style.DANGER),
            Button(t.label("launch.send_now"), SendNow(campaign.id), Style.SUCCESS),
        ),
    )
    buttons = rows if chat.may(Permission.SEND) else ()
    follow = Follow(LiveViewKind.CAMPAIGN, campaign.id, t("campaigns.below", name=campaign.name))
    return Screen("\n".join(lines), (*buttons, *footer(t, unpack("cl:0:"))), toast=toast, follow=follow)


# Handlers


@on(CallBack)
async def call_back(action: CallBack, chat: Chat) -> Screen:
    """The review again, with everything in it; whoever comes too late sees what is true now."""
    try:
        campaign = await campaigns.get(chat.account.id, action.campaign_id)
        if campaign.launch_at is None:
            raise campaigns.stale(campaign, CampaignEvent.EDIT)
        await campaigns.reopen(chat.account.id, action.campaign_id, by=chat.person_id, now=chat.now)
    except WrongState:
        return await _card(action.campaign_id, chat, toast=chat.t.label("launch.too_late"))
    review = unpack(f"wr:{action.campaign_id}")
    screen = await handler_of(type(review))(review, chat)
    return dataclasses.replace(screen, toast=chat.t.label("launch.called_back"))


@on(SendNow)
async def send_now(action: SendNow, chat: Chat) -> Screen:
    """Once, however often it is tapped."""
    try:
        await launching.send_now(chat.account.id, action.campaign_id, by=chat.person_id, now=chat.now)
    except WrongState:
        return await _card(action.campaign_id, chat, toast=chat.t.label("launch.begun_already"))
    return await _card(action.campaign_id, chat, toast=chat.t.label("review.launched"))


async def _card(campaign_id: int, chat: Chat, *, toast: str) -> Screen:
    action = unpack(f"cc:{campaign_id}")
    screen = await handler_of(type(action))(action, chat)
    return dataclasses.replace(screen, toast=cut(toast, 200))
