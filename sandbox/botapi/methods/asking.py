"""What a bot asks: getMe, getChat, members, getFile; and logOut, close."""

from typing import Final

from aiogram.methods import (
    Close,
    GetChat,
    GetChatAdministrators,
    GetChatMember,
    GetChatMemberCount,
    GetFile,
    GetMe,
    LogOut,
)
from aiogram.types import ChatFullInfo, File, User

from sandbox.botapi.chats import Room
from sandbox.botapi.errors import bad_request
from sandbox.botapi.methods.acting import top_pinned
from sandbox.botapi.people import BY_ID, PEOPLE
from sandbox.botapi.schema import Json, checked, dump
from sandbox.botapi.world import World

_RIGHTS: Final[Json] = {
    "can_be_edited": False, "is_anonymous": False, "can_manage_chat": True, "can_delete_messages": True,
    "can_manage_video_chats": False, "can_restrict_members": False, "can_promote_members": False,
    "can_change_info": False, "can_invite_users": True, "can_post_stories": False, "can_edit_stories": False,
    "can_delete_stories": False, "can_pin_messages": True,
}  # fmt: skip


def get_me(world: World, _: GetMe) -> User:
    """The bot, with what only getMe tells."""
    flags = {
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return checked(User, dump(world.bot) | flags)


def get_chat(world: World, call: GetChat) -> ChatFullInfo:
    """A chat in full."""
    room = world.chats.for_bot(call.chat_id)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    fields = dump(room.chat) | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }
    if pinned := top_pinned(room):
        fields["pinned_message"] = pinned
    return checked(ChatFullInfo, fields)


def get_chat_member(world: World, call: GetChatMember) -> Json:
    """What somebody is in a chat."""
    room = world.chats.for_bot(call.chat_id)
    if call.user_id not in BY_ID and call.user_id != world.bot.id:
        raise bad_request("user not found")
    return member(world, room, call.user_id)


def get_chat_administrators(world: World, call: GetChatAdministrators) -> list[Json]:
    """Owner and bot."""
    room = _group(world, call.chat_id, "there are no administrators in the private chat")
    return [member(world, room, PEOPLE[0].id), member(world, room, world.bot.id)]


def get_chat_member_count(world: World, call: GetChatMemberCount) -> int:
    """People and the bot."""
    return len(world.chats.for_bot(call.chat_id).members) + 1


def _group(world: World, chat_id: int | str, refusal: str) -> Room:
    room = world.chats.for_bot(chat_id)
    if room.chat.type == "private":
        raise bad_request(refusal)
    return room


def member(world: World, room: Room, user_id: int, *, blocked: bool | None = None) -> Json:
    """A ChatMember: Owner created the group, the bot is its administrator; in private everybody is a member."""
    private = room.chat.type == "private"
    if user_id == world.bot.id:
        user = dump(world.bot)
        if private:
            blocked = room.blocked if blocked is None else blocked
            return (
                {"status": "kicked", "user": user, "until_date": 0} if blocked else {"status": "member", "user": user}
            )
        return {"status": "administrator", "user": user, **_RIGHTS}
    user = dump(BY_ID[user_id].user())
    if user_id not in room.members:
        return {"status": "left", "user": user}
    if not private and user_id == PEOPLE[0].id:
        return {"status": "creator", "user": user, "is_anonymous": False}
    return {"status": "member", "user": user}


def get_file(world: World, call: GetFile) -> File:
    """Where to download a file; above 20 MB nowhere."""
    return world.files.for_download(call.file_id).download()


def log_out(_: World, __: LogOut) -> bool:
    """Nothing to leave."""
    return True


def close(_: World, __: Close) -> bool:
    """Nothing to close."""
    return True
