"""Single contacts: what is read from a typed line, merging with what is known, changing and deleting."""

import pytest

from domain.errors import NotFound
from domain.models import Account, Contact
from domain.rules.msisdn import NumberProblem
from domain.usecases import blacklist, contacts, groups, numbering
from domain.usecases.contacts import BadNumber, FieldTooLong, NumberTaken, split_line

MSISDN = 51_987_763_010


@pytest.fixture
async def group_id(account: Account) -> int:
    """An empty group."""
    return await groups.create(account.id, "Clientes")


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        pytest.param("51987763010, Jose ,Torres", ["51987763010", "Jose", "Torres"], id="the manual's commas"),
        pytest.param("+51 987 763 010;Jose;Av. 1, Lima", ["+51 987 763 010", "Jose", "Av. 1, Lima"], id="semicolons"),
        pytest.param("987763010\tJose", ["987763010", "Jose"], id="tabs, as copied from a sheet"),
        pytest.param('987763010, "Torres, Jose"', ["987763010", "Torres, Jose"], id="quotes"),
        pytest.param('987763010, "Jose', ["987763010", "Jose"], id="a stray quote"),
        pytest.param(" 987 763 010 ", ["987 763 010"], id="only a number"),
        pytest.param("", [""], id="nothing"),
    ],
)
def test_a_typed_line_is_cut_at_its_delimiter(line: str, cells: list[str]) -> None:
    """People paste what they have."""
    assert split_line(line) == cells


async def test_a_line_in_the_manuals_order_fills_every_field(account: Account, group_id: int) -> None:
    """Blank cells stay blank."""
    line = "51987763010,Jose,Torres,jtorres@itelvox.com,,deuda,100,200"
    added = await contacts.add(account.id, group_id, line=line)
    row = (await contacts.get(account.id, added.contact_id)).row

    assert (added.created, added.joined) == (True, True)
    assert (row.msisdn, row.first_name, row.last_name, row.email) == (MSISDN, "Jose", "Torres", "jtorres@itelvox.com")
    assert (row.address, row.value_1, row.value_2, row.value_3) == ("", "deuda", "100", "200")


async def test_a_known_number_is_completed_not_doubled(account: Account, group_id: int) -> None:
    """Filled fields win, blank ones change nothing, however the number is written."""
    first = await contacts.add(account.id, group_id, line="51987763010,Jose,Torres")
    again = await contacts.add(account.id, group_id, line="987 763 010,,Quispe")
    row = (await contacts.get(account.id, first.contact_id)).row

    assert (again.contact_id, again.created, again.joined) == (first.contact_id, False, False)
    assert (row.first_name, row.last_name) == ("Jose", "Quispe")


async def test_several_lines_are_added_and_the_bad_ones_named(account: Account, group_id: int) -> None:
    """One bad line must not cost the others."""
    await contacts.add(account.id, None, line="51987763010")
    lines = ["51987763010,Jose", "987763011", "hola", "014445555,Fijo"]
    added = await contacts.add_many(account.id, group_id, lines=lines)

    assert (added.created, added.updated) == (1, 1)
    assert added.refused == (("hola", NumberProblem.NOT_A_NUMBER), ("014445555,Fijo", NumberProblem.LANDLINE))
    assert (await groups.get(account.id, group_id)).contacts == 2


async def test_a_bad_number_is_refused_with_its_reason(account: Account, group_id: int) -> None:
    """Nothing is saved."""
    with pytest.raises(BadNumber) as refused:
        await contacts.add(account.id, group_id, line="5,19989E+10")

    assert refused.value.problem is NumberProblem.SCIENTIFIC
    assert await Contact.all().count() == 0


async def test_a_number_of_a_country_that_is_not_enabled_is_refused_however_it_is_added(
    account: Account, group_id: int
) -> None:
    """A line, several lines, a card, a change of number; enabled, it is taken. It can be searched for all the same."""
    abroad = "+57 300 123 4567"
    there = await contacts.add(account.id, group_id, line="51987763010")
    for refused in (
        contacts.add(account.id, group_id, line=abroad),
        contacts.add_named(account.id, group_id, number=abroad, first_name="Ana", last_name=""),
        contacts.change(account.id, there.contact_id, field="msisdn", text=abroad),
    ):
        with pytest.raises(BadNumber) as error:
            await refused
        assert error.value.problem is NumberProblem.COUNTRY_NOT_ENABLED
    many = await contacts.add_many(account.id, group_id, lines=[abroad, "987763011"])
    assert (many.created, many.refused) == (1, ((abroad, NumberProblem.COUNTRY_NOT_ENABLED),))
    assert await contacts.find(account.id, abroad) is None

    await numbering.enable(account.id, ["CO"], by=1)
    assert (await contacts.add(account.id, group_id, line=abroad)).created


async def test_a_card_may_belong_to_no_group_yet(account: Account) -> None:
    """It is saved at once, so that nothing is lost; the group comes later."""
    added = await contacts.add_named(account.id, None, number="+51 987-763-010", first_name="Ana", last_name="")
    view = await contacts.get(account.id, added.contact_id)

    assert (view.row.msisdn, view.row.first_name, view.groups) == (MSISDN, "Ana", ())


async def test_each_field_can_be_changed_and_cleared(account: Account, group_id: int) -> None:
    """The number too, as long as nobody else has it."""
    mine = await contacts.add(account.id, group_id, line="51987763010,Jose")
    await contacts.add(account.id, group_id, line="51987763011")
    await contacts.change(account.id, mine.contact_id, field="first_name", text="")
    await contacts.change(account.id, mine.contact_id, field="value_3", text=" 12 \n soles ")
    await contacts.change(account.id, mine.contact_id, field="msisdn", text="987 763 012")
    row = (await contacts.get(account.id, mine.contact_id)).row

    assert (row.msisdn, row.first_name, row.value_3) == (51_987_763_012, "", "12 soles")
    with pytest.raises(NumberTaken):
        await contacts.change(account.id, mine.contact_id, field="msisdn", text="51987763011")
    with pytest.raises(FieldTooLong):
        await contacts.change(account.id, mine.contact_id, field="email", text="x" * 256)
    with pytest.raises(NotFound):
        await contacts.change(account.id, mine.contact_id, field="account_id", text="1")


async def test_another_accounts_contact_is_not_found(account: Account, group_id: int) -> None:
    """Ids in a button are never trusted."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    mine = (await contacts.add(account.id, group_id, line="51987763010")).contact_id
    theirs = await groups.create(other.id, "Suyo")
    for refused in (
        contacts.get(other.id, mine),
        contacts.change(other.id, mine, field="email", text="x"),
        contacts.delete(other.id, mine),
        contacts.block(other.id, mine, by=1),
        contacts.join(other.id, theirs, contact_id=mine),
        contacts.join(account.id, theirs, contact_id=mine),
        contacts.leave(account.id, theirs, contact_id=mine),
        contacts.add(account.id, theirs, line="51987763011"),
    ):
        with pytest.raises(NotFound):
            await refused


async def test_leaving_a_group_blocking_and_deleting(account: Account, group_id: int) -> None:
    """Three different things: only the last one forgets the contact, and the blacklist outlives it."""
    contact_id = (await contacts.add(account.id, group_id, line="51987763010")).contact_id
    await contacts.block(account.id, contact_id, by=1)
    blocked = await contacts.get(account.id, contact_id)
    left = await contacts.leave(account.id, group_id, contact_id=contact_id)
    gone = await contacts.delete(account.id, contact_id)

    assert blocked.entry_id is not None
    assert left
    assert gone.msisdn == MSISDN
    assert await blacklist.find(account.id, MSISDN) is not None
    with pytest.raises(NotFound):
        await contacts.get(account.id, contact_id)


async def test_a_contact_is_found_by_its_number_in_any_writing(account: Account, group_id: int) -> None:
    """As people type it."""
    added = await contacts.add(account.id, group_id, line="51987763010")

    assert await contacts.find(account.id, "987-763-010") == added.contact_id
    assert await contacts.find(account.id, "987763019") is None
