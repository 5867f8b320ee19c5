"""The chats: their messages, their ids, who has opened them and who has blocked the bot."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiogram.types import Chat, InlineKeyboardMarkup, Message, User
from aiogram.types.reaction_type_union import ReactionTypeUnion
from pydantic import TypeAdapter

from sandbox.botapi.content import Content
from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.people import GROUP_ID, PEOPLE, group_chat
from sandbox.botapi.schema import Json, checked, dump, plain
from sandbox.botapi.store import Store

KEPT_MESSAGES: Final = 5_000
"""Per chat; older ones fall out of the history."""

_REACTIONS: Final[TypeAdapter[list[ReactionTypeUnion]]] = TypeAdapter(list[ReactionTypeUnion])


@dataclass(slots=True)
class Shown:
    """A message on the screen."""

    message: Message
    outgoing: bool
    reactions: list[ReactionTypeUnion] = field(default_factory=list)


@dataclass(slots=True)
class Room:
    """One chat and its history."""

    chat: Chat
    members: frozenset[int]
    started: bool
    blocked: bool = False
    last_id: int = 0
    pinned: list[int] = field(default_factory=list)
    messages: dict[int, Shown] = field(default_factory=dict)


class Chats:
    """
    All chats of the sandbox.

    Args:
        store: Where they outlive the process.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._rooms = {person.id: Room(person.chat(), frozenset({person.id}), started=False) for person in PEOPLE}
        everybody = frozenset(person.id for person in PEOPLE)
        self._rooms[GROUP_ID] = Room(group_chat(), everybody, started=True)
        for room in self._rooms.values():
            self._load(room)

    def _load(self, room: Room) -> None:
        known = self._store.fact(f"room.{room.chat.id}")
        if isinstance(known, dict):
            room.started, room.blocked = known["started"], known["blocked"]
            room.last_id, room.pinned = known["last_id"], known["pinned"]
        for body in self._store.messages(room.chat.id):
            shown = Shown(
                message=Message.model_validate(body["message"]),
                outgoing=bool(body["outgoing"]),
                reactions=_REACTIONS.validate_python(body["reactions"]),
            )
            room.messages[shown.message.message_id] = shown

    def _save(self, room: Room) -> None:
        facts = {name: getattr(room, name) for name in ("started", "blocked", "last_id", "pinned")}
        self._store.put(f"room.{room.chat.id}", facts)

    def _save_message(self, shown: Shown) -> None:
        body: Json = {
            "message": dump(shown.message),
            "outgoing": shown.outgoing,
            "reactions": plain(shown.reactions),
        }
        self._store.put_message(shown.message.chat.id, shown.message.message_id, body)

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def get(self, chat_id: int) -> Room | None:
        """A chat as the sandbox knows it, opened or not."""
        return self._rooms.get(chat_id)

    def for_bot(self, chat_id: int | str) -> Room:
        """
        A chat that the bot may read.

        Raises:
            ApiError: ``chat not found``: no such chat, or a person who never wrote to the bot.
        """
        room = self._rooms.get(chat_id) if isinstance(chat_id, int) else None
        if room is None or not room.started:
            raise bad_request("chat_id is empty" if chat_id == "" else "chat not found")
        return room

    def for_writing(self, chat_id: int | str) -> Room:
        """
        A chat that the bot may write to.

        Raises:
            ApiError: ``chat not found``, or 403 when the person blocked the bot.
        """
        room = self.for_bot(chat_id)
        if room.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return room

    def find(self, room: Room, message_id: int | None, purpose: str) -> Shown:
        """
        A message that is still there.

        Args:
            room: Where.
            message_id: Which.
            purpose: Telegram's name for it in the refusal: ``message to edit``, ``message to delete``, …

        Raises:
            ApiError: ``<purpose> not found``.
        """
        shown = room.messages.get(message_id or 0)
        if shown is None:
            raise bad_request(f"{purpose} not found")
        return shown

    def post(
        self,
        room: Room,
        content: Content,
        *,
        sender: User,
        markup: InlineKeyboardMarkup | None = None,
        reply_to: Message | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> Shown:
        """Add a message at the end of a chat."""
        fields: Json = {
            "message_id": room.last_id + 1,
            "date": int(self._clock()),
            "chat": dump(room.chat),
            "from": dump(sender),
            **content.fields(),
            **(extra or {}),
        }
        if reply_to is not None:
            # Telegram shows one level: the quoted message comes without the one that it quotes.
            fields["reply_to_message"] = dump(reply_to.model_copy(update={"reply_to_message": None}))
        if markup is not None and markup.inline_keyboard:
            fields["reply_markup"] = dump(markup)
        shown = Shown(checked(Message, fields), outgoing=sender.is_bot)
        room.last_id += 1
        if not sender.is_bot:
            room.started = True
        room.messages[room.last_id] = shown
        self._save_message(shown)
        while len(room.messages) > KEPT_MESSAGES:
            self._drop(room, next(iter(room.messages)))
        self._save(room)
        return shown

    def edit(self, shown: Shown, content: Content, *, markup: InlineKeyboardMarkup | None, dated: bool = True) -> None:
        """
        Replace content and keyboard.

        Raises:
            ApiError: Nothing would change.
        """
        old = shown.message
        fields = dump(old)
        for name in (*Content.__slots__, "reply_markup"):
            fields.pop(name, None)
        fields |= content.fields()
        if markup is not None and markup.inline_keyboard:
            fields["reply_markup"] = dump(markup)
        if fields == dump(old):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message"
            )
        if dated:
            fields["edit_date"] = int(self._clock())
        shown.message = checked(Message, fields)
        self._save_message(shown)

    def react(self, shown: Shown, reactions: list[ReactionTypeUnion]) -> None:
        """Replace the bot's reactions."""
        shown.reactions = reactions
        self._save_message(shown)

    def pin(self, room: Room, message_ids: list[int]) -> None:
        """Replace the list of pinned messages, the newest last."""
        room.pinned = message_ids
        self._save(room)

    def delete(self, room: Room, message_id: int) -> None:
        """Take a message off the screen; its id is never used again."""
        self._drop(room, message_id)
        self._save(room)

    def _drop(self, room: Room, message_id: int) -> None:
        del room.messages[message_id]
        room.pinned = [pinned for pinned in room.pinned if pinned != message_id]
        self._store.delete_message(room.chat.id, message_id)

    def block(self, room: Room, *, blocked: bool) -> None:
        """The person blocks or unblocks the bot."""
        room.blocked = blocked
        self._save(room)

    def clear(self) -> None:
        """Empty every chat; message ids go on, and who has written to the bot stays known to it."""
        for room in self:
            room.messages.clear()
            room.pinned = []
            room.blocked = False
            self._save(room)


def screen(room: Room, shown: Shown) -> Json:
    """A message with what only the person sees: whose it is, reactions, pin."""
    return dump(shown.message) | {
        "sim": {
            "outgoing": shown.outgoing,
            "reactions": plain(shown.reactions),
            "pinned": shown.message.message_id in room.pinned,
        }
    }
