"""What APScheduler does for us, and what it must not do."""

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import AsyncMock

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from sender.clock import Clock
from sender.scheduler import Scheduler, Ticks, _catch_up


async def test_a_clock_that_was_set_back_does_not_stop_the_ticks() -> None:
    """APScheduler 3.11 waits for a time of day, and would wait for as long as the clock was set back."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    near = scheduler.add_job(print, "interval", seconds=5)
    far = scheduler.add_job(print, "interval", seconds=5, next_run_time=datetime.now(UTC) + timedelta(hours=1))
    due = near.next_run_time
    _catch_up(scheduler)

    assert near.next_run_time == due
    assert far.next_run_time <= datetime.now(UTC) + timedelta(seconds=5)
    scheduler.shutdown(wait=False)


async def test_a_clock_that_was_set_forward_makes_one_tick() -> None:
    """A machine that starts in 1970 and is then told the time has missed more of them than anybody can count."""
    now = datetime.now(UTC)
    scheduler = AsyncIOScheduler(timezone=UTC)
    scheduler.start()
    job = scheduler.add_job(print, Ticks(0.5), next_run_time=datetime(1970, 1, 1, tzinfo=UTC))

    assert job._get_run_times(now) == [job.next_run_time]
    assert Ticks(0.5).get_next_fire_time(job.next_run_time, now) == now + timedelta(seconds=0.5)
    scheduler.shutdown(wait=False)


def test_ticks_keep_their_beat() -> None:
    """What a tick itself takes does not add to the time between two of them."""
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    soon = start + timedelta(seconds=0.2)

    assert Ticks(5.0).get_next_fire_time(None, start) == start + timedelta(seconds=5)
    assert Ticks(5.0).get_next_fire_time(start, soon) == start + timedelta(seconds=5)


async def test_a_step_under_way_ends_and_no_other_begins(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """At the stop; APScheduler would cancel what waits for the step, and log it as a failure."""
    begun: list[str] = []
    stop = asyncio.Event()
    scheduler = Scheduler(Clock(AsyncMock(return_value=0)))

    async def slow() -> None:
        begun.append("slow")
        stop.set()
        await asyncio.sleep(0.2)
        begun.append("ended")

    async def other() -> None:
        begun.append("other")

    monkeypatch.setattr(scheduler, "_begin_due", slow)
    for name in ("_sweep", "_write_messages", "_end_drained", "_keep_hours", "_settle_ended"):
        monkeypatch.setattr(scheduler, name, other)
    async with asyncio.timeout(5):
        await scheduler.run(stop)
    await asyncio.sleep(0.1)

    assert begun == ["slow", "ended"]
    assert not [record for record in caplog.records if record.name.startswith("apscheduler") and record.levelno > 20]
