"""What goes on by itself: changes and undoings of many rows, also after a kill; stopping them; forgetting old ones."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from domain import store
from domain.models import Change, ChangeKind, ChangeState
from domain.usecases import blacklist_file, bulk, import_progress, undo, uploads

log = structlog.get_logger()

T = TypeVar("T")
_CarryOn = Callable[[int], Awaitable[None]]
_Work = tuple[_CarryOn, int]  # how to carry a change on, and its id

_TICK_S: Final = 0.5
_PURGE_S: Final = 600.0
_MARGIN: Final = timedelta(minutes=1)  # an undoing that began at the last moment has claimed its change by then
_ABANDONED: Final = timedelta(minutes=1)  # a single deed is one short transaction
_PURGE_SLICE: Final = 5_000  # rows a transaction
_PAUSE_S: Final = 0.02  # between slices: SQLite's lock is unfair


async def run_changes(stop: asyncio.Event) -> None:
    """
    Until ``stop`` is set, one change at a time in each account, so that nobody waits for another account's; what is
    under way ends at its slice and goes on after the next start.
    """
    purged, under_way = float("-inf"), dict[int, asyncio.Task[None]]()
    try:
        while not stop.is_set():
            under_way = {account_id: task for account_id, task in under_way.items() if not task.done()}
            for account_id, work in (await _safely(_left()) or {}).items():
                if account_id not in under_way:
                    under_way[account_id] = asyncio.create_task(_carry(work), name=f"changes-{account_id}")
            await _safely(_end_abandoned(datetime.now(UTC)))
            if time.monotonic() >= purged + _PURGE_S:
                purged = time.monotonic()
                if gone := await _safely(purge(datetime.now(UTC))):
                    log.info("changes_purged", changes=gone)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _TICK_S)
    finally:
        for task in under_way.values():
            task.cancel()
        await asyncio.gather(*under_way.values(), return_exceptions=True)


async def stop(account_id: int, change_id: int) -> bool:
    """
    Let a change of many go no further: at once while its file is read, else at the border of a slice. What is done by
    then stands, and can be undone. Returns False where it had ended, or is another account's.
    """
    running = Change.filter(id=change_id, account_id=account_id, state=ChangeState.RUNNING, scope__isnull=False)
    if not await running.update(state=ChangeState.DONE, stopped=True):
        return False
    import_progress.stop_reading(import_progress.of_change(change_id))
    await undo.finish(change_id)
    change = await Change.get(id=change_id)
    await uploads.drop(blacklist_file.upload_of(change))
    log.info("change_stopped", account=account_id, change=change_id, kind=change.kind, rows=change.count)
    return True


async def carry_all() -> None:
    """Bring everything that has begun to its end; what cannot be does not stand in the way of the others."""
    await asyncio.gather(*map(_carry, (await _safely(_left()) or {}).values()))
    await _safely(_end_abandoned(datetime.now(UTC)))


async def _left() -> Mapping[int, Sequence[_Work]]:
    """What is to be carried on, by account."""
    found: dict[int, _CarryOn] = {}
    for unfinished, carry_on in (
        (bulk.unfinished, bulk.carry_on),
        (blacklist_file.unfinished, blacklist_file.carry_on),
        (undo.unfinished, undo.carry_on),
    ):
        found |= dict.fromkeys(await _safely(unfinished()) or (), carry_on)
    if not found:
        return {}
    accounts = dict(await Change.filter(id__in=list(found)).values_list("id", "account_id"))
    left = defaultdict[int, list[_Work]](list)
    for change_id, how in found.items():
        left[accounts[change_id]].append((how, change_id))
    return left


async def _carry(work: Sequence[_Work]) -> None:
    for carry_on, change_id in work:
        await _safely(carry_on(change_id), change=change_id)


async def purge(now: datetime) -> int:
    """
    Forget the rows of changes that are too old to be undone. Returns how many changes. One is marked when all of them
    are gone: a kill in the middle leaves none behind for ever.
    """
    db, gone = store.current(), 0
    old = Change.filter(purged=False, made_ms__lte=undo.to_ms(now - undo.UNDO_FOR - _MARGIN))
    for change in await old.exclude(state__in=[ChangeState.RUNNING, ChangeState.UNDOING]).order_by("id"):
        await _all(partial(db.purge_journal, change.id, limit=_PURGE_SLICE))
        if change.kind is ChangeKind.DELETE_GROUP and change.state is ChangeState.DONE and change.subject_id:
            group_id = int(change.subject_id)
            await _all(partial(db.purge_members, group_id, limit=_PURGE_SLICE))
        await Change.filter(id=change.id).update(purged=True, before=None, scope=None)
        gone += 1
    return gone


async def _all(purge_slice: Callable[[], Awaitable[int]]) -> None:
    gone = 1
    while gone:
        gone = await purge_slice()
        await asyncio.sleep(_PAUSE_S)


async def _end_abandoned(now: datetime) -> None:
    """A single deed that a kill cut short, before or behind its one slice, can at least be undone."""
    old = Change.filter(state=ChangeState.RUNNING, scope__isnull=True, made_ms__lt=undo.to_ms(now - _ABANDONED))
    for change in await old.exclude(kind=ChangeKind.IMPORT):
        await undo.finish(change.id)
        log.warning("change_abandoned", change=change.id, rows=change.count)


async def _safely(work: Awaitable[T], **ids: int) -> T | None:
    """The door: what it comes to; None: it failed, and the log says how."""
    try:
        return await work
    except Exception:
        log.exception("changes_failed", **ids)
        return None
