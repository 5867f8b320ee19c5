"""
Why a campaign does not move, with a real sender, a real SMSC and a real database: each cause is brought about, and the
sentence is the right one. Also how fast Parar is silent, and that an operator who refuses too much stops it.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.standing import why_not
from domain import store
from domain.models import Account, Campaign, CampaignMode, Message, Notice, NoticeKind, StartKind
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.rules.standstill import Cause, Standstill, standstill
from domain.usecases import campaigns, contacts, progress
from locales import load
from sandbox.smsc import Behaviour, Outcome, Script, Smsc
from sender.faults import MANY_REFUSED
from sender.feed import Feed, Running
from sender.worker import Worker
from tests.audience import FIRST, block, group_of
from tests.bot.conversations.talk import talk_of
from tests.conftest import LANGUAGES, OWNER

MOVING: dict[int, bool] = {}  # what the card's meter would say, by campaign
DEADLINE_S = 60.0  # the longest that a card may be wrong


@pytest.fixture
async def smsc(tmp_path: Path) -> AsyncIterator[Smsc]:
    """Answers everything at once, unless told otherwise."""
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    yield smsc
    await smsc.stop()


@asynccontextmanager
async def sending(port: int, **options: object) -> AsyncIterator[Worker]:
    """A sender at work."""
    query = "&".join(f"{name}={value}" for name, value in {"window": 10, **options}.items())
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{port}?{query}")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await running


async def launched(account: Account, size: int = 200, **columns: Any) -> Campaign:
    """Launched a moment ago."""
    now = datetime.now(UTC)
    group = await group_of(account, f"g{await Campaign.all().count()}", size)
    values: dict[str, Any] = {
        "name": "c",
        "state": CampaignState.STARTING,
        "started_at": now,
        "state_at": now,
        "state_by": OWNER,
    }
    campaign = await Campaign.create(
        account=account,
        text="Hola {{ nombre }}",
        sender_id="PREGON",
        created_by=OWNER,
        chat_id=OWNER,
        segment_price=account.segment_price,
        currency=account.currency,
        **{"name": "c", **values, **columns},
    )
    await campaign.groups.add(group)
    return campaign


async def until(what: Callable[[], Awaitable[Any]]) -> Any:
    """Ask again until it is true."""
    async with asyncio.timeout(DEADLINE_S):
        while not (found := await what()):
            await asyncio.sleep(0.05)
        return found


async def cause_of(campaign: Campaign) -> Standstill | None:
    """As the card says it now; in each language it is a whole sentence."""
    now = datetime.now(UTC)
    standing = await progress.of(campaign.account.id, campaign.id, now=now)
    found = standstill(dataclasses.replace(standing.facts, moving=MOVING.get(campaign.id)))
    for language in LANGUAGES:
        sentence = why_not(found, talk_of(campaign.account, load().texts(language, "PE"), now=now).chat)
        assert (sentence is None) is (found is None)
        assert "None" not in (sentence or "")
        assert "{" not in (sentence or "")
    return found


def is_held_up_by(campaign: Campaign, cause: Cause) -> Callable[[], Awaitable[bool]]:
    """The card names this cause."""

    async def look() -> bool:
        found = await cause_of(campaign)
        return found is not None and found.cause is cause

    return look


async def test_no_sender_then_link_down_then_it_moves(account: Account, smsc: Smsc) -> None:
    """Each since when, and each goes by itself."""
    campaign = await launched(account)
    found = await cause_of(campaign)
    assert found is not None
    assert found.cause is Cause.NO_SENDER

    port = smsc.port
    await smsc.stop()
    async with sending(port):
        await until(is_held_up_by(campaign, Cause.LINK_DOWN))
        down = await cause_of(campaign)
        assert down is not None
        assert down.since is not None
        assert down.about["reason"]
        await smsc.start(port=port)
        await until(lambda: Campaign.exists(id=campaign.id, state=CampaignState.COMPLETED))


async def test_throttled_by_the_operator(account: Account, smsc: Smsc) -> None:
    """It says so, and the card stops saying so when it is over."""
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.THROTTLED))
    campaign = await launched(account)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.THROTTLED))
        found = await cause_of(campaign)
        assert found is not None
        assert found.since is not None


async def test_what_is_left_is_tried_again_later(account: Account, smsc: Smsc) -> None:
    """ESME_RSYSERR: the operator's own trouble."""
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.REFUSED, status=0x08))
    campaign = await launched(account, 5)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.RETRY))


async def test_the_clock_of_the_sender_is_wrong(account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent by it."""
    behind = int(timedelta(minutes=10).total_seconds() * 1000)
    real = store.current().clock_ms

    async def ahead() -> int:
        return await real() + behind

    shown = list[Sequence[Running]]()
    show = Feed.show

    def showing(feed: Feed, running: Sequence[Running]) -> None:
        shown.append(running)
        show(feed, running)

    monkeypatch.setattr(store.current(), "clock_ms", ahead)
    monkeypatch.setattr(Feed, "show", showing)
    campaign = await launched(account)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.CLOCK))
        found = await cause_of(campaign)
        await until(lambda: Campaign.exists(id=campaign.id, state=CampaignState.RUNNING))
        looks = len(shown)

        async def looked_again() -> bool:
            return len(shown) > looks + 1

        await until(looked_again)

    assert found is not None
    assert found.about == {"seconds": -600}
    assert not any(shown), "it is written, and its messages are claimed by nobody"
    assert smsc.summary().received == 0


async def test_everybody_is_on_the_blacklist(account: Account, smsc: Smsc) -> None:
    """It ends, and says why."""
    campaign = await launched(account, 5)
    await block(account, [FIRST + number for number in range(5)])
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.BLACKLIST))


async def test_what_is_left_is_held_back_for_a_blank(account: Account, smsc: Smsc) -> None:
    """Nobody has a name: it ends with nobody served, and says how many are held back."""
    group = await group_of(account, "sin nombre", 4, first=FIRST + 900, blank=4)
    campaign = await launched(account, 0, blanks={"first_name": None})
    await campaign.groups.add(group)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.HELD))
        found = await cause_of(campaign)

    assert found is not None
    assert found.about == {"messages": 4}
    assert smsc.summary().received == 0


async def test_a_permanent_one_waits_and_then_serves_who_joins(account: Account, smsc: Smsc) -> None:
    """Once each, however often the group changes."""
    campaign = await launched(account, 3, mode=CampaignMode.PERMANENT)
    group = (await campaign.groups.all())[0]
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.CONTACTS))
        later = await group_of(account, "otros", 2, first=FIRST + 500)
        members = await store.current().members(later.id, after=0, limit=10)
        ids = [row.contact_id for row in members]
        for _ in range(3):
            await store.current().add_members(group.id, ids)
            await store.current().remove_members(group.id, ids)
        await store.current().add_members(group.id, ids)
        await until(lambda: Message.exists(campaign_id=campaign.id, msisdn=FIRST + 501, state=MessageState.DELIVERED))
        await until(is_held_up_by(campaign, Cause.CONTACTS))
        # Deleted, and added anew: another contact, the same number.
        await contacts.delete(account.id, ids[0])
        again = await group_of(account, "otra vez", 1, first=FIRST + 500)
        fresh = await store.current().members(again.id, after=0, limit=10)
        await store.current().add_members(group.id, [row.contact_id for row in fresh])
        await until(is_held_up_by(campaign, Cause.CONTACTS))

    assert smsc.summary().received == 5
    assert smsc.summary().duplicates == 0


async def test_outside_its_hours_the_next_period_is_named(account: Account, smsc: Smsc) -> None:
    """Closed now, whatever the time is: one hour of the day, half a day away."""
    now = datetime.now(UTC)
    local = now - timedelta(hours=5)  # Lima
    begins = (local.hour * 60 + local.minute + 12 * 60) % (24 * 60)
    campaign = await launched(account, start_kind=StartKind.WEEKLY, begins=begins, ends=(begins + 60) % (24 * 60))
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.OUTSIDE))
        found = await cause_of(campaign)

    assert found is not None
    assert found.until is not None
    assert timedelta(hours=11) < found.until - now < timedelta(hours=13)
    assert smsc.summary().received == 0


async def test_quiet_hours_around_now(account: Account, smsc: Smsc) -> None:
    """From an hour ago until two hours from now."""
    local = datetime.now(UTC) - timedelta(hours=5)
    minutes = local.hour * 60 + local.minute
    await Account.filter(id=account.id).update(
        quiet_begins=(minutes - 60) % (24 * 60), quiet_ends=(minutes + 120) % (24 * 60)
    )
    campaign = await launched(account, quiet_hours=True)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.QUIET))

    assert smsc.summary().received == 0


async def test_a_holiday_today(account: Account, smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Today is one, by a calendar of the test's own; tomorrow is not."""
    today = (datetime.now(UTC) - timedelta(hours=5)).date()
    monkeypatch.setattr("domain.rules.schedule.is_holiday", lambda day, region: day == today)
    monkeypatch.setattr("domain.rules.schedule.next_holiday", lambda after, region: today if after < today else None)
    campaign = await launched(account, skip_holidays=True)
    async with sending(smsc.port):
        await until(is_held_up_by(campaign, Cause.HOLIDAY))
        found = await cause_of(campaign)

    assert found is not None
    assert found.until is not None
    assert (found.until - timedelta(hours=5)).date() == today + timedelta(days=1)
    assert smsc.summary().received == 0


async def test_the_countdown_and_the_hour_to_come(account: Account, smsc: Smsc) -> None:
    """Until then not a byte leaves."""
    now = datetime.now(UTC)
    counting = await launched(
        account, state=CampaignState.SCHEDULED, started_at=None, launch_at=now + timedelta(minutes=5)
    )
    waiting = await launched(
        account,
        state=CampaignState.SCHEDULED,
        started_at=None,
        start_kind=StartKind.AT,
        start_at=now + timedelta(days=2),
    )
    async with sending(smsc.port):
        await until(is_held_up_by(counting, Cause.COUNTDOWN))
        await until(is_held_up_by(waiting, Cause.EARLY))

    assert smsc.summary().received == 0


async def test_the_limits_of_the_day(account: Account, smsc: Smsc) -> None:
    """The campaign's own messages, and the account's money: each until midnight."""
    capped = await launched(account, 20, daily_cap=7)
    async with sending(smsc.port):
        await until(is_held_up_by(capped, Cause.DAILY_CAP))
        assert smsc.summary().received == 7
        await Account.filter(id=account.id).update(budget_day=Decimal("0.50"))  # at 0.05: ten in all
        spent = await launched(account, 20)
        await until(is_held_up_by(spent, Cause.BUDGET))
        assert smsc.summary().received == 10
        found = await cause_of(spent)

    assert found is not None
    assert found.until is not None
    assert (found.until - timedelta(hours=5)).hour == 0


async def test_another_campaign_goes_first_and_one_goes_at_its_own_pace(account: Account, smsc: Smsc) -> None:
    """The higher priority has the slow link for itself."""
    smsc.set_behaviour(default=Behaviour(answer_delay_s=0.2))
    first = await launched(account, 500, name="Urgente", priority=5)
    paced = await launched(account, 500, priority=9, tps=2.0)
    last = await launched(account, 500)
    MOVING.update({last.id: False, paced.id: True})
    async with sending(smsc.port, window=2):
        await until(is_held_up_by(last, Cause.PRIORITY))
        await until(is_held_up_by(paced, Cause.PACE))
    MOVING.clear()
    assert first.priority < paced.priority


async def test_stopped_by_a_person_falls_silent_within_a_window(account: Account, smsc: Smsc) -> None:
    """What the operator receives after the tap is at most the window that was under way."""
    smsc.set_behaviour(default=Behaviour(answer_delay_s=0.05))
    campaign = await launched(account, 3_000)
    async with sending(smsc.port, window=20):
        await smsc.wait_for(lambda seen: seen.received > 200)
        before = smsc.summary().received
        await campaigns.pause(account.id, campaign.id, by=OWNER, now=datetime.now(UTC))
        await until(_nothing_in_flight(campaign))
        after = smsc.summary().received
        found = await cause_of(campaign)
        await asyncio.sleep(0)

    assert after - before <= 2 * 20  # what was on its way to the operator, and what was marked already
    assert found is not None
    assert (found.cause, found.about["who"]) == (Cause.STOPPED_BY, "Owner")
    assert smsc.summary().received == after


def _nothing_in_flight(campaign: Campaign) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return not await Message.exists(campaign_id=campaign.id, state=MessageState.SUBMITTED)

    return look


async def test_too_many_refusals_stop_it_with_the_operators_words(account: Account, smsc: Smsc) -> None:
    """Going on does not trip on the same old messages; new ones count anew."""
    await Account.filter(id=account.id).update(fault_window=40, fault_percent=30)
    smsc.set_behaviour(default=Behaviour(outcome=Outcome.REFUSED, status=0x0B))
    campaign = await launched(account, 400)
    async with sending(smsc.port, window=10, tps=100):
        await until(is_held_up_by(campaign, Cause.MANY_REFUSED))
        found = await cause_of(campaign)
        assert found is not None
        assert found.about["name"] == "ESME_RINVDSTADR"
        assert found.about["reason"] == MANY_REFUSED
        refused = (await campaigns.counts(campaign))[MessageState.FAILED]
        assert refused < 200
        assert await Notice.filter(kind=NoticeKind.STOPPED).count() == 1

        await until(_nothing_in_flight(campaign))
        smsc.set_behaviour(default=Behaviour())
        await campaigns.resume(account.id, campaign.id, by=OWNER, now=datetime.now(UTC))
        await until(lambda: Campaign.exists(id=campaign.id, state=CampaignState.COMPLETED))

    assert await Notice.filter(kind=NoticeKind.STOPPED).count() == 1
    assert smsc.summary().duplicates == 0
