"""What a draft will come to: table, money, hours; kept at the launch. On both engines."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from domain import store
from domain.models import Account, Campaign, Contact, DayUse, Template
from domain.rules.message_state import MessageState
from domain.rules.price import Bracket, Money
from domain.rules.quota import day_of
from domain.usecases import draft_hours, drafts, launching
from domain.usecases.rehearsal import Rehearsal, rehearse, said_of
from tests.audience import FIRST, block, group_of
from tests.conftest import OWNER

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  #: 12:00 in Lima, a Tuesday
BEGINS = NOW + timedelta(minutes=1)  #: after the countdown


@pytest.fixture
async def draft(account: Account) -> int:
    """Ten contacts in two groups that share one; two of them are on the blacklist, one has no name."""
    groups = [await group_of(account, "a", 6), await group_of(account, "b", 5, first=FIRST + 5, blank=1)]
    await block(account, [FIRST, FIRST + 1])
    campaign_id = await drafts.create(account.id, name="Aviso", person_id=OWNER, chat_id=OWNER)
    for group in groups:
        await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text="{{ nombre | default('') }}")
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    return campaign_id


async def rehearsed(account: Account, campaign_id: int) -> Rehearsal:
    """As it stands."""
    return await rehearse(account.id, await drafts.get(account.id, campaign_id), now=NOW)


async def test_every_contact_of_the_groups_is_in_one_cell(account: Account, draft: int) -> None:
    """Distinct contacts; the blacklisted are blocked, an empty text is not sent."""
    found = await rehearsed(account, draft)

    assert found.said.counts == {
        MessageState.DELIVERED: 7,
        MessageState.BLOCKED: 2,
        MessageState.INVALID_NUMBER: 1,
    }
    assert found.said.statistics.total == 10
    assert (found.said.low, found.said.high) == (7, 7)
    assert found.said.cost == Bracket(Money(Decimal("0.35"), "PEN"), Money(Decimal("0.35"), "PEN"))


async def test_who_is_held_back_is_in_no_cell(account: Account, draft: int) -> None:
    """They get no message; who is blacklisted as well is blocked."""
    await Contact.filter(msisdn=FIRST).update(first_name="")
    await drafts.set_text(account.id, draft, text="{{ nombre }}")
    await drafts.set_blank(account.id, draft, field="first_name", other=None)
    found = await rehearsed(account, draft)

    assert found.said.held == 1
    assert found.said.counts == {MessageState.DELIVERED: 7, MessageState.BLOCKED: 2}


async def test_the_first_leaves_after_the_countdown_and_the_last_at_the_pace(account: Account, draft: int) -> None:
    """Seven messages at one in two seconds."""
    await draft_hours.set_tps(account.id, draft, tps=0.5)
    found = await rehearsed(account, draft)

    assert found.rate_known
    assert (found.plan.first, found.plan.last) == (BEGINS, BEGINS + timedelta(seconds=12))


async def test_a_daily_cap_and_holidays_are_in_the_plan(account: Account, draft: int) -> None:
    """Two a day: four days; the 8th and 9th of December are holidays in Peru."""
    start = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)  # a Monday, 10:00
    await draft_hours.start_at(account.id, draft, moment=start, now=NOW)
    await draft_hours.set_daily_cap(account.id, draft, cap=2)
    await draft_hours.set_skip_holidays(account.id, draft, skip=True)
    await draft_hours.set_ends(account.id, draft, ends=time(20))
    found = await rehearsed(account, draft)

    assert found.plan.first == start
    assert found.plan.last is not None
    assert found.plan.last.date().isoformat() == "2026-12-12"


async def test_the_budget_of_a_day_is_in_the_plan(account: Account, draft: int) -> None:
    """Ten cents a day pay for two messages: the last of seven leaves on the fourth day."""
    await Account.filter(id=account.id).update(budget_day=Decimal("0.10"))
    found = await rehearsed(account, draft)

    assert found.plan.last is not None
    assert found.plan.last.date().isoformat() == "2026-11-27"


async def test_what_no_hour_is_left_for_expires_and_makes_the_price_a_range(account: Account, draft: int) -> None:
    """A minute of sending at one in twenty seconds: three leave, four expire."""
    await draft_hours.set_tps(account.id, draft, tps=0.05)
    await draft_hours.set_ends(account.id, draft, ends=time(12, 2))
    await draft_hours.set_carry_on(account.id, draft, carry_on=False)
    found = await rehearsed(account, draft)

    assert found.said.counts[MessageState.DELIVERED] == 3
    assert found.said.counts[MessageState.SCHEDULE_EXPIRED] == 4
    assert (found.said.low, found.said.high) == (3, 7)


async def test_what_the_account_spent_today_is_not_there_for_the_first_day(account: Account, draft: int) -> None:
    """At 0.05 a budget of 0.20 pays for four a day; 0.15 is gone: of seven one leaves today, two the day after next."""
    await Account.filter(id=account.id).update(budget_day=Decimal("0.20"))
    begins_ms, ends_ms = day_of(int(NOW.timestamp() * 1_000), account.time_zone)
    await DayUse.create(
        account_id=account.id, campaign_id=99, begins_ms=begins_ms, sender="s1", messages=3, micros=150_000
    )
    await draft_hours.set_tps(account.id, draft, tps=1.0)
    found = await rehearsed(account, draft)

    assert found.plan.first == BEGINS
    assert found.plan.last == datetime.fromtimestamp(ends_ms / 1_000, UTC) + timedelta(days=1, seconds=1)


async def test_without_receipts_nothing_is_said_to_be_delivered(account: Account, draft: int) -> None:
    """A sender says what its route asks for, and how fast it is."""
    now_ms = int(NOW.timestamp() * 1_000)
    link = {"name": "default-1", "state": "bound", "since_ms": 1, "reason": ""}
    await store.current().register_sender("s1", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10_000)
    facts = {**link, "dispatches": True, "tps": 2.0, "receipts": False}
    await store.current().renew_sender("s1", lease_ms=now_ms + 10_000, links=[facts])
    found = await rehearsed(account, draft)

    assert found.said.counts[MessageState.ACCEPTED] == 7
    assert found.plan.last == BEGINS + timedelta(seconds=3)


async def test_the_launch_keeps_what_was_said(account: Account, draft: int) -> None:
    """Read back it is the same; what is no rehearsal is none."""
    found = await rehearsed(account, draft)
    revision = (await Campaign.get(id=draft)).revision
    campaign = await launching.start(account.id, draft, revision=revision, by=OWNER, now=NOW, said=found.said)

    assert said_of(campaign) == found.said
    for other in (None, {}, {"counts": 1}, {"counts": {"x": 1}}):
        campaign.forecast = other
        assert said_of(campaign) is None


async def test_the_digest_tells_numbers_apart_and_not_the_time(account: Account, draft: int) -> None:
    """Somebody who confirms a minute later confirms the same; with one contact more it is another thing."""
    found = await rehearsed(account, draft)
    later = await rehearse(account.id, await drafts.get(account.id, draft), now=NOW + timedelta(minutes=1))
    await block(account, [FIRST + 2])
    fewer = await rehearsed(account, draft)

    assert later.said.digest == found.said.digest != fewer.said.digest


async def test_a_sample_says_that_it_is_one(account: Account, draft: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the price is a range; asked for exactly, everybody is looked at."""
    from domain.usecases import measuring

    monkeypatch.setattr(measuring, "EXACT_LIMIT", 3)
    await Template.all().delete()
    sampled = await rehearsed(account, draft)
    seen: list[int] = []

    async def progress(count: int) -> None:
        seen.append(count)

    found = await drafts.get(account.id, draft)
    exact = await rehearse(account.id, found, now=NOW, exact=True, progress=progress)

    assert not sampled.said.exact
    assert exact.said.exact
    assert seen[-1] == 8
