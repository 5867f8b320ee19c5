"""The program around the bot: starting without a network, ending cleanly, and keeping the token to itself."""

import asyncio
import logging

import pytest
from pydantic import SecretStr
from telegram.error import InvalidToken, TimedOut

from bot import polling
from bot.app import run_bot
from bot.check import TokenRefused, bot_username, check_token
from bot.commands import GROUP, PRIVATE, SCREENS, action_named, linked_action
from bot.polling import Poller, PollingWedged
from bot.redaction import redact_logs
from domain.settings import Settings
from tests.acceptance.programs import until
from tests.bot.conftest import HOME, Cast, running_bot
from tests.conftest import LANGUAGES


async def test_the_menus_are_told_by_scope_and_language(chat: Cast):
    """A person sees the commands in the language of their client, else in ours."""

    async def told() -> bool:
        menus = (await chat.sandbox.get("/sim/state"))["bot"]["commands"]
        return [c["command"] for c in menus.get("en", [])] == list(PRIVATE) and menus["en"] != menus["es"]

    await until(told, saying="the menus are set")
    scopes = (await chat.sandbox.get("/sim/outbox", since=0, method="setMyCommands"))["calls"]

    assert len(scopes) == 3 * (1 + len(LANGUAGES))
    assert GROUP == ("status",)


async def test_updates_that_were_handled_do_not_come_again(cast: Cast):
    """What was fetched is confirmed at a clean end."""
    async with running_bot(cast.settings, cast.sandbox):
        await cast.owner.say("/start")
        await cast.owner.sees(HOME)
    async with running_bot(cast.settings, cast.sandbox):
        await cast.viewer.say("/start")
        await cast.viewer.sees(HOME)

    assert len(await cast.owner.shown()) == 1


async def test_without_a_network_it_waits_and_still_ends_when_told(cast: Cast):
    """A machine that boots before its network."""
    settings = Settings.model_validate({"bot_token": "42:secret", "bot_api_url": "http://127.0.0.1:9"})
    stop = asyncio.Event()
    running = asyncio.create_task(run_bot(settings, stop=stop))
    done, _ = await asyncio.wait({running}, timeout=0.3)
    stop.set()
    await asyncio.wait_for(running, 10)

    assert not done


async def test_a_token_that_telegram_does_not_know_ends_it(cast: Cast):
    """Waiting would not help."""
    settings = cast.settings.model_copy(update={"bot_token": SecretStr("nobody")})
    with pytest.raises(InvalidToken):
        await run_bot(settings, stop=asyncio.Event())


async def test_the_token_can_be_tried_without_a_bot_running(settings: Settings):
    """For ``pregon check``, and for the name in an invitation's link."""
    assert (await check_token(settings), await bot_username(settings)) == ("@pregon_demo_bot", "pregon_demo_bot")
    with pytest.raises(TokenRefused, match="does not know"):
        await check_token(settings.model_copy(update={"bot_token": SecretStr("nobody")}))


class Line:
    """A bot whose ``getUpdates`` answers as told."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.bot = self
        self.asked = 0

    async def get_updates(self, **_: object) -> list[object]:
        """Raise the next answer, then hang."""
        self.asked += 1
        if self.answers:
            raise self.answers.pop(0)
        await asyncio.Event().wait()
        return []


async def test_an_outage_is_waited_out_and_a_call_that_hangs_ends_the_program(monkeypatch: pytest.MonkeyPatch):
    """The library's updater would hang for good."""
    monkeypatch.setattr(polling, "WEDGED_S", 0.05)
    monkeypatch.setattr(polling, "_FIRST_WAIT_S", 0.001)
    line = Line(TimedOut(), TimedOut())
    with pytest.raises(PollingWedged):
        await Poller(line).run()  # type: ignore[arg-type]

    assert line.asked == 3


def test_the_token_is_in_no_log_line(caplog: pytest.LogCaptureFixture):
    """Every URL of the Bot API carries it."""
    factory = logging.getLogRecordFactory()
    try:
        redact_logs("42:secret")
        logging.getLogger("anything").warning("POST %s", "https://api.telegram.org/bot42:secret/getMe")
    finally:
        logging.setLogRecordFactory(factory)

    assert "secret" not in caplog.text
    assert "/bot<token>/getMe" in caplog.text
    assert logging.getLogger("httpx").getEffectiveLevel() == logging.WARNING


def test_every_command_opens_something():
    """The codes in the table are actions that need no values."""
    for code in (*SCREENS.values(), "h", "iu", "kc", "hg"):
        assert action_named(code).code == code


def test_a_link_opens_only_what_it_may():
    """A payload is as forged as a button, and shorter."""
    opened = linked_action("cc_42")

    assert opened is not None
    assert opened.pack() == "cc:42"
    assert [linked_action(payload) for payload in ("", "home", "zb", "cc_x", "_", "cc_1_2_3_4")] == [None] * 6
