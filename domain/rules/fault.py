"""When a campaign stops by itself because the operator refuses too much of it. Pure: the latest answers are given."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

_LEAST: Final = 4  # a window that is filled to this part speaks already


@dataclass(frozen=True, slots=True)
class Fault:
    """``failed`` of the latest ``of`` messages were refused, most of them with the word ``error``."""

    failed: int
    of: int
    error: str


def fault_in(answers: Sequence[str | None], *, window: int, percent: int) -> Fault | None:
    """
    Whether so many of the latest messages were refused that the campaign should stop.

    Args:
        answers: The operator's words, the latest last: an error, or None for an accepted message.
        window: How many of the latest count; a quarter of them must be there.
        percent: Of those that are there, refused; 0: it never stops.
    """
    latest = answers if len(answers) <= window else list(islice(answers, len(answers) - window, None))
    errors = [error for error in latest if error is not None]
    if not percent or len(latest) * _LEAST < window or len(errors) * 100 < percent * len(latest):
        return None
    ((error, _),) = Counter(errors).most_common(1)
    return Fault(len(errors), len(latest), error)
