"""What is asked of the journal of changes: to carry them out with the note of what was, and to undo them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Slice:
    """
    Some of what a change applies to: contacts' ids, or numbers; distinct. ``after``: where the change's cursor must be;
    ``upto``: where it goes.
    """

    change_id: int
    account_id: int
    keys: Sequence[int]
    after: int = 0
    upto: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Rows of a change's journal: keys above ``after``, up to ``upto``. ``group_id``: the change's."""

    change_id: int
    after: int
    upto: int
    account_id: int
    group_id: int | None


@dataclass(frozen=True, slots=True)
class UndoneSlice:
    """``kept``: rows that somebody changed since. ``refused``: for them nothing was undone."""

    kept: int
    refused: bool


class JournalStore(Protocol):
    """
    Changes that can be undone. A slice is one transaction with its journal and the change's cursor; where the change
    is not RUNNING or its cursor is elsewhere, nothing is written and the answer is None. Else it is how many rows
    changed.
    """

    async def delete_contacts(self, part: Slice) -> int | None:
        """Delete contacts with their memberships, raising their groups' revisions."""
        ...

    async def change_members(self, part: Slice, group_id: int, *, joining: bool) -> int | None:
        """Put contacts in a group, or take them out; they are never deleted."""
        ...

    async def join_groups(self, part: Slice) -> int | None:
        """Put contacts in every group of the account."""
        ...

    async def leave_groups(self, part: Slice) -> int | None:
        """Take contacts out of every group."""
        ...

    async def list_numbers(self, part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        """Put numbers on the blacklist."""
        ...

    async def unlist_numbers(self, part: Slice) -> int | None:
        """Take numbers off it."""
        ...

    async def edit_contact(
        self, account_id: int, contact_id: int, *, column: str, value: object, change_id: int, now_ms: int
    ) -> bool:
        """Set one field. False: the contact is gone."""
        ...

    async def journal_span(self, change_id: int, *, after: int, limit: int) -> tuple[int, int] | None:
        """The key of the last of the next ``limit`` rows above ``after``, and how many they are; None: no more."""
        ...

    async def journal_rows(self, change_id: int, *, upto: int) -> int:
        """How many rows of a change have a key up to ``upto``."""
        ...

    async def touched_since(self, span: Span) -> int:
        """How many rows are not as the change left them. Reads only."""
        ...

    async def later_changes(self, span: Span) -> Sequence[tuple[int, int]]:
        """Changes, not undone, that touched those rows later, the newest first, and how many of them. Reads only."""
        ...

    async def undo_slice(self, span: Span, *, whole: bool) -> UndoneSlice | None:
        """
        Give the rows back what they were and move the change's cursor; those changed since are left, or (``whole``)
        nothing is undone for them. None: the change is not UNDOING, or its cursor is not at ``span.after``.
        """
        ...

    async def purge_journal(self, change_id: int, *, limit: int) -> int:
        """Forget some rows of a change; returns how many: 0 means all."""
        ...

    async def purge_members(self, group_id: int, *, limit: int) -> int:
        """Forget some members of a group that is gone for good; returns how many: 0 means all."""
        ...
