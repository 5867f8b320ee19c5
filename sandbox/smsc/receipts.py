"""Delivery receipts: when they are due, and their octets in every dialect. Carrying them is the mailbox's business."""

import asyncio
import heapq
import random
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from sandbox.smsc import alphabet, pdu
from sandbox.smsc.behaviour import Carrier, IdForm, Parts, ReceiptStyle, Stat
from sandbox.smsc.journal import Message
from sandbox.smsc.mailbox import Parcel
from sandbox.smsc.rulebook import Step, write_id

_TICK_S: Final = 0.02
_USUAL: Final = ReceiptStyle()
_ERR: Final = {Stat.EXPIRED: "027", Stat.UNDELIV: "001", Stat.REJECTD: "069", Stat.DELETED: "085", Stat.UNKNOWN: "255"}
_VENDOR_TLV: Final = pdu.pack_tlv(0x1401, b"\x00\x01\x02\x03")

Due = tuple[Message, Step]


class Timetable:
    """Receipts by the moment they are due, in ticks of 20 ms: one timer for all, a list entry per message."""

    def __init__(self, emit: Callable[[list[Due]], None], *, seed: int | None) -> None:
        self._emit = emit
        self._random = random.Random(seed)
        self._ticks: dict[int, list[Due]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many are not due yet."""
        return sum(map(len, self._ticks.values()))

    def plan(self, messages: Iterable[Message]) -> None:
        """Enter all receipts of ``messages``, counted from now; those without delay are emitted before this returns."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        at_once: list[Due] = []
        chance = self._random.random
        for message in messages:
            plan = message.plan
            if plan is None:
                continue
            jitter_s = plan.jitter_s * chance() if plan.jitter_s else 0.0
            for step in plan.steps:
                delay_s = step.delay_s + jitter_s
                if delay_s <= 0:
                    at_once.append((message, step))
                else:
                    self._enter(int((now + delay_s) / _TICK_S) + 1, (message, step))
        if at_once:
            self._emit(at_once)
        self._wind(loop)

    def clear(self) -> None:
        """Forget everything that is due."""
        self._ticks.clear()
        self._order.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _enter(self, tick: int, due: Due) -> None:
        entries = self._ticks.get(tick)
        if entries is None:
            self._ticks[tick] = [due]
            heapq.heappush(self._order, tick)
        else:
            entries.append(due)

    def _wind(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._order and (self._timer is None or self._timer.when() > self._order[0] * _TICK_S):
            if self._timer is not None:
                self._timer.cancel()
            self._timer = loop.call_at(self._order[0] * _TICK_S, self._ring)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        due: list[Due] = []
        while self._order and self._order[0] * _TICK_S <= loop.time():
            due += self._ticks.pop(heapq.heappop(self._order))
        if due:
            self._emit(due)
        self._wind(loop)


def wanted(message: Message, stat: Stat) -> bool:
    """Whether the ESME asked for this receipt: registered_delivery bits 1..0 (SMPP 3.4 §5.2.17)."""
    asked = message.registered_delivery & 0x03
    if asked == 0 or (asked == 2 and stat is Stat.DELIVRD):
        return False
    style = _style(message)
    if style.parts is Parts.EACH:
        return True
    part = alphabet.part_of(pdu.parse_submit(message.body))
    return part.number == (1 if style.parts is Parts.FIRST else part.total)


def receipt(message: Message, step: Step) -> Parcel:
    """Build the deliver_sm of a receipt (SMPP 3.4 appendix B)."""
    style = _style(message)
    stat = step.stat
    body = message.body
    source_at = body.index(0) + 1
    source_end = message.end_at - len(message.destination) - 3
    addresses = body[source_end + 1 : message.end_at + 1] + body[source_at : source_end + 1]
    text_id = message.id if style.id_form is IdForm.SAME else write_id(message.number, style.id_form)
    text = b"" if style.carrier is Carrier.TLV else _text(message, style, stat, text_id)
    tlvs = b"" if style.carrier is Carrier.TEXT else _tlvs(message, style, stat, text_id)
    if style.vendor_tlv:
        tlvs += _VENDOR_TLV
    if style.payload and text:
        tlvs += pdu.pack_tlv(pdu.TLV_MESSAGE_PAYLOAD, text)
        text = b""
    octets = pdu.deliver_body(
        addresses, esm_class=style.esm_class, data_coding=style.data_coding, short_message=text[:254], tlvs=tlvs
    )
    return Parcel(octets, message, stat, step.final)


def _style(message: Message) -> ReceiptStyle:
    return _USUAL if message.plan is None else message.plan.style


def _tlvs(message: Message, style: ReceiptStyle, stat: Stat, text_id: str) -> bytes:
    form = style.tlv_id_form
    tlv_id = text_id if form is None else message.id if form is IdForm.SAME else write_id(message.number, form)
    octets = tlv_id.encode() + b"\0"
    return (
        b"\x00\x1e\x00" + bytes((len(octets),)) + octets + b"\x04\x27\x00\x01" + bytes((stat.state,))
    )  # receipted_message_id, message_state


def _text(message: Message, style: ReceiptStyle, stat: Stat, text_id: str) -> bytes:
    err = style.err if style.err is not None else _ERR.get(stat, "000")
    delivered = "001" if stat is Stat.DELIVRD else "000"
    beginning = _beginning(message)
    if style.text is None:
        return (
            b"id:%b sub:001 dlvrd:%b submit date:%b done date:%b stat:%b err:%b text:%b"
            % (
                text_id.encode(), delivered.encode(), _minute(message.time), _minute(time.time()), stat.encode(),
                err.encode("latin-1"), beginning,
            )
        )  # fmt: skip
    written = style.text.format(
        id=text_id,
        dlvrd=delivered,
        submitted=datetime.fromtimestamp(message.time, UTC),
        done=datetime.now(UTC),
        stat=stat.value,
        err=err,
        text=beginning.decode("latin-1"),
    )
    return written.encode("latin-1", "replace")


def _beginning(message: Message) -> bytes:
    # Appendix B: the first 20 characters. As octets they are only the same text under the same alphabet.
    if message.data_coding or message.esm_class & pdu.ESM_UDHI:
        return b""
    start = message.flags_at + 6
    return message.body[start : min(start + 20, start + message.body[start - 1])]


class _Minutes:
    __slots__ = ("_minute", "_written")

    def __init__(self) -> None:
        self._minute = -1
        self._written = b""

    def __call__(self, seconds: float) -> bytes:
        minute = int(seconds) // 60
        if minute != self._minute:
            self._minute = minute
            self._written = datetime.fromtimestamp(seconds, UTC).strftime("%y%m%d%H%M").encode()
        return self._written


# Appendix B: YYMMDDhhmm. strftime is dearer than the rest of the receipt, and one minute has many.
_minute: Final = _Minutes()
