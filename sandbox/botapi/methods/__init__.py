"""Which function answers which method. A valid method that is not here is refused as not emulated."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from typing import Any, Final

from aiogram import methods as api
from pydantic import BaseModel

from sandbox.botapi.errors import not_emulated
from sandbox.botapi.methods import acting, asking, delivery, editing, profiling, sending
from sandbox.botapi.schema import Method, dump, plain
from sandbox.botapi.world import World

Handler = Callable[[World, Any], object | Awaitable[object]]

HANDLERS: Final[Mapping[type[Method], Handler]] = {
    api.GetUpdates: delivery.get_updates,
    api.SetWebhook: delivery.set_webhook,
    api.DeleteWebhook: delivery.delete_webhook,
    api.GetWebhookInfo: delivery.get_webhook_info,
    api.SendMessage: sending.send_message,
    api.SendDocument: sending.send_document,
    api.SendPhoto: sending.send_photo,
    api.SendMediaGroup: sending.send_media_group,
    api.CopyMessage: sending.copy_message,
    api.ForwardMessage: sending.forward_message,
    api.EditMessageText: editing.edit_message_text,
    api.EditMessageCaption: editing.edit_message_caption,
    api.EditMessageMedia: editing.edit_message_media,
    api.EditMessageReplyMarkup: editing.edit_message_reply_markup,
    api.DeleteMessage: acting.delete_message,
    api.DeleteMessages: acting.delete_messages,
    api.PinChatMessage: acting.pin_chat_message,
    api.UnpinChatMessage: acting.unpin_chat_message,
    api.UnpinAllChatMessages: acting.unpin_all_chat_messages,
    api.SetMessageReaction: acting.set_message_reaction,
    api.AnswerCallbackQuery: acting.answer_callback_query,
    api.SendChatAction: acting.send_chat_action,
    api.GetMe: asking.get_me,
    api.GetChat: asking.get_chat,
    api.GetChatMember: asking.get_chat_member,
    api.GetChatAdministrators: asking.get_chat_administrators,
    api.GetChatMemberCount: asking.get_chat_member_count,
    api.GetFile: asking.get_file,
    api.LogOut: asking.log_out,
    api.Close: asking.close,
    api.SetMyCommands: profiling.set_my_commands,
    api.GetMyCommands: profiling.get_my_commands,
    api.DeleteMyCommands: profiling.delete_my_commands,
    api.SetMyName: profiling.set_my_name,
    api.GetMyName: profiling.get_my_name,
    api.SetMyDescription: profiling.set_my_description,
    api.GetMyDescription: profiling.get_my_description,
    api.SetMyShortDescription: profiling.set_my_short_description,
    api.GetMyShortDescription: profiling.get_my_short_description,
}


async def carry_out(world: World, call: Method) -> object:
    """
    Do what a call asks.

    Returns:
        The ``result``, as JSON can carry it.

    Raises:
        ApiError: Refused, or not emulated.
    """
    handler = HANDLERS.get(type(call))
    if handler is None:
        raise not_emulated("method")
    result = handler(world, call)
    if isawaitable(result):
        result = await result
    if isinstance(result, BaseModel):
        return dump(result)
    if isinstance(result, list):
        return [dump(item) if isinstance(item, BaseModel) else item for item in result]
    return plain(result)
