"""From an update to its screen: which action it is, whether the person may, what its handler shows, what went wrong."""

import dataclasses
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from telegram import Message, Update
from telegram.error import Forbidden, TelegramError
from telegram.ext import ConversationHandler

from bot import commands
from bot.access import Context, start_payload
from bot.chat import Card, Upload
from bot.errors import FileTooLarge, error_id, explain, plain
from bot.live import render_view
from bot.oversize import TOAST_LIMIT, utf16_length
from bot.screen import Action, Button, Screen, StaleAction, Takes, handler_of, unpack
from bot.visit import Visit
from domain.errors import DomainError, NotAllowed, NotFound, WrongState
from domain.rules.permission import allows
from locales import Catalogues

log = structlog.get_logger()

DOWNLOAD_LIMIT: Final = 20_000_000  # bytes; Bot API, getFile
Callback = Callable[[Update, Context], Coroutine[Any, Any, object]]


class Router:
    """Its methods are what python-telegram-bot calls; each gives the next state of the conversation."""

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues

    def _door(self, handle: Callable[[Visit], Awaitable[None]]) -> Callback:
        async def callback(update: Update, context: Context) -> object:
            visit = await Visit.of(update, context, self._catalogues)
            async with visit.answering_in_time():
                await _guarded(handle, visit)
            return visit.state or ConversationHandler.END

        return callback

    @property
    def tap(self) -> Callback:
        """A button was pressed."""
        return self._door(_tap)

    @property
    def message(self) -> Callback:
        """Something was typed or sent in a private chat."""
        return self._door(_message)

    @property
    def command(self) -> Callback:
        """A command in a private chat."""
        return self._door(_command)

    @property
    def group_command(self) -> Callback:
        """A command in a group."""
        return self._door(_group_command)


async def _guarded(handle: Callable[[Visit], Awaitable[None]], visit: Visit) -> None:
    """The door: whatever happens behind it, the person gets an answer and the open question stays."""
    try:
        try:
            await handle(visit)
        except DomainError as error:
            await _refuse(visit, error)
    except Forbidden:
        log.info("chat_closed", chat=visit.chat_id, person=visit.person_id)  # the bot was blocked or put out
    except Exception:
        identity = error_id()
        log.exception("update_failed", error_id=identity, chat=visit.chat_id, person=visit.person_id)
        await _apologise(visit, identity)


def _unpacked(packed: str, visit: Visit) -> Action | None:
    try:
        return unpack(packed)
    except StaleAction:
        log.info("stale_action", person=visit.person_id, packed=packed)
        return None


async def _tap(visit: Visit) -> None:
    action = _unpacked(visit.data or "", visit)
    if action is None:
        await visit.answer(visit.t.label("chat.stale"), alert=True)
        await _redraw(visit)
        return
    if not visit.private and action.code != commands.GROUP_STATUS:
        await visit.answer(visit.t.label("chat.private_only"), alert=True)
        return
    await _run(visit, action)


async def _message(visit: Visit) -> None:
    message = visit.message
    question = _unpacked(visit.talk.question, visit) if visit.talk.question else None
    if visit.talk.question and question is None:
        await _home(visit, "chat.question_gone")
        return
    upload, card = _upload(message, visit), _card(message)
    takes = question.takes if question is not None else Takes(0)
    if upload is not None:
        asked = question if Takes.FILE in takes else None
        await _run(visit, asked or commands.action_named(commands.IMPORT_UPLOAD), upload=upload)
    elif card is not None:
        asked = question if Takes.CARD in takes else None
        await _run(visit, asked or commands.action_named(commands.CARD_RECEIVED), card=card)
    elif message is None or message.text is None:
        await visit.stage.tell(visit.t("chat.not_understood"))
    elif question is None and visit.talk.live_message_id is not None:
        await visit.stage.tell(visit.t("chat.nothing_asked"))  # the screen keeps its buttons: it may be half a wizard
    elif question is None:
        await _home(visit)
    elif Takes.TEXT not in takes:
        await visit.stage.tell(visit.t("chat.file_wanted" if Takes.FILE in takes else "chat.card_wanted"))
    else:
        await _run(visit, question, text=message.text.strip())


async def _command(visit: Visit) -> None:
    name = visit.command
    open_question = visit.talk.question is not None
    if name == "start":
        await _start(visit, start_payload(visit.message) or "", open_question=open_question)
    elif name == "cancel":
        await _home(visit, "chat.cancelled" if open_question else "chat.nothing_to_cancel")
    elif name in commands.SCREENS:
        await _run(visit, commands.action_named(commands.SCREENS[name]))
    elif name == "status":
        await _home(visit)
    else:
        await visit.stage.tell(visit.t("chat.unknown_command"))


async def _start(visit: Visit, payload: str, *, open_question: bool) -> None:
    linked = commands.linked_action(payload)
    if visit.joined:
        await _home(visit, "access.welcome")
    elif linked is not None:
        await _run(visit, linked)
    else:
        await _home(visit, "chat.left" if open_question else None)


async def _group_command(visit: Visit) -> None:
    if visit.command == "status":
        await _run(visit, commands.action_named(commands.GROUP_STATUS))
        return
    link = Button(visit.t.label("chat.open_private"), url=f"https://t.me/{visit.bot_username}?start=home")
    await visit.stage.tell(visit.t("chat.private_only"), rows=((link,),))


async def _home(visit: Visit, notice: str | None = None) -> None:
    """Home, below a sentence that says why."""
    await _run(visit, commands.action_named(commands.HOME), notice=notice)


async def _run(visit: Visit, action: Action, *, notice: str | None = None, **said: Any) -> None:
    if not allows(visit.seat.role, action.permission):
        raise NotAllowed(permission=action.permission)
    chat = visit.chat(**said)
    screen: Screen = await handler_of(type(action))(action, chat)
    if notice is not None:
        screen = dataclasses.replace(screen, text=f"{visit.t(notice)}\n\n{screen.text}")
    await visit.answer(screen.toast, alert=screen.alert)
    if not action.ahead or screen.expects is not None:
        await visit.ask(screen.expects)
    await visit.stage.show(screen, live=visit.talk.live_message_id)


async def _refuse(visit: Visit, error: DomainError) -> None:
    text = explain(error, visit.t)
    log.info("refused", person=visit.person_id, error=type(error).__name__)
    if visit.tapped is None:
        await visit.stage.tell(text)
        return
    short = plain(text)
    if visit.answered or utf16_length(short) > TOAST_LIMIT:
        await visit.answer()
        await visit.stage.tell(text)
    else:
        await visit.answer(short, alert=True)
    if isinstance(error, WrongState | NotFound):
        await _redraw(visit)


async def _redraw(visit: Visit) -> None:
    """The pressed message shows what is true now: what it follows, else home; an open question elsewhere is kept."""
    tapped = visit.tapped
    if tapped is None or not visit.private:
        return
    following = await render_view(visit.chat_id, tapped.message_id, visit.chat())
    if following is not None:
        await visit.stage.show(following, live=visit.talk.live_message_id)
    elif visit.talk.question is not None and visit.talk.live_message_id != tapped.message_id:
        await visit.stage.strip(tapped.message_id)
    else:
        await _home(visit)


async def _apologise(visit: Visit, identity: str) -> None:
    try:
        if visit.tapped is not None and not visit.answered:
            await visit.answer(visit.t.label("error.unexpected", id=identity), alert=True)
        else:
            await visit.stage.tell(visit.t("error.unexpected", id=identity))
    except TelegramError as error:
        log.warning("apology_failed", error_id=identity, error=type(error).__name__)


def _upload(message: Message | None, visit: Visit) -> Upload | None:
    document = message.document if message else None
    if document is None:
        return None
    size = document.file_size or 0

    async def read() -> bytes:
        if size > DOWNLOAD_LIMIT:
            raise FileTooLarge(size=visit.t.number(round(size / 1e6, 1)), limit=DOWNLOAD_LIMIT // 1_000_000)
        file = await visit.bot.get_file(document.file_id)
        return bytes(await file.download_as_bytearray())

    return Upload(document.file_name or "", size, read)


def _card(message: Message | None) -> Card | None:
    contact = message.contact if message else None
    return Card(contact.phone_number, contact.first_name, contact.last_name or "", contact.user_id) if contact else None
