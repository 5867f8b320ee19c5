"""What the chat page's tests work with: the browser, raw calls of the bot and of people, an SMPP client. No tests."""

import asyncio
import shutil
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx
from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

from sandbox.app import serve

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OWNER, OPERATOR, STRANGER, TEAM = 1001, 1002, 1004, -1002000000001
INVITATION: Final = "https://t.me/pregon_demo_bot?start=inv_AbC-123"
EVIL: Final = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
# A PNG of 1 × 1, so that a photo can be sent without a picture library.
PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


@dataclass
class Sandbox:
    """Both sides of the sandbox as a test uses them: the bot's calls, a person's acts, an SMPP client."""

    http: httpx.AsyncClient
    smsc_port: int
    offset: int = 0

    @property
    def url(self) -> str:
        return str(self.http.base_url)

    async def bot(self, method: str, **params: object) -> Any:
        """One call of the bot; what Telegram would refuse fails the test."""
        answer = (await self.http.post(f"/bot42:test/{method}", json=params)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def upload(self, method: str, kind: str, name: str, content: bytes, **form: str) -> Any:
        """The same with a file in the field ``kind``."""
        answer = await self.http.post(f"/bot42:test/{method}", data=form, files={kind: (name, content)})
        assert answer.json()["ok"], answer.text
        return answer.json()["result"]

    async def say(self, text: str, *, chat: int = OWNER, user: int | None = None) -> int:
        """A person writes; returns the message's id."""
        body = {"chat_id": chat, "user_id": user or chat, "text": text}
        answer = await self.http.post("/sim/message", json=body)
        return int(answer.json()["message_id"])

    async def update(self, kind: str) -> dict[str, Any]:
        """The next update of this kind; earlier ones of other kinds are passed over."""
        async with asyncio.timeout(10):
            while True:
                for update in await self.bot("getUpdates", offset=self.offset, timeout=5):
                    self.offset = update["update_id"] + 1
                    if kind in update:
                        found: dict[str, Any] = update[kind]
                        return found

    async def greet(self, keyboard: list[list[dict[str, object]]] | None = None, text: str = "Inicio") -> int:
        """The Owner has written, and the bot has answered, perhaps with buttons."""
        await self.say("/start")
        await self.update("message")
        sent = await self.bot("sendMessage", chat_id=OWNER, text=text, reply_markup={"inline_keyboard": keyboard or []})
        return int(sent["message_id"])


@asynccontextmanager
async def sms_sent(port: int, destination: str, text: str) -> AsyncIterator[None]:
    """Bind as a transceiver, submit one SMS, and answer what comes, as SMPP 3.4 §4 lays it out, until left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bind = b"pregon\0secret\0\0\x34\0\0\0"
    body = b"\0\5\0PREGON\0\1\1" + destination.encode() + b"\0\0\0\0\0\0\1\0\0\0" + bytes([len(text)]) + text.encode()
    writer.write(struct.pack(">4I", 16 + len(bind), 9, 0, 1) + bind)
    await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0] - 4)
    writer.write(struct.pack(">4I", 16 + len(body), 4, 0, 2) + body)

    async def acknowledge() -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, command, _, sequence = struct.unpack(">4I", await reader.readexactly(16))
                await reader.readexactly(length - 16)
                if command == 5:  # deliver_sm: the receipt
                    writer.write(struct.pack(">4I", 17, 0x80000005, 0, sequence) + b"\0")

    answering = asyncio.create_task(acknowledge())
    try:
        yield
    finally:
        answering.cancel()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def started_sandbox(*, smsc_port: int) -> AsyncIterator[Sandbox]:
    """The real sandbox in this loop, everything in memory."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(serve(port=0, smsc_port=smsc_port, data=None, ready=ready.set_result))
    try:
        async with asyncio.timeout(30):
            url = await ready
        async with httpx.AsyncClient(base_url=url, timeout=20) as http:
            yield Sandbox(http, smsc_port)
    finally:
        server.cancel()
        with suppress(asyncio.CancelledError):
            await server


@asynccontextmanager
async def started_browser() -> AsyncIterator[Browser]:
    """Debian's chromium; playwright's own browsers are not needed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def open_page(browser: Browser, sandbox: Sandbox, *, viewport: ViewportSize | None = None) -> Page:
    """The page as the Owner sees it the first time, at the size of a laptop unless another is wanted."""
    context = await browser.new_context(
        viewport=viewport or {"width": 1280, "height": 800},
        locale="es-PE",
        timezone_id="America/Lima",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(8_000)
    page = await context.new_page()
    await page.goto(f"{sandbox.url}#{OWNER}/{OWNER}")
    await expect(page.get_by_test_id(f"person-{OWNER}")).to_be_visible()
    return page


def message(page: Page, text: str) -> Locator:
    """The bubbles that hold this text."""
    return page.get_by_test_id("message").filter(has_text=text)


def button(page: Page, label: str) -> Locator:
    """The inline buttons with this label."""
    return page.get_by_test_id("button").filter(has_text=label)


async def type_and_send(page: Page, text: str) -> None:
    """Write into the composer and press Enter."""
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def at_rest(page: Page) -> None:
    """Wait until the wheel's glide is over: ten frames at one place."""
    await page.wait_for_function(
        """() => {
            const place = scroller.scrollTop;
            window.still = place === window.place ? (window.still ?? 0) + 1 : 0;
            window.place = place;
            return window.still > 10;
        }"""
    )


async def gap_to_end(page: Page) -> float:
    """Pixels below what is in view."""
    gap = "e => e.scrollHeight - e.scrollTop - e.clientHeight"
    return float(await page.locator("#scroller").evaluate(gap))
