"""The people of an account: who is in it as what, putting someone out, and one-time invitations. For owners."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.chat import Chat
from bot.conversations.account import OpenAccount
from bot.layout import cut, footer, heading, pairs
from bot.screen import Action, Button, Screen, Style, on
from domain.errors import NotFound
from domain.rules.permission import Permission
from domain.rules.role import Role
from domain.usecases import accounts
from domain.usecases.accounts import Member, OpenInvitation
from locales import Texts

VALID_FOR: Final = timedelta(hours=48)

# Actions


class ListPeople(Action, code="ao", permission=Permission.GOVERN):
    """Everybody of the account, and open invitations."""


class OpenPerson(Action, code="ap1", permission=Permission.GOVERN):
    """One of them."""

    person_id: int


class SetRole(Action, code="ar", permission=Permission.GOVERN):
    """Another role."""

    person_id: int
    role: Role


class AskRevoke(Action, code="aq", permission=Permission.GOVERN):
    """Whether that one shall really go."""

    person_id: int


class Revoke(Action, code="ax", permission=Permission.GOVERN):
    """That one goes, at once."""

    person_id: int


class ChooseRole(Action, code="ai", permission=Permission.GOVERN):
    """Invite somebody: as what?"""


class Invite(Action, code="aia", permission=Permission.GOVERN):
    """Make the link."""

    role: Role


class RevokeInvitation(Action, code="aix", permission=Permission.GOVERN):
    """Make a link worthless."""

    invitation_id: int


# Screens


def people_screen(members: Sequence[Member], invitations: Sequence[OpenInvitation], chat: Chat) -> Screen:
    """Members with their roles; open invitations with a button that ends each."""
    t = chat.t
    lines = [heading(t.label("people.title"), t.label("account.title")), "", t("people.count", count=len(members))]
    rows = [
        (Button(cut(f"{_badge(m.role)} {m.name} · {t.label(f'role.{m.role.value}')}"), OpenPerson(m.person_id)),)
        for m in members
    ]
    if invitations:
        lines += ["", t("people.invitations", count=len(invitations))]
        for number, invitation in enumerate(invitations, 1):
            role = t.label(f"role.{invitation.role.value}")
            lines.append(t("people.invitation", number=number, role=role, until=_until(invitation, chat)))
            rows.append((Button(t.label("people.end_invitation", number=number), RevokeInvitation(invitation.id)),))
    rows.append((Button(t.label("people.invite"), ChooseRole(), Style.PRIMARY),))
    return Screen("\n".join(lines), (*rows, *footer(t, OpenAccount())))


def person_screen(member: Member, chat: Chat) -> Screen:
    """One member: other roles, and the way out."""
    t = chat.t
    text = "\n".join(
        [
            heading(cut(member.name, 64), t.label("account.title"), t.label("people.title")),
            "",
            f"{t('people.role', role=t.label(f'role.{member.role.value}'))} · {t(f'people.may_{member.role.value}')}",
            t("people.since", since=t.moment(member.since, chat.account.zone)),
        ]
    )
    roles = [
        Button(t.label("people.make", role=t.label(f"role.{role.value}")), SetRole(member.person_id, role))
        for role in Role
        if role is not member.role
    ]
    out = (Button(t.label("people.revoke"), AskRevoke(member.person_id), Style.DANGER),)
    return Screen(text, (*pairs(roles), out, *footer(t, ListPeople())))


def revoke_screen(member: Member, t: Texts) -> Screen:
    """The safe way first."""
    head = heading(t.label("people.revoke"), t.label("account.title"), t.label("people.title"))
    rows = (
        (Button(t.label("people.keep"), OpenPerson(member.person_id)),),
        (Button(t.label("people.revoke_yes"), Revoke(member.person_id), Style.DANGER),),
    )
    return Screen(f"{head}\n\n{t('people.ask_revoke', name=cut(member.name, 64))}", (*rows, *footer(t, ListPeople())))


def role_screen(t: Texts) -> Screen:
    """As what: each role with what it may do."""
    head = heading(t.label("people.invite"), t.label("account.title"), t.label("people.title"))
    lines = [f"{_badge(role)} <b>{t(f'role.{role.value}')}</b>: {t(f'people.may_{role.value}')}" for role in Role]
    buttons = [Button(f"{_badge(role)} {t.label(f'role.{role.value}')}", Invite(role)) for role in Role]
    text = "\n".join([head, "", t("people.choose_role"), *lines])
    return Screen(text, (*pairs(buttons), *footer(t, ListPeople())))


def invitation_screen(link: str, role: Role, chat: Chat) -> Screen:
    """The link, once: it cannot be shown again."""
    t = chat.t
    until = t.moment(chat.now + VALID_FOR, chat.account.zone)
    text = "\n".join(
        [
            heading(t.label("people.link_title"), t.label("account.title"), t.label("people.title")),
            "",
            t(
                "people.link",
                role=t.label(f"role.{role.value}"),
                until=until,
                hours=int(VALID_FOR.total_seconds() // 3600),
            ),
            "",
            t("people.link_itself", link=link),
        ]
    )
    return Screen(text, ((Button(t.label("people.copy_link"), copy_text=link),), *footer(t, ListPeople())))


def _badge(role: Role) -> str:
    return {Role.OWNER: "👑", Role.OPERATOR: "✏️", Role.VIEWER: "👁"}[role]


def _until(invitation: OpenInvitation, chat: Chat) -> str:
    return chat.t.moment(invitation.expires_at, chat.account.zone)


# Handlers


@on(ListPeople)
async def list_people(_: ListPeople, chat: Chat) -> Screen:
    """As it stands."""
    found = await accounts.members(chat.account.id)
    return people_screen(found, await accounts.open_invitations(chat.account.id), chat)


@on(OpenPerson)
async def open_person(action: OpenPerson, chat: Chat) -> Screen:
    """One member."""
    return person_screen(await _member(action.person_id, chat), chat)


@on(SetRole)
async def set_role(action: SetRole, chat: Chat) -> Screen:
    """The last owner stays one."""
    await accounts.change_role(chat.account.id, action.person_id, action.role, by=chat.person_id)
    screen = person_screen(await _member(action.person_id, chat), chat)
    return dataclasses.replace(screen, toast=chat.t.label("account.saved"))


@on(AskRevoke)
async def ask_revoke(action: AskRevoke, chat: Chat) -> Screen:
    """Say what it means."""
    return revoke_screen(await _member(action.person_id, chat), chat.t)


@on(Revoke)
async def revoke(action: Revoke, chat: Chat) -> Screen:
    """At once; their running campaigns go on."""
    await accounts.revoke(chat.account.id, action.person_id, by=chat.person_id)
    screen = await list_people(ListPeople(), chat)
    return dataclasses.replace(screen, toast=chat.t.label("people.revoked"))


@on(ChooseRole)
async def choose_role(_: ChooseRole, chat: Chat) -> Screen:
    """As what."""
    return role_screen(chat.t)


@on(Invite)
async def invite(action: Invite, chat: Chat) -> Screen:
    """A new link each time."""
    token = await accounts.invite(chat.account.id, action.role, by=chat.person_id, valid_for=VALID_FOR)
    return invitation_screen(f"https://t.me/{chat.bot_username}?start=inv_{token}", action.role, chat)


@on(RevokeInvitation)
async def revoke_invitation(action: RevokeInvitation, chat: Chat) -> Screen:
    """It opens nothing from now on."""
    await accounts.revoke_invitation(chat.account.id, action.invitation_id)
    screen = await list_people(ListPeople(), chat)
    return dataclasses.replace(screen, toast=chat.t.label("people.invitation_ended"))


async def _member(person_id: int, chat: Chat) -> Member:
    for member in await accounts.members(chat.account.id):
        if member.person_id == person_id:
            return member
    raise NotFound(noun="person")
