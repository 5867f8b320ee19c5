"""Single contacts: adding one to a group, changing its fields, deleting it."""

import csv
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
import structlog

from domain import store
from domain.errors import DomainError, NotFound
from domain.models import ChangeKind, Contact, ContactGroup
from domain.rules.msisdn import NumberPlan, NumberProblem, display
from domain.store import ContactRow, ImportedRow, Slice
from domain.store.contact_sql import FIELDS
from domain.usecases import blacklist, undo
from domain.usecases.numbering import numbering_anywhere, plan_of
from domain.usecases.undo import NOBODY

log = structlog.get_logger()

FIELD_LIMIT: Final = 255  #: characters, as wide as the columns
_DELIMITERS: Final = ("\t", ";", "|", ",")  # commas last: they are in amounts and addresses too


class BadNumber(DomainError):
    """The text is no number that can be written to. Values: ``number`` as typed. ``problem`` says why."""

    key = "error.bad_number"

    def __init__(self, *, number: str, problem: NumberProblem) -> None:
        super().__init__(number=number[:40])
        self.problem = problem


class NumberTaken(DomainError):
    """Another contact of the account has this number. Values: ``number``, its digits."""

    key = "error.number_taken"


class FieldTooLong(DomainError):
    """Values: ``limit`` and ``length``, in characters."""

    key = "error.field_too_long"


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact as its screen shows it. ``groups``: id and title, by title; ``entry_id``: of its blacklist entry."""

    row: ContactRow
    groups: tuple[tuple[int, str], ...]
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """A contact that was typed. ``created``: it is new; ``joined``: it was not in the group."""

    contact_id: int
    created: bool
    joined: bool
    change_id: int | None  # undoes it; None: nothing changed


@dataclass(frozen=True, slots=True)
class Deleted:
    """A contact that is gone; ``change_id`` undoes it."""

    msisdn: int
    change_id: int


@dataclass(frozen=True, slots=True)
class AddedMany:
    """What became of several typed lines; ``refused``: lines without a number that can be written to."""

    created: int
    updated: int
    refused: tuple[tuple[str, NumberProblem], ...]
    change_id: int | None  # undoes it; None: nothing was written


async def get(account_id: int, contact_id: int) -> ContactView:
    """
    One contact with its groups.

    Raises:
        NotFound: It is gone, or another account's.
    """
    contact = await _contact(account_id, contact_id)
    ids = await store.current().groups_of(account_id, contact_id)
    titles = dict(await ContactGroup.filter(id__in=list(ids)).values_list("id", "title"))
    entry = await blacklist.find(account_id, contact.msisdn)
    groups = tuple((group_id, titles[group_id]) for group_id in ids if group_id in titles)
    return ContactView(_row(contact), groups, entry.id if entry else None)


async def find(account_id: int, text: str) -> int | None:
    """
    Id of the contact with the number that was typed; None: there is none.

    Raises:
        BadNumber: It is no number.
    """
    msisdn = read_number(text, (await numbering_anywhere(account_id)).plan())
    contact = await Contact.get_or_none(account_id=account_id, msisdn=msisdn)
    return contact.id if contact else None


async def add(account_id: int, group_id: int | None, *, line: str, by: int = NOBODY) -> Added:
    """
    Add the contact of a typed line, in the manual's order: number, first name, last name, e-mail, address, the three
    values. Where the number is known its filled fields win, blank ones change nothing.

    Args:
        group_id: Where it joins; None: nowhere yet.

    Raises:
        BadNumber: The line does not begin with a number.
        FieldTooLong: One of its fields is.
        NotFound: The group is gone.
    """
    plan = await plan_of(account_id)
    if plan.parse(line).problem is NumberProblem.SCIENTIFIC:
        raise BadNumber(number=line, problem=NumberProblem.SCIENTIFIC)  # its comma parts no cells
    cells = split_line(line)
    return await _put(account_id, group_id, read_number(cells[0], plan), _fields(cells[1:]), by=by)


async def add_named(
    account_id: int, group_id: int | None, *, number: str, first_name: str, last_name: str, by: int = NOBODY
) -> Added:
    """
    Add a contact card.

    Raises:
        BadNumber: Its number cannot be written to.
        NotFound: The group is gone.
    """
    plan = await plan_of(account_id)
    names = {"first_name": first_name.strip()[:FIELD_LIMIT], "last_name": last_name.strip()[:FIELD_LIMIT]}
    return await _put(account_id, group_id, read_number(number, plan), names, by=by)


async def add_many(account_id: int, group_id: int | None, *, lines: Sequence[str], by: int = NOBODY) -> AddedMany:
    """
    Add the contacts of several typed lines; those that cannot be read are left out and named. Of lines with the same
    number the last one counts.

    Raises:
        NotFound: The group is gone.
    """
    if group_id is not None:
        await _group(account_id, group_id)
    plan = await plan_of(account_id)
    rows: dict[int, ImportedRow] = {}
    refused = []
    for line in lines:
        cells = split_line(line)
        verdict = plan.parse(cells[0])
        if verdict.msisdn is None:
            refused.append((line, verdict.problem or NumberProblem.NOT_A_NUMBER))
            continue
        rows[verdict.msisdn] = _imported(verdict.msisdn, _fields([cell[:FIELD_LIMIT] for cell in cells[1:]]))
    if not rows:
        return AddedMany(0, 0, tuple(refused), None)
    change_id = await undo.begin(account_id, ChangeKind.ADD, by=by, group_id=group_id)
    ordered = [rows[msisdn] for msisdn in sorted(rows)]
    counts = await store.current().write_contacts(
        account_id, group_id, ordered, now_ms=undo.now_ms(), change_id=change_id
    )
    return AddedMany(counts.created, counts.updated, tuple(refused), await undo.finish(change_id))


async def change(account_id: int, contact_id: int, *, field: str, text: str, by: int = NOBODY) -> int:
    """
    Set one field of a contact: ``msisdn`` or one of ``FIELDS``; an empty text clears it. Returns the change's id.

    Raises:
        NotFound: The contact is gone, or has no such field.
        BadNumber, NumberTaken: The number will not do.
        FieldTooLong: More than ``FIELD_LIMIT`` characters.
    """
    contact = await _contact(account_id, contact_id)
    value: object
    if field == "msisdn":
        value = read_number(text, await plan_of(account_id))
        if await Contact.filter(account_id=account_id, msisdn=value).exclude(id=contact.id).exists():
            raise NumberTaken(number=value)
    elif field in FIELDS:
        value = _checked(" ".join(text.split()))
    else:
        raise NotFound(noun="field")
    change_id = await undo.begin(
        account_id, ChangeKind.EDIT, by=by, title=display(contact.msisdn), subject_id=contact_id
    )
    try:
        there = await store.current().edit_contact(
            account_id, contact_id, column=field, value=value, change_id=change_id, now_ms=undo.now_ms()
        )
    except (sqlite3.IntegrityError, asyncpg.UniqueViolationError) as error:
        raise NumberTaken(number=value) from error
    finally:
        await undo.finish(change_id)
    if not there:
        raise NotFound(noun="contact")
    return change_id


async def join(account_id: int, group_id: int | None, *, contact_id: int, by: int = NOBODY) -> int | None:
    """
    Put a contact in a group; None: in every one. Returns what undoes it; None: it was there.

    Raises:
        NotFound: Either is gone.
    """
    return await _move(account_id, group_id, contact_id=contact_id, by=by, kind=ChangeKind.JOIN)


async def leave(account_id: int, group_id: int | None, *, contact_id: int, by: int = NOBODY) -> int | None:
    """
    Take a contact out of a group, None: out of every one; the contact stays. Returns what undoes it; None: it was not
    there.

    Raises:
        NotFound: Either is gone.
    """
    return await _move(account_id, group_id, contact_id=contact_id, by=by, kind=ChangeKind.LEAVE)


async def _move(account_id: int, group_id: int | None, *, contact_id: int, by: int, kind: ChangeKind) -> int | None:
    title = display((await _contact(account_id, contact_id)).msisdn)
    if group_id is not None:
        title = f"{title} · {(await _group(account_id, group_id)).title}"
    change_id = await undo.begin(account_id, kind, by=by, title=title, subject_id=contact_id, group_id=group_id)
    db, part, joining = store.current(), Slice(change_id, account_id, [contact_id]), kind is ChangeKind.JOIN
    if group_id is not None:
        await db.change_members(part, group_id, joining=joining)
    else:
        await (db.join_groups if joining else db.leave_groups)(part)
    return await undo.finish(change_id)


async def block(account_id: int, contact_id: int, *, by: int) -> int:
    """
    Put a contact's number on the blacklist. Returns the change's id.

    Raises:
        NotFound: The contact is gone.
    """
    contact = await _contact(account_id, contact_id)
    return await blacklist.list_noted(account_id, [contact.msisdn], source=blacklist.Source.MANUAL, by=by)


async def delete(account_id: int, contact_id: int, *, by: int = NOBODY) -> Deleted:
    """
    Delete a contact, in all its groups. What was sent to it stays in the results.

    Raises:
        NotFound: It is gone.
    """
    contact = await _contact(account_id, contact_id)
    title = display(contact.msisdn)
    change_id = await undo.begin(account_id, ChangeKind.DELETE, by=by, title=title, subject_id=contact_id)
    gone = await store.current().delete_contacts(Slice(change_id, account_id, [contact_id]))
    await undo.finish(change_id)
    if not gone:
        raise NotFound(noun="contact")
    log.info("contact_deleted", account=account_id, contact=contact_id)
    return Deleted(int(contact.msisdn), change_id)


def split_line(line: str) -> list[str]:
    """The cells of one typed line; quotes are read as in a file."""
    delimiter = next((mark for mark in _DELIMITERS if mark in line), None)
    if delimiter is None:
        return [line.strip()]
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [line])
    except csv.Error:
        cells = line.split(delimiter)
    return [" ".join(cell.split()) for cell in cells] or [""]


def read_number(text: str, plan: NumberPlan) -> int:
    """
    The msisdn of a typed number.

    Raises:
        BadNumber: It cannot be written to.
    """
    verdict = plan.parse(text)
    if verdict.msisdn is None:
        raise BadNumber(number=text, problem=verdict.problem or NumberProblem.NOT_A_NUMBER)
    return verdict.msisdn


async def _put(account_id: int, group_id: int | None, msisdn: int, filled: Mapping[str, str], *, by: int) -> Added:
    db = store.current()
    if group_id is not None:
        await _group(account_id, group_id)
    there = await Contact.get_or_none(account_id=account_id, msisdn=msisdn)
    inside = group_id is None or (there is not None and group_id in await db.groups_of(account_id, there.id))
    change_id = await undo.begin(account_id, ChangeKind.ADD, by=by, title=display(msisdn), group_id=group_id)
    row = _imported(msisdn, filled)
    counts = await db.write_contacts(account_id, group_id, [row], now_ms=undo.now_ms(), change_id=change_id)
    noted = await undo.finish(change_id)
    contact = await Contact.get(account_id=account_id, msisdn=msisdn)
    log.info("contact_added", account=account_id, contact=contact.id, created=bool(counts.created), group=group_id)
    return Added(contact.id, bool(counts.created), not inside, noted)


def _imported(msisdn: int, filled: Mapping[str, str]) -> ImportedRow:
    return ImportedRow(msisdn, *(filled.get(name, "") for name in FIELDS))


def _fields(cells: Sequence[str]) -> dict[str, str]:
    return {name: _checked(cell) for name, cell in zip(FIELDS, cells, strict=False)}


def _checked(text: str) -> str:
    if len(text) > FIELD_LIMIT:
        raise FieldTooLong(limit=FIELD_LIMIT, length=len(text))
    return text


async def _contact(account_id: int, contact_id: int) -> Contact:
    contact = await Contact.get_or_none(id=contact_id, account_id=account_id)
    if contact is None:
        raise NotFound(noun="contact")
    return contact


async def _group(account_id: int, group_id: int) -> ContactGroup:
    group = await ContactGroup.get_or_none(id=group_id, account_id=account_id)
    if group is None:
        raise NotFound(noun="group")
    return group


def _row(contact: Contact) -> ContactRow:
    return ContactRow(contact.id, contact.msisdn, *(str(getattr(contact, name)) for name in FIELDS))
