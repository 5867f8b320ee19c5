"""A launch over the real chat: two taps, two people, and an update that comes again start one campaign, once."""

import asyncio
from typing import Any

import pytest

from domain.models import Account, Campaign
from domain.rules.campaign_state import CampaignState
from domain.usecases import drafts
from tests.acceptance.programs import Person
from tests.audience import group_of
from tests.bot.conftest import Cast
from tests.conftest import OWNER


@pytest.fixture
async def draft(sqlite_account: Account) -> int:
    """A draft that lacks nothing."""
    group = await group_of(sqlite_account, "clientes", 3)
    campaign_id = await drafts.create(sqlite_account.id, name="Aviso único", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(sqlite_account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(sqlite_account.id, campaign_id, text="Hola {{ nombre }}")
    await drafts.set_sender_id(sqlite_account.id, campaign_id, sender_id="PREGON")
    return campaign_id


async def _asked(person: Person, yes: str) -> dict[str, Any]:
    """Up to the last question. What a tap on its yes sends."""
    await person.say("/campaigns")
    await person.tap("Aviso único")
    await person.tap("🚀 Iniciar")
    message = await person.sees("¿Enviar")
    data = next(
        button["callback_data"]
        for row in message["reply_markup"]["inline_keyboard"]
        for button in row
        if yes in button["text"]
    )
    who = {"chat_id": person.chat_id, "user_id": person.user_id}
    return {**who, "message_id": message["message_id"], "data": data, "wait": 20}


async def test_two_people_two_taps_and_an_update_again_launch_once(chat: Cast, draft: int) -> None:
    """One is told that it is launched, the others that it was; everybody sees it count down."""
    before = (await Campaign.get(id=draft)).revision
    yes = [await _asked(person, "Sí, enviar") for person in (chat.owner, chat.operator)]
    taps = [*yes, *yes, yes[0]]
    answers = [
        told["answer"] for told in await asyncio.gather(*(chat.sandbox.post("/sim/callback", **t) for t in taps))
    ]
    launched = await Campaign.get(id=draft)

    assert (launched.state, launched.revision) == (CampaignState.SCHEDULED, before + 1)
    assert sorted(answer["text"] for answer in answers) == ["Lanzada", *["Ya estaba en marcha"] * 4]
    for person in (chat.owner, chat.operator):
        await person.sees("Empieza en", "Enviar ya")


async def test_called_back_by_one_and_sent_by_the_other_has_one_end(chat: Cast, draft: int) -> None:
    """Cancelar and Enviar ya at the same moment, twice each: it began, or it is a draft, and both chats say which."""
    yes = await _asked(chat.owner, "Sí, enviar")
    await chat.sandbox.post("/sim/callback", **yes)
    await chat.owner.sees("Empieza en")
    await chat.operator.say("/campaigns")
    await chat.operator.tap("Aviso único")
    await chat.operator.sees("Empieza en")
    await asyncio.gather(
        chat.owner.tap("✖ Cancelar"),
        chat.operator.tap("Enviar ya"),
        chat.owner.tap("✖ Cancelar"),
        chat.operator.tap("Enviar ya"),
        return_exceptions=True,
    )
    campaign = await Campaign.get(id=draft)

    assert campaign.launch_at is None
    assert campaign.state in {CampaignState.DRAFT, CampaignState.STARTING}
    words = "Ensayo" if campaign.state is CampaignState.DRAFT else "Active (inicializando)"
    await chat.owner.sees("Aviso único", words)
