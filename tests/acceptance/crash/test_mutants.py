"""A sender with a fault put into it on purpose: the checker sees each of them. So it would see ours."""

import signal

import pytest

from tests.acceptance.crash.ground import until
from tests.acceptance.crash.side_by_side import on_each_engine
from tests.acceptance.crash.siege import Siege

pytestmark = pytest.mark.acceptance

_CONTACTS = 300


async def _campaign(siege: Siege) -> None:
    group = siege.add_group(_CONTACTS, blacklisted=0)
    await siege.launch((group, False, False))


async def _faults(siege: Siege) -> str:
    return "; ".join((await siege.checker.at_the_end()).faults)


@on_each_engine
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


@on_each_engine
async def test_receipts_acknowledged_before_they_are_stored_get_lost(fresh: Siege) -> None:
    """The operator will not send them again."""
    await _campaign(fresh)
    sender = fresh.ground.sending[0]
    fresh.start(sender, fresh.ground.arms("receipt-acked", 2, mutant="acked-before-stored"))
    await fresh.ground.died(sender)

    async def lost() -> bool:
        return "receipts acknowledged and not stored" in await _faults(fresh)

    await until(lost, saying="the fault shows")


async def test_without_the_guards_of_the_submit_a_stalled_sender_sends_twice(fresh_on_postgres: Siege) -> None:
    """What it holds was given to another one meanwhile."""
    siege = fresh_on_postgres
    await _stall(siege, "guards-dropped")
    await siege.sent(100)
    siege.ground.tell("sender-1", signal.SIGCONT)

    def twice() -> bool:
        siege.checker.ledger.read()
        return bool(siege.checker.ledger.duplicates)

    await until(twice, saying="the fault shows")


async def test_without_the_guard_of_the_lease_a_message_has_no_end(fresh_on_postgres: Siege) -> None:
    """It is in flight with a sender that nobody knows to hold it: when that one dies, it stays as it is."""
    siege = fresh_on_postgres
    await _stall(siege, "lease-guard-dropped", alone=False)
    siege.ground.tell("sender-1", signal.SIGCONT)
    assert await siege.ground.died("sender-1") == -signal.SIGKILL
    await siege.ground.operator("behaviour", default={"answer_delay_s": 0.01})
    siege.start("sender-1", siege.ground.arms(mutant="lease-guard-dropped"))

    findings = await siege.reckon()
    assert findings.lost
    assert all(fault.startswith("without an end") for fault in findings.faults), findings.faults


async def test_a_wider_lease_leaves_messages_without_an_end(fresh_on_postgres: Siege) -> None:
    """Nobody takes over what a dead sender holds."""
    siege = fresh_on_postgres
    await _campaign(siege)
    dead = siege.start("sender-1", siege.ground.arms("written", 2, mutant="lease-widened"))
    await siege.ground.died("sender-1")

    findings = await siege.reckon(deadline_s=3 * siege.ground.lease_s)
    assert findings.lost
    assert "without an end" in "; ".join(findings.faults)
    assert await siege.in_flight(dead.pid), "it is for another reason"


async def _stall(siege: Siege, mutant: str, *, alone: bool = True) -> None:
    """
    A sender stands still for longer than its lease, with a chunk in its hands, and another one takes that over.

    Args:
        alone: Only the one that stands still has the fault.
    """
    await _campaign(siege)
    await siege.ground.operator("behaviour", default={"answer_delay_s": 0.2})
    arms = siege.ground.arms(mutant=mutant)
    siege.start("sender-1", arms)
    await siege.sent(30)
    siege.ground.tell("sender-1", signal.SIGSTOP)
    other = siege.start("sender-2", None if alone else arms)
    taken_over = f"select count(*) from chunk k join sender s on s.id = k.sender where s.pid = {other.pid}"
    await until(lambda: siege.ground.database.value(taken_over), saying="the chunk is taken over")
