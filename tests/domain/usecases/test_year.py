"""
A year of random schedules on a simulated clock: the real scheduler on a real database, in zones with and without
summer time, with senders that come and go, ticks that are lost and ticks that come twice.
"""

import asyncio
import os
import random
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain import store
from domain.models import Account, Campaign, CampaignMode, Message, StartKind
from domain.rules.campaign_state import CampaignState
from domain.rules.holiday import is_holiday
from domain.rules.message_state import MessageEvent, MessageState
from domain.store import Result, Submission
from sender.clock import Clock
from sender.scheduler import Scheduler
from tests.audience import FIRST, group_of
from tests.conftest import OWNER

BEGIN, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 365
LATEST = timedelta(minutes=3)  # that a tick may come too late
ZONES = {
    "America/Santiago": "CL",
    "Europe/Madrid": "ES",
    "America/Lima": "PE",
    "America/Havana": "CU",
    "America/Sao_Paulo": "BR",
    "America/Asuncion": "PY",
}
#: Campaigns, one a zone, and years: a longer run is asked for by these.
CAMPAIGNS = int(os.environ.get("PREGON_TEST_ZONES", "2"))
SEEDS = range(1, 1 + int(os.environ.get("PREGON_TEST_YEARS", "1")))
CONTACTS = 400  # more than there are days


class World:
    """What time it is, and a sender by hand: it submits a few messages of each campaign that lets it."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = BEGIN
        self.submitted: dict[int, list[datetime]] = defaultdict(list)
        self.schedulers = [Scheduler(Clock(self._ask, own_ms=self.ms), now=lambda: self.now) for _ in range(2)]

    def ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    async def _ask(self) -> int:
        return self.ms()

    async def tick(self) -> None:
        """By one sender or two at once, once or twice."""
        senders = self.random.choice((self.schedulers[:1], self.schedulers[1:], self.schedulers))
        for _ in range(self.random.choice((1, 1, 2))):
            await asyncio.gather(*(scheduler.tick() for scheduler in senders))
            for scheduler in senders:
                await scheduler.written()

    async def send(self, campaign_id: int, wanted: int) -> int:
        """Claim and submit as a sender does, with every guard of the store; all are accepted."""
        db, name = store.current(), "sim"
        if not await db.renew_sender(name, lease_ms=self.ms() + 10**9, links=[]):
            await db.register_sender(name, host="h", pid=1, now_ms=self.ms(), lease_ms=self.ms() + 10**9)
        claim = await db.claim(name, campaign_id, now_ms=self.ms(), limit=500)
        if claim is None:
            return 0
        rows = (await db.pending(claim))[:wanted]
        ids = await db.mark_submitted(
            name, claim, [Submission(row.message_id, 1) for row in rows], route="default", now_ms=self.ms()
        )
        self.submitted[campaign_id] += [self.now] * len(ids)
        results = [Result(message_id, MessageEvent.SUBMIT_OK, "default", str(message_id)) for message_id in ids]
        if results:
            await db.record_results(results, now_ms=self.ms())
        await db.finish_claim(name, claim)
        return len(ids)


async def _campaign(world: World, number: int, zone: str, region: str) -> Campaign:
    account = await Account.create(
        name=f"a{number}", region=region, time_zone=zone, sender_id="X", quiet_begins=21 * 60, quiet_ends=8 * 60
    )
    group = await group_of(account, "g", CONTACTS, first=FIRST + number * 1_000)
    pick = world.random
    begins = pick.randrange(0, 24 * 60, 20)
    campaign = await Campaign.create(
        account=account, name=f"c{number}", state=CampaignState.SCHEDULED, state_at=BEGIN, text="Hola", sender_id="X",
        created_by=OWNER, chat_id=OWNER, start_kind=StartKind.WEEKLY, mode=CampaignMode.NORMAL,
        weekdays=pick.randrange(1, 128), begins=begins, ends=(begins + pick.randrange(40, 14 * 60, 20)) % (24 * 60),
        last_day=pick.choice((None, date(2026, 9, 30))), skip_holidays=pick.random() < 0.5,
        quiet_hours=pick.random() < 0.3, start_at=BEGIN,
    )  # fmt: skip
    await campaign.groups.add(group)
    return campaign


def _allowed(campaign: Campaign, zone: ZoneInfo, region: str, moment: datetime) -> bool:
    """By the clock on the wall alone, written anew: may it send at that moment?"""
    local = moment.astimezone(zone)
    clock = local.hour * 60 + local.minute
    begins, ends = campaign.begins or 0, campaign.ends or 0
    night = ends <= begins
    day = local.date() - timedelta(days=1) if night and clock < ends else local.date()
    inside = (clock >= begins or clock < ends) if night else begins <= clock < ends
    if not inside or not (campaign.weekdays or 0) >> day.weekday() & 1:
        return False
    if campaign.last_day is not None and day > campaign.last_day:
        return False
    if campaign.quiet_hours and (clock >= 21 * 60 or clock < 8 * 60):
        return False
    return not (campaign.skip_holidays and (is_holiday(local.date(), region) or is_holiday(day, region)))


async def _next_change(now: datetime) -> datetime | None:
    """The next opening, the next closing hour, or a little before that."""
    found = [campaign.start_at for campaign in await Campaign.filter(state=CampaignState.SCHEDULED)]
    for campaign in await Campaign.filter(state=CampaignState.RUNNING):
        closes = campaign.open_until
        found += [closes, closes - timedelta(minutes=8)] if closes and campaign.id % 2 else [closes]
    return min((moment for moment in found if moment is not None and moment >= now), default=None)


async def _send_all(world: World, rows: dict[int, tuple[ZoneInfo, str]], sent_on: dict[int, dict[date, int]]) -> None:
    """One message a period of each that runs, and now and then one more."""
    for campaign in await Campaign.filter(state=CampaignState.RUNNING):
        day = _period_day(campaign, rows[campaign.id][0], world.now)
        if not sent_on[campaign.id][day] or world.random.random() < 0.1:
            sent_on[campaign.id][day] += await world.send(campaign.id, 1)


def _period_day(campaign: Campaign, zone: ZoneInfo, moment: datetime) -> date:
    """On which day the period began that is held at that moment."""
    local = moment.astimezone(zone)
    begins, ends = campaign.begins or 0, campaign.ends or 0
    after_midnight = ends <= begins and local.hour * 60 + local.minute < ends
    return local.date() - timedelta(days=1) if after_midnight else local.date()


def _days_held(campaign: Campaign, zone: ZoneInfo, region: str, until: datetime) -> list[date]:
    """The days whose period has a moment that is allowed, until then; days on which clocks jump left out."""
    found = []
    day = BEGIN.astimezone(zone).date() + timedelta(days=1)
    while datetime.combine(day, time(0), zone) + timedelta(days=2) < until:
        noon = datetime.combine(day, time(12), zone)
        jumps = {(noon + timedelta(days=ahead)).utcoffset() for ahead in (-1, 0, 1, 2)}
        start = datetime.combine(day, time(0), zone) + timedelta(minutes=campaign.begins or 0)
        length = ((campaign.ends or 0) - (campaign.begins or 0)) % (24 * 60)
        moments = (start + timedelta(minutes=minutes) for minutes in range(0, length, 20))
        if len(jumps) == 1 and any(_allowed(campaign, zone, region, moment.astimezone(UTC)) for moment in moments):
            found.append(day)
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_year_of_random_schedules(sqlite_database: str, seed: int) -> None:
    """Nothing outside its periods, no period missed, one message a contact."""
    world = World(seed)
    places = list(ZONES.items())[:CAMPAIGNS]
    made = [await _campaign(world, number, *places[number % len(places)]) for number in range(len(places))]
    rows: dict[int, tuple[ZoneInfo, str]] = {
        campaign.id: (ZoneInfo(zone), region) for campaign, (zone, region) in zip(made, places, strict=True)
    }
    sent_on: dict[int, dict[date, int]] = {campaign.id: defaultdict(int) for campaign in made}
    while world.now < BEGIN + timedelta(days=DAYS):
        moment = await _next_change(world.now)
        if moment is None:
            break
        world.now = max(world.now, moment) + LATEST * world.random.random() * world.random.choice((0, 1))
        # A tick that is lost: what runs tries to send, closing hour or not.
        await _send_all(world, rows, sent_on)
        await world.tick()
        await _send_all(world, rows, sent_on)
        world.now += timedelta(seconds=1)
    for campaign in made:
        zone, region = rows[campaign.id]
        await campaign.refresh_from_db()
        submitted = world.submitted[campaign.id]

        assert submitted
        assert [moment for moment in submitted if not _allowed(campaign, zone, region, moment)] == []

        held = _days_held(campaign, zone, region, max(submitted))
        assert [day for day in held if not sent_on[campaign.id][day]] == []

        assert len(submitted) <= CONTACTS
        assert await Message.filter(campaign_id=campaign.id).count() == CONTACTS
        counts = await store.current().counts(campaign.id)
        assert counts.get(MessageState.ACCEPTED, 0) == len(submitted)
        if campaign.state is CampaignState.COMPLETED:
            assert counts.get(MessageState.PENDING, 0) == 0
