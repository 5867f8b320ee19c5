"""How often a message goes again that was refused for now: each reason has its own limit."""

import pytest

from domain.rules.message_state import MessageEvent
from domain.rules.route import parse_route
from domain.store import Claim
from sender.feed import Held, Ready
from sender.results import MAX_PART_THROTTLED, MAX_THROTTLED, MAX_TRIES, judge, retry_delay_s, take_refused
from sender.smpp import Answer, AnswerKind, Outgoing

ROUTE = parse_route("default", "smpp://pregon:test@127.0.0.1:2775")
STATUS = {AnswerKind.TEMPORARY: 0x08, AnswerKind.THROTTLED: 0x58, AnswerKind.BARRED: 0x0D, AnswerKind.OK: 0}
DAY_S = 86_400


def _answer(ready: Ready, part: int, kind: AnswerKind) -> Answer:
    one = Answer(1, part, ready.parts, STATUS[kind], None, kind)
    ready.answers[part] = one
    return one


def _refused(kind: AnswerKind, *, tries: int, throttled: int) -> MessageEvent:
    """What becomes of a message of one part that has been refused so often before."""
    ready = Ready(Held(Claim(1, 1, ()), "s"), Outgoing(1, 1, "", (b"",), 0), 1, 1, tries, throttled)
    result = judge(ready, ROUTE, _answer(ready, 1, kind))
    assert result is not None
    return result.event


@pytest.mark.parametrize("kind", [AnswerKind.THROTTLED, AnswerKind.BARRED])
def test_each_reason_to_go_again_has_a_limit_of_its_own(kind: AnswerKind) -> None:
    """Our pace, or the route, takes none of the tries that the operator's own errors leave a message."""
    last, worn = MAX_TRIES - 1, MAX_THROTTLED - 1

    assert _refused(AnswerKind.TEMPORARY, tries=last - 1, throttled=worn) is MessageEvent.SUBMIT_RETRY
    assert _refused(AnswerKind.TEMPORARY, tries=last, throttled=0) is MessageEvent.SUBMIT_ERROR
    assert _refused(kind, tries=last, throttled=worn - 1) is MessageEvent.SUBMIT_THROTTLED
    assert _refused(kind, tries=0, throttled=worn) is MessageEvent.SUBMIT_ERROR


def test_a_message_that_is_throttled_all_day_is_not_given_up() -> None:
    """Within two days of its campaign's hours; and it does not knock more than once a minute."""
    delays = [retry_delay_s(before, AnswerKind.THROTTLED, jitter=0.5) for before in range(MAX_THROTTLED - 1)]

    assert delays[:3] == [1, 2, 3]
    assert max(delays) == 60
    assert sum(delays) > 2 * DAY_S


@pytest.mark.parametrize(
    ("kind", "most"), [(AnswerKind.THROTTLED, MAX_PART_THROTTLED), (AnswerKind.TEMPORARY, MAX_TRIES)]
)
def test_parts_that_follow_have_the_limit_of_their_refusal(kind: AnswerKind, most: int) -> None:
    """The other part is out already: neither a busy minute, nor one before, leaves half a message."""
    other = AnswerKind.TEMPORARY if kind is AnswerKind.THROTTLED else AnswerKind.THROTTLED
    ready = Ready(Held(Claim(1, 1, ()), "s"), Outgoing(1, 1, "", (b"", b""), 0), 1, 2, MAX_TRIES - 1, MAX_THROTTLED - 1)
    _answer(ready, 1, AnswerKind.OK)
    for one in [other] * (MAX_TRIES - 1) + [kind] * (most - 1):
        assert judge(ready, ROUTE, _answer(ready, 2, one)) is None
        assert take_refused(ready) <= 5
        assert [*ready.answers] == [1]

    result = judge(ready, ROUTE, _answer(ready, 2, kind))
    assert result is not None
    assert result.event is MessageEvent.SUBMIT_ERROR
