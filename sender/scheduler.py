"""
Moves campaigns on: the hour that has come, messages to be written, the end that is reached. APScheduler only ticks; the
truth is in the rows, and every step is a guarded update, so a tick that is lost or doubled changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from domain import store
from domain.models import Campaign, CampaignMode
from domain.rules.campaign_state import CampaignState
from domain.usecases import campaigns, closing
from sender.feed import now_ms

log = structlog.get_logger()

_TICK_S: Final = 0.5
_SWEEP_S: Final = 5.0
_SLICE: Final = 10_000  # contacts expanded in one transaction
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair


class Scheduler:
    """Several senders may run it side by side."""

    def __init__(self) -> None:
        self._writing: dict[int, asyncio.Task[None]] = {}  # expansions, by campaign
        self._step = asyncio.Lock()

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until ``stop``; an expansion that is under way ends at its slice and goes on after the next start."""
        scheduler = AsyncIOScheduler(timezone=UTC)
        for job, seconds in ((self.tick, _TICK_S), (self.sweep, _SWEEP_S)):
            # By default APScheduler drops a tick that is a second late.
            scheduler.add_job(job, "interval", seconds=seconds, misfire_grace_time=None, coalesce=True, max_instances=1)
        scheduler.start()
        try:
            await stop.wait()
        finally:
            # Its shutdown would cancel a step under way: let that one end first.
            async with self._step:
                scheduler.shutdown(wait=False)
            for task in self._writing.values():
                task.cancel()
            await asyncio.gather(*self._writing.values(), return_exceptions=True)

    async def sweep(self) -> None:
        """Find senders that are gone and put what they had in flight in doubt."""
        await self._safely("sweep", self._sweep)

    async def _sweep(self) -> None:
        doubt = await store.current().sweep_senders(now_ms())
        if doubt:
            log.warning("sender_swept", in_doubt=doubt)

    async def tick(self) -> None:
        """One look at all campaigns that are not at rest."""
        for name, step in (
            ("begin", self._begin_due),
            ("start", self._write_messages),
            ("end", self._end_drained),
            ("settle", self._settle_ended),
        ):
            await self._safely(name, step)

    async def _safely(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        try:
            async with self._step:
                await step()
        except Exception:
            log.exception("tick_failed", step=name)

    async def _begin_due(self) -> None:
        for campaign in await campaigns.due(datetime.now(UTC)):
            if await campaigns.begin(campaign):
                log.info("campaign_begins", campaign=campaign.id)

    async def _write_messages(self) -> None:
        for campaign in await campaigns.in_states(CampaignState.STARTING):
            self._expand(campaign)
        for campaign in await campaigns.in_states(CampaignState.RUNNING):
            if campaign.mode is CampaignMode.PERMANENT:
                revision = await campaigns.audience_revision(campaign.id)
                if revision != campaign.audience_revision:
                    self._expand(campaign)

    def _expand(self, campaign: Campaign) -> None:
        if campaign.id not in self._writing:
            task = asyncio.create_task(self._write_safely(campaign))
            self._writing[campaign.id] = task
            task.add_done_callback(lambda _: self._writing.pop(campaign.id, None))

    async def _write_safely(self, campaign: Campaign) -> None:
        try:
            await self._write(campaign)
        except Exception:
            log.exception("expansion_failed", campaign=campaign.id)

    async def _write(self, campaign: Campaign) -> None:
        """Write the messages of contacts that have none yet, then note up to which change of the groups."""
        revision = await campaigns.audience_revision(campaign.id)
        if revision != campaign.audience_revision:
            after: int | None = 0
            while after is not None:
                after = await store.current().expand(campaign.id, after=after, limit=_SLICE)
                await asyncio.sleep(_PAUSE_S)
        if await campaigns.expanded(campaign.id, revision):
            log.info("campaign_written", campaign=campaign.id)

    async def _end_drained(self) -> None:
        for campaign in await campaigns.in_states(CampaignState.RUNNING):
            if campaign.mode is not CampaignMode.NORMAL or campaign.id in self._writing:
                continue
            if await store.current().undone(campaign.id) == 0:
                await campaigns.complete(campaign.id, datetime.now(UTC))

    async def _settle_ended(self) -> None:
        for campaign in await closing.unsettled():
            if await closing.settle(campaign, now=datetime.now(UTC)):
                log.info("campaign_settled", campaign=campaign.id)
