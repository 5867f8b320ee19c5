"""A route's URL: every parameter with its default, and a sentence for each fault."""

import pytest

from domain.rules.gsm import Alphabet
from domain.rules.receipt import IdForm
from domain.rules.route import BadRoute, Bind, Route, Segments, parse_route


def test_the_defaults_are_those_of_the_table() -> None:
    """Nothing but host and credentials is needed; the dataclass and the URL agree."""
    route = parse_route("default", "smpp://demo:secret@smsc.example")

    assert route == Route("default", "smsc.example", system_id="demo", password="secret")
    assert (route.port, route.bind, route.binds, route.window, route.tps) == (2775, Bind.TRANSCEIVER, 1, 50, 0)
    assert (route.alphabet, route.segments, route.ids) == (Alphabet.GSM7, Segments.UDH, IdForm.AUTO)
    assert (route.enquire_link_s, route.response_timeout_s, route.registered_delivery) == (30, 30, 1)


def test_every_parameter_is_read() -> None:
    """And percent-encoding in the credentials."""
    route = parse_route(
        "b",
        "smpps://us%40er:p%2Fa%3Ass@[::1]:3551?bind=transmitter_receiver&binds=2&window=10&tps=12.5&alphabet=latin1"
        "&segments=sar&packed=true&ids=hex&system_type=VMA&service_type=CMT&source_ton=5&source_npi=0&dest_ton=auto"
        "&dest_npi=0x01&validity_s=3600&registered_delivery=0&enquire_link_s=5&response_timeout_s=2.5"
        "&throttle_statuses=0x45,1375&temporary_statuses=0x94&data_coding=0xf1&ca_file=%2Fetc%2Fca.pem&insecure=no",
    )

    assert route == Route(
        name="b",
        host="::1",
        port=3551,
        system_id="us@er",
        password="p/a:ss",
        tls=True,
        bind=Bind.TRANSMITTER_RECEIVER,
        binds=2,
        window=10,
        tps=12.5,
        alphabet=Alphabet.LATIN1,
        segments=Segments.SAR,
        packed=True,
        ids=IdForm.HEX,
        system_type="VMA",
        service_type="CMT",
        source_ton=5,
        source_npi=0,
        dest_ton=None,
        dest_npi=1,
        validity_s=3600,
        registered_delivery=0,
        enquire_link_s=5,
        response_timeout_s=2.5,
        throttle_statuses=frozenset({0x45, 1375}),
        temporary_statuses=frozenset({0x94}),
        data_coding=0xF1,
        ca_file="/etc/ca.pem",
    )


def test_the_port_of_tls_is_another() -> None:
    """3550 is what IANA has for it."""
    assert parse_route("a", "smpps://demo:x@h").port == 3550


def test_the_password_is_in_no_repr() -> None:
    """Logs and tracebacks show routes."""
    assert "hunter2" not in repr(parse_route("a", "smpp://demo:hunter2@h"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://demo:hunter2@h", "must begin with smpp:// or smpps://"),
        ("demo:hunter2@h", "must begin with"),
        ("smpp://demo:hunter2@", "names no host"),
        ("smpp://h:2775", "names no system_id"),
        ("smpp://demo:hunter2@h:99999", "the port must be"),
        ("smpp://demo:hunter2@h:x", "the port must be"),
        ("smpp://demo:hunter2@[h", "cannot be read"),
        ("smpp://demo:hun/ter2@h", "encode / as %2F"),
        ("smpp://demo:hunter2@h/x", "encode / as %2F"),
        ("smpp://demo:hunter2@h?windows=3", "no parameter windows"),
        ("smpp://demo:hunter2@h?window=3&window=4", "given twice"),
        ("smpp://demo:hunter2@h?window=0", "window must be a whole number from 1 to 10000, not '0'"),
        ("smpp://demo:hunter2@h?window=many", "window must be"),
        ("smpp://demo:hunter2@h?tps=nan", "tps must be a number"),
        ("smpp://demo:hunter2@h?tps=-1", "tps must be a number"),
        ("smpp://demo:hunter2@h?bind=both", "one of transceiver, transmitter_receiver, transmitter, receiver"),
        ("smpp://demo:hunter2@h?alphabet=utf8", "alphabet must be one of gsm, gsm_es, strict, latin1, ascii, ucs2"),
        ("smpp://demo:hunter2@h?source_ton=256", "source_ton must be auto"),
        ("smpp://demo:hunter2@h?packed=perhaps", "packed must be true or false"),
        ("smpp://demo:hunter2@h?service_type=toolong", "at most 5 characters"),
        ("smpp://demo:hunter2@h?throttle_statuses=a", "statuses by comma"),
        ("smpp://demo:hunter2@h?system_type=%00", "at most 12 characters"),
    ],
)
def test_a_fault_is_a_sentence_without_the_password(url: str, sentence: str) -> None:
    """The operator reads it on stderr."""
    with pytest.raises(BadRoute) as refused:
        parse_route("main", url)

    assert sentence in str(refused.value)
    assert "route main" in str(refused.value)
    assert "hun" not in str(refused.value)
