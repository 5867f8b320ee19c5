"""The chat page in a real browser, against the real sandbox; bot and SMPP client are a few raw calls of the driver."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.sandbox.page.driver import (
    CHROMIUM,
    EVIL,
    INVITATION,
    OPERATOR,
    OWNER,
    PIXEL,
    Sandbox,
    at_rest,
    button,
    gap_to_end,
    message,
    sms_sent,
    type_and_send,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt install chromium)"),
]


async def test_an_empty_chat_offers_the_start_button(sandbox: Sandbox, page: Page) -> None:
    """A newcomer's first tap is the one that Telegram shows, too."""
    await page.get_by_test_id("start").click()
    written = await sandbox.update("message")

    assert written["text"] == "/start"
    assert written["entities"][0]["type"] == "bot_command"
    await expect(message(page, "/start")).to_have_attribute("data-out", "true")


async def test_enter_sends_and_shift_enter_breaks_the_line(sandbox: Sandbox, page: Page) -> None:
    """The text arrives whole, and the composer is empty again."""
    composer = page.get_by_test_id("composer")
    await composer.fill("uno")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("dos")
    await composer.press("Enter")
    written = await sandbox.update("message")

    assert written["text"] == "uno\ndos"
    await expect(composer).to_have_value("")


async def test_entities_count_in_utf16(sandbox: Sandbox, page: Page) -> None:
    """An emoji before a bold word is two units; nesting, links, quotes and times are drawn as such."""
    await sandbox.say("/start")
    html = (
        "📣📣 <b>negrita <i>dentro</i></b> <code>x &lt; y</code> <s>no</s> <u>sí</u> <tg-spoiler>8431</tg-spoiler>\n"
        '<pre>a  b</pre>\n<blockquote expandable>1\n2\n3\n4\n5</blockquote>\n<a href="https://example.com/">manual</a> '
        '<tg-time unix="1795500000" format="Dt">luego</tg-time>'
    )
    await sandbox.bot("sendMessage", chat_id=OWNER, text=html, parse_mode="HTML")
    bubble = message(page, "negrita")

    await expect(bubble.locator("strong")).to_have_text("negrita dentro")
    await expect(bubble.locator("strong em")).to_have_text("dentro")
    await expect(bubble.locator(":not(pre) > code")).to_have_text("x < y")
    await expect(bubble.locator("pre")).to_have_text("a  b")
    await expect(bubble.locator("a")).to_have_attribute("href", "https://example.com/")
    await expect(bubble.locator("time.date-time")).to_contain_text("2026")
    await bubble.locator(".spoiler").click()
    await expect(bubble.locator(".spoiler")).to_have_class("spoiler shown")
    await bubble.get_by_test_id("quote-toggle").click()
    await expect(bubble.locator("blockquote")).to_have_class("expandable open")


async def test_markup_in_any_text_is_shown_and_never_run(sandbox: Sandbox, page: Page) -> None:
    """Texts, labels, captions, file names, commands and SMS come from anywhere."""
    await sandbox.greet([[{"text": EVIL, "callback_data": "x"}]], text=EVIL)
    await sandbox.bot("setMyCommands", commands=[{"command": "evil", "description": EVIL}])
    await sandbox.upload("sendDocument", "document", "<b>x.csv", b"1", chat_id=str(OWNER), caption=EVIL)
    async with sms_sent(sandbox.smsc_port, "51987763010", EVIL):
        await expect(page.get_by_test_id("sms")).to_contain_text("<script>")
    await type_and_send(page, EVIL)
    await page.get_by_test_id("commands").click()

    await expect(page.get_by_test_id("command-evil")).to_contain_text("<img")
    await expect(message(page, "<script>")).to_have_count(3)
    assert await page.locator("img[src=x]").count() == 0
    assert await page.title() != "run"


async def test_a_button_spins_until_its_query_is_answered(sandbox: Sandbox, page: Page) -> None:
    """The answer's text is a toast; a second tap meanwhile sends nothing."""
    await sandbox.greet([[{"text": "Guardar", "callback_data": "save", "style": "success"}]])
    await button(page, "Guardar").click()
    query = await sandbox.update("callback_query")
    await button(page, "Guardar").click()

    assert query["data"] == "save"
    await expect(button(page, "Guardar")).to_have_attribute("aria-busy", "true")
    await expect(button(page, "Guardar")).to_have_class("key key-success waiting")
    await sandbox.bot("answerCallbackQuery", callback_query_id=query["id"], text="Guardado")
    await expect(page.get_by_test_id("toast")).to_have_text("Guardado")
    await expect(button(page, "Guardar")).not_to_have_attribute("aria-busy", "true")
    assert await sandbox.bot("getUpdates", offset=sandbox.offset, timeout=0) == []


async def test_an_alert_stays_until_it_is_acknowledged(sandbox: Sandbox, page: Page) -> None:
    """`show_alert` is modal."""
    await sandbox.greet([[{"text": "Borrar", "callback_data": "no", "style": "danger"}]])
    await button(page, "Borrar").click()
    query = await sandbox.update("callback_query")
    await sandbox.bot("answerCallbackQuery", callback_query_id=query["id"], text="No tienes permiso", show_alert=True)

    await expect(page.get_by_test_id("alert")).to_contain_text("No tienes permiso")
    await page.get_by_test_id("alert-ok").click()
    await expect(page.get_by_test_id("alert")).to_have_count(0)


async def test_an_edit_does_not_move_who_reads_above(sandbox: Sandbox, page: Page) -> None:
    """The live card at the end changes its height many times while somebody reads what was before."""
    await sandbox.say("/start")
    for number in range(30):
        await sandbox.bot("sendMessage", chat_id=OWNER, text=f"línea {number}\ncon dos renglones")
    card = await sandbox.bot("sendMessage", chat_id=OWNER, text="0 %")
    await expect(message(page, "0 %")).to_be_in_viewport()
    await page.wait_for_function(
        "() => { const e = scroller; return e.scrollHeight - e.scrollTop - e.clientHeight < 2 }"
    )
    await page.mouse.move(600, 400)
    await page.mouse.wheel(0, -700)
    await expect(page.get_by_test_id("to-bottom")).to_be_visible()
    await at_rest(page)
    marker = page.get_by_test_id("message").nth(15)
    before = await marker.bounding_box()
    first = await sandbox.bot("editMessageText", chat_id=OWNER, message_id=card["message_id"], text="50 %\n\n\n\nmitad")
    await sandbox.bot("sendMessage", chat_id=OWNER, text="otra")
    await expect(message(page, "mitad")).to_have_count(1)

    assert first["edit_date"]
    assert await marker.bounding_box() == before
    await expect(message(page, "mitad").locator(".edited")).to_have_text("editado")
    await page.get_by_test_id("to-bottom").click()
    await expect(message(page, "otra")).to_be_in_viewport()


async def test_the_end_stays_in_view(sandbox: Sandbox, page: Page) -> None:
    """Who is at the end follows what arrives, messages and edits alike."""
    card = await sandbox.greet(text="inicio")
    for number in range(25):
        await sandbox.bot("sendMessage", chat_id=OWNER, text=f"mensaje {number}\nmás")
    await sandbox.bot("editMessageText", chat_id=OWNER, message_id=card, text="inicio\n" * 20)

    await expect(message(page, "mensaje 24")).to_be_in_viewport()
    await expect(page.get_by_test_id("to-bottom")).to_be_hidden()
    await page.wait_for_timeout(400)  # the glide
    assert await gap_to_end(page) < 2


async def test_a_sample_is_one_click_away(sandbox: Sandbox, page: Page) -> None:
    """The paperclip lists the bundled files; the bot gets the document, and the person can fetch it again."""
    await page.get_by_test_id("attach").click()
    await page.get_by_test_id("sample-contacts_excel_es.csv").click()
    written = await sandbox.update("message")
    async with page.expect_download() as download:
        await page.get_by_test_id("document").click()
    fetched = await download.value

    assert written["document"]["file_name"] == "contacts_excel_es.csv"
    assert fetched.suggested_filename == "contacts_excel_es.csv"
    assert Path(await fetched.path()).stat().st_size == written["document"]["file_size"]


async def test_a_dropped_file_is_uploaded_with_the_text_as_caption(sandbox: Sandbox, page: Page) -> None:
    """Dragging from the desktop onto the chat."""
    await page.get_by_test_id("composer").fill("mis clientes")
    transfer = await page.evaluate_handle(
        "() => { const t = new DataTransfer(); t.items.add(new File(['a;b'], 'míos.csv')); return t }"
    )
    for event in ("dragenter", "drop"):
        await page.dispatch_event("#chat", event, {"dataTransfer": transfer})
    written = await sandbox.update("message")

    assert written["document"]["file_name"] == "míos.csv"
    assert written["caption"] == "mis clientes"


async def test_a_photo_opens_large(sandbox: Sandbox, page: Page) -> None:
    """The campaign's chart is looked at closely."""
    await sandbox.say("/start")
    await sandbox.upload("sendPhoto", "photo", "chart.png", PIXEL, chat_id=str(OWNER), caption="Resumen")
    await page.get_by_test_id("photo").click()

    await expect(page.get_by_test_id("lightbox").locator("img")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("lightbox")).to_have_count(0)


async def test_commands_complete_while_typing(sandbox: Sandbox, page: Page) -> None:
    """In the person's language: Spanish here, the default where there is none."""
    both = {"": "Help", "es": "Ayuda"}
    for language, word in both.items():
        commands = [{"command": "start", "description": "x"}, {"command": "help", "description": word}]
        await sandbox.bot("setMyCommands", commands=commands, language_code=language)
    await page.get_by_test_id("composer").press_sequentially("/he")
    await expect(page.get_by_test_id("command-help")).to_contain_text("Ayuda")
    await expect(page.get_by_test_id("command-start")).to_have_count(0)
    await page.get_by_test_id("composer").press("Enter")
    await sandbox.bot("deleteMyCommands", language_code="es")

    assert (await sandbox.update("message"))["text"] == "/help"


async def test_an_invitation_asks_who_opens_it(sandbox: Sandbox, page: Page) -> None:
    """There is no t.me here: copying or tapping the link lets another person redeem it."""
    await sandbox.greet([[{"text": "Copiar", "copy_text": {"text": INVITATION}}]], text=f"Invitación: {INVITATION}")
    await button(page, "Copiar").click()

    assert await page.evaluate("navigator.clipboard.readText()") == INVITATION
    await page.get_by_test_id("toast-action").click()
    await page.get_by_test_id(f"open-as-{OPERATOR}").click()
    written = await sandbox.update("message")
    assert (written["from"]["id"], written["text"]) == (OPERATOR, "/start inv_AbC-123")
    await expect(page.get_by_test_id(f"person-{OPERATOR}")).to_have_attribute("aria-pressed", "true")
    await page.get_by_test_id(f"person-{OWNER}").click()
    await message(page, "Invitación").get_by_test_id("link").click()
    await expect(page.get_by_test_id("open-as")).to_contain_text("/start inv_AbC-123")
