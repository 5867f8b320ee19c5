"""Test sends in the chat: one's own verified phone, the team's, as which contact, and what the books say."""

import asyncio
import dataclasses
from decimal import Decimal

import pytest

from bot.chat import Card
from bot.conversations.campaigns import ListCampaigns
from bot.conversations.team_phones import AskOwnPhone, AskPhone, SaveOwnPhone, SavePhone, Subject
from bot.conversations.testing import ListTests, OpenTest
from bot.screen import Screen, handler_of
from domain.models import Account, Campaign, Chunk, ChunkState, Contact, Message, MessagePart, Person, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.usecases import campaigns, drafts, testing
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


@pytest.fixture
async def template(sqlite_account: Account) -> Template:
    """What is tested."""
    return await Template.create(account=sqlite_account, title="aviso", text="Hola")


async def _share(owner: Talk, template: Template, card: Card) -> Screen:
    action = SaveOwnPhone(Subject.TEMPLATE, template.id)
    return await handler_of(SaveOwnPhone)(action, dataclasses.replace(owner.chat, card=card))


async def test_only_ones_own_card_verifies_a_phone(owner: Talk, template: Template) -> None:
    """Telegram puts its owner's id on a card; another's, or none, verifies nothing. Then the test can go to it."""
    await owner.do(AskOwnPhone(Subject.TEMPLATE, template.id))
    for stranger in (None, 4242):
        with pytest.raises(NotOwnCard):
            await _share(owner, template, Card("51999111222", "Yo", "", stranger))
    assert (await Person.get(id=1001)).phone is None
    screen = await _share(owner, template, Card("51999111222", "Yo", "", 1001))

    assert (await Person.get(id=1001)).phone == OWN
    assert any("📱" in button.label for row in screen.rows for button in row)


async def test_the_phones_lead_back_to_the_test_that_they_were_opened_from(owner: Talk, template: Template) -> None:
    """Of a template and of a draft alike, also after a phone was added, and from the list of tests."""
    t = owner.chat.t
    draft = await drafts.create(owner.chat.account.id, name="Aviso", person_id=1001, chat_id=1001)
    await drafts.set_text(owner.chat.account.id, draft, text="Hola")
    for origin in (OpenTest(Subject.TEMPLATE, template.id), OpenTest(Subject.DRAFT, draft)):
        await owner.do(origin)
        await owner.tap(t.label("testing.team"))
        await owner.tap(t.label("testing.add_phone"))
        await owner.type(f"Ana 98776301{draft if origin.subject is Subject.DRAFT else 0}")
        assert owner.button(t.label("nav.back")).action == origin
        await owner.tap(t.label("nav.back"))
        await owner.tap(t.label("testing.list"))
        assert owner.button(t.label("nav.back")).action == origin


async def test_team_phones_are_typed_or_shared_and_kept_once(owner: Talk, template: Template) -> None:
    """Name and number on one line, a number alone is its own name; a number that is there is named."""
    of_template = (Subject.TEMPLATE, template.id)
    await owner.do(AskPhone(*of_template))
    await owner.type("Ana Díaz 987 763 010")
    chat = dataclasses.replace(owner.chat, card=Card("+51987763011", "Luis", "Paz", None))
    await handler_of(SavePhone)(SavePhone(*of_template), chat)
    with pytest.raises(PhoneKnown):
        await owner.do(SavePhone(*of_template), text="Otra 987763010")
    with pytest.raises(BadNumber) as refused:
        await owner.do(SavePhone(*of_template), text="abc")
    await owner.do(SavePhone(*of_template), text="987 763 012")
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


async def test_a_second_tap_sends_no_second_test(owner: Talk, template: Template) -> None:
    """Each message costs, and a repeated update is a tap too; whoever opens the screen again means it."""
    await Person.filter(id=1001).update(phone=OWN)
    await testing.add_phone(owner.chat.account.id, name="Ana", number="987763010", by=1001)
    await owner.do(OpenTest(Subject.TEMPLATE, template.id))
    to_me, to_ana = owner.button("📱").action, owner.button("Ana").action
    assert to_me is not None
    assert to_ana is not None
    first = await owner.do(to_me)
    assert (await owner.do(to_me)).rows == first.rows
    assert await Message.all().count() == 1
    await owner.do(to_ana)
    assert await Message.filter(msisdn=51987763010).count() == 1
    await owner.do(OpenTest(Subject.TEMPLATE, template.id))
    await owner.tap("📱")

    assert await Message.filter(msisdn=OWN).count() == 2


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


async def test_the_books_add_up_every_test_at_its_own_price(account: Account) -> None:
    """What is in doubt as a bracket, a part that arrived of a message that failed; another currency is left out."""
    delivered, doubted, failed = MessageState.DELIVERED, MessageState.NO_RESPONSE, MessageState.FAILED
    sent = [("0.05", "PEN", delivered, 2), ("0.10", "PEN", doubted, 1), (None, None, delivered, 1)]
    for price, currency, state, segments in [*sent, ("9", "USD", delivered, 1), ("0.05", "PEN", failed, 3)]:
        test = await Campaign.create(
            account=account,
            test=True,
            state=CampaignState.COMPLETED,
            text="x",
            segment_price=price,
            currency=currency,
            created_by=1001,
            chat_id=1001,
        )
        for number in (OWN, OWN + 1):
            message = await Message.create(
                campaign_id=test.id, contact_id=0, msisdn=number, state=state, segments=segments
            )
        await Chunk.create(campaign_id=test.id, lo=message.id - 1, hi=message.id, state=ChunkState.DONE)
    await MessagePart.create(message_id=message.id, part=1, state=delivered, route="x")
    one_by_one = [await testing.cost_of(one) for one in await Campaign.filter(test=True, currency="PEN")]
    total = await testing.spent(account.id)

    assert total is not None
    assert (total.low.amount, total.high.amount) == (Decimal("0.25"), Decimal("0.45"))
    assert total.low.amount == sum(one.low.amount for one in one_by_one if one)
    assert total.high.amount == sum(one.high.amount for one in one_by_one if one)
    assert await testing.spent(account.id + 1) is None
