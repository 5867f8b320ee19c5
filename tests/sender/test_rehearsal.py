"""The rehearsal against the truth: two hundred random campaigns through a sender, a database and a real SMSC."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Final

from domain import store
from domain.models import Account, Campaign, Contact, ContactGroup
from domain.rules.message_state import MessageState
from domain.rules.route import parse_route
from domain.usecases import drafts, launching, results
from domain.usecases.rehearsal import rehearse, said_of
from sandbox.smsc import Script, Smsc
from sender.worker import Worker
from tests.conftest import OWNER

NOW: Final = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
CAMPAIGNS: Final = 200
PEOPLE: Final = 400
DEADLINE_S: Final = 60.0
TEXTS: Final = (
    "Hola",
    "Hola {{ nombre }}, su deuda es {{ valor_1 }}",
    "{{ nombre }}",  # blank for some: they are held back, or something stands there
    "{{ nombre | default('') }}",  # blank for some: nothing is sent to them
    "{{ direccion }}{{ direccion }}{{ direccion }}{{ direccion }}{{ direccion }}{{ direccion }}{{ direccion }}",
    "Atención {{ nombre }}: mañana vence su cuota",  # leaves the GSM alphabet
    "{{ nombre }} 🙂 {{ apellido }}",
    "€ {{ valor_1 }} [{{ valor_2 }}] ~ {{ numero }}",  # two septets each
    "{% if valor_1 %}Debe {{ valor_1 }}{% else %} {% endif %}",  # blank without a value
    "{{ nombre | default('cliente') | upper }} " + "pague hoy " * 20,
    "x" * 153 + "{{ valor_2 }}",
)


async def _people(account: Account, chance: random.Random) -> list[ContactGroup]:
    """Contacts whose fields are blank, short, accented or long; groups that share some of them; a blacklist."""
    names = ("", "Ana", "José", "Ñuflo", "Łukasz", "María del Carmen", "  ")
    numbers = [51987000000 + n for n in range(PEOPLE)]
    await Contact.bulk_create(
        Contact(
            account=account,
            msisdn=number,
            first_name=chance.choice(names),
            last_name=chance.choice(names),
            address="a" * chance.choice((0, 1, 40, 219, 240)),
            value_1=chance.choice(("", "100", "1 234,50", "€ 9")),
            value_2="b" * chance.choice((0, 7, 8, 60)),
            created_ms=1,
            updated_ms=1,
        )
        for number in numbers
    )
    ids = [contact.id for contact in await Contact.all().order_by("id")]
    groups = []
    for number in range(30):
        group = await ContactGroup.create(account=account, title=f"grupo {number}")
        await store.current().add_members(group.id, chance.sample(ids, chance.choice((0, 1, 5, 12, 25))))
        groups.append(group)
    await store.current().blacklist(account.id, chance.sample(numbers, 60), source="manual", by=None, now_ms=1)
    return groups


async def _launched(account: Account, groups: list[ContactGroup], chance: random.Random) -> int | None:
    """A random draft, rehearsed and launched; None: there is nobody that it could go to."""
    campaign_id = await drafts.create(account.id, name="ensayo", person_id=OWNER, chat_id=OWNER)
    for group in chance.sample(groups, chance.choice((1, 1, 2, 3))):
        await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text=chance.choice(TEXTS))
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    for field in ("first_name", "last_name", "address", "value_1", "value_2"):
        await drafts.set_blank(account.id, campaign_id, field=field, other=chance.choice((None, "cliente")))
    draft = await drafts.get(account.id, campaign_id)
    found = await rehearse(account.id, draft, now=NOW, exact=True)
    revision = draft.campaign.revision
    try:
        await launching.start(
            account.id, campaign_id, revision=revision, by=OWNER, now=NOW, said=found.said, despite=True
        )
    except launching.NobodyToSendTo:
        assert found.forecast.recipients == 0
        await drafts.delete(account.id, campaign_id)
        return None
    return campaign_id


async def test_two_hundred_random_campaigns_come_as_they_were_rehearsed(sqlite_account: Account) -> None:
    """Cell by cell, and to the segment and the cent, where the operator accepts all and confirms each delivery."""
    chance = random.Random(20261124)
    await Account.filter(id=sqlite_account.id).update(countdown_s=0)
    groups = await _people(sqlite_account, chance)
    launched: list[int] = []
    while len(launched) < CAMPAIGNS:
        campaign_id = await _launched(sqlite_account, groups, chance)
        if campaign_id is not None:
            launched.append(campaign_id)
    smsc = Smsc(script=Script(builtin=False, receipt_delay_s=0.0, receipt_jitter_s=0.0))
    await smsc.start()
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}?window=200")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        async with asyncio.timeout(DEADLINE_S):
            while await Campaign.filter(results=None).exists():
                await asyncio.sleep(0.1)
    finally:
        stop.set()
        await running
        await smsc.stop()

    seen: set[MessageState] = set()
    for campaign_id in launched:
        report = await results.report(sqlite_account.id, campaign_id)
        said = said_of(report.campaign)
        assert said is not None
        assert said.statistics.lines() == report.statistics.lines(), report.campaign.text
        assert (said.low, said.high) == (report.billed_segments, report.billed_segments), report.campaign.text
        assert said.cost == report.cost
        seen |= set(said.counts)
    assert seen == {MessageState.DELIVERED, MessageState.BLOCKED, MessageState.INVALID_NUMBER}
