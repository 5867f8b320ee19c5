"""What a person asks while the scheduler is in the middle of a step, on both engines: neither undoes the other."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest

from domain import store
from domain.models import (
    Account,
    Campaign,
    Chunk,
    ContactGroup,
    Message,
    NoticeKind,
    Retry,
)
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import campaigns, doubts, running_edit
from tests.audience import FIRST, group_of
from tests.clockwork import NOON, Sim, news, scheduled
from tests.conftest import OWNER


@pytest.fixture
async def group(account: Account) -> ContactGroup:
    """Three contacts."""
    return await group_of(account, "clientes", 3)


async def interrupted(
    account: Account,
    group: ContactGroup,
    monkeypatch: pytest.MonkeyPatch,
    then: Callable[[Campaign], Awaitable[object]],
) -> tuple[Campaign, Sim]:
    """One whose messages are being written, a contact a slice; ``then`` happens after the first slice."""
    expand, told = type(store.current()).expand, []

    async def slow(self: Any, campaign_id: int, *, after: int, limit: int) -> int | None:
        last: int | None = await expand(self, campaign_id, after=after, limit=1)
        if not told:
            told.append(last)
            await then(await Campaign.get(id=campaign_id))
        return last

    monkeypatch.setattr(type(store.current()), "expand", slow)
    campaign = await scheduled(account, group)
    sim = Sim(NOON)
    await sim.at(NOON)
    return await Campaign.get(id=campaign.id), sim


async def test_what_is_cancelled_while_it_is_written_ends_with_all_accounted_for(
    account: Account, group: ContactGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No further message is written behind the summary, to stay pending for ever."""

    async def cancel(campaign: Campaign) -> None:
        await campaigns.cancel(account.id, campaign.id, by=OWNER, now=NOON)

    campaign, sim = await interrupted(account, group, monkeypatch, cancel)
    await sim.at(NOON + timedelta(minutes=1))

    campaign = await Campaign.get(id=campaign.id)
    assert campaign.state is CampaignState.CANCELLED
    assert await campaigns.counts(campaign) == {MessageState.SCHEDULE_EXPIRED: 1}
    assert campaign.results == {"schedule_expired": 1}


async def test_a_group_put_in_while_it_was_written_gets_its_messages(
    account: Account, group: ContactGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, edited and resumed before the writing was through: it is written anew, with nobody left out."""
    before = await group_of(account, "los primeros", 2, first=FIRST + 50)
    await ContactGroup.filter(id=before.id).update(revision=before.revision + 1)

    async def edit(campaign: Campaign) -> None:
        await campaigns.pause(account.id, campaign.id, by=OWNER, now=NOON)
        await running_edit.set_group(account.id, campaign.id, group_id=before.id, chosen=True)

    later = await group_of(account, "los demás", 2, first=FIRST + 70)
    campaign, sim = await interrupted(account, later, monkeypatch, edit)
    await campaigns.resume(account.id, campaign.id, by=OWNER, now=NOON)
    await sim.at(NOON + timedelta(minutes=1))

    assert (await Campaign.get(id=campaign.id)).state is CampaignState.RUNNING
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 4}


async def test_a_group_taken_out_gets_nothing_also_after_a_crash_in_the_middle(
    account: Account, group: ContactGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group had gone, and what was pending for it had not yet: it goes before the campaign goes on."""
    other = await group_of(account, "los demás", 2, first=FIRST + 70)
    campaign = await scheduled(account, group)
    await campaign.groups.add(other)
    sim = Sim(NOON)
    await sim.at(NOON)
    campaign = await campaigns.pause(account.id, campaign.id, by=OWNER, now=NOON)
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 5}
    with monkeypatch.context() as patched:
        patched.setattr(type(store.current()), "drop_outsiders", AsyncMock(side_effect=OSError))
        with pytest.raises(OSError):
            await running_edit.set_group(account.id, campaign.id, group_id=other.id, chosen=False)
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 5}

    await campaigns.resume(account.id, campaign.id, by=OWNER, now=NOON)
    await sim.at(NOON + timedelta(minutes=1))
    assert (await Campaign.get(id=campaign.id)).state is CampaignState.RUNNING
    assert await campaigns.counts(campaign) == {MessageState.PENDING: 3}


async def all_in_doubt(account: Account, group: ContactGroup) -> Campaign:
    """Running, with nothing left to do."""
    campaign = await scheduled(account, group, state=CampaignState.RUNNING, started_at=NOON, audience_revision=0)
    await store.current().expand(campaign.id, after=0, limit=10)
    await Message.filter(campaign_id=campaign.id).update(state=MessageState.NO_RESPONSE)
    await Chunk.filter(campaign_id=campaign.id).update(state="done")
    return campaign


async def test_what_goes_again_while_the_end_is_reckoned_is_not_left_behind(
    account: Account, group: ContactGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was left, then a person let the doubtful go again: it has not ended."""
    campaign = await all_in_doubt(account, group)
    undone = type(store.current()).undone

    async def slow(self: Any, campaign_id: int) -> int:
        left: int = await undone(self, campaign_id)
        if not left:
            await doubts.resend(account.id, campaign_id, by=OWNER, now=NOON)
        return left

    monkeypatch.setattr(type(store.current()), "undone", slow)
    await Sim(NOON).at(NOON)

    assert await campaigns.counts(campaign) == {MessageState.PENDING: 3}
    assert (await Campaign.get(id=campaign.id)).state is CampaignState.RUNNING


async def test_what_goes_again_while_the_figures_are_frozen_is_summed_up_at_its_second_end(
    account: Account, group: ContactGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Figures that were read before it ran again are not its results."""
    campaign = await all_in_doubt(account, group)
    counts = type(store.current()).counts

    async def slow(self: Any, campaign_id: int) -> Any:
        found = await counts(self, campaign_id)
        await doubts.resend(account.id, campaign_id, by=OWNER, now=NOON)
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(store.current()), "counts", slow)
        await Sim(NOON).at(NOON)
    await Message.filter(campaign_id=campaign.id).update(state=MessageState.DELIVERED)
    await Retry.all().delete()
    await Sim(NOON).at(NOON + timedelta(minutes=1))

    assert (await Campaign.get(id=campaign.id)).results == {"delivered": 3}
    assert len(await news(NoticeKind.SUMMARY)) == 1
