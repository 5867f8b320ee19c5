"""
The rows of an upload on their way in: a private SQLite file that keeps the last row of each number and hands them out
in ascending order, whichever engine they go to. It spills to disk, and is gone with the process.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final

from domain.store.contact_sql import COLUMNS, FIELDS, STAGED
from domain.store.interface import ImportedRow

_CACHE_KIB: Final = 65_536
_PUT: Final = f"insert or replace into staged ({COLUMNS}) values ({', '.join('?' * len(STAGED))})"


class Staging:
    """Used by one thread at a time; close it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.execute(f"pragma cache_size = -{_CACHE_KIB}")
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        columns = ", ".join(f"{name} text not null" for name in FIELDS)
        self._db.execute(f"create table staged (msisdn integer primary key, {columns})")

    def put(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Take rows in the order of ``ImportedRow``; of those with the same number the last one stays."""
        self._db.execute("begin")
        self._db.executemany(_PUT, rows)
        self._db.execute("commit")

    def count(self) -> int:
        """Distinct numbers."""
        return int(self._db.execute("select count(*) from staged").fetchone()[0])

    def msisdns(self) -> Iterator[int]:
        """All numbers, ascending."""
        return (row[0] for row in self._db.execute("select msisdn from staged order by msisdn"))

    def after(self, msisdn: int, *, limit: int) -> list[ImportedRow]:
        """The next rows above a number, ascending."""
        query = f"select {COLUMNS} from staged where msisdn > ? order by msisdn limit ?"
        return [*map(ImportedRow._make, self._db.execute(query, (msisdn, limit)))]

    def close(self) -> None:
        """Forget all of it."""
        self._db.close()
