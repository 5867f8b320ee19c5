"""Launching a campaign: it is asked once more, with the number and the price, and once where the text is an echo."""

import dataclasses
import time
from datetime import timedelta
from typing import Final

from bot.chat import Chat
from bot.conversations import blanks
from bot.conversations import campaigns as campaign_card
from bot.forecast_words import outlook
from bot.hours_words import start_words
from bot.layout import cut, footer
from bot.screen import Action, Button, Screen, Style, handler_of, on
from bot.wizard import GoTo, Step, frame, head, is_complete
from domain.errors import WrongState
from domain.models import CampaignMode, StartKind
from domain.rules.blanks import decided
from domain.rules.campaign_state import CampaignState
from domain.rules.permission import Permission
from domain.usecases import campaigns, drafts, echoes, launching, wording
from domain.usecases.drafts import Draft
from domain.usecases.echoes import Echo, SameContent
from domain.usecases.rehearsal import Rehearsal, rehearse

_SLOW: Final = 20_000  # recipients: of more it is said that they are being counted
_SAY_EVERY_S: Final = 2.0

# Actions


class AskLaunch(Action, code="wl", permission=Permission.SEND):
    """Launch what was seen at this revision: really? ``despite``: though many got nearly the same text."""

    campaign_id: int
    revision: int
    despite: bool = False


class Launch(Action, code="wla", permission=Permission.SEND):
    """Really; ``seen``: the digest of the numbers that were shown."""

    campaign_id: int
    revision: int
    seen: str
    despite: bool = False


# Screens


def launch_screen(draft: Draft, found: Rehearsal, chat: Chat, *, despite: bool, toast: str | None = None) -> Screen:
    """Once more, with the number and the price; the safe way first."""
    t, sent = chat.t, found.plan.sent
    later = draft.campaign.start_kind is not StartKind.NOW
    lines = [
        t("review.ask_launch", count=sent, name=draft.campaign.name),
        t("review.ask_launch_when", when=start_words(draft.campaign, chat.account.zone, t)),
        *outlook(found, chat),
    ]
    yes = t.label("review.schedule_yes" if later else "review.launch_yes", count=sent)
    launch = Launch(draft.id, draft.campaign.revision, found.said.digest, despite)
    rows = (
        (Button(t.label("review.launch_no"), GoTo(draft.id, Step.REVIEW)),),
        (Button(yes, launch, Style.SUCCESS),),
    )
    text = f"{head(t, draft.campaign.name, Step.REVIEW)}\n\n" + "\n".join(lines)
    return Screen(text, (*rows, *footer(t, GoTo(draft.id, Step.REVIEW))), toast=toast)


def echo_screen(draft: Draft, echo: Echo, chat: Chat) -> Screen:
    """Many got nearly the same: the safe way first."""
    t = chat.t
    share = t.percent(round(echo.overlap / max(1, echo.audience), 2))
    lines = [
        t("launch.echo", count=echo.overlap, audience=t.number(echo.audience), share=share),
        t("launch.echo_of", name=cut(echo.name, 60), when=t.moment(echo.at, chat.account.zone), hours=echo.hours),
    ]
    rows = (
        (Button(t.label("review.launch_no"), GoTo(draft.id, Step.REVIEW)),),
        (Button(t.label("launch.despite"), AskLaunch(draft.id, draft.campaign.revision, True), Style.DANGER),),
    )
    text = f"{head(t, draft.campaign.name, Step.REVIEW)}\n\n" + "\n".join(lines)
    return Screen(text, (*rows, *footer(t, GoTo(draft.id, Step.REVIEW))))


# Handlers


@on(AskLaunch)
async def ask_launch(action: AskLaunch, chat: Chat) -> Screen:
    """What was seen must be what is there."""
    draft = await drafts.get(chat.account.id, action.campaign_id)
    if draft.campaign.revision != action.revision:
        return await _review(draft.id, chat, toast=chat.t.label("review.changed"))
    if not is_complete(draft):
        return await _review(draft.id, chat)
    await wording.refuse(chat.account.id, draft.text, decided(draft.campaign.blanks))
    undecided = await blanks.gate(draft, chat)
    if undecided is not None:
        return undecided
    if not action.despite:
        echo = await _echo_of(draft, chat)
        if echo is not None:
            return echo_screen(draft, echo, chat)
    found = await _exactly(draft, chat)
    if not found.plan.sent and draft.campaign.mode is CampaignMode.NORMAL:
        return await _review(draft.id, chat)  # which says why nothing would go out
    return launch_screen(draft, found, chat, despite=action.despite)


@on(Launch)
async def launch(action: Launch, chat: Chat) -> Screen:
    """Once, whoever asks and however often; and only what was shown."""
    campaign = await campaigns.get(chat.account.id, action.campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        return await campaign_card.card(action.campaign_id, chat, toast=chat.t.label("review.launched_already"))
    draft = await drafts.get(chat.account.id, action.campaign_id)
    if draft.campaign.revision != action.revision:
        return await _review(draft.id, chat, toast=chat.t.label("review.changed"))
    await launching.check(draft.campaign, draft.text)
    begun_s = time.monotonic()
    found = await _exactly(draft, chat)
    # The countdown begins now, however long that took.
    chat = dataclasses.replace(chat, now=chat.now + timedelta(seconds=int(time.monotonic() - begun_s)))
    if found.said.digest != action.seen:
        return launch_screen(draft, found, chat, despite=action.despite, toast=chat.t.label("launch.counts_changed"))
    try:
        await launching.start(
            chat.account.id,
            action.campaign_id,
            revision=action.revision,
            by=chat.person_id,
            now=chat.now,
            said=found.said,
            despite=action.despite,
        )
    except SameContent:
        echo = await _echo_of(draft, chat)
        return await _review(draft.id, chat) if echo is None else echo_screen(draft, echo, chat)
    except WrongState:
        now = await campaigns.get(chat.account.id, action.campaign_id)
        if now.state is CampaignState.DRAFT:
            return await _review(draft.id, chat, toast=chat.t.label("review.changed"))
        return await campaign_card.card(action.campaign_id, chat, toast=chat.t.label("review.launched_already"))
    screen = await campaign_card.card(action.campaign_id, chat)
    done = "launch.launched" if campaign.start_kind is StartKind.NOW else "launch.scheduled"
    return dataclasses.replace(screen, toast=chat.t.label(done))


async def _exactly(draft: Draft, chat: Chat) -> Rehearsal:
    """Everybody is looked at; of many it is said how far that is."""
    said_s = time.monotonic()

    async def progress(seen: int) -> None:
        nonlocal said_s
        if draft.recipients > _SLOW and time.monotonic() >= said_s + _SAY_EVERY_S:
            said_s = time.monotonic()
            share = chat.t.percent(round(min(1.0, seen / draft.recipients), 2))
            body = chat.t("launch.counting", share=share, count=draft.recipients)
            await chat.say(frame(draft, Step.REVIEW, chat, body=body))

    return await rehearse(chat.account.id, draft, now=chat.now, exact=True, progress=progress)


async def _echo_of(draft: Draft, chat: Chat) -> Echo | None:
    group_ids = [group_id for group_id, _ in draft.groups]
    return await echoes.find(chat.account.id, draft.id, text=draft.text, group_ids=group_ids, now=chat.now)


async def _review(campaign_id: int, chat: Chat, *, toast: str | None = None) -> Screen:
    screen = await handler_of(GoTo)(GoTo(campaign_id, int(Step.REVIEW)), chat)
    return dataclasses.replace(screen, toast=toast)
