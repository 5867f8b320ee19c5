"""What may be changed of a campaign that was launched, on both engines: for what is pending, and nothing twice."""

import pytest

from domain import store
from domain.errors import NotFound, WrongState
from domain.models import Account, Campaign, Chunk, Message, Retry
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import campaigns, running_edit
from domain.usecases.running_edit import BadNumber, LastGroup
from tests.audience import FIRST, group_of
from tests.conftest import OWNER

NOW_MS = 1_800_000_000_000


@pytest.fixture
async def campaign(account: Account) -> Campaign:
    """Stopped half-way: of two groups of three that share a contact, one message was sent."""
    first = await group_of(account, "a", 3)
    second = await group_of(account, "b", 3, first=FIRST + 2)
    made = await Campaign.create(
        account=account, name="c", state=CampaignState.STARTING, text="Hola", sender_id="X", created_by=OWNER,
        chat_id=OWNER,
    )  # fmt: skip
    await made.groups.add(first, second)
    await store.current().expand(made.id, after=0, limit=100)
    await Message.filter(campaign_id=made.id, msisdn=FIRST + 4).update(state=MessageState.DELIVERED)
    await Campaign.filter(id=made.id).update(state=CampaignState.PAUSED, audience_revision=5)
    return await Campaign.get(id=made.id)


async def numbers(campaign: Campaign) -> list[int]:
    """Of its messages."""
    found = await Message.filter(campaign_id=campaign.id).order_by("msisdn").values_list("msisdn", flat=True)
    return [int(str(one)) - FIRST for one in found]


async def test_a_group_taken_out_drops_what_is_pending_for_it_alone(account: Account, campaign: Campaign) -> None:
    """Whoever is in another of its groups stays; what was sent stays; put in again, nobody gets it twice."""
    second = next(group for group in await campaign.groups.all() if group.title == "b")
    one = await Message.get(campaign_id=campaign.id, msisdn=FIRST + 3)
    await Retry.create(message_id=one.id, campaign_id=campaign.id, next_ms=NOW_MS)

    assert await running_edit.set_group(account.id, campaign.id, group_id=second.id, chosen=False) == 1
    assert await numbers(campaign) == [0, 1, 2, 4]
    assert await Retry.all().count() == 0

    await running_edit.set_group(account.id, campaign.id, group_id=second.id, chosen=True)
    assert await store.current().expand(campaign.id, after=0, limit=100) is None  # not while it is stopped
    assert (await Campaign.get(id=campaign.id)).audience_revision < 0  # it is written anew when it goes on
    await Campaign.filter(id=campaign.id).update(state=CampaignState.STARTING)
    await store.current().expand(campaign.id, after=0, limit=100)
    assert await numbers(campaign) == [0, 1, 2, 3, 4]
    assert (await campaigns.counts(campaign))[MessageState.DELIVERED] == 1
    assert await Chunk.filter(campaign_id=campaign.id).count() == 2


async def test_the_last_group_stays(account: Account, campaign: Campaign) -> None:
    """Nothing has changed."""
    first, second = sorted(await campaign.groups.all(), key=lambda group: group.title)
    await running_edit.set_group(account.id, campaign.id, group_id=second.id, chosen=False)
    with pytest.raises(LastGroup):
        await running_edit.set_group(account.id, campaign.id, group_id=first.id, chosen=False)

    assert [group.title for group in await campaign.groups.all()] == ["a"]


async def test_groups_text_and_sender_only_while_it_is_stopped(account: Account, campaign: Campaign) -> None:
    """Name and pace at once; another account's is not there."""
    await Campaign.filter(id=campaign.id).update(state=CampaignState.RUNNING)
    group = (await campaign.groups.all())[0]
    with pytest.raises(WrongState):
        await running_edit.set_group(account.id, campaign.id, group_id=group.id, chosen=False)
    with pytest.raises(WrongState):
        await running_edit.set_text(account.id, campaign.id, text="Chau")
    with pytest.raises(WrongState):
        await running_edit.set_sender_id(account.id, campaign.id, sender_id="OTRO")
    with pytest.raises(NotFound):
        await running_edit.rename(account.id + 1, campaign.id, name="y")
    await running_edit.rename(account.id, campaign.id, name="y")
    await running_edit.set_pace(account.id, campaign.id, "2,5")
    fresh = await Campaign.get(id=campaign.id)

    assert (fresh.name, fresh.tps, fresh.text) == ("y", 2.5, "Hola")


async def test_a_token_that_comes_with_another_text_holds_back_who_is_blank_there(
    account: Account, campaign: Campaign
) -> None:
    """As a launch does where nobody has said: no hole reaches a phone. What was decided stands."""
    await Campaign.filter(id=campaign.id).update(blanks={"first_name": "cliente"})
    text = "{{ nombre }} {{ apellido }} {{ email|default('x') }}"
    await running_edit.set_text(account.id, campaign.id, text=text)

    assert (await Campaign.get(id=campaign.id)).blanks == {"first_name": "cliente", "last_name": None}


@pytest.mark.parametrize("text", ["0", "-1", "x", "", "99999999", "nan"])
async def test_a_pace_is_a_number_above_nought(account: Account, campaign: Campaign, text: str) -> None:
    """Nothing has changed."""
    with pytest.raises(BadNumber):
        await running_edit.set_pace(account.id, campaign.id, text)

    assert (await Campaign.get(id=campaign.id)).tps is None


@pytest.mark.parametrize("text", ["0", "2.5", "x"])
async def test_a_cap_is_a_whole_number(account: Account, campaign: Campaign, text: str) -> None:
    """Nothing has changed."""
    with pytest.raises(BadNumber):
        await running_edit.set_daily_cap(account.id, campaign.id, text)

    assert (await Campaign.get(id=campaign.id)).daily_cap is None
