"""Updates become screens: over HTTP, against the sandbox."""

import dataclasses
from datetime import timedelta
from typing import Any, Final

import pytest

from domain.models import Conversation, Membership
from domain.rules.role import Role
from domain.usecases import accounts
from sandbox.botapi.people import BY_ID
from tests.acceptance.programs import until
from tests.bot.conftest import HOME, TEAM, Cast, running_bot
from tests.bot.rehearsal import Answered, Count, Govern, Menu, backstage
from tests.conftest import OWNER, STRANGER, VIEWER

_HOUR: Final = timedelta(hours=1)


async def open_menu(cast: Cast) -> int:
    """Reach the test's menu by a tap that Home does not offer, as an old client could. Returns its message."""
    await cast.owner.say("/start")
    home = await cast.owner.sees(HOME)
    await forge(cast, home["message_id"], Menu().pack())
    menu = await cast.owner.sees("Menu", "Documents")
    return int(menu["message_id"])


async def forge(cast: Cast, message_id: int, data: str, *, user: int = OWNER, wait: float = 10) -> Any:
    """Tap with data that the message does not show. Returns what the bot answered to the tap."""
    tapped = await cast.sandbox.post(
        "/sim/callback", chat_id=user, user_id=user, message_id=message_id, data=data, wait=wait
    )
    return tapped["answer"]


async def keyboards(cast: Cast) -> list[int]:
    """The messages that have buttons now, the oldest first."""
    return [m["message_id"] for m in await cast.owner.messages() if m.get("reply_markup")]


async def question() -> str | None:
    """What the owner's next message answers, by the database."""
    row = await Conversation.get_or_none(chat_id=OWNER, user_id=OWNER)
    return row.question if row else None


async def test_a_tap_edits_the_message_that_was_tapped(chat: Cast):
    """One message a flow."""
    menu = await open_menu(chat)
    answer = (await chat.owner.tap("Count"))["answer"]
    shown = await chat.owner.sees("Count 1")

    assert shown["message_id"] == menu
    assert answer["text"] == "counted"


async def test_after_a_typed_answer_only_the_newest_message_has_a_keyboard(chat: Cast):
    """The menu is no longer at the bottom, so the next screen is below, and the old buttons go."""
    await open_menu(chat)
    await chat.owner.tap("Ask")
    await chat.owner.sees("Title?")
    await chat.owner.say("Spring")
    below = await chat.owner.sees("Noted Spring")

    async def only_below() -> bool:
        return await keyboards(chat) == [below["message_id"]]

    await until(only_below, saying="the old keyboard goes")
    assert await question() == Answered(2).pack()


async def test_a_refused_answer_leaves_the_question_open(chat: Cast):
    """The person corrects it; nothing has to be opened again."""
    await open_menu(chat)
    await chat.owner.tap("Ask")
    await chat.owner.say("empty")
    await chat.owner.sees("El título no puede estar vacío")
    await chat.owner.say("Spring")
    await chat.owner.sees("Noted Spring")

    assert backstage.heard == ["Spring"]


async def test_an_open_question_survives_a_new_process(cast: Cast):
    """What was asked before is answered after."""
    async with running_bot(cast.settings, cast.sandbox):
        await open_menu(cast)
        await cast.owner.tap("Ask")
        await cast.owner.say("Spring")
        await cast.owner.sees("Noted Spring")
    async with running_bot(cast.settings, cast.sandbox):
        await cast.owner.say("sale")
        await cast.owner.sees("Both: Spring and sale")

    assert await question() is None


async def test_a_button_that_no_action_reads_is_explained_and_home_is_drawn(chat: Cast):
    """Yesterday's button, or a forged one."""
    menu = await open_menu(chat)
    for data in ("gone:1", "zc", "zc:many", "zm:1"):
        answer = await forge(chat, menu, data)

        assert answer["show_alert"]
        assert "antiguo" in answer["text"]
        assert (await chat.owner.sees(HOME))["message_id"] == menu


async def test_a_stale_button_does_not_close_the_question_of_another_message(chat: Cast):
    """Only its own keyboard goes."""
    menu = await open_menu(chat)
    await chat.owner.tap("Ask")
    await chat.owner.say("Spring")
    await chat.owner.sees("Noted Spring")
    await forge(chat, menu, "gone:1")

    assert await question() == Answered(2).pack()


async def test_two_taps_at_once_are_both_answered(chat: Cast):
    """Double taps happen; the second changes nothing."""
    menu = await open_menu(chat)
    for _ in range(2):
        await forge(chat, menu, Count(5).pack(), wait=0)

    async def both() -> bool:
        calls = (await chat.sandbox.get("/sim/outbox", since=0, method="answerCallbackQuery"))["calls"]
        return len([call for call in calls if call["params"].get("text") == "counted" and call["ok"]]) == 2

    await until(both, saying="both taps are answered")
    assert (await chat.owner.sees("Count 5"))["message_id"] == menu


async def test_a_fault_of_ours_is_told_with_its_id_and_the_question_stays(chat: Cast):
    """The id stands in the log, too."""
    await open_menu(chat)
    answer = (await chat.owner.tap("Broken"))["answer"]

    assert answer["show_alert"]
    assert "código" in answer["text"]
    assert await chat.owner.sees("Menu", "Documents")


async def test_the_slow_tap_is_answered_before_its_screen_and_stop_goes_ahead(chat: Cast):
    """Telegram gives up on a button after about fifteen seconds, and a stop must not wait for what it stops."""
    menu = await open_menu(chat)
    early = await forge(chat, menu, "zs")
    assert early == {"text": None, "show_alert": False, "url": None}
    assert backstage.heard == ["slow begins"]
    await forge(chat, menu, "zx")
    await chat.owner.sees("Slow is done")

    assert backstage.heard == ["slow begins", "stopped"]


async def test_what_has_moved_on_is_said_and_the_message_is_drawn_anew(chat: Cast):
    """WrongState and NotFound: the button was old."""
    menu = await open_menu(chat)
    moved = (await chat.owner.tap("Moved"))["answer"]
    await chat.owner.sees(HOME)
    await forge(chat, menu, Menu().pack())
    gone = (await chat.owner.tap("Gone"))["answer"]

    assert (moved["text"], moved["show_alert"]) == ("Esto ya cambió. Mire cómo está ahora.", True)
    assert gone["text"] == "Ya no existe: el grupo de contactos."


async def test_a_role_that_lacks_the_permission_is_refused_before_the_handler(chat: Cast):
    """Ids and actions in buttons are trusted by nobody."""
    await chat.viewer.say("/start")
    home = await chat.viewer.sees(HOME)
    answer = await forge(chat, home["message_id"], Govern().pack(), user=VIEWER)

    assert answer["text"] == "Su rol no permite esto: administrar la cuenta."


async def test_text_becomes_a_picture_and_back(chat: Cast):
    """A text takes a picture in place; a picture cannot become a text, so it is replaced."""
    menu = await open_menu(chat)
    await chat.owner.tap("Picture")
    picture = await chat.owner.sees("A picture")
    await chat.owner.tap("Menu")
    back = await chat.owner.sees("Menu", "Documents")
    ids = [message["message_id"] for message in await chat.owner.messages()]

    assert picture["photo"]
    assert await keyboards(chat) == [back["message_id"]]
    assert picture["message_id"] == menu or menu not in ids
    assert picture["message_id"] not in ids


async def test_a_text_that_is_too_long_is_cut_and_not_refused(chat: Cast):
    """The last guard; screens cut earlier."""
    await open_menu(chat)
    await chat.owner.tap("Long")
    message = await chat.owner.sees("🙂 & ", "…")

    assert len(message["text"].encode("utf-16-le")) // 2 <= 4_096


async def test_files_go_above_the_screen_that_speaks_of_them(chat: Cast):
    """So the keyboard is at the bottom."""
    await open_menu(chat)
    await chat.owner.tap("Documents")
    await chat.owner.sees("Below the file")
    shown = [message for message in await chat.owner.messages() if message["sim"]["outgoing"]]

    assert shown[-2]["document"]["file_name"] == "rows.csv"
    assert await keyboards(chat) == [shown[-1]["message_id"]]


async def test_a_file_goes_to_the_question_that_takes_one(chat: Cast):
    """Text does not, and says what is wanted."""
    await open_menu(chat)
    await chat.owner.tap("File")
    await chat.owner.sees("File?")
    await chat.owner.say("no file")
    await chat.owner.sees("Aquí espero un archivo")
    await chat.owner.upload("rows.bin", b"12345")

    assert await chat.owner.sees("Read 5 bytes of rows.bin")


async def test_a_file_above_the_limit_is_refused_before_it_is_fetched(chat: Cast):
    """Telegram would refuse it too, with less helpful words."""
    await open_menu(chat)
    await chat.owner.tap("File")
    await chat.owner.upload("big.bin", b"0" * 21_000_000)
    await chat.owner.sees("21 MB", "20 MB")
    fetched = (await chat.sandbox.get("/sim/outbox", since=0, method="getFile"))["calls"]

    assert fetched == []
    assert await question() == "zy"


async def test_progress_and_result_are_one_message(chat: Cast):
    """Said first, edited after."""
    menu = await open_menu(chat)
    await chat.owner.tap("Progress")
    done = await chat.owner.sees("All done")

    assert done["message_id"] == menu


async def test_cancel_closes_the_question_and_says_that_drafts_stay(chat: Cast):
    """Anywhere."""
    await open_menu(chat)
    await chat.owner.tap("Ask")
    await chat.owner.say("/cancel")
    await chat.owner.sees("Cancelado", "guardado")

    assert await question() is None


async def test_text_that_answers_nothing_shows_home(chat: Cast):
    """Nobody is left without an answer; nor by a command that is not there."""
    await chat.owner.say("hello?")
    await chat.owner.sees(HOME)
    await chat.owner.say("/nothing")

    assert await chat.owner.sees("No conozco ese comando")


async def test_text_that_answers_nothing_leaves_the_screen_that_is_open(chat: Cast):
    """It may be the middle of a wizard: its buttons go on working."""
    menu = await open_menu(chat)
    await chat.owner.say("hello?")
    await chat.owner.sees("elija con los botones")
    shown = await keyboards(chat)

    assert shown == [menu]


async def test_an_edited_message_changes_nothing(chat: Cast):
    """It is not an answer."""
    await open_menu(chat)
    await chat.owner.tap("Ask")
    await chat.owner.say("Spring")
    await chat.owner.sees("Noted Spring")
    typed = next(m for m in await chat.owner.messages() if m.get("text") == "Spring")
    await chat.sandbox.post("/sim/edit", chat_id=OWNER, user_id=OWNER, message_id=typed["message_id"], text="Autumn")
    await chat.owner.say("sale")

    assert await chat.owner.sees("Both: Spring and sale")


async def test_a_group_is_sent_to_the_private_chat(chat: Cast):
    """No wizards among many; strangers are not answered there at all."""
    group = chat.sandbox.person(OWNER, TEAM)
    await chat.sandbox.person(chat.stranger.user_id, TEAM).say("/start")
    await group.say("/campaigns")
    message = await group.sees("chat privado")
    [[button]] = message["reply_markup"]["inline_keyboard"]

    assert button["url"] == "https://t.me/pregon_demo_bot?start=home"
    assert len(await group.shown()) == 1


async def test_flood_control_delays_the_answer_and_nothing_is_lost(chat: Cast):
    """429 with retry_after is obeyed, and then the same request goes again."""
    await chat.sandbox.post("/sim/fault", method="sendMessage", code=429, retry_after=1, times=1)
    await chat.owner.say("/start")

    assert await chat.owner.sees(HOME)


async def test_a_server_error_is_tried_again(chat: Cast):
    """502 from Telegram: the person notices nothing."""
    await chat.sandbox.post("/sim/fault", method="sendMessage", code=502, times=2)
    await chat.owner.say("/start")

    assert await chat.owner.sees(HOME)


async def test_a_connection_that_drops_costs_no_screen(chat: Cast):
    """Of the answer to the button, and of the message."""
    await open_menu(chat)
    await chat.sandbox.post("/sim/fault", method="answerCallbackQuery", code="drop", times=1)
    await chat.owner.tap("Ask")
    await chat.sandbox.post("/sim/fault", method="sendMessage", code="drop", times=1)
    await chat.owner.say("Spring")

    assert await chat.owner.sees("Noted Spring")


async def test_a_fault_before_the_router_is_told_too(chat: Cast, monkeypatch: pytest.MonkeyPatch):
    """The database does not answer, say."""
    home = await open_menu(chat)
    monkeypatch.setattr(accounts, "seat_of", None)
    answer = await forge(chat, home, "h")
    await chat.owner.say("hello")

    assert "código" in answer["text"]
    assert await chat.owner.sees("Algo falló")


async def test_a_stranger_gets_one_answer_and_then_none(chat: Cast):
    """With their id to copy, and how to come in."""
    for text in ("/start", "hello", "/help"):
        await chat.stranger.say(text)
    first = await chat.stranger.sees("privado")
    await chat.owner.say("/start")
    await chat.owner.sees(HOME)
    [[button]] = first["reply_markup"]["inline_keyboard"]

    assert button["copy_text"] == {"text": str(chat.stranger.user_id)}
    assert len(await chat.stranger.shown()) == 1


async def test_an_invitation_lets_one_person_in_once(chat: Cast):
    """The second who follows the link is told that it is spent."""
    account = (await accounts.seat_of(OWNER)).account_id  # type: ignore[union-attr]
    token = await accounts.invite(account, Role.OPERATOR, by=OWNER, valid_for=_HOUR)
    await chat.stranger.say("/start")
    await chat.stranger.sees("privado")
    await chat.stranger.say(f"/start inv_{token}")
    await chat.stranger.sees("Bienvenido")
    await chat.owner.say(f"/start inv_{token}")
    await chat.owner.sees("ya está en la cuenta")
    seat = await accounts.seat_of(chat.stranger.user_id)

    assert seat is not None
    assert seat.role is Role.OPERATOR


@pytest.mark.parametrize(
    ("spoken", "greeting", "kept"),
    [
        pytest.param("pt-br", "Boas-vindas", "pt", id="one of ours"),
        pytest.param("fr", "Bienvenido", "es", id="none of ours"),
    ],
)
async def test_who_joins_is_met_in_the_language_of_their_telegram(
    chat: Cast, monkeypatch: pytest.MonkeyPatch, spoken: str, greeting: str, kept: str
):
    """Or in the installation's, where it is none of ours."""
    monkeypatch.setitem(BY_ID, STRANGER, dataclasses.replace(BY_ID[STRANGER], language_code=spoken))
    account = (await accounts.seat_of(OWNER)).account_id  # type: ignore[union-attr]
    token = await accounts.invite(account, Role.VIEWER, by=OWNER, valid_for=_HOUR)
    await chat.stranger.say(f"/start inv_{token}")
    await chat.stranger.sees(greeting)
    seat = await accounts.seat_of(STRANGER)

    assert seat is not None
    assert seat.language == kept


async def test_revoking_works_at_the_next_update(chat: Cast):
    """They are told once; their question is dropped."""
    await chat.operator.say("/start")
    await chat.operator.sees(HOME)
    membership = await Membership.get(person_id=chat.operator.user_id)
    await accounts.revoke(membership.account_id, chat.operator.user_id, by=OWNER)  # type: ignore[attr-defined]
    await chat.operator.say("hello")
    await chat.operator.sees("Ya no tiene acceso")
    await chat.operator.say("hello?")
    home = next(m for m in await chat.operator.messages() if m.get("reply_markup"))
    answer = await forge(chat, home["message_id"], "h", user=chat.operator.user_id)

    assert answer["text"] == "Ya no tiene acceso a este bot."
    assert len(await chat.operator.shown()) == 2
