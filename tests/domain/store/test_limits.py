"""What holds a message back in the transaction that marks it: the closing hour, and the limits of a day."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.models import Account, Campaign, Contact, ContactGroup, DayUse
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.quota import Limit, day_of
from domain.store import Claim, PartAnswer, Result, Store, Submission
from domain.usecases import quotas

NOW = 1_800_000_000_000  # epoch ms
LEASE = NOW + 15_000
DAY = 86_400_000


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


async def _campaign(store: Store, account: Account, size: int, **columns: object) -> Campaign:
    group = await ContactGroup.create(account=account, title=f"grupo {await ContactGroup.all().count()}")
    first = 51987760000 + 1_000 * await ContactGroup.all().count()
    await Contact.bulk_create(
        Contact(account=account, msisdn=first + n, created_ms=NOW, updated_ms=NOW) for n in range(size)
    )
    await Contact._meta.db.execute_script(
        f"insert into group_contact (group_id, contact_id) select {group.id}, id from contact where msisdn >= {first}"
    )
    campaign = await Campaign.create(
        account=account, name="c", state=CampaignState.RUNNING, text="x", sender_id="X", created_by=1, chat_id=1,
        **columns,
    )  # fmt: skip
    await campaign.groups.add(group)
    await store.expand(campaign.id, after=0, limit=1_000)
    return campaign


@pytest.fixture
async def sender(store: Store) -> str:
    """One that runs."""
    await store.register_sender("s1", host="h", pid=1, now_ms=NOW, lease_ms=LEASE + 2 * DAY)
    return "s1"


async def _claim(store: Store, campaign: Campaign, *, sender: str = "s1", now_ms: int = NOW) -> tuple[Claim, list[int]]:
    claim = await store.claim(sender, campaign.id, now_ms=now_ms, limit=500)
    assert claim is not None
    return claim, [row.message_id for row in await store.pending(claim)]


async def _mark(
    store: Store, claim: Claim, ids: list[int], *, segments: int = 1, sender: str = "s1", now_ms: int = NOW
) -> list[int]:
    batch = [Submission(i, segments) for i in ids]
    return sorted(await store.mark_submitted(sender, claim, batch, route="default", now_ms=now_ms))


@pytest.mark.usefixtures("sender")
async def test_nothing_is_submitted_from_the_closing_hour_on(store: Store, account: Account) -> None:
    """It holds to the message: what is claimed and rendered stays pending, and no more is claimed."""
    campaign = await _campaign(store, account, 4, open_until=_at(NOW + 10_000))
    claim, ids = await _claim(store, campaign)

    assert await _mark(store, claim, ids[:2], now_ms=NOW + 9_999) == ids[:2]
    assert await _mark(store, claim, ids[2:], now_ms=NOW + 10_000) == []
    await store.finish_claim("s1", claim)
    assert await store.claim("s1", campaign.id, now_ms=NOW + 10_000, limit=500) is None
    await Campaign.filter(id=campaign.id).update(open_until=_at(NOW + DAY))
    assert await store.claim("s1", campaign.id, now_ms=NOW + 10_000, limit=500) is not None


@pytest.mark.usefixtures("sender")
async def test_a_daily_cap_is_kept_to_the_message_until_the_next_local_day(store: Store, account: Account) -> None:
    """Whatever the size of the batches; a campaign without one in the same account goes on."""
    campaign = await _campaign(store, account, 10, daily_cap=5)
    other = await _campaign(store, account, 3)
    claim, ids = await _claim(store, campaign)
    _, ends_ms = day_of(NOW, account.time_zone)

    assert await store.last_submit(campaign.id) is None
    assert await _mark(store, claim, ids[:3]) == ids[:3]
    assert await _mark(store, claim, ids[3:], now_ms=NOW + 7) == ids[3:5]
    assert await _mark(store, claim, ids[5:], now_ms=NOW + 9) == []
    assert await store.last_submit(campaign.id) == NOW + 7
    await store.finish_claim("s1", claim)
    assert await store.claim("s1", campaign.id, now_ms=ends_ms - 1, limit=500) is None
    free, others = await _claim(store, other)
    assert await _mark(store, free, others) == others
    claim, ids = await _claim(store, campaign, now_ms=ends_ms)
    assert len(await _mark(store, claim, ids, now_ms=ends_ms)) == 5


@pytest.mark.usefixtures("sender")
async def test_a_daily_budget_is_kept_to_the_millionth_over_all_campaigns(store: Store, account: Account) -> None:
    """Segments times price; of two prices each campaign keeps the one it started with."""
    await Account.filter(id=account.id).update(budget_day=Decimal("1.00"), segment_price=Decimal("0.10"))
    cheap = await _campaign(store, account, 10, segment_price=Decimal("0.05"))
    dear = await _campaign(store, account, 10)
    claim, ids = await _claim(store, cheap)
    assert await _mark(store, claim, ids[:4], segments=2) == ids[:4]  # 0.40
    other, others = await _claim(store, dear)

    assert await _mark(store, other, others, segments=2) == others[:3]  # 1.00
    assert await _mark(store, claim, ids[4:]) == []
    for held in (claim, other):
        await store.finish_claim("s1", held)
    assert [await store.claim("s1", one.id, now_ms=NOW, limit=500) for one in (cheap, dear)] == [None, None]
    await Account.filter(id=account.id).update(budget_day=Decimal("1.04"))
    assert await store.claim("s1", cheap.id, now_ms=NOW, limit=500) is None, "less than a segment is left"
    await Account.filter(id=account.id).update(budget_day=None)
    assert await store.claim("s1", cheap.id, now_ms=NOW, limit=500) is not None


@pytest.mark.usefixtures("sender")
async def test_messages_too_long_for_the_rest_of_the_budget_are_not_claimed_again_and_again(
    store: Store, account: Account
) -> None:
    """Two segments are left, each message has three."""
    await Account.filter(id=account.id).update(budget_day=Decimal("0.50"), segment_price=Decimal("0.10"))
    campaign = await _campaign(store, account, 10)
    claim, ids = await _claim(store, campaign)
    assert await _mark(store, claim, ids, segments=3) == ids[:1]
    await store.finish_claim("s1", claim)

    assert await store.claim("s1", campaign.id, now_ms=NOW, limit=500) is None
    assert (await quotas.today(campaign, _at(NOW))).reached is Limit.BUDGET


@pytest.mark.usefixtures("sender")
async def test_what_was_not_sent_or_not_billed_is_given_back(store: Store, account: Account) -> None:
    """
    Unsent and throttled ones are counted when they really go; a refused one was a message, but costs nothing, nor do
    the refused parts of a long one.
    """
    await Account.filter(id=account.id).update(budget_day=Decimal("5.00"), segment_price=Decimal("0.10"))
    campaign = await _campaign(store, account, 6, daily_cap=6)
    claim, ids = await _claim(store, campaign)
    assert await _mark(store, claim, ids, segments=2) == ids
    in_doubt = (PartAnswer(1, MessageState.NO_RESPONSE, None, None), PartAnswer(2, MessageState.FAILED, None, "0x8"))
    in_parts = (PartAnswer(1, MessageState.ACCEPTED, "a", None), PartAnswer(2, MessageState.FAILED, None, "0x8"))
    await store.record_results(
        [
            Result(ids[0], MessageEvent.UNSENT, "default", retry_ms=NOW),
            Result(ids[1], MessageEvent.SUBMIT_RETRY, "default", error="0x58", retry_ms=NOW),
            Result(ids[2], MessageEvent.SUBMIT_ERROR, "default", error="0xb"),
            Result(ids[3], MessageEvent.SUBMIT_ERROR, "default", parts=in_parts),
            Result(ids[4], MessageEvent.SUBMIT_OK, "default", smsc_message_id="b"),
            Result(ids[5], MessageEvent.SUBMIT_ERROR, "default", parts=in_doubt),
        ],
        now_ms=NOW + 1,
    )
    quota = (await quotas.today(campaign, _at(NOW))).quota

    assert (quota.submitted, quota.spent) == (4, 400_000)
    again, late = await _claim(store, campaign, now_ms=NOW + 1)
    assert await _mark(store, again, late, now_ms=NOW + 1) == ids[:2]
    assert (await quotas.today(campaign, _at(NOW))).reached is Limit.CAP


@pytest.mark.usefixtures("sender")
async def test_a_limit_set_during_the_day_counts_what_went_before_it(store: Store, account: Account) -> None:
    """Every submit is counted, limit or none."""
    campaign = await _campaign(store, account, 6)
    claim, ids = await _claim(store, campaign)
    await _mark(store, claim, ids[:4])
    await Campaign.filter(id=campaign.id).update(daily_cap=5)

    assert await _mark(store, claim, ids[4:]) == ids[4:5]


async def test_two_senders_together_do_not_exceed_a_limit(store: Store, account: Account) -> None:
    """Each looks at the sums and adds to them while the other waits."""
    campaign = await _campaign(store, account, 1_000, daily_cap=137)
    for sender in ("s1", "s2"):
        await store.register_sender(sender, host="h", pid=1, now_ms=NOW, lease_ms=LEASE)
    if await DayUse._meta.db.execute_query_dict("select count(*) as n from sender") != [{"n": 2}]:
        pytest.skip("on SQLite there is one sender")
    claims = [(sender, *await _claim(store, campaign, sender=sender)) for sender in ("s1", "s2")]

    marked = await asyncio.gather(
        *(
            _mark(store, claim, ids[start : start + 10], sender=sender)
            for start in range(0, 500, 10)
            for sender, claim, ids in claims
        )
    )
    assert sum(map(len, marked)) == 137
    assert sum([row.messages for row in await DayUse.all()]) == 137


async def test_the_card_can_say_how_the_day_stands(store: Store, account: Account) -> None:
    """And when it begins anew: at the next midnight of the account's clocks."""
    campaign = await _campaign(store, account, 1, daily_cap=5)
    today = await quotas.today(campaign, _at(NOW))

    assert (today.reached, today.quota.submitted, today.quota.cap) == (None, 0, 5)
    assert today.until == _at(day_of(NOW, account.time_zone)[1])
    assert today.until - _at(NOW) <= timedelta(days=1)
