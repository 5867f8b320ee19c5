"""
From nothing to a bound session: TCP, TLS, bind request and its answer, and what a refusal means.

BindFailed(reason, status, detail)      ``final``: never again with these settings; ``refused``: not soon
"""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from typing import Final

from aiosmpplib import BindMode

from domain.rules.route import Bind, Route
from sender.smpp import pdu, statuses
from sender.smpp.messages import CREDENTIALS, REFUSALS, DownReason

BIND_TIMEOUT_S: Final = 15.0
_READ_SIZE: Final = 1 << 16

#: The sessions of each kind of bind; the first is the one that submits, where any may.
MODES: Final = {
    Bind.TRANSCEIVER: (BindMode.TRANSCEIVER,),
    Bind.TRANSMITTER_RECEIVER: (BindMode.TRANSMITTER, BindMode.RECEIVER),
    Bind.TRANSMITTER: (BindMode.TRANSMITTER,),
    Bind.RECEIVER: (BindMode.RECEIVER,),
}

_REASONS: Final = {
    statuses.RINVPASWD: DownReason.WRONG_PASSWORD,
    statuses.RINVSYSID: DownReason.WRONG_SYSTEM_ID,
    statuses.RBINDFAIL: DownReason.BIND_REFUSED,
    statuses.RALYBND: DownReason.ALREADY_BOUND,
}


class BindFailed(ConnectionError):
    """
    There is no bound session. A ``ConnectionError``, because that is what the library's loop copes with.

    Attributes:
        reason: Why, for the screen.
        status: The SMSC's command_status; 0 where it said nothing.
        detail: Whose words, and which, for logs and ``pregon check``.
    """

    def __init__(self, reason: DownReason, detail: str, *, status: int = 0) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.status = status

    @property
    def refused(self) -> bool:
        """Whether trying again soon is useless: a person must act."""
        return self.reason in REFUSALS

    @property
    def final(self) -> bool:
        """Whether trying again is harmful: the credentials are wrong."""
        return self.reason in CREDENTIALS


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound session: its streams, and what was read behind the bind's answer or before it."""

    reader: StreamReader
    writer: StreamWriter
    unread: bytearray


def tls_context(route: Route) -> ssl.SSLContext | None:
    """
    What ``smpps://`` checks: the certificate against the machine's authorities or ``ca_file``, and the host's name.

    Raises:
        BindFailed: ``ca_file`` cannot be read.
    """
    if not route.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=route.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise BindFailed(DownReason.TLS, f"ca_file: {error}") from error
    if route.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def open_bind(route: Route, mode: BindMode, *, sequence: int, timeout_s: float = BIND_TIMEOUT_S) -> Bound:
    """
    Connect and bind.

    Raises:
        BindFailed: With the reason; the connection is closed.
    """
    context = tls_context(route)
    writer: StreamWriter | None = None
    done = False
    try:
        async with asyncio.timeout(timeout_s):
            name = route.host if context else None
            reader, writer = await asyncio.open_connection(route.host, route.port, ssl=context, server_hostname=name)
            bound = Bound(reader, writer, bytearray())
            writer.write(_bind_request(route, mode, sequence))
            _judge(await _bind_answer(bound))
        done = True
    except BindFailed:
        raise
    except (OSError, UnicodeError) as error:
        raise _failure(error, connected=writer is not None) from error
    finally:
        if writer is not None and not done:
            writer.transport.abort()
    return bound


def _bind_request(route: Route, mode: BindMode, sequence: int) -> bytes:
    return pdu.pack_bind(
        int(mode.smpp_command),
        sequence=sequence,
        system_id=route.system_id,
        password=route.password,
        system_type=route.system_type,
    )


async def _bind_answer(bound: Bound) -> pdu.Frame:
    """Read up to the answer. A request that comes before it is kept, but for those that want an answer at once."""
    early = bytearray()
    while True:
        data = await bound.reader.read(_READ_SIZE)
        if not data:
            raise BindFailed(DownReason.CLOSED_BY_SMSC, "closed before the answer to the bind")
        bound.unread.extend(data)
        found, legible = pdu.split(bound.unread)
        for index, frame in enumerate(found):
            if frame.command in pdu.BIND_RESPONSES or frame.command == pdu.GENERIC_NACK:
                rest = b"".join(_again(later) for later in found[index + 1 :])
                bound.unread[:0] = early + rest
                return frame
            if frame.command == pdu.ENQUIRE_LINK:
                bound.writer.write(pdu.pack(pdu.ENQUIRE_LINK_RESP, sequence=frame.sequence))
            elif frame.command == pdu.UNBIND:
                bound.writer.write(pdu.pack(pdu.UNBIND_RESP, sequence=frame.sequence))
                raise BindFailed(DownReason.UNBOUND_BY_SMSC, "unbind before the answer to the bind")
            else:
                early += _again(frame)
        if not legible:
            raise BindFailed(DownReason.GARBLED, "what answers is not SMPP")


def _again(frame: pdu.Frame) -> bytes:
    return pdu.pack(frame.command, sequence=frame.sequence, status=frame.status, body=frame.body)


def _judge(answer: pdu.Frame) -> None:
    if answer.status == statuses.ROK and answer.command != pdu.GENERIC_NACK:
        return
    name = statuses.status_name(answer.status)
    detail = f"generic_nack {name}" if answer.command == pdu.GENERIC_NACK else name
    raise BindFailed(_REASONS.get(answer.status, DownReason.BIND_ERROR), detail, status=answer.status)


def _failure(error: OSError | UnicodeError, *, connected: bool) -> BindFailed:
    """Wrap what the standard library raises on the way."""
    if isinstance(error, UnicodeError):
        return BindFailed(DownReason.BIND_ERROR, f"a letter that SMPP cannot carry: {error}")
    if isinstance(error, ssl.SSLError):
        return BindFailed(DownReason.TLS, getattr(error, "verify_message", "") or error.reason or str(error))
    if isinstance(error, TimeoutError):
        reason = DownReason.BIND_TIMEOUT if connected else DownReason.UNREACHABLE
        return BindFailed(reason, "no answer in time")
    reason = DownReason.CLOSED_BY_SMSC if connected else DownReason.UNREACHABLE
    return BindFailed(reason, error.strerror or str(error))
