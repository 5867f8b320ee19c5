"""The chat page with several people, a group, a reload and the panel, in a real browser against the real sandbox."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.sandbox.page.driver import (
    CHROMIUM,
    OPERATOR,
    OWNER,
    STRANGER,
    TEAM,
    Sandbox,
    button,
    message,
    open_page,
    sms_sent,
    type_and_send,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (Debian: apt install chromium)"),
]


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
