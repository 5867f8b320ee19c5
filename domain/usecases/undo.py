"""
Undoing what people did to contacts, groups and the blacklist: exactly, for a day, once. What somebody changed later
stands against it, and is named.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from tortoise.expressions import Q, Subquery
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError, NotFound
from domain.models import Change, ChangeKind, ChangeState, ContactGroup, ContactView, Person
from domain.store import Span
from domain.store.journal_undo_sql import UNDO_SLICE
from domain.usecases import audience, deleted_group

log = structlog.get_logger()

UNDO_FOR: Final = timedelta(hours=24)
NOBODY: Final = 0  #: who did it, where no person did
AT_ONCE: Final = UNDO_SLICE  #: rows; what is larger goes on by itself, slice by slice
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair
_NAMED: Final = 3  # slices with changed rows that are looked into for who changed them


class UndoTooLate(DomainError):
    """A day has passed. Values: none."""

    key = "error.undo_too_late"


class UndoneAlready(DomainError):
    """It is undone, or is being undone. Values: none."""

    key = "error.undone_already"


class StillRunning(DomainError):
    """It is being carried out. Values: none."""

    key = "error.undo_still_running"


class GroupTitleTaken(DomainError):
    """The deleted group cannot come back: another one has its title now. Values: ``title``."""

    key = "error.undo_title_taken"


@dataclass(frozen=True, slots=True)
class Against:
    """A later change that stands against undoing one. ``by``: the person's name; ``count``: rows that it touched."""

    kind: ChangeKind
    title: str
    by: str
    at: datetime
    count: int


class ChangedSince(DomainError):
    """
    Rows are not as the change left them. Values: ``count`` of them, ``total``.

    Attributes:
        against: The changes that touched them, where they are known, the newest first.
        rest: How many rows could be undone all the same.
    """

    key = "error.undo_changed_since"

    def __init__(self, *, count: int, total: int, against: Sequence[Against]) -> None:
        super().__init__(count=count, total=total)
        self.against = tuple(against)
        self.rest = total - count


@dataclass(frozen=True, slots=True)
class ChangeView:
    """
    A change as screens show it. Times are aware UTC.

    Attributes:
        by: Name of who did it.
        count: Rows that it touched.
        done, total: How far it is, while it is carried out or undone; contacts.
        kept: Rows left as they are because they were changed since.
        undoable: It can be undone now, as far as its age and state go.
        stoppable: It is of many, and being carried out.
        stopped: It was stopped before its end; ``done`` of ``total`` stand.
    """

    id: int
    kind: ChangeKind
    state: ChangeState
    title: str
    group_id: int | None
    subject_id: int | None
    count: int
    kept: int
    by: str
    at: datetime
    until: datetime
    undoable: bool
    stoppable: bool
    stopped: bool
    done: int
    total: int


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000


async def begin(
    account_id: int,
    kind: ChangeKind,
    *,
    by: int,
    title: str = "",
    subject_id: int | None = None,
    group_id: int | None = None,
    scope: dict[str, object] | None = None,
) -> int:
    """Note that a change begins: RUNNING, with no rows yet. Returns its id, for the store's statements."""
    change = await Change.create(
        account_id=account_id,
        kind=kind,
        state=ChangeState.RUNNING,
        subject_id=subject_id,
        group_id=group_id,
        title=title[:255],
        made_by=by,
        made_ms=now_ms(),
        scope=scope,
    )
    return int(change.id)


async def finish(change_id: int, *, count: int | None = None) -> int | None:
    """
    A change is carried out, or has stopped half-way: it can be undone from now on.

    Args:
        count: Rows, if they are not noted.

    Returns:
        Its id, for the button that undoes it; None: it touched nothing.
    """
    columns: dict[str, object] = {} if count is None else {"count": count}
    await Change.filter(id=change_id, state=ChangeState.RUNNING).update(state=ChangeState.DONE, **columns)
    await _count_anew(change_id)
    return change_id if await Change.filter(id=change_id, count__gt=0).exists() else None


async def get(account_id: int, change_id: int, *, now: datetime) -> ChangeView:
    """
    One change.

    Raises:
        NotFound: It is another account's.
    """
    change = await Change.get_or_none(id=change_id, account_id=account_id)
    if change is None:
        raise NotFound(noun="change")
    view = _view(change, await _names([change]), now)
    if change.state is ChangeState.UNDOING:
        view = replace(view, done=await store.current().journal_rows(change_id, upto=change.cursor))
    return view


async def newest(account_id: int, *, by: int) -> Change | None:
    """The newest change that a person made."""
    return await Change.filter(account_id=account_id, made_by=by).order_by("-id").first()


async def recent(account_id: int, *, now: datetime, limit: int, offset: int = 0) -> tuple[Sequence[ChangeView], int]:
    """The changes of the last day, the newest first, and how many there are."""
    since = to_ms(now - UNDO_FOR)
    rows = Change.filter(account_id=account_id, made_ms__gt=since, purged=False, count__gt=0)
    page = await rows.order_by("-id").offset(offset).limit(limit)
    names = await _names(page)
    return [_view(change, names, now) for change in page], await rows.count()


async def undo(account_id: int, change_id: int, *, by: int, now: datetime, rest: bool = False) -> ChangeView:
    """
    Undo a change: contacts, memberships, entries of the blacklist and groups become what they were, ids and times
    included. A change of more than ``AT_ONCE`` rows is only begun; ``carry_on`` brings it to its end.

    Args:
        rest: Leave what was changed since as it is, and undo the others.

    Raises:
        NotFound: It is another account's.
        UndoTooLate: It is older than ``UNDO_FOR``.
        UndoneAlready: Somebody was first.
        StillRunning: It is not carried out yet.
        ChangedSince: Rows were changed since; nothing is undone.
        GroupTitleTaken: A deleted group's title is another one's now.
    """
    change = await Change.get_or_none(id=change_id, account_id=account_id)
    if change is None:
        raise NotFound(noun="change")
    _require_undoable(change, now)
    if change.kind is ChangeKind.DELETE_GROUP:
        await _restore_group(change, by=by, now=now)
        return await get(account_id, change_id, now=now)
    if not rest:
        await _refuse_changed(change, now)
    claimed = await Change.filter(id=change_id, state=ChangeState.DONE).update(
        state=ChangeState.UNDOING, cursor=0, undone_by=by
    )
    if not claimed:
        raise UndoneAlready
    log.info("undo_begins", account=account_id, change=change_id, kind=change.kind, rows=change.count, by=by)
    if change.count <= AT_ONCE and not await _carry_on(change_id, whole=not rest):
        # Changed between the look and the deed: nothing was undone.
        await Change.filter(id=change_id, state=ChangeState.UNDOING).update(state=ChangeState.DONE, undone_by=None)
        await _refuse_changed(change, now)
        raise ChangedSince(count=change.count, total=change.count, against=())
    return await get(account_id, change_id, now=now)


async def carry_on(change_id: int) -> None:
    """Bring an undoing that has begun to its end, leaving what was changed since; safe to repeat and to do twice."""
    await _carry_on(change_id, whole=False)


def not_undone() -> Q:
    """Imports that stand: no change of theirs is undone, or is being undone."""
    undone = Change.filter(kind=ChangeKind.IMPORT, state__in=[ChangeState.UNDOING, ChangeState.UNDONE])
    return Q(change_id__isnull=True) | ~Q(change_id__in=Subquery(undone.values("id")))


async def unfinished() -> Sequence[int]:
    """Ids of changes that are being undone."""
    return [change.id for change in await Change.filter(state=ChangeState.UNDOING).order_by("id").only("id")]


async def delete_group(account_id: int, group_id: int, *, by: int) -> int | None:
    """
    Delete a group with the note of how it was; its memberships stay in their table, where nobody sees them without the
    group, until it cannot be undone any more. Returns the change's id; None: it is gone.

    Raises:
        GroupInUse: A campaign that has begun or is due sends to it.
    """
    async with in_transaction() as db:
        group = await ContactGroup.get_or_none(id=group_id, account_id=account_id)
        if group is None:
            return None
        before = await deleted_group.kept_of(group)
        change = await Change.create(
            account_id=account_id,
            kind=ChangeKind.DELETE_GROUP,
            subject_id=group_id,
            title=group.title,
            count=1,
            made_by=by,
            made_ms=now_ms(),
            before=before,
        )
        await deleted_group.leave_drafts(before["campaigns"])
        if not await ContactGroup.filter(id=group_id).using_db(db).delete():
            return None
    return int(change.id)


async def _restore_group(change: Change, *, by: int, now: datetime) -> None:
    async with in_transaction():
        claimed = await Change.filter(id=change.id, state=ChangeState.DONE).update(
            state=ChangeState.UNDONE, undone_by=by, undone_ms=to_ms(now)
        )
        if not claimed:
            raise UndoneAlready
        title = change.title
        if await ContactGroup.filter(account_id=change.account_id, title__iexact=title).exists():  # type: ignore[attr-defined]
            raise GroupTitleTaken(title=title)
        await deleted_group.put_back(change)
    log.info("undone", change=change.id, kind=change.kind)


def _require_undoable(change: Change, now: datetime) -> None:
    if change.state in {ChangeState.UNDONE, ChangeState.UNDOING}:
        raise UndoneAlready
    if change.state is ChangeState.RUNNING:
        raise StillRunning
    if change.purged or change.made_ms <= to_ms(now - UNDO_FOR):
        raise UndoTooLate


async def _carry_on(change_id: int, *, whole: bool) -> bool:
    """False: (``whole``) rows were changed since, and nothing is undone."""
    db = store.current()
    while True:
        change = await Change.get(id=change_id)
        if change.state is not ChangeState.UNDOING:
            return True
        found = await db.journal_span(change_id, after=change.cursor, limit=UNDO_SLICE)
        if found is None:
            break
        outcome = await db.undo_slice(_span(change, change.cursor, found[0]), whole=whole)
        if outcome is not None and outcome.refused:
            return False
        if found[1] == UNDO_SLICE:
            await asyncio.sleep(_PAUSE_S)
    await Change.filter(id=change_id, state=ChangeState.UNDOING).update(state=ChangeState.UNDONE, undone_ms=now_ms())
    await _count_anew(change_id)
    log.info("undone", change=change_id, kind=change.kind, kept=change.kept)
    return True


async def _refuse_changed(change: Change, now: datetime) -> None:
    db, cursor, count = store.current(), 0, 0
    later: Counter[int] = Counter()
    looked = 0
    while found := await db.journal_span(change.id, after=cursor, limit=UNDO_SLICE):
        span = _span(change, cursor, found[0])
        touched = await db.touched_since(span)
        if touched and looked < _NAMED:
            looked += 1
            later.update(dict(await db.later_changes(span)))
        count, cursor = count + touched, found[0]
    if not count:
        return
    changes = await Change.filter(id__in=list(later)).order_by("-id")
    names = await _names(changes)
    views = [_view(one, names, now) for one in changes]
    against = [Against(view.kind, view.title, view.by, view.at, later[view.id]) for view in views]
    raise ChangedSince(count=count, total=change.count, against=against)


async def _count_anew(change_id: int) -> None:
    """What people have counted of the account's contacts is not true any more."""
    of_account = Change.filter(id=change_id).values("account_id")
    await ContactView.filter(account_id__in=Subquery(of_account)).update(total=None)
    audience.forget()


def _span(change: Change, after: int, upto: int) -> Span:
    account_id: int = change.account_id  # type: ignore[attr-defined]
    return Span(change.id, after, upto, account_id, change.group_id)


async def _names(changes: Sequence[Change]) -> dict[int, str]:
    ids = {change.made_by for change in changes}
    rows = await Person.filter(id__in=list(ids)).values_list("id", "name") if ids else []
    return {int(str(person_id)): str(name) for person_id, name in rows}


def _view(change: Change, names: dict[int, str], now: datetime) -> ChangeView:
    at = datetime.fromtimestamp(change.made_ms / 1000, UTC)
    fresh = not change.purged and change.made_ms > to_ms(now - UNDO_FOR)
    running = change.state is ChangeState.RUNNING
    planned = int(str((change.scope or {}).get("total", change.count)))
    stopped = change.state is ChangeState.DONE and change.stopped and (change.count < planned or not change.count)
    return ChangeView(
        id=change.id,
        kind=change.kind,
        state=change.state,
        title=change.title,
        group_id=change.group_id,
        subject_id=change.subject_id,
        count=change.count,
        kept=change.kept,
        by=names.get(change.made_by, ""),
        at=at,
        until=at + UNDO_FOR,
        undoable=fresh and change.state is ChangeState.DONE and change.count > 0,
        stoppable=running and change.scope is not None,
        stopped=stopped,
        done=change.count,
        total=planned if running or stopped else change.count,
    )


def to_ms(moment: datetime) -> int:
    """Epoch milliseconds of an aware moment."""
    return int(moment.timestamp() * 1000)
