"""
Faults put into a sender on purpose, by wrapping: each breaks a rule that keeps the promise, and the suite must see it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from tests.acceptance.crash.points import Trap, around, stores

_LATE_S: Final = 0.3
_tasks: set[asyncio.Task[Any]] = set()


def _later(work: Any) -> None:
    async def run() -> None:
        await asyncio.sleep(_LATE_S)
        await work

    task = asyncio.create_task(run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def _of_stores(name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    for store in stores():
        around(store, name, make)


def commit_after_send() -> None:
    """The bytes leave first; "submitted" is committed a moment later."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def mark(self: Any, sender: str, claim: Any, batch: Sequence[Any], **kwargs: Any) -> frozenset[int]:
            _later(original(self, sender, claim, batch, **kwargs))
            return frozenset(submission.message_id for submission in batch)

        return mark

    _of_stores("mark_submitted", make)


def _never_asks() -> None:
    """The sender takes its lease for granted."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def renew(*args: Any, **kwargs: Any) -> bool:
            await original(*args, **kwargs)
            return True

        return renew

    _of_stores("renew_sender", make)


def guards_dropped() -> None:
    """What the guards of the submit refuse is written all the same, and the sender never asks whether it may."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def mark(self: Any, sender: str, claim: Any, batch: Sequence[Any], **kwargs: Any) -> frozenset[int]:
            await original(self, sender, claim, batch, **kwargs)
            return frozenset(submission.message_id for submission in batch)

        return mark

    _of_stores("mark_submitted", make)
    _never_asks()


def lease_guard_dropped() -> None:
    """
    A submit asks whether anybody holds the chunk, not whether this sender does; nor does the sender ever ask. It dies
    with the first submit of what another one holds. That alone would be put in doubt when the campaign is drained, so
    nobody looks for it then.
    """

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def mark(self: Any, sender: str, claim: Any, batch: Sequence[Any], **kwargs: Any) -> frozenset[int]:
            async with self.acquire() as db:
                holder = await db.fetchval("select sender from chunk where id = $1", claim.chunk_id) or sender
            marked: frozenset[int] = await original(self, holder, claim, batch, **kwargs)
            if marked and holder != sender:
                Trap.spring()
            return marked

        return mark

    def blind(_: Callable[..., Any]) -> Callable[..., Any]:
        async def in_flight(*_: Any) -> Sequence[int]:
            return ()

        return in_flight

    around(stores()[1], "mark_submitted", make)
    around(stores()[1], "in_flight", blind)
    _never_asks()


def lease_widened() -> None:
    """A lease lasts an hour: what a dead sender held stays where it is."""
    from sender import worker

    worker.LEASE_S = 3_600.0  # type: ignore[misc]


def acked_before_stored() -> None:
    """Receipts are acknowledged at once and stored a moment later."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def record(*args: Any, **kwargs: Any) -> Any:
            from domain.store.interface import Evidence

            _later(original(*args, **kwargs))
            return Evidence({})

        return record

    _of_stores("record_receipts", make)


MUTANTS: Final[dict[str, Callable[[], None]]] = {
    "commit-after-send": commit_after_send,
    "guards-dropped": guards_dropped,
    "lease-guard-dropped": lease_guard_dropped,
    "lease-widened": lease_widened,
    "acked-before-stored": acked_before_stored,
}
