"""A link while it is bound: receipts, incoming SMS, and what else an SMSC may send."""

import asyncio

import pytest

from sender.smpp import pdu
from sender.smpp.connection import _MAX_UNACKED
from sender.smpp.messages import LinkStateKind
from tests.sender.smpp.conftest import Linking
from tests.sender.smpp.wire import Engine, RawSmsc, accept_bind, deliver, message, response, tlv

RECEIPT = b"id:77 sub:001 dlvrd:001 submit date:2601010101 done date:2601010102 stat:DELIVRD err:000 text:"


async def test_a_receipt_is_acknowledged_only_when_the_engine_has_it(smsc: RawSmsc, linked: Linking):
    """The SMSC's copy is the only one until ours is committed."""
    engine = await linked(engine=Engine(acknowledges=False))
    peer = await smsc.peer()
    peer.send(deliver(RECEIPT, sequence=0) + deliver(RECEIPT, sequence=0xFFFFFFFF))
    incoming = await engine.received(2)
    unanswered = list(peer.seen)
    engine.link.ack(incoming)
    acks = [await peer.next(pdu.DELIVER_SM | pdu.RESPONSE) for _ in range(2)]

    assert [frame.command for frame in unanswered] == [pdu.BIND_TRANSCEIVER]
    assert [(ack.sequence, ack.status, ack.body) for ack in acks] == [(0, 0, b"\0"), (0xFFFFFFFF, 0, b"\0")]


async def test_one_read_gives_one_report_of_each_kind(smsc: RawSmsc, linked: Linking):
    """Batches are what the database lives on."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(number) for number in range(50)])
    submits = await peer.submits(50)
    peer.send(b"".join(response(submit) + deliver(RECEIPT, sequence=submit.sequence) for submit in submits))
    await engine.received(50)

    assert engine.reports == [50, 50]


async def test_a_refused_receipt_drops_the_link_and_comes_again(smsc: RawSmsc, linked: Linking):
    """What cannot be stored must not be lost."""
    engine = await linked(engine=Engine(acknowledges=False))
    peer = await smsc.peer()
    peer.send(deliver(RECEIPT))
    engine.link.refuse(await engine.received(1))
    await peer.gone()
    second = await smsc.peer()
    second.send(deliver(RECEIPT))
    incoming = await engine.received(2)
    engine.link.ack(incoming)  # the first one's connection is gone: nothing happens there
    await second.next(pdu.DELIVER_SM | pdu.RESPONSE)

    assert not any(frame.command == pdu.DELIVER_SM | pdu.RESPONSE for frame in peer.seen)


async def test_receipts_beyond_what_the_engine_can_hold_wait_in_the_socket(smsc: RawSmsc, linked: Linking):
    """Memory is bounded whatever the SMSC floods us with."""
    engine = await linked(engine=Engine(acknowledges=False))
    peer = await smsc.peer()
    count = 3 * _MAX_UNACKED
    for start in range(0, count, 1_000):
        peer.send(b"".join(deliver(RECEIPT, sequence=start + number) for number in range(1_000)))
    await engine.received(_MAX_UNACKED)
    connection = engine.link._sessions[0].connection
    await engine.until(lambda: connection._not_reading)
    held = len(engine.incoming)
    done = 0
    while done < count:
        batch = engine.incoming[done:]
        done += len(batch)
        engine.link.ack(batch)
        if done < count:
            await engine.received(done + 1)

    assert held < _MAX_UNACKED + 2_000
    assert len(engine.incoming) == count


async def test_a_pdu_cut_into_single_octets_is_read(smsc: RawSmsc, linked: Linking):
    """TCP may cut anywhere."""
    engine = await linked()
    peer = await smsc.peer()
    for octet in deliver(RECEIPT):
        peer.send(bytes((octet,)))
        await peer.writer.drain()
        await asyncio.sleep(0)
    (incoming,) = await engine.received(1)

    assert incoming.receipt is not None


async def test_a_receipt_in_the_same_segment_as_the_bind_s_answer_is_read(smsc: RawSmsc, linked: Linking):
    """And so is one before it."""
    smsc.on_bind = lambda frame: deliver(RECEIPT, sequence=1) + accept_bind(frame) + deliver(RECEIPT, sequence=2)
    engine = await linked()
    peer = await smsc.peer()
    await engine.received(2)
    acks = [await peer.next(pdu.DELIVER_SM | pdu.RESPONSE) for _ in range(2)]

    assert [ack.sequence for ack in acks] == [1, 2]


async def test_unknown_and_useless_pdus_do_not_end_the_link(smsc: RawSmsc, linked: Linking):
    """An unknown request gets a generic_nack, an unknown response nothing."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.reached(LinkStateKind.BOUND)
    peer.send(
        pdu.pack(0x00010203, sequence=11, body=b"?")
        + pdu.pack(0x80010203, sequence=12)
        + pdu.pack(pdu.ALERT_NOTIFICATION, sequence=13, body=b"\1\x01519\0\0\0\0")
        + pdu.pack(pdu.DELIVER_SM, sequence=14, body=b"\0\1")
        + deliver(b"\5\0\3", esm_class=0x40, sequence=15, tlvs=tlv(0x0427, b"") + b"\xff")
        + pdu.pack(pdu.ENQUIRE_LINK, sequence=16)
    )
    nack = await peer.next(pdu.GENERIC_NACK)
    illegible = await peer.next(pdu.DELIVER_SM | pdu.RESPONSE)
    await peer.next(pdu.ENQUIRE_LINK_RESP)

    assert (nack.sequence, nack.status) == (11, 3)
    assert (illegible.sequence, illegible.status) == (14, 0x65)
    assert len(smsc.binds) == 1


async def test_a_receipt_over_which_our_reader_falls_is_asked_for_again(
    smsc: RawSmsc, linked: Linking, monkeypatch: pytest.MonkeyPatch
):
    """A fault of ours must neither lose a receipt nor end the link, as it did in the library."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.reached(LinkStateKind.BOUND)
    monkeypatch.setattr("sender.smpp.inbound.parse_receipt", lambda *_, **__: 1 // 0)
    peer.send(deliver(RECEIPT, sequence=1) + deliver(b"hola", esm_class=0, sequence=2))
    failed = await peer.next(pdu.DELIVER_SM | pdu.RESPONSE)
    good = await peer.next(pdu.DELIVER_SM | pdu.RESPONSE)

    assert (failed.sequence, failed.status) == (1, 0x64)
    assert (good.sequence, good.status) == (2, 0)
    assert [incoming.text for incoming in engine.incoming] == ["hola"]
