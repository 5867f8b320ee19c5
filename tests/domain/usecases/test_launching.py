"""A launch happens once, and for as long as its countdown runs it has not happened. On both engines."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from domain.errors import WrongState
from domain.models import Account, Campaign, Message, Notice
from domain.rules.campaign_state import CampaignState
from domain.usecases import campaigns, draft_hours, drafts, launching
from tests.audience import group_of
from tests.clockwork import Sim
from tests.conftest import OPERATOR, OWNER

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  #: 12:00 in Lima, a Tuesday
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def draft(account: Account) -> int:
    """A draft that lacks nothing, for three contacts."""
    group = await group_of(account, "clientes", 3)
    campaign_id = await drafts.create(account.id, name="Aviso", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text="Hola {{ nombre }}")
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    return campaign_id


async def launch(account: Account, campaign_id: int, *, by: int = OWNER, now: datetime = NOW) -> Campaign:
    """At the revision that it has now."""
    revision = (await Campaign.get(id=campaign_id)).revision
    return await launching.start(account.id, campaign_id, revision=revision, by=by, now=now)


async def test_a_launch_is_due_when_its_countdown_has_run_out(account: Account, draft: int) -> None:
    """Not a second before; and the chat, which has its card, is told nothing more."""
    campaign = await launch(account, draft)
    assert (campaign.state, campaign.launch_at) == (CampaignState.SCHEDULED, NOW + MINUTE)
    assert await campaigns.due(NOW + MINUTE - timedelta(seconds=1)) == []
    (due,) = await campaigns.due(NOW + MINUTE)
    assert await campaigns.begin(due, now=NOW + MINUTE)
    assert not await campaigns.begin(due, now=NOW + MINUTE)
    begun = await Campaign.get(id=draft)

    assert (begun.state, begun.started_at, begun.launch_at) == (CampaignState.STARTING, NOW + MINUTE, None)
    assert await Notice.all().count() == 0
    assert await Message.all().count() == 0


async def test_who_calls_it_back_in_time_has_the_draft_again(account: Account, draft: int) -> None:
    """Nothing of it is due any more, and it can be launched anew."""
    await launch(account, draft)
    await campaigns.reopen(account.id, draft, by=OPERATOR, now=NOW + MINUTE / 2)
    back = await Campaign.get(id=draft)
    assert (back.state, back.launch_at) == (CampaignState.DRAFT, None)
    assert await campaigns.due(NOW + 2 * MINUTE) == []

    assert (await launch(account, draft, now=NOW + MINUTE)).launch_at == NOW + 2 * MINUTE


async def test_a_tick_that_saw_the_first_launch_does_not_begin_the_second(account: Account, draft: int) -> None:
    """Called back and launched again between the look and the deed: the new countdown holds."""
    first = await launch(account, draft)
    await campaigns.reopen(account.id, draft, by=OWNER, now=NOW)
    await launch(account, draft)

    assert not await campaigns.begin(first, now=NOW + MINUTE)
    assert (await Campaign.get(id=draft)).state is CampaignState.SCHEDULED


async def test_sending_now_and_the_countdowns_end_begin_it_once(account: Account, draft: int) -> None:
    """Two people, two taps, and a tick at the same moment."""
    campaign = await launch(account, draft)
    answers = await asyncio.gather(
        *(launching.send_now(account.id, draft, by=who, now=NOW) for who in (OWNER, OWNER, OPERATOR)),
        campaigns.begin(campaign, now=NOW),
        return_exceptions=True,
    )

    assert sum(answer is True or isinstance(answer, Campaign) for answer in answers) == 1
    assert sum(answer is False or isinstance(answer, WrongState) for answer in answers) == 3
    assert (await Campaign.get(id=draft)).state is CampaignState.STARTING


async def test_calling_back_and_sending_now_at_once_have_one_outcome(account: Account, draft: int) -> None:
    """Whichever comes first; the other one is told."""
    await launch(account, draft)
    answers = await asyncio.gather(
        launching.send_now(account.id, draft, by=OWNER, now=NOW),
        campaigns.reopen(account.id, draft, by=OPERATOR, now=NOW),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, WrongState) for answer in answers) == 1
    assert (await Campaign.get(id=draft)).state in {CampaignState.STARTING, CampaignState.DRAFT}


async def test_without_a_countdown_it_starts_at_once(account: Account, draft: int) -> None:
    """An account may do without."""
    await Account.filter(id=account.id).update(countdown_s=0)
    campaign = await launch(account, draft)

    assert (campaign.state, campaign.started_at, campaign.launch_at) == (CampaignState.STARTING, NOW, None)
    with pytest.raises(WrongState):
        await launching.send_now(account.id, draft, by=OWNER, now=NOW)


async def test_what_waits_for_its_hour_is_not_sent_by_an_old_button(account: Account, draft: int) -> None:
    """*Enviar ya* is the countdown's."""
    await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(hours=1), now=NOW)
    campaign = await launch(account, draft)

    assert (campaign.launch_at, campaign.start_at) == (None, NOW + timedelta(hours=1))
    with pytest.raises(WrongState):
        await launching.send_now(account.id, draft, by=OWNER, now=NOW)


async def test_an_hour_within_the_countdown_waits_for_its_end(account: Account, draft: int) -> None:
    """It can be called back for as long as any other."""
    await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(seconds=20), now=NOW)
    campaign = await launch(account, draft)

    assert (campaign.launch_at, campaign.start_at) == (NOW + MINUTE, NOW + timedelta(seconds=20))
    assert await campaigns.due(NOW + timedelta(seconds=30)) == []


async def test_a_closing_hour_within_the_countdown_is_not_tomorrows(account: Account, draft: int) -> None:
    """Launched half a minute before it, to end at it: nothing goes out all night and half the next day."""
    await draft_hours.set_ends(account.id, draft, ends=time(12, 0, 0))
    sim = Sim(NOW - MINUTE / 2)
    tomorrow = sim.now + timedelta(days=1)
    await launch(account, draft, now=sim.now)
    await sim.at(NOW + MINUTE)
    campaign = await Campaign.get(id=draft)
    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, tomorrow)

    await sim.at(tomorrow)
    await campaign.refresh_from_db()
    assert (campaign.state, campaign.open_until) == (CampaignState.RUNNING, NOW + timedelta(days=1))


async def test_sent_without_waiting_it_keeps_the_hours_of_its_launch(account: Account, draft: int) -> None:
    """Launched before noon to end at noon, and sent at noon: that is over, not the whole day to come."""
    await Account.filter(id=account.id).update(countdown_s=20)
    await draft_hours.set_ends(account.id, draft, ends=time(12, 0, 0))
    begun = NOW - timedelta(seconds=30)
    await launch(account, draft, now=begun)
    await launching.send_now(account.id, draft, by=OWNER, now=NOW)
    await Sim(NOW).at(NOW)
    campaign = await Campaign.get(id=draft)

    assert (campaign.state, campaign.start_at) == (CampaignState.SCHEDULED, NOW + timedelta(days=1) - MINUTE)


async def test_a_closing_hour_within_the_countdown_that_is_the_last_one_is_refused(
    account: Account, draft: int
) -> None:
    """All would expire before the first byte leaves."""
    await draft_hours.set_ends(account.id, draft, ends=time(12, 0, 0))
    await draft_hours.set_carry_on(account.id, draft, carry_on=False)
    with pytest.raises(launching.NeverOpens):
        await launch(account, draft, now=NOW - MINUTE / 2)


@pytest.mark.parametrize("seconds", [0, 20], ids=["at once", "at an hour within it"])
async def test_stopped_and_continued_within_the_countdown_it_still_counts_down(
    account: Account, draft: int, seconds: int
) -> None:
    """Not a byte leaves before its end, and it can be called back until then."""
    if seconds:
        await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(seconds=seconds), now=NOW)
    await launch(account, draft)
    await campaigns.pause(account.id, draft, by=OWNER, now=NOW + MINUTE / 2)
    back = await campaigns.resume(account.id, draft, by=OWNER, now=NOW + MINUTE * 2 / 3)
    assert (back.state, back.launch_at) == (CampaignState.SCHEDULED, NOW + MINUTE)

    sim = Sim(NOW)
    await sim.at(NOW + MINUTE - timedelta(seconds=1))
    assert (await Campaign.get(id=draft)).state is CampaignState.SCHEDULED
    await sim.at(NOW + MINUTE)
    assert (await Campaign.get(id=draft)).state is CampaignState.RUNNING
