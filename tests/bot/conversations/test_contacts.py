"""Contacts in the chat: adding them in each way, changing, finding and deleting one."""

import pytest

from bot.conversations.contact_add import AskContact, AskStep
from bot.conversations.contacts import AskField, DeleteContact, OpenContact
from bot.conversations.groups import OpenGroup
from domain.errors import NotFound
from domain.models import Account, Contact
from domain.usecases import contacts, groups
from domain.usecases.contacts import FieldTooLong, NumberTaken
from locales import Texts
from tests.bot.conversations.sending import Sender, sender_of


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Sender:
    """The owner, once in each language."""
    return sender_of(sqlite_account, texts)


@pytest.fixture
async def group_id(sqlite_account: Account) -> int:
    """An empty group."""
    return await groups.create(sqlite_account.id, "Clientes")


async def test_a_contact_is_added_step_by_step(owner: Sender, group_id: int) -> None:
    """The number saves it; every further field may be left out, and one may stop at any."""
    t = owner.chat.t
    await owner.do(OpenGroup(group_id))
    await owner.tap(t.label("contacts.add"))
    assert t("contacts.step", step=1, steps=8) in owner.screen.text
    await owner.type("987 763 010")
    assert t("contacts.add.saved") in owner.screen.text
    assert t("contacts.step", step=2, steps=8) in owner.screen.text
    await owner.type("Jose")
    await owner.tap(t.label("contacts.skip"))
    await owner.type("jtorres@itelvox.com")
    await owner.tap(t.label("contacts.done"))

    row = (await contacts.get(owner.chat.account.id, (await Contact.get()).id)).row
    assert (row.msisdn, row.first_name, row.last_name, row.email) == (51987763010, "Jose", "", "jtorres@itelvox.com")
    assert "<b>Jose</b>" in owner.screen.text
    assert owner.asked is None


async def test_after_the_last_step_the_contact_is_shown(owner: Sender, group_id: int) -> None:
    """Eight steps: the number and seven fields."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    await owner.type("987763010")
    for step in range(2, 9):
        assert t("contacts.step", step=step, steps=8) in owner.screen.text
        await owner.type(f"campo {step}")

    assert owner.asked is None
    assert (await Contact.get()).value_3 == "campo 8"
    with pytest.raises(NotFound):
        await owner.do(AskStep((await Contact.get()).id, group_id, 9))


async def test_a_pasted_line_saves_everything_at_once(owner: Sender, group_id: int) -> None:
    """In the manual's order."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    await owner.type("51987763010, Jose, Torres, jtorres@itelvox.com, , deuda, 100, 200")

    assert t("contacts.open.field", field=t.label("field.value_1"), value="deuda") in owner.screen.text
    assert t("contacts.open.groups", titles="Clientes") in owner.screen.text
    await owner.do(AskContact(group_id))
    await owner.type("51987763010, Juan")
    assert t("contacts.add.known") in owner.screen.text


async def test_several_pasted_lines_are_added_and_counted(owner: Sender, group_id: int) -> None:
    """The bad one is named with its reason."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    await owner.type("51987763010,Jose\n51987763011,Ana\n<b>hola")

    assert t("contacts.many.created", count=2) in owner.screen.text
    assert "&lt;b&gt;hola" in owner.screen.text
    assert t("import.reason.not_a_number") in owner.screen.text


async def test_a_bad_number_keeps_the_question_and_says_why(owner: Sender, group_id: int) -> None:
    """In words, not in codes."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    question = owner.asked
    await owner.type("(01) 444-5555")

    assert t.label("import.reason.landline") in owner.screen.text
    assert owner.asked == question
    await owner.type("")
    assert t.label("import.reason.empty") in owner.screen.text


async def test_a_card_is_a_contact_with_a_name(owner: Sender, group_id: int) -> None:
    """Asked for in a group, or out of the blue: then a group is chosen afterwards."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    await owner.send_card("+51987763010", "Ana", "Quispe")
    assert "<b>Ana Quispe</b>" in owner.screen.text
    assert t("contacts.open.groups", titles="Clientes") in owner.screen.text
    await owner.send_card("987763011", "Luis")
    assert t("contacts.card.saved") in owner.screen.text
    await owner.tap(t.label("contacts.groups"))
    await owner.tap("Clientes")
    await owner.tap(t.label("contacts.done"))

    assert t("contacts.open.groups", titles="Clientes") in owner.screen.text
    assert (await groups.get(owner.chat.account.id, group_id)).contacts == 2
    await owner.send_card("12")
    assert t.label("import.reason.too_short") in owner.screen.text


async def test_each_field_is_edited_with_what_it_is_now(owner: Sender, group_id: int) -> None:
    """And cleared; the number only changed."""
    t, account_id = owner.chat.t, owner.chat.account.id
    contact_id = (await contacts.add(account_id, group_id, line="51987763010,Jose")).contact_id
    await contacts.add(account_id, group_id, line="51987763011")
    await owner.do(OpenContact(contact_id, group_id))
    await owner.tap(t.label("contacts.edit"))
    await owner.tap(t.label("field.first_name"))
    assert t("contacts.edit.now", value="Jose") in owner.screen.text
    with pytest.raises(FieldTooLong):
        await owner.type("x" * 300)
    await owner.type("Josefa")
    await owner.do(AskField(contact_id, group_id, "first_name"))
    await owner.tap(t.label("contacts.clear"))
    await owner.do(AskField(contact_id, group_id, "msisdn"))
    assert not owner.has(t.label("contacts.clear"))
    with pytest.raises(NumberTaken):
        await owner.type("987763011")
    await owner.type("nada")
    assert t.label("import.reason.not_a_number") in owner.screen.text
    await owner.type("987763012")

    assert "<b>+51 987 763 012</b>" in owner.screen.text
    with pytest.raises(NotFound):
        await owner.do(AskField(contact_id, group_id, "account"))


async def test_a_contact_is_blacklisted_deleted_and_comes_back(owner: Sender, group_id: int) -> None:
    """Each says what it did."""
    t, account_id = owner.chat.t, owner.chat.account.id
    contact_id = (await contacts.add(account_id, group_id, line="51987763010,Jose")).contact_id
    await owner.do(OpenContact(contact_id, group_id))
    await owner.tap(t.label("contacts.block"))
    assert t("contacts.open.blacklisted") in owner.screen.text
    await owner.tap(t.label("contacts.unblock"))
    assert "+51 987 763 010" in owner.screen.text
    await owner.do(OpenContact(contact_id, group_id))
    await owner.tap(t.label("contacts.delete"))
    await owner.tap(t.label("contacts.delete.yes"))

    assert t("contacts.deleted", number="+51 987 763 010") in owner.screen.text
    with pytest.raises(NotFound):
        await owner.do(OpenContact(contact_id, group_id))
    await owner.tap(t.label("undo.do"))
    assert t("undo.state.undone") in owner.screen.text
    await owner.do(OpenContact(contact_id, group_id))
    assert "<b>Jose</b>" in owner.screen.text


async def test_the_groups_of_a_contact_are_ticked_one_by_one_all_or_none(owner: Sender, group_id: int) -> None:
    """*Seleccionar todo*, *eliminar todos*; over several pages."""
    t, account_id = owner.chat.t, owner.chat.account.id
    contact_id = (await contacts.add(account_id, group_id, line="51987763010,Jose")).contact_id
    for n in range(10):
        await groups.create(account_id, f"Grupo {n}")
    await owner.do(OpenContact(contact_id))
    await owner.tap(t.label("contacts.groups"))
    assert owner.has("☑️ Clientes")
    await owner.tap("☑️ Clientes")
    assert owner.has("⬜ Clientes")
    await owner.tap("›")
    await owner.tap("⬜ Grupo 9")
    assert owner.has("☑️ Grupo 9")
    await owner.tap(t.label("contacts.groups.all"))
    assert len((await contacts.get(account_id, contact_id)).groups) == 11
    await owner.tap(t.label("contacts.groups.none"))

    assert (await contacts.get(account_id, contact_id)).groups == ()
    await owner.tap(t.label("contacts.done"))
    assert t("contacts.open.no_group") in owner.screen.text


async def test_every_change_of_a_contact_carries_the_way_back(owner: Sender, group_id: int) -> None:
    """Added, a field of it set, put in a group and taken out, deleted: one tap each, and the contact is as it was."""
    t = owner.chat.t
    undo_label = t.label("undo.do")
    await groups.create(owner.chat.account.id, "Otros")
    await owner.do(AskContact(group_id))
    await owner.type("51987763010, Jose")
    contact_id = (await Contact.get()).id
    assert undo_label in owner.labels
    await owner.do(AskField(contact_id, group_id, "first_name"))
    await owner.type("Juan")
    assert t("contacts.saved") in owner.screen.text
    await owner.tap(undo_label)
    assert (await Contact.get()).first_name == "Jose"
    await owner.tap(t.label("undo.contact"))
    await owner.tap(t.label("contacts.groups"))
    for label in ("☑️ Clientes", t.label("contacts.groups.all"), t.label("contacts.groups.none")):
        await owner.tap(label)
        assert undo_label in owner.labels
    await owner.tap(undo_label)
    assert len((await contacts.get(owner.chat.account.id, contact_id)).groups) == 2
    await owner.do(DeleteContact(contact_id, group_id))
    await owner.tap(undo_label)

    assert (await Contact.get()).id == contact_id
    await owner.tap(t.label("undo.contact"))
    assert "<b>Jose</b>" in owner.screen.text


async def test_each_answer_of_the_steps_can_be_undone(owner: Sender, group_id: int) -> None:
    """The number's step takes the whole contact away again; a card does too."""
    t = owner.chat.t
    await owner.do(AskContact(group_id))
    await owner.type("987763010")
    assert t.label("undo.do") in owner.labels
    await owner.type("Ana")
    await owner.tap(t.label("undo.do"))
    assert (await Contact.get()).first_name == ""
    await owner.do(AskContact(group_id))
    await owner.type("987763011")
    await owner.tap(t.label("undo.do"))

    assert await Contact.all().values_list("msisdn", flat=True) == [51987763010]
