"""Bodies of submit_sm, octet by octet."""

from dataclasses import replace

import pytest

from domain.rules.route import Route, Segments
from sender.smpp.messages import Outgoing
from sender.smpp.submit import SubmitBody, Unsendable, relative_time, source_address
from tests.sender.smpp.wire import make_route, tlv

ROUTE = make_route(2775)


def outgoing(*parts: bytes, sender_id: str = "PREGON", reference: int = 0x1234, only: tuple[int, ...] = ()) -> Outgoing:
    """To one number, in the default alphabet."""
    return Outgoing(1, 51987763010, sender_id, parts, 0, reference, only)


def bodies(route: Route, message: Outgoing) -> list[bytes]:
    """Built, without their numbers."""
    return [body for _, body in SubmitBody(route).build(message)]


def test_a_short_message_is_these_octets():
    """SMPP 3.4 §4.4.1, field by field."""
    (body,) = bodies(replace(ROUTE, service_type="CMT", validity_s=90_061), outgoing(b"hi"))

    assert body == (
        b"CMT\0"
        b"\5\0PREGON\0"
        b"\1\x0151987763010\0"
        b"\0\0\0"  # esm_class, protocol_id, priority
        b"\0"  # schedule_delivery_time
        b"000001010101000R\0"  # a day, an hour, a minute and a second
        b"\1\0\0\0"  # registered_delivery, replace, data_coding, default message
        b"\2hi"
    )


def test_parts_by_udh_carry_the_header_and_its_flag():
    """3GPP TS 23.040 §9.2.3.24.1; the reference's low octet."""
    first, second = bodies(ROUTE, outgoing(b"aa", b"bbb"))

    assert first.endswith(b"\x40\0\0\0\0\1\0\0\0\x08\5\0\3\x34\2\1aa")
    assert second.endswith(b"\x40\0\0\0\0\1\0\0\0\x09\5\0\3\x34\2\2bbb")


def test_parts_by_udh16_carry_a_reference_of_16_bits():
    """3GPP TS 23.040 §9.2.3.24.8."""
    _, second = bodies(replace(ROUTE, segments=Segments.UDH16), outgoing(b"aa", b"bbb"))

    assert second.endswith(b"\x0a\6\x08\4\x12\x34\2\2bbb")


def test_parts_by_sar_carry_parameters_and_no_header():
    """SMPP 3.4 §5.3.2.22-24; esm_class stays 0."""
    _, second = bodies(replace(ROUTE, segments=Segments.SAR), outgoing(b"aa", b"bbb"))

    expected = tlv(0x020C, b"\x12\x34") + tlv(0x020E, b"\2") + tlv(0x020F, b"\2")
    assert second.endswith(b"\0\0\0\0\0\1\0\0\0\3bbb" + expected)


def test_a_long_payload_goes_whole_in_its_parameter():
    """SMPP 3.4 §5.3.2.32: short_message is empty then."""
    route = replace(ROUTE, segments=Segments.PAYLOAD)

    assert bodies(route, outgoing(b"x" * 400))[0].endswith(b"\0\0" + tlv(0x0424, b"x" * 400))
    assert bodies(route, outgoing(b"x" * 160))[0].endswith(b"\xa0" + b"x" * 160)


def test_only_the_parts_asked_for_are_built():
    """A part that was refused for now goes again alone, under its own number."""
    built = SubmitBody(ROUTE).build(outgoing(b"aa", b"bb", b"cc", only=(2,)))

    assert [number for number, _ in built] == [2]
    assert built[0][1].endswith(b"\3\2bb")


@pytest.mark.parametrize(
    ("sender_id", "expected"),
    [
        pytest.param("PREGON", (b"PREGON", 5, 0), id="letters"),
        pytest.param("Mi Tienda-1", (b"Mi Tienda-1", 5, 0), id="eleven with space and hyphen"),
        pytest.param("12345", (b"12345", 3, 0), id="short code"),
        pytest.param("+51987763010", (b"51987763010", 1, 1), id="international, with its plus"),
        pytest.param("51987763010", (b"51987763010", 1, 1), id="international"),
        pytest.param("", (b"", 0, 0), id="the SMSC's choice"),
    ],
)
def test_a_sender_id_has_its_type(sender_id: str, expected: tuple[bytes, int, int]):
    """TON and NPI by what it looks like."""

    assert source_address(sender_id, ROUTE) == expected


def test_a_route_has_the_last_word_on_types_of_number():
    """Some operators want NPI 1 with letters, or 0/0 for the destination."""
    route = replace(ROUTE, source_ton=5, source_npi=1, dest_ton=0, dest_npi=0)
    (body,) = bodies(route, outgoing(b"hi"))

    assert body.startswith(b"\0\5\1PREGON\0\0\x0051987763010\0")


@pytest.mark.parametrize(
    ("message", "status"),
    [
        pytest.param(outgoing(b"hi", sender_id="ABCDEFGHIJKL"), 0x0A, id="twelve letters"),
        pytest.param(outgoing(b"hi", sender_id="1" * 21), 0x0A, id="21 digits"),
        pytest.param(outgoing(b"hi", sender_id="Pregón"), 0x0A, id="a letter outside ASCII"),
        pytest.param(outgoing(b"hi", sender_id="A\0B"), 0x0A, id="a NUL inside"),
        pytest.param(outgoing(b"x" * 255), 0x01, id="255 octets"),
        pytest.param(outgoing(b"x" * 249, b"y"), 0x01, id="255 octets with their header"),
    ],
)
def test_what_no_pdu_can_carry_is_refused_before_the_wire(message: Outgoing, status: int):
    """With the status that an SMSC would have given."""
    with pytest.raises(Unsendable) as caught:
        SubmitBody(ROUTE).build(message)

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(60, b"000000000100000R", id="a minute"),
        pytest.param(86_400, b"000001000000000R", id="a day"),
        pytest.param(99 * 86_400, b"000099000000000R", id="the longest"),
    ],
)
def test_validity_is_relative(seconds: int, expected: bytes):
    """An absolute time needs a zone, and the library's were wrong west of Greenwich."""

    assert relative_time(seconds) == expected


def test_validity_ends_with_the_campaigns_hour_where_the_route_says_so(monkeypatch: pytest.MonkeyPatch):
    """In steps of ten seconds, never longer than the route's own, and one without an hour keeps the route's."""
    now = 1_800_000_000.0
    monkeypatch.setattr("sender.smpp.submit.time.time", lambda: now)
    tied = replace(ROUTE, validity_s=3_600, validity_until_close=True)
    builder = SubmitBody(tied)
    cases = [
        (now + 95, b"000000000130000R"),
        (now + 9_000, b"000000010000000R"),
        (now + 3, b"000000000010000R"),
        (0.0, b"000000010000000R"),
    ]
    for until, expected in cases:
        ((_, body),) = builder.build(outgoing(b"hi")._replace(valid_until=until))
        assert expected in body

    (untied,) = bodies(replace(ROUTE, validity_s=3_600), outgoing(b"hi")._replace(valid_until=now + 95))
    assert b"000000010000000R" in untied
