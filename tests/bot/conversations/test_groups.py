"""Groups in the chat: from the empty list to deleting one, by taps and typing."""

import pytest

from bot.conversations.groups import AskDelete, ListGroups, NewGroup, OpenGroup, SetTitle
from domain.errors import NotAllowed, NotFound, TitleMissing, TitleTaken, TitleTooLong
from domain.models import Account, ContactGroup
from domain.rules.role import Role
from domain.usecases import blacklist, contacts, groups
from locales import Texts
from tests.bot.conversations.sending import Sender, sender_of


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Sender:
    """The owner, once in each language."""
    return sender_of(sqlite_account, texts)


async def filled(account: Account, size: int, title: str = "Clientes") -> int:
    """A group with that many contacts."""
    group_id = await groups.create(account.id, title)
    lines = [f"51987{n:06d},Nombre{n}" for n in range(size)]
    await contacts.add_many(account.id, group_id, lines=lines)
    return group_id


async def test_the_empty_list_says_what_to_do_first(owner: Sender) -> None:
    """A new account begins here."""
    t = owner.chat.t
    await owner.do(ListGroups())

    assert t("groups.list.empty") in owner.screen.text
    assert owner.has(t.label("groups.new"))
    assert owner.has(t.label("imports.open"))


async def test_a_group_is_made_by_title_and_description(owner: Sender) -> None:
    """Two questions; the second one may be left out."""
    t = owner.chat.t
    await owner.do(ListGroups())
    await owner.tap(t.label("groups.new"))
    await owner.type("Clientes & Cía <Lima>")
    await owner.type("Los de siempre")

    assert "<b>Clientes &amp; Cía &lt;Lima&gt;</b>" in owner.screen.text
    assert "Los de siempre" in owner.screen.text
    assert t("groups.open.empty") in owner.screen.text
    assert owner.asked is None
    await owner.do(NewGroup())
    await owner.type("Otros")
    await owner.tap(t.label("contacts.skip"))
    assert "<b>Otros</b>" in owner.screen.text


async def test_a_title_that_will_not_do_leaves_the_question_open(owner: Sender) -> None:
    """Five thousand characters, none, and one that is there already."""
    await owner.do(NewGroup())
    question = owner.asked
    with pytest.raises(TitleTooLong):
        await owner.type("x" * 5_000)
    with pytest.raises(TitleMissing):
        await owner.type("")
    assert owner.asked == question
    await owner.type("Clientes")
    await owner.do(NewGroup())
    with pytest.raises(TitleTaken):
        await owner.type("clientes")

    assert await ContactGroup.all().count() == 1


async def test_a_long_list_comes_by_pages_with_sizes(owner: Sender, sqlite_account: Account) -> None:
    """Eight a page; what is past the end is the last one."""
    for n in range(10):
        await filled(sqlite_account, n, title=f"Grupo {n} {'y un título largo ' * 3}")
    await owner.do(ListGroups())
    first = list(owner.labels)
    await owner.tap("›")

    assert sum("👥" in label for label in first) == 8
    assert [label.split(" · ")[1] for label in owner.labels if "👥" in label] == ["8", "9"]
    await owner.do(ListGroups(99))
    assert owner.has("2/2")


async def test_a_group_is_renamed_and_described(owner: Sender, sqlite_account: Account) -> None:
    """What it is now is shown with the question."""
    t = owner.chat.t
    await owner.do(OpenGroup(await filled(sqlite_account, 1)))
    await owner.tap(t.label("groups.rename"))
    assert "Clientes" in owner.screen.text
    await owner.type("Vecinos")
    await owner.tap(t.label("groups.describe"))
    await owner.type("del <b>barrio</b>")
    assert "del &lt;b&gt;barrio&lt;/b&gt;" in owner.screen.text
    await owner.tap(t.label("groups.describe"))
    await owner.tap(t.label("contacts.clear"))

    assert "<b>Vecinos</b>" in owner.screen.text
    assert "barrio" not in owner.screen.text


async def test_deleting_asks_with_the_numbers_and_says_that_contacts_stay(
    owner: Sender, sqlite_account: Account
) -> None:
    """A tap on an old button afterwards finds nothing."""
    t = owner.chat.t
    group_id = await filled(sqlite_account, 3)
    await owner.do(OpenGroup(group_id))
    await owner.tap(t.label("groups.delete"))
    assert t("groups.delete.ask", title="Clientes", count=3) in owner.screen.text
    await owner.tap(t.label("groups.delete.yes"))

    assert t("groups.deleted", title="Clientes") in owner.screen.text
    assert t("groups.list.empty") in owner.screen.text
    with pytest.raises(NotFound):
        await owner.do(AskDelete(group_id))
    await owner.do(ListGroups())
    await owner.tap(t.label("undo.open"))
    await owner.tap("Clientes")
    await owner.tap(t.label("undo.do"))
    await owner.do(OpenGroup(group_id))
    assert t("groups.open.contacts", number="3") in owner.screen.text


async def test_members_come_by_pages_with_the_blacklisted_marked(owner: Sender, sqlite_account: Account) -> None:
    """To verify that what was imported is right (the manual, 2.4)."""
    group_id = await filled(sqlite_account, 10)
    await blacklist.put(sqlite_account.id, [51987000001], source=blacklist.Source.MANUAL, by=1)
    await owner.do(OpenGroup(group_id))
    await owner.tap(owner.chat.t.label("groups.members"))

    assert owner.has("+51 987 000 000 Nombre0")
    assert owner.has("🚫 +51 987 000 001")
    await owner.tap("›")
    assert owner.has("Nombre9")
    await owner.tap("Nombre9")
    assert "+51 987 000 009" in owner.screen.text


async def test_apply_dnc_counts_first_and_then_takes_out(owner: Sender, sqlite_account: Account) -> None:
    """The button is there only where it would do something."""
    t = owner.chat.t
    group_id = await filled(sqlite_account, 3)
    await owner.do(OpenGroup(group_id))
    assert not owner.has(t.label("groups.dnc"))
    await blacklist.put(sqlite_account.id, [51987000001], source=blacklist.Source.MANUAL, by=1)
    await owner.do(OpenGroup(group_id))
    await owner.tap(t.label("groups.dnc"))
    assert t("groups.dnc.ask", count=1, title="Clientes", left=t.number(2)) in owner.screen.text
    await owner.tap(t.label("groups.dnc.yes", count=1))

    assert t("groups.dnc.done", count=1) in owner.screen.text
    assert owner.has(t.label("undo.do"))
    assert t("groups.open.contacts", number="2") in owner.screen.text


async def test_a_viewer_sees_and_changes_nothing(sqlite_account: Account, texts: Texts) -> None:
    """Buttons are left out, and forged ones refused."""
    group_id = await filled(sqlite_account, 2)
    viewer = sender_of(sqlite_account, texts, role=Role.VIEWER)
    await viewer.do(ListGroups())
    assert not viewer.has(texts.label("groups.new"))
    assert texts("groups.list.to_look", count=1) in viewer.screen.text
    await viewer.do(OpenGroup(group_id))
    assert not viewer.has(texts.label("groups.delete"))
    await viewer.tap(texts.label("groups.members"))
    await viewer.tap("Nombre1")

    assert not viewer.has(texts.label("contacts.edit"))
    with pytest.raises(NotAllowed):
        await viewer.do(SetTitle(group_id), text="x")
