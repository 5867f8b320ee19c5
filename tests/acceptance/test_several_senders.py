"""Two senders as processes on PostgreSQL, one operator: what it counts in any second is what was agreed."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from bench.pace import Lag, most_in_a_second
from domain.database import open_database
from domain.models import Account, Campaign, Contact, ContactGroup, Message
from domain.rules.campaign_state import CampaignState
from sandbox.smsc import Script, Smsc
from tests.acceptance.programs import Program, until
from tests.conftest import create_account

TPS = 300
SIZE = 7_000  # more than one sender takes at once
#: The share of a sender that joins, or of one that is left alone, takes this long to move at the most.
MOVING_S = 6.0

pytestmark = pytest.mark.acceptance


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    """Delivers everything at once, and notes when each submit came."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
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
        url = f"smpp://pregon:test@127.0.0.1:{smsc.port}?window=50&tps={TPS}"
        environment = {"PREGON_DATABASE_URL": postgres_url, "PREGON_SMSC_URL": url, "PREGON_BOT_TOKEN": "42:x"}
        return Program(["sender"], environment, tmp_path / f"sender{number}.log")

    first, second, lag = sender(1), sender(2), Lag()
    watching = asyncio.create_task(lag.watch())
    async with open_database(postgres_url):
        await _campaign(await create_account())
        await first.start()
        await smsc.wait_for(lambda summary: summary.received >= 100, timeout_s=30)
        await second.start()

        async def both() -> bool:
            return len({message.session for message in smsc.journal.since(1)}) == 2

        await until(both, saying="the second sends too")
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
