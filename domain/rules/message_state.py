"""
The life of a message: one table. It decides every transition, and it generates the guard of every update.

A claim is held by the chunk that a message belongs to, not by the message: what is not yet on the wire is ``PENDING``.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final


class MessageState(StrEnum):
    """Where a message is. Every state is exactly one row of the results table."""

    PENDING = "pending"  #: not on the wire: waiting, or in a chunk that a sender holds under lease
    SUBMITTED = "submitted"  #: about to be written, or written and not answered yet
    ACCEPTED = "accepted"  #: the SMSC answered ESME_ROK; billed from here on
    DELIVERED = "delivered"  #: receipt DELIVRD
    EXPIRED = "expired"  #: receipt EXPIRED
    REJECTED = "rejected"  #: receipt UNDELIV, REJECTD or DELETED
    NO_RESPONSE = "no_response"  #: written, and no response in time; its fate is in doubt
    DISCONNECTED = "disconnected"  #: the link or the process ended with it in flight; its fate is in doubt
    FAILED = "failed"  #: the SMSC refused the submit; not billed
    BLOCKED = "blocked"  #: on the blacklist; never submitted
    SCHEDULE_EXPIRED = "schedule_expired"  #: the hours of sending, or the campaign, ended first; never submitted
    INVALID_NUMBER = "invalid_number"  #: not a number that this account may send to; never submitted


class MessageEvent(StrEnum):
    """What can happen to a message."""

    BLACKLIST = "blacklist"  #: its number is on the blacklist
    BAD_NUMBER = "bad_number"  #: its number, or its text, cannot be sent
    SCHEDULE_END = "schedule_end"  #: no hour of sending is left for it, or the campaign was cancelled
    SUBMIT = "submit"  #: committed before its bytes leave
    UNSENT = "unsent"  #: handed back by the link: certainly not one byte left
    SUBMIT_OK = "submit_ok"  #: submit_sm_resp ESME_ROK
    SUBMIT_THROTTLED = (
        "submit_throttled"  #: not the message's fault: our pace, a full queue, a barred route; counted apart
    )
    SUBMIT_RETRY = "submit_retry"  #: another temporary status; tries are counted
    SUBMIT_ERROR = "submit_error"  #: any other status, or no tries left
    RESPONSE_TIMEOUT = "response_timeout"  #: the response timer ran out
    BIND_LOST = "bind_lost"  #: the bind, or the sender that held it, is gone
    RECEIPT_DELIVERED = "receipt_delivered"
    RECEIPT_EXPIRED = "receipt_expired"
    RECEIPT_REJECTED = "receipt_rejected"
    TAKEN_AS_SENT = "taken_as_sent"  #: a person's word that it counts as sent
    RESEND = "resend"  #: a person asked, warned that it may arrive twice


S, E = MessageState, MessageEvent

IN_DOUBT: Final = frozenset({S.NO_RESPONSE, S.DISCONNECTED})

_FATES: Final[Mapping[MessageEvent, MessageState]] = {
    E.RECEIPT_DELIVERED: S.DELIVERED,
    E.RECEIPT_EXPIRED: S.EXPIRED,
    E.RECEIPT_REJECTED: S.REJECTED,
}

TABLE: Final[Mapping[tuple[MessageState, MessageEvent], MessageState]] = {
    (S.PENDING, E.BLACKLIST): S.BLOCKED,
    (S.PENDING, E.BAD_NUMBER): S.INVALID_NUMBER,
    (S.PENDING, E.SCHEDULE_END): S.SCHEDULE_EXPIRED,
    (S.PENDING, E.SUBMIT): S.SUBMITTED,
    (S.SUBMITTED, E.UNSENT): S.PENDING,
    (S.SUBMITTED, E.SUBMIT_OK): S.ACCEPTED,
    (S.SUBMITTED, E.SUBMIT_THROTTLED): S.PENDING,
    (S.SUBMITTED, E.SUBMIT_RETRY): S.PENDING,
    (S.SUBMITTED, E.SUBMIT_ERROR): S.FAILED,
    (S.SUBMITTED, E.RESPONSE_TIMEOUT): S.NO_RESPONSE,
    (S.SUBMITTED, E.BIND_LOST): S.DISCONNECTED,
    # The truth may arrive late: after our timer, or after a crash.
    **{(doubt, E.SUBMIT_OK): S.ACCEPTED for doubt in IN_DOUBT},
    **{(doubt, E.SUBMIT_ERROR): S.FAILED for doubt in IN_DOUBT},
    **{(doubt, event): fate for doubt in IN_DOUBT for event, fate in _FATES.items()},
    **{(doubt, E.TAKEN_AS_SENT): S.ACCEPTED for doubt in IN_DOUBT},
    **{(doubt, E.RESEND): S.PENDING for doubt in IN_DOUBT},
    **{(S.ACCEPTED, event): fate for event, fate in _FATES.items()},
}


def sources(event: MessageEvent) -> frozenset[MessageState]:
    """The states in which ``event`` means something: the guard of the update that it causes."""
    return frozenset(state for state, of in TABLE if of is event)


def target(event: MessageEvent) -> MessageState:
    """The one state that ``event`` leads to, whatever it came from."""
    (state,) = {to for (_, of), to in TABLE.items() if of is event}
    return state


#: Of several parts with a word each, the worst is the message's.
_WORST_FIRST: Final = (
    S.FAILED,
    S.DISCONNECTED,
    S.NO_RESPONSE,
    S.REJECTED,
    S.EXPIRED,
    S.SUBMITTED,
    S.ACCEPTED,
    S.DELIVERED,
)

_BY_FATE: Final = {fate: event for event, fate in _FATES.items()}
_BY_STATE: Final = {**_BY_FATE, S.ACCEPTED: E.SUBMIT_OK, S.FAILED: E.SUBMIT_ERROR}


def combine(parts: Iterable[MessageState]) -> MessageState:
    """The state of a message of several parts: the worst of theirs; ``ACCEPTED`` while some have no receipt yet."""
    found = frozenset(parts)
    if S.ACCEPTED in found and found <= {S.ACCEPTED, *_BY_FATE}:
        return S.ACCEPTED
    return next(state for state in _WORST_FIRST if state in found)


def settling(parts: Sequence[MessageState], count: int) -> MessageEvent | None:
    """
    What the parts of a message of ``count`` parts together mean for it.

    Returns:
        None: nothing yet, for some part is not known, on the wire, or in doubt.
    """
    if len(parts) < count:
        return None
    return _BY_STATE.get(combine(parts))
