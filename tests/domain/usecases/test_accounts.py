"""Who is in an account, and how they came in. On both engines."""

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import pytest

from domain.errors import DomainError, InvitationSpent, NotFound
from domain.models import Account, Invitation, Membership, Person
from domain.rules.price import BadPrice
from domain.rules.role import Role
from domain.settings import Settings
from domain.usecases import accounts
from domain.usecases.accounts import AlreadyMember, BadTimeZone, LastOwner
from tests.conftest import OPERATOR, OWNER, STRANGER, VIEWER, create_account

HOUR: Final = timedelta(hours=1)


def settings(**values: object) -> Settings:
    """As the environment would give them."""
    return Settings.model_validate({"account": "Itelvox", "owners": (OWNER, OPERATOR), **values})


async def invite(account: Account, role: Role = Role.OPERATOR, *, valid_for: timedelta = HOUR) -> str:
    """A link that the owner made."""
    return await accounts.invite(account.id, role, by=OWNER, valid_for=valid_for)


async def redeem(token: str, person_id: int = STRANGER) -> accounts.Seat:
    """Somebody follows the link."""
    return await accounts.redeem(token, person_id, name=f"Person {person_id}", language="en")


async def test_the_first_start_makes_the_account_and_its_owners(database: str):
    """From the settings; a second start changes nothing, nor do two at once."""
    await asyncio.gather(*(accounts.ensure_first_account(settings(segment_price="0.05 PEN")) for _ in range(2)))
    await accounts.ensure_first_account(settings(account="Another"))
    [account] = await Account.all()
    seat = await accounts.seat_of(OPERATOR)

    assert (account.name, account.segment_price, account.currency) == ("Itelvox", Decimal("0.05"), "PEN")
    assert seat is not None
    assert (seat.role, seat.account_name, seat.language) == (Role.OWNER, "Itelvox", "es")
    assert await Membership.all().count() == 2


async def test_an_owner_who_was_revoked_stays_out_at_the_next_start(database: str):
    """The chat's word is later than the environment's."""
    await accounts.ensure_first_account(settings())
    account = (await Account.all())[0]
    await accounts.revoke(account.id, OPERATOR, by=OWNER)
    await accounts.ensure_first_account(settings())

    assert await accounts.seat_of(OPERATOR) is None
    assert await accounts.was_member(OPERATOR)


async def test_a_link_lets_its_person_in_with_its_role(account: Account):
    """The secret is 22 characters that a link can carry, and is kept as a hash only."""
    token = await invite(account, Role.VIEWER)
    seat = await redeem(token)

    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token)
    assert (seat.person_id, seat.role, seat.account_id, seat.language) == (STRANGER, Role.VIEWER, account.id, "en")
    assert token not in str(await Invitation.all().values())
    assert await accounts.open_invitations(account.id) == []


async def test_a_link_works_once_even_if_many_follow_it_at_the_same_moment(account: Account):
    """One statement decides."""
    token = await invite(account)
    people = range(5000, 5008)
    results = await asyncio.gather(*(redeem(token, person) for person in people), return_exceptions=True)
    seats = [await accounts.seat_of(person) for person in people]

    assert sorted(type(result).__name__ for result in results) == ["InvitationSpent"] * 7 + ["Seat"]
    assert sum(seat is not None for seat in seats) == 1


@pytest.mark.parametrize("spoilt", ["unknown", "expired", "revoked", "used"])
async def test_a_link_that_is_spent_lets_nobody_in(account: Account, spoilt: str):
    """And says nothing of why."""
    token = await invite(account, valid_for=timedelta(seconds=-1) if spoilt == "expired" else HOUR)
    if spoilt == "unknown":
        token = "A" * 22
    elif spoilt == "used":
        await redeem(token, 5000)
    elif spoilt == "revoked":
        [invitation] = await accounts.open_invitations(account.id)
        await accounts.revoke_invitation(account.id, invitation.id)
    with pytest.raises(InvitationSpent):
        await redeem(token)

    assert await accounts.seat_of(STRANGER) is None
    assert not await Person.filter(id=STRANGER).exists()


async def test_a_member_does_not_use_up_a_link(account: Account):
    """An owner who tries their own link still has it to give away."""
    token = await invite(account)
    with pytest.raises(AlreadyMember):
        await redeem(token, OWNER)

    assert (await redeem(token)).role is Role.OPERATOR


async def test_who_was_put_out_comes_back_by_a_new_link_only(account: Account):
    """With the role of the new one."""
    await accounts.revoke(account.id, VIEWER, by=OWNER)
    assert await accounts.seat_of(VIEWER) is None
    seat = await redeem(await invite(account, Role.OPERATOR), VIEWER)

    assert seat.role is Role.OPERATOR


async def test_the_last_owner_can_neither_be_put_out_nor_lowered(account: Account):
    """Somebody must be able to invite."""
    for attempt in (
        accounts.revoke(account.id, OWNER, by=OWNER),
        accounts.change_role(account.id, OWNER, Role.VIEWER, by=OWNER),
    ):
        with pytest.raises(LastOwner):
            await attempt
    await accounts.change_role(account.id, OPERATOR, Role.OWNER, by=OWNER)
    await accounts.revoke(account.id, OWNER, by=OPERATOR)

    assert [(m.person_id, m.role) for m in await accounts.members(account.id)] == [
        (OPERATOR, Role.OWNER),
        (VIEWER, Role.VIEWER),
    ]


async def test_two_owners_who_put_each_other_out_leave_one(account: Account):
    """The second waits for the first, and then is the last."""
    await accounts.change_role(account.id, OPERATOR, Role.OWNER, by=OWNER)
    results = await asyncio.gather(
        accounts.revoke(account.id, OWNER, by=OPERATOR),
        accounts.revoke(account.id, OPERATOR, by=OWNER),
        return_exceptions=True,
    )

    assert sorted(type(result).__name__ for result in results) == ["LastOwner", "NoneType"]


async def test_another_accounts_people_and_links_are_not_found(account: Account):
    """Ids in buttons are not trusted."""
    other = await create_account("Precyso")
    token = await invite(account)
    [invitation] = await accounts.open_invitations(account.id)
    refused: Sequence[DomainError] = []
    for attempt in (
        accounts.revoke(other.id, STRANGER, by=OWNER),
        accounts.change_role(other.id, STRANGER, Role.OWNER, by=OWNER),
        accounts.revoke_invitation(other.id, invitation.id),
        accounts.choose_account(STRANGER, other.id),
    ):
        with pytest.raises(NotFound) as caught:
            await attempt
        refused = [*refused, caught.value]

    with pytest.raises(NotFound):
        await accounts.by_name("Nobody's")

    assert len(refused) == 4
    assert (await accounts.by_name("Precyso")).id == other.id
    assert (await redeem(token)).account_id == account.id


async def test_a_person_works_in_the_account_they_chose(account: Account):
    """And in another one when they are put out of it."""
    other = await create_account("Precyso")
    await accounts.choose_account(VIEWER, other.id)
    chosen = await accounts.seat_of(VIEWER)
    await accounts.revoke(other.id, VIEWER, by=OWNER)
    left = await accounts.seat_of(VIEWER)

    assert [name for _, name in await accounts.accounts_of(OWNER)] == ["Pregón", "Precyso"]
    assert (chosen and chosen.account_id, left and left.account_id) == (other.id, account.id)


async def test_what_an_account_and_a_person_may_set(account: Account):
    """Language, zone, sender ID and price; a zone or price that cannot be read changes nothing."""
    await accounts.set_language(OWNER, "en")
    await accounts.set_name(OWNER, "N" * 200)
    await accounts.set_time_zone(account.id, "Europe/Madrid")
    await accounts.set_sender_id(account.id, "SHOP")
    await accounts.set_price(account.id, "0,0375 eur")
    with pytest.raises(BadTimeZone):
        await accounts.set_time_zone(account.id, "../../etc/passwd")
    with pytest.raises(BadPrice):
        await accounts.set_price(account.id, "cheap")
    seat = await accounts.seat_of(OWNER)
    await account.refresh_from_db()

    assert seat is not None
    assert (seat.language, len(seat.person_name), seat.time_zone, seat.sender_id) == (
        "en",
        130,
        "Europe/Madrid",
        "SHOP",
    )
    assert (account.segment_price, account.currency) == (Decimal("0.0375"), "EUR")
    await accounts.set_price(account.id, " ")
    await account.refresh_from_db()
    assert account.segment_price is None


async def test_open_invitations_are_those_that_still_work(account: Account):
    """The newest first."""
    for valid_for in (HOUR, timedelta(seconds=-1), 2 * HOUR):
        await invite(account, valid_for=valid_for)
    found = await accounts.open_invitations(account.id)

    assert [i.expires_at > datetime.now(UTC) for i in found] == [True, True]
    assert found[0].expires_at > found[1].expires_at
