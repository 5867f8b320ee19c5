"""What an operator's refusals do beyond their message, and what becomes of messages whose id never reached us."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.models import Account, Campaign, Message, PendingReceipt
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.store import current
from sandbox.smsc import Answer, Behaviour, Outcome, ReceiptStyle, Rule, Script, Smsc
from sender.consequences import ACCOUNT_REFUSED, SENDER_REFUSED, Consequences
from sender.lease import SenderName
from sender.smpp import Consequence
from sender.worker import Worker
from tests.sender.test_worker import _campaign, _counts, _in_state, _sending, _true, _until


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """Delivers everything at once."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    yield smsc
    await smsc.stop()


async def test_a_refused_sender_id_stops_its_campaign_with_the_reason(account: Account, smsc: Smsc) -> None:
    """After a few in a row: the rest would be refused too, and is still there when it goes on."""
    campaign = await _campaign(account, 300, text="Hola")
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.REFUSED, status=0x0A))
    async with _sending(smsc, window=2, tps=40):
        await _until(_in_state(campaign, CampaignState.PAUSED))

    stopped = await Campaign.get(id=campaign.id)
    counts = await _counts()
    assert stopped.state_reason == SENDER_REFUSED
    assert 3 <= counts[MessageState.FAILED] < 100
    assert counts[MessageState.FAILED] + counts[MessageState.PENDING] == 300


async def test_an_account_that_is_refused_stops_everything_and_costs_no_message(account: Account, smsc: Smsc) -> None:
    """No credit, in the operator's own code: nothing of it fails."""
    campaign = await _campaign(account, 50, text="Hola")
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.REFUSED, status=1025))
    async with _sending(smsc, account_statuses=1025):
        await _until(_in_state(campaign, CampaignState.PAUSED))

    assert (await Campaign.get(id=campaign.id)).state_reason == ACCOUNT_REFUSED
    assert await _counts() == {MessageState.PENDING: 50}


async def test_a_route_that_refuses_everything_rests_and_says_so(account: Account, smsc: Smsc) -> None:
    """At most a window is tried; its messages stay pending, its links say why."""
    await _campaign(account, 200, text="Hola")
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.REFUSED, status=0x0D))
    async with _sending(smsc) as worker:

        async def resting() -> bool:
            return any(link["reason"] == "route_refused" for link in worker._link_states())

        await _until(resting)
        tried = smsc.summary().received
        await asyncio.sleep(0.5)
        assert smsc.summary().received == tried <= 20
        assert worker._link_states()[0]["state"] == "refused"

    assert await _counts() == {MessageState.PENDING: 200}


def test_an_acceptance_between_them_clears_refusals_of_a_sender_id() -> None:
    """Only some numbers refuse it: that is no reason to stop the others."""
    consequences = Consequences()
    for _ in range(5):
        for message_id in (1, 2, 2, 2):  # of the second each part
            consequences.refused(Consequence.SENDER, route="r", campaign_id=1, message_id=message_id, now=0.0)
        consequences.refused(Consequence.NUMBER, route="r", campaign_id=1, message_id=3, now=0.0)
        consequences.accepted([1])

    assert not consequences.suspicious
    assert consequences.sender_refused == set()
    assert not consequences.rests("r", now=0.0)


@pytest.mark.parametrize("text", ["Hola", "Hola, " + "x" * 200], ids=["one part", "two parts"])
async def test_a_receipt_settles_a_message_whose_response_never_came(account: Account, smsc: Smsc, text: str) -> None:
    """The operator took it and told its id to nobody; number, sender ID and time say whose the receipt is."""
    campaign = await _campaign(account, 4, text=text)
    smsc.set_behaviour(rules=(Rule(suffix="2", answer=Answer.NONE, receipt=ReceiptStyle(delay_s=0.1)),))
    async with _sending(smsc, response_timeout_s=0.5):
        await _until(_in_state(campaign, CampaignState.COMPLETED))

        async def settled() -> bool:
            return await _counts() == {MessageState.DELIVERED: 4}

        await _until(settled)

    assert await PendingReceipt.all().count() == 0
    assert smsc.summary().duplicates == 0


async def test_what_was_marked_under_a_lost_lease_is_not_written(
    account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stood still between its commit and its write: others may have swept it and a person resent it."""
    campaign = await _campaign(account, 40, text="Hola")
    marked = asyncio.Event()
    store = current()
    original = store.mark_submitted

    async def mark(*args: object, **kwargs: object) -> frozenset[int]:
        allowed = await original(*args, **kwargs)  # type: ignore[arg-type]
        if not marked.is_set() and allowed:
            worker._sender.until_s = 0.0  # as after a standstill: the monotonic clock has gone on
            marked.set()
        return allowed

    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}?window=10")])
    monkeypatch.setattr(store, "mark_submitted", mark)
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    await asyncio.wait_for(marked.wait(), 20)
    await asyncio.sleep(0.3)
    assert smsc.summary().received == 0
    await _until(_in_state(campaign, CampaignState.COMPLETED))
    stop.set()
    await running

    assert smsc.summary().received == 40, "all of it after the lease was renewed"
    assert smsc.summary().duplicates == 0


async def test_what_was_marked_under_a_former_name_is_not_written_under_the_next(
    sqlite_account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease was lost during the commit, and a new one holds at the write: what was marked is in doubt by then."""
    campaign = await _campaign(sqlite_account, 40, text="Hola")
    marked = list[frozenset[int]]()
    mark = current().mark_submitted

    async def mark_and_lose(*args: Any, **options: Any) -> frozenset[int]:
        marked.append(await mark(*args, **options))
        if len(marked) == 1:
            await worker._begin_anew()
        return marked[-1]

    monkeypatch.setattr(current(), "mark_submitted", mark_and_lose)
    async with _sending(smsc) as worker:
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    doubted = await Message.filter(state=MessageState.DISCONNECTED).values_list("id", flat=True)
    assert marked[0] == set(doubted) != set()
    assert smsc.summary().received == 40 - len(doubted)


async def test_the_rest_of_a_long_message_is_not_written_past_the_lease(
    sqlite_account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first part was written in time; the window had no room for the others yet."""
    campaign = await _campaign(sqlite_account, 1, text="x" * 400)
    smsc.set_behaviour(default=Behaviour(answer_delay_s=0.2))

    async def away(*_: object, **__: object) -> bool:
        raise OSError("the database is away")

    monkeypatch.setattr(current(), "renew_sender", away)
    async with _sending(smsc, window=1, enquire_link_s=0.1) as worker:
        await smsc.wait_for(lambda summary: summary.received == 1)
        until_s, worker._sender.until_s = worker._sender.until_s, 0.0
        await _until(_true(lambda: not worker._pumps[0].link.in_flight))
        written = smsc.summary().received
        worker._sender.until_s = until_s
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert written == 1
    assert smsc.summary().received == 3


def test_a_lease_is_a_name_and_a_moment() -> None:
    """A batch that was marked under the former name is not written under the next."""
    lease = SenderName("a", until_s=10.0)

    assert lease.holds("a", now=9.9)
    assert not lease.holds("a", now=10.0)
    lease.name = "b"
    assert not lease.holds("a", now=9.9)


async def test_a_new_lease_drops_what_the_old_one_had_begun(account: Account, smsc: Smsc) -> None:
    """Swept while it stood still: its messages are in doubt, the rest goes under the new name, nothing twice."""
    campaign = await _campaign(account, 300, text="Hola")
    async with _sending(smsc, tps=100) as worker:
        await smsc.wait_for(lambda summary: summary.received >= 50)
        await current().leave(worker._sender.name)  # what a sweep does
        await _until(_in_state(campaign, CampaignState.COMPLETED))

    assert smsc.summary().duplicates == 0
    assert sum((await _counts()).values()) == 300
    assert await Message.filter(state=MessageState.PENDING).count() == 0
