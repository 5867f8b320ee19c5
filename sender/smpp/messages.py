"""The values that cross between the engine and a link. No wire format and no behaviour here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.rules.receipt import Receipt


class AnswerKind(StrEnum):
    """What became of one part, by what the engine does next."""

    OK = "ok"  #: ESME_ROK: accepted, billed
    TEMPORARY = "temporary"  #: refused for now: may go again later
    THROTTLED = "throttled"  #: refused because of our pace or their full queue: may go again, slower
    BARRED = "barred"  #: refused because of the route, not of the message: may go again, elsewhere or later
    PERMANENT = "permanent"  #: refused for good
    NO_RESPONSE = "no_response"  #: written, and the response timer ran out; the truth may still come
    DISCONNECTED = "disconnected"  #: written, and the link ended before its response
    UNSENT = "unsent"  #: certainly not one byte of it was written


class Outgoing(NamedTuple):
    """
    A rendered message, its text already encoded (``encoder.Encoder.outgoing`` makes one).

    Attributes:
        msisdn: E.164 digits.
        sender_id: At most 11 alphanumerics, or a number of at most 20 digits.
        parts: User data of each submit, at least one, without concatenation header.
        reference: What ties the parts together at the handset; of no meaning with one part.
        only: Numbers, from 1, of the parts to write; empty: all. So that a part that was refused for now can follow
            those that were accepted, under the same reference.
        valid_until: Epoch seconds at which the SMSC shall stop trying, on routes that say so; 0: it is not told.
        shift: National language whose single shift table the text needs; 0: none. Source: 3GPP TS 23.038 §6.2.1.2.4.
        cut: Segments that the SMSC makes of the only part (``segments=payload``), as they are billed; 0: each part is
            one segment.
    """

    message_id: int
    msisdn: int
    sender_id: str
    parts: tuple[bytes, ...]
    data_coding: int
    reference: int = 0
    only: tuple[int, ...] = ()
    shift: int = 0
    valid_until: float = 0.0
    cut: int = 0


class Answer(NamedTuple):
    """
    What became of part ``part`` (from 1) of ``parts``.

    Attributes:
        status: The SMSC's command_status; 0 where it said nothing.
        smsc_message_id: As it was written in the response; None where there was none.
    """

    message_id: int
    part: int
    parts: int
    status: int
    smsc_message_id: str | None
    kind: AnswerKind


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Where a part of a longer incoming SMS belongs. Source: 3GPP TS 23.040 §9.2.3.24.1; SMPP 3.4 §5.3.2.22."""

    reference: int
    part: int
    parts: int


class AckHandle(NamedTuple):
    """Which connection a deliver_sm came on, and how it is answered there. Opaque to the engine."""

    connection: object
    command: int
    sequence: int


class Incoming(NamedTuple):
    """
    A deliver_sm or data_sm: a receipt, or an SMS that a person sent. Not acknowledged until ``Link.ack``.

    Attributes:
        source: Who it is from: for a receipt, the number that our message went to. Digits without ``+``, or letters.
        destination: Whom it is to: for a receipt, our sender ID.
        text: Decoded; of a receipt, the operator's text.
        is_receipt: The SMSC marked it as a receipt (esm_class or optional parameters).
        receipt: What it says; None for an SMS, and for a receipt that says nothing legible.
        concatenation: None: it is whole.
        reference: The user_message_reference that it echoes; None: none. Source: SMPP 3.4 §5.3.2.17.
    """

    source: str
    destination: str
    text: str
    is_receipt: bool
    receipt: Receipt | None
    concatenation: Concatenation | None
    data_coding: int
    handle: AckHandle
    reference: int | None = None


class LinkStateKind(StrEnum):
    """Where a link is."""

    CONNECTING = "connecting"
    BOUND = "bound"
    DOWN = "down"  #: lost or not reachable; tried again within half a minute
    REFUSED = "refused"  #: not let in: tried again after minutes, or (``LinkState.final``) not any more
    STOPPED = "stopped"


class DownReason(StrEnum):
    """Why a link is not bound; the key of the words on the screen."""

    UNREACHABLE = "unreachable"  #: no TCP connection
    TLS = "tls"  #: no TLS session: certificate or protocol
    BIND_TIMEOUT = "bind_timeout"  #: connected, and no answer to the bind
    WRONG_PASSWORD = "wrong_password"  # noqa: S105
    WRONG_SYSTEM_ID = "wrong_system_id"
    BIND_REFUSED = "bind_refused"  #: ESME_RBINDFAIL: account closed, address not allowed
    ALREADY_BOUND = "already_bound"  #: ESME_RALYBND: the SMSC still holds our former session
    BIND_ERROR = "bind_error"  #: another status, or an answer that is none
    CLOSED_BY_SMSC = "closed_by_smsc"
    UNBOUND_BY_SMSC = "unbound_by_smsc"
    SILENT = "silent"  #: enquire_link was not answered
    GARBLED = "garbled"  #: a length that cannot be: the stream cannot be read on
    NOT_STORED = "not_stored"  #: we dropped it, because what came could not be stored
    INTERNAL = "internal"  #: a fault of ours, logged
    STOPPED = "stopped"  #: we were asked to


#: The credentials are wrong. To knock on with them locks the account at many operators.
CREDENTIALS = frozenset({DownReason.WRONG_PASSWORD, DownReason.WRONG_SYSTEM_ID})
REFUSALS = CREDENTIALS | {DownReason.BIND_REFUSED}


@dataclass(frozen=True, slots=True)
class LinkState:
    """
    Attributes:
        reason: None where there is nothing to explain.
        detail: For logs and ``pregon check``: the library's or the SMSC's own words.
        since: Aware, UTC.
    """

    kind: LinkStateKind
    since: datetime
    reason: DownReason | None = None
    detail: str = ""

    @property
    def final(self) -> bool:
        """Whether the link has stopped trying: the program must be started again, with other settings."""
        return self.kind is LinkStateKind.REFUSED and self.reason in CREDENTIALS
