"""Whose turn it is, and how fast: accounts, priorities, paces. No wire and no database."""

from collections import Counter, deque
from dataclasses import replace

import pytest

from domain.rules.reach import reach_of
from domain.rules.route import parse_route
from domain.store import Claim
from sender.feed import Feed, Held, Ready, Running
from sender.pacing import SHY
from sender.routing import Routing
from sender.smpp import Outgoing

_OUTGOING = Outgoing(1, 51987760000, "X", (b"x",), 0)


def _campaign(key: int, *, account: int = 1, tps: float = 0.0, priority: int = 0) -> Running:
    return Running(key, account, "x", "X", reach_of(frozenset({"PE"})), tps, priority)


@pytest.fixture
def feed() -> Feed:
    """With nothing in it."""
    return Feed(Routing([parse_route("default", "smpp://a:b@127.0.0.1:1")]), more=lambda: None, spent=lambda held: None)


def _fill(feed: Feed, *campaigns: Running, messages: int = 1_000) -> None:
    feed.show(campaigns)
    for campaign in campaigns:
        held = Held(Claim(campaign.campaign_id, 1, ()), "s1", ready=messages)
        feed._queues["default"][campaign.campaign_id] = deque(Ready(held, _OUTGOING, n, 1, 0) for n in range(messages))
        feed._count += messages


def _takes(feed: Feed, times: int) -> list[int]:
    return [feed.take(10, route="default", now=0.0)[0].held.claim.campaign_id for _ in range(times)]


def test_a_campaign_with_priority_goes_before_all_of_its_account(feed: Feed) -> None:
    """A small urgent one is not stuck behind a million."""
    _fill(feed, _campaign(1), _campaign(2, priority=1))

    assert _takes(feed, 101) == [2] * 100 + [1]


def test_campaigns_of_one_priority_take_turns(feed: Feed) -> None:
    """However many messages each has."""
    _fill(feed, _campaign(1), _campaign(2), _campaign(3))

    assert _takes(feed, 6) == [1, 2, 3, 1, 2, 3]


def test_an_account_with_many_campaigns_has_one_turn(feed: Feed) -> None:
    """Nor does a priority help it against another account."""
    _fill(feed, *(_campaign(key, priority=9) for key in range(1, 10)), _campaign(99, account=2))

    assert Counter(_takes(feed, 100))[99] == 50


def test_a_campaign_keeps_its_pace_and_leaves_the_rest_to_others(feed: Feed) -> None:
    """Fifty a second, less the hundredth that is kept back, evenly; what it may not send now another one does."""
    _fill(feed, _campaign(1, tps=50.0, priority=1), _campaign(2), messages=10_000)
    sent = Counter[int]()
    for tick in range(300):
        for _ in range(2):
            batch = feed.take(10, route="default", now=tick / 100)
            feed.left(batch, len(batch), now=tick / 100)
            sent[batch[0].held.claim.campaign_id] += len(batch)

    assert sent[1] == int(150 * SHY)
    assert sent[2] == (600 - sent[1]) * 10


def test_a_paced_campaign_alone_says_when_it_goes_on(feed: Feed) -> None:
    """So that the pump sleeps until then."""
    _fill(feed, _campaign(1, tps=4.0))
    feed.left(feed.take(10, route="default", now=0.0), 1, now=0.0)

    assert feed.take(10, route="default", now=0.1) == []
    assert feed.wait(route="default", now=0.1) == pytest.approx(0.25 / SHY - 0.1)
    assert len(feed.take(10, route="default", now=0.26)) == 1


def test_what_a_guard_refused_does_not_count_towards_the_pace(feed: Feed) -> None:
    """It has not left."""
    _fill(feed, _campaign(1, tps=1.0))
    feed.left(feed.take(10, route="default", now=0.0), 0, now=0.0)

    assert feed._paces[1].allow(1, now=1.0 / SHY) == 1


def test_senders_share_a_campaign_s_pace(feed: Feed) -> None:
    """Each keeps its part of it, also when another one joins while it runs."""
    senders = 1
    feed._share_of = lambda _, tps: tps / senders
    _fill(feed, _campaign(1, tps=100.0))
    senders = 2
    feed.show([_campaign(1, tps=100.0)])

    assert feed._paces[1].tps == 50.0


def test_what_was_rendered_from_an_older_text_is_dropped(feed: Feed) -> None:
    """A pace that changes drops nothing; a text or a sender ID that was edited does."""
    _fill(feed, _campaign(1))
    feed.show([_campaign(1, tps=5.0, priority=2)])
    assert feed.count == 1_000

    feed.show([replace(_campaign(1), text="y")])
    assert feed.count == 0

    _fill(feed, _campaign(1))
    feed.show([replace(_campaign(1), sender_id="Y")])
    assert feed.count == 0


def test_what_was_rendered_for_another_closing_hour_is_dropped(feed: Feed) -> None:
    """Its validity period says until when the operator may deliver it: too long, or over before it is sent."""
    campaign = replace(_campaign(1), closes=1_800_000_000.0)
    _fill(feed, campaign)
    feed.show([replace(campaign, tps=9.0, closes=campaign.closes)])
    assert feed.has(campaign_id=1)

    feed.show([replace(campaign, closes=campaign.closes + 3_600)])
    assert not feed.has(campaign_id=1)


def test_the_lag_counts_from_when_a_claim_was_first_wanted(feed: Feed) -> None:
    """A database that answers late shows, a campaign with messages ready does not."""
    _fill(feed, _campaign(1))
    feed.show([_campaign(1), _campaign(2)])
    feed._wanting(10.0)
    feed._wanting(12.0)

    assert feed.lag_s(now=15.0) == 5.0
    _fill(feed, _campaign(1), _campaign(2))
    feed._wanting(16.0)
    assert feed.lag_s(now=16.0) == 0.0
