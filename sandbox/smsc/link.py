"""One TCP connection of an ESME: PDUs cut out of the stream, session states (SMPP 3.4 §2.2), enquire_link, windows."""

import asyncio
import time
from typing import Final, Protocol

import structlog

from sandbox.smsc import pdu
from sandbox.smsc.mailbox import Parcel

_log: Final = structlog.get_logger(__name__)
_BIND_TIMEOUT_S: Final = 30.0
_ENQUIRE_ANSWER_S: Final = 10.0
_UNBIND_ANSWER_S: Final = 2.0
_SWAP_HOLD_S: Final = 0.25

MODES: Final = {
    pdu.BIND_RECEIVER: "receiver",
    pdu.BIND_TRANSMITTER: "transmitter",
    pdu.BIND_TRANSCEIVER: "transceiver",
}


class Centre(Protocol):
    """What a link needs of the SMSC it belongs to."""

    def opened(self, link: "Link") -> str:
        """Register the connection; returns its name."""

    def closed(self, link: "Link", unacknowledged: list[Parcel]) -> None:
        """The connection is gone."""

    def admit(self, link: "Link", bind: pdu.Bind) -> int:
        """Judge a bind: the command_status of its answer."""

    def bound(self, link: "Link") -> None:
        """The answer to the bind is written: receipts may follow."""

    def take(self, link: "Link", submits: list[tuple[int, bytes]]) -> None:
        """Deal with submit_sm PDUs: sequence number and body."""

    def when_answered(self, link: "Link", octets: bytes, *, then_close: bool) -> None:
        """Write ``octets`` after all answers that still wait for the ledger."""

    def acknowledged(self, link: "Link", answers: list[tuple[Parcel, int]]) -> None:
        """deliver_sm answered, each with a command_status; the link has room again."""

    def ready(self, link: "Link") -> None:
        """The link takes octets again."""


class Link(asyncio.Protocol):
    """
    The SMSC's side of one connection.

    ``window`` is how many deliver_sm may be outstanding; ``enquire_link_s`` the silence, in seconds, after which the
    SMSC asks whether the ESME is alive (None: never); without an answer within 10 seconds the link is cut.
    """

    def __init__(self, centre: Centre, *, window: int, enquire_link_s: float | None) -> None:
        self.name = ""
        self.system_id = ""
        self.mode = ""
        self.since = 0.0
        self._centre = centre
        self._window = window
        self._enquire_link_s = enquire_link_s
        self._rest = b""
        self._deaf = False
        self._paused = False
        self._sequence = 0
        self._outstanding: dict[int, Parcel] = {}
        self._held = b""
        self._heard = 0.0
        self._asked_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    # -- what the SMSC calls

    @property
    def room(self) -> int:
        """How many more deliver_sm may be outstanding."""
        return 0 if self._deaf or self._paused else self._window - len(self._outstanding)

    @property
    def outstanding(self) -> int:
        """How many deliver_sm wait for their answer."""
        return len(self._outstanding)

    @property
    def receives(self) -> bool:
        return self.mode in ("receiver", "transceiver")

    def deliver(self, parcels: list[Parcel]) -> None:
        """Send deliver_sm PDUs in one write."""
        octets: list[bytes] = []
        for parcel in parcels:
            sequence = self._next_sequence()
            self._outstanding[sequence] = parcel
            octets.append(pdu.pdu(pdu.DELIVER_SM, pdu.ESME_ROK, sequence, parcel.body))
            parcel.sent = True
            if parcel.message is not None and parcel.stat is not None:
                parcel.message.stat = parcel.stat
        self.write(b"".join(octets))

    def forget(self) -> None:
        """Expect no answer to what was delivered."""
        self._outstanding.clear()

    def write(self, octets: bytes) -> None:
        """Write, unless the connection is going down."""
        if octets and not self._transport.is_closing():
            self._transport.write(octets)

    def answer(self, octets: bytes) -> None:
        """Write submit_sm_resp octets, and behind them one that was held back to come out of order."""
        if octets and self._held:
            octets, self._held = octets + self._held, b""
        self.write(octets)

    def hold(self, octets: bytes) -> None:
        """Keep an answer back until the next one is written, a quarter of a second at most."""
        self._held += octets
        asyncio.get_running_loop().call_later(_SWAP_HOLD_S, self._release)

    def stop_reading(self) -> None:
        """Treat everything not read so far as never received: the link is about to fall."""
        self._deaf = True

    def close(self) -> None:
        """Send what is written, then close, without unbind."""
        self._deaf = True
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._deaf = True
        self._transport.abort()

    def unbind(self) -> None:
        """Ask the ESME to part (§4.2); it has two seconds to agree."""
        self.write(pdu.pdu(pdu.UNBIND, pdu.ESME_ROK, self._next_sequence()))
        asyncio.get_running_loop().call_later(_UNBIND_ANSWER_S, self._transport.close)

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.name = self._centre.opened(self)
        self._timer = asyncio.get_running_loop().call_later(_BIND_TIMEOUT_S, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deaf = True
        if self._timer is not None:
            self._timer.cancel()
        unacknowledged = list(self._outstanding.values())
        self._outstanding.clear()
        self._centre.closed(self, unacknowledged)

    def pause_writing(self) -> None:
        # The ESME does not read: take nothing more from it, or answers pile up without end.
        self._paused = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._centre.ready(self)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._heard = asyncio.get_running_loop().time()
        self._asked_at = None
        if self._rest:
            data = self._rest + data
        receipts: list[tuple[Parcel, int]] = []
        read = self._read(data, receipts)
        self._rest = data[read:]
        if receipts:
            self._centre.acknowledged(self, receipts)

    # -- PDUs

    def _read(self, data: bytes, receipts: list[tuple[Parcel, int]]) -> int:
        # Returns how many octets were whole PDUs. Submits that follow each other are taken together.
        submits: list[tuple[int, bytes]] = []
        offset, end, unpack = 0, len(data), pdu.HEADER.unpack_from
        while end - offset >= 16:
            length, command, status, sequence = unpack(data, offset)
            if length < 16 or length > pdu.MAX_PDU_OCTETS:
                self._take(submits)
                self._lose_step(sequence)
                return end
            if end - offset < length:
                break
            if command == pdu.SUBMIT_SM and self.mode in ("transmitter", "transceiver"):
                submits.append((sequence, data[offset + 16 : offset + length]))
            elif command == pdu.DELIVER_SM_RESP or (command == pdu.GENERIC_NACK and sequence in self._outstanding):
                parcel = self._outstanding.pop(sequence, None)
                if parcel is not None:
                    receipts.append((parcel, status))
            else:
                self._take(submits)
                submits = []
                self._dispatch(command, sequence, data[offset + 16 : offset + length])
            offset += length
            if self._deaf:
                break
        self._take(submits)
        return offset

    def _take(self, submits: list[tuple[int, bytes]]) -> None:
        if submits and not self._deaf:
            self._centre.take(self, submits)

    def _dispatch(self, command: int, sequence: int, body: bytes) -> None:
        if command in MODES:
            self._bind(command, sequence, body)
        elif command == pdu.ENQUIRE_LINK:
            self.write(pdu.pdu(pdu.ENQUIRE_LINK | pdu.RESPONSE, pdu.ESME_ROK, sequence))
        elif command == pdu.UNBIND:
            answer = pdu.pdu(pdu.UNBIND | pdu.RESPONSE, pdu.ESME_ROK, sequence)
            self._deaf = True
            self._centre.when_answered(self, answer, then_close=True)
        elif command == pdu.UNBIND | pdu.RESPONSE:
            self.close()
        elif command == pdu.SUBMIT_SM:
            self.write(pdu.pdu(pdu.SUBMIT_SM_RESP, pdu.ESME_RINVBNDSTS, sequence))
        elif not command & pdu.RESPONSE:
            self.write(pdu.pdu(pdu.GENERIC_NACK, pdu.ESME_RINVCMDID, sequence))

    def _bind(self, command: int, sequence: int, body: bytes) -> None:
        try:
            bind = pdu.parse_bind(body)
            status = pdu.ESME_RALYBND if self.mode else self._centre.admit(self, bind)
        except pdu.BodyError as error:
            status = error.status
        if status:
            # §4.1.2: no body beside an error
            self.write(pdu.pdu(command | pdu.RESPONSE, status, sequence))
            return
        self.system_id, self.mode, self.since = bind.system_id, MODES[command], time.time()
        version = pdu.pack_tlv(pdu.TLV_SC_INTERFACE_VERSION, bytes((pdu.INTERFACE_VERSION,)))
        self.write(pdu.pdu(command | pdu.RESPONSE, pdu.ESME_ROK, sequence, b"pregon-smsc\0" + version))
        self._watch()
        self._centre.bound(self)

    def _lose_step(self, sequence: int) -> None:
        # §3.2: with a command_length that cannot be, nobody knows where the next PDU begins.
        _log.info("smsc.bad_length", link=self.name)
        self._deaf = True
        answer = pdu.pdu(pdu.GENERIC_NACK, pdu.ESME_RINVCMDLEN, sequence)
        self._centre.when_answered(self, answer, then_close=True)

    # -- timers

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._enquire_link_s is not None:
            self._timer = asyncio.get_running_loop().call_later(self._enquire_link_s, self._enquire)

    def _enquire(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._enquire_link_s is not None
        now = loop.time()
        if self._asked_at is not None and now >= self._asked_at + _ENQUIRE_ANSWER_S:
            _log.info("smsc.enquire_link_unanswered", link=self.name)
            self.abort()
            return
        if self._asked_at is None and now >= self._heard + self._enquire_link_s:
            self._asked_at = now
            self.write(pdu.pdu(pdu.ENQUIRE_LINK, pdu.ESME_ROK, self._next_sequence()))
        due = self._heard + self._enquire_link_s if self._asked_at is None else self._asked_at + _ENQUIRE_ANSWER_S
        # Whatever it answers in the meantime counts, so look again after one interval at the latest.
        self._timer = loop.call_at(min(due, now + self._enquire_link_s), self._enquire)

    def _release(self) -> None:
        held, self._held = self._held, b""
        self.write(held)

    def _next_sequence(self) -> int:
        self._sequence = self._sequence % pdu.MAX_SEQUENCE + 1
        return self._sequence
