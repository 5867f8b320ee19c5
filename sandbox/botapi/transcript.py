"""A chat as plain text, for tests and for reading over a shoulder."""

from collections.abc import Iterator

from aiogram.types import Message

from sandbox.botapi.chats import Room, Shown


def transcript(room: Room) -> str:
    """
    Every message that is still there: id, who, what; buttons as ``[label]``, one row a line.

    Files show as ``<document name, bytes>`` and ``<photo width×height>``.
    """
    return "\n".join(line for shown in room.messages.values() for line in _lines(room, shown)) + "\n"


def _lines(room: Room, shown: Shown) -> Iterator[str]:
    message = shown.message
    marks = "".join(
        f" ({mark})"
        for mark, is_set in (
            ("edited", message.edit_date is not None),
            ("pinned", message.message_id in room.pinned),
        )
        if is_set
    )
    who = message.from_user.first_name if message.from_user else "?"
    yield f"#{message.message_id} {who}{marks}:"
    if message.reply_to_message is not None:
        yield f"    > #{message.reply_to_message.message_id}"
    for line in _body(message).splitlines():
        yield f"    {line}".rstrip()
    for row in message.reply_markup.inline_keyboard if message.reply_markup else ():
        yield "    " + " ".join(f"[{button.text}]" for button in row)
    for reaction in shown.reactions:
        yield f"    {getattr(reaction, 'emoji', '*')}"


def _body(message: Message) -> str:
    parts = []
    if message.document is not None:
        parts.append(f"<document {message.document.file_name}, {message.document.file_size} bytes>")
    if message.photo:
        parts.append(f"<photo {message.photo[-1].width}×{message.photo[-1].height}>")
    if message.contact is not None:
        parts.append(f"<contact {message.contact.first_name} {message.contact.phone_number}>")
    parts.extend(text for text in (message.text, message.caption) if text)
    return "\n".join(parts)
