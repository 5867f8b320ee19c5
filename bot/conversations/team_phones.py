"""The phones that tests go to: the team's, and one's own verified one. Each screen knows the test that it came from."""

import dataclasses
from collections.abc import Sequence
from enum import StrEnum

from bot.chat import Chat
from bot.layout import cut, footer, heading
from bot.screen import Action, Button, Rows, Screen, Style, Takes, handler_of, on, unpack
from domain.rules.msisdn import display
from domain.rules.permission import Permission
from domain.usecases import testing
from domain.usecases.testing import Phone
from locales import Texts


class Subject(StrEnum):
    """What is tested."""

    TEMPLATE = "t"
    DRAFT = "c"


# Actions


class AskOwnPhone(Action, code="vtd", permission=Permission.SEND):
    """One's own contact card shall be shared."""

    subject: Subject
    subject_id: int


class SaveOwnPhone(Action, code="vte", permission=Permission.SEND, takes=Takes.CARD):
    """It was."""

    subject: Subject
    subject_id: int


class ForgetOwnPhone(Action, code="vtf", permission=Permission.SEND):
    """It is not one's own any more."""

    subject: Subject
    subject_id: int


class ListPhones(Action, code="vtg"):
    """The team's phones."""

    subject: Subject
    subject_id: int


class AskPhone(Action, code="vth", permission=Permission.EDIT):
    """A phone of the team: name and number shall be typed, or its card sent."""

    subject: Subject
    subject_id: int


class SavePhone(Action, code="vti", permission=Permission.EDIT, takes=Takes.TEXT | Takes.CARD):
    """It was."""

    subject: Subject
    subject_id: int


class RemovePhone(Action, code="vtj", permission=Permission.EDIT):
    """It is not the team's any more."""

    phone_id: int
    subject: Subject
    subject_id: int


PhonesAction = AskOwnPhone | SaveOwnPhone | ForgetOwnPhone | ListPhones | AskPhone | SavePhone | RemovePhone


# Screens


def own_screen(action: AskOwnPhone, own: int | None, t: Texts) -> Screen:
    """How it is shared."""
    subject, subject_id = action.subject, action.subject_id
    lines = [heading(t.label("testing.verify"), t.label("testing.title")), ""]
    rows: Rows = ()
    if own is not None:
        lines += [t("testing.own_now", number=display(own)), ""]
        rows = ((Button(t.label("testing.forget"), ForgetOwnPhone(subject, subject_id)),),)
    lines.append(t("testing.ask_own"))
    expects = SaveOwnPhone(subject, subject_id)
    return Screen("\n".join(lines), (*rows, *footer(t, _test(action))), expects=expects)


def phones_screen(
    action: PhonesAction, own: int | None, team: Sequence[Phone], chat: Chat, *, toast: str | None = None
) -> Screen:
    """One's own and the team's."""
    t, subject, subject_id = chat.t, action.subject, action.subject_id
    lines = [heading(t.label("testing.team"), t.label("testing.title")), ""]
    lines.append(t("testing.own_now", number=display(own)) if own else t("testing.own_none"))
    lines.append(t("testing.team_count", count=len(team)) if team else t("testing.team_none"))
    lines += [t("testing.phone", name=phone.name, number=display(phone.msisdn)) for phone in team]
    rows: list[tuple[Button, ...]] = []
    if chat.may(Permission.SEND):
        rows.append((Button(t.label("testing.verify"), AskOwnPhone(subject, subject_id)),))
    if chat.may(Permission.EDIT):
        rows.append((Button(t.label("testing.add_phone"), AskPhone(subject, subject_id), Style.PRIMARY),))
        rows += [(Button(cut(f"🗑 {phone.name}"), RemovePhone(phone.id, subject, subject_id)),) for phone in team]
    return Screen("\n".join(lines), (*rows, *footer(t, _test(action))), toast=toast)


def phone_screen(action: AskPhone, t: Texts) -> Screen:
    """Asks for a name and a number."""
    subject, subject_id = action.subject, action.subject_id
    head = heading(t.label("testing.add_phone"), t.label("testing.title"))
    back = footer(t, ListPhones(subject, subject_id))
    return Screen(f"{head}\n\n{t('testing.ask_phone')}", back, expects=SavePhone(subject, subject_id))


def _test(action: PhonesAction) -> Action:
    return unpack(f"vt:{action.subject}:{action.subject_id}:")


# Handlers


@on(AskOwnPhone)
async def ask_own_phone(action: AskOwnPhone, chat: Chat) -> Screen:
    """Ask."""
    return own_screen(action, await testing.own_phone(chat.person_id), chat.t)


@on(SaveOwnPhone)
async def save_own_phone(action: SaveOwnPhone, chat: Chat) -> Screen:
    """Only the person's own card will do; the test can go to it at once."""
    card = chat.card
    await testing.verify(
        chat.person_id,
        card_owner=card.user_id if card else None,
        phone_number=card.phone_number if card else "",
        region=chat.account.region,
    )
    test = _test(action)
    return dataclasses.replace(await handler_of(type(test))(test, chat), toast=chat.t.label("testing.verified"))


@on(ForgetOwnPhone)
async def forget_own_phone(action: ForgetOwnPhone, chat: Chat) -> Screen:
    """Tests go to the team alone."""
    await testing.forget_own(chat.person_id)
    return await _phones_screen(action, chat, toast=chat.t.label("testing.forgotten"))


@on(ListPhones)
async def list_phones(action: ListPhones, chat: Chat) -> Screen:
    """One's own and the team's."""
    return await _phones_screen(action, chat)


@on(AskPhone)
async def ask_phone(action: AskPhone, chat: Chat) -> Screen:
    """Ask."""
    return phone_screen(action, chat.t)


@on(SavePhone)
async def save_phone(action: SavePhone, chat: Chat) -> Screen:
    """A number that cannot be read keeps the question open."""
    if chat.card is not None:
        name, number = f"{chat.card.first_name} {chat.card.last_name}".strip(), chat.card.phone_number
    else:
        name, number = testing.split_phone(chat.text or "")
    phone = await testing.add_phone(chat.account.id, name=name, number=number, by=chat.person_id)
    return await _phones_screen(action, chat, toast=chat.t.label("testing.phone_added", name=cut(phone.name)))


@on(RemovePhone)
async def remove_phone(action: RemovePhone, chat: Chat) -> Screen:
    """At once: it can be added again."""
    await testing.remove_phone(chat.account.id, action.phone_id)
    return await _phones_screen(action, chat, toast=chat.t.label("testing.phone_removed"))


async def _phones_screen(action: PhonesAction, chat: Chat, *, toast: str | None = None) -> Screen:
    own = await testing.own_phone(chat.person_id)
    return phones_screen(action, own, await testing.team(chat.account.id), chat, toast=toast)
