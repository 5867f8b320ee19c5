"""Where the sandbox remembers: one SQLite file, or memory. It knows rows and JSON, nothing of Telegram."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (chat_id INTEGER, message_id INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (chat_id, message_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS updates (update_id INTEGER PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS files (number INTEGER PRIMARY KEY, body TEXT NOT NULL, content BLOB NOT NULL);
"""


class Store:
    """
    Rows that outlive the process.

    Every change waits for ``commit``: an HTTP request is one transaction, so a killed sandbox never holds half of one.

    Args:
        data: The folder; ``None`` keeps everything in memory.
    """

    def __init__(self, data: Path | None) -> None:
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(":memory:" if data is None else data / "telegram.db")
        self._rows.execute("PRAGMA journal_mode=WAL")
        # Against a killed process the page cache is enough; this is a toy's history, not the product's promise.
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.executescript(_TABLES)

    def commit(self) -> None:
        """End the request's transaction."""
        if self._rows.in_transaction:
            self._rows.commit()

    def close(self) -> None:
        """Commit and let go of the file."""
        self.commit()
        self._rows.close()

    def fact(self, key: str) -> object:
        """What was last put under a key, or ``None``."""
        row = self._rows.execute("SELECT body FROM facts WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def facts(self, prefix: str) -> Iterator[tuple[str, object]]:
        """Every key with this prefix, the prefix cut off."""
        rows = self._rows.execute("SELECT key, body FROM facts WHERE substr(key, 1, ?) = ?", (len(prefix), prefix))
        for key, body in rows.fetchall():
            yield key[len(prefix) :], json.loads(body)

    def put(self, key: str, value: object) -> None:
        """Remember one JSON value."""
        self._rows.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, json.dumps(value)))

    def forget(self, key: str) -> None:
        """Forget one value."""
        self._rows.execute("DELETE FROM facts WHERE key = ?", (key,))

    def messages(self, chat_id: int) -> Iterator[dict[str, object]]:
        """A chat's messages, oldest first."""
        rows = self._rows.execute("SELECT body FROM messages WHERE chat_id = ? ORDER BY message_id", (chat_id,))
        for (body,) in rows.fetchall():
            yield json.loads(body)

    def put_message(self, chat_id: int, message_id: int, body: dict[str, object]) -> None:
        """Write or rewrite one message."""
        self._rows.execute("INSERT OR REPLACE INTO messages VALUES (?, ?, ?)", (chat_id, message_id, json.dumps(body)))

    def delete_message(self, chat_id: int, message_id: int) -> None:
        """Drop one message."""
        self._rows.execute("DELETE FROM messages WHERE chat_id = ? AND message_id = ?", (chat_id, message_id))

    def delete_chats(self) -> None:
        """Drop every message and every update that waits; ids and files stay."""
        self._rows.execute("DELETE FROM messages")
        self._rows.execute("DELETE FROM updates")

    def updates(self) -> Iterator[dict[str, object]]:
        """Unconfirmed updates, oldest first."""
        for (body,) in self._rows.execute("SELECT body FROM updates ORDER BY update_id").fetchall():
            yield json.loads(body)

    def put_update(self, update_id: int, body: dict[str, object]) -> None:
        """Keep an update until it is confirmed."""
        self._rows.execute("INSERT INTO updates VALUES (?, ?)", (update_id, json.dumps(body)))

    def delete_updates_below(self, update_id: int) -> None:
        """Confirmed: an offset drops everything under it."""
        self._rows.execute("DELETE FROM updates WHERE update_id < ?", (update_id,))

    def put_file(self, number: int, body: dict[str, object], content: bytes) -> None:
        """Keep one file with its description."""
        self._rows.execute("INSERT INTO files VALUES (?, ?, ?)", (number, json.dumps(body), content))

    def files(self) -> Iterator[dict[str, object]]:
        """Descriptions of all files, oldest first."""
        for (body,) in self._rows.execute("SELECT body FROM files ORDER BY number").fetchall():
            yield json.loads(body)

    def file_content(self, number: int) -> bytes:
        """
        The bytes of one file.

        Raises:
            KeyError: No such file.
        """
        row = self._rows.execute("SELECT content FROM files WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(number)
        return bytes(row[0])
