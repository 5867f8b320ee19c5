"""Strict tokens in the chat: asked before a launch, decided for each token, and counted."""

import pytest

from bot.conversations.blanks import ShowBlanks
from bot.conversations.campaign_launch import AskLaunch, Launch
from bot.conversations.campaigns import OpenCampaign
from domain import store
from domain.models import Account, Campaign, Message
from domain.rules.blanks import BadDefault, Undecided
from domain.usecases import campaigns, drafts, launching
from domain.usecases.audience import held_count
from domain.usecases.forecast import forecast
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, Talk, talk_of


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


async def _draft(account: Account, text: str, *, blank: int = 3) -> int:
    group = await group_of(account, "clientes", 10, blank=blank)
    campaign_id = await drafts.create(account.id, name="mayo", person_id=1001, chat_id=1001)
    await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text=text)
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    return campaign_id


async def _ask(owner: Talk, account: Account, campaign_id: int) -> None:
    campaign = await campaigns.get(account.id, campaign_id)
    await owner.do(AskLaunch(campaign_id, campaign.revision))


async def test_a_launch_with_undecided_blanks_asks_first(owner: Talk, sqlite_account: Account) -> None:
    """By the screen, and by the use case itself where somebody forges the button."""
    t, account = owner.chat.t, sqlite_account
    campaign_id = await _draft(account, "Hola {{ nombre }}")
    await _ask(owner, account, campaign_id)
    assert t("blanks.ask_first") in owner.screen.text
    campaign = await campaigns.get(account.id, campaign_id)
    with pytest.raises(Undecided):
        await owner.do(Launch(campaign_id, campaign.revision, ""))

    assert (await Campaign.get(id=campaign_id)).state.value == "draft"


async def test_the_blank_are_held_back_and_counted_everywhere(owner: Talk, sqlite_account: Account) -> None:
    """On the screen, in the forecast, on the card; and no message is made for them."""
    t, account = owner.chat.t, sqlite_account
    campaign_id = await _draft(account, "Hola {{ nombre }}")
    await _ask(owner, account, campaign_id)
    await owner.tap("✋")
    assert t("blanks.held", count=3) in owner.screen.text
    await owner.tap(t.label("blanks.to_review"))
    assert t("blanks.held", count=3) in owner.screen.text
    found = await forecast(account.id, await drafts.get(account.id, campaign_id))
    assert (found.recipients, found.held, found.segments) == (7, 3, 7)
    revision = (await campaigns.get(account.id, campaign_id)).revision
    await launching.start(account.id, campaign_id, revision=revision, by=1001, now=owner.chat.now)
    await Campaign.filter(id=campaign_id).update(state="running", launch_at=None)
    assert await store.current().expand(campaign_id, after=0, limit=100)

    assert await Message.filter(campaign_id=campaign_id).count() == 7
    assert await held_count(await Campaign.get(id=campaign_id), now=NOON) == 3
    await owner.do(OpenCampaign(campaign_id))
    assert t("blanks.held", count=3) in owner.screen.text


async def test_a_text_stands_where_a_value_is_missing(owner: Talk, sqlite_account: Account) -> None:
    """Everybody gets it; a text that would show brackets is refused and may be typed again."""
    t, account = owner.chat.t, sqlite_account
    campaign_id = await _draft(account, "Hola {{ nombre }}")
    await owner.do(ShowBlanks(campaign_id))
    await owner.tap("✏️")
    with pytest.raises(BadDefault):
        await owner.type("{{ x }}")
    await owner.type("cliente")
    assert "cliente" in owner.screen.text
    found = await forecast(account.id, await drafts.get(account.id, campaign_id))
    assert (found.recipients, found.held, found.blank) == (10, 0, {})
    await _ask(owner, account, campaign_id)

    assert owner.has(t.label("review.launch_yes", count=10))
    await owner.do(ShowBlanks(campaign_id))
    await owner.tap("↩️")
    assert (await Campaign.get(id=campaign_id)).blanks == {}


@pytest.mark.parametrize(
    "text",
    [
        '{{ nombre|default("cliente") }}',
        "Hola{% if nombre %} {{ nombre }}{% endif %}",
        "{{ nombre if nombre else 'cliente' }}",
        "{{ numero }}",
    ],
)
async def test_a_text_that_sees_to_its_blanks_is_not_asked_about(
    owner: Talk, sqlite_account: Account, text: str
) -> None:
    """By a default or a condition of its own; a number is never blank."""
    campaign_id = await _draft(sqlite_account, text)
    await _ask(owner, sqlite_account, campaign_id)

    assert owner.has(owner.chat.t.label("review.launch_yes", count=10))


async def test_a_token_without_blanks_now_holds_back_later_ones(owner: Talk, sqlite_account: Account) -> None:
    """Who joins a permanent campaign's group with a blank gets no text with a hole."""
    account = sqlite_account
    campaign_id = await _draft(account, "Hola {{ nombre }}", blank=0)
    revision = (await campaigns.get(account.id, campaign_id)).revision
    await launching.start(account.id, campaign_id, revision=revision, by=1001, now=owner.chat.now)

    assert (await Campaign.get(id=campaign_id)).blanks == {"first_name": None}
