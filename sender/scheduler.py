"""
Moves campaigns on: the hour that has come, messages to be written, the end that is reached. APScheduler only ticks; the
truth is in the rows, and every step is a guarded update, so a tick that is lost or doubled changes nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from domain import store
from domain.models import Campaign, CampaignMode
from domain.rules.campaign_state import CampaignState
from domain.usecases import campaigns, closing, periods, pulse
from sender.clock import Clock

log = structlog.get_logger()

_TICK_S: Final = 0.5
_SWEEP_S: Final = 5.0
_SLICE: Final = 10_000  # contacts expanded in one transaction
_SUSPECT_S: Final = 300.0  # a commit may come so long after its connection broke
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair


class Ticks(BaseTrigger):  # type: ignore[misc]  # the library is not typed
    """
    Every so many seconds from now on. APScheduler's own interval counts each tick that was missed, on the event loop:
    after a suspended machine, or a clock that was years behind, that takes from seconds to for ever.
    """

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Always after ``now``: however many were missed, one makes them good."""
        due = (previous_fire_time or now) + self._interval
        return due if due > now else now + self._interval


class Scheduler:
    """
    Several senders may run it side by side.

    Args:
        clock: The sender's, held against the database's.
        now: What time it is, aware UTC; a simulation brings its own.
        on_doubt: Called when a sweep put messages in doubt.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_doubt: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._now = now
        self._on_doubt = on_doubt
        self._writing: dict[int, asyncio.Task[None]] = {}  # expansions, by campaign
        self._suspects: dict[int, float] = {}  # messages of marks that failed, and until when (monotonic seconds)
        self._step = asyncio.Lock()
        self._over = False  # no further step begins

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until ``stop``; an expansion that is under way ends at its slice and goes on after the next start."""
        scheduler = AsyncIOScheduler(timezone=UTC)
        for job, seconds in ((self.tick, _TICK_S), (self.sweep, _SWEEP_S)):
            # By default APScheduler drops a tick that is a second late.
            scheduler.add_job(job, Ticks(seconds), misfire_grace_time=None, coalesce=True, max_instances=1)
        scheduler.start()
        try:
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SWEEP_S):
                        await stop.wait()
                _catch_up(scheduler)
        finally:
            # Its shutdown would cancel a step under way: let that one end first, and those behind it do nothing.
            self._over = True
            async with self._step:
                scheduler.shutdown(wait=False)
            for task in self._writing.values():
                task.cancel()
            await asyncio.gather(*self._writing.values(), return_exceptions=True)

    def suspect(self, ids: Iterable[int]) -> None:
        """Whether these were marked as submitted is not known, and may come true yet. Nothing of them is written."""
        self._suspects.update(dict.fromkeys(ids, time.monotonic() + _SUSPECT_S))

    async def wake_up(self) -> None:
        """Before anything is sent: what was launched long ago, with no sender at work since, is asked about."""
        moment = datetime.fromtimestamp(self._clock.database_ms() / 1_000, UTC)  # as the pulse is
        for campaign_id in await periods.after_silence(await pulse.last(), now=moment):
            log.warning("campaign_found_old", campaign=campaign_id)

    async def sweep(self) -> None:
        """Find senders that are gone and put what they had in flight in doubt."""
        await self._safely("sweep", self._sweep)

    async def _sweep(self) -> None:
        await self._clock.measure()  # the time may have been set since: nobody is swept by a wrong clock
        moment_ms = self._clock.database_ms()
        await pulse.beat(moment_ms)
        doubt = await store.current().sweep_senders(moment_ms)
        if doubt:
            log.warning("sender_swept", in_doubt=doubt)
            self._on_doubt()
        now = time.monotonic()
        self._suspects = {key: until for key, until in self._suspects.items() if until > now}
        await self._lose([*self._suspects])

    async def _lose(self, ids: Sequence[int]) -> None:
        """Those that are submitted, and in nobody's hands, are in doubt."""
        if ids and (lost := await store.current().lose(ids, now_ms=self._clock.database_ms())):
            log.warning("late_commit", in_doubt=lost)
            self._on_doubt()

    async def tick(self) -> None:
        """One look at all campaigns that are not at rest."""
        for name, step in (
            ("begin", self._begin_due),
            ("start", self._write_messages),
            ("end", self._end_drained),
            ("hours", self._keep_hours),
            ("settle", self._settle_ended),
        ):
            await self._safely(name, step)

    async def _safely(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        if self._over:
            return
        try:
            async with self._step:
                if not self._over:
                    await step()
        except Exception:
            log.exception("tick_failed", step=name)

    async def _begin_due(self) -> None:
        if not self._clock.right:
            return
        for campaign in await campaigns.due(self._now()):
            if await periods.open_due(campaign, now=self._now()):
                log.info("campaign_begins", campaign=campaign.id)

    async def _keep_hours(self) -> None:
        if not self._clock.right:
            return  # what is pending would expire for good
        for campaign in await campaigns.in_states(CampaignState.RUNNING):
            event = await periods.keep_hours(campaign, now=self._now())
            if event is not None:
                log.info("period_closed", campaign=campaign.id, campaign_event=event)

    async def _write_messages(self) -> None:
        for campaign in await campaigns.in_states(CampaignState.STARTING):
            self._expand(campaign)
        for campaign in await campaigns.in_states(CampaignState.RUNNING):
            if campaign.mode is CampaignMode.PERMANENT:
                revision = await campaigns.audience_revision(campaign)
                if revision != campaign.audience_revision:
                    self._expand(campaign)

    def _expand(self, campaign: Campaign) -> None:
        if campaign.id not in self._writing:
            task = asyncio.create_task(self._write_safely(campaign))
            self._writing[campaign.id] = task
            task.add_done_callback(lambda _: self._writing.pop(campaign.id, None))

    async def written(self) -> None:
        """Until the expansions that are under way have ended."""
        await asyncio.gather(*self._writing.values())

    async def _write_safely(self, campaign: Campaign) -> None:
        try:
            await self._write(campaign)
        except Exception:
            log.exception("expansion_failed", campaign=campaign.id)

    async def _write(self, campaign: Campaign) -> None:
        """
        Write the messages of contacts that have none yet, then note up to which change of the groups. In normal mode
        that is done once: who joins a group later is not in it. Where a group was taken out, what is pending for it
        goes first, if a crash has left it.
        """
        if campaign.audience_revision == campaigns.REGROUPED:
            await store.current().drop_outsiders(campaign.id)
        revision = await campaigns.audience_revision(campaign)
        permanent = campaign.mode is CampaignMode.PERMANENT
        if campaign.audience_revision < 0 or (permanent and revision != campaign.audience_revision):
            after: int | None = 0
            while after is not None:
                after = await store.current().expand(campaign.id, after=after, limit=_SLICE)
                await asyncio.sleep(_PAUSE_S)
        if await campaigns.expanded(campaign, revision, now=self._now()):
            log.info("campaign_written", campaign=campaign.id)

    async def _end_drained(self) -> None:
        # The last answer may come after the closing hour.
        for campaign in await campaigns.in_states(CampaignState.RUNNING, CampaignState.SCHEDULED):
            running = campaign.state is CampaignState.RUNNING
            written = running or (campaign.started_at is not None and campaign.audience_revision >= 0)
            if campaign.mode is not CampaignMode.NORMAL or campaign.id in self._writing or not written:
                continue
            if await store.current().undone(campaign.id) == 0:
                # Nobody holds anything of it any more: what is in flight still is a mark that came too late.
                await self._lose(await store.current().in_flight(campaign.id))
                await campaigns.complete(campaign, self._now())

    async def _settle_ended(self) -> None:
        for campaign in await closing.unsettled():
            if await closing.settle(campaign, now=self._now()):
                log.info("campaign_settled", campaign=campaign.id)


def _catch_up(scheduler: AsyncIOScheduler) -> None:
    """APScheduler 3.11 waits for a time of day: set back by an hour, the clock would keep it still for an hour."""
    now = datetime.now(UTC)
    for job in scheduler.get_jobs():
        if job.next_run_time is not None and job.next_run_time - now > timedelta(seconds=2 * _SWEEP_S):
            job.modify(next_run_time=now)
