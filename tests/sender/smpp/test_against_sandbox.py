"""Links against the simulated SMSC: whole conversations, as an operator's real centre would have them."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator

import pytest

from domain.rules.message_state import MessageEvent
from domain.rules.route import Bind, Route, Segments
from sandbox.smsc import Answer as SmscAnswer
from sandbox.smsc import Behaviour, Carrier, IdForm, Outcome, ReceiptStyle, Rule, Script, Smsc
from sender.smpp.encoder import Encoder, References
from sender.smpp.messages import AnswerKind, DownReason, LinkStateKind, Outgoing
from tests.sender.smpp.wire import Engine, make_route

RESENT = {AnswerKind.UNSENT, AnswerKind.THROTTLED, AnswerKind.TEMPORARY}
QUICK = Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0)
LONG = "El niño comió piña. " * 20


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """Delivers everything at once, keeps nothing on disk."""
    server = Smsc(script=QUICK, credentials={"test": "secret"}, seed=1)
    await server.start()
    yield server
    await server.stop()


class Campaign(Engine):
    """Sends its messages over one link, as fast as there is room; what was unsent or refused for now goes again."""

    def begin(self, route: Route, outgoing: list[Outgoing]) -> asyncio.Task[None]:
        """Start the link."""
        self.by_id = {message.message_id: message for message in outgoing}
        self.waiting = deque(outgoing)
        self.seen = 0
        self.fates: dict[int, AnswerKind] = {}
        self.feed = self.send
        return asyncio.create_task(self.attach(route).run())

    def send(self) -> None:
        """Fill the room."""
        for answer in self.answers[self.seen :]:
            if answer.kind in RESENT:
                if answer.part == 1:
                    self.waiting.append(self.by_id[answer.message_id])
            else:
                self.fates[answer.message_id] = answer.kind
        self.seen = len(self.answers)
        batch = [self.waiting.popleft() for _ in range(min(self.link.room, len(self.waiting)))]
        self.link.submit(batch)

    async def finish(self) -> Counter[AnswerKind]:
        """Wait until each message has its fate."""

        def finished() -> bool:
            if self.link.room:
                self.send()
            return len(self.fates) == len(self.by_id)

        await self.until(finished)
        return Counter(self.fates.values())


async def run(route: Route, outgoing: list[Outgoing]) -> Campaign:
    """A whole campaign, to its orderly end."""
    campaign = Campaign()
    task = campaign.begin(route, outgoing)
    await campaign.finish()
    await campaign.link.stop(drain_s=1)
    await task
    return campaign


def numbered(count: int) -> list[Outgoing]:
    """Messages of one part, each to a number of its own."""
    return [Outgoing(number, 51987000000 + number, "PREGON", (b"hola",), 0) for number in range(count)]


@pytest.mark.parametrize("segments", list(Segments))
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Hola", id="short"),
        pytest.param("¿Mañana? {50} € [x] ~ | \\ ^ @ _", id="extension"),
        pytest.param("x" * 160, id="full"),
        pytest.param(LONG, id="long"),
        pytest.param("{€}" * 100, id="long with extension pairs"),
        pytest.param("Así se avisó: café 日本 😀", id="UCS-2"),
        pytest.param("日本😀" * 60, id="long UCS-2 with surrogate pairs"),
    ],
)
async def test_what_is_written_is_what_the_phone_shows(smsc: Smsc, text: str, segments: Segments):
    """Whatever the alphabet and the way of cutting."""
    route = make_route(smsc.port, segments=segments)
    outgoing = Encoder(route, references=References()).outgoing(
        text, message_id=1, msisdn=51987763010, sender_id="Mi Tienda"
    )
    campaign = Campaign()
    task = campaign.begin(route, [outgoing])
    await campaign.finish()
    await campaign.received(len(outgoing.parts))
    await campaign.link.stop(drain_s=1)
    await task
    (arrival,) = smsc.handsets.collect()

    assert (arrival.handset, arrival.source, arrival.text) == ("51987763010", "Mi Tienda", text)
    assert {incoming.receipt.event for incoming in campaign.incoming if incoming.receipt} == {
        MessageEvent.RECEIPT_DELIVERED
    }
    assert {incoming.receipt.smsc_message_id for incoming in campaign.incoming if incoming.receipt} == {
        answer.smsc_message_id for answer in campaign.answers
    }


async def test_a_thousand_through_a_small_window_arrive_once(smsc: Smsc):
    """Each answered, each acknowledged, none twice."""
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port, window=10), numbered(1_000))
    fates = await campaign.finish()
    await campaign.received(1_000)
    await campaign.link.stop(drain_s=1)
    await task
    summary = smsc.summary()

    assert fates == {AnswerKind.OK: 1_000}
    assert (summary.received, summary.duplicates, summary.acknowledged) == (1_000, 0, 1_000)
    assert summary.binds == ()


async def test_cuts_put_at_most_a_window_in_doubt_and_double_nothing(smsc: Smsc):
    """Three cuts in mid campaign."""
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port, window=20), numbered(3_000))
    for share in (500, 1_200, 2_000):
        await campaign.until(lambda share=share: len(campaign.answers) >= share)
        smsc.drop_links()
    fates = await campaign.finish()
    await campaign.link.stop(drain_s=1)
    await task

    assert set(fates) <= {AnswerKind.OK, AnswerKind.DISCONNECTED}
    assert fates[AnswerKind.DISCONNECTED] <= 3 * 20
    assert smsc.summary().duplicates == 0


async def test_throttled_messages_get_through(smsc: Smsc):
    """Every seventh is throttled, three hundred in all arrive."""
    smsc.set_behaviour(rules=[Rule(every=7, outcome=Outcome.THROTTLED, times=10, count_by="rule")])
    campaign = await run(make_route(smsc.port, window=20), numbered(300))

    assert set(campaign.fates.values()) == {AnswerKind.OK}
    assert AnswerKind.THROTTLED in campaign.kinds
    assert smsc.summary().duplicates == 0


@pytest.mark.parametrize("answer", [SmscAnswer.SWAPPED, SmscAnswer.TWICE])
async def test_answers_in_disorder_settle_every_message(smsc: Smsc, answer: SmscAnswer):
    """Swapped, or given twice."""
    smsc.set_behaviour(rules=[Rule(every=3, answer=answer)])
    campaign = await run(make_route(smsc.port, window=8), numbered(100))

    assert Counter(campaign.fates.values()) == {AnswerKind.OK: 100}


@pytest.mark.parametrize("answer", [SmscAnswer.HALF, SmscAnswer.CLOSE, SmscAnswer.THEN_CLOSE, SmscAnswer.THEN_UNBIND])
async def test_an_end_in_the_middle_settles_every_message(smsc: Smsc, answer: SmscAnswer):
    """Half an answer and the end; the end instead of an answer; the end behind it."""
    smsc.set_behaviour(rules=[Rule(every=50, answer=answer, times=1, count_by="rule")])
    campaign = await run(make_route(smsc.port, window=8), numbered(200))
    fates = Counter(campaign.fates.values())

    assert fates[AnswerKind.OK] + fates[AnswerKind.DISCONNECTED] == 200
    assert fates[AnswerKind.DISCONNECTED] <= 8
    assert smsc.summary().duplicates == 0


async def test_a_silent_smsc_costs_the_timer_and_no_more(smsc: Smsc):
    """Submits that are never answered leave the window by their timer."""
    smsc.set_behaviour(rules=[Rule(suffix="7", outcome=Outcome.SILENT)])
    campaign = await run(make_route(smsc.port, window=5, response_timeout_s=0.2), numbered(40))

    assert Counter(campaign.fates.values()) == {AnswerKind.OK: 36, AnswerKind.NO_RESPONSE: 4}


@pytest.mark.parametrize(
    "style",
    [
        pytest.param(ReceiptStyle(before_response=True), id="before the response"),
        pytest.param(ReceiptStyle(err="0B3"), id="letters in err"),
        pytest.param(ReceiptStyle(carrier=Carrier.TLV), id="only parameters"),
        pytest.param(ReceiptStyle(carrier=Carrier.TEXT), id="only text"),
        pytest.param(ReceiptStyle(carrier=Carrier.TLV, esm_class=0), id="esm_class 0"),
        pytest.param(ReceiptStyle(payload=True), id="in message_payload"),
        pytest.param(ReceiptStyle(data_coding=8), id="data_coding 8"),
        pytest.param(ReceiptStyle(vendor_tlv=True), id="vendor parameter"),
        pytest.param(ReceiptStyle(text="id:{id} stat:{stat} err:"), id="short"),
        pytest.param(ReceiptStyle(id_form=IdForm.HEX_UPPER), id="hexadecimal id"),
    ],
)
async def test_receipts_of_every_dialect_arrive_and_are_acknowledged(smsc: Smsc, style: ReceiptStyle):
    """None of them ends the link."""
    smsc.set_behaviour(default=Behaviour(receipt=style))
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port), numbered(5))
    await campaign.finish()
    incoming = await campaign.received(5)
    await smsc.wait_for(lambda summary: summary.acknowledged == 5)
    await campaign.link.stop(drain_s=1)
    await task

    assert all(one.receipt and one.receipt.event is MessageEvent.RECEIPT_DELIVERED for one in incoming)
    assert len([state for state in campaign.states if state.kind is LinkStateKind.BOUND]) == 1


async def test_a_person_writes_in_a_long_sms(smsc: Smsc):
    """Its parts come with their places."""
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port), [])
    await campaign.reached(LinkStateKind.BOUND)
    smsc.incoming("51987763010", "12345", "no más " * 40)
    incoming = await campaign.received(2)
    await campaign.link.stop(drain_s=1)
    await task
    places = [one.concatenation for one in incoming]

    assert all(place is not None for place in places)
    assert "".join(one.text for one in incoming) == "no más " * 40
    assert not any(one.is_receipt for one in incoming)


async def test_a_pair_of_transmitter_and_receiver_does_the_same(smsc: Smsc):
    """Some operators give no transceiver."""
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port, bind=Bind.TRANSMITTER_RECEIVER), numbered(50))
    fates = await campaign.finish()
    await campaign.received(50)
    modes = sorted(bind.mode for bind in smsc.binds)
    await campaign.link.stop(drain_s=1)
    await task

    assert fates == {AnswerKind.OK: 50}
    assert modes == ["receiver", "transmitter"]
    assert smsc.binds == ()


async def test_a_wrong_password_is_told(smsc: Smsc):
    """And not tried again at once."""
    campaign = Campaign()
    task = campaign.begin(make_route(smsc.port, password="wrong"), [])
    state = await campaign.reached(LinkStateKind.REFUSED)
    await campaign.link.stop(drain_s=0)
    await task

    assert state.reason is DownReason.WRONG_PASSWORD
