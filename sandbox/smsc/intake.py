"""The way of a submit_sm, the hot path: read, judged by the rulebook, entered in journal and ledger, answered."""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

from sandbox.smsc import alphabet, pdu
from sandbox.smsc.behaviour import Answer, Behaviour
from sandbox.smsc.journal import Counters, Journal, Message
from sandbox.smsc.ledger import Ledger, submit_line
from sandbox.smsc.rulebook import Plan, Rulebook, write_id

# Ids begin with the time of the start, so that they stay unique over restarts without a ledger too: below 100,000
# submits a second on average no start can reach the next one's.
_IDS_PER_SECOND: Final = 100_000
_ID_EPOCH: Final = 1_700_000_000
_CUTS: Final = frozenset({Answer.HALF, Answer.CLOSE, Answer.THEN_CLOSE})
_PACK: Final = pdu.HEADER.pack


class Answered(Protocol):
    """The link that a submit came by."""

    name: str
    system_id: str

    def answer(self, octets: bytes) -> None: ...
    def hold(self, octets: bytes) -> None: ...
    def stop_reading(self) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
    def unbind(self) -> None: ...


class Batch:
    """What one read brought: answers to write together, and what happens around that write."""

    __slots__ = ("answers", "early", "late", "lines", "link", "messages", "now", "read", "swapped", "taken", "then")

    def __init__(self, link: Answered) -> None:
        self.link = link
        self.read = asyncio.get_running_loop().time()
        # To the millisecond, as the ledger keeps it: a message looks the same after a restart.
        self.now = round(time.time(), 3)
        self.messages: list[Message] = []
        self.lines: list[str] = []
        self.early: list[Message] = []
        self.answers: list[bytes] = []
        self.taken: list[Message] = []
        self.swapped: list[tuple[int, bytes]] = []
        self.then: list[Callable[[], None]] = []
        self.late: dict[float, Batch] = {}  # answers that come later, by how many seconds

    def at(self, delay_s: float) -> "Batch":
        """What is answered ``delay_s`` after the read; at 0 that is this one."""
        if not delay_s:
            return self
        late = self.late.get(delay_s)
        if late is None:
            late = self.late[delay_s] = Batch(self.link)
        return late


class Intake:
    """
    Takes submits.

    Args:
        answered: Called with the messages taken once their answer is written, or would be: receipts count from now.
        strict_length: Refuse with ESME_RINVMSGLEN what does not fit one SMS, as an SMSC does that never splits.
    """

    def __init__(
        self,
        journal: Journal,
        ledger: Ledger | None,
        *,
        rulebook: Rulebook,
        answered: Callable[[Iterable[Message]], None],
        strict_length: bool,
    ) -> None:
        self.rulebook = rulebook
        self.last_number = 0
        self._journal = journal
        self._ledger = ledger
        self._answered = answered
        self._strict_length = strict_length

    def start_ids(self) -> None:
        """Move the ids on to this start's range."""
        self.last_number = max(self.last_number, int(time.time() - _ID_EPOCH) * _IDS_PER_SECOND)

    def take(self, link: Answered, submits: list[tuple[int, bytes]]) -> None:
        """Deal with the submits of one read: sequence number and body."""
        batch = Batch(link)
        session, system_id, now = link.name, link.system_id, batch.now
        messages, answers, taken, lines = batch.messages, batch.answers, batch.taken, batch.lines
        find, needs_part, ledger, locate = self.rulebook.find, self.rulebook.needs_part, self._ledger, pdu.locate
        n, number, counters = self._journal.last_n, self.last_number, self._journal.counters
        part = accepted = 0
        for sequence, body in submits:
            n += 1
            try:
                _, start, end, flags = locate(body)
                destination = body[start:end]
                if body[flags + 5] > 140 or not 0 < end - start <= 20 or not destination.isdigit():
                    self._check(body, destination, flags)
            except pdu.BodyError as error:
                message = Message(n, now, session, system_id, sequence, error.status, 0, "", body, b"", 0, 0, None)
                self._refuse(batch, message)
                continue
            if needs_part:
                part = alphabet.part_of(pdu.parse_submit(body)).number
            plan = find(destination, part)
            if plan.plain:
                number += 1
                written = plan.id_format % number
                message = Message(
                    n, now, session, system_id, sequence, 0, number, written, body, destination, end, flags, plan
                )
                messages.append(message)
                taken.append(message)
                accepted += 1
                answers.append(_PACK(17 + len(written), 0x80000004, 0, sequence) + written.encode() + b"\0")
                if ledger is not None:
                    lines.append(submit_line(message, plan.due))
                continue
            status = None if plan.silent else plan.status
            message = Message(n, now, session, system_id, sequence, status, 0, "", body, destination, end, flags, plan)
            if status == 0:
                number += 1
                message.number, message.id = number, write_id(number, plan.behaviour.id_form)
            self._special(batch, message, plan)
            if plan.behaviour.answer in _CUTS:
                # The rest of this read was in flight when the link fell: never received.
                link.stop_reading()
                break
        self._journal.last_n, self.last_number = n, number
        counters.received += len(messages)
        counters.accepted += accepted
        self._journal.add(messages, now=now)
        if ledger is None:
            self._finish(batch, durable=True)
        else:
            ledger.append("".join(lines), lambda durable: self._finish(batch, durable=durable))

    def when_answered(self, link: Answered, octets: bytes, *, then_close: bool) -> None:
        """Write ``octets`` behind the answers that wait for the ledger."""

        def write(_durable: bool) -> None:
            link.answer(octets)
            if then_close:
                link.close()

        if self._ledger is None:
            write(True)
        else:
            self._ledger.append("", write)

    def _finish(self, batch: Batch, *, durable: bool) -> None:
        link = batch.link
        if not durable:
            link.abort()
            return
        if batch.early:
            self._answered(batch.early)
        for place, octets in batch.swapped:
            if place < len(batch.answers):
                batch.answers.append(octets)
            else:
                batch.then.append(partial(link.hold, octets))
        link.answer(b"".join(batch.answers))
        if batch.taken:
            self._answered(batch.taken)
        for action in batch.then:
            action()
        for delay_s, late in batch.late.items():
            # A response time counts from the read: what judging and ledger took is part of it.
            asyncio.get_running_loop().call_at(batch.read + delay_s, partial(self._finish, late, durable=True))

    def _check(self, body: bytes, destination: bytes, flags: int) -> None:
        if not 0 < len(destination) <= 20 or not destination.isdigit():
            raise pdu.BodyError(pdu.ESME_RINVDSTADR)
        if not self._strict_length:
            return
        submit = pdu.parse_submit(body)
        header = alphabet.header_octets(submit.esm_class, submit.short_message)
        gsm = alphabet.is_gsm(submit.data_coding)
        if body[flags + 5] - header > alphabet.segment_limit(octets=header, gsm=gsm):
            raise pdu.BodyError(pdu.ESME_RINVMSGLEN)

    def _refuse(self, batch: Batch, message: Message) -> None:
        assert message.status is not None
        self._enter(batch, message, None)
        batch.answers.append(_answer(message))

    def _enter(self, batch: Batch, message: Message, plan: Plan | None) -> None:
        batch.messages.append(message)
        count(self._journal.counters, message)
        if self._ledger is not None:
            batch.lines.append(submit_line(message, plan.due if plan is not None and message.number else None))

    def _special(self, batch: Batch, message: Message, plan: Plan) -> None:
        behaviour = plan.behaviour
        octets = b"" if message.status is None else _answer(message)
        if behaviour.answer in (Answer.NONE, Answer.CLOSE, Answer.HALF):
            message.status = None
        self._enter(batch, message, plan)
        if message.number and behaviour.receipt.before_response:
            batch.early.append(message)
        self._send(batch.at(behaviour.answer_delay_s), message, octets, behaviour)

    def _send(self, batch: Batch, message: Message, octets: bytes, behaviour: Behaviour) -> None:
        link = batch.link
        if message.number and not behaviour.receipt.before_response:
            batch.taken.append(message)
        match behaviour.answer:
            case Answer.NORMAL:
                batch.answers.append(octets)
            case Answer.TWICE:
                batch.answers += [octets, octets]
            case Answer.SWAPPED:
                batch.swapped.append((len(batch.answers), octets))
            case Answer.HALF:
                batch.answers.append(octets[: len(octets) // 2])
                batch.then.append(link.close)
            case Answer.CLOSE:
                batch.then.append(link.close)
            case Answer.THEN_CLOSE:
                batch.answers.append(octets)
                batch.then.append(link.close)
            case Answer.THEN_UNBIND:
                batch.answers.append(octets)
                batch.then.append(link.unbind)
            case Answer.NONE:
                pass


def _answer(message: Message) -> bytes:
    # SMPP 3.4 §4.4.2: no body beside an error
    body = message.id.encode() + b"\0" if message.number else b""
    return pdu.pdu(pdu.SUBMIT_SM_RESP, message.status or 0, message.sequence, body)


def count(counters: Counters, message: Message) -> None:
    """Count a message by its answer; ``received`` is the caller's."""
    if message.status is None:
        counters.silent += 1
    elif message.status in (pdu.ESME_RTHROTTLED, pdu.ESME_RMSGQFUL):
        counters.throttled += 1
    elif message.status:
        counters.refused += 1
    else:
        counters.accepted += 1
