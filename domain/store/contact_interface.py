"""
What is asked of the database about contacts, groups and the blacklist by batches; ``sqlite`` and ``postgres`` each
implement it. Times are epoch milliseconds.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import ClassVar, Protocol

from domain.store.interface import (
    BlankCount,
    ContactRow,
    GroupCount,
    ImportedRow,
    Listed,
    Policy,
    SliceCounts,
    StagedRows,
)


class ContactStore(Protocol):
    """
    Imports, groups' members, the blacklist by batches, and reading contacts by pages.

    Attributes:
        import_rows: Rows that a slice of an import should have.
        import_pause_s: Seconds between two slices, for others who write.
    """

    import_rows: ClassVar[int]
    import_pause_s: ClassVar[float]

    async def give_way(self) -> None:
        """Between two slices: ``import_pause_s``, and longer while others have something to ask."""
        ...

    def staged(self, path: Path) -> AbstractAsyncContextManager[None]:
        """Open a file of ``domain.store.staging`` for ``standing`` and ``import_slice``."""
        ...

    async def standing(self, account_id: int, rows: StagedRows) -> Listed:
        """How some of the numbers of an open staged file stand now. Reads only."""
        ...

    async def import_slice(
        self,
        account_id: int,
        group_id: int,
        rows: Sequence[ImportedRow] | StagedRows,
        *,
        now_ms: int,
        job_id: int,
        policy: Policy = Policy(),  # noqa: B008 - frozen
    ) -> SliceCounts | None:
        """
        One transaction: upsert ``rows`` (ascending, distinct msisdns), put them in the group, raise its revision, and
        advance the job's cursor and counts. Where the job has a change, its journal is written too.

        Returns:
            None, and nothing is written: the job is not RUNNING any more, has been past these rows already, or its
            group is gone.
        """
        ...

    async def write_contacts(
        self, account_id: int, group_id: int | None, rows: Sequence[ImportedRow], *, now_ms: int, change_id: int
    ) -> SliceCounts:
        """As a slice of an import, for contacts that were typed; ``group_id`` None: they join none."""
        ...

    async def add_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        """Put contacts in a group; returns how many were not in it."""
        ...

    async def remove_members(self, group_id: int, contact_ids: Sequence[int]) -> int:
        """Take contacts out of a group, never delete them; returns how many were in it."""
        ...

    async def members(self, group_id: int, *, after: int, limit: int) -> Sequence[ContactRow]:
        """A page of a group's contacts in order of id, from above ``after``."""
        ...

    async def groups_of(self, account_id: int, contact_id: int) -> Sequence[int]:
        """Ids of the groups that the contact is in, in order of title."""
        ...

    async def group_sizes(self, account_id: int) -> Mapping[int, int]:
        """How many contacts are in every group of the account."""
        ...

    async def audience_count(self, account_id: int, group_ids: Sequence[int]) -> GroupCount:
        """Distinct contacts of several groups, and how many of them are on the blacklist."""
        ...

    async def audience(
        self, account_id: int, group_ids: Sequence[int], *, after: int, limit: int
    ) -> Sequence[ContactRow]:
        """Distinct contacts of several groups that are not on the blacklist, in order of id, from above ``after``."""
        ...

    async def audience_blanks(self, account_id: int, group_ids: Sequence[int], fields: Sequence[str]) -> BlankCount:
        """How many of ``audience`` have nothing but blanks in each of these fields of a contact."""
        ...

    async def overlap(
        self,
        account_id: int,
        group_ids: Sequence[int],
        *,
        sent_in: Sequence[int],
        planned_in: Sequence[int],
        since_ms: int,
    ) -> int:
        """
        How many of ``audience`` got a message of the campaigns ``sent_in`` since then, or will get one of these or of
        ``planned_in``, whose messages are not written yet. Slice by slice. Reads only.
        """
        ...

    async def blacklist(
        self, account_id: int, msisdns: Sequence[int], *, source: str, by: int | None, now_ms: int
    ) -> int:
        """
        Put numbers on the blacklist; returns how many were not on it. One that was keeps how it came, unless its owner
        asks for it (source ``optout``): then that stands.
        """
        ...
