"""editMessageText, editMessageCaption, editMessageMedia and editMessageReplyMarkup."""

from dataclasses import replace

from aiogram.methods import EditMessageCaption, EditMessageMedia, EditMessageReplyMarkup, EditMessageText
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, Message

from sandbox.botapi.chats import Room, Shown
from sandbox.botapi.content import Content, caption_of, text_content
from sandbox.botapi.errors import bad_request
from sandbox.botapi.limits import check_markup
from sandbox.botapi.methods.sending import media_content, refuse_unemulated
from sandbox.botapi.schema import given
from sandbox.botapi.world import World

Edit = EditMessageText | EditMessageCaption | EditMessageMedia | EditMessageReplyMarkup


def edit_message_text(world: World, call: EditMessageText) -> Message:
    """Replace the text. A keyboard that is not named again is removed, as in Telegram."""
    room, shown = _target(world, call)
    preview = given(call.link_preview_options)
    if preview is None and given(call.disable_web_page_preview):
        preview = LinkPreviewOptions(is_disabled=True)
    content = text_content(call.text, given(call.parse_mode), call.entities, preview)
    if shown.message.text is None:
        raise bad_request("there is no text in the message to edit")
    return _apply(world, room, shown, content, call.reply_markup)


def edit_message_caption(world: World, call: EditMessageCaption) -> Message:
    """Replace the caption of a document or photo."""
    room, shown = _target(world, call)
    caption, entities = caption_of(call.caption, given(call.parse_mode), call.caption_entities)
    content = Content.of(shown.message)
    if not content.has_media:
        raise bad_request("there is no caption in the message to edit")
    above = given(call.show_caption_above_media) or None
    content = replace(content, caption=caption, caption_entities=entities, show_caption_above_media=above)
    return _apply(world, room, shown, content, call.reply_markup)


def edit_message_media(world: World, call: EditMessageMedia) -> Message:
    """Replace the media, or a text by a media."""
    room, shown = _target(world, call)
    content = media_content(world, call.media)
    old = Content.of(shown.message)
    if shown.message.media_group_id and (old.document is None) != (content.document is None):
        raise bad_request("can't use the media of the specified type in the album")
    return _apply(world, room, shown, content, call.reply_markup)


def edit_message_reply_markup(world: World, call: EditMessageReplyMarkup) -> Message:
    """Replace or remove only the keyboard."""
    room, shown = _target(world, call)
    return _apply(world, room, shown, Content.of(shown.message), call.reply_markup, dated=False)


def _target(world: World, call: Edit) -> tuple[Room, Shown]:
    refuse_unemulated(call)
    if call.chat_id is None:
        raise bad_request("chat_id is empty")
    if call.message_id is None:
        raise bad_request("message identifier is not specified")
    room = world.chats.for_writing(call.chat_id)
    shown = world.chats.find(room, call.message_id, "message to edit")
    if not shown.outgoing or shown.message.forward_origin is not None:
        raise bad_request("message can't be edited")
    return room, shown


def _apply(
    world: World,
    room: Room,
    shown: Shown,
    content: Content,
    markup: InlineKeyboardMarkup | None,
    *,
    dated: bool = True,
) -> Message:
    world.chats.edit(shown, content, markup=check_markup(markup), dated=dated)
    world.show("edit", room, shown)
    return shown.message
