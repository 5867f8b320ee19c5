"""How many parts may leave now: even, and never above the limit in any window of one second. Pure; time is given."""

import math
from collections import deque
from typing import Final

NOTHING: Final = -1.0  #: a limit under which nothing leaves: others have all of it
_WINDOW_S: Final = 1.0
_STEPS: Final = 50  # a second is filled in this many steps, so that pacing stays even
SHY: Final = 0.99  #: of a limit that the operator holds us to: what leaves evenly may arrive a little closer together
_MOMENT_S: Final = 0.005  # what leaves within it is remembered as one
_LATE_S: Final = 0.1  # a process that was held up so long makes it good; the window holds all the same
_BRIEF_S: Final = 0.25  # what left in less says nothing of a second
_GONE: Final = 20  # doublings: no link takes a million times as much
_CLOSED_S: Final = 0.2  # between looks whether there is a share again


class Ceiling:
    """
    How much the operator takes, when that is less than was agreed: throttled, the rate falls at once; then it rises,
    quickly to near where it was, slowly up to there, and from there on ever faster, for there it is not any more.
    """

    _FALL: Final = 0.7
    _LEAST: Final = 1.0  # submits a second
    _NEAR: Final = 0.9  # of the rate at which it was throttled
    _QUICK: Final = 0.10  # of that rate, each second
    _SLOW: Final = 0.01
    _DOUBLED_S: Final = 10.0  # beyond that rate

    def __init__(self) -> None:
        self._was: float | None = None  # the rate at which it was throttled
        self._rate = 0.0
        self._since_s = 0.0

    def rate(self, now: float) -> float | None:
        """Submits a second at ``now``; None: it was never throttled, or so long ago that nothing is left of it."""
        was = self._was
        if was is None:
            return None
        left_s = now - self._since_s
        quick_s = max(0.0, self._NEAR * was - self._rate) / (self._QUICK * was)
        if left_s <= quick_s:
            return self._rate + left_s * self._QUICK * was
        near = max(self._rate, self._NEAR * was)
        left_s -= quick_s
        slow_s = max(0.0, was - near) / (self._SLOW * was)
        if left_s <= slow_s:
            return near + left_s * self._SLOW * was
        doublings = (left_s - slow_s) / self._DOUBLED_S
        return max(near, was) * 2.0**doublings if doublings < _GONE else None

    def throttled(self, rate: float, *, now: float) -> None:
        """
        The operator refused a submit because of our pace.

        Args:
            rate: At which they leave now. What comes of the same second is of the same refusal.
        """
        if self._was is not None and now - self._since_s < _WINDOW_S:
            return
        self._was = max(self._LEAST, rate)
        self._rate = max(self._LEAST, rate * self._FALL)
        self._since_s = now


class Pacer:
    """
    Between ``reserve`` and ``left`` lies a commit, which may take its time: what is reserved counts as if it left now.

    Args:
        tps: Submits a second; 0: no limit; ``NOTHING``: none may leave.
        shy: The part of it at which they leave, evenly; the window in which they are counted is longer by as much.
    """

    def __init__(self, tps: float, *, shy: float = 1.0) -> None:
        self._tps = tps
        self._shy = shy
        self._window_s = _WINDOW_S / shy
        self._ceiling = Ceiling()
        self._sent: deque[tuple[float, float, int]] = deque()  # first and last of a moment, how many; of a second
        self._in_window = 0  # of the last second, and reserved
        self._next = 0.0

    @property
    def tps(self) -> float:
        """The limit, in submits a second; 0: none."""
        return self._tps

    @tps.setter
    def tps(self, tps: float) -> None:
        self._tps = tps

    def rate(self, now: float) -> float:
        """The limit as it is at ``now``: ours, or what the operator takes; 0: none."""
        found = self._ceiling.rate(now)
        if found is None:
            return self._tps
        return min(self._tps, found) if self._tps else found

    def throttled(self, *, now: float) -> None:
        """
        The operator says that it is too fast: slower at once, and then the ceiling is looked for again. Where less left
        than might have, it is looked for between the two, by factors: a refusal at a quiet moment says little.
        """
        self._forget(now)
        rate = self.rate(now)
        if not self._sent:
            if rate > 0:
                self._ceiling.throttled(rate, now=now)
            return
        left = sum(count for _, _, count in self._sent) / max(_BRIEF_S, min(_WINDOW_S, now - self._sent[0][0]))
        self._ceiling.throttled(math.sqrt(min(left, rate) * rate) if rate > 0 else left, now=now)

    @staticmethod
    def _step(rate: float) -> int:
        """The most that leaves at once, in submits."""
        return max(1, int(rate / _STEPS))

    def allow(self, wanted: int, *, now: float) -> int:
        """How many of ``wanted`` submits may leave at ``now`` (seconds, monotonic). Takes nothing yet."""
        rate = self.rate(now)
        if not rate:
            return wanted
        self._forget(now)
        if rate < 0 or now < self._next:
            return 0
        return max(0, min(wanted, self._step(rate), self._whole(rate) - self._in_window))

    def reserve(self, count: int, *, now: float) -> None:
        """They are about to leave; then ``left`` or ``stayed``."""
        self._in_window += count
        rate = self.rate(now) * self._shy
        if rate > 0 and count:
            idle = now - self._next > _LATE_S
            self._next = (max(self._next, now - self._step(rate) / rate) if idle else self._next) + count / rate

    def left(self, count: int, *, now: float) -> None:
        """So many of those reserved leave now."""
        if not count:
            return
        self._forget(now)
        if self._sent and now - self._sent[-1][0] < _MOMENT_S:
            first, _, before = self._sent[-1]
            self._sent[-1] = (first, now, before + count)
        else:
            self._sent.append((now, now, count))

    def stayed(self, count: int) -> None:
        """So many of those reserved will not leave."""
        self._in_window -= count

    def take(self, count: int, *, now: float) -> None:
        """They leave now."""
        self.reserve(count, now=now)
        self.left(count, now=now)

    def wait(self, *, now: float) -> float:
        """Seconds until something may leave again; 0: now, or when what is reserved has left."""
        rate = self.rate(now)
        if not rate:
            return 0.0
        if rate < 0:
            return _CLOSED_S
        self._forget(now)
        until = self._next - now
        if self._in_window >= self._whole(rate) and self._sent:
            until = max(until, self._sent[0][1] + self._window_s - now)
        return max(0.0, until)

    @staticmethod
    def _whole(rate: float) -> int:
        """Submits in a window."""
        return max(1, int(rate))

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0][1] <= now - self._window_s:
            self._in_window -= self._sent.popleft()[2]
