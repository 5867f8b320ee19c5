"""Deleting, moving and blacklisting contacts, one or all that match a filter: slice by slice, each with its note."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from domain import store
from domain.errors import DomainError
from domain.models import Change, ChangeKind, ChangeState
from domain.rules.contact_filter import Show, Wanted
from domain.store import ContactRow, Slice
from domain.usecases import contact_search, import_progress, undo
from domain.usecases.import_progress import Stage
from domain.usecases.undo import ChangeView

log = structlog.get_logger()

_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair


class NothingToDo(DomainError):
    """No contact matches any more."""

    key = "error.nothing_to_do"


async def start(
    account_id: int,
    kind: ChangeKind,
    wanted: Wanted,
    *,
    by: int,
    now: datetime,
    title: str = "",
    group_id: int | None = None,
) -> ChangeView:
    """
    Do it to all that match. Up to ``undo.AT_ONCE`` contacts it is done on return; more are done by ``carry_on``, which
    goes on after a restart.

    Args:
        kind: DELETE, BLACKLIST, JOIN and LEAVE (with ``group_id``), or DNC: the blacklisted leave ``group_id``, or
            (None) all their groups.
        title: What it is about, in the person's words.

    Raises:
        NothingToDo: Nothing matches.
    """
    if kind is ChangeKind.DNC:
        wanted = blacklisted_of(wanted)
    total = await contact_search.count(account_id, wanted)
    if not total:
        raise NothingToDo
    change_id = await undo.begin(
        account_id, kind, by=by, title=title, group_id=group_id, scope={"wanted": wanted.to_json(), "total": total}
    )
    log.info("change_begins", account=account_id, change=change_id, kind=kind, rows=total, by=by)
    if total <= undo.AT_ONCE:
        await carry_on(change_id)
    return await undo.get(account_id, change_id, now=now)


def blacklisted_of(wanted: Wanted) -> Wanted:
    """Those of a filter that are on the blacklist; of those that are not on it, nobody."""
    if wanted.show in {Show.CLEAN, Show.INVALID}:
        return Wanted(ids=())
    return Wanted(wanted.group_id, wanted.words, wanted.digits, Show.BLACKLISTED, wanted.import_id, wanted.ids)


async def carry_on(change_id: int) -> None:
    """
    Bring a change that has begun to its end; safe to repeat and to do twice. ``change_run.stop`` stops it at the border
    of a slice.
    """
    change = await Change.get(id=change_id)
    scope: dict[str, Any] = dict(change.scope or {})
    if change.state is not ChangeState.RUNNING or "wanted" not in scope:
        return
    account_id: int = change.account_id  # type: ignore[attr-defined]
    wanted, total = Wanted.from_json(scope["wanted"]), scope["total"]
    key, done = import_progress.of_change(change_id), change.count
    import_progress.begin(key, Stage.WRITING, done=done, total=total)
    try:
        while rows := await contact_search.next_slice(account_id, wanted, after=change.cursor, limit=undo.AT_ONCE):
            await _apply(change, account_id, rows, rows[-1].contact_id)
            done += len(rows)
            import_progress.tell(key, min(done, total), total)
            if len(rows) == undo.AT_ONCE:
                await asyncio.sleep(_PAUSE_S)
            change = await Change.get(id=change_id)
            if change.state is not ChangeState.RUNNING:
                return
    finally:
        import_progress.end(key)
    await undo.finish(change_id)
    log.info("change_done", change=change_id, rows=change.count)


async def unfinished() -> Sequence[int]:
    """Ids of changes that are being carried out, imports and files for the blacklist apart."""
    running = Change.filter(state=ChangeState.RUNNING, scope__isnull=False).order_by("id")
    return [int(change.id) for change in await running if "wanted" in (change.scope or {})]


async def _apply(change: Change, account_id: int, rows: Sequence[ContactRow], upto: int) -> None:
    db = store.current()
    ids = [row.contact_id for row in rows]
    part = Slice(change.id, account_id, ids, change.cursor, upto)
    if change.kind is ChangeKind.DELETE:
        await db.delete_contacts(part)
    elif change.kind is ChangeKind.BLACKLIST:
        numbers = Slice(change.id, account_id, [row.msisdn for row in rows], change.cursor, upto)
        await db.list_numbers(numbers, source="manual", by=change.made_by, now_ms=undo.now_ms())
    elif change.group_id is None:
        await db.leave_groups(part)
    else:
        await db.change_members(part, change.group_id, joining=change.kind is ChangeKind.JOIN)
