"""
Answers that take a read of many rows and are shown again at each look, remembered in this process until what they stand
on has moved. For screens alone: what decides something asks the database.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from domain import store
from domain.store import Store

T = TypeVar("T")

_MOST: Final = 256  # answers of a kind; the oldest goes first


class Remembered(Generic[T]):
    """Answers of one kind by what they are of, as a campaign's id, in the database that is open."""

    def __init__(self) -> None:
        self._answers: dict[int, tuple[object, T]] = {}
        self._store: Store | None = None

    async def get(self, key: int, ask: Callable[[], Awaitable[T]], *, stands_on: object) -> T:
        """
        The answer.

        Args:
            ask: Finds it.
            stands_on: What was read of its ground before this call: while it is the same, so is the answer.
        """
        if self._store is not store.current():
            self.forget()
            self._store = store.current()
        answers = self._answers
        if key in answers and answers[key][0] == stands_on:
            return answers[key][1]
        answer = await ask()
        answers.pop(key, None)
        answers[key] = (stands_on, answer)
        if len(answers) > _MOST:
            del answers[next(iter(answers))]
        return answer

    def forget(self) -> None:
        """All of them, and what is being asked just now: it may be of before."""
        self._answers = {}
