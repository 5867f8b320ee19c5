"""Expansion leaves out whom a campaign holds back; the counts say how many. On both engines."""

import pytest

from domain.models import Account, Campaign, Contact, Message
from domain.rules.campaign_state import CampaignState
from domain.store import Store
from tests.audience import FIRST, block, group_of


@pytest.mark.parametrize(
    ("blanks", "made"),
    [
        (None, 10),
        ({}, 10),
        ({"first_name": "cliente"}, 10),
        ({"first_name": None}, 6),
        ({"first_name": None, "email": None}, 0),
        ({"first_name; drop table message": None}, 10),
    ],
)
async def test_no_message_is_made_for_whom_a_campaign_holds_back(
    account: Account, store: Store, blanks: dict[str, str | None] | None, made: int
) -> None:
    """A text for the blank holds nobody; what is no field of ours is no condition."""
    group = await group_of(account, "clientes", 10, blank=4)
    campaign = await Campaign.create(
        account=account, name="c", state=CampaignState.STARTING, blanks=blanks, created_by=1, chat_id=1
    )
    await campaign.groups.add(group)
    await store.expand(campaign.id, after=0, limit=100)

    assert await Message.filter(campaign_id=campaign.id).count() == made


async def test_blanks_are_counted_by_field_and_together(account: Account, store: Store) -> None:
    """Spaces are blank too; who is on the blacklist, or in two groups, counts not, or once."""
    group = await group_of(account, "uno", 10, blank=4)
    other = await group_of(account, "dos", 10, blank=4)
    await Contact.filter(msisdn=FIRST).update(last_name="  ")
    await block(account, [FIRST + 9])
    found = await store.audience_blanks(account.id, [group.id, other.id], ["first_name", "last_name", "email"])
    few = await store.audience_blanks(account.id, [group.id], ["first_name", "last_name"])

    assert dict(found.by_field) == {"first_name": 3, "last_name": 1, "email": 9}
    assert found.contacts == 9
    assert few.contacts == 4
    assert (await store.audience_blanks(account.id, [group.id], [])).contacts == 0
