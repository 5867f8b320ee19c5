"""A sender with a fault put into it on purpose: the checker sees each of them. So it would see ours."""

import signal

import pytest

from tests.acceptance.crash.ground import until
from tests.acceptance.crash.siege import Siege

pytestmark = pytest.mark.acceptance

_CONTACTS = 300


async def _campaign(siege: Siege) -> None:
    group = await siege.add_group(_CONTACTS, blacklisted=0)
    await siege.launch((group, False, False))


async def _faults(siege: Siege) -> str:
    return "; ".join((await siege.checker.at_the_end()).faults)


async def test_a_commit_after_the_send_sends_twice(fresh: Siege) -> None:
    """The rows do not know of what left before the crash."""
    await _campaign(fresh)
    sender = fresh.ground.sending[0]
    fresh.start(sender, fresh.ground.arms("written", 2, mutant="commit-after-send"))
    await fresh.ground.died(sender)
    fresh.start(sender)

    def twice() -> bool:
        fresh.checker.ledger.read()
        return bool(fresh.checker.ledger.duplicates)

    await until(twice, saying="the fault shows")
    assert "taken more than once" in await _faults(fresh)


async def test_receipts_acknowledged_before_they_are_stored_get_lost(fresh: Siege) -> None:
    """The operator will not send them again."""
    await _campaign(fresh)
    sender = fresh.ground.sending[0]
    fresh.start(sender, fresh.ground.arms("receipt-acked", 2, mutant="acked-before-stored"))
    await fresh.ground.died(sender)

    async def lost() -> bool:
        return "receipts acknowledged and not stored" in await _faults(fresh)

    await until(lost, saying="the fault shows")


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_without_the_guards_of_the_submit_a_stalled_sender_sends_twice(fresh: Siege) -> None:
    """What it holds was given to another one meanwhile."""
    await _stall(fresh, "guards-dropped")
    fresh.ground.tell("sender-1", signal.SIGCONT)

    def twice() -> bool:
        fresh.checker.ledger.read()
        return bool(fresh.checker.ledger.duplicates)

    await until(twice, saying="the fault shows")


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_without_the_guard_of_the_lease_a_message_has_no_end(fresh: Siege) -> None:
    """It is in flight with a sender that nobody knows to hold it: when that one dies, it stays as it is."""
    await _stall(fresh, "lease-guard-dropped", finish=False)
    fresh.ground.tell("sender-1", signal.SIGCONT)
    await fresh.ground.died("sender-1")

    findings = await fresh.reckon(deadline_s=6)
    assert findings.lost
    assert "without an end" in "; ".join(findings.faults)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_wider_lease_leaves_messages_without_an_end(fresh: Siege) -> None:
    """Nobody takes over what a dead sender holds."""
    await _campaign(fresh)
    fresh.start("sender-1", fresh.ground.arms("written", 2, mutant="lease-widened"))
    await fresh.ground.died("sender-1")

    findings = await fresh.reckon(deadline_s=6)
    assert findings.lost
    assert "without an end" in "; ".join(findings.faults)


async def _stall(siege: Siege, mutant: str, *, finish: bool = True) -> None:
    """A sender stands still for longer than its lease, with a chunk in its hands, while another one takes over."""
    await _campaign(siege)
    await siege.ground.operator("behaviour", default={"answer_delay_s": 0.2})
    point = None if finish else "after-submitted"
    siege.start("sender-1", siege.ground.arms(point, 8, mutant=mutant))
    await siege.sent(30)
    siege.ground.tell("sender-1", signal.SIGSTOP)
    siege.start("sender-2")
    await siege.sent(100 if finish else 20)
