"""Speaks up when a campaign that should move does not: a notice to its chat, once for each standstill."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from domain.models import Campaign, NoticeKind
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.standstill import UNWANTED, standstill
from domain.usecases import campaigns, notices
from domain.usecases.standing import facts_of

log = structlog.get_logger()

PATIENCE: Final = timedelta(minutes=5)  #: that it may stand still before anything is said
_LOOK_S: Final = 30.0
_WATCHED: Final = (CampaignState.SCHEDULED, CampaignState.STARTING, CampaignState.RUNNING)


class Watchdog:
    """In the bot: where no sender runs, no sender can say so. Since when something stands still it knows by looking."""

    def __init__(self, patience: timedelta = PATIENCE) -> None:
        self._patience = patience
        self._stood: dict[int, tuple[tuple[int, int], datetime]] = {}  # what it reached, and since when it should move

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look(datetime.now(UTC))
            except Exception:
                log.exception("watchdog_failed")
            await asyncio.sleep(_LOOK_S)

    async def look(self, now: datetime) -> None:
        """Look at every campaign that may have to move."""
        found = await campaigns.in_states(*_WATCHED)
        ids = {campaign.id for campaign in found}
        self._stood = {campaign_id: seen for campaign_id, seen in self._stood.items() if campaign_id in ids}
        for campaign in found:
            await self._look_at(campaign, now)

    async def _look_at(self, campaign: Campaign, now: datetime) -> None:
        counts = await campaigns.counts(campaign)
        open_ones = counts.get(MessageState.PENDING, 0) + counts.get(MessageState.SUBMITTED, 0)
        reached = (campaign.revision, sum(counts.values()) - open_ones)
        seen, since = self._stood.get(campaign.id, (None, now))
        if seen != reached:
            self._stood[campaign.id] = (reached, now)
            return
        facts = dataclasses.replace(await facts_of(campaign, counts, now=now), moving=False)
        cause = standstill(facts)
        if cause is None or cause.cause not in UNWANTED:
            # What waited as it was told, for contacts or for midnight, has its time to move from then on.
            self._stood[campaign.id] = (reached, now)
            return
        if now - since < self._patience:
            return
        log.warning("campaign_stands_still", campaign=campaign.id, cause=cause.cause, since=since.isoformat())
        await notices.post(
            f"standstill:{campaign.id}:{reached[0]}:{reached[1]}",
            chat_id=campaign.chat_id,
            person_id=campaign.created_by,
            kind=NoticeKind.STANDSTILL,
            subject_id=campaign.id,
        )
