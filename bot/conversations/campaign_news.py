"""News of campaigns that nobody was looking at: each is the card with a line above it that says what happened."""

import dataclasses
from datetime import datetime

from bot.chat import Chat
from bot.conversations.campaigns import card
from bot.outbox import notice
from bot.screen import Screen
from domain.models import Notice, NoticeKind


@notice(NoticeKind.STARTED)
async def started(row: Notice, chat: Chat) -> Screen:
    """Its hour has come: a card that follows it. Late: since when it should have run."""
    late_from = row.detail.get("late_from")
    if not late_from:
        return await card(row.subject_id, chat)
    return await _card_below(row, chat, chat.t("campaigns.late_notice", when=_moment(late_from, chat)))


@notice(NoticeKind.STOPPED)
async def stopped(row: Notice, chat: Chat) -> Screen:
    """It stopped by itself: the card says why."""
    return await _card_below(row, chat, chat.t("campaigns.stopped_notice"))


@notice(NoticeKind.MISSED)
async def missed(row: Notice, chat: Chat) -> Screen:
    """A period went by while no sender was at work: nothing of it was sent."""
    meant_for, next_at = _moment(row.detail.get("meant_for"), chat), row.detail.get("next_at")
    if next_at:
        return await _card_below(
            row, chat, chat.t("campaigns.missed_notice", when=meant_for, next=_moment(next_at, chat))
        )
    return await _card_below(row, chat, chat.t("campaigns.missed_last_notice", when=meant_for))


@notice(NoticeKind.STANDSTILL)
async def standstill(row: Notice, chat: Chat) -> Screen:
    """It should move and does not: the card says why."""
    return await _card_below(row, chat, chat.t("campaigns.standstill_notice"))


async def _card_below(row: Notice, chat: Chat, line: str) -> Screen:
    screen = await card(row.subject_id, chat)
    return dataclasses.replace(screen, text=f"{line}\n\n{screen.text}")


def _moment(written: object, chat: Chat) -> str:
    return chat.t.moment(datetime.fromisoformat(str(written)), chat.account.zone)
