"""Test sends in the chat: one's own verified phone, the team's, as which contact, and what the books say."""

import asyncio
import dataclasses

import pytest

from bot.chat import Card
from bot.conversations.campaigns import ListCampaigns
from bot.conversations.testing import AskOwnPhone, AskPhone, ListTests, OpenTest, SaveOwnPhone, SavePhone, Subject
from bot.screen import handler_of
from domain.models import Account, Campaign, Contact, Message, Person, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.usecases import campaigns, testing
from domain.usecases.contacts import BadNumber
from domain.usecases.testing import NobodyToTest, NotOwnCard, PhoneKnown
from locales import Texts
from sandbox.smsc import Script, Smsc
from sender.worker import Worker
from tests.audience import FIRST, block, group_of
from tests.bot.conversations.talk import Talk, talk_of

OWN = 51_999_111_222


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


async def _share(owner: Talk, card: Card) -> None:
    await handler_of(SaveOwnPhone)(SaveOwnPhone(), dataclasses.replace(owner.chat, card=card))


async def test_only_ones_own_card_verifies_a_phone(owner: Talk) -> None:
    """Telegram puts its owner's id on a card; another's, or none, verifies nothing."""
    await owner.do(AskOwnPhone())
    for stranger in (None, 4242):
        with pytest.raises(NotOwnCard):
            await _share(owner, Card("51999111222", "Yo", "", stranger))
    assert (await Person.get(id=1001)).phone is None
    await _share(owner, Card("51999111222", "Yo", "", 1001))

    assert (await Person.get(id=1001)).phone == OWN


async def test_team_phones_are_typed_or_shared_and_kept_once(owner: Talk) -> None:
    """Name and number on one line, a number alone is its own name; a number that is there is named."""
    await owner.do(AskPhone())
    await owner.type("Ana Díaz 987 763 010")
    chat = dataclasses.replace(owner.chat, card=Card("+51987763011", "Luis", "Paz", None))
    await handler_of(SavePhone)(SavePhone(), chat)
    with pytest.raises(PhoneKnown):
        await owner.do(SavePhone(), text="Otra 987763010")
    with pytest.raises(BadNumber) as refused:
        await owner.do(SavePhone(), text="abc")
    await owner.do(SavePhone(), text="987 763 012")
    team = await testing.team(owner.chat.account.id)

    assert refused.value.values["number"] == "abc"
    assert [(phone.name, phone.msisdn) for phone in team] == [
        ("987 763 012", 51987763012),
        ("Ana Díaz", 51987763010),
        ("Luis Paz", 51987763011),
    ]


async def test_a_test_arrives_as_the_chosen_contact_would_get_it(owner: Talk, sqlite_account: Account) -> None:
    """On the phone of the tester; in the books it is a test, in no list and no figure of campaigns."""
    account, t = sqlite_account, owner.chat.t
    await group_of(account, "clientes", 3)
    await Person.filter(id=1001).update(phone=OWN)
    template = await Template.create(account=account, title="aviso", text="Hola {{ nombre }}, al {{ numero }}")
    second = await Contact.get(msisdn=FIRST + 1)
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0))
    await smsc.start()
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        await owner.do(OpenTest(Subject.TEMPLATE, template.id, second.id))
        assert f"Hola Nombre1, al {FIRST + 1}" in owner.screen.text
        await owner.tap("📱")
        async with asyncio.timeout(30):
            while not await Message.exists(state=MessageState.DELIVERED):
                await asyncio.sleep(0.05)
            while not await Campaign.exists(test=True, state=CampaignState.COMPLETED):
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running
        await smsc.stop()
    arrived = [(one.handset, one.text) for one in smsc.handsets.collect()]

    assert arrived == [(str(OWN), f"Hola Nombre1, al {FIRST + 1}")]
    await owner.do(ListTests())
    assert t("testing.spent", cost=t.money(account.segment_price, "PEN")) in owner.screen.text
    await owner.tap("aviso")
    assert t.label("message.delivered") in owner.screen.text
    await owner.do(ListCampaigns())
    assert not owner.has("aviso")
    assert (await campaigns.page(account.id, offset=0, limit=9)).total == 0
    assert await campaigns.count_by_state(account.id) == {}


async def test_the_blacklist_holds_for_tests_too(owner: Talk, sqlite_account: Account) -> None:
    """It is in the books as blocked, and never submitted."""
    await Person.filter(id=1001).update(phone=OWN)
    await block(sqlite_account, [OWN])
    template = await Template.create(account=sqlite_account, title="aviso", text="Hola")
    await owner.do(OpenTest(Subject.TEMPLATE, template.id))
    await owner.tap("📱")

    assert owner.chat.t.label("message.blocked") in owner.screen.text
    assert (await Message.get()).state is MessageState.BLOCKED


async def test_a_test_goes_to_no_phone_that_is_nobodys(owner: Talk, sqlite_account: Account) -> None:
    """Whatever a forged button says."""
    with pytest.raises(NobodyToTest):
        await testing.send(
            sqlite_account.id,
            text="Hola",
            title="x",
            contact_id=None,
            phones=[51_911_111_111],
            sender_id="PREGON",
            by=1001,
            chat_id=1001,
            now=owner.chat.now,
        )

    assert await Campaign.all().count() == 0
