"""
The end of a campaign, after its last submit: what was never sent is accounted for, receipts are waited for, the results
are frozen and the summary is posted, once.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from tortoise.transactions import in_transaction

from domain import store
from domain.models import Campaign
from domain.rules.campaign_state import FINISHED, CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import campaigns
from domain.usecases.periods import SCHEDULE_OVER

log = structlog.get_logger()

#: Most receipts come within seconds; a summary that said "accepted" of all of them would have to be read twice. Later
#: receipts still count: the summary shows the figures of the moment at which it is looked at.
RECEIPT_GRACE: Final = timedelta(seconds=30)


async def unsettled() -> list[Campaign]:
    """Campaigns that have ended and whose results are not frozen yet, of all accounts."""
    return await Campaign.filter(state__in=list(FINISHED), results=None, started_at__not_isnull=True).order_by("id")


async def settle(campaign: Campaign, *, now: datetime) -> bool:
    """
    Bring an ended campaign one step nearer to its summary; safe to repeat, and to do from several senders.

    Returns:
        True: its results are frozen and its summary is posted, by this call.
    """
    now_ms = int(now.timestamp() * 1000)
    if campaign.state is CampaignState.CANCELLED or campaign.state_reason == SCHEDULE_OVER:
        expired = await store.current().expire_pending(campaign.id, now_ms=now_ms)
        if expired:
            log.info("pending_expired", campaign=campaign.id, messages=expired)
    if await store.current().undone(campaign.id):
        return False
    counts = await store.current().counts(campaign.id)
    waiting = counts.get(MessageState.ACCEPTED, 0) + counts.get(MessageState.SUBMITTED, 0)
    if waiting and campaign.ended_at is not None and now < campaign.ended_at + RECEIPT_GRACE:
        return False
    frozen = {state.value: count for state, count in counts.items()}
    async with in_transaction():  # frozen results without their summary would never be looked at again
        # Of that revision: a person may have let something go again since, and it ends once more.
        ended = Campaign.filter(id=campaign.id, results=None, revision=campaign.revision)
        if not await ended.update(results=frozen):
            return False
        await campaigns.post_summary(campaign)
    return True
