"""The ledger of doubts in the chat: what is shown, what may be done by whom, and what it does."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bot.conversations.campaigns import OpenCampaign
from bot.conversations.doubt import AskResend, ListDoubts, OpenDoubt, Resend, TakeAsSent
from bot.conversations.home import Home
from bot.conversations.results import OpenResults
from domain import store
from domain.errors import NotAllowed
from domain.models import Account, Campaign, DoubtDecision, Message
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.role import Role
from domain.rules.statistics import Statistics
from domain.store import LatePart, PartAnswer, Result
from domain.usecases import campaigns, doubts, results
from domain.usecases.doubts import CampaignCancelled, NothingInDoubt
from locales import Texts
from tests.bot.conversations.talk import NOON, Talk, talk_of
from tests.conftest import OWNER
from tests.dispatching import NOW, running_campaign, submitted

S = MessageState


async def _in_doubt(account: Account, *, state: CampaignState = CampaignState.COMPLETED, size: int = 3) -> Campaign:
    """All of its messages were on the wire when the sender died."""
    campaign = await running_campaign(account, size=size)
    await submitted(store.current(), campaign)
    await store.current().leave("s1")
    await Campaign.filter(id=campaign.id).update(
        state=state,
        started_at=NOON,
        ended_at=NOON,
        segment_price=Decimal("0.05"),
        currency="PEN",
        results={"disconnected": size},
    )
    return await Campaign.get(id=campaign.id)


async def _states() -> list[MessageState]:
    return [message.state for message in await Message.all().order_by("id")]


@pytest.fixture
def owner(account: Account, texts: Texts) -> Talk:
    """May do everything."""
    return talk_of(account, texts)


async def test_the_ledger_is_a_tap_away_from_home_card_and_results(owner: Talk, account: Account) -> None:
    """Where there is nothing in doubt there is no button."""
    t = owner.chat.t
    await owner.do(Home())
    assert not owner.has("🟠")
    campaign = await _in_doubt(account)
    for start in (OpenCampaign(campaign.id), OpenResults(campaign.id)):
        await owner.do(start)
        assert (await owner.tap(t.label("doubt.button", count=3))).text.startswith("<b>")
        assert "3" in owner.screen.text
    await owner.do(Home())
    await owner.tap(t.label("doubt.home", count=3))
    await owner.tap(campaign.name)
    assert owner.has(t.label("doubt.resend", count=3))


async def test_it_says_how_many_why_and_what_they_cost(owner: Talk, account: Account) -> None:
    """From none of them arrived to all of them did; and how many one cut can leave."""
    campaign = await _in_doubt(account)
    links: Sequence[dict[str, object]] = [{"name": "default-1", "window": 10}, {"name": "default-2", "window": 10}]
    moment = int(NOON.timestamp() * 1000)
    await store.current().register_sender("s9", host="h", pid=1, now_ms=moment, lease_ms=moment + 15_000)
    await store.current().renew_sender("s9", lease_ms=moment + 15_000, links=links)
    screen = await owner.do(OpenDoubt(campaign.id))
    t = owner.chat.t

    assert t("doubt.count", count=3) in screen.text
    assert t("doubt.disconnected", count="3") in screen.text
    assert t("doubt.bound", count="20") in screen.text
    assert t("doubt.cost_between", low=t.money(Decimal(0), "PEN"), high=t.money(Decimal("0.15"), "PEN")) in screen.text


async def test_waiting_does_nothing_and_says_so(owner: Talk, account: Account) -> None:
    """The safe way."""
    campaign = await _in_doubt(account)
    await owner.do(OpenDoubt(campaign.id))
    screen = await owner.tap(owner.chat.t.label("doubt.wait"))

    assert screen.toast == owner.chat.t.label("doubt.waiting")
    assert await _states() == [S.DISCONNECTED] * 3


async def test_counted_as_sent_they_are_accepted_and_billed(owner: Talk, account: Account) -> None:
    """Asked first; with who and when; asked again there is nothing left."""
    campaign = await _in_doubt(account)
    t = owner.chat.t
    await owner.do(OpenDoubt(campaign.id))
    await owner.tap(t.label("doubt.take_as_sent"))
    assert await _states() == [S.DISCONNECTED] * 3, "not before it is confirmed"
    screen = await owner.tap(t.label("doubt.sent_yes"))

    assert await _states() == [S.ACCEPTED] * 3
    assert screen.toast == t.label("doubt.done_sent", count=3)
    assert t("doubt.decided_sent", count=3, who="Owner", when=t.moment(NOON, owner.chat.account.zone)) in screen.text
    decision = await DoubtDecision.get()
    assert (decision.person_id, decision.messages) == (OWNER, 3)
    assert {message.decision_id for message in await Message.all()} == {decision.id}
    assert (await results.report(account.id, campaign.id)).billed_segments == 3
    with pytest.raises(NothingInDoubt):
        await owner.do(TakeAsSent(campaign.id))


async def test_sent_again_they_are_pending_in_a_campaign_that_runs(owner: Talk, account: Account) -> None:
    """Warned that it may arrive twice; what had ended runs again, for these alone; the table still adds up."""
    campaign = await _in_doubt(account)
    t = owner.chat.t
    await owner.do(OpenDoubt(campaign.id))
    asked = await owner.tap(t.label("doubt.resend", count=3))
    assert t("doubt.ask_resend_twice") in asked.text
    await owner.tap(t.label("doubt.resend_yes"))

    fresh = await Campaign.get(id=campaign.id)
    assert (fresh.state, fresh.results, fresh.ended_at) == (CampaignState.RUNNING, None, None)
    assert await _states() == [S.PENDING] * 3
    assert await store.current().undone(campaign.id) > 0
    figures = Statistics(await campaigns.counts(fresh))
    parts = figures.sent + figures.in_doubt + figures.failed + figures.ignored + figures.pending
    assert parts == figures.total == 3
    with pytest.raises(NothingInDoubt):
        await owner.do(Resend(campaign.id))


async def test_nothing_goes_again_in_a_cancelled_campaign(owner: Talk, account: Account) -> None:
    """The button is not there, and the deed is refused."""
    campaign = await _in_doubt(account, state=CampaignState.CANCELLED)
    await owner.do(OpenDoubt(campaign.id))

    assert not owner.has("🔁")
    with pytest.raises(CampaignCancelled):
        await owner.do(Resend(campaign.id))
    assert await _states() == [S.DISCONNECTED] * 3
    assert not await DoubtDecision.exists()


@pytest.mark.parametrize(
    ("role", "may_count", "may_resend"),
    [
        pytest.param(Role.OWNER, True, True, id="owner"),
        pytest.param(Role.OPERATOR, True, False, id="operator"),
        pytest.param(Role.VIEWER, False, False, id="viewer"),
    ],
)
async def test_who_may_what(account: Account, texts: Texts, role: Role, may_count: bool, may_resend: bool) -> None:
    """A second SMS costs money and goodwill."""
    campaign = await _in_doubt(account)
    visitor = talk_of(account, texts, role=role)
    await visitor.do(OpenDoubt(campaign.id))

    assert visitor.has(texts.label("doubt.take_as_sent")) is may_count
    assert visitor.has("🔁") is may_resend
    if not may_resend:
        for action in (AskResend(campaign.id), Resend(campaign.id)):
            with pytest.raises(NotAllowed):
                await visitor.do(action)


async def test_the_list_is_a_file(owner: Talk, account: Account) -> None:
    """Only those in doubt."""
    campaign = await _in_doubt(account)
    message = await Message.first()
    assert message is not None
    await store.current().record_results([Result(message.id, MessageEvent.SUBMIT_OK, "default", "x")], now_ms=NOW)
    await owner.do(OpenDoubt(campaign.id))
    screen = await owner.tap(owner.chat.t.label("doubt.csv"))
    rows = screen.documents[0].content.decode("utf-8-sig").splitlines()

    assert len(rows) == 3, "a heading and two"
    assert str(message.msisdn) not in screen.documents[0].content.decode()


async def test_other_accounts_and_settled_campaigns_are_not_listed(owner: Talk, account: Account) -> None:
    """A receipt that came meanwhile empties the list."""
    campaign = await _in_doubt(account, size=1)
    assert [one.campaign_id for one in await doubts.campaigns_in_doubt(account.id)] == [campaign.id]
    assert await doubts.campaigns_in_doubt(account.id + 1) == []
    message = await Message.get()
    await store.current().record_results([Result(message.id, MessageEvent.SUBMIT_OK, "default", "x")], now_ms=NOW)

    assert owner.chat.t("doubt.none") in (await owner.do(ListDoubts())).text
    assert owner.chat.t("doubt.none_here") in (await owner.do(OpenDoubt(campaign.id))).text


async def test_parts_that_were_taken_are_billed_whatever_became_of_the_message(account: Account) -> None:
    """Two of three parts were accepted; the third first in doubt, then refused."""
    campaign = await running_campaign(account, size=1)
    await Campaign.filter(id=campaign.id).update(started_at=NOON)
    (message_id,) = await submitted(store.current(), campaign, segments=3)
    parts = tuple(
        PartAnswer(part, state, name, None)
        for part, state, name in ((1, S.ACCEPTED, "a"), (2, S.ACCEPTED, "b"), (3, S.NO_RESPONSE, None))
    )
    doubt = Result(message_id, MessageEvent.RESPONSE_TIMEOUT, "default", parts=parts)
    await store.current().record_results([doubt], now_ms=NOW)
    found = await results.report(account.id, campaign.id)
    assert (found.billed_segments, found.doubtful_segments) == (2, 1)
    refused = LatePart(message_id, "default", PartAnswer(3, S.FAILED, None, "ESME_RINVDSTADR"))
    await store.current().record_late_parts([refused], now_ms=NOW)
    found = await results.report(account.id, campaign.id)

    assert found.statistics.failed == 1
    assert (found.billed_segments, found.doubtful_segments) == (2, 0)
