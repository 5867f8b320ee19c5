"""
The same-content guard: whether much of an audience got nearly the same text not long ago, or is about to, from any
campaign of the account and whoever launched it. Reads only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tortoise.expressions import Q

from domain import store
from domain.errors import DomainError
from domain.models import Account, Campaign
from domain.rules.campaign_state import ACTIVE, CampaignState
from domain.rules.likeness import alike, is_much

_MOST: Final = 500  # campaigns looked at, the newest first


class SameContent(DomainError):
    """Much of the audience got nearly the same text. Values: ``count``, ``audience`` and ``name`` of a campaign."""

    key = "error.same_content"


@dataclass(frozen=True, slots=True)
class Echo:
    """
    What was found.

    Attributes:
        overlap: Contacts of the audience that got such a text, or are about to.
        audience: Contacts that are not on the blacklist.
        name: Of the newest such campaign.
        at: When that one began, or begins; aware UTC.
        hours: How far back was looked.
    """

    overlap: int
    audience: int
    name: str
    at: datetime
    hours: int


async def find(account_id: int, campaign_id: int, *, text: str, group_ids: Sequence[int], now: datetime) -> Echo | None:
    """
    Look for it.

    Args:
        campaign_id: The one that is about to be launched; it is no echo of itself.
    """
    account = await Account.get(id=account_id)
    hours = account.same_content_hours
    if not hours or not group_ids:
        return None
    since = now - timedelta(hours=hours)
    found = [one for one in await _recent(account_id, campaign_id, since, now) if alike(one.text, text)]
    if not found:
        return None
    planned = {one.id for one in found if one.audience_revision < 0}
    overlap = await store.current().overlap(
        account_id,
        group_ids,
        sent_in=[one.id for one in found if one.id not in planned],
        planned_in=sorted(planned),
        since_ms=int(since.timestamp() * 1_000),
    )
    counted = await store.current().audience_count(account_id, group_ids)
    audience = counted.contacts - counted.blacklisted
    if not is_much(overlap, audience):
        return None
    newest = found[0]
    at = newest.started_at or newest.launch_at or newest.start_at or newest.state_at
    return Echo(overlap, audience, newest.name, at, hours)


async def _recent(account_id: int, campaign_id: int, since: datetime, now: datetime) -> list[Campaign]:
    """Campaigns that sent something since then, or will within as long a time from now; the newest first."""
    soon = Q(launch_at__not_isnull=True) | Q(start_at__isnull=True) | Q(start_at__lte=now + (now - since))
    waiting = Q(state__in=[CampaignState.SCHEDULED, CampaignState.PAUSED], started_at__isnull=True) & soon
    begun = Q(started_at__not_isnull=True) & (Q(state__in=list(ACTIVE)) | Q(ended_at__gte=since))
    mine = Campaign.filter(waiting | begun, account_id=account_id, test=False).exclude(id=campaign_id)
    return await mine.order_by("-id").limit(_MOST)
