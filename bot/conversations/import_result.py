"""An import that runs or has ended: its progress, stopping it, the result, and the rows that were refused."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from bot.chat import Chat
from bot.conversations import contacts_import as import_talk
from bot.conversations import groups as group_talk
from bot.conversations import import_review as review_talk
from bot.conversations import import_source as source_talk
from bot.layout import cut, footer, heading, pairs
from bot.live import live
from bot.outbox import notice
from bot.progress import bar_line, rate_lines
from bot.screen import Action, Button, Document, Follow, Rows, Screen, Style, on, unpack
from domain.errors import NotFound
from domain.models import ImportState, LiveViewKind, Notice, NoticeKind
from domain.rules.contact_csv import COUNTRY_NOT_ENABLED, REASONS, RowError, errors_csv
from domain.rules.permission import Permission
from domain.usecases import import_progress, imports
from domain.usecases.import_progress import Stage
from domain.usecases.imports import Counts, Job
from locales import Texts

FEW: Final = 5  # refused rows that are all named
_FIRST_ERRORS: Final = 3  # of more


# --- actions


class StopImport(Action, code="iz", permission=Permission.EDIT, ahead=True):
    """Stop it at the next slice."""

    job_id: int


class SendErrors(Action, code="ie", permission=Permission.EDIT):
    """Send the refused rows as a file."""

    job_id: int


# --- screens


def progress_screen(job: Job, counts: Counts, t: Texts) -> Screen:
    """What it is doing, how far it is, how fast it goes, how long it will take."""
    progress = import_progress.of(job.id)
    reading = progress is not None and progress.stage is Stage.READING
    if reading or (progress is None and not counts.written):
        lines = [_head(job, t), "", t("imports.reading"), bar_line(progress.fraction if progress else 0.0, t)]
    else:
        done = counts.written / counts.contacts if counts.contacts else 0.0
        lines = [_head(job, t), "", t("imports.running", group=job.group), bar_line(done, t)]
        lines.append(t("imports.running.counts", done=t.number(counts.written), total=t.number(counts.contacts)))
        lines += rate_lines(progress, left=counts.contacts - counts.written, t=t)
    stop = Button(t.label("imports.stop"), StopImport(job.id), Style.DANGER)
    return Screen("\n".join(lines), ((stop,), *footer(t)), follow=Follow(LiveViewKind.IMPORT, job.id))


def ended_line_screen(job: Job, t: Texts) -> Screen:
    """The last picture of the message that showed the progress; the result is a message of its own."""
    return Screen(f"{_head(job, t)}\n\n{t(f'imports.ended.{job.state}')}")


def result_screen(job: Job, chat: Chat, *, reason: str = "", documents: tuple[Document, ...] = ()) -> Screen:
    """What was written and what was not, and where to go from here. ``reason``: text key, where it failed."""
    t, counts = chat.t, job.counts
    lines = [_head(job, t), "", t(f"imports.result.{job.state}", group=job.group)]
    if reason:
        lines.append(t(reason) if reason in t else t("imports.failed.unexpected"))
    if counts is not None:
        lines.append("")
        lines.append(t("imports.result.created", number=t.number(counts.created)))
        if counts.updated:
            lines.append(t("imports.result.updated", number=t.number(counts.updated)))
        if counts.repeated:
            lines.append(t("imports.review.repeated", number=t.number(counts.repeated)))
        if job.state is not ImportState.DONE and counts.written < counts.contacts:
            lines.append(t("imports.result.left", number=t.number(counts.contacts - counts.written)))
        lines += [*refused_lines(counts, t), *enabling(counts, t)]
    return Screen("\n".join(lines), _result_rows(job, chat), documents=documents)


def refused_lines(counts: Counts, t: Texts, *, by_reason: bool = True) -> list[str]:
    """How many rows cannot be taken, and by reason, the most frequent first; nothing where all can."""
    if not counts.refused:
        return []
    total = sum(counts.refused.values())
    lines = [t("imports.refused.count", count=total)]
    if not by_reason:
        return lines
    return lines + [
        t("imports.refused.reason", reason=t.markup(reason), number=t.number(number))
        for reason, number in counts.refused.items()
    ]


def enabling(counts: Counts, t: Texts) -> list[str]:
    """Where a country is enabled, below a blank line; nothing where no number was refused for it."""
    return ["", t("number.enable_country")] if counts.refused.get(COUNTRY_NOT_ENABLED) else []


def first_errors(errors: Sequence[RowError], t: Texts) -> str:
    """The first refused rows, or all where they are few, in plain words; HTML."""
    shown = len(errors) if len(errors) <= FEW else _FIRST_ERRORS
    lines = [
        t("imports.error_line" if error.value else "imports.error_line_blank", line=error.line, value=cut(error.value),
          reason=t.markup(error.reason))
        for error in errors[:shown]
    ]  # fmt: skip
    return "\n".join(lines)


def errors_document(job: Job, errors: Sequence[RowError], t: Texts) -> Document:
    """``errores.csv``: with the file's own delimiter, in the person's language."""
    names = ("line", "column", "value", "reason")
    line, column, value, reason = (t.label(f"imports.errors.{name}") for name in names)
    content = errors_csv(
        errors,
        job.layout.delimiter,
        header=(line, column, value, reason),
        reasons={key: t.label(key) for key in REASONS},
    )
    return Document(t.label("imports.errors.file"), content, t("imports.errors.caption", count=len(errors)))


def _head(job: Job, t: Texts) -> str:
    return heading(t.label("imports.title"), t.label("contacts.title"), cut(job.file_name))


def _result_rows(job: Job, chat: Chat) -> Rows:
    t, counts = chat.t, job.counts
    buttons = []
    if job.group_id is not None:
        buttons.append(Button(t.label("imports.see_group"), group_talk.OpenGroup(job.group_id)))
        if counts is not None and counts.written:
            buttons.append(Button(t.label("imports.see_contacts"), unpack(f"xi:{job.id}")))
        if counts is not None and counts.written and chat.may(Permission.SEND):
            buttons.append(Button(t.label("groups.campaign"), unpack(f"wn:{job.group_id}"), Style.PRIMARY))
    if counts is not None and counts.refused:
        buttons.append(Button(t.label("imports.errors"), SendErrors(job.id)))
    if len(job.parts) > 1:
        buttons.append(Button(t.label("imports.part.next"), source_talk.ImportNext(job.id)))
    if counts is not None and counts.written and job.change_id is not None and chat.may(Permission.EDIT):
        buttons.append(Button(t.label("undo.do"), unpack(f"uz:{job.change_id}:0")))
    if not buttons:
        buttons.append(Button(t.label("imports.open"), import_talk.AskFile()))
    return (*pairs(buttons), *footer(t, group_talk.ListGroups()))


# --- handlers


@on(StopImport)
async def stop_import(action: StopImport, chat: Chat) -> Screen:
    """Stop it and say what is written."""
    return await show(await imports.cancel(chat.account.id, action.job_id), chat)


@on(SendErrors)
async def send_errors(action: SendErrors, chat: Chat) -> Screen:
    """The file, above the screen that it belongs to; or that it is not kept any more."""
    job = await imports.get(chat.account.id, action.job_id)
    errors = await imports.errors(chat.account.id, job.id)
    if not errors:
        gone = chat.t.label("imports.errors.gone", days=imports.ERRORS_FOR.days)
        return dataclasses.replace(await show(job, chat), toast=gone)
    document = errors_document(job, errors, chat.t)
    if job.state is ImportState.PREVIEW:
        screen = review_talk.review_screen(job, chat.t, first_errors=first_errors(errors, chat.t))
    else:
        screen = await show(job, chat)
    return Screen(screen.text, screen.rows, documents=(document,), follow=screen.follow)


async def show(job: Job, chat: Chat) -> Screen:
    """An import as it stands: its columns, its progress or its result."""
    if job.state is ImportState.PREVIEW:
        return await import_talk.show_preview(import_talk.ShowPreview(job.id), chat)
    if job.state is ImportState.RUNNING and job.counts is not None:
        return progress_screen(job, job.counts, chat.t)
    return result_screen(job, chat)


# --- what comes by itself


@live(LiveViewKind.IMPORT)
async def follow_import(job_id: int, chat: Chat) -> tuple[Screen, bool]:
    """The progress, until it has ended."""
    job = await imports.get(chat.account.id, job_id)
    if job.state is ImportState.RUNNING and job.counts is not None:
        return progress_screen(job, job.counts, chat.t), False
    return ended_line_screen(job, chat.t), True


@notice(NoticeKind.IMPORTED)
async def tell_result(news: Notice, chat: Chat) -> Screen:
    """The result, with the refused rows as a file above it."""
    job = await imports.get(chat.account.id, news.subject_id)
    if job.state is ImportState.PREVIEW:
        raise NotFound(noun="import")
    errors = await imports.errors(chat.account.id, job.id)
    documents = (errors_document(job, errors, chat.t),) if errors else ()
    return result_screen(job, chat, reason=str(news.detail.get("reason", "")), documents=documents)
