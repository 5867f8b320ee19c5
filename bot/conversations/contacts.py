"""Single contacts: finding one, its screen, its fields, its groups, deleting it. Adding one is ``contact_add``'s."""

from collections.abc import Sequence

from bot.chat import Chat
from bot.conversations import blacklist as blacklist_talk
from bot.conversations import groups as group_talk
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Rows, Screen, Style, Takes, on
from domain.errors import NotFound
from domain.rules.msisdn import NumberProblem, display
from domain.rules.permission import Permission
from domain.store.contact_sql import FIELDS
from domain.usecases import contacts, groups
from domain.usecases.contacts import FIELD_LIMIT, BadNumber, ContactView
from domain.usecases.groups import GroupLine
from locales import Texts

# --- actions


class OpenContact(Action, code="ko"):
    """One contact. ``group_id``: the group that the person came from."""

    contact_id: int
    group_id: int | None = None


class EditContact(Action, code="kl", permission=Permission.EDIT):
    """Choose the field to change."""

    contact_id: int
    group_id: int | None = None


class AskField(Action, code="ke", permission=Permission.EDIT):
    """Ask for one field."""

    contact_id: int
    group_id: int | None
    field: str


class SetField(Action, code="kv", permission=Permission.EDIT):
    """A field was typed, or (``clear``) shall be empty."""

    contact_id: int
    group_id: int | None
    field: str
    clear: bool = False


class AskDeleteContact(Action, code="kd", permission=Permission.EDIT):
    """What deleting the contact would mean."""

    contact_id: int
    group_id: int | None = None


class DeleteContact(Action, code="ky", permission=Permission.EDIT):
    """Delete it."""

    contact_id: int
    group_id: int | None = None


class BlockContact(Action, code="kb", permission=Permission.EDIT):
    """Put its number on the blacklist."""

    contact_id: int
    group_id: int | None = None


class LeaveGroup(Action, code="kt", permission=Permission.EDIT):
    """Take it out of the group that the person came from."""

    contact_id: int
    group_id: int


class AskGroup(Action, code="kg", permission=Permission.EDIT):
    """Choose a group for it."""

    contact_id: int
    page: int = 0


class JoinGroup(Action, code="kj", permission=Permission.EDIT):
    """Put it in a group."""

    contact_id: int
    group_id: int


class AskNumber(Action, code="kq"):
    """Ask for the number of a contact to find."""


class FindNumber(Action, code="kr", takes=Takes.TEXT | Takes.CARD):
    """The number to find was typed."""


# --- screens


def contact_screen(
    view: ContactView, t: Texts, *, group_id: int | None, may_edit: bool, note: str = "", toast: str | None = None
) -> Screen:
    """One contact: its fields, its groups, whether it is on the blacklist."""
    row = view.row
    name = " ".join(part for part in (row.first_name, row.last_name) if part)
    lines = [heading(name or display(row.msisdn), t.label("contacts.title")), ""]
    if note:
        lines += [note, ""]
    lines.append(t("contacts.open.field", field=t.label("field.msisdn"), value=display(row.msisdn)))
    for field in FIELDS:
        if value := str(getattr(row, field)):
            lines.append(t("contacts.open.field", field=t.label(f"field.{field}"), value=value))
    titles = ", ".join(cut(title) for _, title in view.groups)
    lines += ["", t("contacts.open.groups", titles=titles) if titles else t("contacts.open.no_group")]
    if view.entry_id is not None:
        lines.append(t("contacts.open.blacklisted"))
    back = group_talk.ListMembers(group_id) if group_id is not None else group_talk.ListGroups()
    rows = _contact_rows(view, t, group_id) if may_edit else ()
    return Screen("\n".join(lines), (*rows, *footer(t, back)), toast=toast)


def fields_screen(view: ContactView, t: Texts, *, group_id: int | None) -> Screen:
    """Which field is to be changed."""
    contact_id = view.row.contact_id
    head = heading(t.label("contacts.edit"), t.label("contacts.title"), display(view.row.msisdn))
    buttons = [
        Button(t.label(f"field.{field}"), AskField(contact_id, group_id, field)) for field in ("msisdn", *FIELDS)
    ]
    return Screen(
        f"{head}\n\n{t('contacts.edit.choose')}", (*pairs(buttons), *footer(t, OpenContact(contact_id, group_id)))
    )


def field_screen(
    view: ContactView, t: Texts, *, field: str, group_id: int | None, refused: BadNumber | None = None
) -> Screen:
    """Asks for one field, with what it is now."""
    contact_id, now = view.row.contact_id, getattr(view.row, field)
    shown = display(now) if field == "msisdn" else str(now)
    head = heading(t.label(f"field.{field}"), t.label("contacts.title"), display(view.row.msisdn))
    lines = [refusal(refused, t), ""] if refused else []
    lines.append(t("contacts.edit.now", value=shown) if shown else t("contacts.edit.empty"))
    lines.append(t("contacts.edit.number") if field == "msisdn" else t("contacts.edit.ask", limit=FIELD_LIMIT))
    clear = Button(t.label("contacts.clear"), SetField(contact_id, group_id, field, clear=True))
    back = EditContact(contact_id, group_id)
    rows: Rows = ((clear,),) if shown and field != "msisdn" else ()
    return Screen(
        f"{head}\n\n" + "\n".join(lines),
        (*rows, (Button(t.label("nav.cancel"), back),), *footer(t, back)),
        expects=SetField(contact_id, group_id, field),
    )


def delete_screen(view: ContactView, t: Texts, *, group_id: int | None) -> Screen:
    """Asks before deleting, with what goes."""
    head = heading(t.label("contacts.delete"), t.label("contacts.title"), display(view.row.msisdn))
    yes = Button(t.label("contacts.delete.yes"), DeleteContact(view.row.contact_id, group_id), Style.DANGER)
    return Screen(
        f"{head}\n\n{t('contacts.delete.ask', count=len(view.groups), number=display(view.row.msisdn))}",
        ((yes,), *footer(t, OpenContact(view.row.contact_id, group_id))),
    )


def choose_group_screen(view: ContactView, lines: Sequence[GroupLine], t: Texts, *, page: int) -> Screen:
    """The groups that the contact is not in."""
    contact_id = view.row.contact_id
    inside = {group_id for group_id, _ in view.groups}
    free = [line for line in lines if line.id not in inside]
    page = min(max(page, 0), max(0, (len(free) - 1) // PAGE))
    head = heading(t.label("contacts.join"), t.label("contacts.title"), display(view.row.msisdn))
    rows: list[tuple[Button, ...]] = [
        (Button(cut(line.title), JoinGroup(contact_id, line.id)),) for line in free[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(free), to=lambda index: AskGroup(contact_id, index))
    if not free:
        rows.append((Button(t.label("groups.new"), group_talk.NewGroup()),))
    text = t("contacts.join.choose") if free else t("contacts.join.none")
    return Screen(f"{head}\n\n{text}", (*rows, *footer(t, OpenContact(contact_id))))


def find_screen(t: Texts, *, refused: BadNumber | None = None, missing: str = "") -> Screen:
    """Asks for the number to find."""
    head = heading(t.label("contacts.find"), t.label("contacts.title"))
    lines = [refusal(refused, t), ""] if refused else []
    if missing:
        lines += [t("contacts.find.none", number=cut(missing)), ""]
    lines.append(t("contacts.find.ask"))
    back = group_talk.ListGroups()
    return Screen(f"{head}\n\n" + "\n".join(lines), footer(t, back), expects=FindNumber())


def refusal(error: BadNumber, t: Texts) -> str:
    """Why a typed number will not do."""
    return t("number.refused", number=error.values["number"], reason=t.label(f"import.reason.{error.problem.value}"))


def refused_line(text: str, problem: NumberProblem, t: Texts) -> str:
    """One of several numbers that will not do."""
    return t("number.refused_line", number=cut(text), reason=t.label(f"import.reason.{problem.value}"))


def _contact_rows(view: ContactView, t: Texts, group_id: int | None) -> Rows:
    contact_id = view.row.contact_id
    buttons = [Button(t.label("contacts.edit"), EditContact(contact_id, group_id))]
    if view.entry_id is None:
        buttons.append(Button(t.label("contacts.block"), BlockContact(contact_id, group_id)))
    else:
        buttons.append(Button(t.label("contacts.unblock"), blacklist_talk.OpenEntry(view.entry_id)))
    buttons.append(Button(t.label("contacts.join"), AskGroup(contact_id)))
    if group_id is not None and any(group_id == inside for inside, _ in view.groups):
        buttons.append(Button(t.label("contacts.leave"), LeaveGroup(contact_id, group_id)))
    buttons.append(Button(t.label("contacts.delete"), AskDeleteContact(contact_id, group_id)))
    return pairs(buttons)


# --- handlers


@on(OpenContact)
async def open_contact(action: OpenContact, chat: Chat) -> Screen:
    """Show one contact."""
    return await show(action.contact_id, action.group_id, chat)


@on(EditContact)
async def edit_contact(action: EditContact, chat: Chat) -> Screen:
    """Offer the fields."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return fields_screen(view, chat.t, group_id=action.group_id)


@on(AskField)
async def ask_field(action: AskField, chat: Chat) -> Screen:
    """Ask for one field."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return field_screen(view, chat.t, field=_checked_field(action.field), group_id=action.group_id)


@on(SetField)
async def set_field(action: SetField, chat: Chat) -> Screen:
    """Save it."""
    field, text = _checked_field(action.field), "" if action.clear else chat.text or ""
    try:
        await contacts.change(chat.account.id, action.contact_id, field=field, text=text)
    except BadNumber as error:
        view = await contacts.get(chat.account.id, action.contact_id)
        return field_screen(view, chat.t, field=field, group_id=action.group_id, refused=error)
    return await show(action.contact_id, action.group_id, chat)


@on(AskDeleteContact)
async def ask_delete(action: AskDeleteContact, chat: Chat) -> Screen:
    """Say what it would mean."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return delete_screen(view, chat.t, group_id=action.group_id)


@on(DeleteContact)
async def delete_contact(action: DeleteContact, chat: Chat) -> Screen:
    """Delete it, and show where the person came from."""
    msisdn = await contacts.delete(chat.account.id, action.contact_id)
    toast = chat.t.label("contacts.deleted", number=display(msisdn))
    if action.group_id is None:
        screen = await group_talk.list_groups(group_talk.ListGroups(), chat)
    else:
        screen = await group_talk.list_members(group_talk.ListMembers(action.group_id), chat)
    return Screen(screen.text, screen.rows, toast=toast)


@on(BlockContact)
async def block_contact(action: BlockContact, chat: Chat) -> Screen:
    """Put it on the blacklist."""
    await contacts.block(chat.account.id, action.contact_id, by=chat.person_id)
    return await show(action.contact_id, action.group_id, chat, toast=chat.t.label("contacts.blocked"))


@on(LeaveGroup)
async def leave_group(action: LeaveGroup, chat: Chat) -> Screen:
    """Take it out of the group; it stays a contact."""
    await contacts.leave(chat.account.id, action.group_id, contact_id=action.contact_id)
    return await show(action.contact_id, action.group_id, chat, toast=chat.t.label("contacts.left"))


@on(AskGroup)
async def ask_group(action: AskGroup, chat: Chat) -> Screen:
    """Offer the groups that it is not in."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return choose_group_screen(view, await groups.lines(chat.account.id), chat.t, page=action.page)


@on(JoinGroup)
async def join_group(action: JoinGroup, chat: Chat) -> Screen:
    """Put it in the group."""
    await contacts.join(chat.account.id, action.group_id, contact_id=action.contact_id)
    return await show(action.contact_id, action.group_id, chat, toast=chat.t.label("contacts.joined"))


@on(AskNumber)
async def ask_number(_action: AskNumber, chat: Chat) -> Screen:
    """Ask for the number to find."""
    return find_screen(chat.t)


@on(FindNumber)
async def find_number(_action: FindNumber, chat: Chat) -> Screen:
    """Show the contact that has it."""
    text = chat.card.phone_number if chat.card else chat.text or ""
    try:
        contact_id = await contacts.find(chat.account.id, text)
    except BadNumber as error:
        return find_screen(chat.t, refused=error)
    if contact_id is None:
        return find_screen(chat.t, missing=text)
    return await show(contact_id, None, chat)


async def show(contact_id: int, group_id: int | None, chat: Chat, *, toast: str | None = None) -> Screen:
    """The screen of a contact as it stands now."""
    view = await contacts.get(chat.account.id, contact_id)
    return contact_screen(view, chat.t, group_id=group_id, may_edit=chat.may(Permission.EDIT), toast=toast)


def _checked_field(field: str) -> str:
    if field != "msisdn" and field not in FIELDS:
        raise NotFound(noun="field")
    return field
