"""Home and help: figures, the three first steps, doors that open, and what a group is told."""

import pytest

from bot.conversations.help import TOPICS, Help, HelpTopic
from bot.conversations.home import GroupStatus, Home, HomeBelow
from bot.screen import Place, Style
from domain.models import Account, Campaign, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.role import Role
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, talk_of
from tests.conftest import VIEWER


async def test_three_steps_are_shown_until_they_are_done(sqlite_account: Account, texts: Texts) -> None:
    """The next one's button stands out."""
    owner = talk_of(sqlite_account, texts)
    expected = [(0, "home.contacts"), (1, "home.templates"), (2, "home.campaigns")]
    for done, door in expected:
        screen = await owner.do(Home())
        assert screen.text.count("✅") == done
        assert owner.button(texts.label(door)).style is Style.PRIMARY
        if done == 0:
            await group_of(sqlite_account, "clientes", 2)
        elif done == 1:
            await Template.create(account=sqlite_account, title="uno", text="Hola")
    await Campaign.create(
        account=sqlite_account, name="x", state=CampaignState.RUNNING, created_by=1, chat_id=1, started_at=NOON
    )
    screen = await owner.do(Home())

    assert texts("home.first_steps") not in screen.text
    assert texts("home.moving", count=1) in screen.text
    assert texts("home.people", count=2) in screen.text


@pytest.mark.parametrize("role", list(Role))
async def test_every_door_opens_for_everybody(role: Role, sqlite_account: Account, texts: Texts) -> None:
    """Lists are for viewers too."""
    person = talk_of(sqlite_account, texts, person_id=VIEWER, role=role)
    await person.do(Home())
    for label in list(person.labels):
        await person.do(Home())
        await person.tap(label)
        assert person.has(texts.label("nav.home"))
    assert texts.label(f"role.{role.value}") in (await person.do(HomeBelow())).text


async def test_home_below_keeps_what_was_above(sqlite_account: Account, texts: Texts) -> None:
    """A summary stays in the chat."""
    assert (await talk_of(sqlite_account, texts).do(HomeBelow())).place is Place.NEW


async def test_a_group_is_told_of_campaigns_at_work_and_led_to_the_private_chat(
    sqlite_account: Account, texts: Texts
) -> None:
    """Status only: no wizard."""
    team = talk_of(sqlite_account, texts)
    assert texts("home.group_none") in (await team.do(GroupStatus())).text
    await Campaign.create(
        account=sqlite_account, name="<Mayo>", state=CampaignState.PAUSED, created_by=1, chat_id=1, started_at=NOON
    )
    screen = await team.do(GroupStatus())

    assert "&lt;Mayo&gt;" in screen.text
    assert screen.rows[-1][0].url == "https://t.me/pregon_demo_bot?start=home"


@pytest.mark.parametrize("topic", [*TOPICS, "forged"])
async def test_help_has_a_page_for_each_topic(topic: str, sqlite_account: Account, texts: Texts) -> None:
    """And a forged one shows the list."""
    owner = talk_of(sqlite_account, texts)
    await owner.do(Help())
    screen = await owner.do(HelpTopic(topic))

    assert "{{{{" not in screen.text
    assert screen.text
