"""
The few statements that carry millions of rows, one set per engine behind one interface. With ``domain.usecases`` the
only writer of the database. ``current()`` is the store of the open database.
"""

from domain.store.doubt_interface import Adopted, LatePart, Word
from domain.store.interface import (
    BlankCount,
    Claim,
    ContactRow,
    Evidence,
    GroupCount,
    ImportedRow,
    Listed,
    PartAnswer,
    Policy,
    Receipt,
    Refusal,
    Result,
    SliceCounts,
    StagedRows,
    Submission,
    ToSend,
)
from domain.store.journal import Slice, Span, UndoneSlice
from domain.store.whole import Store

__all__ = [
    "Adopted",
    "BlankCount",
    "Claim",
    "ContactRow",
    "Evidence",
    "GroupCount",
    "ImportedRow",
    "LatePart",
    "Listed",
    "PartAnswer",
    "Policy",
    "Receipt",
    "Refusal",
    "Result",
    "Slice",
    "SliceCounts",
    "Span",
    "StagedRows",
    "Store",
    "Submission",
    "ToSend",
    "UndoneSlice",
    "Word",
    "current",
    "use",
]

_open: list[Store] = []


def use(store: Store | None) -> None:
    """Make this the store of the process; None when the database closes."""
    _open[:] = [store] if store else []


def current() -> Store:
    """
    The store of the open database.

    Raises:
        RuntimeError: No database is open.
    """
    if not _open:
        raise RuntimeError("no database is open")
    return _open[0]
