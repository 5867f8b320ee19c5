"""Single contacts: screen, fields, groups, deleting. Adding is ``contact_add``'s, lists are ``contact_list``'s."""

from collections.abc import Iterable, Sequence

from bot.chat import Chat
from bot.conversations import blacklist as blacklist_talk
from bot.conversations import groups as group_talk
from bot.conversations import undo as undo_talk
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Rows, Screen, Style, on, unpack
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


class AskGroups(Action, code="kg", permission=Permission.EDIT):
    """In which groups it is: each can be ticked."""

    contact_id: int
    group_id: int | None = None
    page: int = 0


class ToggleGroup(Action, code="kj", permission=Permission.EDIT):
    """Put it in a group, or take it out."""

    contact_id: int
    group_id: int | None
    page: int
    target: int


class EveryGroup(Action, code="kt", permission=Permission.EDIT):
    """*Seleccionar todo*, *eliminar todos*."""

    contact_id: int
    group_id: int | None
    page: int
    inside: bool


# --- screens


def contact_screen(view: ContactView, t: Texts, *, group_id: int | None, may_edit: bool, note: str = "") -> Screen:
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
    back = unpack(f"xl:{row.contact_id - 1}:0:0") if group_id is None else group_talk.OpenGroup(group_id)
    rows = _contact_rows(view, t, group_id) if may_edit else ()
    return Screen("\n".join(lines), (*rows, *footer(t, back)))


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


def groups_screen(
    view: ContactView,
    lines: Sequence[GroupLine],
    t: Texts,
    *,
    group_id: int | None,
    page: int,
    undoes: int | None = None,
) -> Screen:
    """All groups, ticked where the contact is in. ``undoes``: the change just made; below, so that no tick moves."""
    contact_id = view.row.contact_id
    inside = {group for group, _ in view.groups}
    page = min(max(page, 0), max(0, (len(lines) - 1) // PAGE))
    head = heading(t.label("contacts.groups"), t.label("contacts.title"), display(view.row.msisdn))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                cut(f"{'☑️' if line.id in inside else '⬜'} {line.title}"),
                ToggleGroup(contact_id, group_id, page, line.id),
            ),
        )
        for line in lines[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(lines), to=lambda index: AskGroups(contact_id, group_id, index))
    if lines:
        every = Button(t.label("contacts.groups.all"), EveryGroup(contact_id, group_id, page, inside=True))
        none = Button(t.label("contacts.groups.none"), EveryGroup(contact_id, group_id, page, inside=False))
        done = Button(t.label("contacts.done"), OpenContact(contact_id, group_id), Style.SUCCESS)
        rows += [(every, none), (*undo_talk.undo_button(undoes, t), done)]
    else:
        rows.append((Button(t.label("groups.new"), group_talk.NewGroup()),))
    text = t("contacts.groups.choose", count=len(inside)) if lines else t("contacts.join.none")
    return Screen(f"{head}\n\n{text}", (*rows, *footer(t, OpenContact(contact_id, group_id))))


def refusal(error: BadNumber, t: Texts) -> str:
    """Why a typed number will not do."""
    reason = t.label(f"import.reason.{error.problem.value}")
    said = t("number.refused", number=error.values["number"], reason=reason)
    return f"{said}\n{way_out}" if (way_out := enabling([error.problem], t)) else said


def enabling(problems: Iterable[NumberProblem], t: Texts) -> str:
    """How a country is enabled, where that is what stands against a number; else empty."""
    return t("number.enable_country") if NumberProblem.COUNTRY_NOT_ENABLED in problems else ""


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
    buttons.append(Button(t.label("contacts.groups"), AskGroups(contact_id, group_id)))
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
        change_id = await contacts.change(chat.account.id, action.contact_id, field=field, text=text, by=chat.person_id)
    except BadNumber as error:
        view = await contacts.get(chat.account.id, action.contact_id)
        return field_screen(view, chat.t, field=field, group_id=action.group_id, refused=error)
    screen = await show(action.contact_id, action.group_id, chat)
    return undo_talk.with_undo(screen, change_id, chat.t, note=chat.t("contacts.saved"))


@on(AskDeleteContact)
async def ask_delete(action: AskDeleteContact, chat: Chat) -> Screen:
    """Say what it would mean."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return delete_screen(view, chat.t, group_id=action.group_id)


@on(DeleteContact)
async def delete_contact(action: DeleteContact, chat: Chat) -> Screen:
    """Delete it, and show where the person came from."""
    gone = await contacts.delete(chat.account.id, action.contact_id, by=chat.person_id)
    note = chat.t("contacts.deleted", number=display(gone.msisdn))
    if action.group_id is None:
        screen = await group_talk.list_groups(group_talk.ListGroups(), chat)
    else:
        screen = await group_talk.open_group(group_talk.OpenGroup(action.group_id), chat)
    return undo_talk.with_undo(screen, gone.change_id, chat.t, note=note)


@on(BlockContact)
async def block_contact(action: BlockContact, chat: Chat) -> Screen:
    """Put it on the blacklist."""
    change_id = await contacts.block(chat.account.id, action.contact_id, by=chat.person_id)
    screen = await show(action.contact_id, action.group_id, chat)
    return undo_talk.with_undo(screen, change_id, chat.t, note=chat.t("contacts.blocked"))


@on(AskGroups)
async def ask_groups(action: AskGroups, chat: Chat) -> Screen:
    """Show all groups."""
    return await _groups(action.contact_id, action.group_id, action.page, chat)


@on(ToggleGroup)
async def toggle_group(action: ToggleGroup, chat: Chat) -> Screen:
    """In, or out; another tap takes it back."""
    view = await contacts.get(chat.account.id, action.contact_id)
    move = contacts.leave if any(group == action.target for group, _ in view.groups) else contacts.join
    change_id = await move(chat.account.id, action.target, contact_id=action.contact_id, by=chat.person_id)
    return await _groups(action.contact_id, action.group_id, action.page, chat, undoes=change_id)


@on(EveryGroup)
async def every_group(action: EveryGroup, chat: Chat) -> Screen:
    """In all of them, or in none: one change."""
    move = contacts.join if action.inside else contacts.leave
    change_id = await move(chat.account.id, None, contact_id=action.contact_id, by=chat.person_id)
    return await _groups(action.contact_id, action.group_id, action.page, chat, undoes=change_id)


async def _groups(contact_id: int, group_id: int | None, page: int, chat: Chat, *, undoes: int | None = None) -> Screen:
    view, lines = await contacts.get(chat.account.id, contact_id), await groups.lines(chat.account.id)
    return groups_screen(view, lines, chat.t, group_id=group_id, page=page, undoes=undoes)


async def show(contact_id: int, group_id: int | None, chat: Chat) -> Screen:
    """The screen of a contact as it stands now."""
    view = await contacts.get(chat.account.id, contact_id)
    return contact_screen(view, chat.t, group_id=group_id, may_edit=chat.may(Permission.EDIT))


def _checked_field(field: str) -> str:
    if field != "msisdn" and field not in FIELDS:
        raise NotFound(noun="field")
    return field
