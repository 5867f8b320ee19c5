"""The ways that people take through the chat, told once for all acceptance tests."""

from tests.acceptance.programs import Person


def csv_of(numbers: list[int]) -> bytes:
    """A file in the manual's order, without header."""
    return "".join(f"{number},Nombre{number % 1000},,,,Deuda,100,200\r\n" for number in numbers).encode()


async def import_contacts(person: Person, name: str, content: bytes, *, group: str | None = None) -> None:
    """Send a file, take what is proposed, and wait for the result. ``group``: an existing one."""
    await person.upload(name, content)
    await person.sees("Paso 1 de 3", name)
    await person.tap("Continuar »")
    if group is None:
        await person.tap("Usar «")
    else:
        await person.tap(group)
    await person.sees("Paso 3 de 3")
    await person.tap("✔ Importar")
    await person.sees("Importación terminada")


async def write_template(person: Person, title: str, text: str) -> None:
    """A template from the home screen."""
    await person.say("/start")
    await person.tap("Plantillas")
    await person.tap("Nuevo texto")
    await person.sees("Escriba el título")
    await person.say(title)
    await person.sees("Escriba el mensaje")
    await person.say(text)
    await person.sees(title, "segmento")


async def prepare_campaign(person: Person, name: str, *, group: str, template: str, mode: str = "Modo Normal") -> None:
    """The wizard, up to its review."""
    await person.say("/start")
    await person.tap("Campañas")
    await person.tap("➕ Nueva campaña")
    await person.sees("Paso 1 de 10")
    await person.say(name)
    await person.sees("Paso 2 de 10", name)
    await person.tap(mode)
    await person.sees("Paso 3 de 10", name)
    await person.tap(group)
    await person.tap("Siguiente »")
    await person.sees("Paso 4 de 10", name)
    await person.tap(template)
    await person.sees("Paso 5 de 10", name)
    await person.tap("PREGON")
    await person.sees("Paso 6 de 10", name)
    await person.tap("Inmediatamente")
    await person.sees("Paso 10 de 10", "Destinatarios")


async def launch(person: Person) -> None:
    """From the review."""
    await person.tap("🚀 Iniciar")
    await person.sees("¿Enviar")
    await person.tap("Sí, enviar")
    await person.sees("Empieza en")
    await person.tap("Enviar ya")
