"""The hot statements on PostgreSQL."""

from domain.store.postgres.connection import PostgresConnection
from domain.store.postgres.contacts import PostgresContacts
from domain.store.postgres.dispatch import PostgresDispatch
from domain.store.postgres.doubt import PostgresDoubt
from domain.store.postgres.imports import PostgresImports
from domain.store.postgres.journal import PostgresJournal
from domain.store.postgres.overlap import PostgresOverlap
from domain.store.postgres.search import PostgresSearch

__all__ = ["PostgresStore"]


class PostgresStore(
    PostgresDispatch,
    PostgresDoubt,
    PostgresContacts,
    PostgresImports,
    PostgresJournal,
    PostgresOverlap,
    PostgresSearch,
    PostgresConnection,
):
    """``domain.store.whole.Store`` on Tortoise's pool; several senders may work on it at once."""
