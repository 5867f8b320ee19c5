"""
What became of what was submitted: answers of parts become results of messages, receipts become events, and both are
committed back to back, as soon as the previous commit is done. Receipts are acknowledged after their commit.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import structlog

from domain import store
from domain.rules.message_state import MessageEvent
from domain.rules.route import Route
from domain.store import Evidence, LatePart, Receipt, Result, Word
from sender.clock import now_ms
from sender.consequences import Consequences
from sender.feed import Held, Ready
from sender.metrics import RECEIPTS, RESULTS
from sender.orphans import Adopter
from sender.results import judge, late, plain, receipt, take_refused
from sender.smpp import Answer, AnswerKind, Incoming, Link, consequence

log = structlog.get_logger()

_DOUBT: Final = (MessageEvent.RESPONSE_TIMEOUT, MessageEvent.BIND_LOST)
_REFUSED: Final = frozenset({AnswerKind.PERMANENT, AnswerKind.BARRED, AnswerKind.THROTTLED})
_GIVE_UP: Final = 3  # rows that fail one after the other: then it is the database, not a row


class Settler:
    """
    Args:
        resubmit: Takes a message of which some parts must follow.
        spent: Takes a claim of which nothing is left in memory.
        written: Is told of results once they are written, with what is in flight.
        adopter: Is told of receipts without a message, and of messages in doubt.
        throttled: Is told of a route whose operator says that we are too fast.
    """

    def __init__(
        self,
        *,
        resubmit: Callable[[Ready, float], None],
        spent: Callable[[Held], None],
        written: Callable[[Sequence[Result], Mapping[int, Ready]], None],
        adopter: Adopter,
        throttled: Callable[[Route], None],
    ) -> None:
        self.consequences = Consequences()
        self._throttled = throttled
        self._resubmit = resubmit
        self._spent = spent
        self._written = written
        self._adopter = adopter
        self._in_flight: dict[int, Ready] = {}
        self._answers: list[tuple[Route, Sequence[Answer]]] = []
        self._incoming: list[tuple[Link, Sequence[Incoming]]] = []
        self._event = asyncio.Event()
        self._unwritten: list[Result] = []
        self._late_parts: list[LatePart] = []
        self._well = True  # the results before these were written

    @property
    def in_flight(self) -> int:
        """Messages submitted and not settled."""
        return len(self._in_flight)

    def watch(self, batch: Sequence[Ready]) -> None:
        """These are about to be marked and written."""
        self._in_flight.update([(ready.message_id, ready) for ready in batch])

    def forget(self, batch: Sequence[Ready]) -> None:
        """These were refused by a guard before they were written: somebody else decided."""
        ids = [ready.message_id for ready in batch]
        self._free(ids)
        self._release(ids)

    def answered(self, route: Route, answers: Sequence[Answer]) -> None:
        """A link's callback: never waits, never raises."""
        self._answers.append((route, answers))
        self._event.set()

    def arrived(self, link: Link, incoming: Sequence[Incoming]) -> None:
        """A link's callback: never waits, never raises."""
        self._incoming.append((link, incoming))
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
        """
        Write what has come in so far.

        Raises:
            Exception: Some of it could not be written; the results among it are kept.
        """
        arrived, self._incoming = self._incoming, []
        answered, self._answers = self._answers, []
        for route, answers in answered:
            self._unwritten += self._results(route, answers)
        if self._late_parts:
            await self._write_late_parts()
        if not arrived:
            if self._unwritten:
                await self._write_results()
            return
        # Side by side, so that they share a commit; results first, for a receipt may be of one of them.
        done = await asyncio.gather(self._write_results(), self._write_receipts(arrived), return_exceptions=True)
        for failure in done:
            if failure is not None:
                raise failure

    async def _write_results(self) -> None:
        batch = self._unwritten
        if not batch:
            return
        ids = {result.message_id for result in batch}
        ahead = self._well and store.current().in_order
        if ahead:
            self._free(ids)
        try:
            evidence = await store.current().record_results(batch, now_ms=now_ms())
        except Exception:
            self._well = False
            if ahead:
                self._free(ids, -1)
            if len(batch) == 1:
                raise
            # One bad row must not hold up the others.
            log.exception("batch_failed", results=len(batch))
            await self._write_one_by_one(batch)
            return
        self._well = True
        self._unwritten = []
        self._count(evidence)
        self._written(batch, self._in_flight)
        if not ahead:
            self._free(ids)
        self._release(ids)

    def _count(self, evidence: Evidence) -> None:
        for event, count in evidence.applied.items():
            RESULTS.labels(event).inc(count)
        if any(evidence.applied.get(event) for event in _DOUBT):
            self._adopter.doubt()

    async def _write_late_parts(self) -> None:
        """Of messages that are in doubt already: nobody waits for these, a failure tries them again."""
        batch, self._late_parts = self._late_parts, []
        try:
            self._count(await store.current().record_late_parts(batch, now_ms=now_ms()))
        except BaseException:
            self._late_parts = batch + self._late_parts
            raise

    async def _write_one_by_one(self, batch: list[Result]) -> None:
        failed: list[Result] = []
        row = 0  # failures without a success between them
        for result in batch:
            if row < _GIVE_UP:
                try:
                    self._count(await store.current().record_results([result], now_ms=now_ms()))
                except Exception:
                    log.exception("result_failed", message=result.message_id, result=result.event)
                    row += 1
                else:
                    self._written([result], self._in_flight)
                    self._free([result.message_id])
                    self._release([result.message_id])
                    row = 0
                    continue
            failed.append(result)
        self._unwritten = failed
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(batch)} results could not be written")

    async def _write_receipts(self, arrived: Sequence[tuple[Link, Sequence[Incoming]]]) -> None:
        """Store, then acknowledge. What cannot be stored is not acknowledged: its link is dropped, it comes again."""
        try:
            await self._store_receipts(arrived)
        except Exception:
            log.exception("receipts_failed", receipts=sum(len(incoming) for _, incoming in arrived))
            await self._write_receipts_one_by_one([(link, [one]) for link, incoming in arrived for one in incoming])
            return
        for link, incoming in arrived:
            link.ack(incoming)

    async def _write_receipts_one_by_one(self, arrived: Sequence[tuple[Link, Sequence[Incoming]]]) -> None:
        refused: list[tuple[Link, Sequence[Incoming]]] = []
        row = 0
        for link, incoming in arrived:
            if row < _GIVE_UP:
                try:
                    await self._store_receipts([(link, incoming)])
                except Exception:
                    log.exception("receipt_failed", link=link.name)
                    row += 1
                else:
                    link.ack(incoming)
                    row = 0
                    continue
            refused.append((link, incoming))
        for link, incoming in refused:
            link.refuse(incoming)

    async def _store_receipts(self, arrived: Sequence[tuple[Link, Sequence[Incoming]]]) -> None:
        seen_ms = now_ms()
        told = [receipt(link.route, one, seen_ms=seen_ms) for link, incoming in arrived for one in incoming]
        receipts = [one for one in told if isinstance(one, Receipt)]
        if receipts:
            evidence = await store.current().record_receipts(receipts, now_ms=seen_ms)
            for event, count in evidence.applied.items():
                RECEIPTS.labels(event).inc(count)
            if evidence.waiting:
                self._adopter.waiting()
        if len(receipts) < len(told):
            words = [one for one in told if isinstance(one, Word)]
            if words:
                await store.current().record_words(words)

    def _free(self, message_ids: Iterable[int], sign: int = 1) -> None:
        """
        These leave room in the window: their results are committed, or will be no later than any mark that is asked
        for from now on. With a ``sign`` of -1 they were not, and take their room again; what was marked meanwhile, a
        window at the most, is in doubt beside them after a crash.
        """
        freed: dict[Callable[[int], None], int] = {}
        for message_id in message_ids:
            ready = self._in_flight.get(message_id)
            if ready is not None:
                freed[ready.freed] = freed.get(ready.freed, 0) + ready.parts
        for tell, parts in freed.items():
            tell(sign * parts)

    def _release(self, message_ids: Iterable[int]) -> None:
        """These are settled; a claim of which they were the last goes back."""
        forget, spent = self._in_flight.pop, []
        for message_id in message_ids:
            ready = forget(message_id, None)
            if ready is not None:
                held = ready.held
                held.in_flight -= 1
                if not held.in_flight and held.spent:
                    spent.append(held)
        for held in spent:
            self._spent(held)

    def _refused(self, ready: Ready | None, route: Route, answer: Answer) -> None:
        """Beyond its message a refusal may mean its campaign, the route, everything, or only our pace."""
        if answer.kind is AnswerKind.THROTTLED:
            self._throttled(route)
        elif ready is not None and answer.status:
            meant = consequence(answer.status, route)
            self.consequences.refused(
                meant,
                route=route.name,
                campaign_id=ready.held.claim.campaign_id,
                message_id=ready.message_id,
                now=time.monotonic(),
            )

    def _results(self, route: Route, answers: Sequence[Answer]) -> list[Result]:
        """The results of messages of which these answers are the last ones."""
        results: list[Result] = []
        if self.consequences.suspicious:
            self.consequences.accepted(
                ready.held.claim.campaign_id
                for answer in answers
                if answer.kind is AnswerKind.OK and (ready := self._in_flight.get(answer.message_id)) is not None
            )
        for answer in answers:
            if answer.parts == 1 and answer.kind is AnswerKind.OK:  # by far the most; in time or late, it is the same
                results.append(plain(route, answer))
                continue
            ready = self._in_flight.get(answer.message_id)
            if answer.kind in _REFUSED:
                self._refused(ready, route, answer)
            result = self._result(ready, route, answer) if ready else late(route, answer)
            if isinstance(result, LatePart):
                self._late_parts.append(result)
            elif result is not None:
                results.append(result)
        return results

    def _result(self, ready: Ready, route: Route, answer: Answer) -> Result | None:
        """The result of the message, once the last of its parts has its answer."""
        ready.answers[answer.part] = answer
        if len(ready.answers) < ready.parts:
            return None
        result = judge(ready, route, answer)
        if result is None:
            # Only these parts go again, under the same reference.
            self._resubmit(ready, take_refused(ready))
        return result
