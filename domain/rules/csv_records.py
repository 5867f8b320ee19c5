"""
A text cut into records, each with the line where it begins. Most files hold no quote: whole blocks of them go through
``csv`` at once. Where there is one, it is watched: a quote that is never closed must not swallow the rows behind it.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import IO, Final

from domain.rules.csv_layout import FileRejected, Layout

Record = tuple[int, list[str]]

_MAX_RECORD_LINES: Final = 30  # a quoted cell of more lines has lost its closing quote
_BLOCK: Final = 1 << 16  # characters
MAX_LINE: Final = 100_000  #: characters; fifty cells of 255 come to 13,000
#: What no cell may hold: no database takes the first; the second ends a DOS file.
_DROPPED: Final = ("\0", "\x1a")


class LineTooLong(FileRejected):
    """Values: ``limit``, in characters."""

    key = "file.line_too_long"


def records_of(stream: IO[bytes], layout: Layout) -> Iterator[Record]:
    """
    Every record behind the preamble, blank ones among them. What the encoding does not know becomes U+FFFD, for the
    person to see.

    Raises:
        FileRejected: A line is too long, or what the file is unpacked from is broken.
    """
    text = io.TextIOWrapper(stream, layout.encoding, errors="replace", newline="")
    line = 1
    for _ in range(layout.preamble):
        text.readline()
        line += 1
    while block := _block(text):
        if '"' in block:
            lines = _Lines(block, text)
            for count, cells in _careful(lines, layout.delimiter):
                yield line, cells
                line += count
        else:
            for cells in csv.reader(io.StringIO(block, newline=""), delimiter=layout.delimiter):
                yield line, cells
                line += 1


def _block(text: io.TextIOWrapper) -> str:
    """Some whole lines; empty at the end."""
    while block := text.read(_BLOCK):
        begun = len(block) - 1 - max(block.rfind("\n"), block.rfind("\r"))
        block = _without_dropped(block + _line(text, begun))
        if block:
            return block
    return ""


def _line(text: io.TextIOWrapper, begun: int = 0) -> str:
    """A line, or the rest of one of which so many characters are read."""
    line = text.readline(MAX_LINE)
    if begun + len(line) >= MAX_LINE:
        raise LineTooLong(limit=MAX_LINE)
    return line


def _without_dropped(text: str) -> str:
    for character in _DROPPED:
        if character in text:
            text = text.replace(character, "")
    return text


class _OpenQuote(Exception):
    """A record goes on for too many lines."""


class _Lines(Iterator[str]):
    """
    The lines of a block for ``csv``, which can be given back; a record that is open at its end goes on behind it.
    ``taken``: those of the record that is being read.
    """

    def __init__(self, block: str, rest: io.TextIOWrapper) -> None:
        self._left = deque(io.StringIO(block, newline=""))
        self._rest = rest
        self.taken: list[str] = []

    @property
    def is_used_up(self) -> bool:
        """Whether the next record belongs to the next block."""
        return not self._left

    def __next__(self) -> str:
        if len(self.taken) >= _MAX_RECORD_LINES:
            raise _OpenQuote
        if self._left:
            line = self._left.popleft()
        else:
            line = _line(self._rest)
            if not line:
                raise StopIteration
            line = _without_dropped(line)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """All that was taken but the first line, which is returned."""
        first, *rest = self.taken
        self._left.extendleft(reversed(rest))
        self.taken.clear()
        return first


def _careful(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """
    Each record with the number of its lines. A quote that is never closed, or closed within a word, is a letter like
    others.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while not lines.is_used_up:
        lines.taken.clear()
        try:
            cells = next(reader)
            count = len(lines.taken)
        except StopIteration:
            return
        except (_OpenQuote, csv.Error):
            cells = lines.give_back().rstrip("\r\n").split(delimiter)
            count = 1
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        yield count, cells
