"""What the bot says about itself: commands by scope and language, name and descriptions by language."""

import json
from collections.abc import Sequence
from typing import Final

from aiogram.types import BotCommand
from pydantic import BaseModel

from sandbox.botapi.schema import dump
from sandbox.botapi.store import Store

DEFAULT_SCOPE: Final = '{"type": "default"}'
PRIVATE_SCOPE: Final = '{"type": "all_private_chats"}'


def scope_key(scope: BaseModel | None) -> str:
    """A scope as the text that tells it from others."""
    return DEFAULT_SCOPE if scope is None else json.dumps(dump(scope), sort_keys=True)


class Profile:
    """
    The bot's own texts.

    Args:
        store: Where they outlive the process.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commands: dict[tuple[str, str], list[BotCommand]] = {}
        for key, body in store.facts("commands."):
            language, _, scope = key.partition(".")
            if isinstance(body, list):
                self._commands[scope, language] = [BotCommand.model_validate(one) for one in body]

    def set_commands(self, scope: str, language: str, commands: Sequence[BotCommand]) -> None:
        """Replace the commands of a scope and language; none deletes them."""
        key = f"commands.{language}.{scope}"
        if commands:
            self._commands[scope, language] = list(commands)
            self._store.put(key, [dump(command) for command in commands])
        else:
            self._commands.pop((scope, language), None)
            self._store.forget(key)

    def commands(self, scope: str, language: str) -> list[BotCommand]:
        """The commands set for exactly this scope and language."""
        return self._commands.get((scope, language), [])

    def menu(self) -> dict[str, list[dict[str, object]]]:
        """What a private chat's menu shows, by language; ``""`` is for everybody else."""
        menu: dict[str, list[dict[str, object]]] = {}
        for scope in (DEFAULT_SCOPE, PRIVATE_SCOPE):
            for (of, language), commands in self._commands.items():
                if of == scope:
                    menu[language] = [dump(command) for command in commands]
        return menu

    def set_text(self, what: str, language: str, text: str) -> None:
        """Set ``name``, ``description`` or ``short_description``; an empty text deletes it."""
        if text:
            self._store.put(f"profile.{what}.{language}", text)
        else:
            self._store.forget(f"profile.{what}.{language}")

    def text(self, what: str, language: str) -> str:
        """A text in a language, or else the one for everybody."""
        found = self._store.fact(f"profile.{what}.{language}") or self._store.fact(f"profile.{what}.")
        return found if isinstance(found, str) else ""
