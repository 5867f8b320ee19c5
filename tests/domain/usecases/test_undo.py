"""Undoing: every table as it was before, whatever was done; refusals; two taps; a kill in the middle."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tortoise.connection import get_connection

from domain.models import (
    Account,
    BlacklistEntry,
    Campaign,
    Change,
    ChangeKind,
    ChangeState,
    Contact,
    ContactGroup,
    ImportJob,
    ImportState,
)
from domain.rules.campaign_state import CampaignState
from domain.rules.contact_filter import Wanted
from domain.store import ImportedRow, Slice, Store
from domain.usecases import bulk, change_run, contacts, undo
from domain.usecases.undo import ChangedSince, GroupTitleTaken, StillRunning, UndoneAlready, UndoTooLate
from tests.conftest import OWNER

NUMBER = 51_987_763_000
NOW = datetime.now(UTC)
_TABLES = {
    "contact": "select * from contact order by id",
    "group_contact": "select * from group_contact order by group_id, contact_id",
    "contact_group": "select id, account_id, title, description, created_at from contact_group order by id",
    "blacklist_entry": "select * from blacklist_entry order by id",
    "campaign_group": "select * from campaign_group order by campaign_id, group_id",
}


async def tables() -> dict[str, list[Any]]:
    """Every row of the tables that people change; a group's revision counts changes and so is left out."""
    db = get_connection("default")
    return {name: [tuple(row.values()) for row in await db.execute_query_dict(q)] for name, q in _TABLES.items()}


def rows(*offsets: int, name: str = "Ana") -> list[ImportedRow]:
    """Rows of a file."""
    return [ImportedRow(NUMBER + n, name, "Quispe", "", "", "", "", "") for n in offsets]


@pytest.fixture
async def group(account: Account, store: Store) -> ContactGroup:
    """A group of five, two of them on the blacklist; another group with one of them."""
    group = await ContactGroup.create(account=account, title="Clientes", description="d")
    other = await ContactGroup.create(account=account, title="Otros")
    change = await undo.begin(account.id, ChangeKind.ADD, by=OWNER)
    await store.write_contacts(account.id, group.id, rows(0, 1, 2, 3, 4), now_ms=5, change_id=change)
    await undo.finish(change)
    await store.blacklist(account.id, [NUMBER + 1, NUMBER + 2, NUMBER + 77], source="optout", by=None, now_ms=5)
    await store.add_members(other.id, [await contact_id(1)])
    return group


async def contact_id(offset: int) -> int:
    """Id of a contact of the group."""
    return int((await Contact.get(msisdn=NUMBER + offset)).id)


Doing = Callable[[Account, ContactGroup, Store, int], Awaitable[None]]


async def _imported(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    other = await ContactGroup.get(title="Otros")
    await store.write_contacts(account.id, other.id, rows(1, 3, 4, 8, 9, name="Otra"), now_ms=50, change_id=change)


async def _deleted(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    await store.delete_contacts(Slice(change, account.id, [await contact_id(n) for n in (0, 1)]))


async def _joined(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    part = Slice(change, account.id, [await contact_id(n) for n in range(5)])
    await store.change_members(part, (await ContactGroup.get(title="Otros")).id, joining=True)


async def _left(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    part = Slice(change, account.id, [await contact_id(n) for n in (1, 2)])
    await store.change_members(part, group.id, joining=False)


async def _listed(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    part = Slice(change, account.id, [NUMBER, NUMBER + 1, NUMBER + 90])
    await store.list_numbers(part, source="manual", by=OWNER, now_ms=70)


async def _unlisted(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    await store.unlist_numbers(Slice(change, account.id, [NUMBER, NUMBER + 1, NUMBER + 77]))


async def _joined_all(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    await store.join_groups(Slice(change, account.id, [await contact_id(n) for n in (0, 1)]))


async def _left_all(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    await store.leave_groups(Slice(change, account.id, [await contact_id(n) for n in (0, 1)]))


async def _edited(account: Account, group: ContactGroup, store: Store, change: int) -> None:
    await store.edit_contact(
        account.id, await contact_id(0), column="msisdn", value=NUMBER + 55, change_id=change, now_ms=80
    )


KINDS = [
    pytest.param(ChangeKind.IMPORT, _imported, "Otros", id="import"),
    pytest.param(ChangeKind.DELETE, _deleted, None, id="delete"),
    pytest.param(ChangeKind.JOIN, _joined, "Otros", id="join"),
    pytest.param(ChangeKind.DNC, _left, "Clientes", id="dnc"),
    pytest.param(ChangeKind.BLACKLIST, _listed, None, id="blacklist"),
    pytest.param(ChangeKind.UNBLACKLIST, _unlisted, None, id="unblacklist"),
    pytest.param(ChangeKind.JOIN, _joined_all, None, id="join every group"),
    pytest.param(ChangeKind.LEAVE, _left_all, None, id="leave every group"),
    pytest.param(ChangeKind.EDIT, _edited, None, id="edit"),
]


async def done(kind: ChangeKind, doing: Doing, group_title: str | None, account: Account, store: Store) -> int:
    """Carry out a change and return its id."""
    into = await ContactGroup.get(title=group_title) if group_title else None
    change = await undo.begin(account.id, kind, by=OWNER, title="algo", group_id=into.id if into else None)
    await doing(account, await ContactGroup.get(title="Clientes"), store, change)
    await undo.finish(change)
    return change


@pytest.mark.parametrize(("kind", "doing", "title"), KINDS)
async def test_undoing_gives_every_table_its_rows_back(
    account: Account, group: ContactGroup, store: Store, kind: ChangeKind, doing: Doing, title: str | None
) -> None:
    """Ids, times, sources and memberships included; the revision rises, so permanent campaigns look again."""
    before = await tables()
    change = await done(kind, doing, title, account, store)
    assert await tables() != before
    view = await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert await tables() == before
    assert (view.state, view.kept) == (ChangeState.UNDONE, 0)
    with pytest.raises(UndoneAlready):
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    assert await tables() == before


async def test_two_taps_at_once_undo_once(account: Account, group: ContactGroup, store: Store) -> None:
    """The claim is one guarded update."""
    before = await tables()
    change = await done(ChangeKind.DELETE, _deleted, None, account, store)
    taps = [undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC)) for _ in range(4)]
    outcomes = await asyncio.gather(*taps, return_exceptions=True)

    assert sum(isinstance(outcome, undo.ChangeView) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, UndoneAlready) for outcome in outcomes) == 3
    assert await tables() == before


async def test_what_was_changed_since_stands_against_it_and_is_named(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """Nothing is undone; the rest can be, by a word of its own; the later change undone, all of it can."""
    change = await done(ChangeKind.IMPORT, _imported, "Otros", account, store)
    edit = await undo.begin(account.id, ChangeKind.EDIT, by=OWNER, title="+51 987 763 008")
    await store.edit_contact(account.id, await contact_id(8), column="email", value="a@b.pe", change_id=edit, now_ms=60)
    await undo.finish(edit)
    before = await tables()
    with pytest.raises(ChangedSince) as refused:
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert await tables() == before
    assert refused.value.values == {"count": 1, "total": 5}
    assert refused.value.rest == 4
    assert [(one.kind, one.title, one.by, one.count) for one in refused.value.against] == [
        (ChangeKind.EDIT, "+51 987 763 008", "Owner", 1)
    ]
    view = await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC), rest=True)
    assert (view.state, view.kept) == (ChangeState.UNDONE, 1)
    assert (await Contact.get(msisdn=NUMBER + 8)).email == "a@b.pe"
    assert await Contact.filter(msisdn=NUMBER + 9).count() == 0
    assert (await Contact.get(msisdn=NUMBER + 3)).first_name == "Ana"


async def _edit_new(account: Account, store: Store) -> None:
    change = await undo.begin(account.id, ChangeKind.EDIT, by=OWNER)
    await store.edit_contact(account.id, await contact_id(9), column="email", value="x", change_id=change, now_ms=50)


async def _delete_new(account: Account, store: Store) -> None:
    change = await undo.begin(account.id, ChangeKind.DELETE, by=OWNER)
    await store.delete_contacts(Slice(change, account.id, [await contact_id(9)]))


async def _move_new(account: Account, store: Store) -> None:
    await store.add_members((await ContactGroup.get(title="Clientes")).id, [await contact_id(9)])


async def _take_out_known(account: Account, store: Store) -> None:
    await store.remove_members((await ContactGroup.get(title="Otros")).id, [await contact_id(4)])


async def _leave_one(account: Account, store: Store) -> None:
    await store.remove_members((await ContactGroup.get(title="Otros")).id, [await contact_id(0)])


async def _number_goes(account: Account, store: Store) -> None:
    change = await undo.begin(account.id, ChangeKind.ADD, by=OWNER)
    await store.write_contacts(account.id, None, rows(0), now_ms=90, change_id=change)


async def _opt_out(account: Account, store: Store) -> None:
    await store.blacklist(account.id, [NUMBER + 90], source="optout", by=None, now_ms=99)


async def _listed_again(account: Account, store: Store) -> None:
    await store.blacklist(account.id, [NUMBER + 77], source="manual", by=OWNER, now_ms=99)


@pytest.mark.parametrize(
    ("kind", "doing", "title", "since"),
    [
        pytest.param(
            ChangeKind.IMPORT, _imported, "Otros", _edit_new, id="a new contact was edited within the same ms"
        ),
        pytest.param(ChangeKind.IMPORT, _imported, "Otros", _delete_new, id="a new contact was deleted"),
        pytest.param(ChangeKind.IMPORT, _imported, "Otros", _move_new, id="a new contact joined another group"),
        pytest.param(ChangeKind.IMPORT, _imported, "Otros", _take_out_known, id="a known one was taken out again"),
        pytest.param(ChangeKind.JOIN, _joined_all, None, _leave_one, id="it left one of the groups again"),
        pytest.param(ChangeKind.DELETE, _deleted, None, _number_goes, id="a deleted one's number came again"),
        pytest.param(ChangeKind.EDIT, _edited, None, _number_goes, id="the number that it had is another's"),
        pytest.param(ChangeKind.BLACKLIST, _listed, None, _opt_out, id="the contact asked for it since"),
        pytest.param(ChangeKind.UNBLACKLIST, _unlisted, None, _listed_again, id="the number is listed again"),
    ],
)
async def test_a_later_change_of_one_row_refuses_all_of_it(
    account: Account,
    group: ContactGroup,
    store: Store,
    kind: ChangeKind,
    doing: Doing,
    title: str | None,
    since: Callable[[Account, Store], Awaitable[None]],
) -> None:
    """Whether the later change is in the journal or came from elsewhere."""
    change = await done(kind, doing, title, account, store)
    await since(account, store)
    before = await tables()
    with pytest.raises(ChangedSince) as refused:
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert refused.value.values["count"] == 1
    assert await tables() == before
    assert (await Change.get(id=change)).state is ChangeState.DONE


async def test_a_deleted_group_comes_back_with_its_members_and_all_that_pointed_to_it(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """Drafts and finished campaigns, and the imports that went into it."""
    campaign = await Campaign.create(account=account, created_by=OWNER, chat_id=1)
    await campaign.groups.add(group)
    job = await ImportJob.create(
        account=account, group=group, person_id=1, chat_id=1, file_name="a", sha256="0", state=ImportState.DONE
    )
    before = await tables()
    change = await undo.delete_group(account.id, group.id, by=OWNER)
    assert change is not None
    assert await store.groups_of(account.id, await contact_id(0)) == []
    assert (await store.audience_count(account.id, [group.id])).contacts == 0
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert await tables() == before
    await job.refresh_from_db()
    assert job.group_id == group.id  # type: ignore[attr-defined]
    with pytest.raises(UndoneAlready):
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))


@pytest.mark.parametrize("state", sorted(set(CampaignState) - {CampaignState.DRAFT}))
async def test_a_campaign_launched_without_a_deleted_group_does_not_get_it_back(
    account: Account, group: ContactGroup, state: CampaignState
) -> None:
    """Nobody was told that it goes to these contacts; a permanent one would at once. A draft gets it, as changed."""
    other = await ContactGroup.get(title="Otros")
    launched, draft = [await Campaign.create(account=account, created_by=OWNER, chat_id=1) for _ in range(2)]
    for campaign in (launched, draft):
        await campaign.groups.add(group, other)
    change = await undo.delete_group(account.id, group.id, by=OWNER)
    assert change is not None
    assert (await Campaign.get(id=draft.id)).revision == draft.revision + 1
    later = datetime.now(UTC) + timedelta(seconds=1)
    await Campaign.filter(id=launched.id).update(state=state, started_at=later)
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert [one.title for one in await launched.groups.all()] == ["Otros"]
    assert {one.title for one in await draft.groups.all()} == {"Clientes", "Otros"}
    assert (await Campaign.get(id=draft.id)).revision == draft.revision + 2


async def test_a_deleted_group_stays_away_where_its_title_is_taken(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """It says so, and can be undone once the other one has another title."""
    change = await undo.delete_group(account.id, group.id, by=OWNER)
    assert change is not None
    other = await ContactGroup.create(account=account, title="CLIENTES")
    with pytest.raises(GroupTitleTaken):
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    await ContactGroup.filter(id=other.id).update(title="Nuevo")
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert (await store.audience_count(account.id, [group.id])).contacts == 5


async def test_a_contact_deleted_after_its_group_comes_back_into_it(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """Each change is undone by itself, in any order."""
    before = await tables()
    gone = await undo.delete_group(account.id, group.id, by=OWNER)
    assert gone is not None
    change = await done_without_group(account, store)
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    await undo.undo(account.id, gone, by=OWNER, now=datetime.now(UTC))

    assert await tables() == before


async def test_a_deleted_group_comes_back_without_contacts_that_an_undone_import_took(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """They joined it after their import, which is undone while the group is away: it is not counted with them."""
    change = await done(ChangeKind.IMPORT, _imported, "Otros", account, store)
    await store.add_members(group.id, [await contact_id(8), await contact_id(9)])
    gone = await undo.delete_group(account.id, group.id, by=OWNER)
    assert gone is not None
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    await undo.undo(account.id, gone, by=OWNER, now=datetime.now(UTC))

    assert (await store.group_sizes(account.id))[group.id] == 5
    assert (await store.audience_count(account.id, [group.id])).contacts == 5


async def done_without_group(account: Account, store: Store) -> int:
    """Two contacts deleted."""
    change = await undo.begin(account.id, ChangeKind.DELETE, by=OWNER)
    await store.delete_contacts(Slice(change, account.id, [await contact_id(n) for n in (0, 1)]))
    await undo.finish(change)
    return change


async def test_after_a_day_it_is_too_late_and_the_journal_is_gone(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """What cannot be undone any more takes no room."""
    change = await done(ChangeKind.DELETE, _deleted, None, account, store)
    gone = await undo.delete_group(account.id, group.id, by=OWNER)
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    with pytest.raises(UndoTooLate):
        await undo.undo(account.id, change, by=OWNER, now=tomorrow)
    assert await change_run.purge(datetime.now(UTC)) == 0
    assert await change_run.purge(tomorrow) == 3
    assert await change_run.purge(tomorrow) == 0

    assert await store.journal_span(change, after=0, limit=10) is None
    left = await get_connection("default").execute_query_dict("select * from group_contact")
    assert {row["group_id"] for row in left} == {(await ContactGroup.get(title="Otros")).id} - {gone} or left == []
    with pytest.raises(UndoTooLate):
        await undo.undo(account.id, change, by=OWNER, now=NOW)


async def test_the_journal_of_an_import_goes_after_a_day_too(account: Account, group: ContactGroup) -> None:
    """It is the largest of all. What is still running, or being undone, keeps its own."""
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    old = await undo.begin(account.id, ChangeKind.IMPORT, by=OWNER)
    await undo.finish(old, count=1)
    running = await undo.begin(account.id, ChangeKind.IMPORT, by=OWNER)
    going_back = await undo.begin(account.id, ChangeKind.IMPORT, by=OWNER)
    await Change.filter(id=going_back).update(state=ChangeState.UNDOING)
    before = await Change.filter(purged=True).count()
    await change_run.purge(tomorrow)

    assert before == 0
    assert (await Change.get(id=old)).purged
    assert await Change.filter(id__in=[running, going_back], purged=True).count() == 0


async def test_a_change_that_is_under_way_is_not_undone(account: Account, group: ContactGroup, store: Store) -> None:
    """Its other half would be written after it."""
    change = await undo.begin(account.id, ChangeKind.DELETE, by=OWNER)
    await store.delete_contacts(Slice(change, account.id, [await contact_id(0)]))

    with pytest.raises(StillRunning):
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))


async def test_a_single_deed_that_a_kill_cut_off_can_be_undone_a_minute_later(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """Its one slice is written, or is not; a deed that is just being done is left alone."""
    before = await tables()
    change = await undo.begin(account.id, ChangeKind.DELETE, by=OWNER)
    await _deleted(account, group, store, change)
    await change_run.carry_all()
    young = (await Change.get(id=change)).state
    await Change.filter(id=change).update(made_ms=undo.now_ms() - 61_000)
    await change_run.carry_all()
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert young is ChangeState.RUNNING
    assert await tables() == before


async def test_a_change_that_cannot_be_carried_on_stands_in_nobodys_way(
    account: Account, group: ContactGroup, store: Store
) -> None:
    """Of another account, perhaps; the others come to their end each time, before it and behind it."""
    before = await tables()
    await undo.begin(account.id, ChangeKind.DELETE, by=OWNER, scope={"wanted": {"written by": "another release"}})
    gone = Wanted(ids=(await contact_id(0),)).to_json()
    deleted = await undo.begin(account.id, ChangeKind.DELETE, by=OWNER, scope={"wanted": gone, "total": 1})
    await change_run.carry_all()
    assert await Contact.filter(msisdn=NUMBER).count() == 0
    await Change.filter(id=deleted).update(state=ChangeState.UNDOING, cursor=0)
    await change_run.carry_all()

    assert (await Change.get(id=deleted)).state is ChangeState.UNDONE
    assert await tables() == before


async def test_a_journal_whose_purge_was_cut_short_goes_the_next_time(
    account: Account, group: ContactGroup, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between two slices leaves nothing behind for ever."""
    change = await done(ChangeKind.DELETE, _deleted, None, account, store)
    tomorrow = datetime.now(UTC) + timedelta(hours=25)
    real = type(store).purge_journal

    async def killed(self: Store, change_id: int, *, limit: int) -> int:
        await real(self, change_id, limit=1)
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "purge_journal", killed)
        with pytest.raises(asyncio.CancelledError):
            await change_run.purge(tomorrow)
    await change_run.purge(tomorrow)

    assert await get_connection("default").execute_query_dict("select * from change_row") == []
    assert (await Change.get(id=change)).purged


async def test_a_slice_that_comes_twice_is_written_once(account: Account, group: ContactGroup, store: Store) -> None:
    """A restart repeats the last slice."""
    change = await undo.begin(account.id, ChangeKind.BLACKLIST, by=OWNER)
    part = Slice(change, account.id, [NUMBER, NUMBER + 1, NUMBER + 3])

    assert await store.list_numbers(part, source="manual", by=OWNER, now_ms=70) == 2
    assert await store.list_numbers(part, source="manual", by=OWNER, now_ms=70) is None
    assert (await Change.get(id=change)).count == 2
    entry = await BlacklistEntry.get(msisdn=NUMBER + 1)
    assert entry.source == "optout"


async def test_an_undoing_that_was_killed_goes_on_where_it_was(
    account: Account, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slice by slice, each with the change's cursor; what a person changes meanwhile stays theirs."""
    monkeypatch.setattr(undo, "UNDO_SLICE", 2)
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    group = await ContactGroup.create(account=account, title="Clientes")
    before = await tables()
    change = await undo.begin(account.id, ChangeKind.IMPORT, by=OWNER, group_id=group.id)
    await store.write_contacts(account.id, group.id, rows(*range(7)), now_ms=5, change_id=change)
    await undo.finish(change)
    view = await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    assert view.state is ChangeState.UNDOING
    assert await undo.unfinished() == [change]
    await undo.carry_on(change)
    await undo.carry_on(change)

    assert await tables() == before
    assert await undo.unfinished() == []


async def test_another_accounts_change_is_not_found(account: Account, group: ContactGroup, store: Store) -> None:
    """Ids in a button are never trusted."""
    from domain.errors import NotFound

    change = await done(ChangeKind.DELETE, _deleted, None, account, store)
    with pytest.raises(NotFound):
        await undo.undo(account.id + 1, change, by=OWNER, now=datetime.now(UTC))


async def test_a_whole_import_is_undone(account: Account, group: ContactGroup, store: Store) -> None:
    """
    From the upload to the last row: new ones go, known ones are what they were; the import keeps its record, but nobody
    is warned that the same file was imported.
    """
    from domain.usecases import groups, imports

    before = await tables()
    content = f"numero;nombre\n{NUMBER + 1};Cambiada\n{NUMBER + 40};Nueva\n".encode()
    job = await imports.receive(account.id, "a.csv", content, person_id=OWNER, chat_id=1, group_id=group.id)
    await imports.review(account.id, job)
    await imports.confirm(account.id, job)
    change = (await imports.get(account.id, job)).change_id
    assert change is not None
    with pytest.raises(StillRunning):
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))
    await imports.run_job(job)
    assert (await Contact.get(msisdn=NUMBER + 40)).import_id == job
    view = await undo.get(account.id, change, now=datetime.now(UTC))
    assert (view.kind, view.title, view.count, view.undoable) == (ChangeKind.IMPORT, "a.csv", 2, True)
    again = await imports.receive(account.id, "a.csv", content, person_id=OWNER, chat_id=1, group_id=group.id)
    assert await imports.before(account.id, again) is not None
    assert (await groups.get(account.id, group.id)).last_import is not None
    await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert await tables() == before
    assert (await imports.get(account.id, job)).state is ImportState.DONE
    assert await imports.before(account.id, again) is None
    assert (await groups.get(account.id, group.id)).last_import is None


async def test_an_import_counts_what_it_changed(account: Account, group: ContactGroup, store: Store) -> None:
    """Not the contacts that were there as the file has them: of those, no rest can be undone."""
    from domain.usecases import imports

    known = "".join(f"{NUMBER + n};Ana;Quispe\n" for n in range(5))
    content = f"numero;nombre;apellido\n{known}{NUMBER + 40};Nueva;\n".encode()
    job = await imports.receive(account.id, "a.csv", content, person_id=OWNER, chat_id=1, group_id=group.id)
    await imports.review(account.id, job)
    await imports.confirm(account.id, job)
    await imports.run_job(job)
    change = (await imports.get(account.id, job)).change_id
    assert change is not None
    new = await Contact.get(msisdn=NUMBER + 40)
    await contacts.change(account.id, new.id, field="email", text="a@b.pe", by=OWNER)
    with pytest.raises(ChangedSince) as refused:
        await undo.undo(account.id, change, by=OWNER, now=datetime.now(UTC))

    assert (refused.value.values, refused.value.rest) == ({"count": 1, "total": 1}, 0)


async def test_group_toggles_of_one_contact_are_undone_too(account: Account, group: ContactGroup, store: Store) -> None:
    """One group or all of them: one change each, under the contact's number; nothing done is no change."""
    one = await contact_id(0)
    before = await tables()
    made = [
        await contacts.leave(account.id, group.id, contact_id=one, by=OWNER),
        await contacts.leave(account.id, group.id, contact_id=one, by=OWNER),
        await contacts.join(account.id, None, contact_id=one, by=OWNER),
        await contacts.join(account.id, None, contact_id=one, by=OWNER),
        await contacts.leave(account.id, None, contact_id=one, by=OWNER),
    ]
    changes, total = await undo.recent(account.id, now=datetime.now(UTC), limit=9)

    assert [change is not None for change in made] == [True, False, True, False, True]
    assert total == 4  # with the one that made the group
    assert [(change.kind, change.title) for change in changes[:3]] == [
        (ChangeKind.LEAVE, "+51 987 763 000"),
        (ChangeKind.JOIN, "+51 987 763 000"),
        (ChangeKind.LEAVE, "+51 987 763 000 · Clientes"),
    ]
    for change in changes[:3]:
        await undo.undo(account.id, change.id, by=OWNER, now=datetime.now(UTC))
    assert await tables() == before


async def test_nobody_waits_for_another_accounts_change(
    account: Account, group: ContactGroup, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One comes to its end while another account's is between two slices; a stop leaves that one there."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    added = await undo.begin(other.id, ChangeKind.ADD, by=OWNER)
    await store.write_contacts(other.id, None, rows(7), now_ms=5, change_id=added)
    stop, between, finished, finish = asyncio.Event(), asyncio.Event(), asyncio.Event(), undo.finish

    async def for_ever(_seconds: float) -> None:
        between.set()
        await asyncio.Event().wait()

    async def finish_and_tell(change_id: int) -> int | None:
        noted = await finish(change_id)
        finished.set()
        return noted

    async def begin(of: Account, total: int) -> int:
        scope: dict[str, object] = {"wanted": Wanted().to_json(), "total": total}
        return await undo.begin(of.id, ChangeKind.DELETE, by=OWNER, scope=scope)

    monkeypatch.setattr(undo, "AT_ONCE", 2)
    monkeypatch.setattr(undo, "finish", finish_and_tell)
    monkeypatch.setattr(bulk, "asyncio", SimpleNamespace(sleep=for_ever))
    long = await begin(account, 5)
    running = asyncio.create_task(change_run.run_changes(stop))
    await asyncio.wait_for(between.wait(), 5)
    short = await begin(other, 1)
    await asyncio.wait_for(finished.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, 5)

    states = [(change.state, change.count) for change in [await Change.get(id=id_) for id_ in (long, short)]]
    assert states == [(ChangeState.RUNNING, 2), (ChangeState.DONE, 1)]
