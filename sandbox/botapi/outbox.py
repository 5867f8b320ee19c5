"""The record of every call that the bot made, with parameters and answer: what a test asserts on."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from sandbox.botapi.schema import Json

KEPT_CALLS: Final = 5_000
KEPT_POLLS: Final = 200


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``status`` is the HTTP status, ``None`` when the connection was cut."""

    n: int
    method: str
    params: Json
    status: int | None
    answer: Json
    fault: str | None

    def line(self) -> Json:
        """As ``/sim/outbox`` shows it."""
        line: Json = {"n": self.n, "method": self.method, "params": self.params, "status": self.status}
        line["ok"] = self.answer.get("ok", False)
        line |= {name: self.answer[name] for name in ("result", "description", "parameters") if name in self.answer}
        if self.fault is not None:
            line["fault"] = self.fault
        return line


class Outbox:
    """The last calls; polls apart, or they would push everything else out."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self._polls: deque[Call] = deque(maxlen=KEPT_POLLS)
        self._next = 1

    def add(self, method: str, params: Json, *, status: int | None, answer: Json, fault: str | None = None) -> None:
        """Record one call."""
        call = Call(self._next, method, params, status, answer, fault)
        self._next += 1
        (self._polls if method.lower() == "getupdates" else self._calls).append(call)

    def since(self, number: int, method: str | None) -> Json:
        """Calls from ``number`` on, of one method or of all but getUpdates, and the number to ask from next."""
        wanted = method.lower() if method else None
        calls = self._polls if wanted == "getupdates" else self._calls
        lines = [call.line() for call in calls if call.n >= number and wanted in (None, call.method.lower())]
        return {"calls": lines, "next": self._next}

    def clear(self) -> None:
        """Forget the calls; the numbers go on."""
        self._calls.clear()
        self._polls.clear()
