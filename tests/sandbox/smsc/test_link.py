"""Session and framing: binds, states, enquire_link, unbind, and octets that come in any portion or make no sense."""

import asyncio

import pytest

from sandbox.smsc import Smsc
from tests.sandbox.smsc.conftest import Connect, StartSmsc
from tests.sandbox.smsc.esme import MODES, Esme, pdu, submit_body, tlv

SUBMIT_RESP = 0x80000004
NACK = 0x80000000


@pytest.mark.parametrize("mode", MODES)
async def test_any_credentials_bind_in_each_mode(mode: str, smsc: Smsc, connect: Connect) -> None:
    """The answer carries the SMSC's system_id and sc_interface_version, and the bind is listed."""
    client = await connect(smsc, None)
    answer = await client.bind(mode, "anyone", "anything longer than eight")

    assert (answer.command, answer.status) == (MODES[mode] | NACK, 0)
    assert answer.body == b"pregon-smsc\0" + tlv(0x0210, b"\x34")
    assert [(bind.system_id, bind.mode) for bind in smsc.binds] == [("anyone", mode)]


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        pytest.param("demo", "right", 0, id="right"),
        pytest.param("demo", "wrong", 0x0E, id="wrong password"),
        pytest.param("other", "right", 0x0D, id="unknown system_id"),
    ],
)
async def test_configured_credentials_are_checked(
    system_id: str, password: str, status: int, start_smsc: StartSmsc, connect: Connect
) -> None:
    """ESME_RBINDFAIL for a stranger, ESME_RINVPASWD for a wrong password, neither with a body."""
    client = await connect(await start_smsc(credentials={"demo": "right"}), None)
    answer = await client.bind("transceiver", system_id, password)

    assert answer.status == status
    assert bool(answer.body) == (status == 0)


async def test_one_bind_too_many_is_already_bound(start_smsc: StartSmsc, connect: Connect) -> None:
    """max_binds counts by system_id, and a bind that ends makes room."""
    smsc = await start_smsc(max_binds=1)
    first, second = await connect(smsc), await connect(smsc, None)
    refused = await second.bind()
    await connect(smsc, system_id="another")
    await first.close()
    await smsc.wait_for(lambda summary: len(summary.binds) == 1)
    accepted = await second.bind()

    assert (refused.status, accepted.status) == (0x05, 0)


async def test_binds_are_refused_while_told_so(smsc: Smsc, connect: Connect) -> None:
    """ESME_RBINDFAIL, and the connection may try again."""
    smsc.refuse_binds = True
    client = await connect(smsc, None)
    refused = await client.bind()
    smsc.refuse_binds = False

    assert refused.status == 0x0D
    assert (await client.bind()).status == 0


async def test_a_second_bind_on_a_session_is_refused(esme: Esme) -> None:
    """ESME_RALYBND."""
    assert (await esme.bind()).status == 0x05


@pytest.mark.parametrize("mode", [None, "receiver"])
async def test_who_may_not_submit_is_told_so(mode: str | None, smsc: Smsc, connect: Connect) -> None:
    """ESME_RINVBNDSTS before the bind and on a receiver, and nothing is received."""
    client = await connect(smsc, mode)
    answer = await client.ask("51987763010")

    assert (answer.command, answer.status) == (SUBMIT_RESP, 0x04)
    assert smsc.summary().received == 0


async def test_a_transmitter_gets_no_receipts(smsc: Smsc, connect: Connect) -> None:
    """They wait for a bind of the same system_id that can receive."""
    transmitter = await connect(smsc, "transmitter")
    answer = await transmitter.ask("51987763010")
    await connect(smsc, "receiver", "somebody else")
    receiver = await connect(smsc, "receiver")

    assert (await receiver.deliver()).field("id") == answer.message_id


async def test_several_pdus_in_one_read_are_answered_in_order(esme: Esme) -> None:
    """A batch with other PDUs between the submits."""
    esme.write(
        pdu(0x04, 11, submit_body("51987763010", registered=0))
        + pdu(0x15, 12)
        + pdu(0x04, 13, submit_body("51987763011", registered=0))
        + pdu(0x04, 14, submit_body("51987763012", registered=0))
    )
    answers = [await esme.read() for _ in range(4)]

    assert [(answer.command, answer.sequence) for answer in answers] == [
        (SUBMIT_RESP, 11),
        (0x80000015, 12),
        (SUBMIT_RESP, 13),
        (SUBMIT_RESP, 14),
    ]


async def test_one_pdu_in_many_reads_is_put_together(smsc: Smsc, esme: Esme) -> None:
    """Octet by octet, each in a segment of its own."""
    for octet in pdu(0x04, 7, submit_body("51987763010", registered=0)):
        esme.write(bytes((octet,)))
        await asyncio.sleep(0)
    answer = await esme.read()

    assert (answer.command, answer.status, answer.sequence) == (SUBMIT_RESP, 0, 7)
    assert smsc.summary().received == 1


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
async def test_an_impossible_length_is_nacked_and_ends_the_link(length: int, esme: Esme) -> None:
    """ESME_RINVCMDLEN: nobody knows where the next PDU would begin. What came before is answered."""
    esme.write(pdu(0x04, 1, submit_body("51987763010", registered=0)) + pdu(0x15, 9, length=length))
    first, second = await esme.read(), await esme.read()

    assert (first.command, first.status) == (SUBMIT_RESP, 0)
    assert (second.command, second.status, second.sequence) == (NACK, 0x02, 9)
    assert await esme.ended() == b""


@pytest.mark.parametrize("command", [0x00, 0x03, 0x103, 0x0400])
async def test_an_unknown_command_is_nacked(command: int, esme: Esme) -> None:
    """ESME_RINVCMDID with its sequence number; the session goes on."""
    esme.write(pdu(command, 77, b"whatever") + pdu(0x15, 78))
    nack, alive = await esme.read(), await esme.read()

    assert (nack.command, nack.status, nack.sequence) == (NACK, 0x03, 77)
    assert (alive.command, alive.sequence) == (0x80000015, 78)


async def test_unexpected_responses_are_ignored(esme: Esme) -> None:
    """An answer or a nack to something never asked."""
    esme.write(pdu(0x80000005, 99, b"\0") + pdu(NACK, 98, status=3) + pdu(0x80000015, 97) + pdu(0x15, 96))

    assert (await esme.read()).sequence == 96


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 0x01, id="empty"),
        pytest.param(submit_body("51987763010")[:-3], 0x01, id="cut in the text"),
        pytest.param(submit_body("51987763010", text_length=200), 0x01, id="sm_length beyond the end"),
        pytest.param(submit_body("51987763010", tlvs=b"\x02\x0c\x00\x09\x01"), 0xC0, id="TLV beyond the end"),
        pytest.param(submit_body("51987763010", tlvs=b"\x02"), 0xC0, id="stray octet"),
        pytest.param(submit_body(""), 0x0B, id="no destination"),
        pytest.param(submit_body("+51987763010"), 0x0B, id="plus sign"),
        pytest.param(submit_body("5" * 21), 0x0B, id="long destination"),
        pytest.param(submit_body("51987763010", source="TWELVELETTER"), 0x0A, id="12 alphanumerics"),
        pytest.param(submit_body("51987763010", source="1" * 21, source_ton=1), 0x0A, id="long source"),
        pytest.param(submit_body("51987763010", b"x" * 161), 0x01, id="161 septets"),
        pytest.param(submit_body("51987763010", b"\0x" * 71, data_coding=8), 0x01, id="71 units"),
        pytest.param(
            submit_body("51987763010", b"\5\0\3\1\2\1" + b"x" * 154, esm_class=0x40), 0x01, id="154 beside a UDH"
        ),
    ],
)
async def test_a_submit_that_cannot_be_is_refused(body: bytes, status: int, smsc: Smsc, esme: Esme) -> None:
    """With the status that says what is wrong, without body, and the session goes on."""
    esme.write(pdu(0x04, 5, body))
    answer = await esme.read()

    assert (answer.command, answer.status, answer.sequence, answer.body) == (SUBMIT_RESP, status, 5, b"")
    assert (smsc.summary().received, smsc.summary().refused) == (1, 1)
    assert (await esme.ask("51987763010")).status == 0


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        pytest.param(b"x" * 160, {}, id="160 septets"),
        pytest.param(b"\0x" * 70, {"data_coding": 8}, id="70 units"),
        pytest.param(b"\5\0\3\1\2\1" + b"x" * 153, {"esm_class": 0x40}, id="153 beside a UDH"),
        pytest.param(b"x", {"validity": "000001000000000R"}, id="validity_period"),
        pytest.param(b"", {"tlvs": tlv(0x0424, b"x" * 900)}, id="message_payload"),
    ],
)
async def test_what_fits_is_taken(text: bytes, fields: dict[str, object], esme: Esme) -> None:
    """The limits of one SMS themselves are inside."""
    assert (await esme.ask("51987763010", text, **fields)).status == 0


async def test_text_beyond_one_sms_is_taken_when_told_so(start_smsc: StartSmsc, connect: Connect) -> None:
    """Some SMSCs split by themselves."""
    client = await connect(await start_smsc(strict_length=False))

    assert (await client.ask("51987763010", b"x" * 254)).status == 0


async def test_the_smsc_asks_a_silent_esme(start_smsc: StartSmsc, connect: Connect) -> None:
    """enquire_link after the configured silence, and again after the answer."""
    client = await connect(await start_smsc(enquire_link_s=0.02))
    first = await client.read()
    client.write(pdu(0x80000015, first.sequence))
    second = await client.read()

    assert (first.command, second.command) == (0x15, 0x15)
    assert second.sequence == first.sequence + 1


async def test_an_esme_that_does_not_answer_enquire_link_is_cut(
    start_smsc: StartSmsc, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open connection must not hold receipts for ever."""
    monkeypatch.setattr("sandbox.smsc.link._ENQUIRE_ANSWER_S", 0.02)
    smsc = await start_smsc(enquire_link_s=0.02)
    client = await connect(smsc)
    await client.ended()

    await smsc.wait_for(lambda summary: not summary.binds)


async def test_unbind_is_answered_after_the_submits_before_it(esme: Esme) -> None:
    """And ends the connection."""
    esme.write(pdu(0x04, 1, submit_body("51987763010", registered=0)) + pdu(0x06, 2))
    answers = [await esme.read(), await esme.read()]

    assert [answer.command for answer in answers] == [SUBMIT_RESP, 0x80000006]
    assert await esme.ended() == b""


async def test_the_smsc_unbinds_and_waits_for_the_answer(smsc: Smsc, esme: Esme) -> None:
    """unbind from the other side; the submits still under way are answered."""
    smsc.unbind_links()
    asked = await esme.read()
    answer = await esme.ask("51987763010", registered=0)
    esme.write(pdu(0x80000006, asked.sequence))

    assert (asked.command, answer.status) == (0x06, 0)
    assert await esme.ended() == b""


async def test_links_are_dropped_on_demand(smsc: Smsc, connect: Connect) -> None:
    """So many, oldest first, or all."""
    clients = [await connect(smsc) for _ in range(3)]
    one = smsc.drop_links(1)
    await clients[0].ended()
    await smsc.wait_for(lambda summary: len(summary.binds) == 2)
    rest = smsc.drop_links()
    await smsc.wait_for(lambda summary: not summary.binds)

    assert (one, rest) == (1, 2)


async def test_stop_unbinds_everybody(start_smsc: StartSmsc, connect: Connect) -> None:
    """And ends although an ESME does not agree."""
    smsc = await start_smsc()
    client = await connect(smsc)
    stopping = asyncio.create_task(smsc.stop())
    asked = await client.read()
    client.write(pdu(0x80000006, asked.sequence))
    await stopping

    assert asked.command == 0x06
    assert await client.ended() == b""


async def test_an_esme_that_does_not_read_is_not_read_either(start_smsc: StartSmsc, connect: Connect) -> None:
    """Its answers must not fill the memory; once it reads, all of them come."""
    smsc = await start_smsc()
    client = await connect(smsc)
    count = 60_000
    octets = b"".join(pdu(0x04, number, submit_body("51987763010", registered=0)) for number in range(1, count + 1))
    client.write(octets)
    last = 0
    while last < count:
        last = (await client.read()).sequence

    assert smsc.summary().received == count
