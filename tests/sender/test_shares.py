"""Shares through the database: two senders on PostgreSQL, with a clock of the test's."""

from domain.database import open_database
from domain.models import PaceShare
from domain.store import Store, current
from sender.lease import SenderName
from sender.pacing import NOTHING
from sender.shares import Shares

NOW = 1_800_000_000_000
ROUTE = "route:default"


class _Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def _join(store: Store, name: str, clock: _Clock, limit: float = 100.0) -> Shares:
    await store.register_sender(name, host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
    shares = Shares(SenderName(name), clock=clock)
    assert shares.of(ROUTE, limit) == NOTHING, "nobody has said yet"
    return shares


async def _rounds(clock: _Clock, *all_of_them: Shares, times: int = 4) -> list[float]:
    """Each of them looks, again and again; what they use at no moment adds up to more than the limit."""
    used = []
    for _ in range(times):
        for shares in all_of_them:
            await shares.round()
            used = [max(0.0, one.of(ROUTE, 100.0)) for one in all_of_them]
            assert sum(used) <= 100.0
            assert sum(row.share for row in await PaceShare.all()) <= 100.0
            clock.now += 0.6
    return used


async def test_one_sender_has_all_of_it_after_a_second(postgres_url: str) -> None:
    """What somebody gave up a moment ago may still be in the air."""
    async with open_database(postgres_url):
        clock = _Clock()
        one = await _join(current(), "a", clock)
        await one.round()
        assert one.of(ROUTE, 100.0) == NOTHING
        clock.now += 1.1

        assert one.of(ROUTE, 100.0) == 100.0
        assert one.of("route:free", 0.0) == 0.0, "no limit is none"


async def test_two_share_it_and_one_takes_over_when_the_other_leaves(postgres_url: str) -> None:
    """Never more than the limit on the way."""
    async with open_database(postgres_url):
        clock = _Clock()
        one = await _join(current(), "a", clock)
        await _rounds(clock, one)
        two = await _join(current(), "b", clock)
        assert await _rounds(clock, one, two) == [50.0, 50.0]
        await current().leave("a")

        assert await _rounds(clock, two) == [100.0]


async def test_who_lost_its_lease_has_no_share(postgres_url: str) -> None:
    """Swept: its rows are gone, and it gets none before it registers anew."""
    async with open_database(postgres_url):
        clock = _Clock()
        one = await _join(current(), "a", clock)
        await _rounds(clock, one)
        await current().leave("a")
        one.forget()
        await one.round()
        clock.now += 5

        assert one.of(ROUTE, 100.0) == NOTHING
        assert await PaceShare.all().count() == 0


async def test_what_is_not_wanted_any_more_is_given_up(postgres_url: str) -> None:
    """A campaign that has ended holds nothing."""
    async with open_database(postgres_url):
        clock = _Clock()
        one = await _join(current(), "a", clock)
        assert one.of("campaign:7", 5.0) == NOTHING
        await one.round()
        assert await PaceShare.all().count() == 2
        one.keep({ROUTE: 100.0})
        await one.round()

        assert [row.resource for row in await PaceShare.all()] == [ROUTE]


async def test_on_sqlite_there_is_nobody_to_share_with(sqlite_url: str) -> None:
    """At once, and all of it."""
    async with open_database(sqlite_url):
        shares = Shares(SenderName("a"))

        assert shares.of(ROUTE, 100.0) == 100.0
