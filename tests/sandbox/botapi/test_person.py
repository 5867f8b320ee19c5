"""The person's side: what the page and the tests use."""

import asyncio
import json
from pathlib import Path

import pytest

OWNER = 1001
GROUP = -1002000000001
SAMPLES = Path(__file__).parents[3] / "sandbox" / "samples"


async def refused(sandbox, path: str, **body: object) -> tuple[int, str]:
    answer = await sandbox.client.post(f"/sim/{path}", json=body)
    return answer.status_code, answer.json()["error"]


async def test_the_state_names_people_group_samples_and_bot(start):
    """Everything that the page needs before the first message."""
    sandbox = await start(samples=SAMPLES)
    state = (await sandbox.client.get("/sim/state")).json()

    assert [(one["id"], one["first_name"], one["chat_id"]) for one in state["people"]] == [
        (1001, "Owner", 1001),
        (1002, "Operator", 1002),
        (1003, "Viewer", 1003),
        (1004, "Stranger", 1004),
    ]
    assert state["groups"] == [{"id": GROUP, "title": "Team", "members": [1001, 1002, 1003, 1004]}]
    assert state["samples"][0] == {"name": "contacts_excel_es.csv", "size": 496}
    assert all(sample["name"].endswith(".csv") for sample in state["samples"])
    assert state["bot"]["username"] == "pregon_demo_bot"
    assert state["bot"]["commands"] == {}
    assert state["polling"] is False


async def test_a_sample_is_uploaded_by_its_name(start):
    """One click on the page."""
    sandbox = await start(samples=SAMPLES)
    sent = await sandbox.act("document", chat_id=OWNER, user_id=OWNER, sample="contacts_excel_es.csv")
    (message,) = await sandbox.chat()
    content = await sandbox.client.get(f"/sim/file/{message['document']['file_id']}")

    assert message["message_id"] == sent["message_id"]
    assert message["document"]["mime_type"] == "text/csv"
    assert content.content == (SAMPLES / "contacts_excel_es.csv").read_bytes()
    assert content.headers["content-type"] == "text/csv"


async def test_a_text_longer_than_one_message_becomes_several(sandbox):
    """As Telegram's apps send it; the answer names the last."""
    last = await sandbox.say("x" * 5000)
    lengths = [len(one["text"]) for one in await sandbox.chat()]
    updates = await sandbox.result("getUpdates")

    assert lengths == [6, 4096, 904]
    assert updates[-1]["message"]["message_id"] == last


async def test_a_contact_card_an_own_edit_and_a_reply(sandbox):
    """The other things that a person can do."""
    card = await sandbox.act("contact", chat_id=OWNER, user_id=OWNER, phone_number="+51987000001", first_name="Viewer")
    written = await sandbox.say("tow")
    await sandbox.act("edit", chat_id=OWNER, user_id=OWNER, message_id=written, text="two")
    await sandbox.act("message", chat_id=OWNER, user_id=OWNER, text="three", reply_to_message_id=written)
    updates = await sandbox.result("getUpdates", offset=card["update_id"])

    assert updates[0]["message"]["contact"] == {"phone_number": "+51987000001", "first_name": "Viewer"}
    assert updates[2]["edited_message"]["text"] == "two"
    assert updates[2]["edited_message"]["edit_date"]
    assert updates[3]["message"]["reply_to_message"]["text"] == "two"


async def test_everybody_writes_into_the_group_under_their_own_name(sandbox):
    """One chat, several senders."""
    await sandbox.say("hello", user_id=1002, chat_id=GROUP)
    await sandbox.result("sendMessage", chat_id=GROUP, text="seen")
    text = (await sandbox.client.get(f"/sim/chat/{GROUP}?format=text")).text
    update = (await sandbox.result("getUpdates", offset=-1))[0]

    assert text == "#1 Operator:\n    hello\n#2 Pregón:\n    seen\n"
    assert update["message"]["chat"] == {"id": GROUP, "type": "supergroup", "title": "Team"}


async def test_the_transcript_shows_buttons_as_labels(sandbox):
    """One keyboard row a line."""
    keyboard = {"inline_keyboard": [[{"text": "Sí", "callback_data": "y"}, {"text": "No", "callback_data": "n"}]]}
    await sandbox.result("sendMessage", chat_id=OWNER, text="¿Enviar?", reply_markup=keyboard)
    text = (await sandbox.client.get(f"/sim/chat/{OWNER}?format=text")).text

    assert text == "#1 Owner:\n    /start\n#2 Pregón:\n    ¿Enviar?\n    [Sí] [No]\n"


async def test_a_button_is_tapped_by_label_by_data_or_when_it_is_gone(sandbox):
    """Somebody taps while the keyboard changes: the data arrives all the same."""
    keyboard = {
        "inline_keyboard": [[{"text": "Go", "callback_data": "go"}, {"text": "Id", "copy_text": {"text": "1"}}]]
    }
    sent = await sandbox.result("sendMessage", chat_id=OWNER, text="x", reply_markup=keyboard)
    at = {"chat_id": OWNER, "user_id": OWNER, "message_id": sent["message_id"]}
    tapped = await sandbox.act("callback", **at, label="Go")
    stale = await sandbox.act("callback", **at, data="of yesterday", wait=0.01)
    updates = await sandbox.result("getUpdates", offset=tapped["update_id"])
    unknown = await refused(sandbox, "callback", **at, label="Stop")

    assert [one["callback_query"]["data"] for one in updates] == ["go", "of yesterday"]
    assert updates[0]["callback_query"]["from"]["id"] == OWNER
    assert updates[0]["callback_query"]["message"]["text"] == "x"
    assert stale["answer"] is None
    assert unknown == (404, "no button «Stop» there; there are: Go, Id")
    assert (await refused(sandbox, "callback", **at, label="Id"))[0] == 400


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        pytest.param("message", {"chat_id": 1, "user_id": OWNER, "text": "x"}, (404, "no such chat"), id="chat"),
        pytest.param("message", {"chat_id": OWNER, "user_id": 1, "text": "x"}, (404, "no such person"), id="person"),
        pytest.param("message", {"chat_id": OWNER, "user_id": 1002, "text": "x"}, (403, "not a member of this chat"),
                     id="somebody else's chat"),
        pytest.param("message", {"chat_id": OWNER, "user_id": OWNER}, (400, "text: Field required"), id="no text"),
        pytest.param("callback", {"chat_id": OWNER, "user_id": OWNER, "message_id": 99, "data": "x"},
                     (404, "no such message"), id="no such message"),
        pytest.param("edit", {"chat_id": GROUP, "user_id": 1002, "message_id": 99, "text": "x"},
                     (404, "no such message"), id="edit nothing"),
        pytest.param("document", {"chat_id": OWNER, "user_id": OWNER, "sample": "../x"},
                     (404, "no sample named ../x"), id="no such sample"),
    ],
)  # fmt: skip
async def test_what_a_person_cannot_do_is_answered_in_json(sandbox, path, body, answer):
    """4xx and one sentence."""
    assert await refused(sandbox, path, **body) == answer


async def test_a_reset_empties_chats_and_ids_go_on(sandbox):
    """A message of before can never be mistaken for one of after."""
    before = await sandbox.act("message", chat_id=OWNER, user_id=OWNER, text="x")
    await sandbox.act("reset")
    empty = await sandbox.chat()
    pending = await sandbox.result("getUpdates")
    after = await sandbox.act("message", chat_id=OWNER, user_id=OWNER, text="x")

    assert empty == pending == []
    assert after["update_id"] > before["update_id"]
    assert after["message_id"] > before["message_id"]


async def test_the_page_is_told_what_happens(sandbox):
    """Server-sent events, one JSON a frame."""
    events: asyncio.Queue[dict] = asyncio.Queue()
    connected = asyncio.Event()

    async def listen() -> None:
        async with sandbox.client.stream("GET", "/sim/events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                connected.set()
                if line.startswith("data: "):
                    events.put_nowait(json.loads(line.removeprefix("data: ")))

    listener = asyncio.create_task(listen())
    await connected.wait()
    keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    sent = await sandbox.result("sendMessage", chat_id=OWNER, text="one", reply_markup=keyboard)
    at = {"chat_id": OWNER, "message_id": sent["message_id"]}
    await sandbox.result("sendChatAction", chat_id=OWNER, action="typing")
    tap = await sandbox.act("callback", **at, user_id=OWNER, data="go")
    await sandbox.result("answerCallbackQuery", callback_query_id=tap["callback_query_id"], text="ok", show_alert=True)
    await sandbox.result("editMessageText", **at, text="two")
    await sandbox.result("setMessageReaction", **at, reaction=[{"type": "emoji", "emoji": "👍"}])
    await sandbox.result("pinChatMessage", **at)
    await sandbox.result("deleteMessage", **at)
    await sandbox.result("setMyCommands", commands=[])
    sandbox.api.publish({"kind": "sms", "handset": "51987000001", "entry": {}})
    await sandbox.act("reset")
    async with asyncio.timeout(5):
        heard = [await events.get() for _ in range(11)]
    listener.cancel()
    by_kind = {event["kind"]: event for event in heard}

    assert [event["kind"] for event in heard if event["kind"] != "sms"] == [
        "message", "action", "answer", "edit", "reaction", "pin", "delete", "pin", "commands", "reset",
    ]  # fmt: skip
    assert by_kind["message"]["message"]["sim"]["outgoing"] is True
    assert by_kind["edit"]["message"]["text"] == "two"
    assert by_kind["action"] == {"kind": "action", "chat_id": OWNER, "action": "typing"}
    assert by_kind["answer"] == {
        "kind": "answer",
        "chat_id": OWNER,
        "user_id": OWNER,
        "callback_query_id": tap["callback_query_id"],
        "text": "ok",
        "show_alert": True,
        "url": None,
    }
    assert by_kind["reaction"]["reactions"] == [{"type": "emoji", "emoji": "👍"}]
    assert by_kind["pin"]["message_id"] is None
    assert by_kind["sms"]["handset"] == "51987000001"
