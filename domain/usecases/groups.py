"""Contact groups: making, naming and deleting them, who is in them, and *Aplique DNC*."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from tortoise.exceptions import IntegrityError

from domain import store
from domain.errors import DomainError, NotFound, TitleTaken
from domain.models import Campaign, ChangeKind, ContactGroup, ImportJob, ImportState
from domain.rules.contact_filter import Wanted
from domain.rules.title import clean_title
from domain.usecases import bulk, undo
from domain.usecases.undo import NOBODY, ChangeView

log = structlog.get_logger()

DESCRIPTION_LIMIT: Final = 400  #: characters, as wide as the column


class DescriptionTooLong(DomainError):
    """Values: ``limit`` and ``length``, in characters."""

    key = "error.description_too_long"


class GroupImporting(DomainError):
    """An import is writing into it. Values: ``file``, its name."""

    key = "error.group_importing"


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in a list."""

    id: int
    title: str
    contacts: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A group that is gone; ``change_id`` undoes it."""

    title: str
    change_id: int


@dataclass(frozen=True, slots=True)
class LastImport:
    """The newest import that ended in the group and stands. ``at``: aware UTC; ``contacts``: rows that were written."""

    file_name: str
    at: datetime
    contacts: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as its screen shows it."""

    id: int
    title: str
    description: str
    contacts: int
    blacklisted: int
    last_import: LastImport | None = None


async def create(account_id: int, title: str | None, *, description: str = "") -> int:
    """
    A new group, empty.

    Returns:
        Its id.

    Raises:
        TitleMissing, TitleTooLong, TitleTaken: The title will not do.
        DescriptionTooLong: The description will not.
    """
    title, description = clean_title(title), _clean_description(description)
    await _refuse_taken(account_id, title, but=None)
    try:
        group = await ContactGroup.create(account_id=account_id, title=title, description=description)
    except IntegrityError as error:
        raise TitleTaken(title=title) from error
    log.info("group_created", account=account_id, group=group.id)
    return group.id


async def lines(account_id: int) -> Sequence[GroupLine]:
    """Every group of the account by title, with its size."""
    rows = await ContactGroup.filter(account_id=account_id).values_list("id", "title")
    sizes = await store.current().group_sizes(account_id)
    listed = [GroupLine(group_id, title, sizes.get(group_id, 0)) for group_id, title in rows]
    return sorted(listed, key=lambda line: (line.title.casefold(), line.id))


async def get(account_id: int, group_id: int) -> GroupView:
    """
    One group with its numbers.

    Raises:
        NotFound: It is gone, or another account's.
    """
    group = await _group(account_id, group_id)
    count = await store.current().audience_count(account_id, [group_id])
    job = (
        await ImportJob.filter(
            undo.not_undone(), group_id=group_id, state__in=[ImportState.DONE, ImportState.CANCELLED]
        )
        .order_by("-ended_at", "-id")
        .first()
        .values("file_name", "ended_at", "counts")
    )
    last = None
    if job and job["ended_at"]:
        written = job["counts"].get("created", 0) + job["counts"].get("updated", 0)
        last = LastImport(job["file_name"], job["ended_at"], written)
    return GroupView(group.id, group.title, group.description, count.contacts, count.blacklisted, last)


async def rename(account_id: int, group_id: int, *, title: str | None) -> None:
    """
    Give a group another title.

    Raises:
        NotFound: It is gone.
        TitleMissing, TitleTooLong, TitleTaken: The title will not do.
    """
    await _group(account_id, group_id)
    title = clean_title(title)
    await _refuse_taken(account_id, title, but=group_id)
    try:
        await ContactGroup.filter(id=group_id, account_id=account_id).update(title=title)
    except IntegrityError as error:
        raise TitleTaken(title=title) from error


async def describe(account_id: int, group_id: int, *, description: str) -> None:
    """
    Give a group another description; empty: none.

    Raises:
        NotFound: It is gone.
        DescriptionTooLong: More than ``DESCRIPTION_LIMIT`` characters.
    """
    text = _clean_description(description)
    if not await ContactGroup.filter(id=group_id, account_id=account_id).update(description=text):
        raise NotFound(noun="group")


async def drop_unused(account_id: int, group_id: int, *, since: datetime) -> None:
    """Delete a group that was made after ``since`` and that nothing was put into and no campaign or import names."""
    if await Campaign.exists(groups__id=group_id) or await ImportJob.exists(group_id=group_id):
        return
    if await ContactGroup.filter(id=group_id, account_id=account_id, revision=0, created_at__gte=since).delete():
        log.info("group_dropped", account=account_id, group=group_id)


async def delete(account_id: int, group_id: int, *, by: int = NOBODY) -> Deleted:
    """
    Delete a group; its contacts stay.

    Raises:
        NotFound: It is gone.
        GroupInUse: A campaign that has begun or is due sends to it.
        GroupImporting: An import is writing into it.
    """
    group = await _group(account_id, group_id)
    job = await ImportJob.filter(group_id=group_id, state=ImportState.RUNNING).first().values("file_name")
    if job:
        raise GroupImporting(file=job["file_name"])
    change_id = await undo.delete_group(account_id, group_id, by=by)
    if change_id is None:
        raise NotFound(noun="group")
    log.info("group_deleted", account=account_id, group=group_id)
    return Deleted(group.title, change_id)


async def apply_dnc(account_id: int, group_id: int, *, by: int = NOBODY, now: datetime | None = None) -> ChangeView:
    """
    *Aplique DNC*: take the contacts whose numbers are on the blacklist out of the group, never delete them.

    Raises:
        NotFound: The group is gone.
        NothingToDo: None of its contacts is on the blacklist.
    """
    group = await _group(account_id, group_id)
    wanted, now = Wanted(group_id=group_id), now or datetime.now(UTC)
    return await bulk.start(account_id, ChangeKind.DNC, wanted, by=by, now=now, title=group.title, group_id=group_id)


async def require(account_id: int, group_id: int) -> None:
    """
    See that a group is there.

    Raises:
        NotFound: It is gone, or another account's.
    """
    await _group(account_id, group_id)


async def _group(account_id: int, group_id: int) -> ContactGroup:
    group = await ContactGroup.get_or_none(id=group_id, account_id=account_id)
    if group is None:
        raise NotFound(noun="group")
    return group


async def _refuse_taken(account_id: int, title: str, *, but: int | None) -> None:
    """Also one that differs only in capitals: nobody could tell the two apart in a list."""
    same = ContactGroup.filter(account_id=account_id, title__iexact=title)
    if await (same if but is None else same.exclude(id=but)).exists():
        raise TitleTaken(title=title)


def _clean_description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_LIMIT:
        raise DescriptionTooLong(limit=DESCRIPTION_LIMIT, length=len(text))
    return text
