"""How fast a campaign goes, from what was seen of it lately. Forgotten on a restart: then the average stands in."""

from collections import deque
from datetime import datetime
from typing import Final

_WINDOW_S: Final = 30.0
_LEAST_S: Final = 2.0  # below it a difference says nothing
_KEPT: Final = 64  # looks at a campaign
_MANY: Final = 256  # campaigns

_looks: dict[int, deque[tuple[float, int]]] = {}


def rate(campaign_id: int, done: int, *, now: datetime, since: datetime | None) -> float | None:
    """
    Messages a second over the last half minute.

    Args:
        done: Messages that are settled by now.
        since: When it began to run, for the first look at it; None: not known.

    Returns:
        None: nothing can be said yet.
    """
    moment = now.timestamp()
    seen = _looks.setdefault(campaign_id, deque(maxlen=_KEPT))
    while seen and (seen[0][0] < moment - _WINDOW_S or seen[0][1] > done):
        seen.popleft()
    first = (moment, done) if since is None else (since.timestamp(), 0)
    start = seen[0] if seen else first
    seen.append((moment, done))
    _forget()
    elapsed = moment - start[0]
    return (done - start[1]) / elapsed if elapsed >= _LEAST_S else None


def _forget() -> None:
    while len(_looks) > _MANY:
        del _looks[next(iter(_looks))]
