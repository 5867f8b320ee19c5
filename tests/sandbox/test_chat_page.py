"""The chat page in a real browser, against the real sandbox; bot and SMPP client are a few raw calls of the driver."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.sandbox.chat_page_driver import (
    CHROMIUM,
    EVIL,
    INVITATION,
    OPERATOR,
    OWNER,
    PIXEL,
    STRANGER,
    TEAM,
    Sandbox,
    button,
    gap_to_end,
    message,
    open_page,
    sms_sent,
    started_browser,
    started_sandbox,
    type_and_send,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt install chromium)"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def running(unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Sandbox]:
    async with started_sandbox(smsc_port=unused_tcp_port_factory()) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with started_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(running: Sandbox) -> Sandbox:
    for path in ("/sim/reset", "/sim/smsc/reset"):
        await running.http.post(path, json={})
    await running.bot("deleteMyCommands")
    return running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    page = await open_page(browser, sandbox)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await page.context.close()

    assert errors == []


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


async def test_others_messages_are_counted_until_looked_at(sandbox: Sandbox, page: Page) -> None:
    """A badge on the person, and on the chat; looking at it takes it away, also after a reload."""
    await sandbox.say("hola", chat=STRANGER)
    await sandbox.bot("sendMessage", chat_id=STRANGER, text="Pide una invitación")
    await expect(page.get_by_test_id(f"person-unread-{STRANGER}")).to_have_text("1")
    await page.get_by_test_id(f"person-{STRANGER}").click()
    await expect(message(page, "Pide una invitación")).to_be_visible()
    await page.get_by_test_id(f"person-{OWNER}").click()
    await page.reload()

    await expect(page.get_by_test_id(f"person-{OWNER}")).to_be_visible()
    await expect(page.get_by_test_id(f"person-unread-{STRANGER}")).to_have_count(0)


async def test_a_group_shows_each_side_by_its_person(sandbox: Sandbox, page: Page) -> None:
    """The same message is one's own, or another's with the name on it."""
    await sandbox.say("del Operator", chat=TEAM, user=OPERATOR)
    await page.get_by_test_id(f"chat-{TEAM}").click()

    await expect(message(page, "del Operator").locator(".author")).to_have_text("Operator")
    await page.get_by_test_id(f"person-{OPERATOR}").click()
    await expect(message(page, "del Operator")).to_have_attribute("data-out", "true")
    assert page.url.endswith(f"#{OPERATOR}/{TEAM}")


async def test_replies_edits_reactions_and_pins(sandbox: Sandbox, page: Page) -> None:
    """What a person does to a message, and what the bot does to it."""
    shown = await sandbox.greet(text="Elige un grupo")
    await message(page, "Elige un grupo").get_by_test_id("message-menu").click()
    await page.get_by_test_id("menu-reply").click()
    await type_and_send(page, "Clientes")
    written = await sandbox.update("message")
    await sandbox.bot(
        "setMessageReaction",
        chat_id=OWNER,
        message_id=written["message_id"],
        reaction=[{"type": "emoji", "emoji": "👀"}],
    )
    await sandbox.bot("pinChatMessage", chat_id=OWNER, message_id=shown)

    assert written["reply_to_message"]["message_id"] == shown
    await expect(message(page, "Clientes").get_by_test_id("quote")).to_contain_text("Elige un grupo")
    await expect(message(page, "Clientes").get_by_test_id("reaction")).to_have_text("👀")
    await expect(page.get_by_test_id("pinned")).to_contain_text("Elige un grupo")
    await page.get_by_test_id("composer").press("ArrowUp")
    await type_and_send(page, "Clientes Lima")
    assert (await sandbox.update("edited_message"))["text"] == "Clientes Lima"


async def test_an_action_shows_until_the_message_comes(sandbox: Sandbox, page: Page) -> None:
    """ "Typing" is over when the message is there."""
    await sandbox.say("/start")
    await sandbox.bot("sendChatAction", chat_id=OWNER, action="upload_document")
    await expect(page.get_by_test_id("status")).to_have_text("enviando un archivo…")
    await sandbox.bot("sendMessage", chat_id=OWNER, text="aquí está")

    await expect(page.get_by_test_id("status")).not_to_have_text("enviando un archivo…")


async def test_an_own_contact_card_is_sent(sandbox: Sandbox, page: Page) -> None:
    """Contacts can be added by forwarding a card."""
    await page.get_by_test_id("attach").click()
    await page.get_by_test_id("attach-contact").click()
    await page.get_by_test_id("contact-send").click()

    assert (await sandbox.update("message"))["contact"]["first_name"] == "Owner"
    await expect(page.get_by_test_id("contact")).to_contain_text("Owner")


async def test_a_reload_and_a_lost_connection_lose_nothing(sandbox: Sandbox, page: Page) -> None:
    """Everything is the server's; the page asks again."""
    await sandbox.greet([[{"text": "Campañas", "callback_data": "c"}]])
    await page.get_by_test_id(f"person-{OPERATOR}").click()
    await page.evaluate("location.hash = '#1001/1001'")
    await page.reload()
    await expect(button(page, "Campañas")).to_be_visible()
    # The stream is cut at the server's side, as a restart would; meanwhile something happens.
    await page.context.set_offline(True)
    await sandbox.bot("sendMessage", chat_id=OWNER, text="mientras tanto")
    await page.context.set_offline(False)

    await expect(message(page, "mientras tanto")).to_be_visible(timeout=15_000)


async def test_a_long_chat_draws_its_end_first(sandbox: Sandbox, page: Page) -> None:
    """A thousand messages stay light; scrolling up brings the earlier ones."""
    await page.close()
    for number in range(1_000):
        await sandbox.say(f"número {number}.")
    again = await page.context.new_page()
    await again.goto(f"{sandbox.url}#{OWNER}/{OWNER}")
    await expect(message(again, "número 999.")).to_be_in_viewport()

    assert await again.get_by_test_id("message").count() <= 100
    for earlier in (900, 800):
        await again.locator("#scroller").evaluate("e => e.scrollTo(0, 0)")
        await expect(message(again, f"número {earlier}.")).to_have_count(1)


async def test_a_handset_shows_its_sms_and_answers(sandbox: Sandbox, page: Page) -> None:
    """The phone's owner replies; the bound client gets a deliver_sm."""
    handset = page.get_by_test_id("handset")
    async with sms_sent(sandbox.smsc_port, "51987763010", "Hola, tu cuota vence hoy"):
        await expect(handset).to_have_attribute("data-number", "51987763010")
        await expect(handset.get_by_test_id("sms")).to_contain_text("Hola, tu cuota vence hoy")
        await expect(handset.locator(".stat")).to_have_text("entregado", timeout=10_000)
        await handset.get_by_test_id("handset-reply").fill("BAJA")
        await handset.get_by_test_id("handset-reply").press("Enter")
        await page.get_by_test_id("tab-operator").click()

        await expect(page.get_by_test_id("counter-received")).to_have_attribute("data-value", "1")
        await expect(page.get_by_test_id("counter-incoming")).to_have_attribute("data-value", "1")
        await expect(page.locator(".sessions")).to_contain_text("pregon")
        await page.get_by_test_id("drop-link").click()
        await expect(page.locator(".sessions")).to_contain_text("Ninguna")


async def test_the_operators_buttons_change_its_behaviour(sandbox: Sandbox, page: Page) -> None:
    """One tap throttles everybody, one tap makes it normal again; a fault of Telegram is armed by a tap, too."""
    await page.get_by_test_id("tab-operator").click()
    await page.get_by_test_id("behaviour-throttle").click()
    await expect(page.get_by_test_id("behaviour-throttle")).to_have_attribute("aria-pressed", "true")
    throttled = (await sandbox.http.get("/sim/smsc/behaviour")).json()
    await page.get_by_test_id("behaviour-normal").click()
    await expect(page.get_by_test_id("behaviour-normal")).to_have_attribute("aria-pressed", "true")
    await page.get_by_test_id("fault-429").click()
    await expect(page.get_by_test_id("toast").last).to_contain_text("429")
    refused = await sandbox.http.post("/bot42:test/getMe")

    assert json.dumps(throttled["default"]).count("throttled") == 1
    assert refused.json()["parameters"]["retry_after"] == 5


async def test_the_page_switches_to_english(sandbox: Sandbox, page: Page) -> None:
    """The page's words only; the choice is remembered."""
    await page.get_by_test_id("lang").click()
    await page.reload()

    await expect(page.get_by_test_id("composer")).to_have_attribute("placeholder", "Write a message")
    await expect(page.get_by_test_id("tab-handsets")).to_have_text("Handsets")


async def test_everything_is_reachable_at_phone_width(sandbox: Sandbox, browser: Browser) -> None:
    """390 px: people above, chats and phones as tabs, nothing to scroll sideways."""
    await sandbox.greet([[{"text": f"botón {number}", "callback_data": str(number)} for number in range(3)]])
    page = await open_page(browser, sandbox, viewport={"width": 390, "height": 844})
    await expect(button(page, "botón 2")).to_be_in_viewport()
    await page.get_by_test_id("view-panel").click()
    await expect(page.get_by_test_id("tab-operator")).to_be_visible()
    await page.get_by_test_id(f"chat-{TEAM}").click()
    await type_and_send(page, "desde el teléfono")

    await expect(message(page, "desde el teléfono")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.context.close()
