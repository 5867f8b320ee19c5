"""What goes over a route of which others hold all binds is left to them, and nobody looks at it again and again."""

import asyncio
from dataclasses import replace

import pytest

from domain.models import Account, Chunk, ChunkState, Contact, Message, Retry
from domain.rules.reach import reach_of
from domain.rules.route import parse_route
from domain.store import Store
from sender.clock import now_ms
from sender.feed import Feed, Held, Running
from sender.routing import Routing
from sender.worker import Worker
from tests.dispatching import running_campaign

ECUADOR = 593991234567


def _feed(*, closed: set[str]) -> tuple[Feed, Routing, list[Held]]:
    routing = Routing(
        [
            parse_route("default", "smpp://a:b@127.0.0.1:1?failover=ecuador"),
            parse_route("ecuador", "smpp://a:b@127.0.0.1:1?prefixes=593"),
        ]
    )
    routing.closed = frozenset(closed)
    spent: list[Held] = []
    return Feed(routing, more=lambda: None, spent=spent.append), routing, spent


@pytest.fixture
async def running(store: Store, account: Account) -> Running:
    """Chunks of two messages: to Peru and Ecuador, to Ecuador alone."""
    campaign = await running_campaign(account, size=4)
    for key in (await Contact.all().order_by("id").values_list("id", flat=True))[1:]:
        await Contact.filter(id=key).update(msisdn=ECUADOR + key)
    await store.register_sender("s1", host="h", pid=1, now_ms=now_ms(), lease_ms=now_ms() + 15_000)
    after: int | None = 0
    while after is not None:
        after = await store.expand(campaign.id, after=after, limit=2)
    assert await Chunk.all().count() == 2
    return Running(campaign.id, account.id, "Hola", "X", reach_of(frozenset({"PE", "EC"})))


async def _claims(feed: Feed, running: Running, store: Store, spent: list[Held]) -> list[bool]:
    """Until there is nothing to claim; what is spent is given back at once."""
    found = []
    for _ in range(4):
        found.append(await feed._claim("s1", running))
        while spent:
            await store.finish_claim("s1", spent.pop().claim)
    return found


def _ready(feed: Feed) -> dict[str, int]:
    return {route: sum(map(len, queues.values())) for route, queues in feed._queues.items()}


async def test_of_a_mixed_chunk_a_sender_takes_what_it_has_a_bind_for(store: Store, running: Running) -> None:
    """The rest stays pending, and its chunk can be claimed by another as soon as this sender's part is done."""
    feed, routing, spent = _feed(closed={"ecuador"})
    feed.show([running])
    assert await _claims(feed, running, store, spent) == [True, False, False, False]
    assert _ready(feed) == {"default": 1, "ecuador": 0}
    assert [chunk.state for chunk in await Chunk.all().order_by("id")] == ["leased", "ready"]
    feed.clear()
    while spent:
        await store.finish_claim("s1", spent.pop().claim)
    assert await Chunk.filter(state="ready").count() == 2
    routing.closed = frozenset()

    assert await _claims(feed, running, store, spent) == [True, True, False, False], "its own again: all is claimed"
    assert _ready(feed) == {"default": 1, "ecuador": 3}


async def test_retries_for_others_do_not_hold_up_what_is_ours(store: Store, running: Running) -> None:
    """They are given back, and chunks are claimed meanwhile."""
    last = await Message.all().order_by("-id").first()
    assert last is not None
    await Retry.create(message_id=last.id, campaign_id=running.campaign_id, next_ms=1)
    feed, _, spent = _feed(closed={"ecuador"})
    feed.show([running])
    assert (await _claims(feed, running, store, spent))[:2] == [False, True]

    assert _ready(feed) == {"default": 1, "ecuador": 0}
    assert await Retry.filter(sender=None).count() == 1


async def test_a_sender_without_any_bind_claims_nothing(store: Store, running: Running) -> None:
    """Nor does it wait: a gauge that rose would wake somebody."""
    feed, routing, _ = _feed(closed={"default", "ecuador"})
    feed.show([running])
    assert feed._wanting(10.0) == []
    assert feed.lag_s(now=20.0) == 0.0
    routing.closed = frozenset({"default"})

    assert feed._wanting(10.0) == [running]


async def test_a_full_route_does_not_fill_the_memory_for_one_that_is_closed(store: Store, running: Running) -> None:
    """What counts is what may go."""
    feed, _, spent = _feed(closed={"ecuador"})
    many = [replace(running, campaign_id=1_000 + n) for n in range(40)]  # so many that a share is small
    feed.show([running, *many])
    await _claims(feed, running, store, spent)

    assert not feed._hungry(running.campaign_id, share=1)


async def test_a_claim_goes_back_in_the_name_that_took_it(store: Store, account: Account) -> None:
    """After a lost lease the same chunk may be in work again under the new name, and stays so."""
    campaign = await running_campaign(account)
    assert await store.expand(campaign.id, after=0, limit=10) is not None
    await store.register_sender("new", host="h", pid=1, now_ms=now_ms(), lease_ms=now_ms() + 15_000)
    claim = await store.claim("new", campaign.id, now_ms=now_ms(), limit=10)
    assert claim is not None
    worker = Worker([parse_route("default", "smpp://a:b@127.0.0.1:1")])
    worker._sender.name = "new"
    giving = asyncio.create_task(worker._give_back())
    try:
        kept = []
        for name in ("old", "new"):
            worker._spent(Held(claim, name))
            async with asyncio.timeout(10):
                while worker._owed:
                    await asyncio.sleep(0.01)
            kept.append((await Chunk.get(id=claim.chunk_id)).state)
    finally:
        giving.cancel()

    assert kept == [ChunkState.LEASED, ChunkState.READY]
