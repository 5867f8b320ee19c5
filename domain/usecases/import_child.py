"""
The process that reads what is large, or a workbook: it may take only so much memory and time, holds up nobody, and can
be ended at any moment. Started by ``import_reader`` only; one request on stdin, JSON lines on stdout.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any, Final

from domain.rules.csv_layout import FileRejected
from domain.usecases.import_file import look_at, read_into
from domain.usecases.import_spec import as_json, look_spec_from, pack_error, read_spec_from

MEMORY: Final = 1_500_000_000  #: bytes of address space; a workbook is held whole
CPU_S: Final = 300  #: seconds of one core
_SPACING_S: Final = 0.25
UPLOAD: Final = "upload"


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class _Teller:
    """Says how far it is, now and then."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._said + _SPACING_S:
            self._said = now
            _say(done=done, total=total)


def main() -> int:
    """Entry point. Returns the exit code."""
    os.nice(10)  # whoever chats goes first
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    request = json.loads(sys.stdin.readline())
    folder = Path(request["folder"])
    content = (folder / UPLOAD).read_bytes()
    try:
        if "look" in request:
            _say(look=as_json(look_at(content, look_spec_from(request["look"]))))
        else:
            _say(tally=as_json(read_into(folder, content, read_spec_from(request["read"]), _Teller())))
    except FileRejected as error:
        _say(refused=pack_error(error))
    except MemoryError:
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
