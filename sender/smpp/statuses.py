"""What a command_status means for the message that it answers. Numbers and names; no wire and no behaviour."""

from typing import Final

from aiosmpplib import SmppCommandStatus

from sender.smpp.messages import AnswerKind

ROK: Final = 0x00
RINVMSGLEN: Final = 0x01
RINVCMDLEN: Final = 0x02
RINVCMDID: Final = 0x03
RALYBND: Final = 0x05
RSYSERR: Final = 0x08
RINVSRCADR: Final = 0x0A
RBINDFAIL: Final = 0x0D
RINVPASWD: Final = 0x0E
RINVSYSID: Final = 0x0F
RMSGQFUL: Final = 0x14
RTHROTTLED: Final = 0x58
RX_T_APPN: Final = 0x64
RX_P_APPN: Final = 0x65

_NAMES: Final = {status.value: status.name for status in SmppCommandStatus}

#: It was our pace, or their queue.
THROTTLING: Final = frozenset({RMSGQFUL, RTHROTTLED})

#: The SMSC's own trouble: the same message may pass later.
TEMPORARY: Final = frozenset({RSYSERR, RX_T_APPN})


def status_name(status: int) -> str:
    """``ESME_RTHROTTLED``; for those that SMPP 3.4 does not name, the number: ``0x00000400``."""
    return _NAMES.get(status) or f"0x{status:08x}"


def is_known(status: int) -> bool:
    """Whether SMPP 3.4 §5.1.3 names it; 0x400 and above are the vendors' own."""
    return status in _NAMES


def classify(
    status: int, *, throttling: frozenset[int] = frozenset(), temporary: frozenset[int] = frozenset()
) -> AnswerKind:
    """
    The class of a response, with what the route adds to ours. What nobody knows is permanent for this message: sending
    it again for ever would cost more than one message.

    Source: SMPP 3.4 §5.1.3.
    """
    if status == ROK:
        return AnswerKind.OK
    if status in throttling or status in THROTTLING:
        return AnswerKind.THROTTLED
    if status in temporary or status in TEMPORARY:
        return AnswerKind.TEMPORARY
    return AnswerKind.PERMANENT
