"""The account's contacts: pages of those that match the filter, ticking them, searching, exporting."""

import time
from typing import Final

from markupsafe import Markup

from bot.chat import Chat
from bot.conversations import contacts as contact_talk
from bot.conversations import undo as undo_talk
from bot.layout import PAGE, cut, footer, heading
from bot.screen import Action, Button, Document, Rows, Screen, Style, Takes, on, unpack
from domain.rules.contact_filter import Show, is_number
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.store import ContactRow
from domain.store.contact_sql import STAGED
from domain.usecases import contact_export, contact_search
from domain.usecases.contact_file import FileKind
from domain.usecases.contact_search import Page, View
from domain.usecases.contacts import BadNumber
from locales import Texts

_SAID_EVERY_S: Final = 2.0


# --- actions


class ListContacts(Action, code="xl"):
    """A page of the contacts that match. ``at``: it begins behind this one (``back``: ends before it)."""

    at: int = 0
    back: bool = False
    picking: bool = False


class ShowAll(Action, code="xa"):
    """All contacts: the filter is reset."""


class ShowGroup(Action, code="xg"):
    """Those of a group."""

    group_id: int


class ShowImport(Action, code="xi"):
    """Those that an import was the last to write."""

    job_id: int


class Recount(Action, code="xo"):
    """*Actualizar*."""


class Tick(Action, code="xt", permission=Permission.EDIT):
    """Tick a contact, or take its tick away; the page stays."""

    contact_id: int
    at: int
    back: bool


class TickPage(Action, code="xp", permission=Permission.EDIT):
    """Tick the whole page; ``none``: take every tick away, also on other pages."""

    at: int
    back: bool
    none: bool = False


class AskSearch(Action, code="xb"):
    """Ask for a part of a name or number."""


class SearchFor(Action, code="xe", takes=Takes.TEXT | Takes.CARD):
    """It was typed, or a card was sent."""


class AskExport(Action, code="xw"):
    """Which kind of file."""


class Export(Action, code="xz"):
    """Make the file of all that match."""

    kind: str


# --- screens


def list_screen(view: View, page: Page, chat: Chat, *, at: int, back: bool, picking: bool) -> Screen:
    """A page: a button for each contact, which opens it, or (``picking``) ticks it."""
    t, edits = chat.t, chat.may(Permission.EDIT)
    rows: list[tuple[Button, ...]] = []
    for contact in page.contacts:
        label = _label(contact, contact.msisdn in page.blacklisted)
        if picking:
            mark = "☑️" if contact.contact_id in view.picked else "⬜"
            rows.append((Button(cut(f"{mark} {label}"), Tick(contact.contact_id, at, back)),))
        else:
            rows.append((Button(cut(label), contact_talk.OpenContact(contact.contact_id)),))
    rows += _pager(page, picking=picking)
    rows += _picking_rows(view, t, at, back) if picking else _list_rows(view, t, edits=edits)
    back_to = unpack(f"go:{view.group_id}") if view.group_id is not None else unpack("gl:0")
    return Screen("\n".join(_head_lines(view, chat, picking=picking)), (*rows, *footer(t, back_to)))


def search_screen(t: Texts, *, refused: BadNumber | None = None) -> Screen:
    """Asks for a part of a name or number."""
    head = heading(t.label("list.search"), t.label("contacts.title"))
    why = contact_talk.refusal(refused, t) + "\n\n" if refused else ""
    rows: Rows = ((Button(t.label("nav.cancel"), ListContacts()),),)
    return Screen(f"{head}\n\n{why}{t('list.search.ask')}", (*rows, *footer(t, ListContacts())), expects=SearchFor())


def export_screen(view: View, chat: Chat) -> Screen:
    """Which kind of file, with how many contacts it will hold."""
    t = chat.t
    head = heading(t.label("list.export"), t.label("contacts.title"))
    rows = (
        (
            Button("CSV", Export(FileKind.CSV.value), Style.PRIMARY),
            Button("Excel (.xlsx)", Export(FileKind.XLSX.value)),
        ),
    )
    text = t("list.export.ask", count=view.total)
    return Screen(f"{head}\n\n{filter_line(view, t)}{text}", (*rows, *footer(t, ListContacts())))


def exporting_screen(done: int, total: int, t: Texts) -> Screen:
    """While the file is written. Its button is for who finds it after a restart."""
    head = heading(t.label("list.export"), t.label("contacts.title"))
    text = t("list.export.working", done=t.number(done), total=t.number(total))
    again = (Button(t.label("nav.refresh"), AskExport()),)
    return Screen(f"{head}\n\n{text}", (again, *footer(t, ListContacts())))


def filter_line(view: View, t: Texts) -> str:
    """The filter in words, and a blank line; empty where nothing is filtered."""
    parts: list[Markup] = []
    if view.group_id is not None:
        parts.append(t.markup("list.filter.group", title=cut(view.group)))
    if view.name:
        parts.append(t.markup("list.filter.name", name=view.name))
    if view.number:
        parts.append(t.markup("list.filter.number", number=view.number))
    if view.show is not Show.ALL:
        parts.append(t.markup(f"list.show.{view.show}"))
    if view.import_id is not None:
        parts.append(t.markup("list.filter.import", file=cut(view.file)))
    return t("list.filtered", parts=Markup(" · ").join(parts)) + "\n\n" if parts else ""


def _head_lines(view: View, chat: Chat, *, picking: bool) -> list[str]:
    t = chat.t
    lines = [heading(t.label("list.title"), t.label("contacts.title")), ""]
    if words := filter_line(view, t):
        lines.append(words.rstrip("\n"))
    if view.total:
        lines.append(t("list.matches" if picking else "list.count", count=view.total))
    else:
        lines.append(t("list.none" if view.is_filtered else "list.empty"))
    if picking:
        lines.append(t("list.pick.hint"))
    if view.picked:
        lines.append(t("list.picked", count=len(view.picked)))
    return lines


def _label(contact: ContactRow, blacklisted: bool) -> str:
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    label = f"{display(contact.msisdn)} {name}".strip()
    return f"🚫 {label}" if blacklisted else label


def _pager(page: Page, *, picking: bool) -> Rows:
    if page.before is None and page.after is None:
        return ()
    buttons = []
    if page.before is not None:
        buttons += [
            Button("«", ListContacts(picking=picking)),
            Button("‹", ListContacts(page.before, back=True, picking=picking)),
        ]
    if page.after is not None:
        buttons.append(Button("›", ListContacts(page.after, picking=picking)))
    return (tuple(buttons),)


def _list_rows(view: View, t: Texts, *, edits: bool) -> Rows:
    first = (Button(t.label("list.search"), AskSearch()), Button(t.label("list.filter"), unpack("qf")))
    rows: list[tuple[Button, ...]] = [first]
    if view.total and edits:
        rows.append(
            (Button(t.label("list.pick"), ListContacts(picking=True)), Button(t.label("list.act"), unpack("qa:1")))
        )
    last = (Button(t.label("list.export"), AskExport()),) if view.total else ()
    rows.append((Button(t.label("list.refresh"), Recount()), *last))
    if view.is_filtered:
        rows.append((Button(t.label("list.reset"), ShowAll()),))
    elif edits:
        rows.append((Button(t.label("undo.open"), undo_talk.ListChanges()),))
    return tuple(rows)


def _picking_rows(view: View, t: Texts, at: int, back: bool) -> Rows:
    rows: list[tuple[Button, ...]] = [
        (
            Button(t.label("list.pick.page"), TickPage(at, back)),
            Button(t.label("list.pick.none"), TickPage(at, back, none=True)),
        )
    ]
    if view.picked:
        label = t.label("list.act.picked", count=len(view.picked))
        rows.append((Button(label, unpack("qa:0"), Style.PRIMARY),))
    rows.append((Button(t.label("list.pick.end"), ListContacts(at, back=back)),))
    return tuple(rows)


# --- handlers


@on(ListContacts)
async def list_contacts(action: ListContacts, chat: Chat) -> Screen:
    """Show a page."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    return await show(view, chat, at=action.at, back=action.back, picking=action.picking)


@on(ShowAll)
async def show_all(_action: ShowAll, chat: Chat) -> Screen:
    """Forget the filter."""
    return await show(await contact_search.reset_view(chat.account.id, chat.person_id), chat)


@on(ShowGroup)
async def show_group(action: ShowGroup, chat: Chat) -> Screen:
    """Filter by the group alone."""
    view = await contact_search.reset_view(chat.account.id, chat.person_id, group_id=action.group_id)
    return await show(view, chat)


@on(ShowImport)
async def show_import(action: ShowImport, chat: Chat) -> Screen:
    """Filter by the import alone."""
    view = await contact_search.reset_view(chat.account.id, chat.person_id, import_id=action.job_id)
    return await show(view, chat)


@on(Recount)
async def recount(_action: Recount, chat: Chat) -> Screen:
    """Count again and show the first page."""
    return await show(await contact_search.recount(chat.account.id, chat.person_id), chat)


@on(Tick)
async def tick(action: Tick, chat: Chat) -> Screen:
    """Turn one tick."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    ticked = action.contact_id in view.picked
    view = await contact_search.pick(chat.account.id, chat.person_id, [action.contact_id], on=not ticked)
    return await show(view, chat, at=action.at, back=action.back, picking=True)


@on(TickPage)
async def tick_page(action: TickPage, chat: Chat) -> Screen:
    """Tick all of the page, or take away all ticks."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    if action.none:
        ids = sorted(view.picked)
    else:
        wanted = view.wanted
        page = await contact_search.page(chat.account.id, wanted, at=action.at, backwards=action.back, size=PAGE)
        ids = [contact.contact_id for contact in page.contacts]
    view = await contact_search.pick(chat.account.id, chat.person_id, ids, on=not action.none)
    return await show(view, chat, at=action.at, back=action.back, picking=True)


@on(AskSearch)
async def ask_search(_action: AskSearch, chat: Chat) -> Screen:
    """Ask what to look for."""
    return search_screen(chat.t)


@on(SearchFor)
async def search_for(_action: SearchFor, chat: Chat) -> Screen:
    """Look in names, or in numbers where it is one; the rest of the filter stays."""
    text = chat.card.phone_number if chat.card else chat.text or ""
    parts: dict[str, object] = {"number": text, "name": ""} if is_number(text) else {"name": text, "number": ""}
    return await show(await contact_search.change_view(chat.account.id, chat.person_id, **parts), chat)


@on(AskExport)
async def ask_export(_action: AskExport, chat: Chat) -> Screen:
    """Offer the kinds."""
    return export_screen(await contact_search.recount(chat.account.id, chat.person_id), chat)


@on(Export)
async def export(action: Export, chat: Chat) -> Screen:
    """Write the file, telling how far it is, and send it above the list."""
    t, said = chat.t, time.monotonic()
    kind = FileKind(action.kind) if action.kind in set(FileKind) else FileKind.CSV
    view = await contact_search.recount(chat.account.id, chat.person_id)
    header = [t.label(f"field.{name}") for name in STAGED]

    async def told(done: int) -> None:
        nonlocal said
        if time.monotonic() - said >= _SAID_EVERY_S:
            said = time.monotonic()
            await chat.say(exporting_screen(done, view.total, t))

    files = await contact_export.contacts(
        chat.account.id, view.wanted, kind=kind, title=t.label("list.export.file"), header=header, told=told
    )
    documents = tuple(Document(file.name, file.content, t("list.export.caption", count=file.rows)) for file in files)
    screen = await show(view, chat)
    return Screen(screen.text, screen.rows, documents=documents)


async def show(view: View, chat: Chat, *, at: int = 0, back: bool = False, picking: bool = False) -> Screen:
    """A page of a view."""
    picking = picking and chat.may(Permission.EDIT)
    page = await contact_search.page(chat.account.id, view.wanted, at=at, backwards=back, size=PAGE)
    return list_screen(view, page, chat, at=at, back=back, picking=picking)
