"""Periods open and close by the clock that is passed in, on both engines; what was missed is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import store
from domain.errors import WrongState
from domain.models import (
    Account,
    Campaign,
    CampaignMode,
    Contact,
    ContactGroup,
    Message,
    Notice,
    NoticeKind,
    StartKind,
)
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import campaigns, contacts, doubts, periods, pulse, running_edit
from tests.audience import FIRST, group_of
from tests.clockwork import NOON, Sim, news, scheduled
from tests.conftest import OWNER


@pytest.fixture
async def group(account: Account) -> ContactGroup:
    """Three contacts."""
    return await group_of(account, "clientes", 3)


async def test_it_opens_until_its_closing_hour_and_goes_on_the_next_day(account: Account, group: ContactGroup) -> None:
    """RUNNING with ``open_until``, then SCHEDULED for tomorrow at nine, with everything still pending."""
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await campaign.refresh_from_db()
    closes = NOON + timedelta(hours=6)

    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, closes)

    await sim.at(closes - timedelta(seconds=1))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.RUNNING

    await sim.at(closes)
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, NOON + timedelta(hours=21))
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 3}

    await sim.at(NOON + timedelta(hours=21))
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, closes + timedelta(days=1))
    assert await Notice.all().count() == 1  # it began


@pytest.mark.parametrize("columns", [{"carry_on": False}, {"last_day": NOON.date()}], ids=["that day only", "last day"])
async def test_at_the_last_closing_hour_what_is_pending_expires(
    account: Account, group: ContactGroup, columns: dict[str, Any]
) -> None:
    """Completed, and accounted for as Agendado expirado."""
    campaign = await scheduled(account, group, **columns)
    sim = Sim(NOON)
    await sim.at(NOON)
    await sim.at(NOON + timedelta(hours=6))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.COMPLETED
    assert campaign.results == {MessageState.SCHEDULE_EXPIRED.value: 3}
    assert len(await news(NoticeKind.SUMMARY)) == 1


async def test_two_schedulers_and_doubled_ticks_do_it_once(account: Account, group: ContactGroup) -> None:
    """The truth is in the rows."""
    campaign = await scheduled(account, group)
    one, two = Sim(NOON), Sim(NOON)
    for moment in (NOON, NOON + timedelta(hours=6), NOON + timedelta(hours=21), NOON + timedelta(hours=30)):
        await one.at(moment)
        await two.at(moment)
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.SCHEDULED
    assert campaign.revision == 6  # begun, written and closed, twice
    assert sum((await campaigns.counts(campaign)).values()) == 3


async def test_found_late_but_within_the_period_it_begins_and_says_so(account: Account, group: ContactGroup) -> None:
    """The system was down for two hours."""
    campaign = await scheduled(account, group)
    await Sim(NOON).at(NOON + timedelta(hours=2))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.RUNNING
    assert await news(NoticeKind.STARTED) == [{"late_from": NOON.isoformat()}]


async def test_a_period_that_was_missed_is_told_and_the_next_one_is_waited_for(
    account: Account, group: ContactGroup
) -> None:
    """The system was down until the evening."""
    campaign = await scheduled(account, group)
    await Sim(NOON).at(NOON + timedelta(hours=8))
    await campaign.refresh_from_db()
    tomorrow = NOON + timedelta(hours=21)

    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, tomorrow)
    assert await news(NoticeKind.MISSED) == [{"meant_for": NOON.isoformat(), "next_at": tomorrow.isoformat()}]


async def test_the_only_period_that_was_missed_expires_and_is_accounted_for(
    account: Account, group: ContactGroup
) -> None:
    """Nothing is sent outside of it; the table says why."""
    campaign = await scheduled(account, group, carry_on=False)
    await Sim(NOON).at(NOON + timedelta(hours=8))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.COMPLETED
    assert campaign.results == {MessageState.SCHEDULE_EXPIRED.value: 3}
    assert await news(NoticeKind.MISSED) == [{"meant_for": NOON.isoformat(), "next_at": None}]
    assert await news(NoticeKind.STARTED) == []


async def test_at_once_found_an_hour_later_is_asked_about(account: Account, group: ContactGroup) -> None:
    """It was launched before the system went down; a person says whether it still goes out."""
    campaign = await scheduled(account, group, start_kind=StartKind.NOW, begins=None, ends=None, launch_at=NOON)
    await Sim(NOON).at(NOON + timedelta(minutes=61))
    await campaign.refresh_from_db()

    assert (campaign.state, campaign.state_reason) == (CampaignState.PAUSED, periods.FOUND_OLD)
    assert await news(NoticeKind.STOPPED) == [{"reason": periods.FOUND_OLD}]

    await campaigns.resume(account.id, campaign.id, by=OWNER, now=NOON + timedelta(hours=2))
    await Sim(NOON).at(NOON + timedelta(hours=2))
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, None)


async def test_a_launch_that_somebody_touched_since_is_not_asked_about(account: Account, group: ContactGroup) -> None:
    """It was read before a person called it back and launched it again: that launch is of now."""
    campaign = await scheduled(account, group, start_kind=StartKind.NOW, begins=None, ends=None, launch_at=NOON)
    later = NOON + timedelta(minutes=61)
    await Campaign.filter(id=campaign.id).update(launch_at=later, revision=campaign.revision + 2)

    assert not await periods.ask_about(campaign, now=later)
    assert await Campaign.exists(id=campaign.id, state=CampaignState.SCHEDULED)
    assert await news(NoticeKind.STOPPED) == []


async def test_what_ran_when_the_last_sender_died_is_asked_about_an_hour_later(
    account: Account, group: ContactGroup
) -> None:
    """Nobody wants the rest of it at three in the morning. One with a closing hour goes on by its hours."""
    at_once = await scheduled(account, group, start_kind=StartKind.NOW, begins=None, ends=None, launch_at=NOON)
    weekly = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await sim.scheduler.sweep()
    sim.now = NOON + timedelta(minutes=59)
    await sim.scheduler.wake_up()
    await at_once.refresh_from_db()
    assert at_once.state is CampaignState.RUNNING

    sim.now = NOON + timedelta(minutes=61)
    await sim.scheduler.wake_up()
    await at_once.refresh_from_db()
    await weekly.refresh_from_db()

    assert await pulse.last() == NOON
    assert (at_once.state, at_once.state_reason) == (CampaignState.PAUSED, periods.FOUND_OLD)
    assert weekly.state is CampaignState.RUNNING


async def test_quiet_hours_and_a_holiday_close_it(account: Account, group: ContactGroup) -> None:
    """Launched for "at once" on the eve of a holiday, with both kept."""
    await Account.filter(id=account.id).update(quiet_begins=21 * 60, quiet_ends=8 * 60)
    eve = datetime(2026, 12, 7, 23, tzinfo=UTC)  # 8 and 9 December are holidays in Peru
    campaign = await scheduled(
        account, group, start_kind=StartKind.NOW, begins=None, ends=None, launch_at=eve, state_at=eve,
        quiet_hours=True, skip_holidays=True,
    )  # fmt: skip
    sim = Sim(eve)
    await sim.at(eve)
    await campaign.refresh_from_db()
    assert campaign.open_until == datetime(2026, 12, 8, 2, tzinfo=UTC)

    await sim.at(datetime(2026, 12, 8, 2, tzinfo=UTC))
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, datetime(2026, 12, 10, 13, tzinfo=UTC))


async def test_stopped_in_its_hours_and_resumed_outside_it_waits_for_the_next(
    account: Account, group: ContactGroup
) -> None:
    """Continuar at night sends nothing at night."""
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await campaigns.pause(account.id, campaign.id, by=OWNER, now=NOON)
    resumed = await campaigns.resume(account.id, campaign.id, by=OWNER, now=NOON + timedelta(hours=10))

    assert (resumed.state, resumed.start_at) == (CampaignState.SCHEDULED, NOON + timedelta(hours=21))

    with pytest.raises(WrongState):  # it has begun: it is no draft any more
        await campaigns.reopen(account.id, campaign.id, by=OWNER, now=NOON)


async def test_no_hours_left_is_said_and_it_stays_stopped(account: Account, group: ContactGroup) -> None:
    """Nothing expires behind a person's back."""
    campaign = await scheduled(account, group, carry_on=False)
    await Sim(NOON).at(NOON)
    await campaigns.pause(account.id, campaign.id, by=OWNER, now=NOON)
    with pytest.raises(campaigns.HoursOver):
        await campaigns.resume(account.id, campaign.id, by=OWNER, now=NOON + timedelta(hours=10))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.PAUSED


async def test_the_last_answer_after_the_closing_hour_ends_it(account: Account, group: ContactGroup) -> None:
    """It does not wait for the next day with nothing to send."""
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await sim.at(NOON + timedelta(hours=6))
    now_ms = int(sim.now.timestamp() * 1000)
    assert await store.current().expire_pending(campaign.id, now_ms=now_ms) == 3
    await sim.at(NOON + timedelta(hours=7))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.COMPLETED


async def test_only_a_permanent_campaign_serves_who_joins_later(account: Account, group: ContactGroup) -> None:
    """A normal one has the audience that it began with, on its second day too."""
    normal = await scheduled(account, group)
    permanent = await scheduled(account, group, mode=CampaignMode.PERMANENT)
    sim = Sim(NOON)
    await sim.at(NOON)
    later = await group_of(account, "otros", 2, first=FIRST + 100)
    ids = [row.contact_id for row in await store.current().members(later.id, after=0, limit=10)]
    await store.current().add_members(group.id, ids)
    await sim.at(NOON + timedelta(minutes=1))
    await sim.at(NOON + timedelta(hours=6))
    await sim.at(NOON + timedelta(hours=21))

    assert sum((await store.current().counts(normal.id)).values()) == 3
    assert sum((await store.current().counts(permanent.id)).values()) == 5

    await permanent.refresh_from_db()
    assert permanent.audience_revision == await campaigns.audience_revision(permanent)


async def test_a_permanent_campaign_serves_who_was_held_back_once_the_field_is_filled_in(
    account: Account, group: ContactGroup
) -> None:
    """The card says to complete it: by hand or by a list, of this group or another one, that is enough."""
    permanent = await scheduled(
        account, group, mode=CampaignMode.PERMANENT, text="{{ nombre }}", blanks={"first_name": None}
    )
    await Contact.filter(msisdn__in=[FIRST, FIRST + 1]).update(first_name="")
    sim = Sim(NOON)
    await sim.at(NOON)
    assert sum((await store.current().counts(permanent.id)).values()) == 1
    contact = await Contact.get(msisdn=FIRST)
    await contacts.change(account.id, contact.id, field="first_name", text="Ana")
    await sim.at(NOON + timedelta(minutes=1))
    assert sum((await store.current().counts(permanent.id)).values()) == 2
    await contacts.add(account.id, None, line=f"{FIRST + 1}, Eva")
    await sim.at(NOON + timedelta(minutes=2))

    assert sum((await store.current().counts(permanent.id)).values()) == 3


async def test_an_account_that_moves_its_hours_moves_what_waits(account: Account, group: ContactGroup) -> None:
    """Another zone: nine o'clock is another moment."""
    campaign = await scheduled(account, group, start_at=NOON + timedelta(hours=21), state_at=NOON + timedelta(hours=7))
    await Account.filter(id=account.id).update(time_zone="Europe/Madrid")
    await periods.reckon(account.id, now=NOON + timedelta(hours=7))
    await campaign.refresh_from_db()

    assert campaign.start_at == datetime(2026, 11, 25, 8, tzinfo=UTC)


async def test_what_is_in_doubt_is_not_let_go_again_with_no_hours_left(account: Account, group: ContactGroup) -> None:
    """It would only expire; with an hour to come it may."""
    campaign = await scheduled(account, group, state=CampaignState.RUNNING, started_at=NOON, carry_on=False)
    await store.current().expand(campaign.id, after=0, limit=10)
    await Message.filter(campaign_id=campaign.id).update(state=MessageState.NO_RESPONSE)
    await Campaign.filter(id=campaign.id).update(state=CampaignState.COMPLETED)
    with pytest.raises(campaigns.HoursOver):
        await doubts.resend(account.id, campaign.id, by=OWNER, now=NOON + timedelta(hours=10))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.COMPLETED

    assert await doubts.resend(account.id, campaign.id, by=OWNER, now=NOON + timedelta(hours=1)) == 3


async def test_a_sender_whose_clock_is_wrong_closes_no_period(account: Account, group: ContactGroup) -> None:
    """On another machine it is hours later already: what is pending would expire for good."""
    campaign = await scheduled(account, group, carry_on=False)
    sim = Sim(NOON)
    await sim.at(NOON)
    wrong = Sim(NOON)
    wrong.skew = timedelta(hours=7)
    await wrong.scheduler.sweep()
    await wrong.at(NOON + timedelta(hours=7))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.RUNNING

    await sim.at(NOON + timedelta(hours=6))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.COMPLETED


@pytest.mark.parametrize("columns", [{}, {"start_kind": StartKind.NOW, "begins": None}], ids=["weekly", "at once"])
async def test_stopped_beyond_its_last_day_it_goes_on_with_another_end(
    account: Account, group: ContactGroup, columns: dict[str, Any]
) -> None:
    """Its end can be edited, as it is said."""
    campaign = await scheduled(account, group, last_day=NOON.date(), **columns)
    sim = Sim(NOON)
    await sim.at(NOON)
    await campaigns.pause(account.id, campaign.id, by=OWNER, now=NOON)
    later = NOON + timedelta(days=2)
    with pytest.raises(campaigns.HoursOver):
        await campaigns.resume(account.id, campaign.id, by=OWNER, now=later)
    await running_edit.set_ends(account.id, campaign.id, ends=None, now=later)
    await campaigns.resume(account.id, campaign.id, by=OWNER, now=later)
    await sim.at(later + timedelta(seconds=1))
    await campaign.refresh_from_db()

    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, None)


async def test_on_its_second_day_it_may_end_at_that_days_closing_hour(account: Account, group: ContactGroup) -> None:
    """*Expirar* from today's closing hour on; not refused because the first day is over."""
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await sim.at(NOON + timedelta(hours=6))
    second = NOON + timedelta(days=1)
    await sim.at(second)
    await running_edit.set_carry_on(account.id, campaign.id, carry_on=False, now=second)
    await sim.at(second + timedelta(seconds=1))
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, second + timedelta(hours=6))

    await sim.at(second + timedelta(hours=6))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.COMPLETED
    assert campaign.results == {MessageState.SCHEDULE_EXPIRED.value: 3}


async def test_between_two_days_it_may_be_told_to_end_with_the_next(account: Account, group: ContactGroup) -> None:
    """It waits for tomorrow, which is then its last day; and may go on again after all."""
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    await sim.at(NOON + timedelta(hours=6))
    evening = NOON + timedelta(hours=8)
    await running_edit.set_carry_on(account.id, campaign.id, carry_on=False, now=evening)
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, NOON + timedelta(hours=21))

    await sim.at(NOON + timedelta(hours=21))
    await running_edit.set_carry_on(account.id, campaign.id, carry_on=True, now=NOON + timedelta(hours=22))
    await running_edit.set_carry_on(account.id, campaign.id, carry_on=False, now=NOON + timedelta(hours=23))
    await sim.at(NOON + timedelta(hours=30))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.COMPLETED


@pytest.mark.parametrize("begun", [True, False], ids=["running", "waiting"])
async def test_hours_that_an_account_takes_away_stop_it_and_expire_nothing(
    account: Account, group: ContactGroup, begun: bool
) -> None:
    """Quiet hours over all of its own: somebody else's rule is no closing hour of this campaign."""
    campaign = await scheduled(account, group, quiet_hours=True)
    sim = Sim(NOON)
    if begun:
        await sim.at(NOON)
    quiet = {"quiet_begins": 8 * 60, "quiet_ends": 20 * 60}
    await Account.filter(id=account.id).update(**quiet)
    await periods.reckon(account.id, now=NOON)
    await sim.at(NOON + timedelta(seconds=1))
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == (CampaignState.PAUSED, periods.HOURS_GONE)
    assert len(await news(NoticeKind.STOPPED)) == 1
    assert not await news(NoticeKind.MISSED)

    with pytest.raises(campaigns.HoursOver):
        await campaigns.resume(account.id, campaign.id, by=OWNER, now=sim.now)
    await Account.filter(id=account.id).update(quiet_begins=None)
    await campaigns.resume(account.id, campaign.id, by=OWNER, now=sim.now)
    await sim.at(NOON + timedelta(minutes=1))
    await campaign.refresh_from_db()
    assert campaign.state is CampaignState.RUNNING
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 3}
