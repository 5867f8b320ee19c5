"""How a person looks at the contacts: the filter, the page, what is ticked; and walking through all that match."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from domain import store
from domain.errors import NotFound
from domain.models import ContactGroup, ContactView, ImportJob, ImportState
from domain.rules.contact_filter import Show, Wanted, digits_of, words_of
from domain.rules.number_ranges import Ranges, mobile_ranges, outside
from domain.store import ContactRow
from domain.usecases import blacklist
from domain.usecases.numbering import numbering_of

SLICE: Final = 2_000  # contacts read at once
NAME_LIMIT: Final = 80  #: characters of a typed name
PICKS: Final = 1_000  #: contacts ticked by hand at the most


@dataclass(frozen=True, slots=True)
class View:
    """
    A person's view of the contacts.

    Attributes:
        name, number: As typed.
        group, file: Title of the group and name of the import's file; empty: not filtered by it.
        picked: Ids of ticked contacts.
        total: How many match, as last counted.
    """

    group_id: int | None
    group: str
    name: str
    number: str
    show: Show
    import_id: int | None
    file: str
    picked: frozenset[int]
    total: int

    @property
    def wanted(self) -> Wanted:
        """The filter."""
        return Wanted(
            group_id=self.group_id,
            words=words_of(self.name),
            digits=digits_of(self.number),
            show=self.show,
            import_id=self.import_id,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether it is less than all contacts."""
        return self.wanted != Wanted()


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import in a list. ``at``: when it ended, aware UTC."""

    id: int
    file_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page of contacts that match. ``before`` and ``after``: whether there are more on that side, from which key on;
    None: there are none.
    """

    contacts: Sequence[ContactRow]
    blacklisted: frozenset[int]
    before: int | None
    after: int | None


async def view(account_id: int, person_id: int) -> View:
    """The person's view; one that points to a group or import that is gone points to it no more."""
    row, _ = await ContactView.get_or_create(account_id=account_id, person_id=person_id)
    group = file = None
    if row.group_id is not None:
        group = await ContactGroup.filter(id=row.group_id, account_id=account_id).first().values("title")
    if row.import_id is not None:
        file = await ImportJob.filter(id=row.import_id, account_id=account_id).first().values("file_name")
    found = View(
        group_id=row.group_id if group else None,
        group=group["title"] if group else "",
        name=row.name,
        number=row.number,
        show=Show(row.show),
        import_id=row.import_id if file else None,
        file=file["file_name"] if file else "",
        picked=frozenset(row.picked),
        total=row.total or 0,
    )
    if row.total is None:
        total = await count(account_id, found.wanted)
        await ContactView.filter(id=row.id).update(total=total)
        found = replace(found, total=total)
    return found


async def change_view(account_id: int, person_id: int, **columns: object) -> View:
    """
    Set parts of the filter (``group_id``, ``name``, ``number``, ``show``, ``import_id``) and count anew; nothing is
    ticked afterwards.

    Raises:
        NotFound: The group or import is gone.
    """
    group_id, import_id = columns.get("group_id"), columns.get("import_id")
    if group_id is not None and not await ContactGroup.filter(id=group_id, account_id=account_id).exists():
        raise NotFound(noun="group")
    if import_id is not None and not await ImportJob.filter(id=import_id, account_id=account_id).exists():
        raise NotFound(noun="import")
    if "name" in columns:
        columns["name"] = " ".join(str(columns["name"]).split())[:NAME_LIMIT]
    if "number" in columns:
        columns["number"] = digits_of(str(columns["number"]))
    row, _ = await ContactView.get_or_create(account_id=account_id, person_id=person_id)
    await ContactView.filter(id=row.id).update(**columns, total=None, picked=[])
    return await view(account_id, person_id)


async def reset_view(account_id: int, person_id: int, **columns: object) -> View:
    """*Restablecer*: all contacts, or those that ``columns`` say."""
    plain: dict[str, object] = {"group_id": None, "name": "", "number": "", "show": Show.ALL, "import_id": None}
    return await change_view(account_id, person_id, **(plain | columns))


async def recount(account_id: int, person_id: int) -> View:
    """*Actualizar*: the filter and the ticks stay."""
    await ContactView.filter(account_id=account_id, person_id=person_id).update(total=None)
    return await view(account_id, person_id)


async def pick(account_id: int, person_id: int, ids: Sequence[int], *, on: bool) -> View:
    """Tick contacts, or take the ticks away; not more than ``PICKS`` of them."""
    row, _ = await ContactView.get_or_create(account_id=account_id, person_id=person_id)
    picked = (set(row.picked) | set(ids)) if on else (set(row.picked) - set(ids))
    await ContactView.filter(id=row.id).update(picked=sorted(picked)[:PICKS])
    return await view(account_id, person_id)


async def page(account_id: int, wanted: Wanted, *, at: int, backwards: bool, size: int) -> Page:
    """
    A page by keys, so that the last one is as quick as the first.

    Args:
        at: It begins behind this id; ``backwards``: it ends before it.
    """
    found = await next_slice(account_id, wanted, after=at, limit=size + 1, backwards=backwards)
    more = len(found) > size
    contacts = found[:size]
    if backwards:
        contacts = contacts[::-1]
        if not more and len(contacts) < size:  # the first page is always full
            return await page(account_id, wanted, at=0, backwards=False, size=size)
    blocked = await blacklist.listed(account_id, [one.msisdn for one in contacts])
    before = contacts[0].contact_id if contacts and (more if backwards else at > 0) else None
    after = contacts[-1].contact_id if contacts and (True if backwards else more) else None
    if not contacts and at > 0 and not backwards:  # what was behind is gone
        return await page(account_id, wanted, at=0, backwards=False, size=size)
    return Page(contacts, blocked, before, after)


async def imports_of(account_id: int, *, limit: int, offset: int) -> tuple[Sequence[ImportLine], int]:
    """Imports that have ended, the newest first, and how many there are."""
    ended = ImportJob.filter(account_id=account_id, state__in=[ImportState.DONE, ImportState.CANCELLED])
    rows = await ended.order_by("-id").offset(offset).limit(limit).values("id", "file_name", "ended_at", "created_at")
    return [
        ImportLine(row["id"], row["file_name"], row["ended_at"] or row["created_at"]) for row in rows
    ], await ended.count()


async def count(account_id: int, wanted: Wanted) -> int:
    """How many match."""
    invalid = await _invalid(account_id, wanted)
    return await store.current().count_contacts(account_id, wanted, invalid=invalid)


async def walk(account_id: int, wanted: Wanted, *, after: int = 0) -> AsyncIterator[Sequence[ContactRow]]:
    """All that match, by slices in order of id."""
    # To find what is invalid each slice looks through all that is: fewer and longer ones.
    limit = 10 * SLICE if wanted.show is Show.INVALID else SLICE
    while rows := await next_slice(account_id, wanted, after=after, limit=limit):
        yield rows
        after = rows[-1].contact_id


async def next_slice(
    account_id: int, wanted: Wanted, *, after: int, limit: int, backwards: bool = False
) -> Sequence[ContactRow]:
    """The next ones that match behind an id, or (``backwards``) before it, the nearest first; none: that was all."""
    db, invalid = store.current(), await _invalid(account_id, wanted)
    return await db.find_contacts(account_id, wanted, after=after, limit=limit, backwards=backwards, invalid=invalid)


async def _invalid(account_id: int, wanted: Wanted) -> Ranges:
    """Where numbers that cannot be written to lie; nowhere, where nobody asks for them."""
    if wanted.show is not Show.INVALID:
        return ()
    countries = (await numbering_of(account_id)).countries
    return await asyncio.to_thread(lambda: outside(mobile_ranges(frozenset(countries))))
