"""
What kind of file a person sent: is it text, in which encoding, with which delimiter. Bytes in, a layout or a refusal
out; nothing about contacts.

FileRejected                     nothing of the file can be used
├─ FileEmpty
├─ FileNotText(kind)             an image, a workbook… ``kind``: its usual ending, as ``png``; empty: not known
├─ TooManyColumns(limit, columns)
└─ TooManyRows(limit)
"""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import IO, Final

from domain.errors import DomainError

MAX_COLUMNS: Final = 50
MAX_ROWS: Final = 1_000_000  #: contacts in a file
_MAX_LINES: Final = 3 * MAX_ROWS  # a cell may hold line breaks, but not each of them two
#: What a person may choose from.
ENCODINGS: Final = ("utf-8", "cp1252", "latin-1", "cp850", "mac-roman", "utf-16-le", "utf-16-be")
DELIMITERS: Final = (",", ";", "\t", "|")

_NUMBER_LIKE: Final = re.compile(r"[\s'+(]*\d[\d\s().+-]{5,25}")
_LOOKED_AT: Final = 100  # lines
_HEAD: Final = 65_536  # bytes in which a file shows what it is
_BLANK: Final = b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"
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
#: Text, but no table: what web panels call .xls is often a page or XML; phones write their contacts as vCards.
_TEXT_MAGIC: Final = (
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|html|head|meta|style|table|\?xml|\?mso)\b", re.IGNORECASE),
        "html",
    ),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN:VCARD", re.IGNORECASE), "vcf"),
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
        encoding: A name that Python knows; ``cp1252`` is a guess: ``ENCODINGS`` are offered where letters look wrong.
        preamble: Lines in front of the first row: 1 for Excel's ``sep=;``.
    """

    encoding: str
    delimiter: str
    preamble: int = 0


def kind_of(head: bytes) -> str:
    """The usual ending of a file that is no table in text, by its first bytes; empty: it may be one."""
    for magic, kind in _MAGIC:
        if head.startswith(magic) and not (magic == b"BM" and head.isascii()):
            return kind
    return next((kind for pattern, kind in _TEXT_MAGIC if pattern.match(head)), "")


def detect(stream: IO[bytes], *, encoding: str = "") -> Layout:
    """
    Find out how a file is written.

    Args:
        stream: The file, from its beginning; it is read to its end, for one wrong byte tells UTF-8 from the others.
        encoding: What a person says it is; empty: find out.

    Raises:
        FileRejected: It is empty, or no text, or has more columns or lines than we take.
    """
    head = stream.read(_HEAD)
    if not head.strip(_BLANK):
        if not any(chunk.strip(_BLANK) for chunk in iter(lambda: stream.read(_HEAD), b"")):
            raise FileEmpty
        raise FileNotText(kind="")
    found = _encoding(head, stream)
    encoding = encoding or found
    lines = head.decode(encoding, "replace").splitlines()
    preamble = 0
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].rstrip()) <= 5:
        preamble = 1
        if lines[0][4:5] in DELIMITERS:
            return Layout(encoding, lines[0][4:5], preamble)
    return Layout(encoding, _delimiter([line for line in lines[preamble:][:_LOOKED_AT] if line.strip()]), preamble)


def _encoding(head: bytes, rest: IO[bytes]) -> str:
    kind = kind_of(head)
    if kind:
        raise FileNotText(kind=kind)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), "")
    if not marked and b"\0" in head:
        marked = _without_mark(head)
    if not marked and len(head) - len(head.translate(None, _CONTROL)) > len(head) // 200:
        raise FileNotText(kind="")
    is_utf8 = _count_lines(head, rest)
    return marked or ("utf-8" if is_utf8 else "cp1252")


def _count_lines(head: bytes, rest: IO[bytes]) -> bool:
    """Read to the end. Whether it is UTF-8; a character that is cut at the end does not speak against it."""
    decoder, is_utf8 = codecs.getincrementaldecoder("utf-8")("strict"), True
    line_feeds = returns = 0
    chunk = head
    while chunk:
        line_feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        if max(line_feeds, returns) > _MAX_LINES:
            raise TooManyRows(limit=MAX_ROWS)
        try:
            if is_utf8:
                decoder.decode(chunk)
        except UnicodeDecodeError:
            is_utf8 = False
        chunk = rest.read(_HEAD)
    return is_utf8


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
