"""Accounts, who is in them with which role, and the one-time invitations that bring people in."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.transactions import in_transaction

from domain.errors import DomainError, InvitationSpent, NotFound
from domain.models import Account, Invitation, Membership, Person
from domain.rules.gsm import USUAL, Alphabet, Carriage
from domain.rules.price import parse_price
from domain.rules.role import Role
from domain.settings import Settings

log = structlog.get_logger()

_TOKEN_BYTES: Final = 16  # 22 characters of base64url, 128 bits
_NAME_LIMIT: Final = 130  # characters; Bot API: first and last name of 64 each


class LastOwner(DomainError):
    """The account would be left with nobody who may govern it."""

    key = "error.last_owner"


class AlreadyMember(DomainError):
    """The person is in that account already; the invitation stays good for somebody else. Values: ``account``."""

    key = "error.already_member"


class BadTimeZone(DomainError):
    """Not an IANA zone. Values: ``zone``."""

    key = "error.bad_time_zone"


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person works now: the account, and as what."""

    person_id: int
    person_name: str
    language: str
    role: Role
    account_id: int
    account_name: str
    region: str
    time_zone: str
    sender_id: str
    carriage: Carriage


@dataclass(frozen=True, slots=True)
class Member:
    """A person of an account, as its list shows them. ``since``: aware UTC."""

    person_id: int
    name: str
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """A link that nobody has used yet; its secret is not kept. Times are aware UTC."""

    id: int
    role: Role
    created_by: int | None
    created_at: datetime
    expires_at: datetime


async def ensure_first_account(settings: Settings) -> None:
    """
    Make the account that the settings describe where there is none, and its owners. Safe when several programs start
    together. An owner whose membership was revoked in the chat stays out.

    Raises:
        BadPrice: The price in the settings cannot be read.
    """
    account = await Account.all().order_by("id").first()
    if account is None:
        price = parse_price(settings.segment_price)
        carriage = settings.routes[0].carriage if settings.routes else USUAL
        account, created = await Account.get_or_create(
            name=settings.account,
            defaults={
                "region": settings.region,
                "time_zone": settings.timezone,
                "sender_id": settings.sender_id,
                "alphabet": carriage.alphabet.value,
                "wide": carriage.wide,
                "segment_price": price.amount if price else None,
                "currency": price.currency if price else None,
            },
        )
        if created:
            log.info("account_created", account=account.id)
    for person_id in settings.owners:
        person, _ = await Person.get_or_create(
            id=person_id, defaults={"name": str(person_id), "language": settings.language, "account": account}
        )
        membership, created = await Membership.get_or_create(
            account=account, person=person, defaults={"role": Role.OWNER}
        )
        if created:
            log.info("owner_added", account=account.id, person=person_id)
        elif membership.revoked_at is not None:
            log.warning("owner_is_revoked", account=account.id, person=person_id)


async def by_name(name: str) -> Account:
    """
    The account of that name.

    Raises:
        NotFound: There is none.
    """
    account = await Account.get_or_none(name=name)
    if account is None:
        raise NotFound(noun="account")
    return account


async def seat_of(person_id: int) -> Seat | None:
    """Where the person works: the account they chose last, else another one that they are in. None: nowhere."""
    return next(iter(await seats_of(person_id)), None)


async def seats_of(person_id: int) -> Sequence[Seat]:
    """In every account that the person is in, the one where they work first."""
    found = await Membership.filter(person_id=person_id, revoked_at=None).select_related("account", "person")
    found.sort(key=lambda one: (one.account_id != one.person.account_id, one.account_id))  # type: ignore[attr-defined]
    return [_seat(one) for one in found]


def _seat(chosen: Membership) -> Seat:
    account, person = chosen.account, chosen.person
    return Seat(
        person_id=person.id,
        person_name=person.name,
        language=person.language,
        role=chosen.role,
        account_id=account.id,
        account_name=account.name,
        region=account.region,
        time_zone=account.time_zone,
        sender_id=account.sender_id,
        carriage=Carriage(Alphabet(account.alphabet), account.wide),
    )


async def was_member(person_id: int) -> bool:
    """Whether the person was in some account once: then they are told that they are out, not how to come in."""
    return await Membership.filter(person_id=person_id).exists()


async def invite(account_id: int, role: Role, *, by: int | None, valid_for: timedelta) -> str:
    """
    A one-time invitation. ``by``: the person who makes it; None: the command line.

    Returns:
        The secret for the link, 22 characters of base64url. Only its hash is kept: it cannot be shown again.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = await Invitation.create(
        account_id=account_id,
        role=role,
        token_hash=_hash(token),
        created_by=by,
        expires_at=datetime.now(UTC) + valid_for,
    )
    log.info("invitation_made", account=account_id, invitation=invitation.id, role=role, by=by)
    return token


async def redeem(token: str, person_id: int, *, name: str, language: str) -> Seat:
    """
    Let a person in. Of several who use the same link at once, one gets in.

    Raises:
        InvitationSpent: Unknown, used, revoked or expired.
        AlreadyMember: The person is in that account; the link is not used up.
    """
    now = datetime.now(UTC)
    async with in_transaction() as connection:
        invitation = (
            await Invitation.filter(token_hash=_hash(token)).select_related("account").using_db(connection).first()
        )
        if invitation is None:
            raise InvitationSpent
        account: Account = invitation.account
        membership = await Membership.filter(account=account, person_id=person_id).using_db(connection).first()
        if membership is not None and membership.revoked_at is None:
            raise AlreadyMember(account=account.name)
        taken = (
            await Invitation.filter(id=invitation.id, used_at=None, revoked_at=None, expires_at__gt=now)
            .using_db(connection)
            .update(used_by=person_id, used_at=now)
        )
        if not taken:
            raise InvitationSpent
        person, created = await Person.get_or_create(
            id=person_id, using_db=connection, defaults={"name": name[:_NAME_LIMIT], "language": language}
        )
        if not created:
            person.name = name[:_NAME_LIMIT]
        person.account = account
        await person.save(using_db=connection)
        if membership is None:
            await Membership.create(account=account, person=person, role=invitation.role, using_db=connection)
        else:
            membership.revoked_at, membership.role = None, invitation.role
            await membership.save(using_db=connection)
    log.info("invitation_redeemed", account=account.id, invitation=invitation.id, person=person_id)
    seat = await seat_of(person_id)
    if seat is None:
        raise InvitationSpent  # revoked in the same instant
    return seat


async def members(account_id: int) -> Sequence[Member]:
    """Who is in the account, owners first."""
    rows = await Membership.filter(account_id=account_id, revoked_at=None).select_related("person")
    order = list(Role)
    rows.sort(key=lambda m: (order.index(m.role), m.created_at))
    return [Member(m.person.id, m.person.name, m.role, m.created_at) for m in rows]


async def revoke(account_id: int, person_id: int, *, by: int) -> None:
    """
    Put a person out; at once, for the next update of theirs is checked again.

    Raises:
        NotFound: They are not in the account.
        LastOwner: Nobody else owns it.
    """
    async with in_transaction() as connection:
        membership = await _live_membership(account_id, person_id, connection)
        await _keep_an_owner(membership, connection)
        membership.revoked_at = datetime.now(UTC)
        await membership.save(using_db=connection, update_fields=["revoked_at"])
    log.info("member_revoked", account=account_id, person=person_id, by=by)


async def change_role(account_id: int, person_id: int, role: Role, *, by: int) -> None:
    """
    Give a person another role.

    Raises:
        NotFound: They are not in the account.
        LastOwner: Nobody else owns it.
    """
    async with in_transaction() as connection:
        membership = await _live_membership(account_id, person_id, connection)
        if role is not Role.OWNER:
            await _keep_an_owner(membership, connection)
        membership.role = role
        await membership.save(using_db=connection, update_fields=["role"])
    log.info("role_changed", account=account_id, person=person_id, role=role, by=by)


async def open_invitations(account_id: int) -> Sequence[OpenInvitation]:
    """Links that would still let somebody in, the newest first."""
    rows = await Invitation.filter(
        account_id=account_id, used_at=None, revoked_at=None, expires_at__gt=datetime.now(UTC)
    ).order_by("-id")
    return [OpenInvitation(i.id, i.role, i.created_by, i.created_at, i.expires_at) for i in rows]


async def revoke_invitation(account_id: int, invitation_id: int) -> None:
    """
    Make a link worthless.

    Raises:
        NotFound: Not of this account, or it was used or revoked before.
    """
    changed = await Invitation.filter(id=invitation_id, account_id=account_id, used_at=None, revoked_at=None).update(
        revoked_at=datetime.now(UTC)
    )
    if not changed:
        raise NotFound(noun="invitation")
    log.info("invitation_revoked", account=account_id, invitation=invitation_id)


async def accounts_of(person_id: int) -> Sequence[tuple[int, str]]:
    """Id and name of every account that the person is in."""
    rows = await Membership.filter(person_id=person_id, revoked_at=None).select_related("account").order_by("id")
    return [(m.account.id, m.account.name) for m in rows]


async def choose_account(person_id: int, account_id: int) -> None:
    """
    Work in another of one's accounts from now on.

    Raises:
        NotFound: The person is not in it.
    """
    if not await Membership.filter(person_id=person_id, account_id=account_id, revoked_at=None).exists():
        raise NotFound(noun="account")
    await Person.filter(id=person_id).update(account_id=account_id)


async def set_language(person_id: int, language: str) -> None:
    """The language of the person's screens; the caller has checked that there are texts in it."""
    await Person.filter(id=person_id).update(language=language)


async def set_name(person_id: int, name: str) -> None:
    """How Telegram calls the person now."""
    await Person.filter(id=person_id).update(name=name[:_NAME_LIMIT])


async def set_time_zone(account_id: int, zone: str) -> None:
    """
    The zone of the account's schedules and screens.

    Raises:
        BadTimeZone: Not an IANA name.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadTimeZone(zone=zone) from error
    await Account.filter(id=account_id).update(time_zone=zone)


async def set_sender_id(account_id: int, sender_id: str) -> None:
    """The sender ID that campaigns begin with; the caller has checked its form."""
    await Account.filter(id=account_id).update(sender_id=sender_id)


async def set_price(account_id: int, price: str) -> None:
    """
    What a segment costs, as ``0.05 PEN``; an amount alone is in the currency of before; blank: not known.

    Raises:
        BadPrice: It cannot be read.
    """
    account = await Account.get(id=account_id)
    money = parse_price(price, currency=account.currency)
    await Account.filter(id=account_id).update(
        segment_price=money.amount if money else None, currency=money.currency if money else None
    )


async def _live_membership(account_id: int, person_id: int, connection: BaseDBAsyncClient) -> Membership:
    # The account's row is the lock: two owners who put each other out wait here for one another.
    await Account.filter(id=account_id).using_db(connection).select_for_update().first()
    membership = (
        await Membership.filter(account_id=account_id, person_id=person_id, revoked_at=None)
        .using_db(connection)
        .first()
    )
    if membership is None:
        raise NotFound(noun="person")
    return membership


async def _keep_an_owner(leaving: Membership, connection: BaseDBAsyncClient) -> None:
    others = Membership.filter(
        account_id=leaving.account_id,  # type: ignore[attr-defined]
        role=Role.OWNER,
        revoked_at=None,
    ).exclude(id=leaving.id)
    if leaving.role is Role.OWNER and not await others.using_db(connection).exists():
        raise LastOwner


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
