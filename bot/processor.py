"""In which order updates are handled: one at a time for each person in each chat, pause and stop before the queue."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, Final

from telegram import Update
from telegram.ext import Application, BaseUpdateProcessor

from bot.screen import StaleAction, unpack

_AT_ONCE: Final = 1_024  # updates taken up; those of one chat wait for one another among them


@dataclass(slots=True)
class _Queue:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class PerChat(BaseUpdateProcessor):
    """
    Concurrent between people, in order for each of them: conversations would race otherwise. What the persistence
    holds is written after each update, so that the next one, or the next process, finds it.
    """

    def __init__(self) -> None:
        super().__init__(max_concurrent_updates=_AT_ONCE)
        self._queues: dict[tuple[int, int], _Queue] = {}
        self._flush = asyncio.Lock()
        self.application: Application[Any, Any, Any, Any, Any, Any] | None = None

    async def initialize(self) -> None:
        """Nothing to do."""

    async def shutdown(self) -> None:
        """Nothing to do."""

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Wait for the person's earlier updates, handle, write down."""
        if not isinstance(update, Update) or _goes_ahead(update):
            await self._handle(coroutine)
            return
        chat, user = update.effective_chat, update.effective_user
        key = (chat.id if chat else 0, user.id if user else 0)
        queue = self._queues.setdefault(key, _Queue())
        queue.users += 1
        try:
            async with queue.lock:
                await self._handle(coroutine)
        finally:
            queue.users -= 1
            if not queue.users:
                del self._queues[key]

    async def _handle(self, coroutine: Awaitable[Any]) -> None:
        await coroutine
        if self.application is not None:
            async with self._flush:
                await self.application.update_persistence()


def _goes_ahead(update: Update) -> bool:
    query = update.callback_query
    if query is None or query.data is None:
        return False
    try:
        return unpack(query.data).ahead
    except StaleAction:
        return False
