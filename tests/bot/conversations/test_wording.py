"""Restricted words in the chat: the list and its file, what a writer is told, and what a launch refuses."""

import dataclasses

import pytest

from bot.chat import Upload
from bot.conversations.campaign_edit import SaveChange
from bot.conversations.campaign_launch import AskLaunch, Launch
from bot.conversations.campaign_text import SaveOwnText
from bot.conversations.templates import OpenTemplate
from bot.conversations.wording import AskWords, ListWords, SendWords
from bot.screen import handler_of
from domain.errors import NotAllowed
from domain.models import Account, Campaign, RestrictedWord, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.wording import BadWord
from domain.usecases import drafts, running_edit, wording
from domain.usecases.wording import BadLine, WordsRefused
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, Talk, talk_of
from tests.conftest import create_account


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner of the first account, who keeps the list, once in each language."""
    return talk_of(sqlite_account, texts)


async def _draft(account: Account, text: str) -> Campaign:
    group = await group_of(account, "clientes", 2)
    campaign_id = await drafts.create(account.id, name="mayo", person_id=1001, chat_id=1001)
    await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text=text)
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    return await Campaign.get(id=campaign_id)


async def test_words_are_typed_changed_and_taken_off(owner: Talk) -> None:
    """One a line or between commas; a stem by its asterisk; what is no word keeps the question open."""
    t = owner.chat.t
    await owner.do(AskWords())
    with pytest.raises(BadWord):
        await owner.type("x")
    await owner.type("BCP\nbanc*, B.C.P,")
    assert await RestrictedWord.all().order_by("folded").values_list("word", "stem") == [
        ("B.C.P", False),
        ("banc", True),
        ("BCP", False),
    ]
    await owner.tap("banc*")
    await owner.tap(t.label("wording.only_warn"))
    assert t("wording.warns") in owner.screen.text
    await owner.tap(t.label("wording.as_word"))
    assert t("wording.is_word") in owner.screen.text
    await owner.tap(t.label("wording.remove"))
    await owner.tap(t.label("wording.remove_yes"))

    assert not await RestrictedWord.filter(folded="banc").exists()


async def test_the_list_goes_out_as_a_file_and_comes_back_as_one(owner: Talk) -> None:
    """What the file does not name stays; a line that cannot be read changes nothing."""
    await owner.do(AskWords())
    await owner.type("Apple\nBCP")

    async def read() -> bytes:
        return "palabra;tipo;acción\r\nApple;raíz;avisar\r\nCrédito Fácil;;\r\n".encode("utf-8-sig")

    chat = dataclasses.replace(owner.chat, upload=Upload("lista.csv", 60, read))
    await owner.do(AskWords())
    assert owner.asked is not None
    await handler_of(type(owner.asked))(owner.asked, chat)
    with pytest.raises(BadLine):
        await wording.read_file(owner.chat.account.id, b"Nuevo,palabra,quemar", by=1001)
    rows = await RestrictedWord.all().order_by("folded").values_list("word", "stem", "refuse")
    await owner.do(SendWords())
    written = owner.screen.documents[0].content.decode("utf-8-sig").splitlines()
    word, stem, refuse, warn = (
        owner.chat.t.label(f"wording.csv_{name}") for name in ("word", "stem", "refuse", "warn")
    )

    assert rows == [("Apple", True, False), ("BCP", False, True), ("Crédito Fácil", False, True)]
    assert written[1:] == [f"Apple,{stem},{warn}", f"BCP,{word},{refuse}", f"Crédito Fácil,{word},{refuse}"]
    assert (await wording.read_file(owner.chat.account.id, owner.screen.documents[0].content, by=1)).added == 0
    assert await RestrictedWord.all().order_by("folded").values_list("word", "stem", "refuse") == rows


async def test_a_writer_is_warned_and_a_launch_is_refused(owner: Talk, sqlite_account: Account) -> None:
    """On the template's card, on the review, and by the use case where the button is forged."""
    t, account = owner.chat.t, sqlite_account
    await wording.add(account.id, "BCP\nApple", by=1001)
    await RestrictedWord.filter(word="Apple").update(refuse=False)
    template = await Template.create(account=account, title="uno", text="Su B C P regala un Appl3")
    await owner.do(OpenTemplate(template.id))
    assert t("wording.found_refused", count=1, words="BCP") in owner.screen.text
    assert t("wording.found_warned", count=1, words="Apple") in owner.screen.text
    assert "<u><b>B C P</b></u>" in owner.screen.text
    campaign = await _draft(account, "Su {{ nombre }}BCP avisa")
    with pytest.raises(WordsRefused):
        await owner.do(AskLaunch(campaign.id, campaign.revision))
    with pytest.raises(WordsRefused):
        await owner.do(Launch(campaign.id, campaign.revision, ""))

    assert (await Campaign.get(id=campaign.id)).state.value == "draft"


async def test_what_stands_for_a_blank_is_refused_as_the_text_is(owner: Talk, sqlite_account: Account) -> None:
    """A person wrote it too; one that is kept for a token that the text has no more goes nowhere."""
    account = sqlite_account
    await wording.add(account.id, "BCP", by=1001)
    campaign = await _draft(account, "Su {{ nombre }} avisa")
    await Campaign.filter(id=campaign.id).update(blanks={"first_name": "B.C.P."})
    with pytest.raises(WordsRefused):
        await owner.do(AskLaunch(campaign.id, campaign.revision))
    with pytest.raises(WordsRefused):
        await owner.do(Launch(campaign.id, campaign.revision, ""))
    with pytest.raises(WordsRefused):
        await running_edit.set_text(account.id, campaign.id, text="Otra vez, {{ nombre }}")
    await Campaign.filter(id=campaign.id).update(text="Su banco avisa")
    await owner.do(AskLaunch(campaign.id, campaign.revision))

    assert owner.has(owner.chat.t.label("review.launch_yes", count=2))


async def test_a_campaigns_own_text_is_warned_of_at_once(owner: Talk, sqlite_account: Account) -> None:
    """On the step where it was typed; the text of one that was launched is not taken at all."""
    t, account = owner.chat.t, sqlite_account
    await wording.add(account.id, "BCP", by=1001)
    campaign = await _draft(account, "Hola")
    await owner.do(SaveOwnText(campaign.id), text="Su B C P avisa")
    assert t("wording.found_refused", count=1, words="BCP") in owner.screen.text
    assert "<u><b>B C P</b></u>" in owner.screen.text
    await Campaign.filter(id=campaign.id).update(state=CampaignState.PAUSED, started_at=NOON)
    with pytest.raises(WordsRefused):
        await owner.do(SaveChange(campaign.id, "text"), text="Su otro BCP")

    assert (await Campaign.get(id=campaign.id)).text == "Su B C P avisa"


async def test_what_only_warns_goes_out(owner: Talk, sqlite_account: Account) -> None:
    """The review says so."""
    account = sqlite_account
    await wording.add(account.id, "Apple", by=1001)
    await RestrictedWord.all().update(refuse=False)
    campaign = await _draft(account, "Gane un apple")
    await owner.do(AskLaunch(campaign.id, campaign.revision))

    assert owner.has(owner.chat.t.label("review.launch_yes", count=2))


async def test_an_exempt_account_may_use_the_word_and_no_other(owner: Talk, sqlite_account: Account) -> None:
    """The bank itself names the bank."""
    bank = await create_account("El banco")
    await wording.add(sqlite_account.id, "BCP", by=1001)
    word = await RestrictedWord.get()
    await owner.do(ListWords())
    await owner.tap("BCP")
    await owner.tap(owner.chat.t.label("wording.exemptions"))
    await owner.tap("El banco")

    await wording.refuse(bank.id, "Su BCP avisa")
    with pytest.raises(WordsRefused):
        await wording.refuse(sqlite_account.id, "Su BCP avisa")
    await wording.exempt(sqlite_account.id, word.id, other_id=bank.id, allowed=False)
    with pytest.raises(WordsRefused):
        await wording.refuse(bank.id, "Su BCP avisa")


async def test_another_accounts_owner_reads_the_list_and_changes_nothing(sqlite_account: Account, texts: Texts) -> None:
    """Nobody exempts themselves."""
    await wording.add(sqlite_account.id, "BCP", by=1001)
    other = talk_of(await create_account("Otra"), texts)
    await other.do(ListWords())

    assert not other.has(texts.label("wording.add"))
    await other.tap("BCP")
    assert not other.has(texts.label("wording.exemptions"))
    with pytest.raises(NotAllowed):
        await wording.add(other.chat.account.id, "Apple", by=1)
    with pytest.raises(NotAllowed):
        await wording.exempt(other.chat.account.id, 1, other_id=other.chat.account.id, allowed=True)
