"""The binds of a route among senders: two in one process, on PostgreSQL, at an operator that counts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from domain.database import open_database
from domain.rules.route import Route, parse_route
from domain.store import current
from sandbox.smsc import Smsc
from sandbox.smsc.link import Link as Session
from sender.lease import SenderName
from sender.seats import Seats
from sender.shares import Shares
from sender.smpp import Link, LinkStateKind

NOW = 1_800_000_000_000
DEADLINE_S = 15.0


class _Counting(Smsc):
    """Notes the most binds that there were at once."""

    most = 0

    def bound(self, link: Session) -> None:
        super().bound(link)
        self.most = max(self.most, len(self.binds))


@pytest.fixture
async def smsc() -> AsyncIterator[_Counting]:
    """Admits any number of binds."""
    smsc = _Counting()
    await smsc.start()
    yield smsc
    await smsc.stop()


class _Sender:
    """As much of a sender as binds need."""

    def __init__(self, name: str, *routes: Route) -> None:
        self.name = SenderName(name, until_s=time.monotonic() + 1_000)
        self.shares = Shares(self.name, open_binds=lambda resource: self.seats.running(resource))
        links = [_link(route, f"{name}-{n}") for route in routes for n in range(route.binds)]
        self.seats = Seats(links, shares=self.shares, sender=self.name)

    @property
    def bound(self) -> int:
        return sum(link.state.kind is LinkStateKind.BOUND for link in self.seats.links)


def _link(route: Route, name: str) -> Link:
    return Link(
        route,
        name=name,
        on_answers=lambda answers: None,
        on_incoming=lambda incoming: None,
        on_state=lambda state: None,
        on_room=lambda: None,
    )


def _route(smsc: Smsc, binds: int, name: str = "default") -> Route:
    return parse_route(name, f"smpp://pregon:test@127.0.0.1:{smsc.port}?binds={binds}")


@asynccontextmanager
async def _joined(name: str, *routes: Route) -> AsyncIterator[_Sender]:
    """Until the block ends, or ``leave`` is called in it."""
    await current().register_sender(name, host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
    sender = _Sender(name, *routes)
    sharing, seating = asyncio.create_task(sender.shares.run()), asyncio.create_task(sender.seats.run())
    try:
        yield sender
    finally:
        sender.seats.end()
        await seating
        sharing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sharing
        await current().leave(sender.name.name)


async def _until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not what():
            await asyncio.sleep(0.02)


async def test_who_joins_gets_its_part_and_who_stays_gets_it_back(postgres_url: str, smsc: _Counting) -> None:
    """The operator sees three binds, whoever holds them."""
    async with open_database(postgres_url), _joined("a", _route(smsc, 3)) as one:
        await _until(lambda: one.bound == 3)
        async with _joined("b", _route(smsc, 3)) as two:
            await _until(lambda: (one.bound, two.bound) == (2, 1))
            async with _joined("c", _route(smsc, 3)) as three:
                await _until(lambda: (one.bound, two.bound, three.bound) == (1, 1, 1))
        await _until(lambda: one.bound == 3)

    assert smsc.most == 3
    assert smsc.binds == ()


async def test_with_fewer_binds_than_senders_one_stands_by(postgres_url: str, smsc: _Counting) -> None:
    """It is well, and takes over at once when the other leaves."""
    async with open_database(postgres_url):
        async with _joined("a", _route(smsc, 1)) as one:
            await _until(lambda: one.bound == 1)
            joining = _joined("b", _route(smsc, 1))
            two = await joining.__aenter__()
            await _until(lambda: two.shares.told)
            await two.shares.round()
            assert (two.bound, two.seats.held("default"), two.seats.health()[0]) == (0, 0, True)
            assert two.seats.without([_route(smsc, 1)]) == {"default"}
        await _until(lambda: two.bound == 1)
        await joining.__aexit__(None, None, None)

    assert smsc.most == 1


async def test_a_bind_that_is_still_open_is_nobody_else_s(postgres_url: str) -> None:
    """However long its window takes."""
    async with open_database(postgres_url):
        open_binds = {"a": 0, "b": 0}
        shares = {}
        for name in open_binds:
            await current().register_sender(name, host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
            shares[name] = Shares(SenderName(name), open_binds=lambda _, name=name: open_binds[name])  # type: ignore[misc]
            shares[name].of("binds:x", 2.0)
            await shares[name].round()
        open_binds["a"] = int(shares["a"].of("binds:x", 2.0))
        assert open_binds["a"] == 2
        for _ in range(3):
            assert await shares["a"].round() is False, "it has nothing to say before it is closed"
            await shares["b"].round()
        assert [shares["a"].of("binds:x", 2.0), shares["b"].of("binds:x", 2.0)] == [1.0, -1.0]
        open_binds["a"] = 1
        await shares["a"].round()
        await shares["b"].round()

        assert [shares["a"].of("binds:x", 2.0), shares["b"].of("binds:x", 2.0)] == [1.0, 1.0]


async def test_no_connection_outlives_the_lease_and_all_come_back_with_it(postgres_url: str, smsc: _Counting) -> None:
    """The database was away, and nobody has swept it meanwhile: what it held is still its own."""
    async with open_database(postgres_url), _joined("a", _route(smsc, 2)) as one:
        await _until(lambda: one.bound == 2)
        one.name.until_s = time.monotonic() + 0.6
        await asyncio.sleep(0.3)
        assert one.bound == 2, "it may hold them until then"
        await _until(lambda: not smsc.binds)
        assert one.seats.health() == (False, "0 of 0 links bound")
        assert one.seats.held("default") == 2
        one.name.until_s = time.monotonic() + 1_000

        await _until(lambda: one.bound == 2)


async def test_what_was_granted_to_a_name_that_is_lost_is_worth_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer came when the lease was gone, and another sender may have its binds."""
    async with open_database(postgres_url):
        await current().register_sender("a", host="h", pid=1, now_ms=NOW, lease_ms=NOW + 15_000)
        name = SenderName("a")
        shares = Shares(name)
        shares.of("binds:x", 2.0)
        original = current().share_pace

        async def late(*args: object, **kwargs: object) -> object:
            granted = await original(*args, **kwargs)  # type: ignore[arg-type]
            name.name = "b"
            shares.forget()
            return granted

        monkeypatch.setattr(current(), "share_pace", late)
        await shares.round()

        assert shares.of("binds:x", 2.0) == -1.0
        assert not shares.told


async def test_on_sqlite_one_sender_holds_all_binds_whatever_its_lease_says(sqlite_url: str, smsc: _Counting) -> None:
    """There is nobody to take them."""
    async with open_database(sqlite_url), _joined("a", _route(smsc, 3)) as one:
        one.name.until_s = 0.0
        await _until(lambda: one.bound == 3)
        await asyncio.sleep(0.5)
        assert one.bound == 3

    assert smsc.binds == ()
