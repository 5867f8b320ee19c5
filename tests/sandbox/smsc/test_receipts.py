"""Receipts in every dialect, kept until acknowledged, within the window; and SMS that come from phones."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.smsc import Behaviour, Carrier, IdForm, Outcome, Parts, ReceiptStyle, Rule, Script, Smsc, Stat
from tests.sandbox.smsc.conftest import Connect, StartSmsc
from tests.sandbox.smsc.esme import Deliver, Esme, Pdu, parse_deliver, pdu, submit_body

NUMBER = "51987763010"


def styled(**style: object) -> Behaviour:
    return Behaviour(receipt=ReceiptStyle(**style))  # type: ignore[arg-type]


async def test_a_usual_receipt_is_that_of_appendix_b(esme: Esme) -> None:
    """Addresses turned round, esm_class 4, id in the text and in the TLV."""
    answer = await esme.ask(NUMBER, b"Hola, su pedido ha llegado", source="PREGON")
    receipt = await esme.deliver()
    done = datetime.strptime(receipt.field("done date"), "%y%m%d%H%M").replace(tzinfo=UTC)

    assert (receipt.source, receipt.destination, receipt.esm_class) == (NUMBER, "PREGON", 4)
    assert receipt.text.startswith(f"id:{answer.message_id} sub:001 dlvrd:001 submit date:")
    assert receipt.text.endswith("stat:DELIVRD err:000 text:Hola, su pedido ha l")
    assert timedelta(0) <= datetime.now(UTC) - done < timedelta(minutes=2)
    assert receipt.tlvs[0x001E] == answer.body


@pytest.mark.parametrize(
    ("registered", "outcome", "wanted"),
    [
        (0, "delivered", False),
        (1, "delivered", True),
        (1, "expired", True),
        (2, "delivered", False),
        (2, "expired", True),
        (0x11, "delivered", True),
    ],
)
async def test_a_receipt_comes_only_when_asked_for(
    registered: int, outcome: str, wanted: bool, smsc: Smsc, esme: Esme
) -> None:
    """registered_delivery 2 asks for failures only."""
    smsc.set_behaviour(Behaviour(outcome=Outcome(outcome)))
    await esme.ask(NUMBER, registered=registered)
    esme.write(pdu(0x15, 50))
    came = await esme.read()

    assert (came.command == 0x05) == wanted


async def test_a_receipt_may_come_before_its_answer(smsc: Smsc, esme: Esme) -> None:
    """In the same write, or well before a slow answer."""
    smsc.set_behaviour(styled(before_response=True))
    esme.submit(NUMBER)
    early = await esme.deliver()
    answer = await esme.read()
    smsc.set_behaviour(Behaviour(answer_delay_s=0.05, receipt=ReceiptStyle(before_response=True)))
    esme.submit(NUMBER)
    earlier = await esme.deliver()
    late = await esme.read()

    assert (early.field("id"), earlier.field("id")) == (answer.message_id, late.message_id)
    assert answer.message_id != late.message_id


async def test_a_receipt_may_come_twice_and_be_contradicted(smsc: Smsc, esme: Esme) -> None:
    """The second final receipt says otherwise."""
    smsc.set_behaviour(styled(copies=2, contradiction=Stat.UNDELIV))
    await esme.ask(NUMBER)

    assert [(await esme.deliver()).field("stat") for _ in range(3)] == ["DELIVRD", "DELIVRD", "UNDELIV"]


async def test_intermediate_states_come_first(smsc: Smsc, esme: Esme) -> None:
    """ENROUTE and ACCEPTD within the delay, the final state at its end."""
    smsc.set_behaviour(styled(intermediate=(Stat.ENROUTE, Stat.ACCEPTD), delay_s=0.1, jitter_s=0))
    begun = time.monotonic()
    await esme.ask(NUMBER)
    receipts = [await esme.deliver() for _ in range(3)]

    assert [receipt.field("stat") for receipt in receipts] == ["ENROUTE", "ACCEPTD", "DELIVRD"]
    assert [receipt.tlvs[0x0427] for receipt in receipts] == [b"\1", b"\6", b"\2"]
    assert time.monotonic() - begun >= 0.1


async def test_receipts_are_late_by_the_scripts_delay(start_smsc: StartSmsc, connect: Connect) -> None:
    """With jitter on top, and in the order of their moments."""
    smsc = await start_smsc(script=Script(builtin=False, receipt_delay_s=0.05, receipt_jitter_s=0.05))
    smsc.set_behaviour(numbers={"511": styled(delay_s=0.2, jitter_s=0)})
    client = await connect(smsc)
    begun = time.monotonic()
    await client.ask("511")
    await client.ask(NUMBER)
    waiting = smsc.summary().waiting
    first = await client.deliver()
    first_s = time.monotonic() - begun
    second = await client.deliver()

    assert waiting == 2
    assert (first.source, second.source) == (NUMBER, "511")
    assert first_s >= 0.05
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize(
    ("answered", "receipt", "read"),
    [
        (IdForm.HEX, IdForm.DECIMAL, lambda text: f"{int(text, 16)}"),
        (IdForm.DECIMAL, IdForm.HEX, lambda text: f"{int(text):x}"),
        (IdForm.HEX, IdForm.HEX_UPPER, str.upper),
        (IdForm.DECIMAL, IdForm.DECIMAL_PADDED, lambda text: text.zfill(20)),
        (IdForm.HEX, IdForm.HEX_PADDED, lambda text: text.upper().zfill(16)),
        (IdForm.UUID, IdForm.SAME, lambda text: text),
    ],
)
async def test_a_receipts_id_may_be_written_otherwise(
    answered: IdForm, receipt: IdForm, read: object, smsc: Smsc, esme: Esme
) -> None:
    """Hex against decimal, upper case, leading zeros: in text and TLV alike."""
    smsc.set_behaviour(Behaviour(id_form=answered, receipt=ReceiptStyle(id_form=receipt)))
    answer = await esme.ask(NUMBER)
    came = await esme.deliver()

    assert callable(read)
    assert came.field("id") == read(answer.message_id)
    assert came.tlvs[0x001E] == came.field("id").encode() + b"\0"


async def test_text_and_tlv_may_disagree_about_the_id(smsc: Smsc, esme: Esme) -> None:
    """The TLV is then the one that was answered."""
    smsc.set_behaviour(styled(id_form=IdForm.HEX, tlv_id_form=IdForm.SAME))
    answer = await esme.ask(NUMBER)
    receipt = await esme.deliver()

    assert receipt.field("id") == f"{int(answer.message_id):x}"
    assert receipt.tlvs[0x001E] == answer.body


@pytest.mark.parametrize(
    ("style", "text", "tags"),
    [
        pytest.param({"carrier": Carrier.TLV}, False, {0x001E, 0x0427}, id="TLV only"),
        pytest.param({"carrier": Carrier.TEXT}, True, set(), id="text only"),
        pytest.param({"payload": True}, True, {0x001E, 0x0427, 0x0424}, id="in message_payload"),
        pytest.param({"vendor_tlv": True}, True, {0x001E, 0x0427, 0x1401}, id="vendor TLV"),
    ],
)
async def test_a_receipt_is_carried_as_told(
    style: dict[str, object], text: bool, tags: set[int], smsc: Smsc, esme: Esme
) -> None:
    """In TLVs, in text, in message_payload, with tags nobody knows."""
    smsc.set_behaviour(styled(**style))
    await esme.ask(NUMBER)
    receipt = await esme.deliver()

    assert set(receipt.tlvs) == tags
    assert receipt.text.startswith("id:") == text
    assert bool(receipt.short_message) == (text and 0x0424 not in tags)


async def test_a_receipt_speaks_the_dialect_it_is_told(smsc: Smsc, esme: Esme) -> None:
    """Letters in err, dates with seconds, a text of one's own, odd esm_class and data_coding."""
    smsc.set_behaviour(
        styled(
            err="0B3",
            text="id: {id} submit date:{submitted:%y%m%d%H%M%S} done date:0000000000 stat:DELIVERED err:{err} text:a:b",
            esm_class=0,
            data_coding=8,
        )
    )
    answer = await esme.ask(NUMBER)
    receipt = await esme.deliver()

    assert receipt.text.startswith(f"id: {answer.message_id} submit date:")
    assert len(receipt.field("submit date")) == 12
    assert receipt.text.endswith("done date:0000000000 stat:DELIVERED err:0B3 text:a:b")
    assert (receipt.esm_class, receipt.data_coding) == (0, 8)


@pytest.mark.parametrize(("parts", "wanted"), [(Parts.EACH, 3), (Parts.FIRST, 1), (Parts.LAST, 1)])
async def test_a_long_sms_has_receipts_for_these_parts(parts: Parts, wanted: int, smsc: Smsc, esme: Esme) -> None:
    """Each, the first or the last; the phone gets it anyway."""
    smsc.set_behaviour(styled(parts=parts))
    for number in (1, 2, 3):
        esme.submit(NUMBER, b"\5\0\3\x2a\3" + bytes((number,)) + b"abc", esm_class=0x40)
    ids = []
    receipts: list[Deliver] = []
    for _ in range(3 + wanted):
        came = await esme.read()
        if came.command == 0x05:
            receipts.append(_parsed(esme, came))
        else:
            ids.append(came.message_id)

    expected = {Parts.EACH: ids, Parts.FIRST: ids[:1], Parts.LAST: ids[-1:]}[parts]
    assert [receipt.field("id") for receipt in receipts] == expected
    assert [arrival.text for arrival in smsc.handsets.collect()] == ["abcabcabc"]


async def test_parts_may_differ_in_their_fate(smsc: Smsc, esme: Esme) -> None:
    """Mixed outcomes: the phone never shows it."""
    smsc.set_behaviour(rules=[Rule(part=2, outcome=Outcome.EXPIRED)])
    for number in (1, 2):
        await esme.ask(NUMBER, b"\5\0\3\x2a\2" + bytes((number,)) + b"abc", esm_class=0x40)
        assert (await esme.deliver()).field("stat") == ("DELIVRD", "EXPIRED")[number - 1]

    assert smsc.handsets.collect() == []


async def test_unacknowledged_receipts_come_again_on_the_next_bind(smsc: Smsc, connect: Connect) -> None:
    """In their order, before newer ones; acknowledged ones do not."""
    client = await connect(smsc)
    for number in (1, 2, 3):
        client.submit(f"5198776301{number}")
    came = [await client.read() for _ in range(6)]
    first = next(one for one in came if one.command == 0x05)
    client.write(pdu(0x80000005, first.sequence, b"\0"))
    await smsc.wait_for(lambda summary: summary.acknowledged == 1)
    client.abort()
    await smsc.wait_for(lambda summary: not summary.binds)
    again = await connect(smsc)
    receipts = [await again.deliver() for _ in range(2)]
    again.write(pdu(0x15, 90))

    assert [receipt.source for receipt in receipts] == ["51987763012", "51987763013"]
    assert (await again.read()).sequence == 90
    summary = await smsc.wait_for(lambda summary: summary.waiting == 0)
    assert (summary.receipts, summary.acknowledged) == (3, 3)


async def test_no_more_receipts_than_the_window_are_outstanding(start_smsc: StartSmsc, connect: Connect) -> None:
    """The next one comes with an acknowledgement."""
    smsc = await start_smsc(window=2)
    sender, receiver = await connect(smsc, "transmitter"), await connect(smsc, "receiver")
    for _ in range(3):
        await sender.ask(NUMBER)
    first = await receiver.deliver(ack=False)
    await receiver.deliver(ack=False)
    receiver.write(pdu(0x15, 90))
    alone = await receiver.read()
    receiver.write(pdu(0x80000005, first.sequence, b"\0"))

    assert alone.command == 0x80000015
    assert (await receiver.deliver()).source == NUMBER


async def test_several_receivers_share_the_receipts(smsc: Smsc, connect: Connect) -> None:
    """In turn; what one had when it fell goes to the other."""
    sender = await connect(smsc, "transmitter")
    first, second = await connect(smsc, "receiver"), await connect(smsc, "receiver")
    for number in (1, 2):
        await sender.ask(f"5198776301{number}")
    lost = await first.deliver(ack=False)
    kept = await second.deliver()
    first.abort()

    assert {lost.source, kept.source} == {"51987763011", "51987763012"}
    assert (await second.deliver()).source == lost.source


@pytest.mark.parametrize(
    ("status", "again"), [(0x64, True), (0x14, True), (0x58, True), (0x65, False), (0x66, False), (0x08, False)]
)
async def test_a_refused_receipt_comes_again_only_after_a_temporary_error(
    status: int, again: bool, smsc: Smsc, esme: Esme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ESME_RX_T_APPN, throttled and queue full are temporary; others end it."""
    monkeypatch.setattr("sandbox.smsc.outbound._REDELIVER_S", 0.01)
    await esme.ask(NUMBER)
    await esme.deliver(status=status)
    if again:
        assert (await esme.deliver()).source == NUMBER

    summary = await smsc.wait_for(lambda summary: summary.waiting == 0)
    assert (summary.receipts, summary.acknowledged) == (1, 1)


async def test_a_nacked_receipt_is_not_sent_for_ever(smsc: Smsc, esme: Esme) -> None:
    """generic_nack with its sequence number ends it."""
    await esme.ask(NUMBER)
    receipt = await esme.deliver(ack=False)
    esme.write(pdu(0x80000000, receipt.sequence, status=3))

    assert (await smsc.wait_for(lambda summary: summary.waiting == 0)).acknowledged == 1


@pytest.mark.parametrize(
    ("text", "data_coding", "octets"),
    [
        ("BAJA ñ@[", 0, b"BAJA \x7d\x00\x1b\x3c"),
        ("sí", 8, "sí".encode("utf-16-be")),
        ("", 0, b""),
    ],
)
async def test_a_phone_writes(text: str, data_coding: int, octets: bytes, smsc: Smsc, esme: Esme) -> None:
    """GSM 03.38 where it can be, UCS-2 otherwise, empty too."""
    smsc.incoming(NUMBER, "3535", text)
    came = await esme.deliver()

    assert (came.source, came.destination, came.esm_class) == (NUMBER, "3535", 0)
    assert (came.data_coding, came.short_message) == (data_coding, octets)


async def test_a_long_text_from_a_phone_comes_in_parts(smsc: Smsc, esme: Esme) -> None:
    """At most 153 septets each, a pair of escape and character never cut."""
    smsc.incoming(NUMBER, "3535", "x" * 152 + "€" + "y" * 10)
    parts = [await esme.deliver() for _ in range(2)]

    assert [part.short_message[:3] + part.short_message[4:6] for part in parts] == [b"\5\0\3\2\1", b"\5\0\3\2\2"]
    assert [part.short_message[6:] for part in parts] == [b"x" * 152, b"\x1be" + b"y" * 10]
    assert {part.esm_class for part in parts} == {0x40}


async def test_a_phone_writes_while_nobody_is_bound(smsc: Smsc, connect: Connect) -> None:
    """Kept for the first bind that can receive, or for the account that was named."""
    smsc.incoming(NUMBER, "3535", "hola")
    smsc.incoming(NUMBER, "3535", "quién", system_id="other")
    await connect(smsc, "transmitter")
    receiver = await connect(smsc, "receiver")
    other = await connect(smsc, "receiver", "other")

    assert (await receiver.deliver()).text == "hola"
    assert (await other.deliver()).data_coding == 0


@pytest.mark.parametrize(("sender", "to"), [("", "3535"), ("5" * 21, "3535"), (NUMBER, "ñandú")])
async def test_a_phone_needs_addresses(sender: str, to: str, smsc: Smsc) -> None:
    """ValueError, and nothing is queued."""
    with pytest.raises(ValueError):
        smsc.incoming(sender, to, "hola")

    assert smsc.summary().waiting == 0


async def test_receipts_of_many_submits_all_come(smsc: Smsc, esme: Esme) -> None:
    """Ten windows of them, each id once."""
    count = 2_000
    esme.write(b"".join(pdu(4, number, submit_body(NUMBER)) for number in range(1, count + 1)))
    answered: list[str] = []
    receipts: list[str] = []
    while len(receipts) < count:
        came = await esme.read()
        if came.command == 0x05:
            receipts.append(_parsed(esme, came).field("id"))
        else:
            answered.append(came.message_id)

    assert len(set(answered)) == count
    assert receipts == answered


def _parsed(esme: Esme, came: Pdu) -> Deliver:
    esme.write(pdu(0x80000005, came.sequence, b"\0"))
    return parse_deliver(came)
