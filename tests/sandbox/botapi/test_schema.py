"""The two libraries agree on the Bot API, so that bot and sandbox cannot share a mistake."""

import inspect

import pytest
import telegram

from sandbox.botapi.methods import HANDLERS
from sandbox.botapi.schema import METHODS

# Arguments of python-telegram-bot's functions that are about the connection.
TRANSPORT = {"self", "read_timeout", "write_timeout", "connect_timeout", "pool_timeout", "api_kwargs"}
# Its conveniences, which never reach the wire: names of uploads, objects instead of their fields, folded options.
CONVENIENCES = {
    "filename",
    "contact",
    "location",
    "venue",
    "current_offset",
    "allow_sending_without_reply",
    "reply_to_message_id",
}
# sendMediaGroup's caption goes into the first media.
ALBUM_CAPTION = {"caption", "caption_entities", "parse_mode"}
# Newer than python-telegram-bot 22.8 (Bot API 10.0), or so old that it dropped them.
NEWER = {
    "callback_query_id",
    "ephemeral_message_parameters",
    "receiver_user_id",
    "rich_message",
    "can_stop",
    "keep_on_stop",
    "can_send_welcome_messages",
}
DROPPED = {"switch_pm_parameter", "switch_pm_text", "sticker_format", "exclude_limited"}

NAMES = sorted(name for name in dir(telegram.Bot) if not name.startswith("_") and name.lower() != name)


def parameters(method: str) -> set[str]:
    """What python-telegram-bot's function takes beside the connection's options."""
    return set(inspect.signature(getattr(telegram.Bot, method)).parameters) - TRANSPORT


def fields(method: str) -> set[str]:
    """What aiogram's model of the method has."""
    return set(METHODS[method.lower()].model_fields)


@pytest.mark.parametrize("method", NAMES)
def test_parameters_have_the_same_names_in_both_libraries(method):
    """What one sends, the other understands."""
    local = CONVENIENCES | (ALBUM_CAPTION if method == "sendMediaGroup" else set())

    assert parameters(method) - fields(method) <= local
    assert fields(method) - parameters(method) <= NEWER | DROPPED


def test_every_exception_is_still_needed():
    """A name that no method differs in any more is taken off the lists."""
    differing = {name for method in NAMES for name in parameters(method) ^ fields(method)}

    assert differing >= CONVENIENCES | NEWER | DROPPED
    assert parameters("sendMediaGroup") >= ALBUM_CAPTION


def test_python_telegram_bot_can_call_whatever_is_emulated():
    """No method is there for nobody."""
    assert [kind.__api_method__ for kind in HANDLERS if not hasattr(telegram.Bot, kind.__api_method__)] == []
