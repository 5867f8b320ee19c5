"""Messages that follow something: edited when it changes, until it ends or the person leaves."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest

from bot import live
from bot.chat import Chat
from bot.screen import Button, Screen
from domain.errors import NotFound
from domain.models import Account, LiveView, LiveViewKind, Membership
from domain.rules.role import Role
from domain.usecases import accounts, conversations
from tests.acceptance.programs import until
from tests.bot.conftest import Cast, running_bot
from tests.bot.rehearsal import Menu
from tests.bot.test_router import open_menu
from tests.conftest import OWNER


@dataclass(slots=True)
class Subject:
    """What the message follows."""

    number: int = 1
    account_id: int | None = None
    final: bool = False
    gone: bool = False

    async def render(self, subject_id: int, chat: Chat) -> tuple[Screen, bool]:
        """The picture of now."""
        if self.gone or self.account_id not in {None, chat.account.id}:
            raise NotFound(noun="campaign")
        return Screen(f"Watching {subject_id}: {self.number}", ((Button("Menu", Menu()),),)), self.final


@pytest.fixture
async def watched(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Subject]:
    """A message of the owner follows it; the bot is running."""
    subject = Subject()
    monkeypatch.setattr(live, "_renderers", {LiveViewKind.CAMPAIGN: subject.render})
    monkeypatch.setattr(live, "_TICK_S", 0.02)
    monkeypatch.setattr(live, "PRIVATE_SPACING_S", 0.1)
    monkeypatch.setattr("bot.limiter.PRIVATE_SPACING_S", 0.1)
    async with running_bot(cast.settings, cast.sandbox):
        await open_menu(cast)
        await cast.owner.tap("Watch")
        yield subject


async def nothing_followed() -> bool:
    """No message is kept up to date."""
    return not await LiveView.all().exists()


async def test_it_is_edited_when_it_changes_and_only_then(cast: Cast, watched: Subject):
    """The same picture costs no request."""
    await cast.owner.sees("Watching 7: 1")
    watched.number = 2
    await cast.owner.sees("Watching 7: 2")
    edits = (await cast.sandbox.get("/sim/outbox", since=0, method="editMessageText"))["calls"]
    shown = [call["params"]["text"] for call in edits if "Watching" in str(call["params"]["text"])]

    assert shown == ["Watching: 0", "Watching 7: 1", "Watching 7: 2"]


async def test_a_database_that_fails_for_a_moment_does_not_end_it(
    cast: Cast, watched: Subject, monkeypatch: pytest.MonkeyPatch
):
    """The bot lives on, and so do the messages."""
    fails, original = [ConnectionError("the database is starting up")], conversations.live_views

    async def failing() -> Sequence[LiveView]:
        if fails:
            raise fails.pop()
        return await original()

    monkeypatch.setattr(conversations, "live_views", failing)
    await cast.owner.sees("Watching 7: 1")
    watched.number = 2
    await cast.owner.sees("Watching 7: 2")

    assert not fails


async def test_the_last_picture_is_shown_and_then_it_is_left_alone(cast: Cast, watched: Subject):
    """It has ended."""
    watched.number, watched.final = 100, True
    await cast.owner.sees("Watching 7: 100")
    await until(nothing_followed, saying="the view is dropped")

    assert (await cast.owner.buttons()) == ["Menu"]


async def test_going_elsewhere_with_the_message_ends_it(cast: Cast, watched: Subject):
    """The next edit would take away what the person reads."""
    await cast.owner.sees("Watching 7: 1")
    await cast.owner.tap("Menu")
    await cast.owner.sees("Menu", "Documents")

    assert await nothing_followed()


async def test_it_goes_on_when_the_person_works_in_another_account(
    cast: Cast, watched: Subject, sqlite_account: Account
):
    """A card that stands still would say for ever what was true then."""
    await cast.owner.sees("Watching 7: 1")
    other = await Account.create(name="precyso", region="PE", time_zone="America/Lima", sender_id="PRECYSO")
    await Membership.create(account=other, person_id=OWNER, role=Role.OWNER)
    await accounts.choose_account(OWNER, other.id)
    watched.account_id, watched.number = sqlite_account.id, 2
    await cast.owner.sees("🏢", sqlite_account.name, "Watching 7: 2")


async def test_what_is_gone_is_followed_no_more(cast: Cast, watched: Subject):
    """The campaign was deleted."""
    watched.gone = True

    await until(nothing_followed, saying="the view is dropped")


async def test_the_newest_message_of_a_subject_takes_over(sqlite_database: str):
    """One card a chat and campaign; another chat has its own."""
    for chat_id, message_id in ((1, 10), (2, 10), (1, 11), (1, 11)):
        await conversations.follow(
            chat_id, message_id, person_id=1, kind="campaign", subject_id=7, digest=f"{message_id}"
        )

    views = {(view.chat_id, view.message_id) for view in await conversations.live_views()}
    assert views == {(2, 10), (1, 11)}


async def test_an_older_message_says_that_it_goes_on_below(cast: Cast, watched: Subject):
    """Followed no more, it would show for ever what was true when the newer one came."""
    await cast.owner.sees("Watching 7: 1")
    older = (await LiveView.get()).message_id
    await open_menu(cast)
    await cast.owner.tap("Watch")

    async def replaced() -> bool:
        edits = (await cast.sandbox.get("/sim/outbox", since=0, method="editMessageText"))["calls"]
        last = [call["params"] for call in edits if str(call["params"]["message_id"]) == str(older)][-1]
        return last["text"] == "Goes on below" and "reply_markup" not in last

    await until(replaced, saying="the older message says where it goes on")
    assert (await LiveView.get()).message_id != older
