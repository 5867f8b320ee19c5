"""What the operator's words mean for a message: answers to results, receipts to events. Writes nothing."""

import random
from collections.abc import Collection
from datetime import UTC
from functools import lru_cache
from typing import Final

from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.receipt import (
    Dialect,
    IdForm,
    IdSource,
    PartsReceipt,
    canonical_id,
    is_canonical,
    names_zone,
    receipt_time,
)
from domain.rules.route import Route
from domain.store import LatePart, PartAnswer, Receipt, Result, Word
from sender.clock import now_ms
from sender.feed import Ready
from sender.smpp import Answer, AnswerKind, Incoming, status_name

_K = AnswerKind
_AGAIN: Final = frozenset({_K.TEMPORARY, _K.THROTTLED, _K.BARRED, _K.UNSENT})
_STATES: Final = {
    _K.OK: MessageState.ACCEPTED,
    _K.PERMANENT: MessageState.FAILED,
    _K.NO_RESPONSE: MessageState.NO_RESPONSE,
    _K.DISCONNECTED: MessageState.DISCONNECTED,
}
#: Of a message of several parts the first that applies to any part is the message's.
_EVENTS: Final = (
    (_K.DISCONNECTED, MessageEvent.BIND_LOST),
    (_K.NO_RESPONSE, MessageEvent.RESPONSE_TIMEOUT),
    (_K.PERMANENT, MessageEvent.SUBMIT_ERROR),
    (_K.OK, MessageEvent.SUBMIT_OK),
)
# How often a message is refused for now until it fails; with the delays below so long while its campaign sends.
MAX_TRIES: Final = 10  #: by a temporary status: eight minutes
MAX_THROTTLED: Final = 3_000  #: because of our pace, or the route: two days; it is not the message's fault
MAX_PART_THROTTLED: Final = 100  #: the same of parts that follow others, and hold their place in the window
_ID: Final = 64  # characters of an SMSC's id that are kept: SMPP 3.4 §5.2.23 allows so many
_WORD: Final = 32  # of an error, of an address
_STAT: Final = 16
_LONGEST_DELAY_S: Final = 300.0
_LONGEST_THROTTLED_S: Final = 60.0
_LONGEST_PART_S: Final = 5.0


def retry_delay_s(before: int, kind: AnswerKind, *, jitter: float) -> float:
    """
    Seconds until a message goes again.

    Args:
        before: How often it was refused so before: then it is 1, 2, 4 … 300 seconds, throttled 1, 2, 3 … 60.
        jitter: 0 to 1.
    """
    if kind is _K.THROTTLED:
        delay_s = min(_LONGEST_THROTTLED_S, 1.0 + before)
    else:
        delay_s = min(_LONGEST_DELAY_S, 2.0 ** min(before, 10))
    return delay_s * (0.75 + jitter / 2)


def plain(route: Route, answer: Answer) -> Result:
    """Of a message of one part that was accepted."""
    smsc_id = answer[4]
    if smsc_id and (len(smsc_id) > _ID or route.ids is not IdForm.AUTO or not is_canonical(smsc_id)):
        smsc_id = _key(route, answer)
    return Result(answer[0], MessageEvent.SUBMIT_OK, route.name, smsc_id or None)


def judge(ready: Ready, route: Route, last: Answer) -> Result | None:
    """
    The result of a message of which each part has its answer, ``last`` the one that came last.

    Returns:
        None: some parts were accepted and the others refused for now: these must follow, see ``take_refused``.
    """
    kinds = {one.kind for one in ready.answers.values()}
    if kinds <= _AGAIN:
        return _again(ready, route, last)
    if kinds & _AGAIN and kinds <= _AGAIN | {_K.OK}:
        reason = _reason(kinds)
        if ready.part_refusals.count(reason) + 1 < (MAX_TRIES if reason is _K.TEMPORARY else MAX_PART_THROTTLED):
            return None
    event = next((event for kind, event in _EVENTS if kind in kinds), MessageEvent.SUBMIT_ERROR)
    if kinds & _AGAIN:
        event = MessageEvent.SUBMIT_ERROR
    return _final(ready, route, event)


def take_refused(ready: Ready) -> float:
    """Forget the answers of the parts that were refused for now; the seconds until these go again."""
    refused = {part: one.kind for part, one in ready.answers.items() if one.kind in _AGAIN}
    for part in refused:
        del ready.answers[part]
    reason = _reason(refused.values())
    delay_s = retry_delay_s(ready.part_refusals.count(reason), reason, jitter=random.random())
    ready.part_refusals += (reason,)
    return min(_LONGEST_PART_S, delay_s)


def _reason(kinds: Collection[AnswerKind]) -> AnswerKind:
    """Why a message must go again: temporary, if one of its parts was refused so; else it is throttled."""
    return _K.TEMPORARY if _K.TEMPORARY in kinds else _K.THROTTLED


def _again(ready: Ready, route: Route, answer: Answer) -> Result:
    kinds, marks_ms = {one.kind for one in ready.answers.values()}, tuple(ready.marks_ms)
    if kinds == {_K.UNSENT}:
        return Result(ready.message_id, MessageEvent.UNSENT, route.name, retry_ms=now_ms(), marks_ms=marks_ms)
    reason, error = _reason(kinds), status_name(answer.status)
    if reason is _K.TEMPORARY:
        again, before, most = MessageEvent.SUBMIT_RETRY, ready.tries, MAX_TRIES
    else:
        again, before, most = MessageEvent.SUBMIT_THROTTLED, ready.throttled, MAX_THROTTLED
    if before + 1 >= most:
        return Result(ready.message_id, MessageEvent.SUBMIT_ERROR, route.name, error=error)
    retry_ms = now_ms() + int(retry_delay_s(before, reason, jitter=random.random()) * 1000)
    return Result(ready.message_id, again, route.name, error=error, retry_ms=retry_ms, marks_ms=marks_ms)


def _final(ready: Ready, route: Route, event: MessageEvent) -> Result:
    answers = [ready.answers[part] for part in sorted(ready.answers)]
    error = next((status_name(one.status) for one in answers if one.status), None)
    if len(answers) == 1:
        return Result(ready.message_id, event, route.name, smsc_message_id=_key(route, answers[0]), error=error)
    parts = tuple(_part(route, one) for one in answers)
    return Result(ready.message_id, event, route.name, error=error, parts=parts)


def _part(route: Route, answer: Answer) -> PartAnswer:
    state = _STATES.get(answer.kind, MessageState.FAILED)
    return PartAnswer(answer.part, state, _key(route, answer), status_name(answer.status) if answer.status else None)


def late(route: Route, answer: Answer) -> Result | LatePart | None:
    """The truth after our timer, or after a lease that was lost."""
    if answer.kind not in {_K.OK, _K.PERMANENT}:
        return None
    if answer.parts != 1:
        return LatePart(answer.message_id, route.name, _part(route, answer))
    event = MessageEvent.SUBMIT_OK if answer.kind is _K.OK else MessageEvent.SUBMIT_ERROR
    error = status_name(answer.status) if answer.status else None
    return Result(answer.message_id, event, route.name, smsc_message_id=_key(route, answer), error=error)


def _key(route: Route, answer: Answer) -> str | None:
    """The SMSC's id in the form under which a receipt is looked up."""
    return canonical_id(answer.smsc_message_id[:_ID], form=route.ids) if answer.smsc_message_id else None


def receipt(route: Route, incoming: Incoming, *, seen_ms: int) -> Receipt | Word | None:
    """What a deliver_sm says of a message of ours, as far as it fits in a row; None: nothing that anybody can use."""
    said = incoming.receipt
    if said is None:
        return None
    smsc_id = said.smsc_message_id
    keys = (canonical_id(_fit(smsc_id, _ID), form=route.ids, source=IdSource.RECEIPT),) if smsc_id else ()
    if said.event is None:
        return Word(route.name, keys, _fit(said.stat, _STAT)) if keys and said.stat else None
    source, destination = incoming.destination[:_WORD], incoming.source[:_WORD]
    error, either_base = _fit(said.err, _WORD) or None, route.ids == IdForm.AUTO
    stands_for = None if route.receipts is PartsReceipt.EACH else route.receipts.value
    sent_ms, zoned = _sent(route, said.submit_date)
    return Receipt(
        route.name,
        keys,
        said.event,
        error,
        source,
        destination,
        seen_ms,
        either_base,
        stands_for,
        incoming.reference,
        sent_ms,
        zoned,
    )


@lru_cache(maxsize=1_024)  # thousands of receipts have the same minute
def _sent_at(submit_date: str, dialect: Dialect) -> tuple[int | None, bool]:
    moment = receipt_time(submit_date, zone=dialect.zone or UTC, date_format=dialect.date_format)
    zoned = dialect.zone is not None or names_zone(submit_date, date_format=dialect.date_format)
    return (int(moment.timestamp() * 1000), zoned) if moment else (None, False)


def _sent(route: Route, submit_date: str) -> tuple[int | None, bool]:
    """When the SMSC says that it got the message, in epoch milliseconds, and whether the zone of that is known."""
    return _sent_at(submit_date, route.dialect) if submit_date else (None, False)


def _fit(text: str, most: int) -> str:
    """Cut to ``most`` characters, and without NUL, which PostgreSQL cannot store: it would be refused for ever."""
    text = text[:most]
    return text.replace("\0", "") if "\0" in text else text
