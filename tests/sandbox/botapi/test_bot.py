"""A real python-telegram-bot application over HTTP: the whole road, from a tap to a document and back."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from telegram import (
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Update,
)
from telegram.constants import ParseMode
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

TOKEN = "7000000001:secret"
OWNER = 1001
CSV = "numero;nombre\r\n51987000001;Ñandú\r\n".encode("cp1252")
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (640).to_bytes(4, "big")
    + (480).to_bytes(4, "big")
    + b"\x08\x02\x00\x00\x00"
)


class Desk:
    """A bot with one screen: it asks for a file, counts its lines, and sends back the refused ones."""

    def __init__(self) -> None:
        self.finished: asyncio.Queue[str] = asyncio.Queue()
        self.received = b""

    async def start(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        keyboard = InlineKeyboardMarkup([
            [InlineKeyboardButton("Importar", callback_data="c1:import", style="primary")],
            [InlineKeyboardButton("Copiar", copy_text=CopyTextButton("1001"))],
        ])  # fmt: skip
        await update.effective_message.reply_html("👍 <b>Hola</b> &amp; bienvenido", reply_markup=keyboard)
        self.finished.put_nowait("start")

    async def tap(self, update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        await update.callback_query.answer("Envíe su archivo")
        await update.callback_query.edit_message_text("Espero un <i>.csv</i>", parse_mode=ParseMode.HTML)
        self.finished.put_nowait("tap")

    async def document(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        await message.set_reaction("👀")
        await message.reply_chat_action("upload_document")
        file = await message.document.get_file()
        self.received = bytes(await file.download_as_bytearray())
        card = await message.reply_html("Leyendo…", reply_to_message_id=message.message_id)
        await card.edit_text("<b>1</b> contacto", parse_mode=ParseMode.HTML)
        await context.bot.pin_chat_message(message.chat_id, card.message_id)
        await message.reply_document(
            b"linea;motivo\r\n", filename="errores.csv", caption="<b>0</b> rechazados", parse_mode=ParseMode.HTML
        )
        self.finished.put_nowait("document")

    async def done(self, what: str) -> None:
        async with asyncio.timeout(5):
            assert await self.finished.get() == what


@pytest.fixture
async def bot(sandbox) -> AsyncIterator[tuple[Application, Desk]]:
    """The application, polling."""
    desk = Desk()
    builder = ApplicationBuilder().token(TOKEN).job_queue(None)
    application = builder.base_url(f"{sandbox.url}/bot").base_file_url(f"{sandbox.url}/file/bot").build()
    application.add_handler(CommandHandler("start", desk.start))
    application.add_handler(CallbackQueryHandler(desk.tap))
    application.add_handler(MessageHandler(filters.Document.ALL & filters.UpdateType.MESSAGE, desk.document))
    async with application:
        await application.start()
        await application.updater.start_polling(timeout=10, allowed_updates=["message", "callback_query"])
        yield application, desk
        await application.updater.stop()
        await application.stop()


async def test_start_button_document_download_edit_document(sandbox, bot):
    """The main job of the product's chat, on the wire of Telegram."""
    _, desk = bot
    await desk.done("start")
    menu = (await sandbox.chat())[-1]
    tap = await sandbox.act(
        "callback", chat_id=OWNER, user_id=OWNER, message_id=menu["message_id"], label="Importar", wait=5
    )
    await desk.done("tap")
    files = {"file": ("contactos.csv", CSV, "text/csv")}
    sent = (await sandbox.client.post("/sim/document", data={"chat_id": "1001", "user_id": "1001"}, files=files)).json()
    await desk.done("document")
    upload, card, errors = [one for one in await sandbox.chat() if one["message_id"] >= sent["message_id"]]
    download = await sandbox.client.get(f"/sim/file/{errors['document']['file_id']}")
    text = (await sandbox.client.get(f"/sim/chat/{OWNER}?format=text")).text

    assert menu["text"] == "👍 Hola & bienvenido"
    assert menu["entities"] == [{"type": "bold", "offset": 3, "length": 4}]
    assert menu["reply_markup"]["inline_keyboard"][0][0]["style"] == "primary"
    assert menu["sim"] == {"outgoing": True, "reactions": [], "pinned": False}
    assert tap["answer"] == {"text": "Envíe su archivo", "show_alert": False, "url": None}
    assert desk.received == CSV
    assert upload["document"]["file_name"] == "contactos.csv"
    assert upload["sim"]["reactions"] == [{"type": "emoji", "emoji": "👀"}]
    assert (card["text"], card["reply_to_message"]["message_id"]) == ("1 contacto", sent["message_id"])
    assert card["sim"]["pinned"]
    assert card["edit_date"] >= card["date"]
    assert errors["caption_entities"] == [{"type": "bold", "offset": 0, "length": 1}]
    assert download.content == b"linea;motivo\r\n"
    assert "errores.csv" in download.headers["content-disposition"]
    assert text.splitlines()[-2:] == ["    <document errores.csv, 14 bytes>", "    0 rechazados"]


async def test_every_call_is_in_the_outbox_with_its_answer(sandbox, bot):
    """Tests of the bot assert on it; polls are apart."""
    _, desk = bot
    await desk.done("start")
    calls = (await sandbox.client.get("/sim/outbox?since=0")).json()
    sent = [call for call in calls["calls"] if call["method"] == "sendMessage"]
    newer = (await sandbox.client.get(f"/sim/outbox?since={calls['next']}")).json()
    state = (await sandbox.client.get("/sim/state")).json()

    assert "getUpdates" not in {call["method"] for call in calls["calls"]}
    assert (sent[0]["ok"], sent[0]["status"]) == (True, 200)
    assert sent[0]["params"]["parse_mode"] == "HTML"
    assert sent[0]["result"]["message_id"]
    assert newer["calls"] == []
    assert state["polling"] is True


async def test_the_rest_of_what_a_bot_calls(sandbox, bot):
    """Albums, photos, media over text, copies, commands, descriptions, members, deletions."""
    application, _ = bot
    api = application.bot
    photo = await api.send_photo(OWNER, PNG, caption="x")
    album = await api.send_media_group(
        OWNER, [InputMediaDocument(b"1", filename="a.csv"), InputMediaDocument(b"2", filename="b.csv", caption="two")]
    )
    text = await api.send_message(OWNER, "text")
    over_text = await text.edit_media(InputMediaPhoto(PNG, caption="now a chart"))
    again = await api.send_document(OWNER, album[0].document.file_id)
    copied = await again.copy(OWNER, caption="copy")
    forwarded = await again.forward(OWNER)
    await api.set_my_commands([("start", "Inicio")], language_code="es")
    commands = await api.get_my_commands(language_code="es")
    await api.set_my_short_description("SMS", language_code="es")
    described = await api.get_my_short_description("es")
    member = await api.get_chat_member(-1002000000001, OWNER)
    chat = await api.get_chat(OWNER)
    await api.delete_messages(OWNER, [copied.message_id, forwarded.message_id, 999])
    shown = {one["message_id"] for one in await sandbox.chat()}
    menu = (await sandbox.client.get("/sim/state")).json()["bot"]["commands"]

    assert (photo.photo[-1].width, photo.photo[-1].height) == (640, 480)
    assert album[0].media_group_id == album[1].media_group_id is not None
    assert album[1].caption == "two"
    assert (over_text.message_id, over_text.caption, over_text.text) == (text.message_id, "now a chart", None)
    assert again.document.file_id == album[0].document.file_id
    assert forwarded.forward_origin.sender_user.is_bot
    assert [command.command for command in commands] == ["start"]
    assert menu == {"es": [{"command": "start", "description": "Inicio"}]}
    assert described.short_description == "SMS"
    assert member.status == "creator"
    assert chat.first_name == "Owner"
    assert not {copied.message_id, forwarded.message_id} & shown
