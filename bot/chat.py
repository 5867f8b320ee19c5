"""What a handler is given of the chat: who asks, in which account and language, and what they typed or sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.screen import Screen
from domain.rules.gsm import USUAL, Carriage
from domain.rules.permission import Permission, allows
from domain.rules.role import Role
from locales import Texts


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that the person sent. ``size`` in bytes. ``read`` downloads it; it raises ``FileTooLarge`` early."""

    name: str
    size: int
    read: Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Card:
    """A contact card that the person sent or forwarded (Bot API, Contact). ``user_id``: whose it is."""

    phone_number: str
    first_name: str
    last_name: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """The account that the person works in, as far as screens need it."""

    id: int
    name: str
    region: str
    zone: ZoneInfo
    sender_id: str
    carriage: Carriage = USUAL


@dataclass(frozen=True, slots=True)
class Chat:
    """
    One update, read for a handler.

    Attributes:
        text: What was typed, stripped; None for a button or a file.
        now: Aware UTC.
        bot_username: For links of the form ``https://t.me/<username>?start=…``.
        say: Shows a screen at once while the handler goes on (progress of slow work); edits the same message.
    """

    chat_id: int
    person_id: int
    person_name: str
    role: Role
    account: Workplace
    t: Texts
    now: datetime
    bot_username: str
    say: Callable[[Screen], Awaitable[None]]
    text: str | None = None
    upload: Upload | None = None
    card: Card | None = None

    def may(self, permission: Permission) -> bool:
        """Whether the person's role carries it: for leaving out a button, never instead of the router's check."""
        return allows(self.role, permission)
