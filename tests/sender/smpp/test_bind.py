"""Binding: what a refusal means, credentials of any length, TLS, and the probe."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.rules.route import Bind
from sender.smpp import pdu
from sender.smpp.backoff import STEADY_S, Backoff, RetryDelays
from sender.smpp.binding import BindFailed
from sender.smpp.check import probe
from sender.smpp.messages import DownReason, LinkStateKind
from tests.sender.smpp.conftest import Linking
from tests.sender.smpp.wire import PATIENCE_S, Engine, RawSmsc, accept_bind, make_route


def refusing(status: int, *, body: bytes = b"") -> object:
    """An SMSC's answer to every bind."""
    return lambda frame: pdu.pack(frame.command | pdu.RESPONSE, sequence=frame.sequence, status=status, body=body)


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        pytest.param(0x0E, LinkStateKind.REFUSED, DownReason.WRONG_PASSWORD, id="RINVPASWD"),
        pytest.param(0x0F, LinkStateKind.REFUSED, DownReason.WRONG_SYSTEM_ID, id="RINVSYSID"),
        pytest.param(0x0D, LinkStateKind.REFUSED, DownReason.BIND_REFUSED, id="RBINDFAIL"),
        pytest.param(0x05, LinkStateKind.DOWN, DownReason.ALREADY_BOUND, id="RALYBND"),
        pytest.param(0x58, LinkStateKind.DOWN, DownReason.BIND_ERROR, id="RTHROTTLED"),
        pytest.param(0x410, LinkStateKind.DOWN, DownReason.BIND_ERROR, id="vendor"),
    ],
)
@pytest.mark.parametrize("body", [pytest.param(b"", id="no body"), pytest.param(b"SMSC\0", id="with body")])
async def test_bind_errors_are_told_apart(
    smsc: RawSmsc, linked: Linking, status: int, kind: LinkStateKind, reason: DownReason, body: bytes
):
    """What a person must mend, and what mends itself; a missing body hid the reason in the library."""
    smsc.on_bind = refusing(status, body=body)
    engine = await linked()
    state = await engine.reached(kind)

    assert state.reason is reason
    assert engine.link.room == 0


async def test_after_a_refusal_a_good_bind_comes_up(smsc: RawSmsc, linked: Linking):
    """The operator has mended the account: nobody needs to restart us."""
    smsc.on_bind = refusing(0x0D)
    engine = await linked()
    await engine.reached(LinkStateKind.REFUSED)
    smsc.on_bind = accept_bind
    await engine.reached(LinkStateKind.BOUND)
    await engine.until(lambda: engine.link.room)

    assert engine.link.state.kind is LinkStateKind.BOUND
    assert engine.link.state.since.tzinfo is not None


@pytest.mark.parametrize(
    ("status", "word"), [pytest.param(0x0E, "ESME_RINVPASWD"), pytest.param(0x0F, "ESME_RINVSYSID")]
)
@pytest.mark.parametrize(
    ("bind", "knocks"), [pytest.param(Bind.TRANSCEIVER, 1), pytest.param(Bind.TRANSMITTER_RECEIVER, 2)]
)
async def test_wrong_credentials_are_not_tried_again(
    smsc: RawSmsc, linked: Linking, status: int, word: str, bind: Bind, knocks: int
):
    """Once for each session: the account would be locked. Even though the operator would let us in now."""
    smsc.on_bind = refusing(status)
    engine = await linked(bind=bind)
    await engine.reached(LinkStateKind.REFUSED)
    await engine.until(lambda: len(smsc.binds) == knocks)
    smsc.on_bind = accept_bind
    sessions = [task for task in asyncio.all_tasks() if task.get_name() == "link test"]
    _, going_on = await asyncio.wait(sessions, timeout=PATIENCE_S) if sessions else (set(), set())
    state = engine.link.state

    assert not going_on
    assert state.kind is LinkStateKind.REFUSED
    assert (state.final, state.detail) == (True, word)
    assert len(smsc.binds) == knocks
    assert not any(state.kind is LinkStateKind.BOUND for state in engine.states)


async def test_refused_credentials_stay_refused_in_the_next_run(smsc: RawSmsc):
    """To knock on with them locks the account."""
    smsc.on_bind = refusing(0x0E)
    engine = Engine()
    link = engine.attach(make_route(smsc.port))
    for _ in range(2):
        running = asyncio.create_task(link.run())
        await engine.reached(LinkStateKind.REFUSED)
        await link.stop(drain_s=0)
        await running
        smsc.on_bind = accept_bind
        assert link.state.final

    assert len(smsc.binds) == 1


async def test_another_refusal_is_tried_again(smsc: RawSmsc, linked: Linking):
    """ESME_RBINDFAIL may mean no more than that our last session is not forgotten yet."""
    smsc.on_bind = refusing(0x0D)
    engine = await linked()
    await engine.until(lambda: len(smsc.binds) > 3)

    assert not engine.link.state.final


async def test_a_bind_s_answer_may_have_no_body(smsc: RawSmsc, linked: Linking):
    """Some SMSCs leave out the system_id."""
    smsc.on_bind = refusing(0)
    engine = await linked()

    await engine.reached(LinkStateKind.BOUND)


async def test_an_enquire_link_before_the_bind_s_answer_is_answered(smsc: RawSmsc, linked: Linking):
    """Some SMSCs ask at once."""
    smsc.on_bind = lambda frame: pdu.pack(pdu.ENQUIRE_LINK, sequence=3) + accept_bind(frame)
    await linked()
    peer = await smsc.peer()
    answer = await peer.next(pdu.ENQUIRE_LINK_RESP)

    assert answer.sequence == 3


async def test_credentials_longer_than_the_standard_are_sent_whole(smsc: RawSmsc, linked: Linking):
    """The library refused more than eight letters of password."""
    await linked(system_id="an-account-of-20-chr", password="correct horse battery", system_type="VMA")
    peer = await smsc.peer()

    assert peer.seen[0].body.split(b"\0")[:3] == [b"an-account-of-20-chr", b"correct horse battery", b"VMA"]


async def test_a_bind_that_is_dropped_at_once_is_not_hammered():
    """The library's timer starts over with each good bind: a tight loop."""
    now_s = 0.0
    backoff = Backoff(RetryDelays(first_s=1, longest_s=8), clock=lambda: now_s)
    waited = []
    for _ in range(4):
        backoff.reset()
        waited.append(backoff.next_delay())
        await _skip(backoff)
    backoff.reset()
    now_s += STEADY_S
    await _skip(backoff)

    assert waited == [1, 2, 4, 8]
    assert backoff.next_delay() == 2  # the first failure of a new series is behind it


async def test_a_refused_bind_waits_far_longer():
    """Accounts are locked by too many attempts."""
    backoff = Backoff(RetryDelays(), clock=lambda: 0.0)
    delays = []
    for _ in range(5):
        backoff.refused()
        delays.append(backoff.next_delay())
        await _skip(backoff)

    assert delays == [60, 120, 240, 480, 600]
    assert backoff.next_delay() == 1


async def _skip(backoff: Backoff) -> None:
    """Begin to wait, and do not."""
    task = asyncio.create_task(backoff.wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_probe_binds_and_unbinds(smsc: RawSmsc):
    """``pregon check`` leaves no session behind."""
    await probe(make_route(smsc.port), 2.0)
    peer = await smsc.peer()
    await peer.gone()

    assert [frame.command for frame in peer.seen] == [pdu.BIND_TRANSCEIVER, pdu.UNBIND]


async def test_the_probe_tries_both_halves_of_a_pair(smsc: RawSmsc):
    """A receiver that is refused is a fault too."""
    await probe(make_route(smsc.port, bind=Bind.TRANSMITTER_RECEIVER), 2.0)

    assert [frame.command for frame in smsc.binds] == [pdu.BIND_TRANSMITTER, pdu.BIND_RECEIVER]


async def test_the_probe_says_why_it_failed(smsc: RawSmsc):
    """One line for the operator."""
    smsc.on_bind = refusing(0x0E)
    with pytest.raises(BindFailed) as refused:
        await probe(make_route(smsc.port), 2.0)
    smsc.on_bind = lambda _: b""
    with pytest.raises(BindFailed) as silent:
        await probe(make_route(smsc.port), 0.05)
    smsc.on_bind = lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with pytest.raises(BindFailed) as garbled:
        await probe(make_route(smsc.port), 2.0)
    await smsc.stop()
    with pytest.raises(BindFailed) as unreachable:
        await probe(make_route(smsc.port), 2.0)

    assert (refused.value.reason, refused.value.detail) == (DownReason.WRONG_PASSWORD, "ESME_RINVPASWD")
    assert silent.value.reason is DownReason.BIND_TIMEOUT
    assert garbled.value.reason is DownReason.GARBLED
    assert unreachable.value.reason is DownReason.UNREACHABLE


async def test_a_probe_never_shows_the_password(smsc: RawSmsc):
    """Not in the error, and not in the route's repr."""
    smsc.on_bind = refusing(0x0E)
    with pytest.raises(BindFailed) as caught:
        await probe(make_route(smsc.port), 2.0)

    assert "secret" not in f"{caught.value!r} {make_route(smsc.port)!r}"


@pytest.fixture
async def tls_smsc(tmp_path: Path) -> AsyncIterator[tuple[RawSmsc, Path]]:
    """An SMSC behind TLS, and the file that its certificate is in."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl here to make a certificate with")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = RawSmsc()
    await server.start(tls=context)
    yield server, certificate
    await server.stop()


async def test_tls_checks_the_certificate(tls_smsc: tuple[RawSmsc, Path]):
    """Unknown authorities and other hosts' certificates are refused, unless the operator says so."""
    smsc, certificate = tls_smsc
    route = replace(make_route(smsc.port), tls=True, host="localhost")
    with pytest.raises(BindFailed) as unknown:
        await probe(route, 5.0)
    with pytest.raises(BindFailed) as other_host:
        await probe(replace(route, host="127.0.0.1", ca_file=str(certificate)), 5.0)
    with pytest.raises(BindFailed) as no_file:
        await probe(replace(route, ca_file=str(certificate) + ".none"), 5.0)
    await probe(replace(route, ca_file=str(certificate)), 5.0)
    await probe(replace(route, host="127.0.0.1", insecure=True), 5.0)

    assert {error.value.reason for error in (unknown, other_host, no_file)} == {DownReason.TLS}
    assert "self-signed" in unknown.value.detail
    assert len(smsc.binds) == 2


async def test_a_plain_smsc_behind_smpps_is_a_tls_error(smsc: RawSmsc):
    """The scheme or the port is wrong; not a matter of credentials."""
    smsc.raw_greeting = b"\0\0\0\x10\x80\0\0\0\0\0\0\0\0\0\0\0"
    with pytest.raises(BindFailed) as caught:
        await probe(replace(make_route(smsc.port), tls=True), 2.0)

    assert caught.value.reason is DownReason.TLS
