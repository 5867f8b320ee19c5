"""Taps that wait for answerCallbackQuery: each takes exactly one answer, in time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sandbox.botapi.errors import bad_request
from sandbox.botapi.schema import Json
from sandbox.botapi.store import Store

LIFETIME_S: Final = 60.0
"""Telegram's own figure is not published; clients stop spinning after some 15 s, ids die within minutes."""


@dataclass(slots=True)
class Query:
    """One tap. ``answer`` is set by the bot."""

    id: str
    chat_id: int
    user_id: int
    asked: float
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    answer: Json | None = None


class Queries:
    """
    Open taps, the oldest first.

    Args:
        store: Where the last id outlives the process: ids are never used again.
        clock: Seconds since the epoch.
    """

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._open: dict[str, Query] = {}
        last = store.fact("last_query_id")
        self._last = last if isinstance(last, int) else 4_300_000_000_000_000_000

    def ask(self, chat_id: int, user_id: int) -> Query:
        """A new tap."""
        self._last += 1
        self._store.put("last_query_id", self._last)
        query = Query(str(self._last), chat_id, user_id, self._clock())
        self._expire()
        self._open[query.id] = query
        return query

    def answer(self, query_id: str, answer: Json) -> Query:
        """
        Take the bot's answer.

        Raises:
            ApiError: Unknown, already answered, or too old: one sentence for all three, as in Telegram.
        """
        self._expire()
        query = self._open.pop(query_id, None)
        if query is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        query.answer = answer
        query.answered.set()
        return query

    def _expire(self) -> None:
        dead = [query.id for query in self._open.values() if self._clock() - query.asked > LIFETIME_S]
        for query_id in dead:
            del self._open[query_id]

    def clear(self) -> None:
        """Forget every open tap."""
        self._open.clear()
