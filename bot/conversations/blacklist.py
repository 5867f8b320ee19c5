"""The blacklist: how many and which numbers, adding, looking one up, taking one off."""

from typing import Final

from bot.chat import Chat, Upload
from bot.conversations import contacts as contact_talk
from bot.conversations import contacts_import as import_talk
from bot.conversations import groups as group_talk
from bot.conversations import undo as undo_talk
from bot.layout import PAGE, cut, footer, heading, pager
from bot.screen import Action, Button, Document, Screen, Style, Takes, on
from domain.rules.csv_layout import FileRejected
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.usecases import blacklist, blacklist_file, contact_export, contacts, numbering, undo
from domain.usecases.blacklist import Added, Entry, Page, Source
from domain.usecases.blacklist_file import AddedFile, NoNumberColumn
from domain.usecases.contact_file import FileKind
from domain.usecases.contacts import BadNumber
from domain.usecases.imports import UPLOAD_LIMIT
from locales import Texts

_REFUSED_SHOWN: Final = 5


# --- actions


class ListBlacklist(Action, code="bl"):
    """The numbers, the newest first."""

    page: int = 0


class AskBlocked(Action, code="ba", permission=Permission.EDIT):
    """Ask for numbers to add."""


class AddBlocked(Action, code="bn", permission=Permission.EDIT, takes=Takes.TEXT | Takes.CARD | Takes.FILE):
    """Numbers to add came: typed, as a card, or in a file."""


class AskSearch(Action, code="bf"):
    """Ask for a number to look up."""


class Search(Action, code="bq", takes=Takes.TEXT | Takes.CARD):
    """A number to look up came."""


class OpenEntry(Action, code="bo"):
    """One number of the list."""

    entry_id: int


class AskRemove(Action, code="bx", permission=Permission.EDIT):
    """What taking it off would mean."""

    entry_id: int


class RemoveEntry(Action, code="by", permission=Permission.EDIT):
    """Take it off."""

    entry_id: int


class AskExport(Action, code="bw"):
    """Which kind of file."""


class Export(Action, code="bz"):
    """Make the file."""

    kind: str


# --- screens


def list_screen(page: Page, chat: Chat) -> Screen:
    """A page of the list: number, since when, how it came."""
    t, may_edit = chat.t, chat.may(Permission.EDIT)
    text = t("blacklist.count", count=page.total) if page.total else t("blacklist.empty")
    if page.entries:
        text += "\n\n" + "\n".join(_line(entry, chat) for entry in page.entries)
    rows: list[tuple[Button, ...]] = [
        (Button(cut(f"🚫 {display(entry.msisdn)}"), OpenEntry(entry.id)),) for entry in page.entries
    ]
    rows += pager(page.index, page.total, to=ListBlacklist)
    if may_edit:
        style = None if page.total else Style.PRIMARY
        rows.append((Button(t.label("blacklist.add"), AskBlocked(), style),))
    if page.total:
        rows.append((Button(t.label("blacklist.search"), AskSearch()), Button(t.label("list.export"), AskExport())))
    if may_edit:
        rows.append((Button(t.label("undo.open"), undo_talk.ListChanges()),))
    return Screen(f"{_head(t)}\n\n{text}", (*rows, *footer(t, group_talk.ListGroups())))


def add_screen(t: Texts, *, note: str = "") -> Screen:
    """Asks for numbers. ``note``: HTML, why the last ones would not do."""
    why = f"{note}\n\n" if note else ""
    cancel = Button(t.label("nav.cancel"), ListBlacklist())
    return Screen(
        f"{_head(t)}\n\n{why}{t('blacklist.add.ask')}", ((cancel,), *footer(t, ListBlacklist())), expects=AddBlocked()
    )


def added_screen(added: Added, t: Texts) -> Screen:
    """What became of the numbers; the question stays open while none was good."""
    lines = [t("blacklist.added", count=len(added.added))] if added.added or not added.refused else []
    if added.already:
        lines.append(t("blacklist.already", count=added.already))
    if added.refused:
        lines.append(t("blacklist.refused", count=len(added.refused)))
        lines += [contact_talk.refused_line(text, why, t) for text, why in added.refused[:_REFUSED_SHOWN]]
    nothing = not added.added and not added.already
    more = Button(t.label("blacklist.add_more"), AskBlocked())
    screen = Screen(
        f"{_head(t)}\n\n" + "\n".join(lines),
        ((more,), *footer(t, ListBlacklist())),
        expects=AddBlocked() if nothing else None,
    )
    return undo_talk.with_undo(screen, added.change_id, t)


def file_screen(added: AddedFile, t: Texts) -> Screen:
    """What became of a file's numbers."""
    lines = [t("blacklist.added", count=added.added)]
    if added.already:
        lines.append(t("blacklist.already", count=added.already))
    if added.refused:
        lines.append(t("imports.refused.count", count=sum(added.refused.values())))
        lines += [
            t("imports.refused.reason", reason=t.markup(reason), number=t.number(number))
            for reason, number in sorted(added.refused.items(), key=lambda item: -item[1])
        ]
    more = Button(t.label("blacklist.add_more"), AskBlocked())
    screen = Screen(f"{_head(t)}\n\n" + "\n".join(lines), ((more,), *footer(t, ListBlacklist())))
    return undo_talk.with_undo(screen, added.change_id if added.added else None, t)


def search_screen(t: Texts, *, refused: BadNumber | None = None, missing: int | None = None) -> Screen:
    """Asks for a number to look up."""
    lines = [contact_talk.refusal(refused, t), ""] if refused else []
    if missing is not None:
        lines += [t("blacklist.search.none", number=display(missing)), ""]
    lines.append(t("blacklist.search.ask"))
    return Screen(f"{_head(t)}\n\n" + "\n".join(lines), footer(t, ListBlacklist()), expects=Search())


def entry_screen(entry: Entry, chat: Chat) -> Screen:
    """One number: since when, and how it came there."""
    t = chat.t
    since = t.moment(entry.since, chat.account.zone)
    text = t("blacklist.entry", since=since, source=t.label(f"blacklist.source.{entry.source}"))
    head = heading(display(entry.msisdn), t.label("contacts.title"), t.label("blacklist.title"))
    remove = Button(t.label("blacklist.remove"), AskRemove(entry.id))
    rows = ((remove,),) if chat.may(Permission.EDIT) else ()
    return Screen(f"{head}\n\n{text}", (*rows, *footer(t, ListBlacklist())))


def remove_screen(entry: Entry, t: Texts) -> Screen:
    """Asks before taking it off; a number that asked for it itself is named so."""
    head = heading(display(entry.msisdn), t.label("contacts.title"), t.label("blacklist.title"))
    key = "blacklist.remove.ask_optout" if entry.source is Source.OPTOUT else "blacklist.remove.ask"
    yes = Button(t.label("blacklist.remove.yes"), RemoveEntry(entry.id), Style.DANGER)
    text = t(key, number=display(entry.msisdn))
    return Screen(f"{head}\n\n{text}", ((yes,), *footer(t, OpenEntry(entry.id))))


def export_screen(page: Page, t: Texts) -> Screen:
    """Which kind of file, with how many numbers it will hold."""
    rows = (
        (
            Button("CSV", Export(FileKind.CSV.value), Style.PRIMARY),
            Button("Excel (.xlsx)", Export(FileKind.XLSX.value)),
        ),
    )
    text = t("blacklist.export.ask", count=page.total)
    return Screen(f"{_head(t)}\n\n{text}", (*rows, *footer(t, ListBlacklist())))


def _line(entry: Entry, chat: Chat) -> str:
    day = chat.t.day(entry.since, chat.account.zone)
    source = chat.t.label(f"blacklist.source.{entry.source}")
    return chat.t("blacklist.line", number=display(entry.msisdn), day=day, source=source)


def _head(t: Texts) -> str:
    return heading(t.label("blacklist.title"), t.label("contacts.title"))


# --- handlers


@on(ListBlacklist)
async def list_blacklist(action: ListBlacklist, chat: Chat) -> Screen:
    """Show a page."""
    page = await blacklist.page(chat.account.id, index=action.page, size=PAGE)
    return list_screen(page, chat)


@on(AskBlocked)
async def ask_blocked(_action: AskBlocked, chat: Chat) -> Screen:
    """Ask for numbers."""
    return add_screen(chat.t)


@on(AddBlocked)
async def add_blocked(_action: AddBlocked, chat: Chat) -> Screen:
    """Add what was typed, the number of a card, or those of a file."""
    if chat.upload is not None:
        return await _add_file(chat.upload, chat)
    text, source = (chat.card.phone_number, Source.CARD) if chat.card else (chat.text or "", Source.MANUAL)
    return added_screen(await blacklist.add(chat.account.id, text, source=source, by=chat.person_id), chat.t)


async def _add_file(upload: Upload, chat: Chat) -> Screen:
    t = chat.t
    if upload.size > UPLOAD_LIMIT:
        size = t.number(round(upload.size / 1e6, 1))
        return add_screen(t, note=t("imports.refused.too_large", size=size, limit=UPLOAD_LIMIT // 10**6))
    name = upload.name or t.label("imports.unnamed")

    async def told(change_id: int) -> None:
        """Its screen follows it to the end, also where a restart takes this handler away."""
        await chat.say(undo_talk.change_screen(await undo.get(chat.account.id, change_id, now=chat.now), chat))

    try:
        added = await blacklist_file.add_file(chat.account.id, name, upload.read, by=chat.person_id, told=told)
    except FileRejected as error:
        return add_screen(t, note=import_talk.refused_words(error, t))
    except NoNumberColumn as error:
        return add_screen(t, note=t(error.key))
    if added.stopped:
        return undo_talk.change_screen(await undo.get(chat.account.id, added.change_id, now=chat.now), chat)
    return file_screen(added, t)


@on(AskSearch)
async def ask_search(_action: AskSearch, chat: Chat) -> Screen:
    """Ask for a number."""
    return search_screen(chat.t)


@on(Search)
async def search(_action: Search, chat: Chat) -> Screen:
    """Show its entry, or say that it is not on the list."""
    text = chat.card.phone_number if chat.card else chat.text or ""
    try:
        plan = (await numbering.numbering_anywhere(chat.account.id)).plan()
        msisdn = contacts.read_number(text, plan)
    except BadNumber as error:
        return search_screen(chat.t, refused=error)
    entry = await blacklist.find(chat.account.id, msisdn)
    return search_screen(chat.t, missing=msisdn) if entry is None else entry_screen(entry, chat)


@on(OpenEntry)
async def open_entry(action: OpenEntry, chat: Chat) -> Screen:
    """Show one number."""
    return entry_screen(await blacklist.get(chat.account.id, action.entry_id), chat)


@on(AskRemove)
async def ask_remove(action: AskRemove, chat: Chat) -> Screen:
    """Say what it would mean."""
    return remove_screen(await blacklist.get(chat.account.id, action.entry_id), chat.t)


@on(RemoveEntry)
async def remove_entry(action: RemoveEntry, chat: Chat) -> Screen:
    """Take it off and show the list."""
    gone = await blacklist.remove(chat.account.id, action.entry_id, by=chat.person_id)
    screen = await list_blacklist(ListBlacklist(), chat)
    note = chat.t("blacklist.removed", number=display(gone.msisdn))
    return undo_talk.with_undo(screen, gone.change_id, chat.t, note=note)


@on(AskExport)
async def ask_export(_action: AskExport, chat: Chat) -> Screen:
    """Offer the kinds."""
    return export_screen(await blacklist.page(chat.account.id, index=0, size=1), chat.t)


@on(Export)
async def export(action: Export, chat: Chat) -> Screen:
    """Write the file and send it above the list."""
    t = chat.t
    kind = FileKind(action.kind) if action.kind in set(FileKind) else FileKind.CSV
    header = [t.label("field.msisdn"), t.label("blacklist.column.source"), t.label("blacklist.column.since")]
    files = await contact_export.blacklist(
        chat.account.id,
        kind=kind,
        title=t.label("blacklist.export.file"),
        header=header,
        sources={source: t.label(f"blacklist.source.{source}") for source in Source},
        zone=chat.account.zone,
    )
    documents = tuple(
        Document(file.name, file.content, t("blacklist.export.caption", count=file.rows)) for file in files
    )
    screen = await list_blacklist(ListBlacklist(), chat)
    return Screen(screen.text, screen.rows, documents=documents)
