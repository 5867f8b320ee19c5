"""What a command_status means for the message that it answers. Numbers and names; no wire and no behaviour."""

from enum import StrEnum
from typing import Final

from aiosmpplib import SmppCommandStatus

from domain.rules.route import Route
from sender.smpp.messages import AnswerKind

ROK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RINVBNDSTS: Final = 0x04
RALYBND: Final = 0x05
RSYSERR: Final = 0x08
RINVSRCADR: Final = 0x0A
RINVDSTADR: Final = 0x0B
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F
RMSGQFUL: Final = 0x14
RINVSERTYP: Final = 0x15
RINVSRCTON: Final = 0x48
RINVSRCNPI: Final = 0x49
RINVDSTTON: Final = 0x50
RINVDSTNPI: Final = 0x51
RINVSYSTYP: Final = 0x53
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64
RX_P_APPN: Final = 0x65

_NAMES: Final = {status.value: status.name for status in SmppCommandStatus}

#: It was our pace, or their queue.
THROTTLING: Final = frozenset({RMSGQFUL, RTHROTTLED})

#: The SMSC's own trouble: the same message may pass later.
TEMPORARY: Final = frozenset({RSYSERR, RX_T_APPN})


class Consequence(StrEnum):
    """For what, beyond the one message, a refusal holds."""

    MESSAGE = "message"  #: this message alone: its text, its length, its options
    NUMBER = "number"  #: this number, whoever writes to it
    SENDER = "sender"  #: this sender ID: every message of its campaign will be refused
    ROUTE = "route"  #: this route, until somebody sees to it
    EVERYTHING = "everything"  #: the account at the operator: no credit, closed


_CONSEQUENCES: Final = {
    **dict.fromkeys((RINVDSTADR, RINVDSTTON, RINVDSTNPI), Consequence.NUMBER),
    **dict.fromkeys((RINVSRCADR, RINVSRCTON, RINVSRCNPI), Consequence.SENDER),
    **dict.fromkeys((RINVBNDSTS, RBINDFAIL, RINVPASWD, RINVSYSID, RINVSYSTYP, RINVSERTYP), Consequence.ROUTE),
}


def consequence(status: int, route: Route) -> Consequence:
    """
    What a refusal with this status holds for; the route's own lists come first. SMPP 3.4 has no status for an account
    without credit: operators use their own, which ``account_statuses`` names.
    """
    for listed, meant in (
        (route.account_statuses, Consequence.EVERYTHING),
        (route.route_statuses, Consequence.ROUTE),
        (route.sender_statuses, Consequence.SENDER),
        (route.number_statuses, Consequence.NUMBER),
    ):
        if status in listed:
            return meant
    return _CONSEQUENCES.get(status, Consequence.MESSAGE)


def status_name(status: int) -> str:
    """``ESME_RTHROTTLED``; for those that SMPP 3.4 does not name, the number: ``0x00000400``."""
    return _NAMES.get(status) or f"0x{status:08x}"


def is_known(status: int) -> bool:
    """Whether SMPP 3.4 §5.1.3 names it; 0x400 and above are the vendors' own."""
    return status in _NAMES


def classify(status: int, route: Route) -> AnswerKind:
    """
    The class of a response, with what the route adds to ours. What nobody knows is permanent for this message: sending
    it again for ever would cost more than one message.

    Source: SMPP 3.4 §5.1.3.
    """
    if status == ROK:
        return AnswerKind.OK
    if status in route.throttle_statuses or status in THROTTLING:
        return AnswerKind.THROTTLED
    if status in route.temporary_statuses or status in TEMPORARY:
        return AnswerKind.TEMPORARY
    if consequence(status, route) in (Consequence.ROUTE, Consequence.EVERYTHING):
        return AnswerKind.BARRED
    return AnswerKind.PERMANENT
