"""Importing contacts: which table of the upload is meant, and in which encoding its letters are right."""

from typing import Final

from markupsafe import Markup

from bot.chat import Chat
from bot.conversations import contacts_import as import_talk
from bot.layout import cut, footer, pager
from bot.screen import Action, Button, Screen, on
from domain.models import ImportState
from domain.rules.csv_layout import ENCODINGS
from domain.rules.permission import Permission
from domain.usecases import imports
from domain.usecases.imports import Job
from locales import Texts

_PAGE: Final = 8
_NAMES: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "cp850": "DOS 850",
    "mac-roman": "Mac Roman",
    "utf-16-le": "UTF-16 LE",
    "utf-16-be": "UTF-16 BE",
    "utf-16": "UTF-16",
}

# --- actions


class AskPart(Action, code="jp", permission=Permission.EDIT):
    """Choose another table of the upload."""

    job_id: int
    page: int = 0


class SetPart(Action, code="jt", permission=Permission.EDIT):
    """It was chosen."""

    job_id: int
    part: int


class AskEncoding(Action, code="je", permission=Permission.EDIT):
    """The letters look wrong: how would they look otherwise?"""

    job_id: int


class SetEncoding(Action, code="jc", permission=Permission.EDIT):
    """One of ``ENCODINGS`` was chosen, by its place."""

    job_id: int
    encoding: int


class ImportNext(Action, code="jn", permission=Permission.EDIT):
    """Another table of an upload that is imported."""

    job_id: int


# --- screens


def part_screen(job: Job, t: Texts, *, page: int = 0) -> Screen:
    """The tables of the upload."""
    text = f"{import_talk.step_head(job, t, 1)}\n\n{t('imports.part.ask', count=len(job.parts))}"
    first = min(max(page, 0), (len(job.parts) - 1) // _PAGE) * _PAGE
    rows: list[tuple[Button, ...]] = [
        (Button(cut(f"{'✅ ' if at == job.part else ''}{part.name}"), SetPart(job.id, at)),)
        for at, part in enumerate(job.parts[first : first + _PAGE], first)
    ]
    rows += pager(page, len(job.parts), to=lambda index: AskPart(job.id, index), size=_PAGE)
    return Screen(text, (*rows, *footer(t, import_talk.ShowPreview(job.id))))


def encoding_screen(job: Job, t: Texts) -> Screen:
    """The same letters in each encoding: people know which is right, not what it is called."""
    lines = [import_talk.step_head(job, t, 1), "", t("imports.encoding.ask")]
    rows: list[tuple[Button, ...]] = []
    for at, encoding in enumerate(ENCODINGS):
        shown = letters(job.odd, encoding)
        if shown is None:
            continue
        lines.append(f"{encoding_name(encoding)}: <code>{Markup.escape(cut(shown, 60))}</code>")
        mark = "✅ " if encoding == job.layout.encoding.removesuffix("-sig") else ""
        rows.append((Button(cut(f"{mark}{encoding_name(encoding)}"), SetEncoding(job.id, at)),))
    return Screen("\n".join(lines), (*rows, *footer(t, import_talk.ShowPreview(job.id))))


def letters(odd: bytes, encoding: str) -> str | None:
    """Some bytes of the file in an encoding; None: it cannot be that one."""
    if encoding.startswith("utf-16"):
        return None
    try:
        return odd.decode(encoding, "strict" if encoding == "utf-8" else "replace").strip()
    except UnicodeDecodeError:
        return None


def encoding_name(encoding: str) -> str:
    """What people call it."""
    return _NAMES.get(encoding, encoding.upper())


# --- handlers


@on(AskPart)
async def ask_part(action: AskPart, chat: Chat) -> Screen:
    """Offer the tables."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW:
        return await import_talk.show_preview(import_talk.ShowPreview(job.id), chat)
    return part_screen(job, chat.t, page=action.page)


@on(SetPart)
async def set_part(action: SetPart, chat: Chat) -> Screen:
    """Look at it."""
    await imports.choose(chat.account.id, action.job_id, part=action.part)
    return await import_talk.show_preview(import_talk.ShowPreview(action.job_id), chat)


@on(AskEncoding)
async def ask_encoding(action: AskEncoding, chat: Chat) -> Screen:
    """Offer the encodings."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW or not job.odd:
        return await import_talk.show_preview(import_talk.ShowPreview(job.id), chat)
    return encoding_screen(job, chat.t)


@on(SetEncoding)
async def set_encoding(action: SetEncoding, chat: Chat) -> Screen:
    """Read it so."""
    if 0 <= action.encoding < len(ENCODINGS):
        await imports.choose(chat.account.id, action.job_id, encoding=ENCODINGS[action.encoding])
    return await import_talk.show_preview(import_talk.ShowPreview(action.job_id), chat)


@on(ImportNext)
async def import_next(action: ImportNext, chat: Chat) -> Screen:
    """Begin with the next table of the same upload."""
    job_id = await imports.again(chat.account.id, action.job_id)
    return await import_talk.show_preview(import_talk.ShowPreview(job_id), chat)
