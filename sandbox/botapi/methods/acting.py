"""What happens to messages and taps after they are sent: delete, pin, react, answer, and the typing line."""

from typing import Final

from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMessages,
    PinChatMessage,
    SendChatAction,
    SetMessageReaction,
    UnpinAllChatMessages,
    UnpinChatMessage,
)

from sandbox.botapi.chats import Room, Shown, screen
from sandbox.botapi.errors import bad_request
from sandbox.botapi.limits import check_action, check_answer, check_reactions
from sandbox.botapi.methods.sending import refuse_unemulated
from sandbox.botapi.schema import plain
from sandbox.botapi.world import World

DELETE_WITHIN_S: Final = 48 * 3600
MAX_DELETED: Final = 100


def delete_message(world: World, call: DeleteMessage) -> bool:
    """Delete one message, of the bot or of a person: it is an administrator in the group."""
    room = world.chats.for_writing(call.chat_id)
    shown = world.chats.find(room, call.message_id, "message to delete")
    _check_deletable(world, shown)
    _delete(world, room, call.message_id)
    return True


def delete_messages(world: World, call: DeleteMessages) -> bool:
    """Delete up to 100; those that are gone already are skipped."""
    room = world.chats.for_writing(call.chat_id)
    if not call.message_ids:
        raise bad_request("message identifiers are not specified")
    if len(call.message_ids) > MAX_DELETED:
        raise bad_request("too many message identifiers specified")
    present = [message_id for message_id in dict.fromkeys(call.message_ids) if message_id in room.messages]
    for message_id in present:
        _check_deletable(world, room.messages[message_id])
    for message_id in present:
        _delete(world, room, message_id)
    return True


def _check_deletable(world: World, shown: Shown) -> None:
    if world.clock() - shown.message.date.timestamp() > DELETE_WITHIN_S:
        raise bad_request("message can't be deleted for everyone")


def _delete(world: World, room: Room, message_id: int) -> None:
    was_pinned = message_id in room.pinned
    world.chats.delete(room, message_id)
    world.events.publish({"kind": "delete", "chat_id": room.chat.id, "message_id": message_id})
    if was_pinned:
        _show_pin(world, room)


def pin_chat_message(world: World, call: PinChatMessage) -> bool:
    """Pin a message on top of the others."""
    refuse_unemulated(call)
    room = world.chats.for_writing(call.chat_id)
    world.chats.find(room, call.message_id, "message to pin")
    world.chats.pin(room, [*(one for one in room.pinned if one != call.message_id), call.message_id])
    _show_pin(world, room)
    return True


def unpin_chat_message(world: World, call: UnpinChatMessage) -> bool:
    """Unpin one message, or the one on top."""
    refuse_unemulated(call)
    room = world.chats.for_writing(call.chat_id)
    wanted = call.message_id or (room.pinned[-1] if room.pinned else None)
    if wanted is None or wanted not in room.messages:
        raise bad_request("message to unpin not found")
    world.chats.pin(room, [one for one in room.pinned if one != wanted])
    _show_pin(world, room)
    return True


def unpin_all_chat_messages(world: World, call: UnpinAllChatMessages) -> bool:
    """Unpin everything."""
    room = world.chats.for_writing(call.chat_id)
    world.chats.pin(room, [])
    _show_pin(world, room)
    return True


def _show_pin(world: World, room: Room) -> None:
    top = room.pinned[-1] if room.pinned else None
    world.events.publish({"kind": "pin", "chat_id": room.chat.id, "message_id": top})


def set_message_reaction(world: World, call: SetMessageReaction) -> bool:
    """Put one emoji under a message, or take it away."""
    room = world.chats.for_writing(call.chat_id)
    shown = world.chats.find(room, call.message_id, "message to react")
    reactions = list(call.reaction or ())
    check_reactions(reactions)
    world.chats.react(shown, reactions)
    world.events.publish({
        "kind": "reaction",
        "chat_id": room.chat.id,
        "message_id": call.message_id,
        "reactions": plain(reactions),
    })  # fmt: skip
    return True


def answer_callback_query(world: World, call: AnswerCallbackQuery) -> bool:
    """Stop the spinner on a button, with a toast or an alert."""
    check_answer(call.text)
    if call.url:
        # Only games and links to the bot itself may be opened this way.
        raise bad_request("URL_INVALID")
    answer: dict[str, object] = {"text": call.text, "show_alert": bool(call.show_alert), "url": call.url}
    query = world.queries.answer(call.callback_query_id, answer)
    world.events.publish({
        "kind": "answer",
        "chat_id": query.chat_id,
        "user_id": query.user_id,
        "callback_query_id": query.id,
        **answer,
    })  # fmt: skip
    return True


def send_chat_action(world: World, call: SendChatAction) -> bool:
    """The typing line; clients show it for five seconds."""
    refuse_unemulated(call)
    room = world.chats.for_writing(call.chat_id)
    check_action(call.action)
    world.events.publish({"kind": "action", "chat_id": room.chat.id, "action": call.action})
    return True


def top_pinned(room: Room) -> dict[str, object] | None:
    """The pinned message on top, as getChat shows it."""
    if not room.pinned:
        return None
    body = screen(room, room.messages[room.pinned[-1]])
    body.pop("sim")
    return body
