"""
Test sends: a text as one contact would get it, to the person's own verified phone or to those of the team. A test is a
campaign of its own kind (``Campaign.test``): the sender knows no difference, the books do. Lists and figures of
campaigns leave it out; what it cost is shown with the tests.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import DomainError, NotFound
from domain.models import Account, BlacklistEntry, Campaign, Chunk, ChunkState, Contact, Message, Person, TeamPhone
from domain.rules.blanks import Blanks, filled
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.msisdn import NumberPlan
from domain.rules.price import Bracket
from domain.rules.sender_id import parse_sender_id
from domain.rules.template import compile_template
from domain.rules.title import clean_title
from domain.usecases import wording
from domain.usecases.billing import bill, bills
from domain.usecases.contacts import read_number
from domain.usecases.numbering import plan_of
from domain.usecases.templates import fields_of

log = structlog.get_logger()

_NUMBER: Final = re.compile(r"\+?\d[\d\s().-]{5,}$")
TEAM_LIMIT: Final = 20  #: phones of a team
_OPEN: Final = (MessageState.PENDING, MessageState.SUBMITTED)


class NotOwnCard(DomainError):
    """A contact card that is not the person's own: nothing is verified."""

    key = "testing.not_own_card"


class PhoneKnown(DomainError):
    """The number is in the team's list already. Values: ``name``."""

    key = "testing.phone_known"


class TeamFull(DomainError):
    """There is no room for another phone. Values: ``limit``."""

    key = "testing.team_full"


class NobodyToTest(DomainError):
    """No phone was chosen, or all of them are gone."""

    key = "testing.nobody"


class NoSuchContact(DomainError):
    """No contact of the account has the number that was typed."""

    key = "testing.no_such_contact"


@dataclass(frozen=True, slots=True)
class Phone:
    """Where a test may go. ``id`` 0: the person's own."""

    id: int
    msisdn: int
    name: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of a test: to whom, and what became of it."""

    msisdn: int
    name: str
    state: MessageState
    segments: int


@dataclass(frozen=True, slots=True)
class Test:
    """
    A test send.

    Attributes:
        messages: One a phone.
        cost: Of what was sent; None: no price is set.
        done: Every phone's fate is known, but for receipts that are still to come.
    """

    __test__ = False  # not pytest's

    campaign: Campaign
    by: str
    messages: Sequence[Arrived]
    cost: Bracket | None
    done: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Tests of a list, the newest first, and how many there are in all."""

    tests: Sequence[Campaign]
    total: int


async def own_phone(person_id: int) -> int | None:
    """The person's verified number, E.164 digits; None: there is none yet."""
    person = await Person.get(id=person_id)
    phone: int | None = person.phone
    return phone


async def verify(person_id: int, *, card_owner: int | None, phone_number: str, region: str) -> int:
    """
    Keep the number of the person's own card: Telegram itself puts the id of its owner on it.

    Args:
        card_owner: The Telegram id on the card; None: of nobody on Telegram.

    Raises:
        NotOwnCard: It is somebody else's.
        BadNumber: It cannot be written to.
    """
    if card_owner != person_id:
        raise NotOwnCard
    digits = phone_number if phone_number.startswith("+") else f"+{phone_number}"
    msisdn = read_number(digits, NumberPlan(region))
    await Person.filter(id=person_id).update(phone=msisdn)
    log.info("phone_verified", person=person_id)
    return msisdn


async def forget_own(person_id: int) -> None:
    """No number is the person's any more."""
    await Person.filter(id=person_id).update(phone=None)


async def team(account_id: int) -> Sequence[Phone]:
    """The team's phones by name."""
    rows = await TeamPhone.filter(account_id=account_id).order_by("name", "id")
    return [Phone(row.id, row.msisdn, row.name) for row in rows]


async def add_phone(account_id: int, *, name: str, number: str, by: int) -> Phone:
    """
    A phone of the team.

    Raises:
        TitleMissing, TitleTooLong: The name cannot be used.
        BadNumber: It cannot be written to.
        PhoneKnown: It is in the list.
        TeamFull: The list has ``TEAM_LIMIT``.
    """
    clean, msisdn = clean_title(name), read_number(number, await plan_of(account_id))
    if await TeamPhone.filter(account_id=account_id).count() >= TEAM_LIMIT:
        raise TeamFull(limit=TEAM_LIMIT)
    try:
        row = await TeamPhone.create(account_id=account_id, msisdn=msisdn, name=clean, created_by=by)
    except IntegrityError as error:
        known = await TeamPhone.get(account_id=account_id, msisdn=msisdn)
        raise PhoneKnown(name=known.name) from error
    return Phone(row.id, row.msisdn, row.name)


def split_phone(line: str) -> tuple[str, str]:
    """
    Name and number of a typed line, ``Ana 987 763 010``: the digits at its end are the number. A number alone is its
    own name; a line without one is all that can be called wrong.
    """
    found = _NUMBER.search(line)
    if found is None:
        return line.strip(), line.strip()
    number = found[0].strip()
    return line[: found.start()].strip(" ,;:-\t\n") or number, number


async def remove_phone(account_id: int, phone_id: int) -> None:
    """Take a phone off the list. A second call changes nothing."""
    await TeamPhone.filter(id=phone_id, account_id=account_id).delete()


async def send(
    account_id: int,
    *,
    text: str,
    title: str,
    contact_id: int | None,
    phones: Sequence[int],
    sender_id: str,
    by: int,
    chat_id: int,
    now: datetime,
    blanks: Blanks | None = None,
    after: int | None = None,
) -> Campaign:
    """
    Send a test, at once.

    Args:
        after: The person's newest test when they were asked: where the same has gone to the same phones since, that one
            is returned, and nothing is sent twice.
        text: The template.
        title: What it is called in the books.
        contact_id: As whom it is rendered; None: all tokens are blank.
        phones: E.164 digits: the person's own or the team's, as they are in the database; others are left out.

    Raises:
        NobodyToTest: None of the phones may be written to.
        BadTemplate, TextTooLong, HeldBack: The text cannot go to that contact.
        WordsRefused: A restricted word is in it.
        NotFound: The contact is gone, or another account's.
    """
    await wording.refuse(account_id, text, blanks or {})
    account = await Account.get(id=account_id)
    contact = None
    if contact_id is not None:
        contact = await Contact.get_or_none(id=contact_id, account_id=account_id)
        if contact is None:
            raise NotFound(noun="contact")
    template = compile_template(text)
    wanted = {name: other for name, other in (blanks or {}).items() if name in template.tokens}
    template.render(filled(fields_of(contact), wanted) if contact else {})
    allowed = {phone.msisdn for phone in await team(account_id)} | {await own_phone(by)}
    numbers = sorted({number for number in phones if number in allowed})
    if not numbers:
        raise NobodyToTest
    if after is not None and (sent := await _sent_since(account_id, after, by, text, contact_id or 0, numbers)):
        return sent
    blocked = {row.msisdn for row in await BlacklistEntry.filter(account_id=account_id, msisdn__in=numbers)}
    now_ms = int(now.timestamp() * 1000)
    async with in_transaction():
        campaign = await Campaign.create(
            account_id=account_id,
            name=title,
            test=True,
            state=CampaignState.RUNNING,
            state_by=by,
            text=text,
            text_title=title,
            blanks=dict(wanted),
            sender_id=parse_sender_id(sender_id),
            segment_price=account.segment_price,
            currency=account.currency,
            created_by=by,
            chat_id=chat_id,
            started_at=now,
            audience_revision=0,
        )
        ids = [
            (
                await Message.create(
                    campaign_id=campaign.id,
                    contact_id=contact_id or 0,
                    msisdn=number,
                    state=MessageState.BLOCKED if number in blocked else MessageState.PENDING,
                    done_ms=now_ms if number in blocked else None,
                )
            ).id
            for number in numbers
        ]
        await Chunk.create(campaign_id=campaign.id, lo=min(ids), hi=max(ids), state=ChunkState.READY)
    log.info("test_sent", campaign=campaign.id, account=account_id, by=by, phones=len(numbers))
    return campaign


async def newest(account_id: int, *, by: int) -> int:
    """The person's newest test; 0: there is none."""
    found = await Campaign.filter(account_id=account_id, test=True, created_by=by).order_by("-id").first()
    return found.id if found else 0


async def _sent_since(
    account_id: int, after: int, by: int, text: str, contact_id: int, numbers: Sequence[int]
) -> Campaign | None:
    for one in await Campaign.filter(account_id=account_id, test=True, created_by=by, text=text, id__gt=after):
        went = await Message.filter(campaign_id=one.id).order_by("msisdn").values_list("msisdn", "contact_id")
        if list(went) == [(number, contact_id) for number in numbers]:
            return one
    return None


async def page(account_id: int, *, offset: int, limit: int) -> Page:
    """A page of the account's tests."""
    query = Campaign.filter(account_id=account_id, test=True)
    return Page(await query.order_by("-id").offset(offset).limit(limit), await query.count())


async def get(account_id: int, campaign_id: int) -> Test:
    """
    One test with what became of it.

    Raises:
        NotFound: It is gone, or another account's, or no test.
    """
    campaign = await Campaign.get_or_none(id=campaign_id, account_id=account_id, test=True)
    if campaign is None:
        raise NotFound(noun="test")
    names = await _names(account_id, campaign.created_by)
    rows = await Message.filter(campaign_id=campaign_id).order_by("msisdn")
    by = await Person.get_or_none(id=campaign.created_by)
    return Test(
        campaign=campaign,
        by=by.name if by else "",
        messages=[Arrived(row.msisdn, names.get(row.msisdn, ""), row.state, row.segments) for row in rows],
        cost=await cost_of(campaign),
        done=all(row.state not in _OPEN for row in rows),
    )


async def spent(account_id: int) -> Bracket | None:
    """What all tests of the account cost at the price of each; None: nothing, or there was no price."""
    total: Bracket | None = None
    for found in await bills(Campaign.filter(account_id=account_id, test=True, segment_price__not_isnull=True)):
        one = found.cost
        if one is None or (total is not None and total.low.currency != one.low.currency):
            continue
        total = one if total is None else Bracket(total.low + one.low, total.high + one.high)
    return total


async def cost_of(campaign: Campaign) -> Bracket | None:
    """What one test cost; None: it had no price."""
    if campaign.segment_price is None:
        return None
    return (await bill(campaign, await store.current().counts(campaign.id))).cost


async def _names(account_id: int, person_id: int) -> Mapping[int, str]:
    names = {phone.msisdn: phone.name for phone in await team(account_id)}
    person = await Person.get_or_none(id=person_id)
    if person is not None and person.phone is not None:
        names.setdefault(person.phone, person.name)
    return names
