"""The blacklist in the chat: adding, looking up, taking off."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.conversations import undo as undo_talk
from bot.conversations.blacklist import AskBlocked, AskRemove, AskSearch, ListBlacklist, OpenEntry
from bot.conversations.undo import StopChange
from bot.progress import bar
from bot.screen import Follow
from domain import store
from domain.errors import NotAllowed, NotFound
from domain.models import Account, BlacklistEntry, Change, ChangeState, LiveView, LiveViewKind, UploadPiece
from domain.rules.role import Role
from domain.store import Slice
from domain.usecases import blacklist, blacklist_file, change_run, import_reader
from domain.usecases.blacklist import Source
from locales import Texts
from tests.acceptance.programs import until
from tests.bot.conftest import Cast
from tests.bot.conversations.sending import Sender, sender_of

NUMBER = 51_987_763_010


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Sender:
    """The owner, once in each language."""
    return sender_of(sqlite_account, texts)


async def test_numbers_are_pasted_and_what_became_of_them_is_said(owner: Sender) -> None:
    """New ones, known ones, and what could not be read."""
    t = owner.chat.t
    await owner.do(ListBlacklist())
    assert t("blacklist.empty") in owner.screen.text
    await owner.tap(t.label("blacklist.add"))
    await owner.type("987 763 010\n987763011, <i>")
    assert t("blacklist.added", count=2) in owner.screen.text
    assert "&lt;i&gt;" in owner.screen.text
    await owner.tap(t.label("blacklist.add_more"))
    await owner.type("987763010")

    assert t("blacklist.already", count=1) in owner.screen.text
    assert owner.asked is None
    await owner.do(ListBlacklist())
    assert t("blacklist.count", count=2) in owner.screen.text
    assert owner.has("+51 987 763 010")


async def test_while_nothing_could_be_read_the_question_stays(owner: Sender) -> None:
    """The person tries again without a tap."""
    await owner.do(AskBlocked())
    await owner.type("hola")
    assert owner.asked is not None
    await owner.send_card("+51987763010")

    assert owner.asked is None
    entry = await blacklist.find(owner.chat.account.id, NUMBER)
    assert entry is not None
    assert entry.source is Source.CARD


async def test_a_number_is_looked_up_and_taken_off_with_a_question(owner: Sender) -> None:
    """One that asked for it itself is named so first."""
    t, account_id = owner.chat.t, owner.chat.account.id
    await blacklist.put(account_id, [NUMBER], source=Source.OPTOUT, by=None)
    await owner.do(AskSearch())
    await owner.type("987763011")
    assert t("blacklist.search.none", number="+51 987 763 011") in owner.screen.text
    await owner.type("x")
    assert t.label("import.reason.not_a_number") in owner.screen.text
    await owner.type("987763010")
    assert t.label("blacklist.source.optout") in owner.screen.text
    await owner.tap(t.label("blacklist.remove"))
    assert t("blacklist.remove.ask_optout", number="+51 987 763 010") in owner.screen.text
    await owner.tap(t.label("blacklist.remove.yes"))

    assert t("blacklist.removed", number="+51 987 763 010") in owner.screen.text
    assert t("blacklist.empty") in owner.screen.text
    await owner.tap(t.label("undo.do"))
    entry = await blacklist.find(account_id, NUMBER)
    assert entry is not None
    assert entry.source is Source.OPTOUT


async def test_a_long_list_comes_by_pages(owner: Sender) -> None:
    """The newest first."""
    for n in range(9):
        await blacklist.put(owner.chat.account.id, [NUMBER + n], source=Source.MANUAL, by=1)
    await owner.do(ListBlacklist())
    assert owner.has("+51 987 763 018")
    await owner.tap("›")

    assert owner.has("+51 987 763 010")
    await owner.tap("+51 987 763 010")
    assert owner.chat.t.label("blacklist.source.manual") in owner.screen.text


async def test_a_viewer_looks_up_and_takes_nothing_off(sqlite_account: Account, texts: Texts) -> None:
    """Nor may anybody touch another account's."""
    await blacklist.put(sqlite_account.id, [NUMBER], source=Source.MANUAL, by=1)
    entry = await blacklist.find(sqlite_account.id, NUMBER)
    assert entry is not None
    viewer = sender_of(sqlite_account, texts, role=Role.VIEWER)
    await viewer.do(OpenEntry(entry.id))
    assert not viewer.has(texts.label("blacklist.remove"))
    with pytest.raises(NotAllowed):
        await viewer.do(AskRemove(entry.id))
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")

    with pytest.raises(NotFound):
        await sender_of(other, texts).do(OpenEntry(entry.id))


async def after_slices(monkeypatch: pytest.MonkeyPatch, count: int, then: Callable[[], Awaitable[object]]) -> None:
    """Let something happen once so many slices of one number are on the list."""
    monkeypatch.setattr(blacklist_file, "_SLICE", 1)
    listed, done = store.current().list_numbers, 0

    async def list_numbers(part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        nonlocal done
        outcome = await listed(part, source=source, by=by, now_ms=now_ms)
        done += 1
        if done == count:
            await then()
        return outcome

    monkeypatch.setattr(store.current(), "list_numbers", list_numbers)


async def test_a_long_file_is_followed_by_the_screen_of_its_change(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From before its bytes are there; it goes on by itself after a restart, and so does the message."""
    t, seen = owner.chat.t, []

    async def look() -> None:
        change = await Change.get()
        seen.append(await undo_talk.follow_change(change.id, owner.chat))

    await after_slices(monkeypatch, 3, look)
    await owner.do(AskBlocked())
    await owner.send(b"987763011\n987763012\n987763013\n", "baja.csv")

    assert t("imports.reading") in owner.said[0].text
    assert owner.said[0].follow == Follow(LiveViewKind.CHANGE, (await Change.get()).id)
    ((screen, last),) = seen
    assert t("undo.state.running", done="2", total="3") in screen.text
    assert bar(2 / 3) in screen.text
    assert not last
    assert t("blacklist.added", count=3) in owner.screen.text


async def test_a_file_is_stopped_by_a_tap_and_said_how_far_it_came(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two is drawn last, the tap or the end of the file; a second tap changes nothing."""
    t, account_id = owner.chat.t, owner.chat.account.id

    async def stop() -> None:
        first = Sender(owner.chat)
        first.screen = owner.said[-1]
        await first.tap(t.label("undo.stop"))
        assert t("undo.state.stopped", done="1", total="3") in first.screen.text
        await first.do(StopChange((await Change.get()).id))
        assert t("undo.state.stopped", done="1", total="3") in first.screen.text

    await after_slices(monkeypatch, 1, stop)
    await owner.do(AskBlocked())
    await owner.send(b"987763011\n987763012\n987763013\n", "baja.csv")

    assert t("undo.state.stopped", done="1", total="3") in owner.screen.text
    assert not owner.has(t.label("undo.stop"))
    assert [await blacklist.find(account_id, NUMBER + n) is not None for n in (1, 2, 3)] == [True, False, False]
    await owner.tap(t.label("undo.do"))
    assert t("undo.state.undone") in owner.screen.text
    assert await blacklist.find(account_id, NUMBER + 1) is None


async def test_a_file_that_is_stopped_before_it_is_read_changes_nothing(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The button is there as soon as the file comes."""
    t = owner.chat.t

    async def stopped(*_: object) -> None:
        await change_run.stop(owner.chat.account.id, (await Change.get()).id)
        await asyncio.Event().wait()

    monkeypatch.setattr(import_reader, "read", stopped)
    await owner.do(AskBlocked())
    await owner.send(b"987763011\n", "baja.csv")

    assert t("undo.state.stopped_at_once") in owner.screen.text
    assert not owner.has(t.label("undo.do"))
    assert await BlacklistEntry.all().count() == 0
    assert await UploadPiece.all().count() == 0


async def test_a_stop_behind_the_end_shows_what_was_done(owner: Sender) -> None:
    """An old button; and of another account's change nothing is told."""
    t = owner.chat.t
    await owner.do(AskBlocked())
    await owner.send(b"987763011\n", "baja.csv")
    change = await Change.get()
    await owner.do(StopChange(change.id))

    assert t("undo.what", what=f"{t.label('undo.kind.blacklist')} «baja.csv»", count=1) in owner.screen.text
    assert owner.has(t.label("undo.do"))
    assert not owner.has(t.label("undo.stop"))
    assert await BlacklistEntry.all().count() == 1
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    with pytest.raises(NotFound):
        await sender_of(other, t).do(StopChange(change.id))


async def test_the_numbers_of_a_file_are_added_and_undone(owner: Sender) -> None:
    """Any file that contacts are imported from; what cannot be read is counted by reason."""
    t, account_id = owner.chat.t, owner.chat.account.id
    await blacklist.put(account_id, [NUMBER], source=Source.OPTOUT, by=None)
    await owner.do(AskBlocked())
    await owner.send(b"nombre;telefono\nAna;987763010\nLuis;987763011\nEva;987763012\nX;hola\n", "baja.csv")
    assert t("blacklist.added", count=2) in owner.screen.text
    assert t("blacklist.already", count=1) in owner.screen.text
    assert t.label("import.reason.not_a_number") in owner.screen.text
    entry = await blacklist.find(account_id, NUMBER + 1)
    assert entry is not None
    assert entry.source is Source.IMPORT
    await owner.tap(t.label("undo.do"))
    assert t("undo.state.undone") in owner.screen.text
    assert await blacklist.find(account_id, NUMBER + 1) is None
    assert await blacklist.find(account_id, NUMBER) is not None


async def test_a_file_without_numbers_keeps_the_question(owner: Sender) -> None:
    """In words, with what to do."""
    t = owner.chat.t
    await owner.do(AskBlocked())
    await owner.send(b"hola,que tal\nuno,dos\n")
    assert t("error.no_number_column") in owner.screen.text
    await owner.send(b"\x89PNG\r\n\x1a\n" + bytes(100), "a.png")
    assert t("imports.refused.image") in owner.screen.text
    assert owner.asked is not None


async def test_over_the_wire_the_message_of_a_long_file_is_followed_until_it_ends(
    chat: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the bot killed in the middle, the message would go on with the change; ended, it is left alone."""
    monkeypatch.setattr("bot.stage.PRIVATE_SPACING_S", 0.0)
    monkeypatch.setattr(blacklist_file, "_SLICE", 1)
    listed, go_on = store.current().list_numbers, asyncio.Event()

    async def list_numbers(part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        if part.after > NUMBER + 1:
            await go_on.wait()
        return await listed(part, source=source, by=by, now_ms=now_ms)

    monkeypatch.setattr(store.current(), "list_numbers", list_numbers)
    await chat.owner.say("/contacts")
    await chat.owner.tap("Lista negra")
    await chat.owner.tap("Añadir números")
    await chat.owner.upload("baja.csv", b"987763011\n987763012\n987763013\n")
    await chat.owner.sees("baja.csv", "de 3")

    async def is_followed() -> bool:
        return await LiveView.all().exists()

    await until(is_followed, saying="the message is followed")
    followed = [(view.kind, view.subject_id) for view in await LiveView.all()]
    go_on.set()
    await chat.owner.sees("3 números añadidos")

    assert followed == [(LiveViewKind.CHANGE, (await Change.get()).id)]
    assert await LiveView.all().count() == 0


async def test_over_the_wire_a_stop_goes_ahead_of_the_file_that_is_being_listed(
    chat: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handler of the file is still at work; a second tap, and its end, leave the same words."""
    monkeypatch.setattr(blacklist_file, "_SLICE", 1)
    listed, at_work, go_on = store.current().list_numbers, asyncio.Event(), asyncio.Event()

    async def list_numbers(part: Slice, *, source: str, by: int | None, now_ms: int) -> int | None:
        if part.after > NUMBER + 1:
            at_work.set()
            await go_on.wait()
        return await listed(part, source=source, by=by, now_ms=now_ms)

    monkeypatch.setattr(store.current(), "list_numbers", list_numbers)
    await chat.owner.say("/contacts")
    await chat.owner.tap("Lista negra")
    await chat.owner.tap("Añadir números")
    await chat.owner.upload("baja.csv", b"987763011\n987763012\n987763013\n")
    await asyncio.wait_for(at_work.wait(), 10)
    await chat.owner.tap("⏹ Detener")
    await chat.owner.sees("Detenido", "de 3")
    assert not go_on.is_set()
    go_on.set()
    await chat.owner.say("/contacts")
    await chat.owner.sees("Grupos de contacto")

    change = await Change.get()
    assert (change.state, change.stopped, change.count) == (ChangeState.DONE, True, await BlacklistEntry.all().count())
    assert change.count == 2
    assert await LiveView.all().count() == 0
