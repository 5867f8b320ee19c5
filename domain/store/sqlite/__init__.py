"""The hot statements on SQLite."""

from domain.store.sqlite.connection import SqliteConnection
from domain.store.sqlite.contacts import SqliteContacts
from domain.store.sqlite.dispatch import SqliteDispatch
from domain.store.sqlite.doubt import SqliteDoubt
from domain.store.sqlite.imports import SqliteImports
from domain.store.sqlite.journal import SqliteJournal
from domain.store.sqlite.overlap import SqliteOverlap
from domain.store.sqlite.search import SqliteSearch

__all__ = ["SqliteStore"]


class SqliteStore(
    SqliteDispatch,
    SqliteDoubt,
    SqliteContacts,
    SqliteImports,
    SqliteJournal,
    SqliteOverlap,
    SqliteSearch,
    SqliteConnection,
):
    """``domain.store.whole.Store`` on one file: one writer, Tortoise's connection, and one reader."""
