"""The countdown's screen: it counts down, and its two buttons do what they say, once."""

import dataclasses
from datetime import timedelta

import pytest

from bot.conversations.campaign_countdown import CallBack, SendNow
from bot.conversations.campaigns import OpenCampaign
from domain.errors import NotAllowed
from domain.models import Account, Campaign
from domain.rules.campaign_state import CampaignState
from domain.rules.role import Role
from domain.usecases import drafts, launching
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, Talk, talk_of
from tests.conftest import OWNER


@pytest.fixture
async def launched(sqlite_account: Account) -> Campaign:
    """A minute of countdown has just begun."""
    group = await group_of(sqlite_account, "clientes", 3)
    campaign_id = await drafts.create(sqlite_account.id, name="Aviso", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(sqlite_account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(sqlite_account.id, campaign_id, text="Hola {{ nombre }}")
    await drafts.set_sender_id(sqlite_account.id, campaign_id, sender_id="PREGON")
    revision = (await Campaign.get(id=campaign_id)).revision
    return await launching.start(sqlite_account.id, campaign_id, revision=revision, by=OWNER, now=NOON)


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """Who launched it."""
    return talk_of(sqlite_account, texts)


async def test_the_card_counts_down_until_it_begins(launched: Campaign, owner: Talk) -> None:
    """In minutes and seconds, kept up to date; afterwards it is the card that it always is."""
    t = owner.chat.t
    for seconds, shown in ((0, "1:00"), (13, "0:47"), (59, "0:01")):
        owner.chat = dataclasses.replace(owner.chat, now=NOON + timedelta(seconds=seconds))
        screen = await owner.do(OpenCampaign(launched.id))
        assert t("launch.begins_in", left=shown) in screen.text
        assert screen.follow is not None
    owner.chat = dataclasses.replace(owner.chat, now=NOON + timedelta(seconds=60))
    await owner.do(OpenCampaign(launched.id))

    assert not owner.has(t.label("launch.send_now"))


async def test_cancelling_leads_back_to_the_review(launched: Campaign, owner: Talk) -> None:
    """A second tap says what is true now."""
    t = owner.chat.t
    await owner.do(OpenCampaign(launched.id))
    screen = await owner.tap(t.label("launch.call_back"))
    assert screen.toast == t.label("launch.called_back")
    assert owner.has(t.label("review.launch"))
    assert (await Campaign.get(id=launched.id)).state is CampaignState.DRAFT

    assert (await owner.do(CallBack(launched.id))).toast == t.label("launch.too_late")


async def test_sending_now_begins_it_once(launched: Campaign, owner: Talk) -> None:
    """The second tap changes nothing."""
    t = owner.chat.t
    await owner.do(OpenCampaign(launched.id))
    await owner.tap(t.label("launch.send_now"))
    first = await Campaign.get(id=launched.id)
    screen = await owner.do(SendNow(launched.id))

    assert first.state is CampaignState.STARTING
    assert screen.toast == t.label("launch.begun_already")
    assert (await Campaign.get(id=launched.id)).revision == first.revision


async def test_a_viewer_sees_it_count_and_may_do_nothing(
    launched: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """Neither button is there, and neither works."""
    viewer = talk_of(sqlite_account, texts, role=Role.VIEWER)
    await viewer.do(OpenCampaign(launched.id))

    assert not viewer.has(texts.label("launch.send_now"))
    for action in (SendNow(launched.id), CallBack(launched.id)):
        with pytest.raises(NotAllowed):
            await viewer.do(action)
