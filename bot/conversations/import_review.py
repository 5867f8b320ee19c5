"""Importing contacts, steps two and three: the group, the dry run, and the word to begin."""

import asyncio
import dataclasses
from collections.abc import Sequence
from typing import Final

from bot.chat import Chat
from bot.conversations import contacts_import as import_talk
from bot.conversations import import_result as result_talk
from bot.layout import PAGE, cut, footer, pager
from bot.progress import bar_line
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from domain.models import ImportState
from domain.rules.contact_csv import COUNTRY_NOT_ENABLED, FileRejected
from domain.rules.existing import Existing
from domain.rules.permission import Permission
from domain.usecases import groups, import_progress, imports
from domain.usecases.groups import GroupLine
from domain.usecases.import_progress import ReadingStopped
from domain.usecases.imports import Job
from locales import Texts

_TOLD_EACH_S: Final = 1.0

# --- actions


class AskGroup(Action, code="ig", permission=Permission.EDIT):
    """Step two: the group."""

    job_id: int
    page: int = 0


class PickGroup(Action, code="ik", permission=Permission.EDIT):
    """A group was chosen."""

    job_id: int
    group_id: int


class AskNewGroup(Action, code="in", permission=Permission.EDIT):
    """Ask for the title of a new group."""

    job_id: int


class NameGroup(Action, code="it", permission=Permission.EDIT):
    """The title was typed, or (``suggested``) taken from the file's name."""

    job_id: int
    suggested: bool = False


class Review(Action, code="ir", permission=Permission.EDIT):
    """Step three: what it would come to."""

    job_id: int


class StopReading(Action, code="iq", permission=Permission.EDIT, ahead=True):
    """Read no further."""

    job_id: int


class SetExisting(Action, code="io", permission=Permission.EDIT):
    """What becomes of contacts that are there."""

    job_id: int
    existing: str


class Confirm(Action, code="iy", permission=Permission.EDIT):
    """Let it run."""

    job_id: int


# --- screens


def group_screen(job: Job, lines: Sequence[GroupLine], t: Texts, *, page: int = 0) -> Screen:
    """Step two: where its contacts go; a title that is typed makes a new group."""
    page = min(max(page, 0), max(0, (len(lines) - 1) // PAGE))
    text = f"{import_talk.step_head(job, t, 2)}\n\n{t('imports.group.ask')}"
    rows: list[tuple[Button, ...]] = [
        (Button(_group(line, t), PickGroup(job.id, line.id)),) for line in lines[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(lines), to=lambda index: AskGroup(job.id, index))
    rows.append((Button(t.label("groups.new"), AskNewGroup(job.id)),))
    last = import_talk.last_rows(job, t, import_talk.ShowPreview(job.id))
    return Screen(text, (*rows, *last), expects=NameGroup(job.id))


def new_group_screen(job: Job, t: Texts, *, any_group: bool) -> Screen:
    """Asks for the title of a new group, with one out of the file's name. ``any_group``: there are others."""
    title = imports.suggested_title(job.file_name)
    rows: Rows = ()
    if title:
        suggested = t.label("imports.group.suggested", title=cut(title, 22))
        rows = ((Button(suggested, NameGroup(job.id, suggested=True), Style.PRIMARY),),)
    text = f"{import_talk.step_head(job, t, 2)}\n\n{t('imports.group.title')}"
    back = AskGroup(job.id) if any_group else import_talk.ShowPreview(job.id)
    return Screen(text, (*rows, *import_talk.last_rows(job, t, back)), expects=NameGroup(job.id))


def reading_screen(job: Job, t: Texts, *, fraction: float = 0.0) -> Screen:
    """While the file is read to its end. ``Refresh`` is for who finds it after a restart."""
    text = f"{import_talk.step_head(job, t, 3)}\n\n{t('imports.reading')}"
    text += f"\n{bar_line(fraction, t)}"
    stop = Button(t.label("imports.stop_reading"), StopReading(job.id), Style.DANGER)
    again = Button(t.label("nav.refresh"), Review(job.id))
    return Screen(text, ((stop,), (again,), *footer(t)))


def review_screen(job: Job, t: Texts, *, first_errors: str = "", may_govern: bool = False) -> Screen:
    """Step three: what it would come to. ``first_errors``: HTML lines. ``may_govern``: countries can be enabled."""
    counts = job.counts
    if counts is None:
        return import_talk.preview_screen(job, t)
    lines = [import_talk.step_head(job, t, 3), "", t("imports.review.rows", count=counts.rows, group=job.group), ""]
    lines.append(t("imports.review.new", number=t.number(counts.new)))
    known = f"known.{job.existing}"
    for key, number in ((known, counts.known), ("repeated", counts.repeated), ("blacklisted", counts.blacklisted)):
        if number:
            lines.append(t(f"imports.review.{key}", number=t.number(number)))
    few = bool(first_errors) and sum(counts.refused.values()) <= result_talk.FEW
    lines += result_talk.refused_lines(counts, t, by_reason=not few)
    if first_errors:
        lines += [first_errors] if few else ["", first_errors]
    if not counts.contacts:
        abroad = set(counts.refused) == {COUNTRY_NOT_ENABLED}
        lines += ["", t("imports.review.nothing_abroad" if abroad else "imports.review.nothing")]
    lines += result_talk.enabling(counts, t)
    rows: list[tuple[Button, ...]] = []
    if counts.known:
        lines += ["", t("imports.existing.ask")]
        rows.append(tuple(_existing(job, choice, t) for choice in Existing))
    if counts.contacts:
        rows.append((Button(t.label("imports.confirm", count=counts.contacts), Confirm(job.id), Style.SUCCESS),))
    if counts.refused:
        rows.append((Button(t.label("imports.errors"), result_talk.SendErrors(job.id)),))
    if may_govern and counts.refused.get(COUNTRY_NOT_ENABLED):
        rows.append((Button(t.label("imports.countries"), unpack(f"yc:{job.id}")),))
    rows.append(
        (
            Button(t.label("imports.change_columns"), import_talk.ShowPreview(job.id)),
            Button(t.label("imports.change_group"), AskGroup(job.id)),
        )
    )
    return Screen("\n".join(lines), (*rows, *import_talk.last_rows(job, t, AskGroup(job.id))))


def _existing(job: Job, choice: Existing, t: Texts) -> Button:
    mark = "✅ " if job.existing is choice else ""
    return Button(f"{mark}{t.label(f'imports.existing.{choice}')}", SetExisting(job.id, choice))


def _group(line: GroupLine, t: Texts) -> str:
    return t.label("groups.list.line", title=cut(line.title, 20), number=t.number(line.contacts))


# --- handlers


@on(AskGroup)
async def ask_group(action: AskGroup, chat: Chat) -> Screen:
    """Offer the groups; where there is none, ask for a title at once."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW:
        return await result_talk.show(job, chat)
    lines = await groups.lines(chat.account.id)
    if not lines:
        return new_group_screen(job, chat.t, any_group=False)
    return group_screen(job, lines, chat.t, page=action.page)


@on(PickGroup)
async def pick_group(action: PickGroup, chat: Chat) -> Screen:
    """Note it and go on to the dry run."""
    await imports.set_group(chat.account.id, action.job_id, group_id=action.group_id)
    return await review(Review(action.job_id), chat)


@on(AskNewGroup)
async def ask_new_group(action: AskNewGroup, chat: Chat) -> Screen:
    """Ask for a title."""
    job = await imports.get(chat.account.id, action.job_id)
    return new_group_screen(job, chat.t, any_group=bool(await groups.lines(chat.account.id)))


@on(NameGroup)
async def name_group(action: NameGroup, chat: Chat) -> Screen:
    """Make the group and go on to the dry run."""
    job = await imports.get(chat.account.id, action.job_id)
    title = imports.suggested_title(job.file_name) if action.suggested else chat.text
    group_id = await groups.create(chat.account.id, title)
    return await pick_group(PickGroup(job.id, group_id), chat)


@on(Review)
async def review(action: Review, chat: Chat) -> Screen:
    """Read the file to its end and count."""
    job = await imports.get(chat.account.id, action.job_id)
    if job.state is not ImportState.PREVIEW:
        return await result_talk.show(job, chat)
    if job.group_id is None:
        return await ask_group(AskGroup(job.id), chat)
    if job.counts is None and job.has_number:
        await chat.say(reading_screen(job, chat.t))
        try:
            job = await _read(job, chat)
        except ReadingStopped:
            return await _stopped(job.id, chat)
        except FileRejected as error:
            await imports.discard(chat.account.id, job.id)
            return import_talk.ask_screen(chat.t, note=import_talk.refused_words(error, chat.t))
    errors = await imports.errors(chat.account.id, job.id)
    return review_screen(
        job, chat.t, first_errors=result_talk.first_errors(errors, chat.t), may_govern=chat.may(Permission.GOVERN)
    )


async def _read(job: Job, chat: Chat) -> Job:
    """The dry run, telling how far it is."""
    reading = asyncio.create_task(imports.review(chat.account.id, job.id))
    try:
        while not (await asyncio.wait([reading], timeout=_TOLD_EACH_S))[0]:
            progress = import_progress.of(job.id)
            if progress is not None:
                await chat.say(reading_screen(job, chat.t, fraction=progress.fraction))
        return reading.result()
    finally:
        reading.cancel()


@on(StopReading)
async def stop_reading(action: StopReading, chat: Chat) -> Screen:
    """At once; the columns are shown again."""
    import_progress.stop_reading(action.job_id)
    return await _stopped(action.job_id, chat)


async def _stopped(job_id: int, chat: Chat) -> Screen:
    screen = await import_talk.show_preview(import_talk.ShowPreview(job_id), chat)
    return dataclasses.replace(screen, text=f"{chat.t('imports.stopped')}\n\n{screen.text}")


@on(SetExisting)
async def set_existing(action: SetExisting, chat: Chat) -> Screen:
    """Note it."""
    existing = next((choice for choice in Existing if choice == action.existing), Existing.FILL)
    await imports.set_existing(chat.account.id, action.job_id, existing=existing)
    return await review(Review(action.job_id), chat)


@on(Confirm)
async def confirm(action: Confirm, chat: Chat) -> Screen:
    """Let it run and follow it."""
    return await result_talk.show(await imports.confirm(chat.account.id, action.job_id), chat)
