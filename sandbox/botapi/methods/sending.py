"""sendMessage, sendDocument, sendPhoto, sendMediaGroup, copyMessage and forwardMessage."""

from dataclasses import replace
from typing import Final

from aiogram.methods import CopyMessage, ForwardMessage, SendDocument, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import (
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    MessageId,
    ReplyParameters,
    User,
)
from pydantic import BaseModel

from sandbox.botapi.chats import Room, Shown
from sandbox.botapi.content import Content, caption_of, text_content
from sandbox.botapi.errors import bad_request, not_emulated
from sandbox.botapi.limits import check_markup
from sandbox.botapi.schema import Json, dump, given
from sandbox.botapi.world import World

_NOT_EMULATED: Final = (
    "business_connection_id", "message_thread_id", "direct_messages_topic_id", "suggested_post_parameters",
    "ephemeral_message_parameters", "receiver_user_id", "callback_query_id", "message_effect_id", "rich_message",
    "inline_message_id", "video_start_timestamp",
)  # fmt: skip
MAX_ALBUM: Final = 10

Send = SendMessage | SendDocument | SendPhoto | CopyMessage


def refuse_unemulated(call: BaseModel) -> None:
    """
    Tell of an option that would be ignored here: silence would look like support.

    Raises:
        ApiError: One of them is set.
    """
    for name in _NOT_EMULATED:
        if getattr(call, name, None) is not None:
            raise not_emulated(f"parameter {name}")


def send_message(world: World, call: SendMessage) -> Message:
    """Send a text."""
    preview = given(call.link_preview_options)
    if preview is None and given(call.disable_web_page_preview):
        preview = LinkPreviewOptions(is_disabled=True)
    room = _room(world, call)
    content = text_content(call.text, given(call.parse_mode), call.entities, preview)
    return _send(world, room, call, content)


def send_document(world: World, call: SendDocument) -> Message:
    """Send a file, with a caption."""
    room = _room(world, call)
    caption, entities = caption_of(call.caption, given(call.parse_mode), call.caption_entities)
    file = world.files.take(call.document, kind="document")
    return _send(world, room, call, Content(document=file.document(), caption=caption, caption_entities=entities))


def send_photo(world: World, call: SendPhoto) -> Message:
    """Send a PNG or JPEG, with a caption."""
    room = _room(world, call)
    caption, entities = caption_of(call.caption, given(call.parse_mode), call.caption_entities)
    content = Content(
        photo=tuple(world.files.take(call.photo, kind="photo").photo_sizes()),
        caption=caption,
        caption_entities=entities,
        show_caption_above_media=given(call.show_caption_above_media) or None,
        has_media_spoiler=call.has_spoiler or None,
    )
    return _send(world, room, call, content)


def send_media_group(world: World, call: SendMediaGroup) -> list[Message]:
    """Send an album of documents, or one of photos."""
    refuse_unemulated(call)
    room = world.chats.for_writing(call.chat_id)
    if not call.media:
        raise bad_request("there are no messages to send")
    if len(call.media) > MAX_ALBUM:
        raise bad_request("too many messages to send as an album")
    contents = [media_content(world, media) for media in call.media]
    if len({content.document is None for content in contents}) > 1:
        raise bad_request("Document can't be mixed with other media types")
    extra = _extra(protect=bool(given(call.protect_content)))
    if len(contents) > 1:
        extra["media_group_id"] = f"{room.chat.id & 0xFFFFFFFF}{room.last_id + 1:08d}"
    reply_to = _quoted(world, room, call.reply_parameters, call.reply_to_message_id)
    sent = [world.chats.post(room, content, sender=world.bot, reply_to=reply_to, extra=extra) for content in contents]
    for shown in sent:
        world.show("message", room, shown)
    return [shown.message for shown in sent]


def media_content(world: World, media: object) -> Content:
    """
    The content that an ``InputMedia…`` describes.

    Raises:
        ApiError: Its file or caption is refused, or it is neither a document nor a photo.
    """
    if not isinstance(media, InputMediaDocument | InputMediaPhoto):
        raise not_emulated(f"media {type(media).__name__}")
    caption, entities = caption_of(media.caption, given(media.parse_mode), media.caption_entities)
    if isinstance(media, InputMediaDocument):
        file = world.files.take(media.media, kind="document")
        return Content(document=file.document(), caption=caption, caption_entities=entities)
    return Content(
        photo=tuple(world.files.take(media.media, kind="photo").photo_sizes()),
        caption=caption,
        caption_entities=entities,
        show_caption_above_media=given(media.show_caption_above_media) or None,
        has_media_spoiler=media.has_spoiler or None,
    )


def copy_message(world: World, call: CopyMessage) -> MessageId:
    """Send the same content again, without a link to the original."""
    room = _room(world, call)
    content = Content.of(_source(world, call, "message to copy").message)
    if call.caption is not None and content.has_media:
        caption, entities = caption_of(call.caption, given(call.parse_mode), call.caption_entities)
        content = replace(content, caption=caption, caption_entities=entities)
    return MessageId(message_id=_send(world, room, call, content).message_id)


def forward_message(world: World, call: ForwardMessage) -> Message:
    """Send the same content with its origin."""
    refuse_unemulated(call)
    room = world.chats.for_writing(call.chat_id)
    source = _source(world, call, "message to forward").message
    author: User = source.from_user or world.bot
    origin: Json = {"type": "user", "date": int(source.date.timestamp()), "sender_user": dump(author)}
    extra = _extra(protect=bool(given(call.protect_content))) | {"forward_origin": source.forward_origin or origin}
    shown = world.chats.post(room, Content.of(source), sender=world.bot, extra=extra)
    world.show("message", room, shown)
    return shown.message


def _room(world: World, call: Send) -> Room:
    refuse_unemulated(call)
    return world.chats.for_writing(call.chat_id)


def _source(world: World, call: CopyMessage | ForwardMessage, purpose: str) -> Shown:
    return world.chats.find(world.chats.for_bot(call.from_chat_id), call.message_id, purpose)


def _send(world: World, room: Room, call: Send, content: Content) -> Message:
    shown = world.chats.post(
        room,
        content,
        sender=world.bot,
        markup=check_markup(call.reply_markup),
        reply_to=_quoted(world, room, call.reply_parameters, call.reply_to_message_id),
        extra=_extra(protect=bool(given(call.protect_content))),
    )
    world.show("message", room, shown)
    return shown.message


def _extra(*, protect: bool) -> Json:
    return {"has_protected_content": True} if protect else {}


def _quoted(world: World, room: Room, reply: ReplyParameters | None, message_id: int | None) -> Message | None:
    """The message that a reply quotes, if it is (or must be) there."""
    if reply is None and message_id is None:
        return None
    wanted = reply.message_id if reply is not None else message_id
    if reply is not None and reply.chat_id not in (None, room.chat.id):
        raise not_emulated("reply to another chat")
    if reply is not None and given(reply.allow_sending_without_reply) and wanted not in room.messages:
        return None
    return world.chats.find(room, wanted, "message to be replied").message
