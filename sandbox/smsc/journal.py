"""What the SMSC has received, in memory: the last submits as raw octets, decoded when asked, and counters."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sandbox.smsc import alphabet, pdu
from sandbox.smsc.alphabet import DefaultAlphabet
from sandbox.smsc.behaviour import Stat
from sandbox.smsc.rulebook import Plan

# Contents remembered to notice duplicates, beyond the messages themselves: 8 octets of hash each.
_MAX_CONTENTS: Final = 2_000_000

_UNREADABLE: Final[dict[str, object]] = {
    "source": "", "destination": "", "data_coding": 0, "esm_class": 0, "text": "", "part": 1, "parts": 1,
    "reference": None, "registered_delivery": 0, "validity_period": "",
}  # fmt: skip


class Message:
    """
    One submit as it came.

    ``n`` counts submits from 1; ``time`` is seconds since the epoch; ``status`` is the answer given, None for none;
    ``number`` is the message id as a number and ``id`` as it was written in the answer, 0 and "" when it was not taken;
    ``stat`` is the last receipt's; ``arrived`` whether the phone has it; ``end_at`` and ``flags_at`` are where
    ``pdu.locate`` found the NULs of destination_addr and validity_period, 0 for a body that could not be read.
    """

    __slots__ = (
        "arrived", "body", "destination", "end_at", "flags_at", "id", "n", "number", "plan", "sequence", "session",
        "stat", "status", "system_id", "time",
    )  # fmt: skip

    def __init__(
        self,
        n: int,
        time: float,
        session: str,
        system_id: str,
        sequence: int,
        status: int | None,
        number: int,
        id: str,  # noqa: A002
        body: bytes,
        destination: bytes,
        end_at: int,
        flags_at: int,
        plan: Plan | None,
    ) -> None:
        self.n = n
        self.time = time
        self.session = session
        self.system_id = system_id
        self.sequence = sequence
        self.status = status
        self.number = number
        self.id = id
        self.body = body
        self.destination = destination
        self.end_at = end_at
        self.flags_at = flags_at
        self.plan = plan
        self.stat: Stat | None = None
        self.arrived = False

    @property
    def registered_delivery(self) -> int:
        """registered_delivery as sent (SMPP 3.4 §5.2.17), 0 for a body that could not be read."""
        return self.body[self.flags_at + 1] if self.flags_at else 0

    @property
    def esm_class(self) -> int:
        return self.body[self.end_at + 1] if self.end_at else 0

    @property
    def data_coding(self) -> int:
        return self.body[self.flags_at + 3] if self.flags_at else 0


@dataclass(slots=True)
class Counters:
    """Totals since the start of the ledger or the last reset."""

    received: int = 0
    accepted: int = 0
    refused: int = 0
    throttled: int = 0
    silent: int = 0
    receipts: int = 0
    acknowledged: int = 0
    incoming: int = 0


class Journal:
    """Messages in order of arrival. ``keep`` bounds how many stay; older ones remain in the ledger only."""

    def __init__(self, *, keep: int, default_alphabet: DefaultAlphabet) -> None:
        self.counters = Counters()
        self.last_n = 0
        self._keep = keep
        self._alphabet = default_alphabet
        self._messages: list[Message] = []
        self._contents: dict[int, None] = {}
        self._examined = 0
        self._duplicates = 0
        self._second = 0
        self._this_second = 0
        self._last_second = 0

    def add(self, messages: list[Message], *, now: float) -> None:
        """Append what one read brought; ``now`` is seconds since the epoch."""
        self._messages += messages
        if len(self._messages) > self._keep + max(1_000, self._keep // 4):
            self._examine()
            gone = len(self._messages) - self._keep
            del self._messages[:gone]
            self._examined -= gone
        self._roll(int(now))
        self._this_second += len(messages)

    def since(self, n: int) -> list[Message]:
        """The kept messages numbered ``n`` and above."""
        if not self._messages:
            return []
        return self._messages[max(0, n - self._messages[0].n) :]

    def clear(self) -> None:
        """Forget messages and counters; numbers go on growing."""
        self.counters = Counters()
        self._messages.clear()
        self._contents.clear()
        self._examined = self._duplicates = 0

    @property
    def rate(self) -> int:
        """Submits in the last whole second."""
        self._roll(int(time.time()))
        return self._last_second

    @property
    def duplicates(self) -> int:
        """Messages taken whose destination, part and text had been taken before; worked out when asked."""
        self._examine()
        return self._duplicates

    def view(self, messages: list[Message]) -> Iterator[dict[str, object]]:
        """The messages as ``GET /sim/smsc/messages`` shows them, decoded now."""
        for message in messages:
            yield self._view(message)

    def _view(self, message: Message) -> dict[str, object]:
        shown: dict[str, object] = {
            "n": message.n,
            "time": iso_time(message.time),
            "session": message.session,
            "sequence": message.sequence,
            "status": message.status,
            "smsc_message_id": message.id or None,
            "stat": message.stat,
        }
        try:
            submit = pdu.parse_submit(message.body)
        except pdu.BodyError:
            return shown | _UNREADABLE
        part = alphabet.part_of(submit)
        return shown | {
            "source": submit.source,
            "destination": submit.destination,
            "data_coding": submit.data_coding,
            "esm_class": submit.esm_class,
            "text": alphabet.text_of(submit, alphabet=self._alphabet),
            "part": part.number,
            "parts": part.total,
            "reference": part.reference,
            "registered_delivery": submit.registered_delivery,
            "validity_period": submit.validity_period,
        }

    def _examine(self) -> None:
        contents = self._contents
        for message in self._messages[self._examined :]:
            if message.number:
                content = _content(message)
                if content in contents:
                    self._duplicates += 1
                contents[content] = None
        self._examined = len(self._messages)
        while len(contents) > _MAX_CONTENTS:
            del contents[next(iter(contents))]

    def _roll(self, second: int) -> None:
        if second != self._second:
            self._last_second = self._this_second if second == self._second + 1 else 0
            self._second, self._this_second = second, 0


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _content(message: Message) -> int:
    body, flags = message.body, message.flags_at
    if not message.esm_class & pdu.ESM_UDHI and flags + 6 + body[flags + 5] == len(body):
        return hash((message.destination, body[flags + 3], body[flags + 6 :]))
    # A repeated long SMS has a new reference: compare what the phone would show, not how it was tied together.
    submit = pdu.parse_submit(body)
    part = alphabet.part_of(submit)
    text = submit.user_data[alphabet.header_octets(submit.esm_class, submit.user_data) :]
    return hash((message.destination, submit.data_coding, text, part.number, part.total))
