"""How many segments may leave now: even, and never above the limit in any window of one second. Pure; time is given."""

from collections import deque
from typing import Final

_WINDOW_S: Final = 1.0
_STEPS: Final = 50  # a second is filled in this many steps, so that pacing stays even


class Pacer:
    """
    Between ``reserve`` and ``left`` lies a commit, which may take its time: what is reserved counts as if it left now.

    Args:
        tps: Submits a second; 0: no limit.
    """

    def __init__(self, tps: float) -> None:
        self._tps = tps
        self._sent: deque[tuple[float, int]] = deque()  # when, how many; of the last second
        self._in_window = 0  # of the last second, and reserved
        self._next = 0.0

    @property
    def tps(self) -> float:
        """The limit, in submits a second; 0: none."""
        return self._tps

    @tps.setter
    def tps(self, tps: float) -> None:
        self._tps = tps

    @property
    def step(self) -> int:
        """The most that leaves at once, in submits."""
        return max(1, int(self._tps / _STEPS))

    def allow(self, wanted: int, *, now: float) -> int:
        """How many of ``wanted`` submits may leave at ``now`` (seconds, monotonic). Takes nothing yet."""
        if not self._tps:
            return wanted
        self._forget(now)
        if now < self._next:
            return 0
        whole = max(1, int(self._tps))
        return max(0, min(wanted, self.step, whole - self._in_window))

    def reserve(self, count: int, *, now: float) -> None:
        """They are about to leave; then ``left`` or ``stayed``."""
        if not self._tps or not count:
            return
        self._in_window += count
        self._next = max(self._next, now - self.step / self._tps) + count / self._tps

    def left(self, count: int, *, now: float) -> None:
        """So many of those reserved leave now."""
        if self._tps and count:
            self._sent.append((now, count))

    def stayed(self, count: int) -> None:
        """So many of those reserved will not leave."""
        if self._tps:
            self._in_window -= count

    def take(self, count: int, *, now: float) -> None:
        """They leave now."""
        self.reserve(count, now=now)
        self.left(count, now=now)

    def wait(self, *, now: float) -> float:
        """Seconds until something may leave again; 0: now, or when what is reserved has left."""
        if not self._tps:
            return 0.0
        self._forget(now)
        until = self._next - now
        if self._in_window >= max(1, int(self._tps)) and self._sent:
            until = max(until, self._sent[0][0] + _WINDOW_S - now)
        return max(0.0, until)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][0] <= now - _WINDOW_S:
            self._in_window -= self._sent.popleft()[1]
