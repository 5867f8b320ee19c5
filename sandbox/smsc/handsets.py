"""What arrived at each phone: parts joined, in the order of arrival. Worked out only when somebody looks."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.smsc import alphabet, pdu
from sandbox.smsc.alphabet import DefaultAlphabet
from sandbox.smsc.behaviour import Stat
from sandbox.smsc.journal import Message, iso_time

# Long SMS that miss a part; the oldest is dropped, as a phone does.
_MAX_INCOMPLETE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """One SMS on a phone's screen; ``n`` counts all phones' from 1, ``time`` is seconds since the epoch."""

    n: int
    handset: str
    time: float
    source: str
    text: str
    message: Message

    def view(self) -> dict[str, object]:
        """As ``GET /sim/smsc/handsets`` shows it; ``stat`` is the operator's last word, which may have come later."""
        stat: Stat | None = self.message.stat
        return {"n": self.n, "time": iso_time(self.time), "source": self.source, "text": self.text, "stat": stat}


class Handsets:
    """The phones. ``keep`` bounds the arrivals remembered, and those not yet looked at."""

    def __init__(self, *, keep: int, default_alphabet: DefaultAlphabet) -> None:
        self._alphabet = default_alphabet
        self._raw: deque[tuple[Message, float]] = deque(maxlen=keep)
        self._shown: deque[Arrival] = deque(maxlen=keep)
        self._incomplete: dict[tuple[str, str, int, int], dict[int, str]] = {}
        self.last_n = 0

    @property
    def unread(self) -> int:
        """How many parts ``collect`` has still to look at."""
        return len(self._raw)

    def arrive(self, messages: Iterable[Message], *, now: float) -> None:
        """Note that phones got these; ``now`` is seconds since the epoch."""
        self._raw.extend((message, now) for message in messages)

    def collect(self, limit: int | None = None) -> list[Arrival]:
        """Decode and join what nobody has looked at yet, at most ``limit`` parts; returns the SMS made whole by it."""
        fresh: list[Arrival] = []
        for _ in range(len(self._raw) if limit is None else min(limit, len(self._raw))):
            message, when = self._raw.popleft()
            arrival = self._join(message, when)
            if arrival is not None:
                fresh.append(arrival)
        self._shown.extend(fresh)
        return fresh

    def since(self, n: int) -> list[Arrival]:
        """The arrivals numbered ``n`` and above, oldest first; ``collect`` first."""
        return [arrival for arrival in self._shown if arrival.n >= n]

    def clear(self) -> None:
        """Empty the phones; numbers go on growing."""
        self._raw.clear()
        self._shown.clear()
        self._incomplete.clear()

    def _join(self, message: Message, when: float) -> Arrival | None:
        submit = pdu.parse_submit(message.body)
        part = alphabet.part_of(submit)
        text = alphabet.text_of(submit, alphabet=self._alphabet)
        if part.reference is not None and part.total > 1:
            key = (submit.source, submit.destination, part.reference, part.total)
            parts = self._incomplete.setdefault(key, {})
            parts[part.number] = text
            if len(parts) < part.total:
                if len(self._incomplete) > _MAX_INCOMPLETE:
                    del self._incomplete[next(iter(self._incomplete))]
                return None
            del self._incomplete[key]
            text = "".join(parts[number] for number in sorted(parts))
        self.last_n += 1
        return Arrival(self.last_n, submit.destination, when, submit.source, text, message)
