"""The queue of updates and the one long poll on it. ``acts`` fills it; ``webhook`` is the other way to drain it."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from aiogram.types import Update

from sandbox.botapi.errors import ApiError
from sandbox.botapi.schema import Json, checked, dump
from sandbox.botapi.store import Store

FIRST_UPDATE_ID: Final = 500_000_001
MAX_POLL_S: Final = 50.0
KEPT_UPDATES: Final = 10_000
OPTIONAL_KINDS: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Sent only when the bot asks for them by name."""

OTHER_POLL: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_SET: Final = "Conflict: terminated by setWebhook request"


class Updates:
    """
    Unconfirmed updates, oldest first.

    Args:
        store: Where they outlive the process.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._pending: deque[Json] = deque(store.updates())
        self._poll: asyncio.Future[str | None] | None = None
        self._arrived = asyncio.Event()
        self._last_poll: float | None = None
        next_id = store.fact("next_update_id")
        self._next_id = next_id if isinstance(next_id, int) else FIRST_UPDATE_ID
        allowed = store.fact("allowed_updates")
        self.allowed: list[str] = [str(kind) for kind in allowed] if isinstance(allowed, list) else []

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, kind: str, payload: object) -> int | None:
        """
        Queue one update.

        Returns:
            Its id, or ``None`` when the bot did not ask for this kind.
        """
        if not self._wanted(kind):
            return None
        update = checked(Update, {"update_id": self._next_id, kind: payload})
        body = dump(update)
        self._next_id += 1
        self._store.put("next_update_id", self._next_id)
        self._store.put_update(update.update_id, body)
        self._pending.append(body)
        if len(self._pending) > KEPT_UPDATES:
            self.confirm(_id(self._pending[1]))
        self._arrived.set()
        self._wake(None)
        return update.update_id

    def _wanted(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in OPTIONAL_KINDS

    def allow(self, kinds: Iterable[str] | None) -> None:
        """Remember ``allowed_updates``; ``None`` keeps what was, an empty list is the default."""
        if kinds is not None:
            self.allowed = list(kinds)
            self._store.put("allowed_updates", self.allowed)

    def confirm(self, offset: int) -> None:
        """Forget updates below an offset; a negative one counts from the end of the queue."""
        if offset < 0:
            offset = _id(self._pending[max(0, len(self._pending) + offset)]) if self._pending else 0
        while self._pending and _id(self._pending[0]) < offset:
            self._pending.popleft()
        self._store.delete_updates_below(offset)
        if offset > self._next_id:
            # A bot that outlived a sandbox without data folder: go on from where it is, or it would never see updates.
            self._next_id = offset
        if not self._pending:
            self._arrived.clear()

    def clear(self) -> None:
        """Forget all that waits; the ids go on."""
        if self._pending:
            self.confirm(_id(self._pending[-1]) + 1)

    async def poll(self, *, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """
        Answer one getUpdates. An earlier one that still waits is ended with 409, as Telegram does.

        Raises:
            ApiError: 409 when the next poll or a webhook took over.
        """
        self.end_poll(OTHER_POLL)
        self._last_poll = self._clock()
        if offset:
            self.confirm(offset)
        if not self._pending and timeout_s > 0:
            await self._wait(min(timeout_s, MAX_POLL_S))
        return list(self._pending)[:limit]

    async def _wait(self, timeout_s: float) -> None:
        poll: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._poll = poll
        # What the request changed must not wait for the end of a long poll.
        self._store.commit()
        try:
            async with asyncio.timeout(timeout_s):
                if conflict := await poll:
                    raise ApiError(409, conflict)
        except TimeoutError:
            return
        finally:
            self._last_poll = self._clock()
            if self._poll is poll:
                self._poll = None

    def end_poll(self, conflict: str) -> None:
        """End the waiting poll with 409, if there is one."""
        self._wake(conflict)

    def _wake(self, conflict: str | None) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(conflict)
        self._poll = None

    @property
    def waiting(self) -> bool:
        """Whether a long poll waits now."""
        return self._poll is not None

    def polled_within(self, seconds: float) -> bool:
        """Whether a bot polls now or did so lately."""
        return self.waiting or (self._last_poll is not None and self._clock() - self._last_poll <= seconds)

    async def first(self) -> Json:
        """The oldest update, waited for; it stays queued until confirmed."""
        while not self._pending:
            self._arrived.clear()
            await self._arrived.wait()
        return self._pending[0]


def _id(update: Json) -> int:
    number = update["update_id"]
    if not isinstance(number, int):
        raise TypeError(type(number))
    return number
