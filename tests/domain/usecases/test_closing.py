"""An ended campaign is accounted for, once nothing of it can still go."""

from datetime import UTC, datetime

from domain.models import Account, Campaign
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.store import Store
from domain.usecases import closing
from tests.dispatching import NOW, running_campaign

ENDED = datetime.fromtimestamp(NOW / 1000, UTC)


async def test_results_wait_for_what_a_sender_still_holds(store: Store, account: Account) -> None:
    """It has not looked yet that the campaign was cancelled: what it holds is neither sent nor over."""
    campaign = await running_campaign(account)
    await store.register_sender("s1", host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
    await store.expand(campaign.id, after=0, limit=100)
    claim = await store.claim("s1", campaign.id, now_ms=NOW, limit=100)
    assert claim is not None
    await Campaign.filter(id=campaign.id).update(state=CampaignState.CANCELLED, started_at=ENDED, ended_at=ENDED)
    [ended] = await closing.unsettled()

    assert not await closing.settle(ended, now=ENDED)
    assert [one.id for one in await closing.unsettled()] == [campaign.id]

    await store.finish_claim("s1", claim)
    assert await closing.settle(ended, now=ENDED)
    assert (await Campaign.get(id=campaign.id)).results == {MessageState.SCHEDULE_EXPIRED.value: 3}
