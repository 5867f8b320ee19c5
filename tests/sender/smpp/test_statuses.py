"""What a status means for the message."""

import pytest

from sender.smpp.messages import AnswerKind
from sender.smpp.statuses import classify, status_name


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
        pytest.param(0x45, AnswerKind.PERMANENT, id="RSUBMITFAIL"),
        pytest.param(34, AnswerKind.PERMANENT, id="reserved 34"),
        pytest.param(0x94, AnswerKind.PERMANENT, id="reserved 0x94"),
        pytest.param(1375, AnswerKind.PERMANENT, id="vendor 1375"),
    ],
)
def test_a_status_has_a_class(status: int, expected: AnswerKind):
    """Unknown ones are permanent for the message: it is not tried for ever."""

    assert classify(status) is expected


def test_a_route_names_its_own_throttling_and_temporary_statuses():
    """Some SMSCs answer a full window with 0x45, or with a code of their own."""
    own = {"throttling": frozenset({0x45}), "temporary": frozenset({1375})}

    assert classify(0x45, **own) is AnswerKind.THROTTLED
    assert classify(1375, **own) is AnswerKind.TEMPORARY
    assert classify(0x58, **own) is AnswerKind.THROTTLED


def test_a_status_without_a_name_is_its_number():
    """For logs and for the results' detail."""

    assert status_name(0x58) == "ESME_RTHROTTLED"
    assert status_name(0x400) == "0x00000400"
