"""
Where a program of ours kills itself, as if by ``kill -9``, and the lies that it may be told: all by wrapping functions
from outside. The product has no hooks. A name that is gone fails at the start of the program, not in silence.
"""

import os
import signal
from collections.abc import Callable
from functools import wraps
from struct import unpack_from
from typing import Any, Final

_SLICE: Final = 40  # rows in one transaction of an expansion or an import, so that small ones have a middle
_SUBMIT_SM: Final = 0x00000004


class Trap:
    """
    Args:
        passage: It springs when it is stepped on for the ``passage``-th time.
    """

    def __init__(self, passage: int) -> None:
        self._left = passage

    def step(self) -> bool:
        """Whether this is the passage."""
        self._left -= 1
        return self._left == 0

    @staticmethod
    def spring() -> None:
        """No handler, no flush, no last words."""
        os.kill(os.getpid(), signal.SIGKILL)


def stores() -> tuple[type, type]:
    """The two classes behind ``domain.store.current()``."""
    from domain.store.postgres import PostgresStore
    from domain.store.sqlite import SqliteStore

    return SqliteStore, PostgresStore


def around(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put ``make(original)`` in the place of a function of a module or class."""
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))


def _after_store(name: str, trap: Trap) -> None:
    """Dies when the method has answered something: its transaction is committed, its caller knows nothing yet."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = await original(*args, **kwargs)
            if result is not None and trap.step():
                trap.spring()
            return result

        return wrapped

    for store in stores():
        around(store, name, make)


def _before(owner: Any, name: str, trap: Trap) -> None:
    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            if trap.step():
                trap.spring()
            return await original(*args, **kwargs)

        return wrapped

    around(owner, name, make)


def after_claim(trap: Trap) -> None:
    """A chunk, or retries, are under our lease; nothing of it is read."""
    _after_store("claim", trap)


def after_submitted(trap: Trap) -> None:
    """A batch is committed as submitted, and not one octet of it is written."""
    _after_store("mark_submitted", trap)


def _write(trap: Trap, *, half: bool) -> None:
    from asyncio import StreamWriter

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(self: StreamWriter, data: bytes) -> None:
            place = _submit_in(data)
            if place is None or not trap.step():
                original(self, data)
                return
            original(self, data[: place[0] + place[1] // 2] if half else data)
            trap.spring()

        return wrapped

    around(StreamWriter, "write", make)


def _submit_in(data: bytes) -> tuple[int, int] | None:
    """Offset and length of the last submit_sm in what is about to be written."""
    offset, found = 0, None
    while offset + 16 <= len(data):
        length, command = unpack_from("!II", data, offset)
        if not 16 <= length <= len(data) - offset:
            return None  # not SMPP
        if command == _SUBMIT_SM:
            found = (offset, length)
        offset += length
    return found


def half_written(trap: Trap) -> None:
    """The last submit_sm of a write is cut in its middle."""
    _write(trap, half=True)


def written(trap: Trap) -> None:
    """All of a write is with the kernel, and no response has been read."""
    _write(trap, half=False)


def response_read(trap: Trap) -> None:
    """Responses are read and understood, and not committed."""
    for store in stores():
        _before(store, "record_results", trap)


def receipt_committed(trap: Trap) -> None:
    """Receipts are stored, and not acknowledged: they will come again."""
    _after_store("record_receipts", trap)


def receipt_acked(trap: Trap) -> None:
    """Receipts are acknowledged: they will never come again."""
    from sender.smpp import Link

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if trap.step():
                trap.spring()
            return result

        return wrapped

    around(Link, "ack", make)


def mid_expand(trap: Trap) -> None:
    """Some slices of a campaign's messages are written, others are not."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(*args: Any, limit: int, **kwargs: Any) -> Any:
            return await original(*args, limit=min(limit, _SLICE), **kwargs)

        return wrapped

    for store in stores():
        around(store, "expand", make)
    _after_store("expand", trap)


def mid_import(trap: Trap) -> None:
    """Some slices of a file are written, others are not."""
    for store in stores():
        store.import_rows = min(store.import_rows, _SLICE)  # type: ignore[attr-defined]
    _after_store("import_slice", trap)


def scheduler_fired(trap: Trap) -> None:
    """The tick has found a campaign whose hour has come, and has committed nothing."""
    from domain.usecases import campaigns

    _before(campaigns, "begin", trap)


def summary_posted(trap: Trap) -> None:
    """The summary is in the chat, and its message's id is not saved."""
    from domain.models import Notice, NoticeKind
    from domain.usecases import notices

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(notice_id: int, *args: Any, **kwargs: Any) -> Any:
            notice = await Notice.get(id=notice_id)
            if notice.kind is NoticeKind.SUMMARY and trap.step():
                trap.spring()
            return await original(notice_id, *args, **kwargs)

        return wrapped

    around(notices, "delivered", make)


#: Those that a sender passes.
SENDER_POINTS: Final[dict[str, Callable[[Trap], None]]] = {
    "after-claim": after_claim,
    "after-submitted": after_submitted,
    "half-written": half_written,
    "written": written,
    "response-read": response_read,
    "receipt-committed": receipt_committed,
    "mid-expand": mid_expand,
    "scheduler-fired": scheduler_fired,
}
#: Those that a bot passes.
BOT_POINTS: Final[dict[str, Callable[[Trap], None]]] = {
    "mid-import": mid_import,
    "summary-posted": summary_posted,
}
#: The ten, and one more that a mutant needs.
POINTS: Final = {**SENDER_POINTS, **BOT_POINTS, "receipt-acked": receipt_acked}
