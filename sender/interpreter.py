"""How CPython is set while a sender runs. Nothing here changes what the program does, only what it costs."""

import contextlib
import gc
import sys
from collections.abc import Iterator
from typing import Final

# The database's thread gives up Python's lock around each call into SQLite and, while the event loop is busy, gets it
# back only after this long (CPython's default: 5 ms). A transaction of ten statements would spend its time waiting.
_SWITCH_S: Final = 0.000_05

# A message is a dozen small tuples, none of them in a cycle. By default the collector looks at all that are alive after
# each 700: a sixth of the processor. What was loaded before the sender began is left out of its walks altogether.
_COLLECT_AFTER: Final = (50_000, 20, 100)  # containers made; young walks an older one; older ones a full one


@contextlib.contextmanager
def tuned_for_throughput() -> Iterator[None]:
    """Few walks of the garbage collector and quick hand-overs between threads; as it was, afterwards."""
    switch_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_SWITCH_S)
    gc.collect(1)  # a full walk would hold up the event loop for a fifth of a second
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        sys.setswitchinterval(switch_s)
