"""Everything the methods work on, in one place. No behaviour of the Bot API lives here."""

import time
from collections.abc import Callable
from pathlib import Path

from aiogram.types import User

from sandbox.botapi.chats import Chats, Room, Shown, screen
from sandbox.botapi.events import Events
from sandbox.botapi.faults import Faults
from sandbox.botapi.files import Files
from sandbox.botapi.outbox import Outbox
from sandbox.botapi.people import DEFAULT_BOT_ID, bot_user
from sandbox.botapi.profile import Profile
from sandbox.botapi.queries import Queries
from sandbox.botapi.store import Store
from sandbox.botapi.updates import Updates
from sandbox.botapi.webhook import Webhook


class World:
    """
    The state of the sandbox's Telegram: one bot, its chats, its queue.

    Args:
        data: The folder where it outlives the process; ``None`` keeps it in memory.
        clock: Seconds since the epoch.
    """

    def __init__(self, data: Path | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.store = Store(data)
        self.files = Files(self.store)
        self.chats = Chats(self.store, clock)
        self.updates = Updates(self.store, clock)
        self.webhook = Webhook(self.updates, self.store, clock)
        self.queries = Queries(self.store, clock)
        self.profile = Profile(self.store)
        self.faults = Faults()
        self.outbox = Outbox()
        self.events = Events()
        known = self.store.fact("bot_id")
        self._bot_id = known if isinstance(known, int) else DEFAULT_BOT_ID

    def called_by(self, bot_id: int) -> None:
        """One bot lives here: whichever token called last names it."""
        if bot_id != self._bot_id:
            self._bot_id = bot_id
            self.store.put("bot_id", bot_id)

    @property
    def bot(self) -> User:
        """The bot as a sender."""
        return bot_user(self._bot_id, name=self.profile.text("name", "") or "Pregón")

    def show(self, kind: str, room: Room, shown: Shown) -> None:
        """Tell the open pages of a new (``message``) or changed (``edit``) message."""
        self.events.publish({"kind": kind, "chat_id": room.chat.id, "message": screen(room, shown)})

    def reset(self) -> None:
        """Empty chats, queue, faults and records; ids only grow, and the bot's own settings stay."""
        self.updates.clear()
        self.store.delete_chats()
        self.chats.clear()
        self.queries.clear()
        self.faults.clear()
        self.outbox.clear()
        self.events.publish({"kind": "reset"})
