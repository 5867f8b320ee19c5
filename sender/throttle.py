"""Since when the operator slows a link down, from its answers. The time is an argument; nothing is awaited."""

from collections.abc import Sequence
from typing import Final

from sender.smpp import Answer, AnswerKind

_EPISODE_MS: Final = 10_000  # without a throttled answer for so long, it is over


class Throttle:
    """One for a sender, of all its links by name."""

    def __init__(self) -> None:
        self._episodes: dict[str, tuple[int, int]] = {}  # first and last throttled answer

    def note(self, link: str, answers: Sequence[Answer], *, now_ms: int) -> None:
        """Answers that came over a link."""
        if any(answer.kind is AnswerKind.THROTTLED for answer in answers):
            self._episodes[link] = (self.since_ms(link, now_ms=now_ms) or now_ms, now_ms)

    def since_ms(self, link: str, *, now_ms: int) -> int | None:
        """When the operator began; None: it does not slow this link down."""
        episode = self._episodes.get(link)
        return episode[0] if episode is not None and now_ms - episode[1] < _EPISODE_MS else None
