"""What a status means for the message."""

import pytest

from domain.rules.route import Route, parse_route
from sender.smpp.messages import AnswerKind
from sender.smpp.statuses import Consequence, classify, consequence, status_name

ROUTE = Route("default", "127.0.0.1")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(0x00, AnswerKind.OK, id="ROK"),
        pytest.param(0x08, AnswerKind.TEMPORARY, id="RSYSERR"),
        pytest.param(0x14, AnswerKind.THROTTLED, id="RMSGQFUL"),
        pytest.param(0x58, AnswerKind.THROTTLED, id="RTHROTTLED"),
        pytest.param(0x64, AnswerKind.TEMPORARY, id="RX_T_APPN"),
        pytest.param(0x65, AnswerKind.PERMANENT, id="RX_P_APPN"),
        pytest.param(0x0B, AnswerKind.PERMANENT, id="RINVDSTADR"),
        pytest.param(0x0A, AnswerKind.PERMANENT, id="RINVSRCADR"),
        pytest.param(0x0E, AnswerKind.BARRED, id="RINVPASWD"),
        pytest.param(0x15, AnswerKind.BARRED, id="RINVSERTYP"),
        pytest.param(0x45, AnswerKind.PERMANENT, id="RSUBMITFAIL"),
        pytest.param(34, AnswerKind.PERMANENT, id="reserved 34"),
        pytest.param(0x94, AnswerKind.PERMANENT, id="reserved 0x94"),
        pytest.param(1375, AnswerKind.PERMANENT, id="vendor 1375"),
    ],
)
def test_a_status_has_a_class(status: int, expected: AnswerKind):
    """Unknown ones are permanent for the message: it is not tried for ever."""

    assert classify(status, ROUTE) is expected


def test_a_route_names_its_own_throttling_and_temporary_statuses():
    """Some SMSCs answer a full window with 0x45, or with a code of their own."""
    own = parse_route("own", "smpp://a:b@h?throttle_statuses=0x45&temporary_statuses=1375")

    assert classify(0x45, own) is AnswerKind.THROTTLED
    assert classify(1375, own) is AnswerKind.TEMPORARY
    assert classify(0x58, own) is AnswerKind.THROTTLED


@pytest.mark.parametrize(
    ("status", "expected", "kind"),
    [
        pytest.param(0x01, Consequence.MESSAGE, AnswerKind.PERMANENT, id="RINVMSGLEN"),
        pytest.param(0x0B, Consequence.NUMBER, AnswerKind.PERMANENT, id="RINVDSTADR"),
        pytest.param(0x0A, Consequence.SENDER, AnswerKind.PERMANENT, id="RINVSRCADR"),
        pytest.param(0x0D, Consequence.ROUTE, AnswerKind.BARRED, id="RBINDFAIL"),
        pytest.param(0x0F, Consequence.ROUTE, AnswerKind.BARRED, id="RINVSYSID"),
        pytest.param(1025, Consequence.EVERYTHING, AnswerKind.BARRED, id="no credit, of its own"),
        pytest.param(1026, Consequence.ROUTE, AnswerKind.BARRED, id="of the route, of its own"),
        pytest.param(1027, Consequence.SENDER, AnswerKind.PERMANENT, id="of the sender ID, of its own"),
        pytest.param(1028, Consequence.NUMBER, AnswerKind.PERMANENT, id="of the number, of its own"),
        pytest.param(1029, Consequence.MESSAGE, AnswerKind.PERMANENT, id="a code that nobody named"),
    ],
)
def test_a_refusal_is_typed_by_what_it_holds_for(status: int, expected: Consequence, kind: AnswerKind):
    """What is the route's fault, or the account's, costs no message."""
    route = parse_route(
        "own",
        "smpp://a:b@h?account_statuses=1025&route_statuses=1026&sender_statuses=1027&number_statuses=1028",
    )

    assert consequence(status, route) is expected
    assert classify(status, route) is kind


def test_a_status_without_a_name_is_its_number():
    """For logs and for the results' detail."""

    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x400) == "0x00000400"
