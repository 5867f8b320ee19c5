"""What was changed in the last day, and the one tap that undoes it; progress of what takes longer, and stopping it."""

import dataclasses
from collections.abc import Sequence

from bot.chat import Chat
from bot.layout import PAGE, cut, footer, heading, pager
from bot.live import live
from bot.progress import bar_line, rate_lines
from bot.screen import Action, Button, Follow, Screen, Style, on, unpack
from domain.models import ChangeKind, ChangeState, LiveViewKind
from domain.rules.permission import Permission
from domain.usecases import change_run, import_progress, undo
from domain.usecases.import_progress import Stage
from domain.usecases.undo import ChangedSince, ChangeView
from locales import Texts

# --- actions


class ListChanges(Action, code="ul", permission=Permission.EDIT):
    """The changes of the last day."""

    page: int = 0


class OpenChange(Action, code="uo", permission=Permission.EDIT):
    """One change."""

    change_id: int


class Undo(Action, code="uz", permission=Permission.EDIT):
    """Undo it; ``rest``: leave what was changed since as it is."""

    change_id: int
    rest: bool = False


class StopChange(Action, code="us", permission=Permission.EDIT, ahead=True):
    """Let it go no further."""

    change_id: int


# --- screens


def with_undo(screen: Screen, change_id: int | None, t: Texts, *, note: str = "") -> Screen:
    """A screen below the word of what was done, with the button that undoes it. ``note``: HTML."""
    button = undo_button(change_id, t)
    text = f"{note}\n\n{screen.text}" if note else screen.text
    return dataclasses.replace(screen, text=text, rows=(button, *screen.rows) if button else screen.rows)


def undo_button(change_id: int | None, t: Texts) -> tuple[Button, ...]:
    """The button that undoes a change; none where nothing was changed."""
    return () if change_id is None else (Button(t.label("undo.do"), Undo(change_id)),)


def list_screen(changes: Sequence[ChangeView], t: Texts, *, page: int, total: int) -> Screen:
    """The changes, the newest first."""
    text = t("undo.list", count=total) if total else t("undo.list.empty")
    rows: list[tuple[Button, ...]] = [(Button(_line(change, t), OpenChange(change.id)),) for change in changes]
    rows += pager(page, total, to=ListChanges)
    return Screen(f"{_head(t)}\n\n{text}", (*rows, *footer(t, unpack("gl:0"))))


def change_screen(change: ChangeView, chat: Chat, *, note: str = "") -> Screen:
    """One change: what it was, whose, and what can be done about it."""
    t = chat.t
    lines = [_head(t), ""]
    if note:
        lines += [note, ""]
    begins = change.state is ChangeState.RUNNING and not change.count
    what = _what(change, t)
    lines.append(t("undo.what.begins", what=what) if begins else t("undo.what", what=what, count=change.count))
    lines.append(t("undo.who", name=cut(change.by), moment=t.moment(change.at, chat.account.zone)))
    lines += ["", *_standing(change, chat)]
    rows: list[tuple[Button, ...]] = []
    if change.stoppable:
        rows.append((Button(t.label("undo.stop"), StopChange(change.id), Style.DANGER),))
    if change.undoable:
        rows.append((Button(t.label("undo.do"), Undo(change.id), Style.PRIMARY),))
    rows.append(_doors(change, t))
    follow = Follow(LiveViewKind.CHANGE, change.id) if change.state in _MOVING else None
    return Screen("\n".join(lines), (*rows, *footer(t, ListChanges())), follow=follow)


def refused_screen(change: ChangeView, error: ChangedSince, chat: Chat) -> Screen:
    """What was changed since, by whom and when; and the way to undo the others."""
    t = chat.t
    lines = [_head(t), "", t("undo.refused", what=_what(change, t), **error.values)]
    lines += [
        t(
            "undo.refused.by",
            what=t.label(f"undo.kind.{one.kind}") + (f" «{cut(one.title)}»" if one.title else ""),
            name=cut(one.by),
            moment=t.moment(one.at, chat.account.zone),
            count=one.count,
        )
        for one in error.against
    ]
    lines += ["", t("undo.refused.then")]
    rows: list[tuple[Button, ...]] = []
    if error.rest > 0:
        rows.append((Button(t.label("undo.rest", count=error.rest), Undo(change.id, rest=True), Style.DANGER),))
    return Screen("\n".join(lines), (*rows, *footer(t, ListChanges())))


_MOVING = frozenset({ChangeState.RUNNING, ChangeState.UNDOING})
_OF_A_CONTACT = frozenset({ChangeKind.EDIT, ChangeKind.JOIN, ChangeKind.LEAVE})
_OF_THE_BLACKLIST = frozenset({ChangeKind.BLACKLIST, ChangeKind.UNBLACKLIST})


def _head(t: Texts) -> str:
    return heading(t.label("undo.title"), t.label("contacts.title"))


def _what(change: ChangeView, t: Texts) -> str:
    kind = t.label(f"undo.kind.{change.kind}")
    return f"{kind} «{cut(change.title)}»" if change.title else kind


def _line(change: ChangeView, t: Texts) -> str:
    mark = "↩️ " if change.state is ChangeState.UNDONE else "⏳ " if change.state in _MOVING else ""
    about = change.title or t.number(change.count)
    return cut(f"{mark}{t.label(f'undo.kind.{change.kind}')} · {about}")


def _standing(change: ChangeView, chat: Chat) -> list[str]:
    t = chat.t
    if change.state in _MOVING:
        return _progress(change, t)
    if change.state is ChangeState.UNDONE:
        kept = [t("undo.kept", count=change.kept)] if change.kept else []
        return [t("undo.state.undone"), *kept]
    if not change.count:
        return [t("undo.state.stopped_at_once" if change.stopped else "undo.state.nothing")]
    lines = []
    if change.stopped:
        lines = [t("undo.state.stopped", done=t.number(change.count), total=t.number(change.total)), ""]
    until = t("undo.until", moment=t.moment(change.until, chat.account.zone))
    return [*lines, until if change.undoable else t("error.undo_too_late")]


def _progress(change: ChangeView, t: Texts) -> list[str]:
    """What it is doing, how far it is, how fast it goes, how long it will take."""
    progress = import_progress.of(import_progress.of_change(change.id)) if change.stoppable else None
    if (progress is not None and progress.stage is Stage.READING) or not change.total:
        return [t("imports.reading"), bar_line(progress.fraction if progress else 0.0, t)]
    done, total = (progress.done, progress.total) if progress else (change.done, change.total)
    text = t(f"undo.state.{change.state}", done=t.number(done), total=t.number(total))
    return [text, bar_line(done / total, t), *rate_lines(progress, left=total - done, t=t)]


def _doors(change: ChangeView, t: Texts) -> tuple[Button, ...]:
    if change.kind in _OF_THE_BLACKLIST:
        return (Button(t.label("blacklist.open"), unpack("bl:0")),)
    back = change.kind is ChangeKind.DELETE and change.state is ChangeState.UNDONE
    if (back or change.kind in _OF_A_CONTACT) and change.subject_id is not None:
        return (Button(t.label("undo.contact"), unpack(f"ko:{change.subject_id}:")),)
    return (Button(t.label("list.open"), unpack("xa")),)


# --- handlers


@on(ListChanges)
async def list_changes(action: ListChanges, chat: Chat) -> Screen:
    """Show a page."""
    page = max(0, action.page)
    found, total = await undo.recent(chat.account.id, now=chat.now, limit=PAGE, offset=page * PAGE)
    return list_screen(found, chat.t, page=page, total=total)


@on(OpenChange)
async def open_change(action: OpenChange, chat: Chat) -> Screen:
    """Show one."""
    return change_screen(await undo.get(chat.account.id, action.change_id, now=chat.now), chat)


@on(Undo)
async def undo_change(action: Undo, chat: Chat) -> Screen:
    """Undo it, or say what stands against it."""
    try:
        change = await undo.undo(chat.account.id, action.change_id, by=chat.person_id, now=chat.now, rest=action.rest)
    except ChangedSince as error:
        change = await undo.get(chat.account.id, action.change_id, now=chat.now)
        return refused_screen(change, error, chat)
    return change_screen(change, chat)


@on(StopChange)
async def stop_change(action: StopChange, chat: Chat) -> Screen:
    """Stop it and say how much is done; one that has ended is shown as it is."""
    await change_run.stop(chat.account.id, action.change_id)
    return await open_change(OpenChange(action.change_id), chat)


@live(LiveViewKind.CHANGE)
async def follow_change(change_id: int, chat: Chat) -> tuple[Screen, bool]:
    """The progress, until it has ended."""
    change = await undo.get(chat.account.id, change_id, now=chat.now)
    return change_screen(change, chat), change.state not in _MOVING
