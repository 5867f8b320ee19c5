"""What is predicted is what is billed: each of ten thousand contacts, against the SMSC's own ledger."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from domain.models import Account, Campaign, Contact, ContactGroup, Message
from domain.rules.campaign_state import CampaignState
from domain.rules.gsm import Alphabet, Carriage
from domain.rules.route import parse_route
from domain.rules.template import compile_template
from domain.store import current
from domain.usecases.measuring import carriage_of, measure
from domain.usecases.templates import fields_of
from sandbox.smsc import Script, Smsc
from sandbox.smsc.ledger import SubmitLine, read_ledger
from sender.worker import Worker

PEOPLE: Final = 10_000
TEXT: Final = (
    "Estimado/a {{ nombre|title }} {{ apellido }}: su pago de S/ {{ valor_1|money }} vence el {{ valor_2 }}. "
    "Evite cargos, pague hoy en cualquier agente o en la web {{ valor_3 }}"
)
FIRST: Final = (
    "María José",
    "Íñigo",
    "Ana",
    "Begoña",
    "Ñusta",
    "Jesús Ángel",
    "Rocío",
    "Lúa",
    "Zoé",
    "Luis",
    "Peña",
    "Iker",
    "Güido",
    "Núria",
    "Françoise",
    "Chloë",
    "Óscar Andrés",
    "Mª Carmen",
    "😀 Pepe",
    "José María de los Ángeles Inmaculada",
)
LAST: Final = (
    "Núñez",
    "Peña y Lillo",
    "García Márquez",
    "Muñoz",
    "De la Vega",
    "Ibáñez",
    "Ruiz",
    "Güemes",
    "Ochoa",
    "Sáenz de Santamaría",
    "Quispe Mamani",
    "Açores",
    "Etxeberria {Bilbao}",
    "O’Higgins",
    "Vásquez-Figueroa y Fernández de Córdoba del Castillo",
)


def _people(account: Account, rng: random.Random) -> list[Contact]:
    return [
        Contact(
            account=account,
            msisdn=51_900_000_000 + number,
            first_name=rng.choice(FIRST),
            last_name=f"{rng.choice(LAST)} {rng.choice(LAST)}",
            value_1=str(rng.randrange(1, 99_999)),
            value_2=rng.choice(("mañana", "01/12/2026", "jueves próximo", "hoy")),
            value_3=rng.choice(("", "www.ejemplo.pe", "€uro[1]~", "www.ejemplo.pe/" + "x" * rng.randrange(80))),
            created_ms=1,
            updated_ms=1,
        )
        for number in range(PEOPLE)
    ]


@pytest.mark.parametrize(
    ("query", "carriage"),
    [
        pytest.param("alphabet=gsm", Carriage(), id="gsm"),
        pytest.param("alphabet=gsm_es", Carriage(Alphabet.SPANISH), id="gsm_es"),
        pytest.param("segments=udh16", Carriage(wide=True), id="udh16"),
        pytest.param("segments=payload", Carriage(), id="payload"),
    ],
)
async def test_every_contact_gets_as_many_parts_as_was_predicted(
    sqlite_account: Account, tmp_path: Path, query: str, carriage: Carriage
) -> None:
    """
    Random Spanish names, in both alphabets and with either header; the group's figures are the ledger's too, and what
    the books say. What the SMSC cuts itself it takes in one.
    """
    account, rng = sqlite_account, random.Random(7)
    smsc = Smsc(ledger=tmp_path / "ledger.jsonl", script=Script(builtin=False, receipt_delay_s=0, receipt_jitter_s=0))
    await smsc.start()
    worker = Worker([parse_route("default", f"smpp://pregon:test@127.0.0.1:{smsc.port}?window=500&{query}")])
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    try:
        group = await ContactGroup.create(account=account, title="todos", revision=1)
        await Contact.bulk_create(_people(account, rng), batch_size=1_000)
        people = await Contact.all()
        await current().add_members(group.id, [person.id for person in people])
        async with asyncio.timeout(120):
            while await carriage_of(account.id) != carriage:
                await asyncio.sleep(0.05)
            found = await measure(account.id, TEXT, [group.id], recipients=PEOPLE)
            campaign = await Campaign.create(
                account=account, name="c", state=CampaignState.STARTING, text=TEXT, sender_id="PREGON", created_by=1,
                chat_id=1,
            )  # fmt: skip
            await campaign.groups.add(group)
            while not await Campaign.exists(id=campaign.id, state=CampaignState.COMPLETED):
                await asyncio.sleep(0.1)
    finally:
        stop.set()
        await running
        await smsc.stop()
    template = compile_template(TEXT)
    predicted = {str(person.msisdn): carriage.segments(template.render(fields_of(person))).count for person in people}
    lines = [line for line in read_ledger(tmp_path / "ledger.jsonl") if isinstance(line, SubmitLine)]
    parts = Counter(line.destination for line in lines if line.status == 0)

    billed = {str(message.msisdn): message.segments for message in await Message.all().only("msisdn", "segments")}

    assert billed == predicted
    assert dict(parts) == (dict.fromkeys(predicted, 1) if query == "segments=payload" else predicted)
    assert found.by_segments == dict(sorted(Counter(predicted.values()).items()))
    assert len(found.by_segments) > 1
    assert found.segments == sum(billed.values())
