"""
The rows of an upload on their way in: a private SQLite file, written once by whoever reads the upload, in ascending
order of number with the last row of each. The store's engines take it from there without a row passing through Python.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from domain.store.contact_sql import COLUMNS, FIELDS, STAGED
from domain.store.interface import StagedRows

_CACHE_KIB: Final = 4_096  # more of it only makes the sort slower
_PAGE: Final = 8_192  # bytes
_PUT: Final = f"insert into raw ({COLUMNS}) values ({', '.join('?' * len(STAGED))})"
_COLUMNS: Final = ", ".join(f"{name} text not null" for name in FIELDS)


class Staging:
    """A new file that is being filled, by one thread. ``finish`` or ``close`` it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (f"page_size = {_PAGE}", f"cache_size = -{_CACHE_KIB}", "journal_mode = off", "synchronous = off",
                       "locking_mode = exclusive", "temp_store = file"):  # fmt: skip
            self._db.execute(f"pragma {pragma}")
        self._db.execute(f"create table raw (msisdn integer not null, {_COLUMNS})")
        self._db.execute("begin")

    def put(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Take rows: the columns of ``ImportedRow``."""
        self._db.executemany(_PUT, rows)

    def finish(self) -> int:
        """Sort them, and of those with the same number keep the last one. Returns how many numbers there are."""
        self._db.execute(f"create table staged (msisdn integer primary key, {_COLUMNS})")
        self._db.execute(f"insert or replace into staged select {COLUMNS} from raw order by msisdn, rowid")
        count = int(self._db.execute("select count(*) from staged").fetchone()[0])
        self._db.execute("drop table raw")
        self._db.execute("commit")
        self.close()
        return count

    def close(self) -> None:
        """Leave the file as it is."""
        self._db.close()


class Staged:
    """A finished file, for reading. Used by one thread at a time; close it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False)

    def next_rows(self, after: int, *, limit: int) -> StagedRows | None:
        """The next rows above ``after``; None: there is none."""
        query = "select max(msisdn), count(*) from (select msisdn from staged where msisdn > ? order by msisdn limit ?)"
        last, count = self._db.execute(query, (after, limit)).fetchone()
        return StagedRows(self.path, after, last, count) if count else None

    def msisdns(self, after: int, last: int) -> list[int]:
        """The numbers above ``after`` up to ``last``, ascending."""
        query = "select msisdn from staged where msisdn > ? and msisdn <= ? order by msisdn"
        return [row[0] for row in self._db.execute(query, (after, last))]

    def copy_text(self, after: int, last: int) -> bytes:
        """The rows above ``after`` up to ``last``, ascending, as PostgreSQL's COPY reads them in its text format."""
        # PostgreSQL manual, COPY, text format: these four are written with a backslash.
        escapes = ("'\\', '\\\\'", "char(9), '\\t'", "char(10), '\\n'", "char(13), '\\r'")
        line = " || char(0) || ".join(("msisdn", *FIELDS))  # no cell holds a NUL: a row is escaped at once
        for escape in escapes:
            line = f"replace({line}, {escape})"
        rows = f"select {line} as line from staged where msisdn > ? and msisdn <= ? order by msisdn"
        text: str = self._db.execute(f"select group_concat(line, char(10)) from ({rows})", (after, last)).fetchone()[0]
        return text.encode().replace(b"\0", b"\t") + b"\n"

    def close(self) -> None:
        """Forget it; the file stays."""
        self._db.close()
