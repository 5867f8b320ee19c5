"""
Receipts whose id never reached us: whose they may be, from what they say of number, sender ID and time. Adopted only
where one message can be meant; else they wait. No clock is read here; times are epoch milliseconds.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.rules.message_state import MessageState

KEPT_MS: Final = 10 * 86_400_000  #: how long a receipt waits for its message, and a message for an orphan
_EARLY_MS: Final = 90_000  # a receipt's dates are to the minute, and two machines' clocks differ
_LATE_MS: Final = 300_000  # a part may wait for the window, a link for its retry
_QUARTER_MS: Final = 900_000  # zones differ by whole quarters of an hour
_SKEW_MS: Final = 5_000  # between our own machines
_REFERENCES: Final = 0x10000  # user_message_reference has two octets


class Orphan(NamedTuple):
    """
    A receipt that no id leads to a message.

    Attributes:
        destination: The number that the message went to, as the SMSC writes it.
        source: Our sender ID, likewise; empty: it does not say.
        seen_ms: When it came.
        sent_ms: When we submitted the message, as the SMSC says; None: it does not.
        zoned: ``sent_ms`` is exact; else it is by clocks of a zone that nobody told us.
        reference: The user_message_reference that it echoes; None: none.
    """

    destination: str
    source: str
    seen_ms: int
    sent_ms: int | None
    zoned: bool
    reference: int | None


class Candidate(NamedTuple):
    """A message whose id at the SMSC is not known: in doubt, on the wire, or accepted without one."""

    message_id: int
    state: MessageState
    msisdn: int
    sender_id: str
    submitted_ms: int


def message_reference(message_id: int) -> int:
    """The user_message_reference under which a message goes: its id, as far as two octets hold it."""
    return message_id % _REFERENCES


def fits(orphan: Orphan, candidate: Candidate) -> bool:
    """Whether nothing in the receipt speaks against this message."""
    if _number(orphan.destination) != str(candidate.msisdn):
        return False
    if orphan.source and _sender(orphan.source) != _sender(candidate.sender_id):
        return False
    if orphan.reference is not None and orphan.reference != message_reference(candidate.message_id):
        return False
    if orphan.seen_ms < candidate.submitted_ms - _SKEW_MS:
        return False
    if orphan.sent_ms is None:
        return True
    late_ms = orphan.sent_ms - candidate.submitted_ms
    if not orphan.zoned:
        late_ms = (late_ms + _EARLY_MS) % _QUARTER_MS - _EARLY_MS
    return -_EARLY_MS <= late_ms <= _LATE_MS


def adopter(orphan: Orphan, candidates: Sequence[Candidate]) -> Candidate | None:
    """
    The one message that the receipt can mean; None: several, or none, or one that is on the wire and whose response
    will name its id.
    """
    fitting = [candidate for candidate in candidates if fits(orphan, candidate)]
    if len(fitting) != 1 or fitting[0].state is MessageState.SUBMITTED:
        return None
    return fitting[0]


def _number(text: str) -> str:
    return text.strip().removeprefix("+").removeprefix("00")


def _sender(text: str) -> str:
    return text.strip().removeprefix("+").casefold()
