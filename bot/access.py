"""The gate: who may talk to the bot. Asked of the database at every update, so that revoking works at once."""

import contextlib
import dataclasses
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from telegram import Message, Update
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, CallbackContext, ExtBot

from bot.chat import Workplace
from bot.errors import explain
from bot.limiter import Urgency
from bot.screen import Button
from bot.stage import Stage
from domain.errors import DomainError
from domain.settings import Settings
from domain.usecases import accounts, conversations
from domain.usecases.accounts import Seat
from locales import Catalogues, Texts

log = structlog.get_logger()

_INVITATION = "inv_"


class Context(CallbackContext[ExtBot[Urgency], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """What handlers of one update share: the seat that the gate found."""

    seat: Seat
    joined: bool = False  # this update let the person in


def workplace(seat: Seat) -> Workplace:
    """The account of a seat, as screens need it."""
    return Workplace(
        seat.account_id, seat.account_name, seat.region, ZoneInfo(seat.time_zone), seat.sender_id, seat.carriage
    )


def start_payload(message: Message | None) -> str | None:
    """What follows ``/start``; None for everything else."""
    words = (message.text or "").split(maxsplit=1) if message else []
    if not words or words[0].split("@")[0] != "/start":
        return None
    return words[1].strip() if len(words) > 1 else ""


class Gate:
    """Runs before every other handler: lets members through, answers a stranger once, and redeems invitations."""

    def __init__(self, catalogues: Catalogues, settings: Settings) -> None:
        self._catalogues, self._settings = catalogues, settings

    async def admit(self, update: Update, context: Context) -> None:
        """
        Give the context its seat.

        Raises:
            ApplicationHandlerStop: Nobody of ours: nothing else handles the update.
        """
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or user.is_bot:
            raise ApplicationHandlerStop
        payload = start_payload(update.message) if chat.type == chat.PRIVATE else None
        if payload and payload.startswith(_INVITATION):
            await self._redeem(payload.removeprefix(_INVITATION), update, context)
            return
        seat = await accounts.seat_of(user.id)
        if seat is None:
            await self._turn_away(update, context)
            raise ApplicationHandlerStop
        if seat.person_name != user.full_name:
            await accounts.set_name(user.id, user.full_name)
            seat = dataclasses.replace(seat, person_name=user.full_name)
        context.seat = seat

    async def _redeem(self, token: str, update: Update, context: Context) -> None:
        user = update.effective_user
        assert user is not None  # noqa: S101 - admit checked it
        stage = Stage(context.bot, user.id, user.id)
        try:
            spoken = self._spoken(user.language_code)
            context.seat = await accounts.redeem(token, user.id, name=user.full_name, language=spoken)
        except DomainError as error:
            seat = await accounts.seat_of(user.id)
            t = self._catalogues.texts(seat.language, seat.region) if seat else self._stranger_texts(user.language_code)
            await stage.tell(explain(error, t))
            raise ApplicationHandlerStop from error
        context.joined = True
        await conversations.welcome(user.id)

    async def _turn_away(self, update: Update, context: Context) -> None:
        user, chat = update.effective_user, update.effective_chat
        assert user is not None  # noqa: S101 - admit checked it
        assert chat is not None  # noqa: S101 - admit checked it
        t = self._stranger_texts(user.language_code)
        known = await accounts.was_member(user.id)
        if update.callback_query is not None:
            with contextlib.suppress(TelegramError):
                await update.callback_query.answer(t.label("access.revoked_toast") if known else None, show_alert=known)
        if chat.type != chat.PRIVATE or not await conversations.greet_stranger(chat.id, user.id):
            return
        log.info("turned_away", person=user.id, known=known)
        if known:
            await conversations.drop_conversations(user.id)
            await conversations.greet_stranger(chat.id, user.id)
        identity = str(user.id)
        rows = ((Button(t.label("access.copy_id"), copy_text=identity),),)
        text = t("access.revoked", id=identity) if known else t("access.stranger", id=identity)
        await Stage(context.bot, chat.id, user.id).tell(text, rows=rows)

    def _stranger_texts(self, language: str | None) -> Texts:
        return self._catalogues.texts(self._spoken(language), self._settings.region)

    def _spoken(self, language: str | None) -> str:
        """What the person's Telegram speaks, where we do too; else the installation's language."""
        return self._catalogues.known(language, otherwise=self._settings.language)
