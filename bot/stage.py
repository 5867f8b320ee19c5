"""Showing screens in one chat: edited in place where a button was pressed, below what was typed, one live keyboard."""

import contextlib
import hashlib
import io
import time
from dataclasses import dataclass
from typing import Final

import structlog
from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot.limiter import PRIVATE_SPACING_S, Urgency
from bot.oversize import CAPTION_LIMIT, TEXT_LIMIT, cut_html
from bot.screen import Button, Document, Place, Rows, Screen
from domain.usecases import conversations

log = structlog.get_logger()

Bot = ExtBot[Urgency]
_NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
_UNCHANGED: Final = "message is not modified"
# What Telegram answers where a message is gone, is too old, or is of another kind: then the screen goes out anew.
_NOT_EDITABLE: Final = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message",
    "there is no caption in the message",
    "message to be replaced",
    "media can't be",
    "message identifier is not specified",
)


class MessageGone(Exception):
    """The message cannot be edited any more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that is in the chat. ``photo``: it is a picture with a caption."""

    message_id: int
    photo: bool


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """The rows as Telegram wants them; None for none."""
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in rows]) if rows else None


def digest_of(screen: Screen) -> str:
    """Equal for screens that look the same."""
    hashed = hashlib.sha256(screen.text.encode())
    hashed.update(repr(screen.rows).encode())
    hashed.update(screen.photo or b"")
    return hashed.hexdigest()


def is_gone(error: BadRequest) -> bool:
    """Whether the message that should be edited is not there for it."""
    return any(words in error.message.lower() for words in _NOT_EDITABLE)


def is_unchanged(error: BadRequest) -> bool:
    """Whether the message shows exactly that already."""
    return _UNCHANGED in error.message.lower()


class Stage:
    """One chat while one update is handled. ``tapped``: the message whose button was pressed."""

    def __init__(self, bot: Bot, chat_id: int, person_id: int, *, tapped: Shown | None = None) -> None:
        self._bot, self._chat_id, self._person_id = bot, chat_id, person_id
        self._tapped = tapped
        self._on = tapped  # the message that the next screen replaces
        self._said_at = float("-inf")

    async def show(self, screen: Screen, *, live: int | None) -> None:
        """
        Put a screen in the chat, and make it the one with the live keyboard.

        Args:
            live: The message whose keyboard was alive until now.

        Raises:
            TelegramError: Telegram cannot be reached, or refuses what we send.
        """
        await self._send_documents(screen.documents)
        before = None
        if screen.documents or screen.place is Place.NEW:
            before, self._on = self._on, None
            if before is not None and before != self._tapped:  # progress of ours, and it is over
                await self._remove(before)
        if self._on is not None and screen.follow is None:
            await conversations.unfollow(self._chat_id, self._on.message_id)  # first: or its next edit undoes ours
        shown = await self._put(screen, Urgency.INTERACTIVE)
        for old in {live, before.message_id if before else None} - {None, shown.message_id}:
            if old is not None and not await conversations.is_followed(self._chat_id, old):
                await self.strip(old)
        if live != shown.message_id:
            await conversations.set_live_message(self._chat_id, self._person_id, shown.message_id)
        await follow(self._bot, screen, self._chat_id, shown.message_id, person_id=self._person_id)

    async def say(self, screen: Screen) -> None:
        """
        Progress of slow work: the newest wins, those that come too soon are left out, and so are failures. One that
        follows something goes on by itself where a restart takes the work away.
        """
        if time.monotonic() < self._said_at + PRIVATE_SPACING_S:
            return
        first = self._said_at < 0
        self._said_at = time.monotonic()
        with contextlib.suppress(TelegramError):
            shown = await self._put(screen, Urgency.INTERACTIVE if first else Urgency.PROGRESS)
            await follow(self._bot, screen, self._chat_id, shown.message_id, person_id=self._person_id)

    async def tell(self, text: str, *, rows: Rows = ()) -> None:
        """A message beside the screens: the open question and its keyboard stay."""
        await self._bot.send_message(
            self._chat_id,
            cut_html(text, TEXT_LIMIT),
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(rows),
            link_preview_options=_NO_PREVIEW,
        )

    async def strip(self, message_id: int) -> None:
        """Take the keyboard off a message, if it is still there."""
        with contextlib.suppress(BadRequest):
            await self._bot.edit_message_reply_markup(self._chat_id, message_id, reply_markup=None)

    async def _put(self, screen: Screen, urgency: Urgency) -> Shown:
        if self._on is not None:
            if await self._edit(self._on, screen, urgency):
                self._on = Shown(self._on.message_id, screen.photo is not None)
                return self._on
            await self._remove(self._on)
        self._on = await post(self._bot, self._chat_id, screen, urgency)
        return self._on

    async def _edit(self, on: Shown, screen: Screen, urgency: Urgency) -> bool:
        if on.photo and screen.photo is None:
            return False  # a picture cannot become a text
        try:
            await edit(self._bot, self._chat_id, on.message_id, screen, urgency)
        except MessageGone:
            return False
        return True

    async def _remove(self, on: Shown) -> None:
        await conversations.unfollow(self._chat_id, on.message_id)
        try:
            await self._bot.delete_message(self._chat_id, on.message_id)
        except BadRequest:  # older than 48 hours, or gone
            await self.strip(on.message_id)

    async def _send_documents(self, documents: tuple[Document, ...]) -> None:
        for document in documents:
            await self._bot.send_chat_action(self._chat_id, ChatAction.UPLOAD_DOCUMENT)
            await send_document(self._bot, self._chat_id, document)


async def send_document(
    bot: Bot, chat_id: int, document: Document, urgency: Urgency = Urgency.INTERACTIVE, *, quiet: bool = False
) -> None:
    """
    Send a file as a message of its own.

    Raises:
        TelegramError: It is refused, or it is not known whether it arrived (``TimedOut``).
    """
    await bot.send_document(
        chat_id,
        io.BytesIO(document.content),
        filename=document.name,
        caption=cut_html(document.caption, CAPTION_LIMIT) or None,
        parse_mode=ParseMode.HTML,
        disable_notification=quiet,
        rate_limit_args=urgency,
    )


async def post(
    bot: Bot, chat_id: int, screen: Screen, urgency: Urgency = Urgency.INTERACTIVE, *, quiet: bool = False
) -> Shown:
    """
    Send a screen, without its documents, as a message of its own.

    Raises:
        TelegramError: It is refused, or it is not known whether it arrived (``TimedOut``).
    """
    message: Message
    if screen.photo is not None:
        message = await bot.send_photo(
            chat_id,
            io.BytesIO(screen.photo),
            caption=cut_html(screen.text, CAPTION_LIMIT),
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(screen.rows),
            disable_notification=quiet,
            rate_limit_args=urgency,
        )
    else:
        message = await bot.send_message(
            chat_id,
            cut_html(screen.text, TEXT_LIMIT),
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(screen.rows),
            link_preview_options=_NO_PREVIEW,
            disable_notification=quiet,
            rate_limit_args=urgency,
        )
    return Shown(message.message_id, screen.photo is not None)


async def follow(bot: Bot, screen: Screen, chat_id: int, message_id: int, *, person_id: int) -> None:
    """
    Keep the message up to date from now on, where its screen asks for that. An older one that showed the same says
    where it goes on: it would show what was true until now for ever.
    """
    if screen.follow is None:
        return
    replaced = await conversations.follow(
        chat_id,
        message_id,
        person_id=person_id,
        kind=screen.follow.kind,
        subject_id=screen.follow.subject_id,
        digest=digest_of(screen),
    )
    for older in replaced if screen.follow.instead else ():
        with contextlib.suppress(MessageGone, TelegramError):
            await edit(bot, chat_id, older, Screen(screen.follow.instead), Urgency.INTERACTIVE)


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen, urgency: Urgency) -> bool:
    """
    Make a message show a screen. Returns False where a progress edit was dropped for a newer one or for lack of room.

    Raises:
        MessageGone: It is not there, or cannot show that.
        TelegramError: Telegram cannot be reached, or refuses what we send.
    """
    try:
        if screen.photo is not None:
            media = InputMediaPhoto(
                screen.photo, caption=cut_html(screen.text, CAPTION_LIMIT), parse_mode=ParseMode.HTML
            )
            answer = await bot.edit_message_media(
                media, chat_id, message_id, reply_markup=keyboard(screen.rows), rate_limit_args=urgency
            )
        else:
            answer = await bot.edit_message_text(
                cut_html(screen.text, TEXT_LIMIT),
                chat_id,
                message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(screen.rows),
                link_preview_options=_NO_PREVIEW,
                rate_limit_args=urgency,
            )
    except BadRequest as error:
        if is_unchanged(error):
            return True
        if is_gone(error):
            raise MessageGone from error
        raise
    return answer is not True


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        button.label,
        callback_data=button.action.pack() if button.action is not None else None,
        url=button.url,
        copy_text=CopyTextButton(button.copy_text) if button.copy_text is not None else None,
        style=button.style.value if button.style else None,
    )
