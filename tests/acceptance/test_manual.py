"""The manual's five steps, by chat, with the real processes, over HTTP and SMPP."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Starter
from tests.acceptance.journey import import_contacts, launch, prepare_campaign, write_template
from tests.acceptance.programs import OWNER, STRANGER, Sandbox, until

pytestmark = pytest.mark.acceptance

CONTACTS = (
    b"51987763010,Jose,Torres,jtorres@itelvox.com,,Deuda,100,200\r\n"
    b"51989450371,Jannet,Quintana,jquintana@itelvox.com,,Deuda,300,400\r\n"
)


async def test_the_manuals_five_steps(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """Enter, bring in contacts and a blacklist, write a template, start a campaign, read the result."""
    await start("run", database_url=f"sqlite:///{tmp_path / 'pregon.db'}")
    await until(sandbox.polling, saying="the bot asks for updates")
    owner = sandbox.person(OWNER)

    # Step 1: who was assigned an identity enters; a stranger does not.
    stranger = sandbox.person(STRANGER)
    await stranger.say("/start")
    await stranger.sees(str(STRANGER))
    await owner.say("/start")
    await owner.sees("Propietario", "Campañas", "Contactos")

    # Step 2.1: a group.
    await owner.tap("Contactos")
    await owner.tap("Grupo nuevo")
    await owner.say("grupo_prueba")
    await owner.sees("Grupo creado")
    await owner.say("Clientes de prueba")
    await owner.sees("grupo_prueba", "Clientes de prueba")

    # Step 2.2: one contact by hand, the others from a file.
    await owner.tap("Añadir contacto")
    await owner.say("51987763015, Ana, Rojas")
    await owner.sees("51 987 763 015")
    await import_contacts(owner, "contactos.csv", CONTACTS, group="grupo_prueba")

    # Step 2.3: the blacklist; step 2.4: the contacts are looked at.
    await owner.say("/start")
    await owner.tap("Lista negra")
    await owner.tap("Añadir números")
    await owner.say("51989450371")
    await owner.sees("1 número añadido")
    await owner.say("/start")
    await owner.tap("Contactos")
    await owner.tap("grupo_prueba")
    await owner.sees("en lista negra: 1", "Aplique DNC")
    await owner.tap("Ver contactos")
    await owner.sees("Torres", "Jannet", "Rojas")

    # Step 3: the text; step 4: the campaign.
    await write_template(owner, "Recordatorio", "Hola {{ nombre }}, su deuda es {{ valor_2 }}")
    await prepare_campaign(owner, "Prueba_SMS_01", group="grupo_prueba", template="Recordatorio")
    await owner.sees("Destinatarios: 2")
    await owner.tap("🚀 Iniciar")
    await owner.sees("Antes de lanzar", "1 contacto sin dato")
    await owner.tap("Texto para valor_2")
    await owner.sees("Escriba qué dirá")
    await owner.say("0.00")
    await owner.tap("Seguir con la revisión")
    await owner.sees("Paso 10 de 10", "Destinatarios: 2")
    await launch(owner)

    # Step 5: the result, in the chat where it was asked for.
    summary = await owner.sees("Prueba_SMS_01", "Completado", "Bloqueado (Lista Negra)", "Ver resultados")
    rows = [line.rsplit(None, 3) for line in summary["caption"].splitlines()]
    table = {row[0].strip(): row[1] for row in rows if len(row) == 4 and row[1].isdigit()}
    submitted = await sandbox.submitted()

    assert {(one["destination"], one["text"]) for one in submitted} == {
        ("51987763010", "Hola Jose, su deuda es 100"),
        ("51987763015", "Hola Ana, su deuda es 0.00"),
    }
    assert table["Enviado"] == table["Entregado"] == "2"
    assert table["Bloqueado (Lista Negra)"] == "1"
    assert table["Total"] == "3"
    assert "photo" in summary
    assert len([message for message in await stranger.messages() if message["sim"]["outgoing"]]) == 1
