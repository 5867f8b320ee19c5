"""
What kind of file a person sent: is it text, in which encoding, with which delimiter. Bytes in, a layout or a refusal
out; nothing about contacts.

FileRejected                     nothing of the file can be used
├─ FileEmpty
├─ FileNotText(kind)             an image, a workbook… ``kind``: its usual ending, as ``png``; empty: not known
├─ TooManyColumns(limit, columns)
└─ TooManyRows(limit)
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError

MAX_COLUMNS: Final = 50
MAX_ROWS: Final = 1_000_000  # lines of the file
DELIMITERS: Final = (",", ";", "\t", "|")

_NUMBER_LIKE: Final = re.compile(r"[\s'+(]*\d[\d\s().+-]{5,25}")
_LOOKED_AT: Final = 100  # lines
_HEAD: Final = 65_536  # bytes in which a file shows what it is
_MAGIC: Final = (
    (b"\x89PNG", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gz"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"RIFF", "webp"),
    (b"OggS", "ogg"),
    (b"ID3", "mp3"),
    (b"SQLite format 3\0", "db"),
    (b"{\\rtf", "rtf"),
)
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
#: Octets that no text has; tab, line ends, form feed and DOS's end-of-file may be there.
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a")) + b"\x7f"


class FileRejected(DomainError):
    """Nothing of the file can be used."""

    key = "file.rejected"


class FileEmpty(FileRejected):
    """No bytes, or only blank lines."""

    key = "file.empty"


class FileNotText(FileRejected):
    """Values: ``kind``: the usual ending of such files; empty: not known."""

    key = "file.not_text"


class TooManyColumns(FileRejected):
    """Values: ``limit`` and ``columns``."""

    key = "file.too_many_columns"


class TooManyRows(FileRejected):
    """Values: ``limit``."""

    key = "file.too_many_rows"


@dataclass(frozen=True, slots=True)
class Layout:
    """
    How a file is to be read.

    Attributes:
        encoding: A name that Python knows. ``cp1252`` is a guess: ``cp850`` may be offered where letters look wrong.
        preamble: Lines in front of the first row: 1 for Excel's ``sep=;``.
    """

    encoding: str
    delimiter: str
    preamble: int = 0


def detect(sample: bytes) -> Layout:
    """
    Find out how a file is written.

    Args:
        sample: All of it, or its beginning; the more, the surer the encoding.

    Raises:
        FileRejected: It is empty, or no text, or has more columns or lines than we take.
    """
    if not sample.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileEmpty
    encoding = _encoding(sample)
    if max(sample.count(b"\n"), sample.count(b"\r")) > MAX_ROWS:
        raise TooManyRows(limit=MAX_ROWS)
    head = sample[:_HEAD].decode(encoding, "replace").splitlines()
    preamble = 0
    if head[0].lower().startswith("sep=") and len(head[0].rstrip()) <= 5:
        preamble = 1
        if head[0][4:5] in DELIMITERS:
            return Layout(encoding, head[0][4:5], preamble)
    lines = [line for line in head[preamble : preamble + _LOOKED_AT] if line.strip()]
    delimiter = _delimiter(lines)
    return Layout(encoding, delimiter, preamble)


def _encoding(sample: bytes) -> str:
    for magic, kind in _MAGIC:
        if sample.startswith(magic) and not (magic == b"BM" and sample.isascii()):
            raise FileNotText(kind=kind)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    head = sample[:_HEAD]
    if b"\0" in head:
        return _without_mark(head)
    if len(head) - len(head.translate(None, _CONTROL)) > len(head) // 200:
        raise FileNotText(kind="")
    try:
        # A sample may end within a character.
        sample.decode("utf-8") if len(sample) <= 3 else sample[: _whole(sample)].decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _whole(sample: bytes) -> int:
    """Where the last character that may be cut begins."""
    for back in range(1, 4):
        if sample[-back] >= 0xC0:
            return len(sample) - back
        if sample[-back] < 0x80:
            break
    return len(sample)


def _without_mark(head: bytes) -> str:
    """UTF-16 without its mark has a NUL in every second place, mostly."""
    pairs = len(head) // 2
    low, high = head[0::2].count(0), head[1::2].count(0)
    if high > 0.4 * pairs and low < 0.05 * pairs:
        return "utf-16-le"
    if low > 0.4 * pairs and high < 0.05 * pairs:
        return "utf-16-be"
    raise FileNotText(kind="")


def _delimiter(lines: list[str]) -> str:
    """
    The one that leaves a number in a cell of its own, and cuts most lines into the same number of columns; of equals,
    into more of them; of those the one that is rarer within cells.
    """
    best, found = (False, 0.0, 0), ","
    for delimiter in sorted(DELIMITERS, key="\t|;,".index):
        rows = _rows(lines, delimiter)
        widths = Counter(len(row) for row in rows if row)
        if not widths:
            continue
        width, alike = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
        numbered = sum(any(map(_NUMBER_LIKE.fullmatch, row)) for row in rows)
        score = (2 * numbered >= widths.total(), alike / widths.total(), width)
        if width > 1 and score > best:
            best, found = score, delimiter
    if best[2] > MAX_COLUMNS:
        raise TooManyColumns(limit=MAX_COLUMNS, columns=best[2])
    return found


def _rows(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:
        return []
