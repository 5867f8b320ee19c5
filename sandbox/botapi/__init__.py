"""A Telegram Bot API over HTTP whose schema is aiogram's models. It must not know the bot that is tried on it."""

from sandbox.botapi.server import BotApi

__all__ = ["BotApi"]
