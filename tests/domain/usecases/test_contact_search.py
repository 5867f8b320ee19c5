"""Contacts by a filter, page by page, on both engines; and doing something to all that match."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from domain.models import Account, ChangeKind, ChangeState, Contact, ContactGroup
from domain.rules.contact_filter import Show, Wanted, digits_of, is_number, words_of
from domain.store import ContactRow, Slice, Store
from domain.usecases import blacklist, bulk, change_run, contact_search, contacts, groups, numbering, undo
from domain.usecases.blacklist import Source
from domain.usecases.bulk import NothingToDo
from tests.conftest import OWNER
from tests.domain.usecases.test_undo import tables

FIRST = 51_987_763_000
NAMES = (
    "José Núñez",
    "jose nunez",
    "JOSÉ  NÚÑEZ",
    "María Ñahui",
    "Ana",
    "100% [seguro]_*? ^$.|()+{}\\",
    "Íñigo Ávila",
    "Łukasz Straße",
    "",
)


@pytest.fixture
async def people(account: Account) -> Account:
    """Nine contacts, the first six in a group; one on the blacklist; one whose number is no mobile any more."""
    group_id = await groups.create(account.id, "Clientes")
    for n, name in enumerate(NAMES):
        await contacts.add(account.id, group_id if n < 6 else None, line=f"{FIRST + n}; {name}")
    await blacklist.put(account.id, [FIRST + 4, FIRST + 8, FIRST + 99], source=Source.MANUAL, by=1)
    await Contact.create(account=account, msisdn=5114445555, first_name="Fija", created_ms=1, updated_ms=1)
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    await contacts.add(other.id, None, line=f"{FIRST}; José ajeno")
    return account


async def found(account: Account, wanted: Wanted) -> list[int]:
    """Offsets of the numbers that match; counted the same."""
    rows = [row async for part in contact_search.walk(account.id, wanted) for row in part]
    assert await contact_search.count(account.id, wanted) == len(rows)
    return [row.msisdn - FIRST for row in rows]


@pytest.mark.parametrize(
    ("typed", "offsets"),
    [
        pytest.param("jose", [0, 1, 2], id="no accents typed"),
        pytest.param("JOSÉ", [0, 1, 2], id="capitals and accents typed"),
        pytest.param("nuñ", [0, 1, 2], id="a part of the last name"),
        pytest.param("núñez josé", [0, 1, 2], id="words in any order"),
        pytest.param("ñahui", [3], id="ñ"),
        pytest.param("inigo avila", [6], id="capitals with accents stored"),
        pytest.param("0% [", [5], id="what patterns mean is taken literally"),
        pytest.param("_*?", [5], id="wildcards too"),
        pytest.param(r"^$.|()+{}\ ]", [5], id="and what other patterns mean"),
        pytest.param("zzz", [], id="nobody"),
    ],
)
async def test_a_part_of_a_name_is_found_without_accents_and_capitals(
    people: Account, typed: str, offsets: list[int]
) -> None:
    """In first and last names; another account's contacts never."""
    assert await found(people, Wanted(words=words_of(typed))) == offsets


async def test_a_part_of_a_number_is_found_as_people_write_it(people: Account) -> None:
    """With blanks, dashes and a plus."""
    assert is_number("+51 987-763 003")
    assert not is_number("Ana 3")
    assert await found(people, Wanted(digits=digits_of("987 763 003"))) == [3]
    assert await found(people, Wanted(digits="63007")) == [7]
    assert await found(people, Wanted(digits="000000")) == []


async def test_the_filters_of_the_manual_show_who_stands_so(people: Account) -> None:
    """Section 2.4: all, on the blacklist, not on it, invalid number, in no group, of an import; and a group."""
    group = await ContactGroup.get(title="Clientes", account=people)
    fixed = 5114445555 - FIRST

    assert await found(people, Wanted()) == [*range(9), fixed]
    assert await found(people, Wanted(show=Show.BLACKLISTED)) == [4, 8]
    assert await found(people, Wanted(show=Show.CLEAN)) == [0, 1, 2, 3, 5, 6, 7, fixed]
    assert await found(people, Wanted(show=Show.INVALID)) == [fixed]
    assert await found(people, Wanted(show=Show.NO_GROUP)) == [6, 7, 8, fixed]
    assert await found(people, Wanted(group_id=group.id)) == [0, 1, 2, 3, 4, 5]
    assert await found(people, Wanted(group_id=group.id, show=Show.BLACKLISTED)) == [4]
    assert await found(people, Wanted(group_id=group.id, words=("jose",), digits="002")) == [2]
    await Contact.filter(msisdn=FIRST + 2).update(import_id=7)
    assert await found(people, Wanted(import_id=7)) == [2]
    ids = tuple([(await Contact.get(account=people, msisdn=FIRST + n)).id for n in (1, 5)])
    assert await found(people, Wanted(ids=ids)) == [1, 5]
    assert await found(people, Wanted(ids=())) == []
    await groups.delete(people.id, group.id)
    assert await found(people, Wanted(show=Show.NO_GROUP)) == [*range(9), fixed]


async def test_numbers_of_a_country_that_was_disabled_are_invalid(people: Account) -> None:
    """As the sender will judge them; by pages and with other parts of the filter too."""
    await numbering.enable(people.id, ["CO", "US"], by=1)
    for n in range(3):
        await contacts.add(people.id, None, line=f"5730012345{n}0, Colombia")
    invalid = Wanted(show=Show.INVALID)
    assert await contact_search.count(people.id, invalid) == 1
    await numbering.disable(people.id, "CO", by=1)
    first = await contact_search.page(people.id, invalid, at=0, backwards=False, size=2)
    assert first.after is not None
    second = await contact_search.page(people.id, invalid, at=first.after, backwards=False, size=2)

    assert [row.msisdn for row in (*first.contacts, *second.contacts)] == [
        5114445555, 573001234500, 573001234510, 573001234520,
    ]  # fmt: skip
    assert await contact_search.count(people.id, Wanted(show=Show.INVALID, words=("colombia",))) == 3


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(show=Show.CLEAN)], ids=["all", "clean"])
async def test_pages_go_forwards_and_backwards_over_the_same_contacts(people: Account, wanted: Wanted) -> None:
    """By keys: what is deleted meanwhile shifts nothing; the first page is always full."""
    everybody = [row.contact_id async for part in contact_search.walk(people.id, wanted) for row in part]
    page = await contact_search.page(people.id, wanted, at=0, backwards=False, size=3)
    pages = [page]
    assert page.before is None
    while page.after is not None:
        page = await contact_search.page(people.id, wanted, at=page.after, backwards=False, size=3)
        pages.append(page)
    assert [row.contact_id for page in pages for row in page.contacts] == everybody
    while page.before is not None:
        page = await contact_search.page(people.id, wanted, at=page.before, backwards=True, size=3)

    assert list(page.contacts) == list(pages[0].contacts)
    assert (await contact_search.page(people.id, wanted, at=10**9, backwards=False, size=3)).contacts == page.contacts


async def test_a_view_is_the_persons_own_and_forgets_what_is_gone(people: Account) -> None:
    """Filter, ticks and count; a group that is deleted filters no more."""
    group = await ContactGroup.get(title="Clientes", account=people)
    view = await contact_search.change_view(people.id, OWNER, group_id=group.id, name="josé ")
    assert (view.total, view.group, view.name, view.is_filtered) == (3, "Clientes", "josé", True)
    await contact_search.pick(people.id, OWNER, [1, 2], on=True)
    assert (await contact_search.pick(people.id, OWNER, [1], on=False)).picked == {2}
    assert (await contact_search.view(people.id, OWNER + 1)).total == 10
    await groups.delete(people.id, group.id)
    view = await contact_search.recount(people.id, OWNER)

    assert (view.group_id, view.total, view.picked) == (None, 3, {2})
    assert (await contact_search.reset_view(people.id, OWNER)).is_filtered is False


DEEDS = [
    pytest.param(ChangeKind.DELETE, Wanted(words=("jose",)), False, 3, id="delete"),
    pytest.param(ChangeKind.BLACKLIST, Wanted(), False, 8, id="blacklist"),
    pytest.param(ChangeKind.JOIN, Wanted(show=Show.NO_GROUP), True, 4, id="join"),
    pytest.param(ChangeKind.LEAVE, Wanted(), True, 6, id="leave"),
    pytest.param(ChangeKind.DNC, Wanted(), True, 1, id="dnc of a group"),
    pytest.param(ChangeKind.DNC, Wanted(words=("ana",)), False, 1, id="dnc of a filter"),
    pytest.param(ChangeKind.DELETE, Wanted(show=Show.INVALID), False, 1, id="delete the invalid"),
]


@pytest.mark.parametrize("slices", [1, 3, 2_000], ids=lambda rows: f"{rows} a slice")
@pytest.mark.parametrize(("kind", "wanted", "of_group", "count"), DEEDS)
async def test_what_is_done_to_all_that_match_is_undone_exactly(
    people: Account,
    monkeypatch: pytest.MonkeyPatch,
    kind: ChangeKind,
    wanted: Wanted,
    of_group: bool,
    count: int,
    slices: int,
) -> None:
    """In one slice or many; killed and begun again it does nothing twice."""
    monkeypatch.setattr(undo, "AT_ONCE", slices)
    monkeypatch.setattr(undo, "UNDO_SLICE", slices)
    group = await ContactGroup.get(title="Clientes", account=people) if of_group else None
    before = await tables()
    now = datetime.now(UTC)
    change = await bulk.start(people.id, kind, wanted, by=OWNER, now=now, group_id=group.id if group else None)
    for change_id in await bulk.unfinished():
        await bulk.carry_on(change_id)
    await bulk.carry_on(change.id)
    change = await undo.get(people.id, change.id, now=datetime.now(UTC))
    assert (change.state, change.count) == (ChangeState.DONE, count)
    assert await tables() != before
    await undo.undo(people.id, change.id, by=OWNER, now=datetime.now(UTC))
    await undo.carry_on(change.id)

    assert await tables() == before


STOPPED = [
    pytest.param(ChangeKind.DELETE, Wanted(words=("jose",)), False, 2, 3, id="delete"),
    pytest.param(ChangeKind.BLACKLIST, Wanted(), False, 2, 10, id="blacklist"),
    pytest.param(ChangeKind.JOIN, Wanted(show=Show.NO_GROUP), True, 2, 4, id="join"),
    pytest.param(ChangeKind.LEAVE, Wanted(), True, 2, 10, id="leave"),
    pytest.param(ChangeKind.LEAVE, Wanted(ids=(1, 2, 3)), True, 2, 3, id="leave, of those ticked"),
    pytest.param(ChangeKind.DNC, Wanted(), False, 1, 2, id="dnc"),
]


@pytest.mark.parametrize(("kind", "wanted", "of_group", "done", "total"), STOPPED)
async def test_stopped_in_the_middle_what_is_done_stands_and_is_undone_exactly(
    people: Account,
    monkeypatch: pytest.MonkeyPatch,
    kind: ChangeKind,
    wanted: Wanted,
    of_group: bool,
    done: int,
    total: int,
) -> None:
    """At the border of a slice, with the count of what was done; a second stop, or one behind it, changes nothing."""
    if wanted.ids:
        wanted = Wanted(ids=tuple(row.id for row in await Contact.filter(account=people).order_by("id").limit(3)))
    monkeypatch.setattr(undo, "AT_ONCE", 1)
    group = await ContactGroup.get(title="Clientes", account=people) if of_group else None
    before, now = await tables(), datetime.now(UTC)
    change = await bulk.start(people.id, kind, wanted, by=OWNER, now=now, group_id=group.id if group else None)
    assert change.stoppable
    slices, answers = 0, []

    async def stop(_seconds: float) -> None:
        nonlocal slices
        slices += 1
        if slices == done:
            answers.extend([await change_run.stop(people.id, change.id) for _ in range(2)])

    monkeypatch.setattr(bulk.asyncio, "sleep", stop)
    await bulk.carry_on(change.id)
    monkeypatch.undo()
    await change_run.carry_all()
    ended = await undo.get(people.id, change.id, now=now)

    assert (slices, answers) == (done, [True, False])
    assert (ended.state, ended.stopped, ended.undoable) == (ChangeState.DONE, True, True)
    assert (ended.count, ended.done, ended.total) == (done, done, total)
    assert await tables() != before
    assert not await change_run.stop(people.id, change.id)
    await undo.undo(people.id, change.id, by=OWNER, now=datetime.now(UTC))
    assert await tables() == before


async def test_stopped_before_its_first_slice_nothing_is_done(
    people: Account, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the runner has looked at the change already; nobody else's account stops it."""
    monkeypatch.setattr(undo, "AT_ONCE", 1)
    before, now = await tables(), datetime.now(UTC)
    change = await bulk.start(people.id, ChangeKind.DELETE, Wanted(), by=OWNER, now=now)
    other = await Account.get(name="Otra")
    assert not await change_run.stop(other.id, change.id)
    deleted = store.delete_contacts

    async def delete_contacts(part: Slice) -> int | None:
        assert await change_run.stop(people.id, change.id)
        return await deleted(part)

    monkeypatch.setattr(store, "delete_contacts", delete_contacts)
    await change_run.carry_all()
    ended = await undo.get(people.id, change.id, now=now)

    assert (ended.state, ended.stopped, ended.count, ended.undoable) == (ChangeState.DONE, True, 0, False)
    assert await tables() == before


async def test_a_stop_behind_the_last_slice_says_that_it_is_done(
    people: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left for it to stop."""
    monkeypatch.setattr(undo, "AT_ONCE", 1)
    now = datetime.now(UTC)
    change = await bulk.start(people.id, ChangeKind.DELETE, Wanted(words=("jose",)), by=OWNER, now=now)
    searched = contact_search.next_slice

    async def next_slice(account_id: int, wanted: Wanted, *, after: int, limit: int) -> Sequence[ContactRow]:
        rows = await searched(account_id, wanted, after=after, limit=limit)
        if not rows:
            await change_run.stop(account_id, change.id)
        return rows

    monkeypatch.setattr(contact_search, "next_slice", next_slice)
    await bulk.carry_on(change.id)
    ended = await undo.get(people.id, change.id, now=now)

    assert (ended.state, ended.stopped, ended.count, ended.undoable) == (ChangeState.DONE, False, 3, True)


async def test_with_nobody_left_there_is_nothing_to_do(people: Account) -> None:
    """The second of two taps."""
    wanted, now = Wanted(words=("jose",)), datetime.now(UTC)
    await bulk.start(people.id, ChangeKind.DELETE, wanted, by=OWNER, now=now)

    with pytest.raises(NothingToDo):
        await bulk.start(people.id, ChangeKind.DELETE, wanted, by=OWNER, now=now)
    with pytest.raises(NothingToDo):
        await bulk.start(people.id, ChangeKind.DNC, Wanted(show=Show.CLEAN), by=OWNER, now=now)
