"""The account's blacklist: numbers that no campaign of it is ever sent to."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import structlog

from domain import store
from domain.errors import NotFound
from domain.models import BlacklistEntry, ChangeKind
from domain.rules.msisdn import NumberPlan, NumberProblem, display
from domain.store import Slice
from domain.usecases import undo
from domain.usecases.numbering import numbering_anywhere

log = structlog.get_logger()

_BETWEEN: Final = re.compile(r"[\n\r,;|\t]+")


class Source(StrEnum):
    """How a number came on the list."""

    MANUAL = "manual"
    IMPORT = "import"
    CARD = "card"
    OPTOUT = "optout"  #: the contact asked for it


@dataclass(frozen=True, slots=True)
class Entry:
    """A number on the list. ``since``: aware UTC."""

    id: int
    msisdn: int
    source: Source
    since: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list, the newest first. ``index`` counts from 0."""

    entries: Sequence[Entry]
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class Added:
    """
    What became of numbers that were typed.

    Attributes:
        added: Those that were not on the list, in the order typed.
        already: How many were.
        refused: Texts that are no numbers, each with the reason.
        change_id: What undoes it; None: nothing was added.
    """

    added: tuple[int, ...]
    already: int
    refused: tuple[tuple[str, NumberProblem], ...]
    change_id: int | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A number that is not on the list any more; ``change_id`` undoes it."""

    msisdn: int
    change_id: int


async def add(account_id: int, text: str, *, source: Source, by: int) -> Added:
    """Put every number of a text on the list: one a line, or with commas, semicolons or bars between them."""
    plan = (await numbering_anywhere(account_id)).plan()
    msisdns: dict[int, None] = {}
    refused = []
    for piece in pieces(text, plan):
        verdict = plan.parse(piece)
        if verdict.msisdn is not None:
            msisdns[verdict.msisdn] = None
        elif verdict.problem is not None:
            refused.append((piece, verdict.problem))
    known = await listed(account_id, msisdns)
    added = tuple(msisdn for msisdn in msisdns if msisdn not in known)
    change_id = await list_noted(account_id, added, source=source, by=by) if added else None
    return Added(added, len(msisdns) - len(added), tuple(refused), change_id)


async def list_noted(account_id: int, msisdns: Sequence[int], *, source: Source, by: int) -> int:
    """Put numbers on the list so that it can be undone. Returns the change's id."""
    title = display(msisdns[0]) if len(msisdns) == 1 else ""
    change_id = await undo.begin(account_id, ChangeKind.BLACKLIST, by=by, title=title)
    part = Slice(change_id, account_id, list(msisdns))
    count = await store.current().list_numbers(part, source=source, by=by, now_ms=undo.now_ms())
    await undo.finish(change_id)
    log.info("blacklisted", account=account_id, numbers=count, source=source, by=by)
    return change_id


async def put(account_id: int, msisdns: Sequence[int], *, source: Source, by: int | None) -> int:
    """Put numbers on the list. Returns how many were not on it."""
    if not msisdns:
        return 0
    now_ms = time.time_ns() // 1_000_000
    count = await store.current().blacklist(account_id, msisdns, source=source, by=by, now_ms=now_ms)
    log.info("blacklisted", account=account_id, numbers=count, source=source, by=by)
    return count


async def page(account_id: int, *, index: int, size: int) -> Page:
    """A page of the list; the last one where ``index`` is past the end."""
    total = await BlacklistEntry.filter(account_id=account_id).count()
    index = min(max(index, 0), max(0, (total - 1) // size))
    rows = await BlacklistEntry.filter(account_id=account_id).order_by("-id").offset(index * size).limit(size)
    return Page([entry_of(row) for row in rows], index, total)


async def get(account_id: int, entry_id: int) -> Entry:
    """
    One entry.

    Raises:
        NotFound: It is not on the list any more.
    """
    row = await BlacklistEntry.get_or_none(id=entry_id, account_id=account_id)
    if row is None:
        raise NotFound(noun="blacklist_entry")
    return entry_of(row)


async def find(account_id: int, msisdn: int) -> Entry | None:
    """The number's entry; None: it is not on the list."""
    row = await BlacklistEntry.get_or_none(account_id=account_id, msisdn=msisdn)
    return entry_of(row) if row else None


async def listed(account_id: int, msisdns: Iterable[int]) -> frozenset[int]:
    """Those of a few numbers that are on the list."""
    rows = await BlacklistEntry.filter(account_id=account_id, msisdn__in=list(msisdns)).values_list("msisdn", flat=True)
    return frozenset(int(str(msisdn)) for msisdn in rows)


async def remove(account_id: int, entry_id: int, *, by: int) -> Removed:
    """
    Take a number off the list.

    Raises:
        NotFound: It is not on the list any more.
    """
    entry = await get(account_id, entry_id)
    title = display(entry.msisdn)
    change_id = await undo.begin(account_id, ChangeKind.UNBLACKLIST, by=by, title=title, subject_id=entry.msisdn)
    gone = await store.current().unlist_numbers(Slice(change_id, account_id, [entry.msisdn]))
    await undo.finish(change_id)
    if not gone:
        raise NotFound(noun="blacklist_entry")
    log.info("unlisted", account=account_id, by=by)
    return Removed(entry.msisdn, change_id)


def pieces(text: str, plan: NumberPlan) -> Iterator[str]:
    """
    The numbers in a text as they were typed. Blanks part them only where the line is no number as a whole: people
    write ``987 763 010``.
    """
    for line in _BETWEEN.split(text):
        line = line.strip()
        if not line:
            continue
        words = line.split()
        if plan.parse(line).msisdn is None and any(plan.parse(word).msisdn for word in words):
            yield from words
        else:
            yield line


def entry_of(row: BlacklistEntry) -> Entry:
    """A row as it is shown."""
    return Entry(row.id, row.msisdn, Source(row.source), datetime.fromtimestamp(row.created_ms / 1000, UTC))
