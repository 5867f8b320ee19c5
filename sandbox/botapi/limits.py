"""What Telegram refuses about keyboards, commands, reactions and short texts, in its own words."""

import re
from collections.abc import Sequence
from typing import Final

from aiogram.enums import ChatAction
from aiogram.types import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReactionTypeEmoji,
    ReplyKeyboardMarkup,
)
from aiogram.types.reaction_type_union import ReactionTypeUnion

from sandbox.botapi.errors import ApiError, bad_request, not_emulated
from sandbox.botapi.requests import Markup

MAX_BUTTONS: Final = 100
MAX_ROW: Final = 8
MAX_CALLBACK_BYTES: Final = 64
MAX_COPY_TEXT: Final = 256
MAX_ANSWER_TEXT: Final = 200
MAX_COMMANDS: Final = 100
MAX_COMMAND: Final = 32
MAX_COMMAND_DESCRIPTION: Final = 256

STYLES: Final = frozenset({"primary", "success", "danger"})
REACTIONS: Final = frozenset({
    # Without variation selectors: clients send some of them with one and some without.
    "👍", "👎", "❤", "🔥", "🥰", "👏", "😁", "🤔", "🤯", "😱", "🤬", "😢", "🎉", "🤩", "🤮",
    "💩", "🙏", "👌", "🕊", "🤡", "🥱", "🥴", "😍", "🐳", "❤\u200d🔥", "🌚", "🌭", "💯", "🤣", "⚡",
    "🍌", "🏆", "💔", "🤨", "😐", "🍓", "🍾", "💋", "🖕", "😈", "😴", "😭", "🤓", "👻", "👨\u200d💻",
    "👀", "🎃", "🙈", "😇", "😨", "🤝", "✍", "🤗", "🫡", "🎅", "🎄", "☃", "💅", "🤪", "🗿",
    "🆒", "💘", "🙉", "🦄", "😘", "💊", "🙊", "😎", "👾", "🤷\u200d♂", "🤷", "🤷\u200d♀", "😡",
})  # fmt: skip

_ACTIONS: Final = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay", "disabled",
)  # fmt: skip
_URL: Final = re.compile(r"(?i)(https?|tg|ton)://\S+|mailto:\S+|[\w-]+(\.[\w-]+)+(/\S*)?")
_COMMAND: Final = re.compile(r"[a-z0-9_]+")


def check_markup(markup: Markup | None) -> InlineKeyboardMarkup | None:
    """
    Refuse what Telegram refuses about a keyboard.

    Returns:
        The part that stays under the message: only an inline keyboard does.

    Raises:
        ApiError: Too many buttons, an empty label, no action or several, data over 64 bytes, an unknown style.
    """
    if isinstance(markup, ReplyKeyboardMarkup):
        for button in (button for row in markup.keyboard for button in row):
            _check_reply_button(button)
    if not isinstance(markup, InlineKeyboardMarkup):
        return None
    rows = [row for row in markup.inline_keyboard if row]
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    if any(len(row) > MAX_ROW for row in rows):
        raise ApiError(400, f"SANDBOX: more than {MAX_ROW} buttons in a row")
    for inline in (inline for row in rows for inline in row):
        _check_button(inline)
    return markup.model_copy(update={"inline_keyboard": rows}) if rows else None


def _check_reply_button(button: KeyboardButton) -> None:
    if not button.text.strip():
        raise bad_request("keyboard button text must be non-empty")


def _check_button(button: InlineKeyboardButton) -> None:
    actions = [name for name in _ACTIONS if getattr(button, name) is not None]
    if not actions or (actions == ["callback_data"] and not button.callback_data):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        # Telegram would silently take the first of them.
        raise ApiError(400, f"SANDBOX: an inline button has exactly one action, not {', '.join(actions)}")
    if not button.text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    if button.style is not None and button.style not in STYLES:
        raise bad_request("can't parse inline keyboard button: invalid button style specified")
    if button.callback_data is not None and len(button.callback_data.encode()) > MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.copy_text is not None and not 1 <= len(button.copy_text.text) <= MAX_COPY_TEXT:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if button.url is not None and not _URL.fullmatch(button.url):
        raise bad_request(f"inline keyboard button URL '{button.url}' is invalid: Wrong HTTP URL")


def check_action(action: str) -> None:
    """
    Refuse an unknown chat action.

    Raises:
        ApiError: ``wrong parameter action in request``.
    """
    if action not in set(ChatAction):
        raise bad_request("wrong parameter action in request")


def check_answer(text: str | None) -> None:
    """
    Refuse an overlong toast.

    Raises:
        ApiError: More than 200 characters.
    """
    if text and len(text) > MAX_ANSWER_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")


def check_reactions(reactions: Sequence[ReactionTypeUnion]) -> None:
    """
    Refuse what a bot may not react with.

    Raises:
        ApiError: More than one, or an emoji outside Telegram's list.
    """
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    for reaction in reactions:
        if not isinstance(reaction, ReactionTypeEmoji):
            raise not_emulated("custom reaction")
        if reaction.emoji.replace("\ufe0f", "") not in REACTIONS:
            raise bad_request("REACTION_INVALID")


def check_commands(commands: Sequence[BotCommand]) -> list[BotCommand]:
    """
    Commands as Telegram keeps them: trimmed, without the slash.

    Raises:
        ApiError: More than 100, empty, too long, or with other characters than ``a-z0-9_``.
    """
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return [_command(one) for one in commands]


def _command(command: BotCommand) -> BotCommand:
    name = command.command.strip().removeprefix("/")
    description = command.description.strip()
    if not name:
        raise bad_request("command must be non-empty")
    if len(name) > MAX_COMMAND:
        raise bad_request(f"command length must not exceed {MAX_COMMAND}")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > MAX_COMMAND_DESCRIPTION:
        raise bad_request(f"command description length must not exceed {MAX_COMMAND_DESCRIPTION}")
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    return command.model_copy(update={"command": name, "description": description})


def check_language(code: str | None) -> str:
    """
    A language code, or ``""`` for everybody.

    Raises:
        ApiError: Not two letters.
    """
    if code and not re.fullmatch(r"[a-z]{2}", code):
        raise bad_request("invalid language code specified")
    return code or ""
