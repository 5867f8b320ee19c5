"""All that is asked of the database by hand-written statements, in one."""

from typing import Protocol

from domain.store.contact_interface import ContactStore
from domain.store.doubt_interface import DoubtStore
from domain.store.interface import DispatchStore
from domain.store.journal import JournalStore
from domain.store.search import SearchStore


class Store(DispatchStore, DoubtStore, ContactStore, JournalStore, SearchStore, Protocol):
    """All of it; what ``domain.store.current()`` gives."""
