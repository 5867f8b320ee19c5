"""What APScheduler does for us, and what it must not do."""

from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from sender.scheduler import _catch_up


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
