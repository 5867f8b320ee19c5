"""News of campaigns: each is the card, with a line above it that says what happened."""

import pytest

from bot.conversations.campaign_news import missed, started, stopped
from bot.conversations.campaigns import AskCancel, Resume
from domain.models import Account, Campaign, Notice, NoticeKind
from domain.rules.campaign_state import CampaignState
from domain.usecases.periods import FOUND_OLD
from locales import Texts
from tests.bot.conversations.talk import NOON, Talk, check, talk_of
from tests.conftest import OWNER

WHEN = NOON.isoformat()


@pytest.fixture
async def campaign(sqlite_account: Account) -> Campaign:
    """It stopped by itself."""
    return await Campaign.create(
        account=sqlite_account, name="c", state=CampaignState.PAUSED, state_reason=FOUND_OLD, state_at=NOON,
        text="Hola", created_by=OWNER, chat_id=OWNER, started_at=NOON,
    )  # fmt: skip


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """To whom it is told."""
    return talk_of(sqlite_account, texts)


def notice(campaign: Campaign, kind: NoticeKind, **detail: object) -> Notice:
    """A row of the outbox."""
    return Notice(
        key="k", chat_id=OWNER, person_id=OWNER, kind=kind, subject_id=campaign.id, detail=detail, next_at=NOON
    )


async def test_a_late_start_says_when_it_should_have_been(campaign: Campaign, owner: Talk) -> None:
    """In the account's zone; one in time is the card alone."""
    t, zone = owner.chat.t, owner.chat.account.zone
    late = await started(notice(campaign, NoticeKind.STARTED, late_from=WHEN), owner.chat)
    in_time = await started(notice(campaign, NoticeKind.STARTED), owner.chat)
    check(late)

    assert late.text.startswith(t("campaigns.late_notice", when=t.moment(NOON, zone)))
    assert t("campaigns.late_notice", when=t.moment(NOON, zone)) not in in_time.text


@pytest.mark.parametrize("next_at", [WHEN, None], ids=["it goes on another day", "there is no other"])
async def test_a_missed_period_says_what_becomes_of_it(campaign: Campaign, owner: Talk, next_at: str | None) -> None:
    """It goes on, or what is pending expires."""
    t, when = owner.chat.t, owner.chat.t.moment(NOON, owner.chat.account.zone)
    screen = await missed(notice(campaign, NoticeKind.MISSED, meant_for=WHEN, next_at=next_at), owner.chat)
    check(screen)
    expected = (
        t("campaigns.missed_notice", when=when, next=when) if next_at else t("campaigns.missed_last_notice", when=when)
    )

    assert screen.text.startswith(expected)


async def test_what_stopped_by_itself_asks_with_both_buttons(campaign: Campaign, owner: Talk) -> None:
    """The reason, and the buttons to go on or to end it."""
    t = owner.chat.t
    screen = await stopped(notice(campaign, NoticeKind.STOPPED, reason=FOUND_OLD), owner.chat)
    check(screen)
    offered = {type(button.action) for row in screen.rows for button in row}

    assert t("campaigns.found_old") in screen.text
    assert Resume in offered
    assert AskCancel in offered
