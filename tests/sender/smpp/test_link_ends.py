"""How a link ends and begins again: nothing unanswered is kept back, and it never stays down by itself."""

import asyncio
from collections.abc import Callable

import pytest

from domain.rules.route import Bind
from sender.smpp import pdu
from sender.smpp.messages import Answer, AnswerKind, DownReason, LinkStateKind
from tests.sender.smpp.conftest import Linking
from tests.sender.smpp.wire import (
    PATIENCE_S,
    Engine,
    Peer,
    RawSmsc,
    accept_bind,
    deliver,
    make_route,
    message,
    response,
)

RECEIPT = b"id:77 stat:DELIVRD err:000"


async def test_what_is_in_flight_when_the_link_is_cut_is_disconnected(smsc: RawSmsc, linked: Linking):
    """The library says nothing of them; they would be lost or sent twice."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, _ = await peer.submits(2)
    peer.send(response(first))
    await engine.answered(1)
    peer.writer.transport.abort()
    await engine.answered(2)

    assert engine.answers == [
        Answer(1, 1, 1, 0, "id", AnswerKind.OK),
        Answer(2, 1, 1, 0, None, AnswerKind.DISCONNECTED),
    ]


async def test_a_half_written_message_is_in_doubt_only_where_it_was_written(smsc: RawSmsc, linked: Linking):
    """Of the rest certainly not one byte left."""
    engine = await linked(window=2)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, b"a", b"b", b"c", b"d")])
    await peer.submits(2)
    peer.writer.transport.abort()
    await engine.answered(4)

    assert sorted((answer.part, answer.kind) for answer in engine.answers) == [
        (1, AnswerKind.DISCONNECTED),
        (2, AnswerKind.DISCONNECTED),
        (3, AnswerKind.UNSENT),
        (4, AnswerKind.UNSENT),
    ]


async def test_a_close_without_unbind_still_gives_the_answers_that_came(smsc: RawSmsc, linked: Linking):
    """Answers and the end in one segment."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, _ = await peer.submits(2)
    peer.send(response(first) + response(first)[:9])
    peer.writer.close()
    await engine.answered(2)

    assert engine.kinds == [AnswerKind.OK, AnswerKind.DISCONNECTED]
    assert (await engine.reached(LinkStateKind.DOWN)).reason is DownReason.CLOSED_BY_SMSC


async def test_a_lost_link_binds_again(smsc: RawSmsc, linked: Linking):
    """For ever."""
    engine = await linked()
    for _ in range(4):
        peer = await smsc.peer()
        await engine.until(lambda: engine.link.room)
        peer.writer.transport.abort()
        await engine.until(lambda: not engine.link.room)

    assert len(smsc.binds) >= 4


async def test_without_a_link_everything_is_handed_back(smsc: RawSmsc, linked: Linking):
    """Also before the first bind."""
    await smsc.stop()
    engine = await linked()
    taken = engine.link.submit([message(1), message(2, b"a", b"b")])

    assert taken == 0
    assert engine.link.room == 0
    assert [(answer.message_id, answer.part, answer.kind) for answer in engine.answers] == [
        (1, 1, AnswerKind.UNSENT),
        (2, 1, AnswerKind.UNSENT),
        (2, 2, AnswerKind.UNSENT),
    ]


async def test_an_unbind_from_the_smsc_waits_for_answers_under_way(smsc: RawSmsc, linked: Linking):
    """Maintenance at the operator: it answers what it took, then lets go."""
    engine = await linked(window=1)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, b"a", b"b")])
    (submit,) = await peer.submits(1)
    peer.send(pdu.pack(pdu.UNBIND, sequence=99))
    await engine.answered(1)
    peer.send(response(submit))
    unbind_resp = await peer.next(pdu.UNBIND_RESP)
    await peer.gone()
    await engine.answered(2)

    assert unbind_resp.sequence == 99
    assert sorted((answer.part, answer.kind) for answer in engine.answers) == [
        (1, AnswerKind.OK),
        (2, AnswerKind.UNSENT),
    ]
    assert (await engine.reached(LinkStateKind.DOWN)).reason is DownReason.UNBOUND_BY_SMSC
    await smsc.peer()


async def test_an_unbind_from_the_smsc_is_obeyed_though_answers_never_come(smsc: RawSmsc, linked: Linking):
    """After a second."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    await peer.submits(1)
    peer.send(pdu.pack(pdu.UNBIND, sequence=99))
    await peer.next(pdu.UNBIND_RESP)
    await engine.answered(1)

    assert engine.kinds == [AnswerKind.DISCONNECTED]


async def test_a_length_that_cannot_be_ends_the_link_and_says_so(smsc: RawSmsc, linked: Linking):
    """Nothing behind it can be read."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.reached(LinkStateKind.BOUND)
    peer.send(deliver(RECEIPT) + b"\xff" * 16)
    nack = await peer.next(pdu.GENERIC_NACK)
    await peer.gone()

    assert len(engine.incoming) == 1
    assert nack.status == 2
    assert (await engine.reached(LinkStateKind.DOWN)).reason is DownReason.GARBLED


async def test_a_silent_link_is_asked_and_kept_if_it_answers(smsc: RawSmsc, linked: Linking):
    """enquire_link, in both directions."""
    engine = await linked(enquire_link_s=0.1)
    peer = await smsc.peer()
    await engine.reached(LinkStateKind.BOUND)
    for _ in range(3):
        await peer.next(pdu.ENQUIRE_LINK)
    peer.send(pdu.pack(pdu.ENQUIRE_LINK, sequence=5))
    answer = await peer.next(pdu.ENQUIRE_LINK_RESP)

    assert answer.sequence == 5
    assert len(smsc.binds) == 1


async def test_a_link_that_does_not_answer_is_dropped(smsc: RawSmsc, linked: Linking):
    """A half-open connection looks like this."""
    smsc.answers_enquiries = False
    engine = await linked(enquire_link_s=0.1, response_timeout_s=0.2)
    peer = await smsc.peer()
    await peer.gone()

    assert (await engine.reached(LinkStateKind.DOWN)).reason is DownReason.SILENT
    await smsc.peer()


async def test_stop_waits_for_the_window_then_unbinds(smsc: RawSmsc, linked: Linking):
    """Nothing is left in doubt by an orderly end."""
    engine = await linked(window=2)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, b"a", b"b", b"c")])
    first, second = await peer.submits(2)
    stopping = asyncio.create_task(engine.link.stop(drain_s=PATIENCE_S))
    await asyncio.sleep(0)
    room = engine.link.room
    peer.send(response(first) + response(second))
    (third,) = await peer.submits(1)
    unbound_early = any(frame.command == pdu.UNBIND for frame in peer.seen)
    peer.send(response(third))
    await stopping

    assert room == 0
    assert not unbound_early
    assert peer.seen[-1].command == pdu.UNBIND
    assert engine.kinds == [AnswerKind.OK] * 3
    assert engine.states[-1].kind is LinkStateKind.STOPPED


async def test_stop_hands_back_what_is_unanswered_in_time(smsc: RawSmsc, linked: Linking):
    """15 of 20 had no outcome with the library."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(number) for number in range(20)])
    submits = await peer.submits(20)
    peer.send(b"".join(map(response, submits[:5])))
    await engine.answered(5)
    await engine.link.stop(drain_s=0.05)

    assert engine.kinds == [AnswerKind.OK] * 5 + [AnswerKind.DISCONNECTED] * 15


async def test_stop_waits_for_acknowledgements_of_what_came(smsc: RawSmsc, linked: Linking):
    """The engine is still committing them."""
    engine = await linked(engine=Engine(acknowledges=False))
    peer = await smsc.peer()
    peer.send(deliver(RECEIPT))
    incoming = await engine.received(1)
    stopping = asyncio.create_task(engine.link.stop(drain_s=PATIENCE_S))
    await asyncio.sleep(0)
    engine.link.ack(incoming)
    await stopping
    commands = [frame.command for frame in peer.seen]

    assert commands.index(pdu.DELIVER_SM | pdu.RESPONSE) < commands.index(pdu.UNBIND)


async def test_stop_ends_though_unbind_is_not_answered(smsc: RawSmsc, linked: Linking):
    """A lost unbind_resp holds nobody up for long."""
    smsc.answers_unbind = False
    engine = await linked()
    peer = await smsc.peer()
    await engine.reached(LinkStateKind.BOUND)
    async with asyncio.timeout(PATIENCE_S):
        await engine.link.stop(drain_s=1)
    await peer.gone()

    assert engine.states[-1].kind is LinkStateKind.STOPPED


async def test_stop_ends_a_link_that_never_was_up_at_once(smsc: RawSmsc, linked: Linking):
    """The library slept on for up to 32 s."""
    await smsc.stop()
    engine = await linked()
    await engine.reached(LinkStateKind.DOWN)
    async with asyncio.timeout(1):
        await engine.link.stop(drain_s=30)

    assert engine.states[-1].kind is LinkStateKind.STOPPED


async def test_a_link_that_has_ended_may_be_run_again(smsc: RawSmsc):
    """Another sender had its bind meanwhile."""
    engine = Engine()
    link = engine.attach(make_route(smsc.port))
    for bind in (1, 2):
        running = asyncio.create_task(link.run())
        await engine.until(lambda: engine.link.room)
        engine.link.submit([message(bind)])
        peer = await smsc.peer()
        (submit,) = await peer.submits(1)
        peer.send(response(submit))
        await engine.answered(bind)
        await link.stop(drain_s=PATIENCE_S)
        await running
        assert engine.states[-1].kind is LinkStateKind.STOPPED
        assert link.room == 0

    assert engine.kinds == [AnswerKind.OK] * 2
    assert len(smsc.binds) == 2


async def test_a_link_ends_from_one_moment_to_the_next(smsc: RawSmsc, linked: Linking):
    """Its bind may be another's already: nothing is waited for, not even the end of a bind under way."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    engine.link.abort()
    assert engine.kinds == [AnswerKind.DISCONNECTED]
    assert engine.link.room == 0
    await peer.gone()
    await engine.reached(LinkStateKind.STOPPED)
    running = asyncio.create_task(engine.link.run())
    await engine.reached(LinkStateKind.CONNECTING)
    engine.link.abort()
    await running

    assert [state.kind for state in engine.states].count(LinkStateKind.BOUND) == 1


async def test_cancelling_the_link_hands_back_too(smsc: RawSmsc):
    """However the program ends, each message has its word."""
    engine = Engine()
    task = asyncio.create_task(engine.attach(make_route(smsc.port)).run())
    await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert engine.kinds == [AnswerKind.DISCONNECTED]


def drop(peer: Peer) -> None:
    """Nothing but the end."""
    peer.writer.transport.abort()


def unbind(peer: Peer) -> None:
    """Said, then done."""
    peer.send(pdu.pack(pdu.UNBIND, sequence=1))


@pytest.mark.parametrize("end", [pytest.param(drop, id="cut"), pytest.param(unbind, id="unbind")])
async def test_no_connection_is_left_open(smsc: RawSmsc, linked: Linking, end: Callable[[Peer], None]):
    """The library left the old socket to the garbage collector."""
    engine = await linked()
    for _ in range(3):
        peer = await smsc.peer()
        await engine.until(lambda: engine.link.room)
        end(peer)
        await peer.gone()
        await engine.until(lambda: not engine.link.room)
    await smsc.peer()

    assert sum(not peer.closed.is_set() for peer in smsc.connections) == 1


async def test_a_fault_in_the_engine_s_callback_does_not_end_the_link_for_good(smsc: RawSmsc, linked: Linking):
    """It must not happen; if it does, it is logged and the link comes up again."""
    engine = Engine()
    fails = [True]

    def feed() -> None:
        if fails.pop() if fails else False:
            raise RuntimeError("a fault of ours")

    engine.feed = feed
    await linked(engine=engine)
    await smsc.peer()
    await smsc.peer()
    await engine.until(lambda: engine.link.room)

    assert (await engine.reached(LinkStateKind.DOWN)).reason is DownReason.INTERNAL


async def test_transmitter_and_receiver_serve_as_one(smsc: RawSmsc, linked: Linking):
    """Submits go over the one, receipts come over the other and are acknowledged there."""
    engine = await linked(bind=Bind.TRANSMITTER_RECEIVER)
    by_command = {}
    for _ in range(2):
        peer = await smsc.peer()
        by_command[peer.seen[0].command] = peer
    await engine.reached(LinkStateKind.BOUND)
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    (submit,) = await by_command[pdu.BIND_TRANSMITTER].submits(1)
    by_command[pdu.BIND_TRANSMITTER].send(response(submit))
    by_command[pdu.BIND_RECEIVER].send(deliver(RECEIPT, sequence=4))
    ack = await by_command[pdu.BIND_RECEIVER].next(pdu.DELIVER_SM | pdu.RESPONSE)

    assert ack.sequence == 4
    assert engine.kinds == [AnswerKind.OK]


async def test_a_pair_is_as_bad_as_its_worse_half(smsc: RawSmsc, linked: Linking):
    """Sending goes on without the receiver; the state says that something is wrong."""

    def only_transmitter(frame: pdu.Frame) -> bytes:
        if frame.command == pdu.BIND_RECEIVER:
            return pdu.pack(frame.command | pdu.RESPONSE, sequence=frame.sequence, status=0x0D)
        return accept_bind(frame)

    smsc.on_bind = only_transmitter
    engine = await linked(bind=Bind.TRANSMITTER_RECEIVER)
    await engine.until(lambda: engine.link.room)
    refused = await engine.reached(LinkStateKind.REFUSED)

    assert refused.reason is DownReason.BIND_REFUSED
    assert not any(state.kind is LinkStateKind.BOUND for state in engine.states)
