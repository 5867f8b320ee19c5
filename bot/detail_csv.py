"""The detail of a campaign as a file for spreadsheets. Reading files is elsewhere."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from domain.rules.formula import protect
from domain.rules.message_state import MessageState
from domain.usecases.results import Detail
from locales import Texts

ZIP_ABOVE: Final = 5 << 20  #: bytes; Telegram takes 50 MB, and people prefer less
_BOM: Final = "\ufeff".encode()


async def detail_csv(pages: AsyncIterator[Sequence[Detail]], t: Texts, *, zone: ZoneInfo) -> bytes:
    """UTF-8 with BOM, ``;`` between cells: what a spreadsheet opens by a double click. Times are the zone's."""
    out = io.BytesIO()
    out.write(_BOM)
    out.write(_lines([[t.label(f"results.csv_{name}") for name in _COLUMNS]]))
    words = {state: t.label(f"message.{state.value}") for state in MessageState}
    async for page in pages:
        out.write(_lines([_row(one, words, t, zone) for one in page]))
    return out.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    """A ZIP archive with this one file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def error_words(error: str | None, t: Texts) -> str:
    """Our own reasons in words; a status of the operator with its meaning; ``err`` of a receipt as it came."""
    if not error:
        return ""
    if f"message.error.{error}" in t:
        return t.label(f"message.error.{error}")
    if f"smpp.{error.lower()}" in t:
        return t.label("results.word", word=error, meaning=t.label(f"smpp.{error.lower()}"))
    return error


def word_words(word: str | None, t: Texts) -> str:
    """What the operator said that settles nothing, with its meaning where we know it: *en camino (ENROUTE)*."""
    key = f"message.word.{(word or '').lower()}"
    return t.label("results.word", word=word, meaning=t.label(key)) if key in t else word or ""


_COLUMNS: Final = ("number", "name", "state", "segments", "error", "submitted", "answered", "done", "word")


def _row(one: Detail, words: dict[MessageState, str], t: Texts, zone: ZoneInfo) -> list[str]:
    return [
        str(one.msisdn),
        protect(one.name),
        words[one.state],
        str(one.segments),
        protect(error_words(one.error, t)),
        _moment(one.submitted_at, zone),
        _moment(one.answered_at, zone),
        _moment(one.done_at, zone),
        protect(word_words(one.word, t)),
    ]


def _moment(when: datetime | None, zone: ZoneInfo) -> str:
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
