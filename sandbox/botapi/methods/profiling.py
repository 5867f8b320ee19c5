"""The bot's commands, name and descriptions."""

from aiogram.methods import (
    DeleteMyCommands,
    GetMyCommands,
    GetMyDescription,
    GetMyName,
    GetMyShortDescription,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from aiogram.types import BotCommand, BotDescription, BotName, BotShortDescription
from pydantic import BaseModel

from sandbox.botapi.errors import bad_request
from sandbox.botapi.limits import check_commands, check_language
from sandbox.botapi.profile import scope_key
from sandbox.botapi.world import World


def set_my_commands(world: World, call: SetMyCommands) -> bool:
    """Replace the commands of one scope and language."""
    scope, language = _where(world, call.scope, call.language_code)
    world.profile.set_commands(scope, language, check_commands(call.commands))
    world.events.publish({"kind": "commands"})
    return True


def get_my_commands(world: World, call: GetMyCommands) -> list[BotCommand]:
    """The commands of exactly this scope and language."""
    return world.profile.commands(*_where(world, call.scope, call.language_code))


def delete_my_commands(world: World, call: DeleteMyCommands) -> bool:
    """Remove the commands of one scope and language."""
    world.profile.set_commands(*_where(world, call.scope, call.language_code), [])
    world.events.publish({"kind": "commands"})
    return True


def _where(world: World, scope: BaseModel | None, language: str | None) -> tuple[str, str]:
    chat_id = getattr(scope, "chat_id", None)
    if chat_id is not None:
        world.chats.for_bot(chat_id)
    return scope_key(scope), check_language(language)


def set_my_name(world: World, call: SetMyName) -> bool:
    """At most 64 characters."""
    return _set(world, "name", call.name, call.language_code, limit=64)


def set_my_description(world: World, call: SetMyDescription) -> bool:
    """Shown in an empty chat; at most 512 characters."""
    return _set(world, "description", call.description, call.language_code, limit=512)


def set_my_short_description(world: World, call: SetMyShortDescription) -> bool:
    """Shown on the profile; at most 120 characters."""
    return _set(world, "short_description", call.short_description, call.language_code, limit=120)


def _set(world: World, what: str, text: str | None, language: str | None, *, limit: int) -> bool:
    if text and len(text) > limit:
        raise bad_request(f"BOT_{'TITLE' if what == 'name' else what.upper()}_INVALID")
    world.profile.set_text(what, check_language(language), text or "")
    return True


def get_my_name(world: World, call: GetMyName) -> BotName:
    """The name in a language."""
    return BotName(name=world.profile.text("name", check_language(call.language_code)) or world.bot.first_name)


def get_my_description(world: World, call: GetMyDescription) -> BotDescription:
    """The description in a language."""
    return BotDescription(description=world.profile.text("description", check_language(call.language_code)))


def get_my_short_description(world: World, call: GetMyShortDescription) -> BotShortDescription:
    """The short description in a language."""
    text = world.profile.text("short_description", check_language(call.language_code))
    return BotShortDescription(short_description=text)
