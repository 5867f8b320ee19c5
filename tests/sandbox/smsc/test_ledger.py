"""The ledger: on disk before the answer, whatever happens to the process, and read back so that a restart continues."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sandbox.smsc import (
    Answer,
    Behaviour,
    LedgerError,
    Outcome,
    ReceiptLine,
    ReceiptStyle,
    Rule,
    Smsc,
    Stat,
    SubmitLine,
    read_ledger,
)
from tests.sandbox.smsc.conftest import Connect, StartSmsc
from tests.sandbox.smsc.esme import Esme, pdu, submit_body

NUMBER = "51987763010"
QUICK = {"builtin": False, "receipt_delay_s": 0, "receipt_jitter_s": 0}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "smsc.jsonl"


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, dict[str, int]]]:
    """The SMSC as a process of its own, and the ports it names."""
    command = [sys.executable, "-m", "sandbox.smsc", "--port", "0", "--behaviour", json.dumps(QUICK), *arguments]
    running = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert running.stdout is not None
        line = await asyncio.wait_for(running.stdout.readline(), 20)
        yield running, json.loads(line) if line else {}
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


def submits(path: Path) -> list[SubmitLine]:
    return [line for line in read_ledger(path) if isinstance(line, SubmitLine)]


async def test_whatever_was_answered_is_in_the_ledger_after_kill_9(path: Path) -> None:
    """Killed while it answers a stream of submits."""
    answered: list[str] = []
    async with process("--ledger", str(path)) as (running, ports):
        client = await Esme.connect(ports["smsc_port"])
        assert (await client.bind("transmitter")).status == 0
        for number in range(1, 20_001):
            client.write(pdu(4, number, submit_body(f"519{number:08d}")))
        try:
            while True:
                answered.append((await client.read()).message_id)
                if len(answered) == 3_000:
                    running.kill()
        except (asyncio.IncompleteReadError, ConnectionResetError):
            pass
        await client.close()

    recorded = {line.id: line for line in submits(path)}
    assert len(answered) >= 3_000
    assert set(answered) <= set(recorded)
    first = recorded[answered[0]]
    assert (first.n, first.destination, first.status, first.due, first.system_id) == (
        1, "51900000001", 0, Stat.DELIVRD, "demo",
    )  # fmt: skip
    assert first.pdu == submit_body("51900000001")


async def test_no_answer_leaves_before_its_commit(
    path: Path, start_smsc: StartSmsc, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an fsync that takes its time; several submits share the next one, and unbind waits for them."""
    syncs = 0
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_sync(_fd: int) -> None:
        nonlocal syncs
        syncs += 1
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(5)

    monkeypatch.setattr(os, "fsync", slow_sync)
    smsc = await start_smsc(ledger=path)
    client = await connect(smsc)
    for number in range(5):
        client.submit(NUMBER, registered=0)
        await smsc.wait_for(lambda summary, number=number: summary.received == number + 1)  # type: ignore[misc]
    client.write(pdu(0x15, 77) + pdu(0x06, 78))
    first = await client.read()
    gate.set()
    answers = [await client.read() for _ in range(6)]

    assert first.sequence == 77
    assert [answer.command for answer in answers] == [0x80000004] * 5 + [0x80000006]
    assert 1 < syncs <= 3


async def test_a_disk_that_refuses_answers_nothing(
    path: Path, start_smsc: StartSmsc, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is cut, nothing half written stays, and the next commit is whole again."""
    smsc = await start_smsc(ledger=path)
    client = await connect(smsc)
    await client.ask("511", registered=0)

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        client.submit("512", registered=0)
        octets = await client.ended()
    again = await connect(smsc)
    await again.ask("513", registered=0)

    assert octets == b""
    assert [line.destination for line in submits(path)] == ["511", "513"]


async def test_a_restart_continues(path: Path, start_smsc: StartSmsc, connect: Connect) -> None:
    """Messages, counters, phones and numbers go on; ids stay unique; duplicates are noticed across it."""
    first = await start_smsc(ledger=path)
    first.set_behaviour(
        numbers={"512": Behaviour(outcome=Outcome.EXPIRED), "513": Behaviour(outcome=Outcome.REFUSED)},
        rules=[Rule(number="514", outcome=Outcome.SILENT), Rule(number="515", outcome=Outcome.ACCEPTED)],
    )
    client = await connect(first)
    ids = []
    for number in ("511", "512"):
        ids.append((await client.ask(number)).message_id)
        await client.deliver()
    ids.append((await client.ask("515")).message_id)
    await client.ask("513")
    client.submit("514")
    client.write(pdu(4, 99, b"nonsense"))
    await first.wait_for(lambda summary: summary.received == 6 and summary.acknowledged == 2)
    before, messages = first.summary(), list(first.journal.view(first.journal.since(0)))
    await client.close()
    await first.stop()

    second = await start_smsc(ledger=path)
    after = second.summary()
    assert list(second.journal.view(second.journal.since(0))) == messages
    assert (after.received, after.accepted, after.refused, after.silent) == (6, 3, 2, 1)
    assert (after.received, after.receipts, after.acknowledged) == (before.received, 2, 2)
    assert {(arrival.handset, arrival.n) for arrival in second.handsets.collect()} == {("511", 1), ("515", 2)}

    client = await connect(second)
    ids.append((await client.ask("511")).message_id)
    assert len(set(ids)) == 4
    assert second.summary().duplicates == 1
    assert second.journal.since(7)[0].n == 7


async def test_a_receipt_owed_is_sent_after_a_restart(path: Path, start_smsc: StartSmsc, connect: Connect) -> None:
    """Due later, or sent and not acknowledged: both come to the next bind, once."""
    first = await start_smsc(ledger=path)
    first.set_behaviour(numbers={"512": Behaviour(outcome=Outcome.EXPIRED, receipt=ReceiptStyle(delay_s=60))})
    client = await connect(first)
    ids = [(await client.ask("511")).message_id]
    await client.deliver(ack=False)
    ids.append((await client.ask("512")).message_id)
    ids.append((await client.ask("513", registered=0)).message_id)
    client.abort()
    await first.stop()

    for _ in range(2):
        smsc = await start_smsc(ledger=path)
        client = await connect(smsc)
        waiting = smsc.summary().waiting
        receipts = [await client.deliver() for _ in range(waiting)]
        await smsc.wait_for(lambda summary: summary.waiting == 0)
        if waiting:
            assert [(receipt.field("id"), receipt.field("stat")) for receipt in receipts] == [
                (ids[0], "DELIVRD"),
                (ids[1], "EXPIRED"),
            ]
            assert {arrival.handset for arrival in smsc.handsets.collect()} == {"511", "513"}
        client.abort()
        await smsc.stop()

    assert waiting == 0
    assert [line.stat for line in read_ledger(path) if isinstance(line, ReceiptLine)] == [Stat.DELIVRD, Stat.EXPIRED]


async def test_what_was_taken_without_an_answer_is_in_the_ledger(
    path: Path, start_smsc: StartSmsc, connect: Connect
) -> None:
    """A link that falls before the answer leaves a message that the phone gets all the same."""
    smsc = await start_smsc(ledger=path)
    smsc.set_behaviour(Behaviour(answer=Answer.CLOSE))
    client = await connect(smsc, "transmitter")
    client.submit(NUMBER)
    octets = await client.ended()

    [line] = submits(path)
    assert octets == b""
    assert (line.status, line.due) == (None, Stat.DELIVRD)
    assert line.id


async def test_a_reset_holds_over_a_restart(path: Path, start_smsc: StartSmsc, connect: Connect) -> None:
    """Cleared stays cleared; the numbers of messages still only grow."""
    first = await start_smsc(ledger=path)
    client = await connect(first)
    await client.ask(NUMBER)
    await client.deliver()
    first.reset()
    await client.ask("511", registered=0)
    await client.close()
    await first.stop()
    second = await start_smsc(ledger=path)

    assert second.summary().received == 1
    assert [message.n for message in second.journal.since(0)] == [2]
    assert [arrival.handset for arrival in second.handsets.collect()] == ["511"]


@pytest.mark.parametrize("tail", [b'{"kind":"submit","n":3', b"x" * 70_000])
async def test_a_torn_last_line_is_cut(tail: bytes, path: Path, start_smsc: StartSmsc, connect: Connect) -> None:
    """It was never answered; the next line does not stick to it."""
    first = await start_smsc(ledger=path)
    await (await connect(first)).ask(NUMBER, registered=0)
    await first.stop()
    with path.open("ab") as file:
        file.write(tail)
    second = await start_smsc(ledger=path)
    await (await connect(second)).ask("511", registered=0)

    assert [line.destination for line in submits(path)] == [NUMBER, "511"]


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"nonsense\n", b'{"kind":"other"}\n', b'{"kind":"submit"}\n'])
async def test_a_broken_line_is_named(line: bytes, path: Path) -> None:
    """A ledger that cannot be trusted is not continued."""
    path.parent.mkdir()
    path.write_bytes(b'{"kind":"reset"}\n' + line)

    with pytest.raises(LedgerError, match=r"smsc\.jsonl:2"):
        await Smsc(ledger=path).start()


async def test_the_process_ends_cleanly_and_continues(path: Path) -> None:
    """SIGTERM unbinds; the HTTP side answers; a second start has the first one's messages."""
    import aiohttp

    received: Callable[[dict[str, int]], str] = "http://127.0.0.1:{http_port}/sim/smsc/summary".format_map
    counts = []
    for _ in range(2):
        async with process("--ledger", str(path), "--http-port", "0") as (running, ports):
            client = await Esme.connect(ports["smsc_port"])
            await client.bind("transmitter")
            await client.ask(NUMBER)
            async with aiohttp.ClientSession() as session, session.get(received(ports)) as response:
                counts.append((await response.json())["received"])
            running.terminate()
            unbind = await client.read()
            client.write(pdu(0x80000006, unbind.sequence))
            assert await asyncio.wait_for(running.wait(), 10) == 0
            await client.close()

    assert counts == [1, 2]


@pytest.mark.parametrize("arguments", [("--behaviour", '{"defualt": "silent"}'), ("--behaviour", "nonsense")])
async def test_a_misconfigured_process_says_so(arguments: tuple[str, str]) -> None:
    """Exit code 2, one line on stderr."""
    async with process(*arguments) as (running, ports):
        _, errors = await asyncio.wait_for(running.communicate(), 10)

        assert (running.returncode, ports) == (2, {})
        assert len(errors.decode().strip().splitlines()) == 1


async def test_a_port_that_is_taken_leaves_the_ledger_closed(path: Path, start_smsc: StartSmsc) -> None:
    """OSError, and the file can be used by the next try."""
    running = await start_smsc()
    failed = Smsc(ledger=path)
    with pytest.raises(OSError, match="in use"):
        await failed.start("127.0.0.1", running.port)
    await failed.stop()
    again = await start_smsc(ledger=path)

    assert again.port
