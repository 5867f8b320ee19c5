"""
The sending half of one connection: what may be written, what was, what its answers mean. Makes octets and answers out
of messages and responses; reads and writes no socket, and the time is an argument.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import structlog

from domain.rules.route import Route
from sender.smpp import pdu, statuses
from sender.smpp.inbound import read_message_id
from sender.smpp.messages import Answer, AnswerKind, Outgoing
from sender.smpp.submit import SubmitBody, Unsendable
from sender.smpp.window import Hold, InFlight, Window

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A part of a message that is half written: the window was full."""

    message_id: int
    part: int
    parts: int
    body: bytes


class Outflow:
    """
    Args:
        sequence: Gives the next sequence number, 1..0x7FFFFFFF; shared by all connections of a bind.
    """

    def __init__(self, route: Route, *, body: SubmitBody, sequence: Callable[[], int]) -> None:
        self._route = route
        self._body = body
        self._sequence = sequence
        self._window = Window(route.window, timeout_s=route.response_timeout_s)
        self._hold = Hold()
        self._tail: deque[_Waiting] = deque()
        self._kinds: dict[int, AnswerKind] = {}
        self._stopping = False

    @property
    def in_flight(self) -> int:
        """Submits that are written and not answered."""
        return len(self._window)

    @property
    def idle(self) -> bool:
        """Nothing is in flight, and nothing is half written."""
        return not self._tail and not self._window

    def room(self, now_s: float) -> int:
        """Submits that may be written now."""
        if self._stopping or self._tail or self._hold.active(now_s):
            return 0
        return self._window.room

    def stop(self) -> None:
        """No further messages; the rest of one that is half written still goes."""
        self._stopping = True

    def submit(
        self, batch: Sequence[Outgoing], out: list[bytes], answers: list[Answer], *, room: int, now_s: float
    ) -> int:
        """
        Put as many messages as fit into ``room`` on ``out``. A message of several parts is begun if one part fits, and
        its rest waits here. What does not fit, and what cannot be built, goes to ``answers``.

        Returns:
            The number of messages that were taken.
        """
        taken = 0
        for message in batch:
            if room <= 0 or self._tail:
                break
            taken += 1
            try:
                bodies = self._body.build(message)
            except Unsendable as error:
                _log.warning("unsendable", route=self._route.name, message_id=message.message_id, reason=str(error))
                answers += _unwritten(message, AnswerKind.PERMANENT, status=error.status)
                continue
            message_id, parts = message.message_id, len(message.parts)
            for part, body in bodies:
                if room > 0:
                    room -= 1
                    self._write(InFlight(message_id, part, parts, now_s), body, out)
                else:
                    self._tail.append(_Waiting(message_id, part, parts, body))
        for message in batch[taken:]:
            answers += _unwritten(message, AnswerKind.UNSENT)
        return taken

    def refill(self, out: list[bytes], *, now_s: float) -> None:
        """Go on with the message that is half written, as far as the window allows."""
        if self._tail and not self._hold.active(now_s):
            while self._tail and self._window.room > 0:
                rest = self._tail.popleft()
                self._write(InFlight(rest.message_id, rest.part, rest.parts, now_s), rest.body, out)

    def _write(self, entry: InFlight, body: bytes, out: list[bytes]) -> None:
        sequence = self._sequence()
        self._window.add(sequence, entry)
        out.append(pdu.HEADER.pack(pdu.HEADER_SIZE + len(body), pdu.SUBMIT_SM, 0, sequence))
        out.append(body)

    def answered(self, frame: pdu.Frame, answers: list[Answer], *, now_s: float) -> float | None:
        """
        Take in a submit_sm_resp or generic_nack.

        Returns:
            The seconds of a pause that begins now because of throttling; None: none begins.
        """
        command, status, sequence, body = frame
        entry = self._window.answer(sequence)
        if entry is None:
            _log.info("response_to_nothing", route=self._route.name, sequence=sequence, status=status)
            return None
        kind = self._kinds.get(status) or self._classify(status)
        if kind is AnswerKind.OK and command == pdu.SUBMIT_SM_RESP:
            message_id, part, parts, written_s = entry
            answers.append(Answer(message_id, part, parts, 0, read_message_id(body), AnswerKind.OK))
            if self._hold.stepped:
                self._hold.accepted(written_s)
            return None
        if kind is AnswerKind.OK:
            kind = AnswerKind.PERMANENT  # a generic_nack is a refusal, whatever its status says
        answers.append(_of(entry, kind, status=status))
        if self._tail and self._tail[0].message_id == entry.message_id:
            # The rest of a message that lost a part would be paid for and never shown.
            answers += self.drop_half_written()
        if kind is AnswerKind.THROTTLED:
            return self._hold.throttled(entry.written_s, now_s=now_s)
        return None

    def _classify(self, status: int) -> AnswerKind:
        """Once for each status that this connection meets."""
        kind = statuses.classify(status, self._route)
        self._kinds[status] = kind
        if not statuses.is_known(status):
            _log.warning("unknown_status", route=self._route.name, status=f"0x{status:08x}", treated_as=str(kind))
        return kind

    def expire(self, now_s: float) -> list[Answer]:
        """Those whose response timer ran out."""
        return [_of(entry, AnswerKind.NO_RESPONSE) for entry in self._window.expire(now_s)]

    def drop_half_written(self) -> list[Answer]:
        """Give up the parts that wait for the window."""
        dropped = [Answer(rest.message_id, rest.part, rest.parts, 0, None, AnswerKind.UNSENT) for rest in self._tail]
        self._tail.clear()
        return dropped

    def close(self) -> list[Answer]:
        """The connection is gone: what was written is in doubt, what waited was never sent."""
        self._stopping = True
        return [_of(entry, AnswerKind.DISCONNECTED) for entry in self._window.drain()] + self.drop_half_written()


def unsent(batch: Iterable[Outgoing]) -> list[Answer]:
    """Hand a whole batch back: nothing of it was written."""
    return [answer for message in batch for answer in _unwritten(message, AnswerKind.UNSENT)]


def _of(entry: InFlight, kind: AnswerKind, *, status: int = 0) -> Answer:
    return Answer(entry.message_id, entry.part, entry.parts, status, None, kind)


def _unwritten(message: Outgoing, kind: AnswerKind, *, status: int = 0) -> list[Answer]:
    parts = len(message.parts)
    numbers = message.only or range(1, parts + 1)
    return [Answer(message.message_id, part, parts, status, None, kind) for part in numbers]
