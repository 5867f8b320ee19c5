"""Contact groups: the list, one group, its contacts by pages, *Aplique DNC*."""

from collections.abc import Sequence

from bot.chat import Chat
from bot.conversations import blacklist as blacklist_talk
from bot.conversations import contact_add as add_talk
from bot.conversations import contact_list as list_talk
from bot.conversations import contacts_import as import_talk
from bot.conversations import undo as undo_talk
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
from domain.models import ChangeState
from domain.rules.permission import Permission
from domain.rules.title import TITLE_LIMIT
from domain.usecases import groups
from domain.usecases.groups import DESCRIPTION_LIMIT, GroupLine, GroupView
from locales import Texts

# --- actions


class ListGroups(Action, code="gl"):
    """The groups by title; the door to everything about contacts."""

    page: int = 0


class NewGroup(Action, code="gn", permission=Permission.EDIT):
    """Ask for the title of a new group."""


class NameNewGroup(Action, code="gt", permission=Permission.EDIT):
    """The title was typed: make the group."""


class DescribeNewGroup(Action, code="gd", permission=Permission.EDIT):
    """The description of a group just made was typed."""

    group_id: int


class OpenGroup(Action, code="go"):
    """One group with its numbers."""

    group_id: int


class AskTitle(Action, code="ga", permission=Permission.EDIT):
    """Ask for another title."""

    group_id: int


class SetTitle(Action, code="gs", permission=Permission.EDIT):
    """Another title was typed."""

    group_id: int


class AskDescription(Action, code="ge", permission=Permission.EDIT):
    """Ask for another description."""

    group_id: int


class SetDescription(Action, code="gw", permission=Permission.EDIT):
    """Another description was typed, or (``clear``) there shall be none."""

    group_id: int
    clear: bool = False


class AskDelete(Action, code="gx", permission=Permission.EDIT):
    """What deleting the group would mean."""

    group_id: int


class DeleteGroup(Action, code="gy", permission=Permission.EDIT):
    """Delete it."""

    group_id: int


class AskDnc(Action, code="gc", permission=Permission.EDIT):
    """How many *Aplique DNC* would take out."""

    group_id: int


class ApplyDnc(Action, code="gz", permission=Permission.EDIT):
    """Take them out."""

    group_id: int


# --- screens


def list_screen(lines: Sequence[GroupLine], t: Texts, *, page: int = 0, may_edit: bool) -> Screen:
    """Every group with its size, and the way to add contacts."""
    page = min(max(page, 0), max(0, (len(lines) - 1) // PAGE))
    shown = lines[page * PAGE : (page + 1) * PAGE]
    counted = "groups.list.count" if may_edit else "groups.list.to_look"
    text = t(counted, count=len(lines)) if lines else t("groups.list.empty")
    rows: list[tuple[Button, ...]] = [(Button(_line(line, t), OpenGroup(line.id)),) for line in shown]
    rows += pager(page, len(lines), to=ListGroups)
    if may_edit:
        new = Button(t.label("groups.new"), NewGroup(), Style.PRIMARY if not lines else None)
        rows.append((new, Button(t.label("imports.open"), import_talk.AskFile())))
    rows.append(
        (
            Button(t.label("list.open"), list_talk.ShowAll()),
            Button(t.label("list.search"), list_talk.AskSearch()),
        )
    )
    last = Button(t.label("blacklist.open"), blacklist_talk.ListBlacklist())
    rows.append((last, Button(t.label("undo.open"), undo_talk.ListChanges())) if may_edit else (last,))
    return Screen(f"{heading(t.label('groups.title'), t.label('contacts.title'))}\n\n{text}", (*rows, *footer(t)))


def title_screen(t: Texts, *, back: Action, key: str, question: Action, title: str = "") -> Screen:
    """Asks for a title. ``key``: the words; ``title``: as it is now."""
    head = heading(t.label("groups.title"), t.label("contacts.title"))
    return Screen(f"{head}\n\n{t(key, title=title, limit=TITLE_LIMIT)}", _ways_out(t, back), expects=question)


def new_description_screen(group: GroupView, t: Texts) -> Screen:
    """Step two of two: the description, which may be left out."""
    head = heading(group.title, t.label("contacts.title"), t.label("groups.title"))
    skip = Button(t.label("contacts.skip"), OpenGroup(group.id), Style.PRIMARY)
    return Screen(
        f"{head}\n\n{t('groups.new.description', limit=DESCRIPTION_LIMIT)}",
        ((skip,), *footer(t, OpenGroup(group.id))),
        expects=DescribeNewGroup(group.id),
    )


def description_screen(group: GroupView, t: Texts) -> Screen:
    """Asks for another description."""
    head = heading(group.title, t.label("contacts.title"), t.label("groups.title"))
    key = "groups.description.ask" if group.description else "groups.description.ask_first"
    clear = Button(t.label("contacts.clear"), SetDescription(group.id, clear=True))
    rows: Rows = ((clear,),) if group.description else ()
    return Screen(
        f"{head}\n\n{t(key, description=group.description, limit=DESCRIPTION_LIMIT)}",
        (*rows, *_ways_out(t, OpenGroup(group.id))),
        expects=SetDescription(group.id),
    )


def group_screen(group: GroupView, chat: Chat) -> Screen:
    """One group with its numbers and everything that can be done with it."""
    t = chat.t
    lines = [heading(group.title, t.label("contacts.title"), t.label("groups.title")), ""]
    if group.description:
        lines.append(t("groups.open.description", description=group.description))
    lines.append(t("groups.open.contacts", number=t.number(group.contacts)))
    if group.blacklisted:
        lines.append(t("groups.open.blacklisted", number=t.number(group.blacklisted)))
    if group.last_import:
        last = group.last_import
        moment = t.moment(last.at, chat.account.zone)
        lines.append(t("groups.open.last_import", file=cut(last.file_name), moment=moment, count=last.contacts))
    if not group.contacts:
        lines += ["", t("groups.open.empty")]
    return Screen("\n".join(lines), _group_rows(group, chat))


def delete_screen(group: GroupView, t: Texts) -> Screen:
    """Asks before deleting, with the numbers."""
    head = heading(group.title, t.label("contacts.title"), t.label("groups.title"))
    yes = Button(t.label("groups.delete.yes"), DeleteGroup(group.id), Style.DANGER)
    return Screen(
        f"{head}\n\n{t('groups.delete.ask', title=group.title, count=group.contacts)}",
        ((yes,), *footer(t, OpenGroup(group.id))),
    )


def dnc_screen(group: GroupView, t: Texts) -> Screen:
    """Asks before taking out, with the numbers."""
    head = heading(t.label("groups.dnc"), t.label("contacts.title"), cut(group.title))
    if not group.blacklisted:
        return Screen(f"{head}\n\n{t('groups.dnc.nobody')}", footer(t, OpenGroup(group.id)))
    left = t.number(group.contacts - group.blacklisted)
    yes = Button(t.label("groups.dnc.yes", count=group.blacklisted), ApplyDnc(group.id), Style.DANGER)
    return Screen(
        f"{head}\n\n{t('groups.dnc.ask', count=group.blacklisted, title=group.title, left=left)}",
        ((yes,), *footer(t, OpenGroup(group.id))),
    )


def _line(line: GroupLine, t: Texts) -> str:
    return t.label("groups.list.line", title=cut(line.title, 20), number=t.number(line.contacts))


def _group_rows(group: GroupView, chat: Chat) -> Rows:
    t, here = chat.t, group.id
    buttons = [Button(t.label("groups.members"), list_talk.ShowGroup(here))] if group.contacts else []
    if chat.may(Permission.EDIT):
        first = Style.PRIMARY if not group.contacts else None
        buttons.append(Button(t.label("contacts.add"), add_talk.AskContact(here)))
        buttons.append(Button(t.label("imports.open"), import_talk.AskFile(here), first))
        if group.blacklisted:
            buttons.append(Button(t.label("groups.dnc"), AskDnc(here)))
    if group.contacts and chat.may(Permission.SEND):
        buttons.append(Button(t.label("groups.campaign"), unpack(f"wn:{here}"), Style.PRIMARY))
    if chat.may(Permission.EDIT):
        buttons.append(Button(t.label("groups.rename"), AskTitle(here)))
        buttons.append(Button(t.label("groups.describe"), AskDescription(here)))
        buttons.append(Button(t.label("groups.delete"), AskDelete(here)))
    return (*pairs(buttons), *footer(t, ListGroups()))


def _ways_out(t: Texts, back: Action) -> Rows:
    return ((Button(t.label("nav.cancel"), back),), *footer(t, back))


# --- handlers


@on(ListGroups)
async def list_groups(action: ListGroups, chat: Chat) -> Screen:
    """Show the list."""
    lines = await groups.lines(chat.account.id)
    return list_screen(lines, chat.t, page=action.page, may_edit=chat.may(Permission.EDIT))


@on(NewGroup)
async def new_group(_action: NewGroup, chat: Chat) -> Screen:
    """Ask for the title."""
    return title_screen(chat.t, back=ListGroups(), key="groups.new.title", question=NameNewGroup())


@on(NameNewGroup)
async def name_new_group(_action: NameNewGroup, chat: Chat) -> Screen:
    """Make it, then ask for the description."""
    group_id = await groups.create(chat.account.id, chat.text)
    return new_description_screen(await groups.get(chat.account.id, group_id), chat.t)


@on(DescribeNewGroup)
async def describe_new_group(action: DescribeNewGroup, chat: Chat) -> Screen:
    """Note the description and open the group."""
    await groups.describe(chat.account.id, action.group_id, description=chat.text or "")
    return group_screen(await groups.get(chat.account.id, action.group_id), chat)


@on(OpenGroup)
async def open_group(action: OpenGroup, chat: Chat) -> Screen:
    """Show one group."""
    return group_screen(await groups.get(chat.account.id, action.group_id), chat)


@on(AskTitle)
async def ask_title(action: AskTitle, chat: Chat) -> Screen:
    """Ask for another title."""
    group = await groups.get(chat.account.id, action.group_id)
    return title_screen(
        chat.t, back=OpenGroup(group.id), key="groups.rename.ask", question=SetTitle(group.id), title=group.title
    )


@on(SetTitle)
async def set_title(action: SetTitle, chat: Chat) -> Screen:
    """Rename it."""
    await groups.rename(chat.account.id, action.group_id, title=chat.text)
    return group_screen(await groups.get(chat.account.id, action.group_id), chat)


@on(AskDescription)
async def ask_description(action: AskDescription, chat: Chat) -> Screen:
    """Ask for another description."""
    return description_screen(await groups.get(chat.account.id, action.group_id), chat.t)


@on(SetDescription)
async def set_description(action: SetDescription, chat: Chat) -> Screen:
    """Note it."""
    text = "" if action.clear else chat.text or ""
    await groups.describe(chat.account.id, action.group_id, description=text)
    return group_screen(await groups.get(chat.account.id, action.group_id), chat)


@on(AskDelete)
async def ask_delete(action: AskDelete, chat: Chat) -> Screen:
    """Say what it would mean."""
    return delete_screen(await groups.get(chat.account.id, action.group_id), chat.t)


@on(DeleteGroup)
async def delete_group(action: DeleteGroup, chat: Chat) -> Screen:
    """Delete it and show the list."""
    gone = await groups.delete(chat.account.id, action.group_id, by=chat.person_id)
    screen = await list_groups(ListGroups(), chat)
    note = chat.t("groups.deleted", title=cut(gone.title))
    return undo_talk.with_undo(screen, gone.change_id, chat.t, note=note)


@on(AskDnc)
async def ask_dnc(action: AskDnc, chat: Chat) -> Screen:
    """Count first."""
    return dnc_screen(await groups.get(chat.account.id, action.group_id), chat.t)


@on(ApplyDnc)
async def apply_dnc(action: ApplyDnc, chat: Chat) -> Screen:
    """Take them out and say how many."""
    change = await groups.apply_dnc(chat.account.id, action.group_id, by=chat.person_id, now=chat.now)
    if change.state is ChangeState.RUNNING:
        return undo_talk.change_screen(change, chat)
    screen = group_screen(await groups.get(chat.account.id, action.group_id), chat)
    note = chat.t("groups.dnc.done", count=change.count)
    return undo_talk.with_undo(screen, change.id, chat.t, note=note)
