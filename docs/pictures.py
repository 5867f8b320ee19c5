"""
Takes the pictures of the manual: starts ``pregon demo`` in a folder of its own, goes through the chat in a browser as a
person would, and writes ``docs/img``. Needs Debian's chromium. Run: ``.venv/bin/python docs/pictures.py``
"""

import argparse
import contextlib
import itertools
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, FilePayload, Locator, Page, ViewportSize, expect, sync_playwright

IMAGES: Final = Path(__file__).parent / "img"
OWNER: Final = 1001
SAMPLE: Final = "contacts_excel_es.csv"
GROUP: Final = "grupo_prueba"
TEXT: Final = (
    "Hola {{ nombre }}, le recordamos que su deuda está por vencer. {{ valor_1 }}. Evite recargos: pague “hoy”."
)
CLIENTS: Final = 1500  # of the campaign that is watched: 15 seconds at the demonstration's 100 a second
_SLOW: Final = range(91, 96)  # last digits that the simulated operator answers late, or never
DEADLINE_MS: Final = 30_000
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
READY_S: Final = 60.0
_REST_MS: Final = 25_000  # after so many taps at once the bot keeps progress back, for the sake of Telegram's limits
CHAT: Final = ViewportSize(width=480, height=1800)  # one column, and every screen whole
DESKTOP: Final = ViewportSize(width=1280, height=800)
PHONE: Final = ViewportSize(width=390, height=844)
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# The wall's drawing, its shades and the shadows make a picture twice as large.
_QUIET: Final = (
    ".to-bottom, .typing, .toasts, .more, .chat::before { display: none !important }"
    ".chat { background: var(--wall-a) !important } .bubble, .composer, .handset { box-shadow: none !important }"
)
_ONLY_THESE: Final = _QUIET + ".composer-area, #rows > :not([data-shot]) { visibility: hidden }"

Scheme = Literal["light", "dark"]


@dataclass(slots=True)
class Walk:
    """A person at the page: taps, types, looks, and takes pictures."""

    page: Page
    folder: Path
    taps: int = 0
    typed: int = 0

    def tap(self, label: str) -> None:
        """Press the newest button that holds ``label``."""
        self._press(self.page.get_by_test_id("button").filter(has_text=label).last)

    def say(self, text: str) -> None:
        """Type a message and send it."""
        self.typed += 1
        self.page.get_by_test_id("composer").fill(text)
        self.page.get_by_test_id("composer").press("Enter")

    def sample(self, name: str) -> None:
        """Send a sample with the paperclip."""
        self._press(self.page.get_by_test_id("attach"))
        self._press(self.page.get_by_test_id(f"sample-{name}"))

    def upload(self, name: str, content: str) -> None:
        """Send a file."""
        file = FilePayload(name=name, mimeType="text/csv", buffer=content.encode())
        self.page.get_by_test_id("file-input").set_input_files(files=[file])

    def sees(self, words: str) -> Locator:
        """Wait for the newest message that holds the words, in its text or on its buttons."""
        found = self.page.locator("#rows .row").filter(has_text=words).last
        expect(found).to_be_visible(timeout=DEADLINE_MS)
        return found

    def shot(self, name: str, words: str, *, rows: int = 1) -> None:
        """A picture of the newest message that holds the words, and of the ``rows - 1`` before it."""
        self.sees(words)
        self.page.wait_for_timeout(350)  # the bubble has arrived, the picture in it is drawn
        found = self.page.locator("#rows .row").filter(has_text=words).last.element_handle()
        box = self.page.evaluate(
            """([last, count]) => {
                last.scrollIntoView({block: 'end', behavior: 'instant'});
                document.querySelector('#scroller').scrollBy({top: 12, behavior: 'instant'});
                const all = [...document.querySelectorAll('#rows > .row')];
                const end = all.indexOf(last) + 1;
                all.forEach((row, i) => row.toggleAttribute('data-shot', i < end && i >= end - count));
                const boxes = all.slice(Math.max(0, end - count), end).map(row => row.getBoundingClientRect());
                const wall = document.querySelector('#scroller').getBoundingClientRect();
                const top = Math.max(wall.top, boxes[0].top - 12);
                return {x: wall.left, y: top, width: wall.width,
                        height: Math.min(wall.bottom, boxes.at(-1).bottom + 12) - top};
            }""",
            [found, rows],
        )
        self.page.screenshot(path=self.folder / f"{name}.png", clip=box, style=_ONLY_THESE)
        repack(self.folder / f"{name}.png")

    def window(self, name: str) -> None:
        """A picture of the whole page, the newest chart at its top."""
        for _ in range(3):  # what is drawn late moves what is below it
            self.page.wait_for_timeout(400)
            self.page.get_by_test_id("photo").last.evaluate(
                "photo => { const wall = document.querySelector('#scroller');"
                " wall.scrollBy({top: photo.getBoundingClientRect().top - wall.getBoundingClientRect().top - 10,"
                " behavior: 'instant'}); }"
            )
        self.page.wait_for_timeout(100)
        self.page.screenshot(path=self.folder / f"{name}.png", style=_QUIET)
        repack(self.folder / f"{name}.png")

    def _press(self, what: Locator) -> None:
        expect(what).to_be_visible(timeout=DEADLINE_MS)
        self.taps += 1
        what.click(timeout=DEADLINE_MS)


def bring_contacts(walk: Walk) -> None:
    """Steps 1 and 2 of the manual: enter, and bring the contacts in."""
    walk.say("/start")
    walk.shot("inicio", "Para empezar", rows=2)
    walk.sample(SAMPLE)
    walk.shot("importar_columnas", "Paso 1 de 3", rows=2)
    walk.tap("Continuar »")
    walk.shot("importar_grupo", "Paso 2 de 3")
    walk.say(GROUP)
    walk.shot("importar_revision", "Paso 3 de 3")
    walk.tap("✔ Importar")
    walk.sees("Importación terminada en el grupo")
    walk.shot("importar_resultado", "Importación terminada en el grupo", rows=2)


def look_at_contacts(walk: Walk) -> None:
    """The group, its contacts, one of them, and the blacklist."""
    walk.tap("Ver grupo")
    walk.shot("grupo", "Última importación")
    walk.tap("Ver contactos")
    walk.shot("contactos", "Actualizar")
    walk.say("/contacts")
    walk.shot("grupos", "Grupos de contacto")
    walk.tap("Lista negra")
    walk.tap("Añadir números")
    walk.say("51987763012")
    walk.sees("1 número añadido")
    walk.tap("« Atrás")
    walk.shot("lista_negra", "Lista negra")


def write_template(walk: Walk) -> None:
    """Step 3: a text with tokens; what makes it dear is replaced at a tap."""
    walk.say("/templates")
    walk.tap("Nuevo texto")
    walk.say("Recordatorio de pago")
    walk.sees("Escriba el mensaje")
    walk.tap("Mostrar tokens")
    walk.shot("plantilla_tokens", "Toque un token")
    walk.say(TEXT)
    walk.shot("plantilla", "Reemplazar los caracteres")
    walk.tap("Reemplazar los caracteres")
    walk.page.get_by_test_id("button").filter(has_text="Reemplazar los caracteres").last.wait_for(state="detached")
    walk.shot("plantilla_reemplazada", "Así lo recibe")


def prepare_campaign(walk: Walk, name: str, *, group: str, pictures: bool) -> None:
    """Step 4: the wizard, up to its review."""

    def shot(picture: str, words: str) -> None:
        if pictures:
            walk.shot(picture, words)
        else:
            walk.sees(words)

    walk.say("/campaigns")
    walk.tap("➕ Nueva campaña")
    walk.sees("Paso 1 de 10")
    walk.say(name)
    walk.sees("Paso 2 de 10")
    walk.tap("Modo Normal")
    walk.sees("Paso 3 de 10")
    walk.tap(group)
    shot("campana_grupos", "Siguiente »")
    walk.tap("Siguiente »")
    walk.sees("Paso 4 de 10")
    walk.tap("Recordatorio de pago")
    walk.sees("Paso 5 de 10")
    walk.tap("PREGON")
    shot("campana_inicio", "Paso 6 de 10")
    walk.tap("Inmediatamente")
    shot("campana_revision", "Paso 10 de 10")


def send(walk: Walk) -> None:
    """From the review to the summary; who lacks a value of the text is decided about first."""
    walk.tap("🚀 Iniciar")
    walk.shot("campana_blancos", "Antes de lanzar")
    walk.tap("Texto para valor_1")
    walk.sees("Escriba qué dirá")
    walk.say("Consulte su saldo")
    walk.tap("Seguir con la revisión")
    walk.sees("Paso 10 de 10")
    walk.tap("🚀 Iniciar")
    walk.shot("campana_confirmar", "Sí, enviar")
    walk.tap("Sí, enviar")
    walk.shot("campana_cuenta_regresiva", "Empieza en")
    walk.tap("Enviar ya")


def read_results(walk: Walk) -> None:
    """Step 5: the summary, and the messages one by one."""
    walk.shot("resumen", "Ver resultados")
    walk.tap("Ver resultados")
    walk.sees("Informe de los medios")
    walk.tap("💬 Mensajes…")
    walk.shot("mensajes", "Filtre por estado")


def look_at_account(walk: Walk) -> None:
    """The account, the people, an invitation."""
    walk.say("/start")
    walk.sees("Mi cuenta")
    walk.tap("Mi cuenta")
    walk.shot("cuenta", "Zona horaria:")
    walk.tap("Personas")
    walk.sees("trabaja")
    walk.tap("Invitar")
    walk.sees("¿Qué podrá hacer")
    walk.tap("Operador")
    walk.shot("invitacion", "sirve una sola vez")


def clients() -> str:
    """A file of its own for the campaign that is watched, in the manual's order."""
    numbers = itertools.islice((n for n in itertools.count(51987760000) if n % 100 not in _SLOW), CLIENTS)
    return "".join(f"{number},Cliente {number % 1000},,,,Vence el 5/12,100,200\r\n" for number in numbers)


def watch_campaign(walk: Walk) -> None:
    """A campaign that is large enough to be seen running."""
    walk.upload("clientes.csv", clients())
    walk.tap("Continuar »")
    walk.tap("Grupo nuevo")
    walk.tap("Usar «")
    walk.tap("✔ Importar")
    walk.sees("Importación terminada en el grupo clientes")
    prepare_campaign(walk, "Aviso de vencimiento", group="clientes", pictures=False)
    walk.tap("🚀 Iniciar")
    walk.sees("Sí, enviar")
    walk.page.wait_for_timeout(_REST_MS)
    walk.tap("Sí, enviar")
    walk.tap("Enviar ya")
    walk.shot("campana_en_vivo", "termina en")
    walk.sees("Ver resultados")


def repack(picture: Path) -> None:
    """The same picture, packed as small as PNG can: the browser is in a hurry. Keeps what is needed to draw it."""
    content = picture.read_bytes()
    at, chunks = len(_SIGNATURE), dict[bytes, bytes]()
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        chunks[kind] = chunks.get(kind, b"") + content[at + 8 : at + 8 + length]
        at += length + 12  # length, kind and checksum
    chunks[b"IDAT"] = zlib.compress(zlib.decompress(chunks[b"IDAT"]), 9)
    packed = b"".join(
        struct.pack(">I4s", len(chunks[kind]), kind) + chunks[kind] + struct.pack(">I", zlib.crc32(kind + chunks[kind]))
        for kind in (b"IHDR", b"IDAT", b"IEND")
    )
    picture.write_bytes(_SIGNATURE + packed)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def demonstration() -> Iterator[str]:
    """``pregon demo`` with nothing in it; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="pregon-pictures-") as data:
        command = ["demo", "--port", str(port), "--smsc-port", str(free_port()), "--data", data]
        process = subprocess.Popen([sys.executable, "-m", "pregon", *command], stdout=subprocess.DEVNULL)
        try:
            _wait_for_bot(url)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_for_bot(url: str) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/sim/state", timeout=2) as answer:
            if b'"polling":true' in answer.read().replace(b" ", b""):
                return
        time.sleep(0.2)
    raise TimeoutError(f"{url}: the bot did not start")


def open_page(browser: Browser, url: str, size: ViewportSize, *, scheme: Scheme, scale: float) -> Page:
    """The page as the owner of the account sees it."""
    context = browser.new_context(
        viewport=size,
        locale="es-PE",
        timezone_id="America/Lima",
        color_scheme=scheme,
        bypass_csp=True,  # for the styles of the pictures: the page's own policy lets no other in
        device_scale_factor=scale,
        has_touch=size is PHONE,
        is_mobile=size is PHONE,
    )
    context.set_default_timeout(DEADLINE_MS)
    page = context.new_page()
    page.goto(f"{url}#{OWNER}/{OWNER}")
    expect(page.get_by_test_id(f"person-{OWNER}")).to_be_visible()
    return page


def take_pictures(browser: Browser, url: str, folder: Path, *, scheme: Scheme) -> None:
    """The whole way, then the summary in a window and on a phone."""
    walk = Walk(open_page(browser, url, CHAT, scheme=scheme, scale=1.5), folder)
    bring_contacts(walk)
    look_at_contacts(walk)
    write_template(walk)
    prepare_campaign(walk, "Prueba_SMS_01", group=GROUP, pictures=True)
    send(walk)
    read_results(walk)
    look_at_account(walk)
    watch_campaign(walk)
    Walk(open_page(browser, url, DESKTOP, scheme=scheme, scale=1), folder).window("chat")
    Walk(open_page(browser, url, PHONE, scheme=scheme, scale=1.5), folder).window("phone")


def main() -> None:
    """Read the command line and take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=IMAGES, help="where the pictures go")
    parser.add_argument("--dark", action="store_true", help="by night")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or os.environ.get("CHROMIUM")
    if not chromium:
        sys.exit("there is no chromium here: apt install chromium")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with demonstration() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        take_pictures(browser, url, arguments.folder, scheme="dark" if arguments.dark else "light")
        browser.close()
    for picture in sorted(arguments.folder.glob("*.png")):
        print(f"{picture.stat().st_size // 1024:4d} kB  {picture.name}")


if __name__ == "__main__":
    main()
