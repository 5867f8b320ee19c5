"""The commands: one table for the menu, by scope and language, and for the router."""

from collections.abc import Mapping
from typing import Final

from telegram import BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats, BotCommandScopeDefault
from telegram.ext import ExtBot

from bot.limiter import Urgency
from bot.screen import Action, StaleAction, actions, unpack
from locales import Catalogues

HOME: Final = "h"
IMPORT_UPLOAD: Final = "iu"
CARD_RECEIVED: Final = "kc"
GROUP_STATUS: Final = "hg"

#: Commands that open a screen in a private chat: the code of its action.
SCREENS: Final[Mapping[str, str]] = {"campaigns": "cl", "contacts": "gl", "templates": "tl", "help": "hq"}
#: In the order of the menu.
PRIVATE: Final = ("start", *SCREENS, "cancel")
GROUP: Final = ("status",)
#: Actions that a link ``?start=code_values`` may open.
LINKED: Final = frozenset({"cc", "r"})


def action_named(code: str) -> Action:
    """
    The action of a code, with the defaults of its fields.

    Raises:
        KeyError: No conversation declares it.
    """
    return {action.code: action for action in actions()}[code]()


def linked_action(payload: str) -> Action | None:
    """The action that a link's payload opens, as in ``cc_42``; None: it opens nothing."""
    packed = payload.replace("_", ":")
    if packed.split(":")[0] not in LINKED:
        return None
    try:
        return unpack(packed)
    except StaleAction:
        return None


async def set_commands(bot: ExtBot[Urgency], catalogues: Catalogues, region: str) -> None:
    """Tell Telegram the menus: what a person's client shows in their own language, else the default one's."""
    languages = [(None, catalogues.languages[0]), *((code, code) for code in catalogues.languages)]
    for language_code, language in languages:
        t = catalogues.texts(language, region)
        private = [BotCommand(name, t.label(f"command.{name}")) for name in PRIVATE]
        group = [BotCommand(name, t.label(f"command.{name}")) for name in GROUP]
        await bot.set_my_commands(private, BotCommandScopeDefault(), language_code)
        await bot.set_my_commands(private, BotCommandScopeAllPrivateChats(), language_code)
        await bot.set_my_commands(group, BotCommandScopeAllGroupChats(), language_code)
