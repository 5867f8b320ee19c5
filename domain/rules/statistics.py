"""The results table of the manual, from the counts of messages by state. Derived, never counted apart."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.rules.message_state import MessageState


@dataclass(frozen=True, slots=True)
class Line:
    """
    A row of the table.

    Attributes:
        key: ``sent``, ``failed``, ``ignored``, ``pending``, ``total``, or a state's value.
        share: Of the total, 0 to 1; 0 where the total is 0.
        depth: 1 for a row that is contained in ``sent`` or ``ignored``. Those of depth 0 add up to ``total``.
    """

    key: str
    total: int
    share: float
    depth: int


_S = MessageState
#: *Enviado*: what the operator bills.
BILLED = (_S.DELIVERED, _S.ACCEPTED, _S.EXPIRED, _S.REJECTED)
_DOUBT = (_S.NO_RESPONSE, _S.DISCONNECTED)
_IGNORED = (_S.BLOCKED, _S.SCHEDULE_EXPIRED, _S.INVALID_NUMBER)
_PENDING = (_S.PENDING, _S.SUBMITTED)


@dataclass(frozen=True, slots=True)
class Statistics:
    """
    The manual's figures, identities included, from one set of counts.

    Attributes:
        counts: Messages by state; a state that is not there counts 0.
    """

    counts: Mapping[MessageState, int]

    def of(self, *states: MessageState) -> int:
        """Messages in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def sent(self) -> int:
        """Billed: delivered + accepted + expired + rejected."""
        return self.of(*BILLED)

    @property
    def in_doubt(self) -> int:
        """No response + disconnected: billed only if they arrived."""
        return self.of(*_DOUBT)

    @property
    def failed(self) -> int:
        """Refused by the operator; not billed."""
        return self.of(_S.FAILED)

    @property
    def ignored(self) -> int:
        """Never submitted: blocked + schedule expired + invalid number."""
        return self.of(*_IGNORED)

    @property
    def pending(self) -> int:
        """Not settled: waiting, or on the wire and not answered yet."""
        return self.of(*_PENDING)

    @property
    def total(self) -> int:
        """Sent + in doubt + failed + ignored + pending, at every instant."""
        return sum(self.counts.values())

    @property
    def processed(self) -> int:
        """Settled one way or another: all but the pending."""
        return self.total - self.pending

    def share(self, count: int) -> float:
        """``count`` as a part of the total, 0 to 1."""
        return count / self.total if self.total else 0.0

    def lines(self) -> tuple[Line, ...]:
        """The table in the manual's order, from *Enviado* to *Total*."""
        return (
            self._line("sent", self.sent),
            *(self._line(state.value, self.of(state), depth=1) for state in BILLED),
            *(self._line(state.value, self.of(state)) for state in _DOUBT),
            self._line("failed", self.failed),
            self._line("ignored", self.ignored),
            *(self._line(state.value, self.of(state), depth=1) for state in _IGNORED),
            self._line("pending", self.pending),
            self._line("total", self.total),
        )

    def _line(self, key: str, count: int, *, depth: int = 0) -> Line:
        return Line(key, count, self.share(count), depth)
