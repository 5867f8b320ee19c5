"""A link while it is bound: submits and their answers, against an SMSC of which the test writes every octet."""

import time

import pytest

from sender.smpp import pdu
from sender.smpp.messages import Answer, AnswerKind, Outgoing
from tests.sender.smpp.conftest import Linking
from tests.sender.smpp.wire import Engine, RawSmsc, deliver, message, response

RECEIPT = b"id:77 sub:001 dlvrd:001 submit date:2601010101 done date:2601010102 stat:DELIVRD err:000 text:"


async def test_a_batch_is_answered_part_by_part(smsc: RawSmsc, linked: Linking):
    """The plain case: submit, respond with an id, report."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    taken = engine.link.submit([message(1), message(2, b"aa", b"bb")])
    for number, submit in enumerate(await peer.submits(3)):
        peer.send(response(submit, b"id%d\0" % number))
    answers = await engine.answered(3)

    assert taken == 2
    assert answers == [
        Answer(1, 1, 1, 0, "id0", AnswerKind.OK),
        Answer(2, 1, 2, 0, "id1", AnswerKind.OK),
        Answer(2, 2, 2, 0, "id2", AnswerKind.OK),
    ]
    assert engine.link.in_flight == 0


async def test_answers_out_of_order_find_their_messages(smsc: RawSmsc, linked: Linking):
    """By sequence number, never by position."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(number) for number in range(3)])
    submits = await peer.submits(3)
    peer.send(b"".join(response(submits[number], b"id%d\0" % number) for number in (2, 0, 1)))
    await engine.answered(3)

    assert [(answer.message_id, answer.smsc_message_id) for answer in engine.answers] == [
        (2, "id2"),
        (0, "id0"),
        (1, "id1"),
    ]


async def test_the_window_is_never_exceeded_and_refilled_on_every_answer(smsc: RawSmsc, linked: Linking):
    """Unbounded pipelining made the library report false time-outs."""
    waiting = [message(number) for number in range(10)]
    engine = Engine()

    def feed() -> None:
        room = engine.link.room
        engine.link.submit(waiting[:room])
        del waiting[:room]

    engine.feed = feed
    await linked(engine=engine, window=2)
    peer = await smsc.peer()
    written_beyond: list[int] = []
    unanswered = await peer.submits(2)
    for _ in range(8):
        written_beyond.append(peer.frames.qsize())
        peer.send(response(unanswered.pop(0)))
        unanswered += await peer.submits(1)
    peer.send(b"".join(map(response, unanswered)))
    await engine.answered(10)

    assert set(written_beyond) == {0}
    assert [answer.message_id for answer in engine.answers] == list(range(10))


async def test_what_does_not_fit_is_handed_back_unsent(smsc: RawSmsc, linked: Linking):
    """Nothing is kept silently."""
    engine = await linked(window=2)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    taken = engine.link.submit([message(number) for number in range(4)])
    await peer.submits(2)

    assert taken == 2
    assert [(answer.message_id, answer.kind) for answer in engine.answers] == [
        (2, AnswerKind.UNSENT),
        (3, AnswerKind.UNSENT),
    ]


async def test_a_message_longer_than_the_window_goes_in_order_as_it_frees(smsc: RawSmsc, linked: Linking):
    """All its parts on one bind, one after the other, nothing in between."""
    engine = await linked(window=1)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, b"a", b"b", b"c"), message(2)])
    bodies = []
    rooms = []
    for _ in range(3):
        (submit,) = await peer.submits(1)
        bodies.append(submit.body[-1:])
        rooms.append(engine.link.room)
        peer.send(response(submit))
    await engine.answered(4)

    assert bodies == [b"a", b"b", b"c"]
    assert rooms == [0, 0, 0]
    assert engine.answers[0] == Answer(2, 1, 1, 0, None, AnswerKind.UNSENT)
    assert [answer.part for answer in engine.answers[1:]] == [1, 2, 3]
    assert engine.link.room == 1


async def test_a_refused_part_takes_the_unwritten_rest_back(smsc: RawSmsc, linked: Linking):
    """They would be paid for and never shown."""
    engine = await linked(window=1)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, b"a", b"b", b"c")])
    (submit,) = await peer.submits(1)
    peer.send(response(submit, b"", status=0x0B))
    await engine.answered(3)

    assert engine.kinds == [AnswerKind.PERMANENT, AnswerKind.UNSENT, AnswerKind.UNSENT]
    assert engine.link.room == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        pytest.param(0x08, b"", AnswerKind.TEMPORARY, id="system error, no body"),
        pytest.param(0x0B, b"\0", AnswerKind.PERMANENT, id="bad number, with body"),
        pytest.param(0x400, b"id\0", AnswerKind.PERMANENT, id="vendor 0x400"),
        pytest.param(1375, b"", AnswerKind.PERMANENT, id="vendor 1375"),
        pytest.param(0x22, b"", AnswerKind.PERMANENT, id="reserved 34"),
    ],
)
async def test_an_error_answers_its_message_and_the_link_stays(
    smsc: RawSmsc, linked: Linking, status: int, body: bytes, kind: AnswerKind
):
    """A vendor's status ended the library's link each time."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, second = await peer.submits(2)
    peer.send(response(first, body, status=status) + response(second))
    await engine.answered(2)

    assert engine.answers[0] == Answer(1, 1, 1, status, None, kind)
    assert engine.answers[1].kind is AnswerKind.OK
    assert len(smsc.binds) == 1


async def test_a_generic_nack_answers_the_submit_it_names(smsc: RawSmsc, linked: Linking):
    """With our sequence number it is a refusal, even with status 0; with another it means nothing."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, second = await peer.submits(2)
    for sequence, status in ((0, 3), (0x7FFFFFF0, 3), (first.sequence, 3), (second.sequence, 0)):
        peer.send(pdu.pack(pdu.GENERIC_NACK, sequence=sequence, status=status))
    await engine.answered(2)

    assert [(answer.message_id, answer.status, answer.kind) for answer in engine.answers] == [
        (1, 3, AnswerKind.PERMANENT),
        (2, 0, AnswerKind.PERMANENT),
    ]


async def test_a_second_response_to_the_same_submit_changes_nothing(smsc: RawSmsc, linked: Linking):
    """One answer a part."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, second = await peer.submits(2)
    peer.send(response(first) + response(first, status=8) + response(second))
    await engine.answered(2)

    assert [answer.message_id for answer in engine.answers] == [1, 2]


async def test_no_response_frees_the_window_and_a_late_one_is_still_told(smsc: RawSmsc, linked: Linking):
    """First NO_RESPONSE, then the truth."""
    engine = await linked(window=1, response_timeout_s=0.1)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    (submit,) = await peer.submits(1)
    await engine.answered(1)
    room = engine.link.room
    peer.send(response(submit, b"late\0"))
    await engine.answered(2)

    assert room == 1
    assert engine.answers == [
        Answer(1, 1, 1, 0, None, AnswerKind.NO_RESPONSE),
        Answer(1, 1, 1, 0, "late", AnswerKind.OK),
    ]


@pytest.mark.parametrize("status", [0x58, 0x14, 0x45])
async def test_throttling_pauses_the_bind_and_then_goes_on(smsc: RawSmsc, linked: Linking, status: int):
    """The library stood still for three minutes after three throttled messages."""
    engine = await linked(window=5, throttle_statuses=frozenset({0x45}))
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1), message(2)])
    first, second = await peer.submits(2)
    rooms = len(engine.rooms)
    peer.send(response(first, b"", status=status) + response(second, b"", status=status))
    throttled_s = time.monotonic()
    await engine.answered(2)
    held = engine.link.room
    engine.link.submit([message(3)])
    await engine.until(lambda: len(engine.rooms) > rooms)
    pause_s = time.monotonic() - throttled_s

    assert engine.kinds == [AnswerKind.THROTTLED, AnswerKind.THROTTLED, AnswerKind.UNSENT]
    assert held == 0
    assert engine.rooms[-1] == 5
    assert 0.08 < pause_s < 1.0


async def test_what_cannot_be_built_is_refused_without_the_wire(smsc: RawSmsc, linked: Linking):
    """And the messages beside it go."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1, sender_id="twelve chars"), message(2)])
    (submit,) = await peer.submits(1)
    peer.send(response(submit))
    await engine.answered(2)

    assert [(answer.message_id, answer.kind) for answer in engine.answers] == [
        (1, AnswerKind.PERMANENT),
        (2, AnswerKind.OK),
    ]


async def test_sequence_numbers_come_round(smsc: RawSmsc, linked: Linking):
    """After 0x7FFFFFFF comes 1."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link._sessions[0].sequence_generator.sequence_num = 0x7FFFFFFE
    engine.link.submit([message(1), message(2)])
    first, second = await peer.submits(2)
    peer.send(response(second, b"two\0") + response(first, b"one\0"))
    await engine.answered(2)

    assert (first.sequence, second.sequence) == (0x7FFFFFFF, 1)
    assert [(answer.message_id, answer.smsc_message_id) for answer in engine.answers] == [(2, "two"), (1, "one")]


async def test_our_sequence_numbers_and_theirs_are_two_spaces(smsc: RawSmsc, linked: Linking):
    """An SMSC may send a deliver_sm under the number of a submit that it has not answered."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    (submit,) = await peer.submits(1)
    peer.send(deliver(RECEIPT, sequence=submit.sequence) + response(submit))
    await engine.answered(1)

    assert engine.kinds == [AnswerKind.OK]
    assert len(engine.incoming) == 1


async def test_a_smsc_that_stops_reading_leaves_no_room(smsc: RawSmsc, linked: Linking):
    """What the socket does not take is not piled up in memory; when it is read, we go on."""
    engine = await linked(window=10_000)
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    peer.writer.transport.pause_reading()
    sent = 0
    while engine.link.room:
        batch = [message(sent + number, b"x" * 254) for number in range(min(500, engine.link.room))]
        sent += engine.link.submit(batch)
    congested = engine.link._sessions[0].connection._congested
    peer.writer.transport.resume_reading()
    for submit in await peer.submits(sent):
        peer.send(response(submit))
    await engine.answered(sent)

    assert congested or sent == 10_000
    assert set(engine.kinds) == {AnswerKind.OK}
    await engine.until(lambda: engine.link.room == 10_000)


async def test_it_is_written_in_one_write(smsc: RawSmsc, linked: Linking):
    """Many small writes meet Nagle on the other side."""
    engine = await linked(window=200)
    await smsc.peer()
    await engine.until(lambda: engine.link.room)
    connection = engine.link._sessions[0].connection
    writes: list[int] = []
    write = connection._writer.write
    connection._writer.write = lambda octets: (writes.append(len(octets)), write(octets))
    engine.link.submit([message(number) for number in range(200)])

    assert len(writes) == 1


async def test_a_process_that_stood_still_reads_before_it_judges(smsc: RawSmsc, linked: Linking):
    """After SIGSTOP and SIGCONT the answers are in the socket: the first tick after it expires nothing."""
    engine = await linked()
    await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([message(1)])
    connection = engine.link._sessions[0].connection
    now_s = time.monotonic()
    ticks = [0.25, 100.0, 0.25]
    answered: list[int] = []

    async def tick(*_: object) -> bool:
        nonlocal now_s
        answered.append(len(engine.answers))
        now_s += ticks.pop(0) if ticks else 0.0
        return len(answered) > 3

    connection._clock = lambda: now_s
    connection._within = tick
    await connection.keep()

    assert answered == [0, 0, 0, 1]
    assert engine.kinds == [AnswerKind.NO_RESPONSE]


async def test_a_single_part_of_a_message_can_go_again(smsc: RawSmsc, linked: Linking):
    """One part was throttled, its neighbours were accepted."""
    engine = await linked()
    peer = await smsc.peer()
    await engine.until(lambda: engine.link.room)
    engine.link.submit([Outgoing(1, 51987763010, "PREGON", (b"a", b"b", b"c"), 0, reference=9, only=(2,))])
    (submit,) = await peer.submits(1)
    peer.send(response(submit))
    await engine.answered(1)

    assert submit.body.endswith(b"\5\0\3\x09\3\2b")
    assert engine.answers == [Answer(1, 2, 3, 0, "id", AnswerKind.OK)]
