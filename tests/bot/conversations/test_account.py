"""The account and its people: who may change what, one-time links, and putting somebody out."""

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.conversations.account import AskPrice, AskSender, AskZone, OpenAccount, SaveZone, SwitchAccount
from bot.conversations.people import Invite, ListPeople, Revoke, SetRole
from domain.errors import DomainError, NotAllowed
from domain.models import Account, Invitation, Membership, Person
from domain.rules.role import Role
from domain.rules.sender_id import BadSenderId
from domain.usecases import accounts
from domain.usecases.accounts import BadTimeZone
from locales import Catalogues, Texts
from tests.bot.conversations.talk import Talk, talk_of
from tests.conftest import LANGUAGES, OPERATOR, OWNER, STRANGER, VIEWER


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


async def test_an_owner_types_price_sender_and_zone(owner: Talk) -> None:
    """Each is checked, and the card shows it."""
    await owner.do(OpenAccount())
    assert owner.chat.t.number(Decimal("0.05")) in owner.screen.text
    await owner.tap(owner.chat.t.label("account.edit_price"))
    with pytest.raises(DomainError):
        await owner.type("cinco soles")
    await owner.type("0,04")
    assert (await Account.get()).currency == "PEN"
    await owner.tap(owner.chat.t.label("account.edit_price"))
    await owner.type("0,035 usd")
    await owner.do(AskSender())
    with pytest.raises(BadSenderId):
        await owner.type("Doce letras !!")
    await owner.type("Mi Marca")
    await owner.do(AskZone())
    with pytest.raises(DomainError):
        await owner.type("Macondo")
    await owner.tap(owner.chat.t.zone(ZoneInfo("America/Bogota")))
    account = await Account.get()

    assert (account.segment_price, account.currency) == (Decimal("0.035"), "USD")
    assert (account.sender_id, account.time_zone) == ("Mi Marca", "America/Bogota")
    assert "America/Bogota" in owner.screen.text
    await owner.do(AskPrice())
    await owner.tap(owner.chat.t.label("account.clear_price"))
    assert owner.chat.t.label("account.no_price") in owner.screen.text


@pytest.mark.parametrize("other", LANGUAGES)
async def test_the_language_changes_with_the_next_screen(owner: Talk, catalogues: Catalogues, other: str) -> None:
    """For that person only, and it is remembered."""
    await owner.do(OpenAccount())
    await owner.tap(owner.chat.t.label("account.edit_language"))
    chosen = catalogues.texts(other, "PE")
    screen = await owner.tap(("✅ " if other == owner.chat.t.language else "") + chosen.label(f"language.{other}"))

    assert screen.text.startswith(f"<b>{chosen.label('account.title')}</b>")
    assert (await Person.get(id=OWNER)).language == other


async def test_an_operator_sees_the_account_and_changes_nothing_of_it(sqlite_account: Account, texts: Texts) -> None:
    """But their own language they may."""
    operator = talk_of(sqlite_account, texts, person_id=OPERATOR, role=Role.OPERATOR)
    await operator.do(OpenAccount())

    assert operator.has(texts.label("account.edit_language"))
    assert not operator.has(texts.label("account.edit_price"))
    for action in (AskPrice(), ListPeople(), Invite(Role.OWNER)):
        with pytest.raises(NotAllowed):
            await operator.do(action)


async def test_an_invitation_is_a_link_that_lets_one_person_in(owner: Talk) -> None:
    """The button copies it; it is in the list of open ones until it is used or ended."""
    t = owner.chat.t
    await owner.do(ListPeople())
    await owner.tap(t.label("people.invite"))
    await owner.tap(t.label("role.viewer"))
    link = owner.button(t.label("people.copy_link")).copy_text or ""
    assert link.startswith("https://t.me/pregon_demo_bot?start=inv_")
    assert "48" in owner.screen.text
    await owner.do(ListPeople())
    assert owner.has(t.label("people.end_invitation", number=1))
    seat = await accounts.redeem(link.split("inv_")[1], STRANGER, name="Stranger", language="es")

    assert seat.role is Role.VIEWER
    await owner.do(ListPeople())
    assert not owner.has(t.label("people.end_invitation", number=1))
    assert owner.has("Stranger")


async def test_an_open_invitation_can_be_ended(owner: Talk) -> None:
    """Its link opens nothing any more."""
    t = owner.chat.t
    await owner.do(Invite(Role.OPERATOR))
    await owner.do(ListPeople())
    await owner.tap(t.label("people.end_invitation", number=1))

    assert (await Invitation.get()).revoked_at is not None
    assert not owner.has(t.label("people.end_invitation", number=1))


async def test_putting_somebody_out_asks_first_and_holds_at_once(owner: Talk) -> None:
    """The safe button stands first; the last owner cannot go."""
    t = owner.chat.t
    await owner.do(ListPeople())
    await owner.tap("Viewer")
    await owner.tap(t.label("people.make", role=t.label("role.operator")))
    await owner.tap(t.label("people.revoke"))
    assert owner.labels[0] == t.label("people.keep")
    await owner.tap(t.label("people.revoke_yes"))

    assert await accounts.seat_of(VIEWER) is None
    for action in (Revoke(OWNER), SetRole(OWNER, Role.VIEWER)):
        with pytest.raises(DomainError):
            await owner.do(action)


async def test_somebody_of_two_accounts_switches(owner: Talk) -> None:
    """M2: each account has its own everything."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="OTRA")
    await Membership.create(account=other, person_id=OWNER, role=Role.OWNER)
    await owner.do(OpenAccount())
    await owner.tap(owner.chat.t.label("account.switch"))
    await owner.tap("Otra")
    seat = await accounts.seat_of(OWNER)

    assert seat is not None
    assert seat.account_name == "Otra"
    with pytest.raises(DomainError):
        await owner.do(SwitchAccount(999))


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("lima", "America/Lima"),
        ("Lima, Perú", "America/Lima"),
        ("PERU", "America/Lima"),
        ("bogotá", "America/Bogota"),
        ("Bogota", "America/Bogota"),
        ("ciudad de méxico", "America/Mexico_City"),
        ("mexico city", "America/Mexico_City"),
        ("são paulo", "America/Sao_Paulo"),
        ("guayaq", "America/Guayaquil"),
        ("america/la_paz", "America/La_Paz"),
    ],
)
async def test_a_zone_is_typed_as_its_city_or_country(
    sqlite_account: Account, catalogues: Catalogues, typed: str, zone: str
) -> None:
    """With or without capitals and accents, in any of the languages, also begun."""
    owner = talk_of(sqlite_account, catalogues.texts("es", "PE"))
    await owner.do(SaveZone(), text=typed)

    assert (await Account.get(id=sqlite_account.id)).time_zone == zone


async def test_a_name_of_several_zones_is_asked_back(sqlite_account: Account, texts: Texts) -> None:
    """Nothing changes until one of them is tapped; a name of none is refused."""
    owner = talk_of(sqlite_account, texts)
    await owner.do(SaveZone(), text="Ecuador")
    assert (await Account.get(id=sqlite_account.id)).time_zone == "America/Lima"
    await owner.tap(texts.zone(ZoneInfo("America/Guayaquil")))
    assert (await Account.get(id=sqlite_account.id)).time_zone == "America/Guayaquil"
    with pytest.raises(BadTimeZone):
        await owner.do(SaveZone(), text="Macondo")
