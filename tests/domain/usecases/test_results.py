"""Results, forecast and overview on both engines: figures come from the messages, whatever their state."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain import store
from domain.errors import NotFound
from domain.models import Account, Campaign, Message, MessagePart, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import drafts, forecast, measuring, progress, results
from domain.usecases.forecast import price_of
from domain.usecases.overview import account_card, overview
from tests.audience import FIRST, block, group_of
from tests.conftest import OWNER

S = MessageState
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
async def campaign(account: Account) -> Campaign:
    """Five messages: delivered (2 segments), accepted, no response, blocked, pending."""
    group = await group_of(account, "clientes", 5)
    await block(account, [FIRST + 3])
    made = await Campaign.create(
        account=account,
        name="Prueba",
        state=CampaignState.RUNNING,
        text="Hola {{ nombre }}",
        segment_price=Decimal("0.05"),
        currency="PEN",
        created_by=OWNER,
        chat_id=OWNER,
        started_at=NOW,
    )
    await made.groups.add(group)
    await store.current().expand(made.id, after=0, limit=100)
    now_ms = int(NOW.timestamp() * 1000)
    for msisdn, state, segments in ((FIRST, S.DELIVERED, 2), (FIRST + 1, S.ACCEPTED, 1), (FIRST + 2, S.NO_RESPONSE, 1)):
        await Message.filter(campaign_id=made.id, msisdn=msisdn).update(
            state=state, segments=segments, submitted_ms=now_ms, error="000" if state is S.DELIVERED else None
        )
    return made


async def test_the_report_counts_and_costs(account: Account, campaign: Campaign) -> None:
    """A bracket: sent for certain, and what is in doubt."""
    found = await results.report(account.id, campaign.id)

    assert (found.statistics.sent, found.statistics.in_doubt, found.statistics.ignored) == (2, 1, 1)
    assert (found.statistics.pending, found.statistics.total) == (1, 5)
    assert (found.billed_segments, found.doubtful_segments) == (3, 1)
    assert found.cost is not None
    assert (found.cost.low.amount, found.cost.high.amount) == (Decimal("0.15"), Decimal("0.20"))


@pytest.mark.parametrize(
    ("second", "segments"),
    [pytest.param(S.DELIVERED, (4, 1), id="taken"), pytest.param(S.DISCONNECTED, (3, 2), id="in doubt")],
)
async def test_the_card_costs_what_the_report_says(
    account: Account, campaign: Campaign, second: S, segments: tuple[int, int]
) -> None:
    """Of a long message that failed the operator bills the parts that it took, and perhaps one that is in doubt."""
    torn = await Message.get(campaign_id=campaign.id, msisdn=FIRST + 1)
    await Message.filter(id=torn.id).update(state=S.FAILED, segments=3)
    for part, state in enumerate((S.ACCEPTED, second, S.FAILED), 1):
        await MessagePart.create(message_id=torn.id, part=part, state=state, route="default")
    found = await results.report(account.id, campaign.id)

    assert (found.billed_segments, found.doubtful_segments) == segments
    assert (await progress.of(account.id, campaign.id, now=NOW)).cost == found.cost


async def test_precedente_is_what_was_shown_the_last_time(account: Account, campaign: Campaign) -> None:
    """Looking without showing notes nothing."""
    assert (await results.show(account.id, campaign.id)).previous is None
    await Message.filter(campaign_id=campaign.id, state=S.ACCEPTED).update(state=S.DELIVERED)
    await results.report(account.id, campaign.id)
    second = await results.show(account.id, campaign.id)

    assert second.previous is not None
    assert (second.previous.of(S.DELIVERED), second.statistics.of(S.DELIVERED)) == (1, 2)


async def test_without_a_price_there_are_segments_and_no_cost(account: Account, campaign: Campaign) -> None:
    """The account's price of today is not the campaign's."""
    await Campaign.filter(id=campaign.id).update(segment_price=None)
    found = await results.report(account.id, campaign.id)

    assert (found.cost, found.billed_segments) == (None, 3)


async def test_details_come_in_pages_by_number_with_names(
    account: Account, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A contact deleted since leaves its name blank."""
    monkeypatch.setattr(results, "_PAGE", 2)
    await Message.filter(campaign_id=campaign.id, msisdn=FIRST + 1).update(contact_id=10**9)
    pages = [page async for page in results.details(account.id, campaign.id)]
    rows = [row for page in pages for row in page]

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row.msisdn for row in rows] == [FIRST + i for i in range(5)]
    assert [row.name for row in rows][:2] == ["Nombre0 Apellido", ""]
    assert (rows[0].submitted_at, rows[0].segments, rows[0].error) == (NOW, 2, "000")


async def test_messages_are_paged_by_state(account: Account, campaign: Campaign) -> None:
    """All of them, or those of one state."""
    everything = await results.messages(account.id, campaign.id, state=None, offset=3, limit=8)
    pending = await results.messages(account.id, campaign.id, state=S.PENDING, offset=0, limit=8)

    assert [row.state for row in everything] == [S.BLOCKED, S.PENDING]
    assert [row.msisdn for row in pending] == [FIRST + 4]


async def test_the_media_report_is_of_what_was_sent(account: Account, campaign: Campaign) -> None:
    """Messages by segments; tokens as written; a few as people got them."""
    found = await results.media(account.id, campaign.id)

    assert (found.text, found.tokens, found.segments) == ("Hola {{ nombre }}", ("nombre",), {1: 2, 2: 1})
    assert found.samples[0] == "Hola Nombre0"


async def test_another_accounts_results_are_not_there(account: Account, campaign: Campaign) -> None:
    """Nor its file."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="OTRA")
    for attempt in (
        results.report(other.id, campaign.id),
        results.media(other.id, campaign.id),
        results.messages(other.id, campaign.id, state=None, offset=0, limit=8),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        async for _ in results.details(other.id, campaign.id):
            pass


async def draft_to(account: Account, group_id: int, text: str) -> drafts.Draft:
    """A draft with a text of its own."""
    campaign_id = await drafts.create(account.id, name="x", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(account.id, campaign_id, group_id=group_id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text=text)
    return await drafts.get(account.id, campaign_id)


async def test_a_forecast_renders_for_everybody_who_would_get_it(account: Account) -> None:
    """Segments by real data, blanks counted, the blacklisted left out."""
    group = await group_of(account, "clientes", 10, blank=3)
    await block(account, [FIRST])
    draft = await draft_to(account, group.id, "{{ nombre }}" + "x" * 155)
    found = await forecast.forecast(account.id, draft)

    assert (found.recipients, found.blacklisted, found.exact) == (9, 1, True)
    assert found.by_segments == {1: 3, 2: 6}
    assert found.segments == 15
    assert found.blank == {"first_name": 3}
    assert found.cost is not None
    assert found.cost.amount == Decimal("0.75")
    assert found.sample is not None
    assert found.sample.text.startswith("Nombre1")


async def test_a_large_audience_is_reckoned_from_a_sample_of_all_of_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked as such, and near the truth though the long names are all at the end."""
    group = await group_of(account, "clientes", 400, blank=200)
    draft = await draft_to(account, group.id, "{{ nombre }}" + "x" * 155)
    monkeypatch.setattr(measuring, "EXACT_LIMIT", 200)
    found = await forecast.forecast(account.id, draft)

    assert not found.exact
    assert 550 <= found.segments <= 650
    assert sum(found.by_segments.values()) == 400


async def test_texts_that_cannot_be_sent_are_counted(account: Account) -> None:
    """Empty for whoever has no name."""
    group = await group_of(account, "clientes", 4, blank=1)
    found = await forecast.forecast(account.id, await draft_to(account, group.id, "{{ nombre }}"))
    dear = await forecast.forecast(account.id, await draft_to(account, group.id, "á"))

    assert (found.unsendable, found.segments) == (1, 3)
    assert dear.ucs2 == 4


async def test_the_overview_counts_today_only(account: Account, campaign: Campaign) -> None:
    """A campaign begun yesterday counts with what it sent since midnight."""
    midnight = NOW - timedelta(hours=12)
    await Template.create(account=account, title="vacía", text="")
    first = await overview(account.id, midnight=midnight)
    assert (first.moving, first.contacts, first.sent_today) == (1, 5, 2)
    assert (first.has_template, first.has_campaign, first.new_here) == (False, True, True)
    yesterday_ms = int((midnight - timedelta(hours=1)).timestamp() * 1000)
    await Campaign.filter(id=campaign.id).update(started_at=midnight - timedelta(hours=2))
    await Message.filter(campaign_id=campaign.id, state=S.ACCEPTED).update(submitted_ms=yesterday_ms)
    assert (await overview(account.id, midnight=midnight)).sent_today == 1
    await Campaign.filter(id=campaign.id).update(ended_at=midnight - timedelta(minutes=1))

    assert (await overview(account.id, midnight=midnight)).sent_today == 0


async def test_the_accounts_card_and_price(account: Account) -> None:
    """None where it is not set."""
    card = await account_card(account.id)
    assert card.price is not None
    assert (card.sender_id, card.price.currency) == ("PREGON", "PEN")
    await Account.filter(id=account.id).update(segment_price=None)

    assert (await account_card(account.id)).price is None
    assert await price_of(account.id) is None
