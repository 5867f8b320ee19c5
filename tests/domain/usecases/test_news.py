"""A step of a campaign and the news of it are one transaction: after a crash there are both, or neither."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.models import Account, Campaign, Notice
from domain.rules.campaign_state import CampaignState
from domain.usecases import campaigns, closing, notices

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


class Crash(Exception):
    """The program is gone."""


@pytest.fixture
def crashing(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The program dies where it would write the news."""

    async def die(*_: object, **__: object) -> None:
        raise Crash

    monkeypatch.setattr(notices, "post", die)
    return monkeypatch


async def _campaign(account: Account, state: CampaignState, **columns: Any) -> Campaign:
    return await Campaign.create(account=account, name="c", state=state, created_by=1001, chat_id=1001, **columns)


async def test_results_are_frozen_with_their_summary(account: Account, crashing: pytest.MonkeyPatch) -> None:
    """Frozen ones without a summary would never be looked at again."""
    ended = await _campaign(account, CampaignState.COMPLETED, started_at=NOW, ended_at=NOW)
    with pytest.raises(Crash):
        await closing.settle(ended, now=NOW + timedelta(hours=1))
    crashing.undo()
    [again] = await closing.unsettled()
    settled = await closing.settle(again, now=NOW + timedelta(hours=1))

    assert settled
    assert await Notice.filter(subject_id=ended.id).count() == 1


async def test_a_beginning_is_told(account: Account, crashing: pytest.MonkeyPatch) -> None:
    """Otherwise its chat would not know that its hour has come."""
    due = await _campaign(account, CampaignState.SCHEDULED, start_at=NOW)
    with pytest.raises(Crash):
        await campaigns.begin(due, now=NOW)
    crashing.undo()

    assert await campaigns.begin(due, now=NOW)
    assert await Notice.filter(subject_id=due.id).count() == 1


async def test_a_stop_by_itself_is_told(account: Account, crashing: pytest.MonkeyPatch) -> None:
    """Nobody would look why it stands."""
    running = await _campaign(account, CampaignState.RUNNING, started_at=NOW)
    with pytest.raises(Crash):
        await campaigns.fault(running.id, "reason", now=NOW)
    crashing.undo()

    assert await campaigns.fault(running.id, "reason", now=NOW)
    assert await Notice.filter(subject_id=running.id).count() == 1
