"""The list of contacts: pages, search, filter, ticks, actions with their undo, export."""

import csv
import io

import pytest

from bot.conversations.contact_actions import AskDeed, Do
from bot.conversations.contact_filter import AskFilter, SetShow
from bot.conversations.contact_list import ListContacts, ShowAll, ShowGroup, Tick
from bot.conversations.groups import ListGroups
from bot.conversations.undo import StopChange, Undo, follow_change
from domain.errors import NotAllowed, NotFound
from domain.models import Account, Contact, ImportJob, ImportState
from domain.rules.role import Role
from domain.usecases import blacklist, bulk, contacts, groups, undo
from domain.usecases.blacklist import Source
from locales import Texts
from tests.bot.conversations.sending import Sender, sender_of
from tests.conftest import OWNER

FIRST = 51_987_763_000


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Sender:
    """The owner, once in each language."""
    return sender_of(sqlite_account, texts)


async def filled(account: Account, size: int, title: str = "Clientes") -> int:
    """A group with that many contacts."""
    group_id = await groups.create(account.id, title)
    lines = [f"{FIRST + n}; Nombre{n:02d}; Pérez" for n in range(size)]
    await contacts.add_many(account.id, group_id, lines=lines, by=OWNER)
    return group_id


@pytest.mark.parametrize("size", [0, 1, 8, 9, 21])
async def test_the_list_works_with_any_number_of_contacts(owner: Sender, sqlite_account: Account, size: int) -> None:
    """Forwards to the end and back to the beginning, eight a page."""
    t = owner.chat.t
    if size:
        await filled(sqlite_account, size)
    await owner.do(ListGroups())
    await owner.tap(t.label("list.open"))
    seen = [label for label in owner.labels if "+51" in label]
    assert (t("list.count", count=size) if size else t("list.empty")) in owner.screen.text
    first = list(seen)
    while owner.has("›"):
        await owner.tap("›")
        seen += [label for label in owner.labels if "+51" in label]
    while owner.has("‹"):
        await owner.tap("‹")

    assert len(seen) == len(set(seen)) == size
    assert [label for label in owner.labels if "+51" in label] == first


async def test_a_contact_leads_back_to_where_the_list_was(owner: Sender, sqlite_account: Account) -> None:
    """Not to the first page."""
    await filled(sqlite_account, 20)
    await owner.do(ShowAll())
    await owner.tap("›")
    await owner.tap("Nombre10")
    await owner.tap(owner.chat.t.label("nav.back"))

    assert owner.has("Nombre10")


async def test_search_takes_a_part_of_a_name_or_of_a_number(owner: Sender, sqlite_account: Account) -> None:
    """One question for both; what was looked for is shown, and reset by a tap."""
    t = owner.chat.t
    await filled(sqlite_account, 12)
    await owner.do(ShowAll())
    await owner.tap(t.label("list.search"))
    await owner.type("NOMBRE1 perez")
    assert t("list.count", count=2) in owner.screen.text
    assert "NOMBRE1" in owner.screen.text
    await owner.tap(t.label("list.search"))
    await owner.type("763 003")
    assert t("list.count", count=1) in owner.screen.text
    assert owner.has("Nombre03")
    await owner.tap(t.label("list.search"))
    await owner.type("<b>nadie")
    assert t("list.none") in owner.screen.text
    await owner.tap(t.label("list.reset"))

    assert t("list.count", count=12) in owner.screen.text


async def test_each_part_of_the_filter_is_set_and_reset(owner: Sender, sqlite_account: Account) -> None:
    """Group, name, number, how they stand, import: all at once."""
    t, account_id = owner.chat.t, sqlite_account.id
    await filled(sqlite_account, 12)
    await blacklist.put(account_id, [FIRST + 3, FIRST + 11], source=Source.MANUAL, by=1)
    job = await ImportJob.create(
        account=sqlite_account, person_id=1, chat_id=1, file_name="a.csv", sha256="0", state=ImportState.DONE
    )
    await Contact.filter(msisdn__in=[FIRST + 3, FIRST + 4]).update(import_id=job.id)
    await owner.do(ShowAll())
    await owner.tap(t.label("list.filter"))
    await owner.tap(t.label("list.filter.by_group", value=t.label("list.filter.any")))
    await owner.tap("Clientes")
    await owner.tap(t.label("list.filter.by_show", value=t.label("list.show.all")))
    await owner.tap(t.label("list.show.blacklisted"))
    assert t("list.matches", count=2) in owner.screen.text
    await owner.tap(t.label("list.filter.by_import", value=t.label("list.filter.any")))
    await owner.tap("a.csv")
    await owner.tap(t.label("list.filter.by_number", value=t.label("list.filter.any")))
    await owner.type("63 003")
    await owner.tap(t.label("list.filter.by_name", value=t.label("list.filter.any")))
    await owner.type("nombre")
    await owner.tap(t.label("list.filter.go", count=1))

    assert [label for label in owner.labels if "+51" in label] == ["🚫 +51 987 763 003 Nombre03 P…"]
    assert "a.csv" in owner.screen.text
    await owner.do(AskFilter())
    await owner.tap("nombre")
    await owner.tap(t.label("list.filter.any"))
    await owner.tap(t.label("list.reset"))
    assert t("list.count", count=12) in owner.screen.text
    with pytest.raises(NotFound):
        await owner.do(SetShow("x"))


async def test_contacts_are_ticked_across_pages_and_deleted_and_come_back(
    owner: Sender, sqlite_account: Account
) -> None:
    """The count first; one tap on the result gives all of them back."""
    t = owner.chat.t
    await filled(sqlite_account, 20)
    await owner.do(ShowAll())
    await owner.tap(t.label("list.pick"))
    await owner.tap("⬜ +51 987 763 001")
    assert owner.has("☑️ +51 987 763 001")
    await owner.tap("›")
    await owner.tap(t.label("list.pick.page"))
    assert t("list.picked", count=9) in owner.screen.text
    await owner.tap("☑️ +51 987 763 009")
    await owner.tap(t.label("list.act.picked", count=8))
    assert t("list.act.on_picked", count=8) in owner.screen.text
    await owner.tap(t.label("list.deed.delete"))
    assert t("list.confirm.delete", count=8) in owner.screen.text
    await owner.tap(t.label("list.yes.delete", count=8))
    assert await Contact.all().count() == 12
    await owner.tap(t.label("undo.do"))

    assert t("undo.state.undone") in owner.screen.text
    assert await Contact.all().count() == 20
    await owner.do(ListContacts())
    assert t("list.picked", count=8) not in owner.screen.text


async def test_all_that_match_join_leave_and_are_blacklisted(owner: Sender, sqlite_account: Account) -> None:
    """Each with its count, its confirmation and its undo."""
    t, account_id = owner.chat.t, sqlite_account.id
    group_id = await filled(sqlite_account, 12)
    other = await groups.create(account_id, "Otros")
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.join"))
    await owner.tap("Otros")
    assert t("list.confirm.join", count=12, title="Otros") in owner.screen.text
    await owner.tap(t.label("list.yes.join", count=12))
    assert (await groups.get(account_id, other)).contacts == 12
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.blacklist"))
    await owner.tap(t.label("list.yes.blacklist", count=12))
    assert (await groups.get(account_id, group_id)).blacklisted == 12
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.dnc"))
    assert t("list.confirm.dnc", count=12, title="Clientes") in owner.screen.text
    await owner.tap(t.label("list.yes.dnc", count=12))
    assert (await groups.get(account_id, group_id)).contacts == 0
    await owner.tap(t.label("undo.do"))
    assert (await groups.get(account_id, group_id)).contacts == 12
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.leave"))
    await owner.tap(t.label("list.yes.leave", count=12))

    assert (await groups.get(account_id, group_id)).contacts == 0
    assert await Contact.all().count() == 12
    await owner.do(Do("delete", all=True, group_id=None))
    assert t("error.nothing_to_do") in owner.screen.text
    with pytest.raises(NotFound):
        await owner.do(AskDeed("import", all=True, group_id=None))


async def test_a_deed_that_was_asked_about_others_is_asked_again(owner: Sender, sqlite_account: Account) -> None:
    """An old button, another device, a colleague who deleted the group that was filtered by: never all contacts."""
    t, account_id = owner.chat.t, sqlite_account.id
    await filled(sqlite_account, 20)
    small = await filled(sqlite_account, 2, title="Pocos")
    await owner.do(ShowGroup(small))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.delete"))
    yes = owner.button(t.label("list.yes.delete", count=2)).action
    assert yes is not None
    await groups.delete(account_id, small, by=4242)
    await owner.do(yes)
    assert t("list.confirm.delete", count=20) in owner.screen.text
    assert owner.screen.toast == t.label("launch.counts_changed")
    assert await Contact.all().count() == 20
    await owner.do(SetShow("no_group"))
    await owner.do(yes)

    assert await Contact.all().count() == 20
    assert t("error.nothing_to_do") in owner.screen.text


@pytest.mark.parametrize("deed", ["join", "blacklist", "delete"])
async def test_a_second_tap_shows_what_the_first_did(owner: Sender, sqlite_account: Account, deed: str) -> None:
    """With its way back, and nothing is done twice."""
    t, account_id = owner.chat.t, sqlite_account.id
    group_id = await filled(sqlite_account, 3)
    await groups.create(account_id, "Otros")
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label(f"list.deed.{deed}"))
    if deed == "join":
        await owner.tap("Otros")
    yes = owner.button(t.label(f"list.yes.{deed}", count=3)).action
    assert yes is not None
    first = await owner.do(yes)

    assert (await owner.do(yes)).text == first.text
    assert owner.has(t.label("undo.do"))
    assert (await undo.recent(account_id, now=owner.chat.now, limit=9))[1] == 2


async def test_what_is_done_to_many_is_stopped_by_a_tap(
    owner: Sender, sqlite_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message that shows the progress says how many are done; they come back by a tap."""
    t = owner.chat.t
    await filled(sqlite_account, 5)
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    await owner.do(ShowAll())
    await owner.tap(t.label("list.act"))
    await owner.tap(t.label("list.deed.delete"))
    await owner.tap(t.label("list.yes.delete", count=5))
    assert t("undo.what.begins", what=t.label("undo.kind.delete")) in owner.screen.text
    assert t("undo.state.running", done="0", total="5") in owner.screen.text
    assert owner.screen.follow is not None
    change_id = owner.screen.follow.subject_id
    slept = 0

    async def stop(_seconds: float) -> None:
        nonlocal slept
        slept += 1
        screen, last = await follow_change(change_id, owner.chat)
        assert t("undo.state.running", done="2", total="5") in screen.text
        assert not last
        await owner.tap(t.label("undo.stop"))

    monkeypatch.setattr(bulk.asyncio, "sleep", stop)
    await bulk.carry_on(change_id)
    monkeypatch.undo()

    assert slept == 1
    assert t("undo.state.stopped", done="2", total="5") in owner.screen.text
    assert not owner.has(t.label("undo.stop"))
    assert (await follow_change(change_id, owner.chat))[1]
    assert await Contact.all().count() == 3
    await owner.do(StopChange(change_id))
    assert t("undo.state.stopped", done="2", total="5") in owner.screen.text
    await owner.tap(t.label("undo.do"))
    assert t("undo.state.undone") in owner.screen.text
    assert await Contact.all().count() == 5
    await owner.do(StopChange(change_id))
    assert t("undo.state.undone") in owner.screen.text


async def test_what_was_changed_since_is_said_with_the_way_to_undo_the_rest(
    owner: Sender, sqlite_account: Account
) -> None:
    """Named and counted."""
    t, account_id = owner.chat.t, sqlite_account.id
    await filled(sqlite_account, 3)
    one = await Contact.get(msisdn=FIRST)
    await contacts.change(account_id, one.id, field="email", text="a@b.pe", by=OWNER)
    changes, total = await undo.recent(account_id, now=owner.chat.now, limit=9)
    assert total == 2
    await owner.do(Undo(changes[1].id))

    assert t("undo.refused.then") in owner.screen.text
    assert t.label("undo.kind.edit") in owner.screen.text
    await owner.tap(t.label("undo.rest", count=2))
    assert t("undo.kept", count=1) in owner.screen.text
    assert await Contact.all().count() == 1


async def test_the_filtered_list_is_exported_as_csv_and_xlsx(owner: Sender, sqlite_account: Account) -> None:
    """Only what matches; formulas made harmless; a byte-order mark for Excel."""
    t, account_id = owner.chat.t, sqlite_account.id
    group_id = await filled(sqlite_account, 3)
    await contacts.add(account_id, group_id, line=f'{FIRST + 9};=1+1;"a;b"')
    await filled(sqlite_account, 0, title="Vacío")
    await owner.do(ShowGroup(group_id))
    await owner.tap(t.label("list.export"))
    assert t("list.export.ask", count=4) in owner.screen.text
    await owner.tap("CSV")
    (document,) = owner.screen.documents
    rows = list(csv.reader(io.StringIO(document.content.decode("utf-8-sig")), delimiter=";"))

    assert document.content.startswith(b"\xef\xbb\xbf")
    assert document.name == f"{t.label('list.export.file')}.csv"
    assert rows[0][0] == t.label("field.msisdn")
    assert rows[1] == [str(FIRST), "Nombre00", "Pérez", "", "", "", "", ""]
    assert rows[4][:3] == [str(FIRST + 9), "'=1+1", "a;b"]
    await owner.tap(t.label("list.export"))
    await owner.tap("Excel")
    assert owner.screen.documents[0].content.startswith(b"PK")


async def test_a_viewer_searches_and_exports_and_changes_nothing(sqlite_account: Account, texts: Texts) -> None:
    """Buttons are left out, and forged ones refused."""
    await filled(sqlite_account, 2)
    viewer = sender_of(sqlite_account, texts, role=Role.VIEWER)
    await viewer.do(ShowAll())
    assert not viewer.has(texts.label("list.pick"))
    assert viewer.has(texts.label("list.export"))
    with pytest.raises(NotAllowed):
        await viewer.do(Do("delete", all=True, group_id=None))
    with pytest.raises(NotAllowed):
        await viewer.do(Tick(1, 0, back=False))
