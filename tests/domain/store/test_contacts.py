"""The contact half of the store, on both engines: imports by slices, memberships, audiences, the blacklist."""

import asyncio
from pathlib import Path

import pytest

from domain.models import Account, BlacklistEntry, Contact, ContactGroup, ImportJob, ImportState
from domain.store import ContactRow, GroupCount, ImportedRow, Listed, SliceCounts, Store
from domain.store.postgres import PostgresStore
from domain.store.staging import Staged, Staging

NUMBER = 51_987_763_010


def row(offset: int, first_name: str = "", *, value_1: str = "") -> ImportedRow:
    """A valid row of an upload."""
    return ImportedRow(NUMBER + offset, first_name, "", "", "", value_1, "", "")


@pytest.fixture
async def group(account: Account) -> ContactGroup:
    """An empty group."""
    return await ContactGroup.create(account=account, title="Clientes")


@pytest.fixture
async def job(account: Account, group: ContactGroup) -> ImportJob:
    """A running import into it."""
    return await running_job(account, group)


async def running_job(account: Account, group: ContactGroup) -> ImportJob:
    """A confirmed import."""
    return await ImportJob.create(
        account=account, group=group, person_id=1, chat_id=1, file_name="a.csv", sha256="0", state=ImportState.RUNNING
    )


async def contacts_in(store: Store, group: ContactGroup) -> dict[int, ContactRow]:
    """The group's contacts by number."""
    return {contact.msisdn: contact for contact in await store.members(group.id, after=0, limit=1_000)}


async def test_a_slice_writes_contacts_members_cursor_and_counts_together(
    store: Store, account: Account, group: ContactGroup, job: ImportJob
) -> None:
    """A restart goes on behind the last slice, so all of it must be true at the same commit."""
    counts = await store.import_slice(account.id, group.id, [row(0, "Jose"), row(1)], now_ms=5, job_id=job.id)
    await job.refresh_from_db()
    await group.refresh_from_db()

    assert counts == SliceCounts(created=2, updated=0, last_msisdn=NUMBER + 1)
    assert (job.cursor, job.counts) == (NUMBER + 1, {"created": 2, "updated": 0})
    assert group.revision == 1
    assert [c.first_name for c in (await contacts_in(store, group)).values()] == ["Jose", ""]


async def test_filled_fields_win_and_blank_ones_leave_what_is_there(
    store: Store, account: Account, group: ContactGroup, job: ImportJob
) -> None:
    """A second file with only a few columns must not empty the others."""
    await store.import_slice(account.id, group.id, [row(0, "Jose", value_1="100")], now_ms=5, job_id=job.id)
    again = await running_job(account, group)
    counts = await store.import_slice(account.id, group.id, [row(0, "", value_1="200")], now_ms=9, job_id=again.id)
    contact = await Contact.get(msisdn=NUMBER)

    assert counts == SliceCounts(created=0, updated=1, last_msisdn=NUMBER)
    assert (contact.first_name, contact.value_1) == ("Jose", "200")
    assert (contact.created_ms, contact.updated_ms) == (5, 9)


async def test_a_row_that_says_nothing_new_touches_nothing(
    store: Store, account: Account, group: ContactGroup, job: ImportJob
) -> None:
    """The same file twice: same contacts, same times, same revision of the group."""
    await store.import_slice(account.id, group.id, [row(0, "Jose")], now_ms=5, job_id=job.id)
    again = await running_job(account, group)
    await store.import_slice(account.id, group.id, [row(0, "Jose")], now_ms=9, job_id=again.id)
    await group.refresh_from_db()

    assert (await Contact.get(msisdn=NUMBER)).updated_ms == 5
    assert group.revision == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("state", ImportState.CANCELLED, id="cancelled"),
        pytest.param("cursor", NUMBER, id="written before"),
    ],
)
async def test_a_slice_of_a_job_that_moved_on_is_not_written(
    store: Store, account: Account, group: ContactGroup, job: ImportJob, column: str, value: object
) -> None:
    """Two runners of one job, or a cancel between slices: nothing is counted twice."""
    await ImportJob.filter(id=job.id).update(**{column: value})
    counts = await store.import_slice(account.id, group.id, [row(0)], now_ms=5, job_id=job.id)

    assert counts is None
    assert await Contact.all().count() == 0


async def test_a_slice_into_a_group_that_is_gone_is_not_written(
    store: Store, account: Account, group: ContactGroup, job: ImportJob
) -> None:
    """The group may be deleted while the file is being read."""
    await ContactGroup.filter(id=group.id).delete()

    assert await store.import_slice(account.id, group.id, [row(0)], now_ms=5, job_id=job.id) is None
    assert await Contact.all().count() == 0


def stage(path: Path, *offsets: int) -> None:
    """A staged file with these numbers; what its cells hold would break a careless COPY."""
    staging = Staging(path)
    staging.put(row(n, "a\\b\tc\nd\re") for n in offsets)
    assert staging.finish() == len(set(offsets))


async def test_standing_tells_new_known_and_blacklisted(
    store: Store, account: Account, group: ContactGroup, job: ImportJob, tmp_path: Path
) -> None:
    """A number may be known and blacklisted, or new and blacklisted."""
    await store.import_slice(account.id, group.id, [row(0), row(1)], now_ms=5, job_id=job.id)
    await store.blacklist(account.id, [NUMBER, NUMBER + 7], source="manual", by=None, now_ms=5)
    stage(tmp_path / "staged.db", 8, 1, 7, 0, 7)
    staged = Staged(tmp_path / "staged.db")
    rows = staged.next_rows(0, limit=10)
    assert rows is not None
    async with store.staged(tmp_path / "staged.db"):
        listed = await store.standing(account.id, rows)

    assert listed == Listed(new=2, known=2, blacklisted=2)
    assert staged.next_rows(rows.last, limit=10) is None
    staged.close()


async def test_a_staged_slice_comes_in_letter_by_letter(
    store: Store, account: Account, group: ContactGroup, job: ImportJob, tmp_path: Path
) -> None:
    """Tabs, line breaks and backslashes among them; the next slice begins behind it."""
    path = tmp_path / "staged.db"
    stage(path, 3, 2, 1)
    staged = Staged(path)
    first = staged.next_rows(0, limit=2)
    assert first is not None
    async with store.staged(path):
        counts = await store.import_slice(account.id, group.id, first, now_ms=5, job_id=job.id)
        again = await store.import_slice(account.id, group.id, first, now_ms=5, job_id=job.id)
    staged.close()

    assert counts == SliceCounts(created=2, updated=0, last_msisdn=NUMBER + 2)
    assert again is None
    assert [c.first_name for c in (await contacts_in(store, group)).values()] == ["a\\b\tc\nd\re"] * 2


async def test_a_contact_added_while_its_slice_is_written_is_known_to_it(
    store: Store, account: Account, group: ContactGroup, job: ImportJob, tmp_path: Path
) -> None:
    """None was there when the slice looked: it goes the long way after all, and writes nothing twice."""
    if not isinstance(store, PostgresStore):
        pytest.skip("SQLite has one writer")
    path = tmp_path / "staged.db"
    stage(path, 1, 2, 3)
    staged = Staged(path)
    rows = staged.next_rows(0, limit=10)
    assert rows is not None
    async with store.staged(path):
        async with store.transaction() as other:
            await other.execute(
                "insert into contact (account_id, msisdn, created_ms, updated_ms) values ($1, $2, 1, 1)",
                account.id,
                NUMBER + 2,
            )
            importing = asyncio.create_task(store.import_slice(account.id, group.id, rows, now_ms=5, job_id=job.id))
            async with store.acquire() as watching:
                while not await watching.fetchval("select count(*) from pg_locks where not granted"):
                    assert not importing.done()
        counts = await importing
    staged.close()
    contacts = await contacts_in(store, group)

    assert counts == SliceCounts(created=2, updated=1, last_msisdn=NUMBER + 3)
    assert sorted(contacts) == [NUMBER + 1, NUMBER + 2, NUMBER + 3]
    assert await Contact.all().count() == 3


async def filled(store: Store, account: Account, title: str, offsets: range) -> ContactGroup:
    """A group with these numbers."""
    group = await ContactGroup.create(account=account, title=title)
    job = await running_job(account, group)
    await store.import_slice(account.id, group.id, [row(n) for n in offsets], now_ms=5, job_id=job.id)
    return group


async def test_counts_and_audience_of_several_groups_are_distinct(store: Store, account: Account) -> None:
    """Who is in two groups gets one message; who is on the blacklist gets none."""
    one, two = await filled(store, account, "Uno", range(4)), await filled(store, account, "Dos", range(2, 6))
    await store.blacklist(account.id, [NUMBER + 3, NUMBER + 99], source="manual", by=None, now_ms=5)
    groups = [one.id, two.id]

    assert await store.audience_count(account.id, groups) == GroupCount(contacts=6, blacklisted=1)
    assert await store.group_sizes(account.id) == {one.id: 4, two.id: 4}
    everybody = [c.msisdn - NUMBER for c in await store.audience(account.id, groups, after=0, limit=10)]
    assert everybody == [0, 1, 2, 4, 5]


async def test_an_audience_comes_by_pages_without_gaps(store: Store, account: Account) -> None:
    """The blacklisted in between must not shorten a page."""
    one, two = await filled(store, account, "Uno", range(0, 8, 2)), await filled(store, account, "Dos", range(8))
    await store.blacklist(account.id, [NUMBER + 1, NUMBER + 2], source="manual", by=None, now_ms=5)
    found: list[int] = []
    after = 0
    while page := await store.audience(account.id, [one.id, two.id], after=after, limit=2):
        found += [contact.msisdn - NUMBER for contact in page]
        after = page[-1].contact_id

    assert sorted(found) == [0, 3, 4, 5, 6, 7]


async def test_another_account_is_not_in_any_count(store: Store, account: Account) -> None:
    """Ids in a button are never trusted."""
    group = await filled(store, account, "Uno", range(3))
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")

    assert await store.audience_count(other.id, [group.id]) == GroupCount(0, 0)
    assert await store.audience(other.id, [group.id], after=0, limit=5) == []
    assert await store.group_sizes(other.id) == {}


async def test_members_come_by_pages_in_order(store: Store, account: Account) -> None:
    """By the last id."""
    group = await filled(store, account, "Uno", range(5))
    first = await store.members(group.id, after=0, limit=2)
    rest = await store.members(group.id, after=first[-1].contact_id, limit=9)

    assert [c.msisdn - NUMBER for c in (*first, *rest)] == [0, 1, 2, 3, 4]


async def test_membership_changes_count_what_changed_and_raise_the_revision(store: Store, account: Account) -> None:
    """A permanent campaign looks at the revision only."""
    group = await filled(store, account, "Uno", range(2))
    other = await ContactGroup.create(account=account, title="Dos")
    ids = [contact.contact_id for contact in await store.members(group.id, after=0, limit=9)]

    assert await store.add_members(other.id, ids) == 2
    assert await store.add_members(other.id, ids) == 0
    assert await store.groups_of(account.id, ids[0]) == [other.id, group.id]  # by title
    assert await store.remove_members(group.id, ids[:1]) == 1
    assert await store.remove_members(group.id, ids[:1]) == 0
    await other.refresh_from_db()
    await group.refresh_from_db()
    assert (other.revision, group.revision) == (1, 2)


async def test_a_number_is_blacklisted_once(store: Store, account: Account) -> None:
    """The first time counts; who asks for it by himself stays for that."""
    assert await store.blacklist(account.id, [NUMBER, NUMBER + 1], source="manual", by=7, now_ms=5) == 2
    assert await store.blacklist(account.id, [NUMBER, NUMBER + 2], source="optout", by=None, now_ms=9) == 1
    assert await store.blacklist(account.id, [NUMBER, NUMBER + 1], source="import", by=8, now_ms=11) == 0

    entry = await BlacklistEntry.get(msisdn=NUMBER)
    assert (entry.source, entry.created_by, entry.created_ms) == ("optout", None, 9)
    entry = await BlacklistEntry.get(msisdn=NUMBER + 1)
    assert (entry.source, entry.created_by, entry.created_ms) == ("manual", 7, 5)
    assert await store.blacklist(account.id, [], source="manual", by=7, now_ms=5) == 0
