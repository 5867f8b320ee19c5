"""A running campaign whose messages are on the wire, for tests of what becomes of them."""

from typing import Final

from domain.models import Account, Campaign
from domain.rules.campaign_state import CampaignState
from domain.store import Store, Submission
from tests.audience import group_of

NOW: Final = 1_800_000_000_000  #: epoch ms
SENDER: Final = "PREGON"  #: the campaigns' sender ID
FIRST: Final = 51987763010  #: the first of their numbers


async def running_campaign(account: Account, *, size: int = 3, title: str = "grupo") -> Campaign:
    """So many contacts, running, nothing written yet."""
    group = await group_of(account, title, size, first=FIRST)
    campaign = await Campaign.create(
        account=account,
        name=title,
        state=CampaignState.RUNNING,
        text="Hola",
        sender_id=SENDER,
        created_by=1001,
        chat_id=1001,
    )
    await campaign.groups.add(group)
    return campaign


async def submitted(
    store: Store, campaign: Campaign, *, sender: str = "s1", segments: int = 1, parts: int | None = None
) -> list[int]:
    """Written, claimed and marked, at ``NOW``, over the route ``default``: the ids of its messages, by number."""
    await store.register_sender(sender, host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
    assert await store.expand(campaign.id, after=0, limit=1_000) is not None
    claim = await store.claim(sender, campaign.id, now_ms=NOW, limit=1_000)
    assert claim is not None
    ids = [row.message_id for row in await store.pending(claim)]
    batch = [Submission(message_id, segments, parts) for message_id in ids]
    assert await store.mark_submitted(sender, claim, batch, route="default", now_ms=NOW) == set(ids)
    return ids
