"""Groups: titles, what deleting one means, *Aplique DNC*."""

from datetime import UTC, datetime

import pytest

from domain.errors import NotFound, TitleMissing, TitleTaken, TitleTooLong
from domain.models import Account, Campaign, ChangeKind, Contact, ContactGroup, ImportJob, ImportState
from domain.rules.campaign_state import CampaignState
from domain.usecases import blacklist, contacts, groups, undo
from domain.usecases.bulk import NothingToDo
from domain.usecases.deleted_group import GroupInUse
from domain.usecases.groups import DescriptionTooLong, GroupImporting
from tests.conftest import OWNER


async def test_a_group_has_a_title_on_one_line_and_a_description(account: Account) -> None:
    """What people paste has line ends and blanks around it."""
    group_id = await groups.create(account.id, "  Clientes \n Lima ", description=" Los de Lima ")
    view = await groups.get(account.id, group_id)

    assert (view.title, view.description, view.contacts) == ("Clientes Lima", "Los de Lima", 0)
    assert view.last_import is None


async def test_a_title_that_will_not_do_is_refused_with_the_reason(account: Account) -> None:
    """Mandatory, at most 80 characters, and no two that people could not tell apart."""
    await groups.create(account.id, "Clientes")
    with pytest.raises(TitleMissing):
        await groups.create(account.id, "   ")
    with pytest.raises(TitleTooLong) as refused:
        await groups.create(account.id, "x" * 5_000)
    with pytest.raises(TitleTaken):
        await groups.create(account.id, "CLIENTES")
    with pytest.raises(DescriptionTooLong):
        await groups.create(account.id, "Otro", description="x" * 401)

    assert refused.value.values == {"limit": 80, "length": 5_000}
    assert await ContactGroup.all().count() == 1


async def test_a_group_may_be_renamed_in_its_capitals(account: Account) -> None:
    """It must not collide with itself."""
    group_id = await groups.create(account.id, "clientes")
    other = await groups.create(account.id, "otros")
    await groups.rename(account.id, group_id, title="Clientes")
    await groups.describe(account.id, group_id, description="x")

    assert (await groups.get(account.id, group_id)).title == "Clientes"
    with pytest.raises(TitleTaken):
        await groups.rename(account.id, other, title="Clientes")


async def test_two_accounts_may_use_the_same_title_and_see_only_their_own(account: Account) -> None:
    """Ids in a button are never trusted."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    mine = await groups.create(account.id, "Clientes")
    theirs = await groups.create(other.id, "Clientes")

    assert [line.id for line in await groups.lines(account.id)] == [mine]
    for refused in (
        groups.get(account.id, theirs),
        groups.rename(account.id, theirs, title="x"),
        groups.describe(account.id, theirs, description="x"),
        groups.delete(account.id, theirs),
        groups.apply_dnc(account.id, theirs),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_groups_are_listed_by_title_with_their_sizes(account: Account) -> None:
    """Without regard to capitals."""
    for title in ("beta", "Alfa", "gamma"):
        await groups.create(account.id, title)
    beta = (await groups.lines(account.id))[1]
    await contacts.add(account.id, beta.id, line="51987763010")

    assert [(line.title, line.contacts) for line in await groups.lines(account.id)] == [
        ("Alfa", 0),
        ("beta", 1),
        ("gamma", 0),
    ]


async def test_deleting_a_group_leaves_its_contacts(account: Account) -> None:
    """They stay in the account and in their other groups."""
    one, two = await groups.create(account.id, "Uno"), await groups.create(account.id, "Dos")
    added = await contacts.add(account.id, one, line="51987763010")
    await contacts.join(account.id, two, contact_id=added.contact_id)
    gone = await groups.delete(account.id, one)

    assert gone.title == "Uno"
    assert (await contacts.get(account.id, added.contact_id)).groups == ((two, "Dos"),)


@pytest.mark.parametrize("state", [CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.PAUSED])
async def test_a_group_that_a_campaign_needs_is_not_deleted(account: Account, state: CampaignState) -> None:
    """A permanent or scheduled campaign would lose its contacts without a word."""
    group_id = await groups.create(account.id, "Uno")
    campaign = await Campaign.create(account=account, name="Aviso", state=state, created_by=1, chat_id=1)
    await campaign.groups.add(await ContactGroup.get(id=group_id))

    with pytest.raises(GroupInUse) as refused:
        await groups.delete(account.id, group_id)
    assert refused.value.values == {"campaign": "Aviso"}
    await Campaign.filter(id=campaign.id).update(state=CampaignState.COMPLETED)
    await groups.delete(account.id, group_id)
    assert await Campaign.all().count() == 1


async def test_a_group_that_is_being_filled_is_not_deleted(account: Account) -> None:
    """The import would fail half-way."""
    group_id = await groups.create(account.id, "Uno")
    await ImportJob.create(
        account=account,
        group_id=group_id,
        person_id=1,
        chat_id=1,
        file_name="a.csv",
        sha256="0",
        state=ImportState.RUNNING,
    )

    with pytest.raises(GroupImporting):
        await groups.delete(account.id, group_id)


async def test_apply_dnc_takes_out_of_the_group_and_deletes_nobody(account: Account) -> None:
    """The manual, 2.4; who was taken out is told, so that it can be undone."""
    group_id = await groups.create(account.id, "Uno")
    ids = [(await contacts.add(account.id, group_id, line=f"5198776301{n}")).contact_id for n in range(3)]
    await blacklist.put(account.id, [51987763011], source=blacklist.Source.MANUAL, by=1)
    before = await groups.get(account.id, group_id)
    change = await groups.apply_dnc(account.id, group_id, by=OWNER)
    after = await groups.get(account.id, group_id)

    assert (before.contacts, before.blacklisted) == (3, 1)
    assert (change.kind, change.title, change.count, change.undoable) == (ChangeKind.DNC, "Uno", 1, True)
    assert (after.contacts, after.blacklisted) == (2, 0)
    assert await Contact.all().count() == 3
    with pytest.raises(NothingToDo):
        await groups.apply_dnc(account.id, group_id)
    await undo.undo(account.id, change.id, by=OWNER, now=datetime.now(UTC))
    assert await groups.get(account.id, group_id) == before
    assert [contact.id for contact in await Contact.all().order_by("id")] == ids
