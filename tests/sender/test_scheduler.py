"""What APScheduler does for us, and what it must not do."""

from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from sender.scheduler import Ticks, _catch_up


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
