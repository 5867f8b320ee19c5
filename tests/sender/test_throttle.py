"""How long a link counts as slowed down by the operator."""

from sender.smpp import Answer, AnswerKind
from sender.throttle import Throttle


def _answer(kind: AnswerKind) -> Answer:
    return Answer(1, 1, 1, 0x58 if kind is AnswerKind.THROTTLED else 0, None, kind)


def test_an_episode_lasts_until_ten_seconds_pass_without_a_throttled_answer() -> None:
    """Accepted ones between them do not end it."""
    throttle = Throttle()
    throttle.note("a", [_answer(AnswerKind.OK)], now_ms=500)
    assert throttle.since_ms("a", now_ms=500) is None

    throttle.note("a", [_answer(AnswerKind.OK), _answer(AnswerKind.THROTTLED)], now_ms=1_000)
    throttle.note("a", [_answer(AnswerKind.THROTTLED)], now_ms=9_000)
    throttle.note("a", [_answer(AnswerKind.OK)], now_ms=15_000)

    assert throttle.since_ms("a", now_ms=18_999) == 1_000
    assert throttle.since_ms("b", now_ms=18_999) is None
    assert throttle.since_ms("a", now_ms=19_000) is None
