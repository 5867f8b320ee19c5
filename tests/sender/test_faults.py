"""The watch over refusals: what it remembers, and for how long. Against a real SMSC it is in ``test_standing``."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from domain.models import Account, Campaign, Notice, NoticeKind
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageEvent
from domain.store import Result
from domain.usecases import campaigns
from sender import faults
from sender.faults import FaultWatch
from tests.acceptance.programs import until
from tests.clockwork import NOON
from tests.conftest import OWNER


@pytest.fixture
async def campaign(sqlite_account: Account) -> Campaign:
    """It runs; the account looks at the latest 20 answers and stops at a half."""
    await Account.filter(id=sqlite_account.id).update(fault_window=20, fault_percent=50)
    return await Campaign.create(
        account=sqlite_account, name="c", state=CampaignState.RUNNING, created_by=OWNER, chat_id=OWNER, started_at=NOON
    )


def answer(watch: FaultWatch, campaign: Campaign, *, accepted: int = 0, refused: int = 0) -> None:
    """So many answers of the operator."""
    ready: Any = SimpleNamespace(held=SimpleNamespace(claim=SimpleNamespace(campaign_id=campaign.id)))
    for number in range(accepted + refused):
        event = MessageEvent.SUBMIT_OK if number < accepted else MessageEvent.SUBMIT_ERROR
        watch.note([Result(1, event, "default", error="ESME_RINVDSTADR")], {1: ready})


async def stops(campaign: Campaign) -> int:
    """How often it stopped by itself."""
    return await Notice.filter(kind=NoticeKind.STOPPED, subject_id=campaign.id).count()


async def go_on(campaign: Campaign) -> None:
    """*Continuar*, and it runs."""
    await campaigns.resume(campaign.account_id, campaign.id, by=OWNER, now=NOON)  # type: ignore[attr-defined]
    fresh = await Campaign.get(id=campaign.id).select_related("account")
    assert await campaigns.expanded(fresh, 1, now=NOON)


async def test_continued_it_does_not_stop_for_the_old_ones_and_does_for_new_ones(campaign: Campaign) -> None:
    """Nor for those that were on their way when it stopped."""
    watch = FaultWatch()
    answer(watch, campaign, refused=10)
    await watch.judge()
    assert await stops(campaign) == 1

    answer(watch, campaign, refused=10)  # of the window
    await watch.judge()
    await go_on(campaign)
    await watch.judge()
    answer(watch, campaign, refused=4)
    await watch.judge()
    assert await stops(campaign) == 1

    answer(watch, campaign, refused=1)
    await watch.judge()
    assert await stops(campaign) == 2


async def test_what_ended_is_forgotten_though_nothing_is_ever_refused(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender runs for months: ten thousand answers of every campaign would stay."""
    monkeypatch.setattr(faults, "_LOOK_S", 0.05)
    monkeypatch.setattr(faults, "_PAUSE_S", 0.01)
    watch = FaultWatch()
    answer(watch, campaign, accepted=100)
    await Campaign.filter(id=campaign.id).update(state=CampaignState.COMPLETED)
    running = asyncio.create_task(watch.run())

    async def forgotten() -> bool:
        return not watch.watched

    await until(forgotten, saying="nothing is remembered")
    running.cancel()
