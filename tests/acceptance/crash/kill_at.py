"""
Runs one of our programs with a trap in it::

    python -m tests.acceptance.crash.kill_at --point half-written --passage 3 -- sender

It is the product's own ``main``, in this process; at the third half-written PDU the process is gone.
"""

import argparse
import datetime as dt
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from tests.acceptance.crash.mutants import MUTANTS
from tests.acceptance.crash.points import POINTS, Trap

JUMP_S: Final = 3_600
PARTS: Final = ("bot.app", "sender.worker")  #: what ``pregon`` imports late
_CLOCKED: Final = ("domain", "sender", "bot", "apscheduler")


@dataclass(frozen=True, slots=True)
class Arms:
    """
    What is different from a program in the field.

    Attributes:
        point: Where it kills itself, a key of ``POINTS``.
        passage: The how-manieth time.
        mutant: A key of ``MUTANTS``.
        lease_s: Seconds; with it go heartbeat, sweep, ticks, the wait for receipts, and how soon a throttled pace is
            found again, so that a test need not wait for half a minute.
        clock: SIGUSR1 sets its clock an hour forward, SIGUSR2 an hour back.
    """

    point: str | None = None
    passage: int = 1
    mutant: str | None = None
    lease_s: float | None = None
    clock: bool = False

    def apply(self) -> None:
        """Before the program starts."""
        if self.lease_s is not None:
            _shorten_waits(self.lease_s)
        if self.mutant is not None:
            MUTANTS[self.mutant]()
        if self.point is not None:
            POINTS[self.point](Trap(self.passage))
        if self.clock:
            _jumping_clock()


UNARMED: Final = Arms()


def _shorten_waits(lease_s: float) -> None:
    from bot import outbox
    from domain.usecases import closing
    from sender import pacing, scheduler, worker

    waits: tuple[tuple[Any, str, Any], ...] = (
        (worker, "LEASE_S", lease_s),
        (worker, "_HEARTBEAT_S", lease_s / 5),
        (scheduler, "_SWEEP_S", lease_s / 3),
        (scheduler, "_TICK_S", lease_s / 10),
        (outbox, "_TICK_S", lease_s / 10),
        (closing, "RECEIPT_GRACE", dt.timedelta(seconds=lease_s)),
        (pacing.Ceiling, "_QUICK", 20 / lease_s),
        (pacing.Ceiling, "_SLOW", 20 / lease_s),
    )
    for owner, name, value in waits:
        assert hasattr(owner, name), name
        setattr(owner, name, value)


def _jumping_clock() -> None:
    """The wall clock of our code and of the scheduler; the monotonic one stays, as it does when NTP steps."""
    offset_s = 0
    plain, plain_ns = time.time, time.time_ns

    def jump(number: int, _frame: object) -> None:
        nonlocal offset_s
        offset_s += JUMP_S if number == signal.SIGUSR1 else -JUMP_S

    class Plain(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, dt.datetime)  # APScheduler takes what is none for a day, and goes by its midnight

    class Clock(dt.datetime, metaclass=Plain):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return dt.datetime.now(tz) + dt.timedelta(seconds=offset_s)

    time.time = lambda: plain() + offset_s
    time.time_ns = lambda: plain_ns() + offset_s * 1_000_000_000
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in _CLOCKED and getattr(module, "datetime", None) is dt.datetime:
            module.datetime = Clock  # type: ignore[attr-defined]
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, jump)


def run(arms: Arms, arguments: Sequence[str]) -> None:
    """The product's own command line, in this process."""
    import pregon

    for module in PARTS:  # what is wrapped, and what the clock is changed in, must be there
        import_module(module)
    arms.apply()
    sys.argv = ["pregon", *arguments]
    pregon.main()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--point", choices=tuple(POINTS))
    parser.add_argument("--passage", type=int, default=1)
    parser.add_argument("--mutant", choices=tuple(MUTANTS))
    parser.add_argument("--lease", type=float, help="seconds")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    run(Arms(options.point, options.passage, options.mutant, options.lease), options.command)


if __name__ == "__main__":
    main()
