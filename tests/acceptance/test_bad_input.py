"""What people do wrong, and what others try: a clear answer each, and nothing is lost."""

import asyncio
import re
import zlib
from pathlib import Path

import pytest

from tests.acceptance.conftest import Starter
from tests.acceptance.journey import csv_of, import_contacts, launch, prepare_campaign, write_template
from tests.acceptance.programs import OPERATOR, OWNER, STRANGER, VIEWER, Person, Program, Sandbox, until

pytestmark = pytest.mark.acceptance

NUMBERS = list(range(51987762000, 51987762005))
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(13) + zlib.compress(bytes(400))


@pytest.fixture
async def program(sandbox: Sandbox, start: Starter, tmp_path: Path) -> Program:
    """Bot and sender on SQLite."""
    program = await start("run", database_url=f"sqlite:///{tmp_path / 'pregon.db'}")
    await until(sandbox.polling, saying="the bot asks for updates")
    return program


@pytest.fixture
async def owner(program: Program, sandbox: Sandbox) -> Person:
    """The owner, at home."""
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario")
    return owner


async def test_files_that_are_no_contacts_are_refused_and_say_why(owner: Person) -> None:
    """A picture, nothing at all, and one that Telegram does not let a bot download."""
    await owner.upload("foto.csv", PNG)
    await owner.sees("Eso es una imagen")
    await owner.upload("vacio.csv", b"\r\n\r\n")
    await owner.sees("vac")
    await owner.upload("enorme.csv", b"51987762000\n" * (21 * 1024 * 1024 // 12))
    await owner.sees("20 MB")
    await import_contacts(owner, "buenos.csv", csv_of(NUMBERS))


async def test_texts_that_templates_cannot_hold_are_refused_and_the_question_stays_open(owner: Person) -> None:
    """The next message is the next try."""
    await owner.say("/start")
    await owner.tap("Plantillas")
    await owner.tap("Nuevo texto")
    await owner.sees("Escriba el título")
    await owner.say("T" * 5000)
    await owner.sees("80")
    await owner.say("Corta")
    await owner.sees("Escriba el mensaje")
    for text, word in (
        ("Hola {% for x in y %}{{ x }}{% endfor %}", "for"),
        ("Hola {{ self }}", "self"),
        ("Hola {{ nombre", "llaves"),
        ("Hola {{ apodo }}", "apodo"),
    ):
        await owner.say(text)
        await owner.sees(word)
    await owner.say("Hola {{ nombre }}")
    await owner.sees("Corta", "segmento")


async def test_a_button_of_yesterday_is_explained(owner: Person, program: Program) -> None:
    """Also after a restart, and for things that are gone meanwhile."""
    await write_template(owner, "Efímera", "Hola")
    old = await owner.sees("Efímera", "Eliminar")
    buttons = [button for row in old["reply_markup"]["inline_keyboard"] for button in row]
    edit = next(button["callback_data"] for button in buttons if "Título" in button["text"])
    await owner.tap("Eliminar")
    await owner.tap("Sí, eliminar")
    await program.kill()
    await program.start()
    post = owner.sandbox.post
    where = {"chat_id": OWNER, "user_id": OWNER, "message_id": old["message_id"], "wait": 20}
    gone = await post("/sim/callback", **where, data=edit)
    unknown = await post("/sim/callback", **where, data="zz:1:2")

    assert gone["answer"]["text"] or gone["answer"] is not None
    assert unknown["answer"] is not None
    await owner.sees("Campañas", "Contactos")


async def test_two_taps_at_once_launch_once(owner: Person, sandbox: Sandbox) -> None:
    """Both are answered; the operator receives each number once."""
    await import_contacts(owner, "clientes.csv", csv_of(NUMBERS))
    await write_template(owner, "Aviso", "Hola {{ nombre }}")
    await prepare_campaign(owner, "Doble", group="clientes", template="Aviso")
    await owner.tap("🚀 Iniciar")
    await owner.sees("¿Enviar")
    await asyncio.gather(owner.tap("Sí, enviar"), owner.tap("Sí, enviar"), return_exceptions=True)
    await owner.sees("Empieza en")
    await asyncio.gather(owner.tap("Enviar ya"), owner.tap("Enviar ya"), return_exceptions=True)
    await owner.sees("Doble", "Completado", "Ver resultados")

    submitted = [int(one["destination"]) for one in await sandbox.submitted()]
    assert sorted(submitted) == NUMBERS


async def test_who_may_do_what(owner: Person, sandbox: Sandbox) -> None:
    """Invited by a link that works once; a viewer only looks; who is revoked is out at once; a stranger hears once."""
    stranger = sandbox.person(STRANGER)
    for _ in range(3):
        await stranger.say("/start")
    await stranger.sees(str(STRANGER))

    links = {}
    for role, who in (("Operador", OPERATOR), ("Observador", VIEWER)):
        await owner.say("/start")
        await owner.tap("Mi cuenta")
        await owner.tap("Personas")
        await owner.tap("Invitar")
        await owner.tap(role)
        shown = await owner.sees("start=inv_", role)
        found = re.search(r"start=(inv_[A-Za-z0-9_-]{22})", str(shown))
        assert found is not None
        links[who] = found[1]
        await sandbox.person(who).say(f"/start {found[1]}")
        await sandbox.person(who).sees("Campañas")
    await stranger.say(f"/start {links[OPERATOR]}")

    viewer = sandbox.person(VIEWER)
    await viewer.say("/start")
    await viewer.tap("Campañas")
    await viewer.sees("No hay registros encontrados")
    assert not any("Nueva campaña" in label for label in await viewer.buttons())
    await viewer.upload("contactos.csv", csv_of(NUMBERS))
    await viewer.sees("Su rol no permite esto")

    await owner.say("/start")
    await owner.tap("Mi cuenta")
    await owner.tap("Personas")
    await owner.tap("Operator")
    await owner.tap("Quitar acceso")
    await owner.tap("Sí, quitar acceso")
    operator = sandbox.person(OPERATOR)
    before = len(await operator.shown())
    await operator.say("/start")
    await until(lambda: _more(operator, before), saying="the revoked one is told")
    assert not any("Campañas" in label for label in await operator.buttons())
    assert len(await stranger.shown()) <= 2


async def _more(person: Person, before: int) -> bool:
    return len(await person.shown()) > before


async def test_a_launched_campaign_is_stopped_continued_and_cancelled(
    sandbox: Sandbox, start: Starter, tmp_path: Path
) -> None:
    """Parar falls silent, Continuar goes on, Cancelar accounts for what was not sent."""
    numbers = list(range(51987763100, 51987763190))
    slow = f"smpp://pregon:test@127.0.0.1:{sandbox.smsc_port}?window=5&tps=10"
    await start("run", database_url=f"sqlite:///{tmp_path / 'pregon.db'}", PREGON_SMSC_URL=slow)
    await until(sandbox.polling, saying="the bot asks for updates")
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario")
    await import_contacts(owner, "clientes.csv", csv_of(numbers))
    await write_template(owner, "Aviso", "Hola {{ nombre }}")
    await prepare_campaign(owner, "Larga", group="clientes", template="Aviso")
    await launch(owner)

    async def received(wanted: int) -> bool:
        return (await sandbox.get("/sim/smsc/summary"))["received"] >= wanted

    await until(lambda: received(5), saying="it runs")
    await owner.tap("Parar")
    await owner.sees("Larga", "Detenido")
    await asyncio.sleep(0.5)
    silent = len(await sandbox.submitted())
    await asyncio.sleep(1.5)
    assert len(await sandbox.submitted()) == silent
    await owner.tap("Continuar")
    await until(lambda: received(silent + 5), saying="it goes on")
    await owner.tap("✖️ Cancelar")
    await owner.tap("Sí, cancelar")
    summary = await owner.sees("Larga", "Cancelado", "Ver resultados", deadline_s=60)
    rows = [line.rsplit(None, 3) for line in summary["caption"].splitlines()]
    table = {row[0].strip(): int(row[1]) for row in rows if len(row) == 4 and row[1].isdigit()}

    assert table["Total"] == len(numbers)
    assert table["Pendiente"] == 0
    assert table["Enviado"] + table["Agendado expirado"] == len(numbers)
    assert table["Enviado"] == len(await sandbox.submitted())
