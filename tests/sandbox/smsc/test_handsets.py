"""What a phone shows: alphabets decoded, parts joined, and only what arrived."""

import pytest

from sandbox.smsc import Behaviour, Outcome, Smsc
from sandbox.smsc.alphabet import DefaultAlphabet, decode_gsm, encode, part_of, text_of
from sandbox.smsc.pdu import parse_submit
from tests.sandbox.smsc.conftest import Connect, StartSmsc
from tests.sandbox.smsc.esme import Esme, submit_body, tlv

NUMBER = "51987763010"
HALVES = ("¿Dónde está ", "mañana?")


def shown(smsc: Smsc) -> list[tuple[str, str]]:
    return [(arrival.handset, arrival.text) for arrival in smsc.handsets.collect()]


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"hola", "hola"),
        (b"\x00\x02\x11", "@$_"),
        (bytes(range(0x5B, 0x61)), "ÄÖÑÜ§¿"),
        (bytes(range(0x7B, 0x80)), "äöñüà"),
        (b"\x1b\x65\x1b\x28\x1b\x29\x1b\x3c\x1b\x3e\x1b\x3d\x1b\x2f\x1b\x40\x1b\x14", "€{}[]~\\|^"),
        (b"\x1bA", "A"),
        (b"a\x1b", "a"),
    ],
)
def test_gsm_is_read_as_in_the_standard(octets: bytes, text: str) -> None:
    """3GPP TS 23.038 §6.2.1 and its extension; an unknown escape shows the basic character."""
    assert decode_gsm(octets) == text


def test_gsm_is_written_as_it_is_read() -> None:
    """Every letter of both tables."""
    letters = "".join(decode_gsm(bytes((code,))) for code in range(128)) + "^{}\\[~]|€\f"
    data_coding, items = encode(letters)

    assert data_coding == 0
    assert len(letters) == 137
    assert decode_gsm(b"".join(items)) == letters


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0, b"\x7d", "ñ"),
        (1, b"abc", "abc"),
        (3, "ñandú".encode("latin-1"), "ñandú"),
        (8, "ñandú 😀".encode("utf-16-be"), "ñandú 😀"),
        (4, b"\x01\xff", "01ff"),
        (0xF5, b"\x01\xff", "01ff"),
        (0x10, b"\x7d", "ñ"),
        (0xF1, b"\x7d", "ñ"),
        (0x18, "ñ".encode("utf-16-be"), "ñ"),
        (8, b"\x00a\x00", "a\ufffd"),
    ],
)
def test_data_coding_says_how_to_read(data_coding: int, octets: bytes, text: str) -> None:
    """SMPP's own values and those of TS 23.038 with a message class; binary as hexadecimal."""
    assert text_of(parse_submit(submit_body(NUMBER, octets, data_coding=data_coding))) == text


def test_an_operator_may_have_another_default_alphabet() -> None:
    """data_coding 0 as Latin-1 or ASCII."""
    submit = parse_submit(submit_body(NUMBER, "ñ".encode("latin-1")))

    assert text_of(submit, alphabet=DefaultAlphabet.LATIN_1) == "ñ"
    assert text_of(submit, alphabet=DefaultAlphabet.ASCII) == "\ufffd"


def test_the_spanish_shift_table_is_known() -> None:
    """Information element 0x24, language 2; without it the same octets are plain letters."""
    octets = b"\x1ba\x1bi\x1bo\x1bu\x1bA\x1b\x65"
    shifted = parse_submit(submit_body(NUMBER, b"\3\x24\1\2" + octets, esm_class=0x40))

    assert text_of(shifted) == "áíóúÁ€"
    assert text_of(parse_submit(submit_body(NUMBER, octets))) == "aiouA€"


def udh_8(number: int) -> dict[str, object]:
    return {"header": b"\5\0\3\x2a\2" + bytes((number,)), "esm_class": 0x40}


def udh_16(number: int) -> dict[str, object]:
    return {"header": b"\6\x08\4\x12\x34\2" + bytes((number,)), "esm_class": 0x40}


def sar(number: int) -> dict[str, object]:
    return {"tlvs": tlv(0x020C, b"\x12\x34") + tlv(0x020E, b"\2") + tlv(0x020F, bytes((number,)))}


@pytest.mark.parametrize("tied", [udh_8, udh_16, sar])
@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_parts_are_joined_however_they_are_tied(
    tied: object, order: tuple[int, int], smsc: Smsc, esme: Esme
) -> None:
    """8- and 16-bit references and SAR parameters, in any order, and each part is listed with its place."""
    assert callable(tied)
    for number in order:
        fields = dict(tied(number))
        header = fields.pop("header", b"")
        text = header + HALVES[number - 1].encode("utf-16-be")
        await esme.ask(NUMBER, text, data_coding=8, registered=0, **fields)

    assert shown(smsc) == [(NUMBER, "¿Dónde está mañana?")]
    listed = list(smsc.journal.view(smsc.journal.since(0)))
    assert [(row["part"], row["parts"], row["text"]) for row in listed] == [(n, 2, HALVES[n - 1]) for n in order]


async def test_parts_of_different_messages_are_not_mixed(smsc: Smsc, esme: Esme) -> None:
    """The same reference to two phones, and from two senders."""
    for destination, source in ((NUMBER, "A"), ("511", "A"), (NUMBER, "B")):
        for number in (1, 2):
            text = b"\5\0\3\x2a\2" + bytes((number,)) + source.encode()
            await esme.ask(destination, text, source=source, esm_class=0x40, registered=0)

    assert shown(smsc) == [(NUMBER, "AA"), ("511", "AA"), (NUMBER, "BB")]


async def test_a_message_payload_is_one_sms(smsc: Smsc, esme: Esme) -> None:
    """Far beyond 160 characters."""
    await esme.ask(NUMBER, b"", tlvs=tlv(0x0424, b"x" * 500), registered=0)

    assert shown(smsc) == [(NUMBER, "x" * 500)]


async def test_a_broken_header_is_a_single_sms(smsc: Smsc, esme: Esme) -> None:
    """Part 3 of 2, an element beyond the header, no header at all."""
    for text in (b"\5\0\3\x2a\2\3abc", b"\3\0\3\x2aabc", b""):
        await esme.ask(NUMBER, text, esm_class=0x40, registered=0)

    assert [text for _, text in shown(smsc)] == ["abc", "abc", ""]
    assert part_of(parse_submit(submit_body(NUMBER, b"\5\0\3\x2a\2\3abc", esm_class=0x40))).total == 1


@pytest.mark.parametrize(
    ("outcome", "arrives"), [("delivered", True), ("accepted", True), ("expired", False), ("rejected", False)]
)
async def test_only_what_arrives_is_shown(outcome: str, arrives: bool, smsc: Smsc, esme: Esme) -> None:
    """With the operator's last word."""
    smsc.set_behaviour(Behaviour(outcome=Outcome(outcome)))
    await esme.ask(NUMBER)
    if outcome != "accepted":
        await esme.deliver()

    arrivals = smsc.handsets.collect()
    assert [arrival.view()["stat"] for arrival in arrivals] == (
        [] if not arrives else ["DELIVRD" if outcome == "delivered" else None]
    )


async def test_duplicates_are_counted_by_content(smsc: Smsc, esme: Esme) -> None:
    """A long SMS sent again has another reference and is a duplicate still; a throttled one is none."""
    smsc.set_behaviour(numbers={"511": Behaviour(outcome=Outcome.THROTTLED, times=1)})
    for destination in (NUMBER, NUMBER, "511", "511"):
        await esme.ask(destination, b"same", registered=0)
    for reference in (1, 2):
        for number in (1, 2):
            text = b"\5\0\3" + bytes((reference, 2, number)) + b"same"
            await esme.ask("512", text, esm_class=0x40, registered=0)

    assert smsc.summary().duplicates == 3


async def test_memory_is_bounded(start_smsc: StartSmsc, connect: Connect) -> None:
    """The last ones stay, numbered on; what fell out is still counted, duplicates too."""
    smsc = await start_smsc(keep=100)
    client = await connect(smsc)
    for _ in range(3):
        for number in range(600):
            client.submit(f"519{number:08d}", registered=0)
        for _ in range(600):
            await client.read()

    kept = smsc.journal.since(0)
    assert len(kept) <= 1_200
    assert (kept[-1].n, smsc.journal.since(1_799)[0].n) == (1_800, 1_799)
    assert (smsc.summary().received, smsc.summary().duplicates) == (1_800, 1_200)
    assert len(smsc.handsets.collect()) == 100
