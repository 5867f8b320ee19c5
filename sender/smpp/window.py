"""What is in flight, its timers, and the pause after throttling. Pure: the time is an argument, nothing is awaited."""

from itertools import islice
from typing import NamedTuple


class InFlight(NamedTuple):
    """A part that was written and is not answered. ``written_s``: on the caller's monotonic clock."""

    message_id: int
    part: int
    parts: int
    written_s: float


class Window:
    """
    The unanswered submits of one connection, by sequence number, in the order of writing.

    Args:
        size: Submits that may be unanswered at once.
        timeout_s: After this long without a response a submit no longer counts as in flight.
        remembered: So many of those that timed out are kept, so that a late response still finds its message.
    """

    __slots__ = ("_in_flight", "_remembered", "_size", "_timed_out", "_timeout_s")

    def __init__(self, size: int, *, timeout_s: float, remembered: int = 10_000) -> None:
        self._size = size
        self._timeout_s = timeout_s
        self._remembered = remembered
        self._in_flight: dict[int, InFlight] = {}
        self._timed_out: dict[int, InFlight] = {}

    def __len__(self) -> int:
        return len(self._in_flight)

    @property
    def room(self) -> int:
        """Submits that may be written now."""
        return self._size - len(self._in_flight)

    def add(self, sequence: int, entry: InFlight) -> None:
        """Note a submit as written. Entries come in the order of ``written_s``."""
        if self._timed_out:
            self._timed_out.pop(sequence, None)
        self._in_flight[sequence] = entry

    def answer(self, sequence: int) -> InFlight | None:
        """Take out what ``sequence`` answers, also when it comes late; None: nothing that we know of."""
        return self._in_flight.pop(sequence, None) or self._timed_out.pop(sequence, None)

    def expire(self, now_s: float) -> list[InFlight]:
        """Those whose time is up. They leave the window and are remembered."""
        limit = now_s - self._timeout_s
        expired: list[tuple[int, InFlight]] = []
        for item in self._in_flight.items():
            if item[1].written_s > limit:
                break
            expired.append(item)
        for sequence, entry in expired:
            del self._in_flight[sequence]
            self._timed_out[sequence] = entry
        surplus = len(self._timed_out) - self._remembered
        if surplus > 0:
            for sequence in list(islice(self._timed_out, surplus)):
                del self._timed_out[sequence]
        return [entry for _, entry in expired]

    def drain(self) -> list[InFlight]:
        """All that is in flight, at the end of the connection. What timed out before is forgotten."""
        left = list(self._in_flight.values())
        self._in_flight.clear()
        self._timed_out.clear()
        return left


class Hold:
    """
    The pause that a throttled bind keeps: ``first_s``, doubled each time that a submit written after the pause is
    throttled again, up to ``longest_s``; back to the beginning when such a submit is accepted.
    """

    __slots__ = ("_first_s", "_longest_s", "_step_s", "until_s")

    def __init__(self, *, first_s: float = 0.1, longest_s: float = 5.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._step_s = 0.0
        self.until_s = 0.0

    @property
    def stepped(self) -> bool:
        """The next pause would not be the first."""
        return self._step_s > 0

    def active(self, now_s: float) -> bool:
        """Whether nothing may be written now."""
        return now_s < self.until_s

    def throttled(self, written_s: float, *, now_s: float) -> float | None:
        """
        A submit was throttled.

        Returns:
            The length of the pause that begins now; None: it belongs to a pause that was kept already, as do all those
            that were in flight when the first one was throttled.
        """
        if written_s < self.until_s:
            return None
        self._step_s = min(self._step_s * 2 or self._first_s, self._longest_s)
        self.until_s = now_s + self._step_s
        return self._step_s

    def accepted(self, written_s: float) -> None:
        """A submit was accepted."""
        if written_s >= self.until_s:
            self._step_s = 0.0
