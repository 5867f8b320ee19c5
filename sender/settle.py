"""
What became of what was submitted: answers of parts become results of messages, receipts become events, and both are
committed back to back, as soon as the previous commit is done. Receipts are acknowledged after their commit.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from domain import store
from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.receipt import canonical_id, receipt_keys
from domain.rules.route import Route
from domain.store import PartAnswer, Receipt, Result
from sender.feed import Held, Ready, now_ms
from sender.metrics import RECEIPTS, RESULTS
from sender.smpp import Answer, AnswerKind, Incoming, Link

log = structlog.get_logger()

_K = AnswerKind
_AGAIN: Final = frozenset({_K.TEMPORARY, _K.THROTTLED, _K.UNSENT})
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
MAX_TRIES: Final = 8  # submits that end in a temporary status; with the delays below about ten minutes
MAX_THROTTLED: Final = 100  # throttling is our pace, not the message's fault
_LONGEST_DELAY_S: Final = 300.0


def retry_delay_s(tries: int, kind: AnswerKind, *, jitter: float) -> float:
    """Seconds until a message goes again: 1, 2, 4 … 300, the throttled ones at most 5; ``jitter`` in 0..1."""
    longest = 5.0 if kind is _K.THROTTLED else _LONGEST_DELAY_S
    return min(longest, float(2 ** min(tries, 10))) * (0.75 + jitter / 2)


class Settler:
    """
    Args:
        resubmit: Takes a message of which some parts must follow.
        spent: Takes a claim of which nothing is left in memory.
    """

    def __init__(self, *, resubmit: Callable[[Ready, float], None], spent: Callable[[Held], None]) -> None:
        self._resubmit = resubmit
        self._spent = spent
        self._in_flight: dict[int, Ready] = {}
        self._answers: list[tuple[Route, Answer]] = []
        self._incoming: list[tuple[Link, Incoming]] = []
        self._event = asyncio.Event()
        self._unwritten: list[Result] = []

    @property
    def in_flight(self) -> int:
        """Messages submitted and not settled."""
        return len(self._in_flight)

    def watch(self, batch: Iterable[Ready]) -> None:
        """These are about to be marked and written."""
        self._in_flight.update((ready.message_id, ready) for ready in batch)

    def forget(self, batch: Iterable[Ready]) -> None:
        """These were refused by a guard before they were written: somebody else decided."""
        for ready in batch:
            self._in_flight.pop(ready.message_id, None)
            self._release(ready)

    def answered(self, route: Route, answers: Sequence[Answer]) -> None:
        """A link's callback: never waits, never raises."""
        self._answers.extend((route, answer) for answer in answers)
        self._event.set()

    def arrived(self, link: Link, incoming: Sequence[Incoming]) -> None:
        """A link's callback: never waits, never raises."""
        self._incoming.extend((link, one) for one in incoming)
        self._event.set()

    async def run(self) -> None:
        """Until cancelled. A failing database keeps what is not written; nothing is lost while the process lives."""
        delay_s = 0.1
        while True:
            await self._event.wait()
            self._event.clear()
            try:
                await self.flush()
                delay_s = 0.1
            except Exception:
                log.exception("settle_failed", results=len(self._unwritten), retry_in_s=delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 5.0)
                self._event.set()

    async def flush(self) -> None:
        """Write what has come in so far."""
        answers, self._answers = self._answers, []
        for route, answer in answers:
            result = self._result(route, answer)
            if result is not None:
                self._unwritten.append(result)
        if self._unwritten:
            await self._write_results()
        if self._incoming:
            await self._write_receipts()

    async def _write_results(self) -> None:
        batch = self._unwritten
        try:
            evidence = await store.current().record_results(batch, now_ms=now_ms())
        except Exception:
            if len(batch) == 1:
                raise
            # One bad row must not hold up the others.
            log.exception("batch_failed", results=len(batch))
            await self._write_one_by_one(batch)
            return
        self._unwritten = []
        for event, count in evidence.applied.items():
            RESULTS.labels(event).inc(count)
        for result in batch:
            self._settled(result)

    async def _write_one_by_one(self, batch: list[Result]) -> None:
        failed: list[Result] = []
        for result in batch:
            try:
                await store.current().record_results([result], now_ms=now_ms())
            except Exception:
                log.exception("result_failed", message=result.message_id, event=result.event)
                failed.append(result)
            else:
                self._settled(result)
        self._unwritten = failed
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(batch)} results could not be written")

    async def _write_receipts(self) -> None:
        batch, self._incoming = self._incoming, []
        receipts = [receipt for link, one in batch if (receipt := _receipt(link, one))]
        try:
            if receipts:
                evidence = await store.current().record_receipts(receipts, now_ms=now_ms())
                for event, count in evidence.applied.items():
                    RECEIPTS.labels(event).inc(count)
        except Exception:
            # Not stored, so not acknowledged: the SMSC sends them again on the next connection.
            for link in {id(link): link for link, _ in batch}.values():
                link.refuse([one for other, one in batch if other is link])
            raise
        for link in {id(link): link for link, _ in batch}.values():
            link.ack([one for other, one in batch if other is link])

    def _settled(self, result: Result) -> None:
        ready = self._in_flight.pop(result.message_id, None)
        if ready is not None:
            self._release(ready)

    def _release(self, ready: Ready) -> None:
        ready.held.in_flight -= 1
        if ready.held.spent:
            self._spent(ready.held)

    def _result(self, route: Route, answer: Answer) -> Result | None:
        """The result of the message, once the last of its parts has its answer."""
        ready = self._in_flight.get(answer.message_id)
        if ready is None:
            return _late(route, answer)
        ready.answers[answer.part] = answer
        if len(ready.answers) < ready.segments:
            return None
        kinds = {one.kind for one in ready.answers.values()}
        if kinds <= _AGAIN:
            return _again(ready, route, answer)
        if kinds & _AGAIN and kinds <= _AGAIN | {_K.OK} and ready.part_tries < MAX_TRIES:
            self._follow(ready)
            return None
        event = next((event for kind, event in _EVENTS if kind in kinds), MessageEvent.SUBMIT_ERROR)
        if kinds & _AGAIN:
            event = MessageEvent.SUBMIT_ERROR
        return _final(ready, route, event)

    def _follow(self, ready: Ready) -> None:
        """Some parts were accepted, the others refused for now: only these go again, under the same reference."""
        again = [part for part, one in ready.answers.items() if one.kind in _AGAIN]
        for part in again:
            del ready.answers[part]
        ready.part_tries += 1
        self._resubmit(ready, retry_delay_s(ready.part_tries, _K.THROTTLED, jitter=random.random()))


def _again(ready: Ready, route: Route, answer: Answer) -> Result:
    kinds = {one.kind for one in ready.answers.values()}
    if kinds == {_K.UNSENT}:
        return Result(ready.message_id, MessageEvent.UNSENT, route.name, retry_ms=now_ms())
    kind = _K.TEMPORARY if _K.TEMPORARY in kinds else _K.THROTTLED
    error = f"{answer.status:#x}"
    if ready.tries + 1 >= (MAX_TRIES if kind is _K.TEMPORARY else MAX_THROTTLED):
        return Result(ready.message_id, MessageEvent.SUBMIT_ERROR, route.name, error=error)
    delay_ms = int(retry_delay_s(ready.tries, kind, jitter=random.random()) * 1000)
    return Result(ready.message_id, MessageEvent.SUBMIT_RETRY, route.name, error=error, retry_ms=now_ms() + delay_ms)


def _final(ready: Ready, route: Route, event: MessageEvent) -> Result:
    answers = [ready.answers[part] for part in sorted(ready.answers)]
    error = next((f"{one.status:#x}" for one in answers if one.status), None)
    if len(answers) == 1:
        return Result(ready.message_id, event, route.name, smsc_message_id=_key(route, answers[0]), error=error)
    parts = tuple(
        PartAnswer(
            one.part,
            _STATES.get(one.kind, MessageState.FAILED),
            _key(route, one),
            f"{one.status:#x}" if one.status else None,
        )
        for one in answers
    )
    return Result(ready.message_id, event, route.name, error=error, parts=parts)


def _late(route: Route, answer: Answer) -> Result | None:
    """The truth after our timer, or after a lease that was lost. Parts of a long message are left to their receipts."""
    if answer.parts != 1 or answer.kind not in {_K.OK, _K.PERMANENT}:
        return None
    event = MessageEvent.SUBMIT_OK if answer.kind is _K.OK else MessageEvent.SUBMIT_ERROR
    error = f"{answer.status:#x}" if answer.status else None
    return Result(answer.message_id, event, route.name, smsc_message_id=_key(route, answer), error=error)


def _key(route: Route, answer: Answer) -> str | None:
    """The SMSC's id in the form under which a receipt is looked up."""
    return canonical_id(answer.smsc_message_id, form=route.ids) if answer.smsc_message_id else None


def _receipt(link: Link, incoming: Incoming) -> Receipt | None:
    """What a deliver_sm says of a message of ours; None: nothing that changes one."""
    word, route = incoming.receipt, link.route
    if word is None or word.event is None:
        return None
    return Receipt(
        route=route.name,
        smsc_message_ids=receipt_keys(word.smsc_message_id, form=route.ids) if word.smsc_message_id else (),
        event=word.event,
        error=word.err or None,
        source=incoming.destination,
        destination=incoming.source,
        seen_ms=now_ms(),
    )
