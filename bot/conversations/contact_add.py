"""Adding contacts to a group: step by step, a pasted line or several, a contact card."""

from typing import Final

from bot.chat import Chat
from bot.conversations import contact_list as list_talk
from bot.conversations import contacts as contact_talk
from bot.conversations import groups as group_talk
from bot.conversations import undo as undo_talk
from bot.layout import cut, footer, heading
from bot.screen import Action, Button, Screen, Style, Takes, on
from domain.errors import NotFound
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.store.contact_sql import FIELDS
from domain.usecases import contacts, groups
from domain.usecases.contacts import AddedMany, BadNumber, ContactView
from locales import Texts

_STEPS: Final = 1 + len(FIELDS)  # the number, then each field
_REFUSED_SHOWN: Final = 5


# --- actions


class AskContact(Action, code="ka", permission=Permission.EDIT):
    """Ask for a contact of a group: step one."""

    group_id: int


class AddContact(Action, code="kn", permission=Permission.EDIT, takes=Takes.TEXT | Takes.CARD):
    """A number, whole lines, or a contact card came."""

    group_id: int


class AskStep(Action, code="kf", permission=Permission.EDIT):
    """The next field of a contact just added. ``step``: from 2; the field is ``FIELDS[step - 2]``."""

    contact_id: int
    group_id: int
    step: int


class AnswerStep(Action, code="ks", permission=Permission.EDIT):
    """The field of a step was typed."""

    contact_id: int
    group_id: int
    step: int


class ReceiveCard(Action, code="kc", permission=Permission.EDIT, takes=Takes.CARD):
    """A contact card came that nobody had asked for."""


# --- screens


def number_screen(group_id: int, title: str, t: Texts, *, refused: BadNumber | None = None) -> Screen:
    """Step one: the number, a whole line, or a contact card."""
    head = heading(t.label("contacts.add.title"), t.label("contacts.title"), cut(title))
    why = "" if refused is None else contact_talk.refusal(refused, t) + "\n\n"
    back = group_talk.OpenGroup(group_id)
    return Screen(
        f"{head}\n\n{why}{_step(1, t)} {t('contacts.add.number')}\n\n{t('contacts.add.line')}",
        ((Button(t.label("nav.cancel"), back),), *footer(t, back)),
        expects=AddContact(group_id),
    )


def step_screen(view: ContactView, group_id: int, t: Texts, *, step: int, known: bool = False) -> Screen:
    """Steps two to eight: one field each, all of them optional. The contact is saved already."""
    field, contact_id = FIELDS[step - 2], view.row.contact_id
    head = heading(display(view.row.msisdn), t.label("contacts.title"), t.label("contacts.add.title"))
    saved = t("contacts.add.known" if known else "contacts.add.saved")
    now = str(getattr(view.row, field))
    question = t("contacts.add.field_now" if now else "contacts.add.field", field=t.label(f"field.{field}"), value=now)
    opened = contact_talk.OpenContact(contact_id, group_id)
    skip = AskStep(contact_id, group_id, step + 1) if step < _STEPS else opened
    return Screen(
        f"{head}\n\n{saved}\n\n{_step(step, t)} {question}",
        (
            (Button(t.label("contacts.skip"), skip), Button(t.label("contacts.done"), opened, Style.SUCCESS)),
            *footer(t, opened),
        ),
        expects=AnswerStep(contact_id, group_id, step),
    )


def many_screen(added: AddedMany, group_id: int, title: str, t: Texts) -> Screen:
    """What became of several pasted lines."""
    head = heading(t.label("contacts.add.title"), t.label("contacts.title"), cut(title))
    lines = [t("contacts.many.created", count=added.created), t("contacts.many.updated", count=added.updated)]
    if added.refused:
        lines.append(t("contacts.many.refused", count=len(added.refused)))
        lines += [contact_talk.refused_line(text, problem, t) for text, problem in added.refused[:_REFUSED_SHOWN]]
        if way_out := contact_talk.enabling([problem for _, problem in added.refused], t):
            lines.append(way_out)
    rows = (
        (Button(t.label("groups.members"), list_talk.ShowGroup(group_id)),),
        (Button(t.label("contacts.add_more"), AskContact(group_id)),),
    )
    screen = Screen(f"{head}\n\n" + "\n".join(lines), (*rows, *footer(t, group_talk.OpenGroup(group_id))))
    return undo_talk.with_undo(screen, added.change_id, t)


def _step(step: int, t: Texts) -> str:
    return t("contacts.step", step=step, steps=_STEPS)


# --- handlers


@on(AskContact)
async def ask_contact(action: AskContact, chat: Chat) -> Screen:
    """Ask for the number."""
    group = await groups.get(chat.account.id, action.group_id)
    return number_screen(group.id, group.title, chat.t)


@on(AddContact)
async def add_contact(action: AddContact, chat: Chat) -> Screen:
    """Save it; a bare number goes on to the next step, anything fuller is done."""
    account_id, group_id = chat.account.id, action.group_id
    group = await groups.get(account_id, group_id)
    lines = [line for line in (chat.text or "").splitlines() if line.strip()]
    try:
        if chat.card is not None:
            added = await contacts.add_named(
                account_id,
                group_id,
                number=chat.card.phone_number,
                first_name=chat.card.first_name,
                last_name=chat.card.last_name,
                by=chat.person_id,
            )
        elif len(lines) > 1:
            many = await contacts.add_many(account_id, group_id, lines=lines, by=chat.person_id)
            return many_screen(many, group_id, group.title, chat.t)
        else:
            added = await contacts.add(account_id, group_id, line=lines[0] if lines else "", by=chat.person_id)
    except BadNumber as error:
        return number_screen(group_id, group.title, chat.t, refused=error)
    view = await contacts.get(account_id, added.contact_id)
    if chat.card is None and len(contacts.split_line(lines[0])) == 1:
        screen = step_screen(view, group_id, chat.t, step=2, known=not added.created)
    else:
        note = chat.t("contacts.add.saved" if added.created else "contacts.add.known")
        screen = contact_talk.contact_screen(view, chat.t, group_id=group_id, may_edit=True, note=note)
    return undo_talk.with_undo(screen, added.change_id, chat.t)


@on(AskStep)
async def ask_step(action: AskStep, chat: Chat) -> Screen:
    """Ask for the field of a step."""
    view = await contacts.get(chat.account.id, action.contact_id)
    return step_screen(view, action.group_id, chat.t, step=_checked_step(action.step))


@on(AnswerStep)
async def answer_step(action: AnswerStep, chat: Chat) -> Screen:
    """Save the field and go on; after the last one the contact is shown."""
    step = _checked_step(action.step)
    field, text = FIELDS[step - 2], chat.text or ""
    change_id = await contacts.change(chat.account.id, action.contact_id, field=field, text=text, by=chat.person_id)
    view = await contacts.get(chat.account.id, action.contact_id)
    if step < _STEPS:
        screen = step_screen(view, action.group_id, chat.t, step=step + 1)
    else:
        note = chat.t("contacts.saved")
        screen = contact_talk.contact_screen(view, chat.t, group_id=action.group_id, may_edit=True, note=note)
    return undo_talk.with_undo(screen, change_id, chat.t)


@on(ReceiveCard)
async def receive_card(_action: ReceiveCard, chat: Chat) -> Screen:
    """Save the card, and offer a group for it."""
    if chat.card is None:
        raise NotFound(noun="contact")
    try:
        added = await contacts.add_named(
            chat.account.id,
            None,
            number=chat.card.phone_number,
            first_name=chat.card.first_name,
            last_name=chat.card.last_name,
            by=chat.person_id,
        )
    except BadNumber as error:
        return list_talk.search_screen(chat.t, refused=error)
    view = await contacts.get(chat.account.id, added.contact_id)
    note = chat.t("contacts.card.saved" if added.created else "contacts.add.known")
    screen = contact_talk.contact_screen(view, chat.t, group_id=None, may_edit=True, note=note)
    return undo_talk.with_undo(screen, added.change_id, chat.t)


def _checked_step(step: int) -> int:
    if not 2 <= step <= _STEPS:
        raise NotFound(noun="field")
    return step
