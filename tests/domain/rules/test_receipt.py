"""Receipts in the dialects of real operators, and the forms of their ids."""

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.message_state import MessageEvent
from domain.rules.receipt import (
    Dialect,
    IdForm,
    IdSource,
    PartsReceipt,
    canonical_id,
    id_forms,
    names_zone,
    parse_receipt,
    receipt_keys,
    receipt_pattern,
    receipt_time,
)

D, X, R = MessageEvent.RECEIPT_DELIVERED, MessageEvent.RECEIPT_EXPIRED, MessageEvent.RECEIPT_REJECTED
STANDARD = (
    "id:0123456789 sub:001 dlvrd:001 submit date:2611230945 done date:2611230946 stat:DELIVRD err:000 text:Hola Jose, d"
)


@pytest.mark.parametrize(
    ("text", "smsc_message_id", "event", "err"),
    [
        pytest.param(STANDARD, "0123456789", D, "000", id="appendix B"),
        pytest.param("id:1 stat:EXPIRED err:0B3", "1", X, "0B3", id="letters in err"),
        pytest.param("id:1 stat:UNDELIV err:0000 text:", "1", R, "0000", id="err of four"),
        pytest.param("id:1 stat:REJECTD err: text:x", "1", R, "", id="empty err"),
        pytest.param("id:1 stat:DELETED err:21b", "1", R, "21b", id="small letters in err"),
        pytest.param("id: 7F stat: DELIVRD err: 0", "7F", D, "0", id="space after the colon"),
        pytest.param("ID:a1 STAT:delivrd ERR:1", "a1", D, "1", id="keys in capitals, stat in small letters"),
        pytest.param("id:1 submit date:261123094501 done date:261123094559 stat:DELIVRD", "1", D, "", id="12 digits"),
        pytest.param("id:1 submit date:0000000000 done date:0000000000 stat:EXPIRED", "1", X, "", id="zero dates"),
        pytest.param("id:1 done date:261123094559004+ stat:DELIVRD", "1", D, "", id="SMPP time"),
        pytest.param("id:1 submit_date:2611230945 stat:DELIVERED", "1", D, "", id="spelt out"),
        pytest.param("id:1 stat:UNDELIVERABLE", "1", R, "", id="undeliverable"),
        pytest.param("id:1 stat:REJECTED", "1", R, "", id="rejected"),
        pytest.param("id:1 stat:2", "1", D, "", id="stat as a number"),
        pytest.param("id:1 stat:ENROUTE err:000", "1", None, "000", id="on its way"),
        pytest.param("id:1 stat:ACCEPTD", "1", None, "", id="accepted is not delivered"),
        pytest.param("id:1 stat:UNKNOWN", "1", None, "", id="unknown"),
        pytest.param("id:1 stat:BANANA", "1", None, "", id="a word of their own"),
        pytest.param("id:1,stat:DELIVRD,err:000", "1", D, "000", id="commas"),
        pytest.param("id:1\nstat:DELIVRD\r\nerr:000", "1", D, "000", id="lines"),
        pytest.param("id:1 stat:DELIVRD text:stat:EXPIRED id:2 err:999", "1", D, "", id="text holds colons"),
        pytest.param(
            "stat:DELIVRD id:9e107d9d372bb6826bd81d3542a419d6", "9e107d9d372bb6826bd81d3542a419d6", D, "", id="order"
        ),
        pytest.param("sub:001 stat:DELIVRD", None, D, "", id="no id"),
        pytest.param("id:" + "a" * 64 + " stat:DELIVRD", "a" * 64, D, "", id="64 characters of id"),
    ],
)
def test_the_text_is_read_in_every_dialect(
    text: str, smsc_message_id: str | None, event: MessageEvent | None, err: str
) -> None:
    """err is text, keys may be missing, and nothing behind `text:` is a key."""
    receipt = parse_receipt(text)

    assert receipt is not None
    assert (receipt.smsc_message_id, receipt.event, receipt.err) == (smsc_message_id, event, err)
    assert receipt.final is (event is not None)


@pytest.mark.parametrize(
    ("state", "event"),
    [(0, None), (1, None), (2, D), (3, X), (4, R), (5, R), (6, None), (7, None), (8, R), (9, None)],
)
def test_a_receipt_of_optional_parameters_alone_is_read(state: int, event: MessageEvent | None) -> None:
    """A legal receipt with an empty short_message."""
    receipt = parse_receipt(None, receipted_message_id="ab12\0", message_state=state)

    assert receipt is not None
    assert (receipt.smsc_message_id, receipt.event) == ("ab12", event)


def test_optional_parameters_win_over_the_text() -> None:
    """Where both are there and differ, operators mean the parameters."""
    receipt = parse_receipt(STANDARD, receipted_message_id="other", message_state=3)

    assert receipt is not None
    assert (receipt.smsc_message_id, receipt.event, receipt.stat, receipt.err) == ("other", X, "EXPIRED", "000")


@pytest.mark.parametrize("state", [7, 77, 255])
def test_a_state_that_says_nothing_leaves_the_word_to_the_text(state: int) -> None:
    """UNKNOWN, and numbers that SMPP does not define."""
    receipt = parse_receipt(STANDARD, message_state=state)

    assert receipt is not None
    assert receipt.event is D


@pytest.mark.parametrize("text", [None, "", "Hola, quiero la BAJA", "\0"])
def test_what_says_nothing_is_no_receipt(text: str | None) -> None:
    """An SMS that a person wrote."""
    assert parse_receipt(text) is None


@given(st.one_of(st.none(), st.text()), st.one_of(st.none(), st.text()), st.one_of(st.none(), st.integers()))
def test_nothing_on_the_wire_makes_it_fail(text: str | None, tlv_id: str | None, state: int | None) -> None:
    """An exception here would end the link, and the SMSC would send the same again for ever."""
    for said in (text, f"id:{text} stat:{tlv_id} err:{text} done date:{text}"):
        receipt = parse_receipt(said, receipted_message_id=tlv_id, message_state=state)

        assert receipt is None or receipt.final is (receipt.event is not None)

    for date in (text or "", f"2611{state}", f"{state}+"):
        found = receipt_time(date)

        assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2611230945", datetime(2026, 11, 23, 14, 45, tzinfo=UTC)),
        ("261123094501", datetime(2026, 11, 23, 14, 45, 1, tzinfo=UTC)),
        ("20261123094501", datetime(2026, 11, 23, 14, 45, 1, tzinfo=UTC)),
        ("261123094501020-", datetime(2026, 11, 23, 14, 45, 1, tzinfo=UTC)),
        ("261123094501000+", datetime(2026, 11, 23, 9, 45, 1, tzinfo=UTC)),
        ("0000000000", None),
        ("2613999999", None),
        ("000002000000000R", None),
        ("", None),
    ],
)
def test_dates_are_read_where_they_are_dates(text: str, when: datetime | None) -> None:
    """The SMSC's zone, unless the date names its own."""
    assert receipt_time(text, zone=timezone(timedelta(hours=-5))) == when


def test_the_forms_of_an_id_hold_both_bases() -> None:
    """The likeliest first: letter by letter the same."""
    assert id_forms("0A1b")[0] == "0A1b"
    assert {"0a1b", "0A1B", "a1b", "A1B", "2587"} <= set(id_forms("0A1b"))
    assert {"100", "64", "256"} <= set(id_forms("100"))


@pytest.mark.parametrize(
    "uuid", ["9e107d9d-372b-b682-6bd8-1d3542a419d6", "12345678901234567890123456789012", "MSG-100"]
)
def test_a_uuid_is_never_a_number(uuid: str) -> None:
    """Taken for one, two messages could get each other's receipts."""
    assert {form.lower() for form in id_forms(uuid)} == {uuid.lower()}
    assert len(receipt_keys(uuid)) == 1


IDS = st.integers(0, 2**63 - 1)
WIDTH = st.integers(1, 16)


@given(IDS, WIDTH, st.sampled_from("xX"))
def test_hex_in_the_response_meets_decimal_in_the_receipt(number: int, width: int, case: str) -> None:
    """By a route that says so, and by one that does not."""
    response, receipt = f"{number:0{width}{case}}", f"{number:0{width}}"

    assert canonical_id(response, form=IdForm.HEX) == receipt_keys(receipt, form=IdForm.HEX)[0]
    assert canonical_id(response) in receipt_keys(receipt)


@given(IDS, WIDTH, st.sampled_from("xX"))
def test_decimal_in_the_response_meets_hex_in_the_receipt(number: int, width: int, case: str) -> None:
    """The reverse habit."""
    response, receipt = f"{number:0{width}}", f"{number:0{width}{case}}"

    assert canonical_id(response, form=IdForm.DECIMAL) == receipt_keys(receipt, form=IdForm.DECIMAL)[0]
    assert canonical_id(response) in receipt_keys(receipt)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64))
def test_the_same_id_always_meets_itself_first(smsc_id: str) -> None:
    """In other letters' case too, and with zeros in front of a number."""
    assert receipt_keys(smsc_id)[0] == canonical_id(smsc_id)
    assert receipt_keys(smsc_id.upper())[0] == canonical_id(smsc_id.lower())
    assert receipt_keys(smsc_id, form=IdForm.SAME) == (smsc_id,)
    assert id_forms(smsc_id)[0] == smsc_id
    assert canonical_id(smsc_id, form="same", source=IdSource.RECEIPT) == smsc_id


OWN = Dialect(
    pattern=receipt_pattern(r"MSG=(?P<id>\w+);STATE=(?P<stat>\w+);CODE=(?P<err>\w*);SENT=(?P<submitted>[^;]+);"),
    date_format="%d/%m/%Y %H:%M:%S",
    zone=ZoneInfo("America/Lima"),
)


def test_a_route_s_own_pattern_reads_what_nobody_else_writes() -> None:
    """Its named groups are the fields."""
    receipt = parse_receipt("MSG=9f;STATE=Delivered;CODE=7;SENT=25/11/2026 18:05:00;", dialect=OWN)

    assert receipt is not None
    assert (receipt.smsc_message_id, receipt.event, receipt.stat, receipt.err) == ("9f", D, "DELIVRD", "7")
    assert receipt_time(receipt.submit_date, zone=ZoneInfo("America/Lima"), date_format=OWN.date_format) == datetime(
        2026, 11, 25, 23, 5, tzinfo=UTC
    )


def test_where_the_pattern_does_not_fit_it_is_read_as_usual() -> None:
    """Operators change their format without a word."""
    receipt = parse_receipt(STANDARD, dialect=OWN)

    assert receipt is not None
    assert (receipt.smsc_message_id, receipt.event) == ("0123456789", D)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(?P<id>", id="no expression"),
        pytest.param("(?P<err>x)", id="neither id nor stat"),
        pytest.param("(?P<id>x)(?P<colour>y)", id="a group that means nothing"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused(text: str) -> None:
    """At the start, not at the first receipt."""
    with pytest.raises(ValueError):
        receipt_pattern(text)


def test_a_date_that_names_its_zone_is_exact() -> None:
    """An absolute SMPP time, or a format with an offset in it."""
    assert names_zone("261123094559004+")
    assert names_zone("x", date_format="%Y-%m-%dT%H:%M:%S%z")
    assert not names_zone("2611230945")
    assert receipt_time("2026-11-25T18:05:00-0500", date_format="%Y-%m-%dT%H:%M:%S%z") == datetime(
        2026, 11, 25, 23, 5, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("octets", "err"),
    [
        pytest.param(b"\x03\x00\x2d", "3:45", id="GSM, 45"),
        pytest.param(b"\x03", "", id="too short"),
        pytest.param(b"", "", id="empty"),
        pytest.param(None, "", id="absent"),
    ],
)
def test_the_network_s_error_stands_in_for_err(octets: bytes | None, err: str) -> None:
    """Where the text has none."""
    receipt = parse_receipt(None, receipted_message_id="1", message_state=5, network_error=octets)

    assert receipt is not None
    assert receipt.err == err
    told = parse_receipt("id:1 stat:UNDELIV err:0B3", network_error=octets)
    assert told is not None
    assert told.err == "0B3"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(PartsReceipt.EACH, (False, False, False), id="each its own"),
        pytest.param(PartsReceipt.ONE, (True, True, True), id="whichever comes"),
        pytest.param(PartsReceipt.FIRST, (True, False, False), id="the first part's"),
        pytest.param(PartsReceipt.LAST, (False, False, True), id="the last part's"),
    ],
)
def test_an_operator_may_send_one_receipt_for_all_parts(rule: PartsReceipt, expected: tuple[bool, ...]) -> None:
    """Which one stands for the message is the route's word."""
    assert tuple(rule.stands_for_all(part, 3) for part in (1, 2, 3)) == expected


def test_a_pattern_is_looked_for_in_a_text_of_limited_length() -> None:
    """Whatever comes, reading it ends."""
    receipt = parse_receipt("x" * 100_000 + "id=1", dialect=Dialect(pattern=re.compile("id=(?P<id>.)")))

    assert receipt is None
