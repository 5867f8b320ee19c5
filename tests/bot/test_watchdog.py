"""A campaign that should move and does not is told of, once a standstill; one that waits as it was told is not."""

from datetime import timedelta

import pytest

from bot.conversations.campaign_news import standstill
from bot.watchdog import PATIENCE, Watchdog
from domain import store
from domain.models import Account, Campaign, Chunk, DayUse, Message, Notice, NoticeKind
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.quota import day_of
from locales import Texts
from tests.audience import FIRST
from tests.bot.conversations.talk import NOON, talk_of
from tests.conftest import OWNER


@pytest.fixture
async def campaign(sqlite_account: Account) -> Campaign:
    """It runs, with two messages to send and no sender."""
    made = await Campaign.create(
        account=sqlite_account, name="c", state=CampaignState.RUNNING, state_at=NOON, text="Hola", created_by=OWNER,
        chat_id=OWNER, started_at=NOON, audience_revision=0,
    )  # fmt: skip
    for number in range(2):
        await Message.create(
            id=number + 1, campaign_id=made.id, contact_id=1, msisdn=FIRST + number, state=MessageState.PENDING
        )
    await Chunk.create(campaign_id=made.id, lo=1, hi=2, state="ready")
    return made


async def told() -> int:
    """How often it was told."""
    return await Notice.filter(kind=NoticeKind.STANDSTILL).count()


async def test_it_is_told_once_when_it_lasts(campaign: Campaign, sqlite_account: Account, texts: Texts) -> None:
    """Not before; not again; again when it moved and stands still once more; a restarted bot does not repeat it."""
    dog = Watchdog()
    await dog.look(NOON)
    await dog.look(NOON + PATIENCE - timedelta(seconds=1))
    assert await told() == 0

    for minutes in (5, 6, 60):
        await dog.look(NOON + timedelta(minutes=minutes))
    assert await told() == 1

    again = Watchdog()
    await again.look(NOON + timedelta(hours=2))
    await again.look(NOON + timedelta(hours=3))
    assert await told() == 1

    await Message.filter(id=1).update(state=MessageState.DELIVERED)
    await again.look(NOON + timedelta(hours=4))
    await again.look(NOON + timedelta(hours=5))
    assert await told() == 2

    screen = await standstill(await Notice.all().order_by("id").first(), talk_of(sqlite_account, texts).chat)  # type: ignore[arg-type]
    assert texts("campaigns.standstill_notice") in screen.text
    assert texts("standing.no_sender_ever") in screen.text


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"state": CampaignState.PAUSED}, id="stopped by a person"),
        pytest.param({"state": CampaignState.SCHEDULED, "start_at": NOON + timedelta(days=1)}, id="to come"),
    ],
)
async def test_what_waits_as_it_was_told_is_left_in_peace(campaign: Campaign, columns: dict[str, object]) -> None:
    """Nobody wants to hear every night that it is night."""
    await Campaign.filter(id=campaign.id).update(**columns)
    dog = Watchdog()
    for hours in range(4):
        await dog.look(NOON + timedelta(hours=hours))

    assert await told() == 0


async def test_a_permanent_one_without_contacts_is_left_in_peace(campaign: Campaign) -> None:
    """It waits for them."""
    now_ms = int(NOON.timestamp() * 1000)
    await store.current().register_sender("s", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10**9)
    await Message.all().update(state=MessageState.DELIVERED)
    await Campaign.filter(id=campaign.id).update(mode="permanent")
    dog = Watchdog()
    for hours in range(4):
        await dog.look(NOON + timedelta(hours=hours))

    assert await told() == 0


async def test_who_joins_a_permanent_one_that_was_idle_for_hours_is_no_standstill(campaign: Campaign) -> None:
    """It is told when that lasts, and not by the look that comes between the contact and its message."""
    now_ms = int(NOON.timestamp() * 1000)
    await store.current().register_sender("s", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10**9)
    await Message.all().update(state=MessageState.DELIVERED)
    await Campaign.filter(id=campaign.id).update(mode="permanent")
    dog = Watchdog()
    for minutes in (0, 60, 120):
        await dog.look(NOON + timedelta(minutes=minutes))
    await Message.create(id=3, campaign_id=campaign.id, contact_id=1, msisdn=FIRST + 2, state=MessageState.PENDING)
    await Chunk.create(campaign_id=campaign.id, lo=3, hi=3, state="ready")
    await dog.look(NOON + timedelta(minutes=121))
    assert await told() == 0

    await dog.look(NOON + timedelta(minutes=121) + PATIENCE)
    assert await told() == 1


async def test_a_days_limit_that_begins_anew_is_no_standstill(campaign: Campaign, sqlite_account: Account) -> None:
    """At midnight it goes on; the look of that moment says nothing."""
    now_ms = int(NOON.timestamp() * 1000)
    await store.current().register_sender("s", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10**9)
    await Campaign.filter(id=campaign.id).update(daily_cap=1)
    begins_ms, ends_ms = day_of(now_ms, "America/Lima")
    await DayUse.create(
        account_id=sqlite_account.id, campaign_id=campaign.id, sender="s", begins_ms=begins_ms, messages=1
    )
    midnight = NOON + timedelta(milliseconds=ends_ms - now_ms)
    dog = Watchdog()
    for moment in (NOON, NOON + timedelta(hours=1), midnight - timedelta(seconds=1), midnight + timedelta(seconds=1)):
        await dog.look(moment)

    assert await told() == 0


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "at work"])
async def test_an_idle_campaign_of_a_higher_priority_is_no_excuse(
    campaign: Campaign, sqlite_account: Account, busy: bool
) -> None:
    """A permanent one that waits for contacts keeps nobody waiting; one that has messages does."""
    now_ms = int(NOON.timestamp() * 1000)
    await store.current().register_sender("s", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10**9)
    first = await Campaign.create(
        account=sqlite_account, name="first", state=CampaignState.RUNNING, state_at=NOON, text="Hola", priority=1,
        created_by=OWNER, chat_id=OWNER, started_at=NOON, audience_revision=0, mode="permanent",
    )  # fmt: skip
    await Message.create(
        id=9, campaign_id=first.id, contact_id=1, msisdn=FIRST,
        state=MessageState.PENDING if busy else MessageState.DELIVERED,
    )  # fmt: skip
    await Chunk.create(campaign_id=first.id, lo=9, hi=9, state="ready" if busy else "done")
    dog = Watchdog()
    for minutes in (0, 1, 10):
        await dog.look(NOON + timedelta(minutes=minutes))

    assert await Notice.filter(kind=NoticeKind.STANDSTILL, subject_id=campaign.id).count() == (0 if busy else 1)
