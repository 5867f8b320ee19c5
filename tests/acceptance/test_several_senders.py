"""Senders as processes on PostgreSQL, one operator: what it counts, in any second and at once, is what was agreed."""

import asyncio
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from bench.pace import Lag, most_in_a_second
from domain.database import open_database
from domain.models import Account, Campaign, Contact, ContactGroup, Message, Sender
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from sandbox.smsc import Script, Smsc
from sandbox.smsc.link import Link
from tests.acceptance.programs import Program, until
from tests.conftest import create_account

TPS = 300
SIZE = 7_000  # more than one sender takes at once
#: The share of a sender that joins, or of one that is left alone, takes this long to move at the most.
MOVING_S = 6.0
WINDOW = 10
LEASE_S = 2.0
_OPEN = (MessageState.PENDING, MessageState.SUBMITTED, MessageState.ACCEPTED)

pytestmark = pytest.mark.acceptance


class Counting(Smsc):
    """Notes the most binds that there were at once."""

    most = 0

    def bound(self, link: Link) -> None:
        super().bound(link)
        self.most = max(self.most, len(self.binds))


@pytest.fixture
async def smsc() -> AsyncIterator[Counting]:
    """Delivers everything at once, and notes when each submit came."""
    smsc = Counting(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    yield smsc
    await smsc.stop()


async def _campaign(account: Account) -> int:
    group = await ContactGroup.create(account=account, title="grupo", revision=1)
    await Contact.bulk_create(
        Contact(account=account, msisdn=51987760000 + n, created_ms=1, updated_ms=1) for n in range(SIZE)
    )
    await Contact._meta.db.execute_script(
        f"insert into group_contact (group_id, contact_id) select {group.id}, id from contact"
    )
    campaign = await Campaign.create(
        account=account,
        name="c",
        state=CampaignState.STARTING,
        text="Hola",
        sender_id="PREGON",
        created_by=1001,
        chat_id=1001,
    )
    await campaign.groups.add(group)
    return campaign.id


async def test_two_senders_share_the_pace_of_a_route_exactly(postgres_url: str, smsc: Smsc, tmp_path: Path) -> None:
    """
    One, then two, then one again: no second above the limit, as far as the operator itself is on time. How near to it
    they keep is measured by ``bench.pace``.
    """

    def sender(number: int) -> Program:
        url = f"smpp://pregon:test@127.0.0.1:{smsc.port}?window=50&binds=2&tps={TPS}"
        environment = {"PREGON_DATABASE_URL": postgres_url, "PREGON_SMSC_URL": url, "PREGON_BOT_TOKEN": "42:x"}
        return Program(["sender"], environment, tmp_path / f"sender{number}.log")

    first, second, lag = sender(1), sender(2), Lag()
    watching = asyncio.create_task(lag.watch())
    async with open_database(postgres_url):
        await _campaign(await create_account())
        await first.start()
        await smsc.wait_for(lambda summary: summary.received >= 100, timeout_s=30)
        await second.start()
        await _binds(1, 1)
        together = smsc.summary().received
        await smsc.wait_for(lambda summary: summary.received >= together + 5 * TPS, timeout_s=60)
        apart = smsc.summary().received
        assert await first.stop() == 0
        await smsc.wait_for(lambda summary: summary.received == SIZE, timeout_s=60)
        await asyncio.sleep(0.5)
        assert await second.stop() == 0
        assert await Message.filter(state__in=["accepted", "delivered"]).count() == SIZE

    watching.cancel()
    came = smsc.journal.since(1)
    moments = [message.time for message in came]
    sessions = {message.session for message in came[together:apart]}
    assert len(came) == SIZE
    assert smsc.summary().duplicates == 0
    assert len(sessions) == 2
    assert most_in_a_second(moments) <= TPS * (1 + lag.most_s)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert max(pauses) < MOVING_S, "while shares move something still goes"


def _sender(name: str, database_url: str, smsc: Smsc, folder: Path, query: str) -> Program:
    """With a lease of two seconds, so that a test need not wait a quarter of a minute."""
    return Program(
        ["--lease", str(LEASE_S), "--", "sender"],
        {
            "PREGON_DATABASE_URL": database_url,
            "PREGON_SMSC_URL": f"smpp://pregon:test@127.0.0.1:{smsc.port}?window={WINDOW}&tps={TPS}&{query}",
            "PREGON_BOT_TOKEN": "42:x",
        },
        folder / f"{name}.log",
        module="tests.acceptance.crash.kill_at",
    )


async def _binds(*wanted: int) -> None:
    """Until the senders there are, the oldest first, say that they have so many binds each."""

    async def as_wanted() -> bool:
        senders = await Sender.all().order_by("started_ms")
        return [sum(link["state"] == "bound" for link in sender.links) for sender in senders] == [*wanted]

    await until(as_wanted, saying=f"binds {wanted}")


async def _all_went_once(smsc: Counting, doubt: int) -> None:
    """To the operator; what it took of those in doubt its receipts have settled, or will."""

    async def done() -> bool:
        open_ones = await Message.filter(state__in=_OPEN).count()
        return not open_ones and await Message.all().count() == SIZE

    await until(done, deadline_s=90, saying="all messages have their end")
    lost = await Message.filter(state=MessageState.DISCONNECTED).count()
    assert await Message.filter(state=MessageState.DELIVERED).count() == SIZE - lost
    assert lost <= doubt
    assert SIZE - lost <= smsc.summary().received <= SIZE
    assert smsc.summary().duplicates == 0


@pytest.mark.parametrize("binds", [1, 2])
async def test_senders_share_the_binds_of_a_route(
    postgres_url: str, smsc: Counting, tmp_path: Path, binds: int
) -> None:
    """One, then two; the first is killed, a third joins, the second leaves: at no moment more binds than agreed."""
    each = [(1, 0), (1, 1)][binds - 1]

    def sender(name: str) -> Program:
        return _sender(name, postgres_url, smsc, tmp_path, f"binds={binds}")

    first, second, third = sender("first"), sender("second"), sender("third")
    async with open_database(postgres_url):
        await _campaign(await create_account())
        await first.start()
        await _binds(binds)
        await smsc.wait_for(lambda summary: summary.received >= 100, timeout_s=30)
        await second.start()
        await _binds(*each)
        await first.kill()
        await _binds(binds)
        taken_over = smsc.summary().received
        await smsc.wait_for(lambda summary: summary.received >= taken_over + TPS, timeout_s=30)
        await third.start()
        await _binds(*each)
        assert await second.stop() == 0
        await _binds(binds)
        assert smsc.summary().received < SIZE, "they were at it all the time"
        await _all_went_once(smsc, doubt=WINDOW * binds)
        assert await third.stop() == 0

    assert smsc.most == binds
    assert smsc.binds == ()


async def test_a_sender_that_wakes_closes_what_it_no_longer_holds(
    postgres_url: str, smsc: Counting, tmp_path: Path
) -> None:
    """It stood still for longer than its lease: the only bind is another's, and stays it."""
    first, second = (_sender(name, postgres_url, smsc, tmp_path, "binds=1") for name in ("first", "second"))
    async with open_database(postgres_url):
        await _campaign(await create_account())
        await first.start()
        await smsc.wait_for(lambda summary: summary.received >= 100, timeout_s=30)
        await second.start()
        await _binds(1, 0)
        assert first.process is not None
        first.process.send_signal(signal.SIGSTOP)
        await smsc.wait_for(lambda summary: len(summary.binds) == 2, timeout_s=30)
        asleep, _ = smsc.binds
        taken_over = smsc.summary().received
        await smsc.wait_for(lambda summary: summary.received >= taken_over + TPS, timeout_s=30)
        first.process.send_signal(signal.SIGCONT)
        await smsc.wait_for(lambda summary: asleep not in summary.binds, timeout_s=30)
        smsc.most = 0
        await _binds(1, 0)
        await _all_went_once(smsc, doubt=WINDOW)
        assert await first.stop() == 0
        assert await second.stop() == 0

    assert smsc.most == 0, "the one that took over keeps it"
