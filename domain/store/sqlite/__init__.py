"""The hot statements on SQLite."""

from domain.store.sqlite.connection import SqliteConnection
from domain.store.sqlite.contacts import SqliteContacts
from domain.store.sqlite.dispatch import SqliteDispatch

__all__ = ["SqliteStore"]


class SqliteStore(SqliteDispatch, SqliteContacts, SqliteConnection):
    """``domain.store.interface.Store`` on one file: one writer, Tortoise's connection, and one reader."""
