"""
What is inside of an upload: one table, or several in an archive or a workbook. Bytes in, named tables and bounded
streams out. A file that would unpack to more than it should is refused by its directory, and again while it is read,
for directories lie.

FileRejected                     nothing of the file can be used
├─ FileBroken                    an archive or a workbook that cannot be read to its end
├─ FileEncrypted                 it has a password
├─ FileNested                    an archive within an archive
├─ TooManyEntries(limit, entries)
├─ UnpacksTooLarge(limit)        megabytes
└─ UnpacksTooMuch(limit)         how many times its own size
"""

import gzip
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import IO, Final

from domain.rules.csv_layout import FileEmpty, FileNotText, FileRejected, kind_of

MAX_ENTRIES: Final = 20  #: tables in an archive
MAX_FILES: Final = 2_000  #: files of any kind in it
MAX_UNPACKED: Final = 300_000_000  #: bytes of a table, or of all parts of a workbook
MAX_RATIO: Final = 100  #: unpacked to packed; text of contacts comes to 3 to 12
_RATIO_FROM: Final = 10_000_000  # bytes: small files may pack better than that
_ARCHIVES: Final = (".zip", ".gz", ".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz")
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_TABLES: Final = (".csv", ".txt", ".tsv", ".tab", ".dat", ".asc", "")
_BROKEN: Final = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


class FileBroken(FileRejected):
    """It ends too early, or its checksum is wrong."""

    key = "file.broken"


class FileEncrypted(FileRejected):
    """It has a password."""

    key = "file.encrypted"


class FileNested(FileRejected):
    """An archive within an archive."""

    key = "file.nested"


class TooManyEntries(FileRejected):
    """Values: ``limit`` and ``entries``."""

    key = "file.too_many_entries"


class UnpacksTooLarge(FileRejected):
    """Values: ``limit``, in megabytes."""

    key = "file.unpacks_too_large"


class UnpacksTooMuch(FileRejected):
    """Values: ``limit``: how many times its own size it may unpack to."""

    key = "file.unpacks_too_much"


class Packing(StrEnum):
    """How a table lies in its upload."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZIP = "zip"


@dataclass(frozen=True, slots=True)
class Part:
    """
    A table of an upload.

    Attributes:
        name: What a person calls it: a file's name, or a sheet's.
        member: The file in the archive; empty: the upload itself.
        workbook: Its cells are a workbook's.
        sheet: The sheet's name; empty: the file is text.
    """

    name: str
    packing: Packing
    member: str = ""
    workbook: bool = False
    sheet: str = ""


def parts_of(content: bytes, name: str) -> tuple[Part, ...]:
    """
    The tables of an upload, those that can be seen without reading a workbook: its sheets come later.

    Args:
        name: What the upload is called.

    Raises:
        FileRejected: There is none that may be read.
    """
    if content.startswith(b"\x1f\x8b"):
        inner = name.removesuffix(".gz")
        part = Part(inner, Packing.GZIP)
        with open_part(content, part) as stream:
            head = stream.read(512)
        if kind_of(head) or head[257:262] == b"ustar":
            raise FileNested
        return (part,)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content[:200_000]:
            raise FileEncrypted
        if "WordDocument".encode("utf-16-le") in content[:200_000]:
            raise FileNotText(kind="doc")
        return (Part(name, Packing.PLAIN, workbook=True),)
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(content, name)
    return (Part(name, Packing.PLAIN),)


def _zipped(content: bytes, name: str) -> tuple[Part, ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir()]
    except _BROKEN as error:
        raise FileBroken from error
    names = {info.filename for info in files}
    if len(files) > MAX_FILES:
        raise TooManyEntries(limit=MAX_FILES, entries=len(files))
    if names & {"xl/workbook.xml", "xl/workbook.bin"} or ("content.xml" in names and "mimetype" in names):
        check_unpacked(sum(info.file_size for info in files), len(content))
        return (Part(name, Packing.PLAIN, workbook=True),)
    if "word/document.xml" in names:
        raise FileNotText(kind="docx")
    found = [info for info in files if not _is_litter(info.filename)]
    if any(info.flag_bits & 1 for info in found):
        raise FileEncrypted
    tables = [info for info in found if _suffix(info.filename) in (*_TABLES, *_WORKBOOKS)]
    if not tables:
        if any(_suffix(info.filename) in _ARCHIVES for info in found):
            raise FileNested
        raise FileNotText(kind="zip") if found else FileEmpty
    if len(tables) > MAX_ENTRIES:
        raise TooManyEntries(limit=MAX_ENTRIES, entries=len(tables))
    for info in tables:
        check_unpacked(info.file_size, info.compress_size)
    return tuple(
        Part(PurePosixPath(info.filename).name, Packing.ZIP, info.filename, _suffix(info.filename) in _WORKBOOKS)
        for info in tables
    )


def _is_litter(name: str) -> bool:
    """What macOS and Windows put beside the files."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith(".") or path.name in {"Thumbs.db", "desktop.ini"}


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def check_unpacked(size: int, packed: int) -> None:
    """
    Raises:
        UnpacksTooLarge: More than ``MAX_UNPACKED``.
        UnpacksTooMuch: More than ``MAX_RATIO`` times what it came from.
    """
    if size > MAX_UNPACKED:
        raise UnpacksTooLarge(limit=MAX_UNPACKED // 1_000_000)
    if size > _RATIO_FROM and size > MAX_RATIO * max(packed, 1):
        raise UnpacksTooMuch(limit=MAX_RATIO)


def open_part(content: bytes, part: Part) -> IO[bytes]:
    """
    The bytes of a table, as a stream that reads on as far as it may.

    Raises:
        FileRejected: It is broken or unpacks to too much; also later, by any ``read``.
    """
    if part.packing is Packing.PLAIN:
        return io.BytesIO(content)
    if part.packing is Packing.GZIP:
        return io.BufferedReader(_Bounded(gzip.GzipFile(fileobj=io.BytesIO(content)), len(content)), 1 << 16)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        info = archive.getinfo(part.member)
        stream = archive.open(info)
    except (*_BROKEN, KeyError, RuntimeError, NotImplementedError) as error:
        raise FileBroken from error
    return io.BufferedReader(_Bounded(stream, info.compress_size), 1 << 16)


class _Bounded(io.RawIOBase):
    """Counts what comes out of an archive, and ends with our own errors."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, packed: int) -> None:
        self._stream = stream
        self._packed = packed
        self._count = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        """As ``io.RawIOBase``."""
        try:
            data = self._stream.read(len(buffer))
        except _BROKEN as error:
            raise FileBroken from error
        self._count += len(data)
        check_unpacked(self._count, self._packed)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """The archive's stream too."""
        self._stream.close()
        super().close()


def size_of(content: bytes, part: Part) -> int:
    """How many bytes the stream of a text will have, as the archive says: for a percentage."""
    if part.packing is Packing.PLAIN:
        return len(content)
    if part.packing is Packing.GZIP:
        return int.from_bytes(content[-4:], "little")  # RFC 1952: ISIZE
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.getinfo(part.member).file_size
