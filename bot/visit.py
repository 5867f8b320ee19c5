"""One update on its way through the router: what it says, where its conversation stands, and how it is answered."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog
from markupsafe import escape
from telegram import CallbackQuery, Message, Update
from telegram.error import TelegramError

from bot.access import Context, workplace
from bot.chat import Card, Chat, Upload
from bot.oversize import TOAST_LIMIT, cut
from bot.screen import Action, Screen
from bot.stage import Bot, Shown, Stage
from domain.errors import NotFound
from domain.usecases import accounts, conversations
from domain.usecases.accounts import Seat
from domain.usecases.conversations import Talk
from locales import Catalogues, Texts

log = structlog.get_logger()
Drawn = TypeVar("Drawn")

_ANSWER_WITHIN_S: Final = 2.0  # a button spins until it is answered; after about 15 s it cannot be


async def _say_nothing(_: Screen) -> None:
    """Where nobody waits there is nobody to tell."""


async def view_chats(bot: Bot, chat_id: int, person_id: int, catalogues: Catalogues) -> Sequence[Chat]:
    """
    A chat as renderers of news and live views need it, for each account that the person is in: the one where they
    work first. Nothing was typed, and nobody waits.
    """
    seats = await accounts.seats_of(person_id)
    return [_view_chat(bot, chat_id, seat, catalogues.texts(seat.language, seat.region)) for seat in seats]


async def drawn(chats: Sequence[Chat], render: Callable[[Chat], Awaitable[Drawn]]) -> tuple[Drawn, str]:
    """
    What a renderer makes for the account whose subject it is; and that account's name where the person works in
    another one now, else nothing.

    Raises:
        DomainError: As the renderer; ``NotFound``: it is the subject of none of them.
    """
    for number, chat in enumerate(chats):
        try:
            return await render(chat), chat.account.name if number else ""
        except NotFound:
            continue
    raise NotFound(noun="campaign")


def named(screen: Screen, account: str) -> Screen:
    """With the account above it, where there is one to name."""
    return dataclasses.replace(screen, text=f"🏢 {escape(account)}\n\n{screen.text}") if account else screen


def _view_chat(bot: Bot, chat_id: int, seat: Seat, t: Texts) -> Chat:
    return Chat(
        chat_id=chat_id,
        person_id=seat.person_id,
        person_name=seat.person_name,
        role=seat.role,
        account=workplace(seat),
        t=t,
        now=datetime.now(UTC),
        bot_username=bot.username,
        say=_say_nothing,
    )


class Visit:
    """See the module."""

    def __init__(self, update: Update, context: Context, *, talk: Talk, t: Texts) -> None:
        chat, user = update.effective_chat, update.effective_user
        assert chat is not None  # noqa: S101 - the gate let it through
        assert user is not None  # noqa: S101 - the gate let it through
        self.chat_id, self.person_id, self.private = chat.id, user.id, chat.type == chat.PRIVATE
        self.bot: Bot = context.bot
        self.bot_username = context.bot.username
        self.seat, self.joined, self.talk, self.t = context.seat, context.joined, talk, t
        self.message: Message | None = update.message
        self.answered = False
        self.state: str | None = talk.question.split(":")[0] if talk.question else None
        self._query: CallbackQuery | None = update.callback_query
        self.tapped = _tapped(self._query)
        self.stage = Stage(self.bot, self.chat_id, self.person_id, tapped=self.tapped)

    @classmethod
    async def of(cls, update: Update, context: Context, catalogues: Catalogues) -> "Visit":
        """Look up where the conversation stands."""
        chat, seat = update.effective_chat, context.seat
        assert chat is not None  # noqa: S101 - the gate let it through
        talk = await conversations.talk_of(chat.id, seat.person_id)
        return cls(update, context, talk=talk, t=catalogues.texts(seat.language, seat.region))

    @property
    def data(self) -> str | None:
        """What the pressed button carries."""
        return self._query.data if self._query else None

    @property
    def command(self) -> str:
        """The command's name, without the slash and the bot's name."""
        text = (self.message.text or "") if self.message else ""
        return text.split()[0].removeprefix("/").split("@")[0].lower() if text.startswith("/") else ""

    def chat(self, *, text: str | None = None, upload: Upload | None = None, card: Card | None = None) -> Chat:
        """What a handler is given."""
        return Chat(
            chat_id=self.chat_id,
            person_id=self.person_id,
            person_name=self.seat.person_name,
            role=self.seat.role,
            account=workplace(self.seat),
            t=self.t,
            now=datetime.now(UTC),
            bot_username=self.bot_username,
            say=self.stage.say,
            text=text,
            upload=upload,
            card=card,
        )

    async def ask(self, question: Action | None) -> None:
        """Open a question, or close the one that is open; in the database before the person sees it."""
        packed = question.pack() if question is not None else None
        if packed != self.talk.question:
            state = question.code if question is not None else None
            await conversations.ask(self.chat_id, self.person_id, state=state, question=packed)
        self.state = question.code if question is not None else None

    async def answer(self, text: str | None = None, *, alert: bool = False) -> None:
        """Answer the button that was pressed: once, and nothing for a message."""
        if self._query is None or self.answered:
            return
        self.answered = True
        try:
            await self._query.answer(cut(text, TOAST_LIMIT) if text else None, show_alert=alert)
        except TelegramError as error:  # "query is too old", or no network: the screen comes all the same
            log.info("tap_not_answered", chat=self.chat_id, error=error.message)

    @contextlib.asynccontextmanager
    async def answering_in_time(self) -> AsyncIterator[None]:
        """Inside, a pressed button stops spinning even while its handler is still at work."""
        timer = asyncio.create_task(self._answer_late())
        try:
            yield
        finally:
            timer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await timer
            await self.answer()

    async def _answer_late(self) -> None:
        await asyncio.sleep(_ANSWER_WITHIN_S)
        await self.answer()


def _tapped(query: CallbackQuery | None) -> Shown | None:
    message = query.message if query else None
    if message is None:
        return None
    return Shown(message.message_id, bool(isinstance(message, Message) and message.photo))
