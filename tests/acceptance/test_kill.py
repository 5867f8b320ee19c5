"""``kill -9`` of our programs in each step of the wizard and in mid-campaign; then they start again."""

from pathlib import Path

import pytest

from tests.acceptance.conftest import Starter
from tests.acceptance.journey import csv_of, import_contacts, launch, prepare_campaign, write_template
from tests.acceptance.programs import OWNER, Person, Program, Sandbox, until

pytestmark = pytest.mark.acceptance

NUMBERS = list(range(51987761000, 51987761080))  # none of the last digits that the operator treats badly
WINDOW = 10


async def _again(program: Program) -> None:
    """Kill it and start it. What people do meanwhile waits for it at Telegram's."""
    await program.kill()
    await program.start()


async def _ends(owner: Person, name: str) -> None:
    await owner.sees(name, "Completado", "Ver resultados", deadline_s=90)


async def _each_number_once(sandbox: Sandbox, numbers: list[int]) -> None:
    submitted = [int(one["destination"]) for one in await sandbox.submitted()]

    assert len(submitted) == len(set(submitted)), "the operator received a number twice"
    assert len(numbers) - len(submitted) <= 0 or set(submitted) <= set(numbers)


async def test_the_wizard_goes_on_after_a_kill_at_each_step(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """The open question, the draft and the buttons are all in the database."""
    program = await start("run", database_url=f"sqlite:///{tmp_path / 'pregon.db'}")
    await until(sandbox.polling, saying="the bot asks for updates")
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario")

    await owner.upload("clientes.csv", csv_of(NUMBERS[:3]))
    await owner.sees("Paso 1 de 3")
    await _again(program)
    await owner.tap("Continuar »")
    await owner.sees("Paso 2 de 3")
    await _again(program)
    await owner.say("clientes")
    await owner.sees("Paso 3 de 3")
    await _again(program)  # perhaps while it reads the file: then the button of that screen goes on
    if "🔄 Actualizar" in await owner.buttons():
        await owner.tap("🔄 Actualizar")
    await owner.tap("✔ Importar")
    await owner.sees("Importación terminada")
    await write_template(owner, "Aviso", "Hola {{ nombre }}")

    await owner.say("/start")
    await owner.tap("Campañas")
    await owner.sees("No hay registros encontrados")
    await owner.tap("➕ Nueva campaña")
    await owner.sees("Paso 1 de 10")
    await _again(program)
    await owner.say("Con cortes")
    await owner.sees("Paso 2 de 10", "Con cortes")
    steps = (
        ("Modo Normal", "Paso 3 de 10"),
        ("clientes", "Siguiente »"),
        ("Siguiente »", "Paso 4 de 10"),
        ("Aviso", "Paso 5 de 10"),
        ("PREGON", "Paso 6 de 10"),
        ("Inmediatamente", "Paso 10 de 10"),
        ("🚀 Iniciar", "¿Enviar"),
    )
    for label, then in steps:
        await _again(program)
        await owner.tap(label)
        await owner.sees(then)
    await _again(program)
    await owner.tap("Sí, enviar")
    await owner.sees("Empieza en")
    await _again(program)
    await owner.tap("Enviar ya")
    await _ends(owner, "Con cortes")

    assert sorted(int(one["destination"]) for one in await sandbox.submitted()) == NUMBERS[:3]


async def test_a_campaign_ends_after_kills_in_its_middle(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """What was on the wire is in doubt, the rest goes on; the operator's ledger has no number twice."""
    slow = f"smpp://pregon:test@127.0.0.1:{sandbox.smsc_port}?window={WINDOW}&tps=20"
    program = await start("run", database_url=f"sqlite:///{tmp_path / 'pregon.db'}", PREGON_SMSC_URL=slow)
    await until(sandbox.polling, saying="the bot asks for updates")
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario")
    await import_contacts(owner, "clientes.csv", csv_of(NUMBERS))
    await write_template(owner, "Aviso", "Hola {{ nombre }}")
    await prepare_campaign(owner, "Cortada", group="clientes", template="Aviso")
    await launch(owner)
    for received in (10, 30, 50):

        async def reached(wanted: int = received) -> bool:
            return (await sandbox.get("/sim/smsc/summary"))["received"] >= wanted

        await until(reached, saying=f"{received} are submitted")
        await _again(program)
    await _ends(owner, "Cortada")

    await _each_number_once(sandbox, NUMBERS)
    assert len(NUMBERS) - len(await sandbox.submitted()) <= 3 * WINDOW


async def test_bot_and_sender_apart_are_killed_on_postgres(sandbox: Sandbox, start: Starter, postgres_url: str) -> None:
    """Each is started again by itself; a second sender takes over what the first one held."""
    slow = f"smpp://pregon:test@127.0.0.1:{sandbox.smsc_port}?window={WINDOW}&tps=20"
    bot = await start("bot", database_url=postgres_url)
    sender = await start("sender", database_url=postgres_url, PREGON_SMSC_URL=slow)
    await until(sandbox.polling, saying="the bot asks for updates")
    owner = sandbox.person(OWNER)
    await owner.say("/start")
    await owner.sees("Propietario")
    await import_contacts(owner, "clientes.csv", csv_of(NUMBERS))
    await write_template(owner, "Aviso", "Hola {{ nombre }}")
    await prepare_campaign(owner, "Aparte", group="clientes", template="Aviso")
    await _again(bot)
    await launch(owner)

    async def some() -> bool:
        return (await sandbox.get("/sim/smsc/summary"))["received"] >= 15

    await until(some, saying="15 are submitted")
    await sender.kill()
    await _again(bot)
    await sender.start()
    await _ends(owner, "Aparte")

    await _each_number_once(sandbox, NUMBERS)
    assert len(NUMBERS) - len(await sandbox.submitted()) <= WINDOW


async def test_bot_and_sender_apart_refuse_sqlite(start: Starter, tmp_path: Path) -> None:
    """With a sentence that says what to do, and code 2."""
    for command in ("bot", "sender"):
        program = await start(command, database_url=f"sqlite:///{tmp_path / 'pregon.db'}")
        assert program.process is not None

        assert await program.process.wait() == 2
        assert "pregon run" in program.log.read_text()


async def test_a_second_program_on_the_same_file_is_refused(sandbox: Sandbox, start: Starter, tmp_path: Path) -> None:
    """Two would send twice."""
    url = f"sqlite:///{tmp_path / 'pregon.db'}"
    await start("run", database_url=url)
    await until(sandbox.polling, saying="the bot asks for updates")
    second = await start("run", database_url=url)
    assert second.process is not None

    assert await second.process.wait() == 2
    assert "another Pregón is running" in second.log.read_text()
