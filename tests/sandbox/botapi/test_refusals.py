"""Every refusal, in the words of Telegram."""

import json

import pytest

OWNER = 1001
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + (640).to_bytes(4, "big")
    + (480).to_bytes(4, "big")
    + b"\x08\x02\x00\x00\x00"
)


def button(**fields: object) -> dict:
    return {"inline_keyboard": [[{"text": "ok", **fields}]]}


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        pytest.param("sendMessage", {"text": "x" * 4097}, "message is too long", id="text over 4096"),
        pytest.param("sendMessage", {"text": ""}, "message text is empty", id="empty text"),
        pytest.param("sendMessage", {}, "message text is empty", id="no text"),
        pytest.param("sendMessage", {"text": " \n "}, "text must be non-empty", id="blank text"),
        pytest.param(
            "sendMessage", {"text": "<b></b>", "parse_mode": "HTML"}, "text must be non-empty", id="only tags"
        ),
        pytest.param("sendMessage", {"text": "x", "chat_id": 99}, "chat not found", id="no such chat"),
        pytest.param("sendMessage", {"text": "x", "chat_id": 1002}, "chat not found", id="a person who never wrote"),
        pytest.param("sendMessage", {"text": "x", "chat_id": "@nobody"}, "chat not found", id="unknown name"),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_parameters": {"message_id": 900}},
            "message to be replied not found",
            id="reply to nothing",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": button(callback_data="é" * 33)},
            "BUTTON_DATA_INVALID",
            id="callback data of 66 bytes",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": button()},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            id="button without action",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": button(callback_data="a", style="blue")},
            "can't parse inline keyboard button: invalid button style specified",
            id="unknown style",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": button(copy_text={"text": "x" * 257})},
            "BUTTON_COPY_TEXT_INVALID",
            id="copy_text over 256",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": button(url="no address")},
            "inline keyboard button URL 'no address' is invalid: Wrong HTTP URL",
            id="button with a broken URL",
        ),
        pytest.param(
            "sendMessage",
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "a"}]] * 101}},
            "reply markup is too long",
            id="101 buttons",
        ),
        pytest.param(
            "sendMessage", {"text": "x", "parse_mode": "bbcode"}, "unsupported parse_mode", id="unknown parse mode"
        ),
        pytest.param(
            "editMessageText", {"text": "x", "message_id": 900}, "message to edit not found", id="edit nothing"
        ),
        pytest.param(
            "editMessageText", {"text": "x", "message_id": 1}, "message can't be edited", id="edit a person's"
        ),
        pytest.param("deleteMessage", {"message_id": 900}, "message to delete not found", id="delete nothing"),
        pytest.param("pinChatMessage", {"message_id": 900}, "message to pin not found", id="pin nothing"),
        pytest.param("unpinChatMessage", {}, "message to unpin not found", id="unpin nothing"),
        pytest.param("sendChatAction", {"action": "dance"}, "wrong parameter action in request", id="unknown action"),
        pytest.param(
            "setMessageReaction",
            {"message_id": 1, "reaction": [{"type": "emoji", "emoji": "🥸"}]},
            "REACTION_INVALID",
            id="reaction outside the list",
        ),
        pytest.param("sendDocument", {"document": "nothing"}, "wrong file identifier/HTTP URL specified", id="file id"),
        pytest.param("sendDocument", {}, "there is no document in the request", id="no document"),
        pytest.param("sendMediaGroup", {"media": []}, "there are no messages to send", id="empty album"),
    ],
)
async def test_telegram_refuses_in_its_own_words(sandbox, method, params, sentence):
    """A bot that handles these sentences handles Telegram's."""
    answer = await sandbox.call(method, **{"chat_id": OWNER, **params})

    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {sentence}"}


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        pytest.param("setMyCommands", {"commands": [{"command": "Start", "description": "x"}]}, "BOT_COMMAND_INVALID",
                     id="capital letter"),
        pytest.param("setMyCommands", {"commands": [{"command": "", "description": "x"}]}, "command must be non-empty",
                     id="empty"),
        pytest.param("setMyCommands", {"commands": [{"command": "a" * 33, "description": "x"}]},
                     "command length must not exceed 32", id="33 letters"),
        pytest.param("setMyCommands", {"commands": [{"command": "a", "description": "x" * 257}]},
                     "command description length must not exceed 256", id="long description"),
        pytest.param("setMyCommands", {"commands": [{"command": f"a{n}", "description": "x"} for n in range(101)]},
                     "BOT_COMMANDS_TOO_MUCH", id="101 commands"),
        pytest.param("setMyCommands", {"commands": [], "scope": {"type": "chat", "chat_id": 5}}, "chat not found",
                     id="scope of an unknown chat"),
        pytest.param("setMyCommands", {"commands": [], "language_code": "spa"}, "invalid language code specified",
                     id="language of three letters"),
        pytest.param("getFile", {"file_id": "nothing"}, "invalid file_id", id="unknown file"),
        pytest.param("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "MESSAGE_TOO_LONG",
                     id="toast over 200"),
        pytest.param("answerCallbackQuery", {"callback_query_id": "1"},
                     "query is too old and response timeout expired or query ID is invalid", id="unknown tap"),
        pytest.param("setWebhook", {"url": "ftp://here"}, "invalid webhook URL specified", id="webhook by ftp"),
        pytest.param("setWebhook", {"url": "https://here", "secret_token": "ä"},
                     "secret token contains unallowed characters", id="secret with a letter too many"),
    ],
)  # fmt: skip
async def test_what_is_not_about_a_chat_is_refused_too(sandbox, method, params, sentence):
    """The same sentences without a chat."""
    assert await sandbox.refusal(method, **params) == f"Bad Request: {sentence}"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        pytest.param({"parsemode": "HTML"}, "parsemode", id="mistyped parameter"),
        pytest.param({"reply_markup": button(calback_data="a", callback_data="b")},
                     "reply_markup.inline_keyboard.0.0.calback_data", id="mistyped field of a button"),
        pytest.param({"reply_markup": {"foo": 1}}, "reply_markup.foo", id="no markup at all"),
        pytest.param({"link_preview_options": {"disabled": True}}, "link_preview_options.disabled", id="nested"),
    ],
)  # fmt: skip
async def test_a_field_that_the_bot_api_does_not_have_is_told(sandbox, params, told):
    """Telegram ignores it and the bot's author wonders for a day."""
    assert await sandbox.refusal("sendMessage", chat_id=OWNER, text="x", **params) == f"SANDBOX: unknown fields {told}"


async def test_more_than_eight_buttons_in_a_row_and_two_actions_are_stricter_on_purpose(sandbox):
    """Telegram breaks the row, or takes the first action, without a word."""
    row = {"inline_keyboard": [[{"text": "a", "callback_data": "a"}] * 9]}
    two = button(callback_data="a", url="https://example.org")

    assert "8 buttons" in await sandbox.refusal("sendMessage", chat_id=OWNER, text="x", reply_markup=row)
    assert "exactly one action" in await sandbox.refusal("sendMessage", chat_id=OWNER, text="x", reply_markup=two)


async def test_an_edit_that_changes_nothing_is_refused_and_a_removed_keyboard_is_a_change(sandbox):
    """An edit without ``reply_markup`` takes the keyboard away, as in Telegram."""
    keyboard = button(callback_data="a")
    sent = await sandbox.result("sendMessage", chat_id=OWNER, text="one", reply_markup=keyboard)
    at = {"chat_id": OWNER, "message_id": sent["message_id"]}
    same = await sandbox.refusal("editMessageText", **at, text="one", reply_markup=keyboard)
    bare = await sandbox.result("editMessageText", **at, text="one")

    assert same == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as "
        "a current content and reply markup of the message"
    )
    assert "reply_markup" not in bare
    assert bare["edit_date"] >= bare["date"]


async def test_text_and_caption_edits_know_the_kind_of_message(sandbox):
    """editMessageText wants a text, editMessageCaption a media."""
    text = await sandbox.result("sendMessage", chat_id=OWNER, text="one")
    answer = await sandbox.upload("sendDocument", {"document": ("a.csv", b"1")}, chat_id=OWNER)
    document = answer["result"]["message_id"]
    on_document = await sandbox.refusal("editMessageText", chat_id=OWNER, message_id=document, text="x")
    on_text = await sandbox.refusal("editMessageCaption", chat_id=OWNER, message_id=text["message_id"], caption="x")

    assert on_document == "Bad Request: there is no text in the message to edit"
    assert on_text == "Bad Request: there is no caption in the message to edit"


async def test_uploads_are_limited_as_on_the_hosted_bot_api(sandbox):
    """Empty, over 1,024 letters of caption, no image, a photo over 10 MB."""

    async def refused(method: str, part: str, content: bytes, **params: object) -> str:
        answer = await sandbox.upload(method, {part: ("a.png", content)}, chat_id=OWNER, **params)
        return answer["description"]

    assert await refused("sendDocument", "document", b"") == "Bad Request: file must be non-empty"
    long = await refused("sendDocument", "document", b"1", caption="x" * 1025)
    assert long == "Bad Request: message caption is too long"
    assert await refused("sendPhoto", "photo", b"text") == "Bad Request: IMAGE_PROCESS_FAILED"
    assert "too big for a photo" in await refused("sendPhoto", "photo", PNG + bytes(10 << 20))


async def test_a_request_over_50_mb_is_too_large(sandbox):
    """413, before the method is looked at."""
    answer = await sandbox.upload("sendDocument", {"document": ("a.bin", bytes(52 << 20))}, chat_id=OWNER)

    assert answer == {"ok": False, "error_code": 413, "description": "Request Entity Too Large"}


async def test_a_person_may_upload_what_the_bot_may_not_download(sandbox):
    """21 MB arrive as a message, and getFile refuses."""
    files = {"file": ("big.csv", bytes(21 << 20))}
    form = {"chat_id": "1001", "user_id": "1001"}
    sent = (await sandbox.client.post("/sim/document", data=form, files=files)).json()
    document = (await sandbox.chat())[-1]["document"]

    assert sent["ok"]
    assert document["file_size"] == 21 << 20
    assert await sandbox.refusal("getFile", file_id=document["file_id"]) == "Bad Request: file is too big"


async def test_a_person_who_blocked_the_bot_gets_nothing_until_unblocked(sandbox):
    """403, in private only; the bot is told by my_chat_member."""
    blocked = await sandbox.act("block", user_id=OWNER)
    refused = await sandbox.call("sendMessage", chat_id=OWNER, text="x")
    await sandbox.act("block", user_id=OWNER, blocked=False)
    updates = await sandbox.result("getUpdates", offset=blocked["update_id"])

    assert refused == {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked by the user"}
    assert [one["my_chat_member"]["new_chat_member"]["status"] for one in updates] == ["kicked", "member"]
    assert (await sandbox.call("sendMessage", chat_id=OWNER, text="x"))["ok"]


async def test_a_message_of_the_day_before_yesterday_cannot_be_deleted(sandbox):
    """48 hours."""
    sent = await sandbox.result("sendMessage", chat_id=OWNER, text="old")
    sandbox.clock.ahead_s = 49 * 3600
    refused = await sandbox.refusal("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])

    assert refused == "Bad Request: message can't be deleted for everyone"


async def test_a_tap_takes_one_answer_and_not_for_ever(sandbox):
    """A second answer and a late one are refused by the same sentence."""
    sent = await sandbox.result("sendMessage", chat_id=OWNER, text="x", reply_markup=button(callback_data="a"))
    tap = {"chat_id": OWNER, "user_id": OWNER, "message_id": sent["message_id"], "label": "ok"}
    first = (await sandbox.act("callback", **tap))["callback_query_id"]
    second = (await sandbox.act("callback", **tap))["callback_query_id"]
    answered = await sandbox.result("answerCallbackQuery", callback_query_id=first)
    again = await sandbox.refusal("answerCallbackQuery", callback_query_id=first)
    sandbox.clock.ahead_s = 3600
    late = await sandbox.refusal("answerCallbackQuery", callback_query_id=second)

    assert answered is True
    assert again == late
    assert "query is too old" in late


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"chat_id": 1001, "text": "\\ud83d"}'], ids=["cut", "list", "half an emoji"]
)
async def test_a_body_that_is_not_json_is_refused(sandbox, body):
    """400 in JSON, never a crash."""
    headers = {"content-type": "application/json"}
    answer = await sandbox.client.post("/bot7000000001:secret/sendMessage", content=body, headers=headers)
    person = await sandbox.client.post("/sim/message", content=body, headers=headers)

    assert answer.json()["description"].startswith("Bad Request: can't parse")
    assert person.status_code == 400
    assert person.json()["ok"] is False


async def test_unknown_methods_tokens_and_paths(sandbox):
    """404, 401, and our own word for what Telegram has and we have not."""
    unknown = await sandbox.call("sendPigeon")
    malformed = await sandbox.client.get("/botnonsense/getMe")
    missing = await sandbox.client.get("/file/bot7000000001:secret/documents/none.csv")

    assert unknown == {"ok": False, "error_code": 404, "description": "Not Found: method not found"}
    assert malformed.status_code == 401
    assert malformed.json()["description"] == "Unauthorized: invalid token specified"
    assert missing.status_code == 404
    assert await sandbox.refusal("sendVenue", chat_id=OWNER, latitude=1, longitude=1, title="a", address="b") == (
        "SANDBOX: method not emulated"
    )


async def test_an_option_that_would_be_ignored_is_refused(sandbox):
    """Silence would look like support."""
    refused = await sandbox.refusal("sendMessage", chat_id=OWNER, text="x", message_thread_id=3)

    assert refused == "SANDBOX: parameter message_thread_id not emulated"


async def test_albums_do_not_mix_documents_and_photos(sandbox):
    """Documents stay among themselves."""
    media = [{"type": "document", "media": "attach://a"}, {"type": "photo", "media": "attach://b"}]
    files = {"a": ("a.csv", b"1"), "b": ("b.png", PNG)}
    answer = await sandbox.upload("sendMediaGroup", files, chat_id=OWNER, media=json.dumps(media))

    assert answer["description"] == "Bad Request: Document can't be mixed with other media types"
