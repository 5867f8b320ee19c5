"""One question to Telegram, for the command line: is the token good, and what is the bot called."""

from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.redaction import redact_logs
from domain.settings import Settings


class TokenRefused(Exception):
    """Telegram does not know the token, or cannot be reached; the message says which, without the token."""


async def bot_username(settings: Settings) -> str:
    """
    The bot's name without ``@``. Bot API, getMe.

    Raises:
        TokenRefused: It was not told.
    """
    token = settings.bot_token.get_secret_value()
    if not token:
        raise TokenRefused("PREGON_BOT_TOKEN is not set")
    redact_logs(token)
    try:
        async with Bot(token, base_url=f"{settings.bot_api_url}/bot") as bot:
            return bot.username
    except InvalidToken:
        raise TokenRefused("Telegram does not know this token") from None
    except TelegramError as error:
        raise TokenRefused(f"Telegram cannot be asked: {error.message}") from None


async def check_token(settings: Settings) -> str:
    """As ``bot_username``, in the form in which people know it."""
    return f"@{await bot_username(settings)}"
