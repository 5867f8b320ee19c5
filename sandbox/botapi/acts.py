"""What people do in their chats, and the updates that the bot gets from it."""

from typing import Final

from aiogram.types import Contact

from sandbox.botapi.chats import Room, Shown
from sandbox.botapi.content import MAX_CAPTION, MAX_TEXT, Content
from sandbox.botapi.errors import SimError
from sandbox.botapi.methods.asking import member
from sandbox.botapi.people import BY_ID, Person
from sandbox.botapi.queries import Query
from sandbox.botapi.schema import Json, checked, dump
from sandbox.botapi.text import Formatted, tidy
from sandbox.botapi.world import World

MAX_DATA_BYTES: Final = 64

Said = tuple[int | None, int]
"""Update id (``None`` when the bot did not ask for this kind) and message id."""


class Acts:
    """
    The four people's phones.

    Args:
        world: What the acts change.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def write(self, chat_id: int, user_id: int, text: str, *, reply_to: int | None = None) -> list[Said]:
        """
        Write into a chat; like Telegram's apps, cut what is longer than one message holds into several.

        Raises:
            SimError: No such chat, not a member, the bot is blocked, nothing to say, or the quoted message is gone.
        """
        room, person = self._at(chat_id, user_id)
        if not text.strip():
            raise SimError(400, "text: nothing but white space")
        quoted = self._message(room, reply_to) if reply_to is not None else None
        pieces = [text[start : start + MAX_TEXT] for start in range(0, len(text), MAX_TEXT)]
        said = []
        for piece in (tidy(Formatted(piece)) for piece in pieces):
            if piece.text:
                content = Content(text=piece.text, entities=piece.entities)
                said.append(self._say(room, person, content, quoted=quoted))
        return said

    def upload(
        self, chat_id: int, user_id: int, name: str, content: bytes, *, mime_type: str | None, caption: str | None
    ) -> list[Said]:
        """
        Send a file.

        Raises:
            SimError: As ``write``; an empty file, which Telegram's apps refuse; a caption that is too long.
        """
        room, person = self._at(chat_id, user_id)
        if not content:
            raise SimError(400, "file: it is empty")
        tidied = tidy(Formatted(caption or ""))
        if len(tidied.text) > MAX_CAPTION:
            raise SimError(400, f"caption: longer than {MAX_CAPTION} characters")
        document = self._world.files.add(name, content, mime_type=mime_type).document()
        said = Content(document=document, caption=tidied.text or None, caption_entities=tidied.entities)
        return [self._say(room, person, said)]

    def share_contact(self, chat_id: int, user_id: int, card: Json) -> list[Said]:
        """
        Forward a contact card.

        Raises:
            SimError: As ``write``.
        """
        room, person = self._at(chat_id, user_id)
        return [self._say(room, person, Content(contact=checked(Contact, card)))]

    def rewrite(self, chat_id: int, user_id: int, message_id: int, text: str) -> Said:
        """
        Edit an own text.

        Raises:
            SimError: Not an own text message, too long, or nothing changed.
        """
        room, person = self._at(chat_id, user_id)
        shown = self._message(room, message_id)
        author = shown.message.from_user
        if author is None or author.id != person.id or shown.message.text is None:
            raise SimError(403, "only an own text can be edited")
        tidied = tidy(Formatted(text))
        if not 1 <= len(tidied.text) <= MAX_TEXT:
            raise SimError(400, f"text: 1 to {MAX_TEXT} characters")
        if tidied.text == shown.message.text:
            raise SimError(400, "text: nothing changed")
        content = Content(text=tidied.text, entities=tidied.entities)
        self._world.chats.edit(shown, content, markup=None)
        self._world.show("edit", room, shown)
        return self._world.updates.add("edited_message", dump(shown.message)), message_id

    def tap(
        self, chat_id: int, user_id: int, message_id: int, *, data: str | None, label: str | None
    ) -> tuple[int | None, Query]:
        """
        Tap an inline button of any message that is still there.

        Args:
            chat_id: Where.
            user_id: Who.
            message_id: On which message.
            data: The callback data; it need not be on the keyboard any more, as for somebody who taps while it changes.
            label: Or else the visible text.

        Raises:
            SimError: No such message or button, or the button does something else than tell the bot.
        """
        room, person = self._at(chat_id, user_id)
        shown = self._message(room, message_id)
        if data is None:
            data = _data_under(shown, label)
        if not 1 <= len(data.encode()) <= MAX_DATA_BYTES:
            raise SimError(400, f"data: 1 to {MAX_DATA_BYTES} bytes")
        query = self._world.queries.ask(chat_id, user_id)
        payload: Json = {
            "id": query.id,
            "from": dump(person.user()),
            "message": dump(shown.message),
            "chat_instance": str(-7_000_000_000_000_000_000 - chat_id),
            "data": data,
        }
        return self._world.updates.add("callback_query", payload), query

    def block(self, user_id: int, *, blocked: bool) -> int | None:
        """
        Block the bot, or let it in again.

        Raises:
            SimError: No such person.
        """
        person = BY_ID.get(user_id)
        room = self._world.chats.get(user_id)
        if person is None or room is None:
            raise SimError(404, "no such person")
        if room.blocked == blocked:
            return None
        bot_id = self._world.bot.id
        old = member(self._world, room, bot_id)
        self._world.chats.block(room, blocked=blocked)
        payload: Json = {
            "chat": dump(room.chat),
            "from": dump(person.user()),
            "date": int(self._world.clock()),
            "old_chat_member": old,
            "new_chat_member": member(self._world, room, bot_id),
        }
        return self._world.updates.add("my_chat_member", payload)

    def _at(self, chat_id: int, user_id: int) -> tuple[Room, Person]:
        room, person = self._world.chats.get(chat_id), BY_ID.get(user_id)
        if room is None or person is None:
            raise SimError(404, "no such chat" if room is None else "no such person")
        if user_id not in room.members:
            raise SimError(403, "not a member of this chat")
        if room.blocked:
            raise SimError(403, "the person has blocked the bot")
        return room, person

    @staticmethod
    def _message(room: Room, message_id: int) -> Shown:
        shown = room.messages.get(message_id)
        if shown is None:
            raise SimError(404, "no such message")
        return shown

    def _say(self, room: Room, person: Person, content: Content, *, quoted: Shown | None = None) -> Said:
        shown = self._world.chats.post(room, content, sender=person.user(), reply_to=quoted.message if quoted else None)
        self._world.show("message", room, shown)
        return self._world.updates.add("message", dump(shown.message)), shown.message.message_id


def _data_under(shown: Shown, label: str | None) -> str:
    if label is None:
        raise SimError(400, "data or label: one of them is needed")
    markup = shown.message.reply_markup
    buttons = [button for row in markup.inline_keyboard for button in row] if markup else []
    found = next((button for button in buttons if button.text == label), None)
    if found is None:
        raise SimError(404, f"no button «{label}» there; there are: {', '.join(one.text for one in buttons) or 'none'}")
    if found.callback_data is None:
        raise SimError(400, "this button does not tell the bot anything")
    return found.callback_data
