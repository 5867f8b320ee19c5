"""
A process that has imported all of Pregón and forks a program for each order: what it starts is a process of its own,
with the product's own ``main``, but a start costs milliseconds instead of a second or two of importing.
"""

import contextlib
import gc
import json
import os
import random
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.acceptance.crash.kill_at import PARTS, UNARMED, Arms

_START_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to run.

    Attributes:
        what: ``pregon`` with arguments, ``smsc`` with arguments, or ``stage`` with the name of a scene and its props
            as JSON.
        environment: On top of ours.
    """

    what: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: str
    arms: Arms = UNARMED


class Nursery:
    """The harness's side: tells it what to start, and hears who died. Safe to use from any event loop."""

    def __init__(self) -> None:
        root = Path(__file__).parents[3]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.crash.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            text=True,
            bufsize=1,
        )
        self._codes: dict[int, int] = {}
        self._started: list[int] = []
        self._news = threading.Condition()
        self._orders = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def start(self, order: Order) -> int:
        """Returns the new process's id."""
        assert self._process.stdin is not None
        with self._orders, self._news:
            self._process.stdin.write(json.dumps(asdict(order)) + "\n")
            self._process.stdin.flush()
            if not self._news.wait_for(lambda: self._started, timeout=_START_S):
                raise TimeoutError("the nursery does not answer")
            return self._started.pop()

    def code(self, pid: int) -> int | None:
        """Its exit code, negative for a signal; None: it lives."""
        with self._news:
            return self._codes.get(pid)

    def wait(self, pid: int, *, deadline_s: float) -> int:
        """Until it has ended. Blocks."""
        with self._news:
            if not self._news.wait_for(lambda: pid in self._codes, timeout=deadline_s):
                raise TimeoutError(f"process {pid} did not end within {deadline_s} s")
            return self._codes[pid]

    def close(self) -> None:
        """Ends the nursery; what it started is ended by whoever asked for it, before."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):
            for line in self._process.stdout:
                told = json.loads(line)
                with self._news:
                    if "started" in told:
                        self._codes.pop(told["started"], None)  # of an earlier process with the same number
                        self._started.append(told["started"])
                    else:
                        self._codes[told["died"]] = told["code"]
                    self._news.notify_all()


def _rear(order: Order) -> None:
    """In the child: becomes the program, and never returns."""
    os.setsid()
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.environ.update(order.environment)
    random.seed()
    code = 1
    try:
        _programs()[order.what](order)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - the end of a process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _programs() -> dict[str, Callable[[Order], Any]]:
    from sandbox.smsc import __main__ as smsc
    from tests.acceptance.crash import kill_at, stage

    def run_smsc(order: Order) -> None:
        sys.argv = ["smsc", *order.arguments]
        sys.exit(smsc.main())

    return {
        "pregon": lambda order: kill_at.run(order.arms, order.arguments),
        "smsc": run_smsc,
        "stage": lambda order: stage.play(*order.arguments),
    }


def main() -> None:
    """Forks what it is told to on stdin, one JSON object a line; tells of starts and deaths on stdout."""
    for module in ("pregon", "sandbox.app", *PARTS):
        import_module(module)
    _programs()
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    gc.collect()
    gc.freeze()
    reared: set[int] = set()
    try:
        _serve(read, reared)
    finally:
        for pid in reared:  # whoever asked for them is gone
            os.kill(pid, signal.SIGKILL)


def _serve(read: int, reared: set[int]) -> None:
    buffer = b""
    while True:
        ready, _, _ = select.select([0, read], [], [])
        if read in ready:
            os.read(read, 4096)
            reared -= _bury()
        if 0 not in ready:
            continue
        octets = os.read(0, 1 << 16)
        if not octets:
            return
        *lines, buffer = (buffer + octets).split(b"\n")
        for line in lines:
            told = json.loads(line)
            told["arms"] = Arms(**told["arms"])
            pid = os.fork()
            if pid == 0:
                _rear(Order(**told))
            reared.add(pid)
            _tell({"started": pid})


def _bury() -> set[int]:
    """Tell of the dead; who they were."""
    dead: set[int] = set()
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return dead
        if pid == 0:
            return dead
        dead.add(pid)
        _tell({"died": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(news: dict[str, int]) -> None:
    os.write(1, json.dumps(news).encode() + b"\n")


if __name__ == "__main__":
    main()
