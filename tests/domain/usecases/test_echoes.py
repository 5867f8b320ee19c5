"""The same-content guard: who got nearly the same text not long ago, from whom and how long ago. On both engines."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.models import Account, Campaign, ContactGroup, Message
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.usecases import campaigns, drafts, echoes, launching
from domain.usecases.echoes import Echo, SameContent
from tests.audience import FIRST, block, group_of
from tests.conftest import OPERATOR, OWNER

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
TEXT = "Hola {{ nombre }}, su deuda de S/ {{ valor_1 }} vence el viernes. Evite recargos y pague hoy mismo."


@pytest.fixture
async def group(account: Account) -> ContactGroup:
    """Ten contacts."""
    return await group_of(account, "clientes", 10)


async def draft_of(account: Account, group: ContactGroup, *, text: str = TEXT, by: int = OWNER) -> int:
    """A draft that lacks nothing."""
    campaign_id = await drafts.create(account.id, name=f"de {by}", person_id=by, chat_id=by)
    await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(account.id, campaign_id, text=text)
    await drafts.set_sender_id(account.id, campaign_id, sender_id="PREGON")
    return campaign_id


async def sent(
    account: Account, numbers: range, *, hours_ago: float, state: MessageState, text: str = TEXT
) -> Campaign:
    """A campaign that has ended, with a message to each number."""
    at = NOW - timedelta(hours=hours_ago)
    campaign = await Campaign.create(
        account=account,
        name="ayer",
        state=CampaignState.COMPLETED,
        text=text,
        created_by=OPERATOR,
        chat_id=OPERATOR,
        started_at=at,
        ended_at=at,
        audience_revision=1,
    )
    for number in numbers:
        await Message.create(
            campaign_id=campaign.id,
            contact_id=1,
            msisdn=FIRST + number,
            state=state,
            submitted_ms=int(at.timestamp() * 1_000) if state is not MessageState.BLOCKED else None,
        )
    return campaign


async def found(account: Account, campaign_id: int) -> Echo | None:
    """As the launch looks for it."""
    draft = await drafts.get(account.id, campaign_id)
    groups = [group_id for group_id, _ in draft.groups]
    return await echoes.find(account.id, campaign_id, text=draft.text, group_ids=groups, now=NOW)


async def test_a_fifth_of_the_audience_is_enough(account: Account, group: ContactGroup) -> None:
    """Those on the blacklist are not in it; another person's campaign counts as one's own."""
    await sent(account, range(2), hours_ago=3, state=MessageState.DELIVERED)
    draft = await draft_of(
        account,
        group,
        text=TEXT.replace("viernes", "lunes").upper().replace("NOMBRE", "nombre").replace("VALOR", "valor"),
    )
    echo = await found(account, draft)
    assert echo == Echo(2, 10, "ayer", NOW - timedelta(hours=3), 24)

    await block(account, [FIRST])
    assert await found(account, draft) is None


@pytest.mark.parametrize(
    ("hours_ago", "state", "text"),
    [
        pytest.param(25, MessageState.DELIVERED, TEXT, id="too long ago"),
        pytest.param(1, MessageState.FAILED, TEXT, id="refused"),
        pytest.param(1, MessageState.BLOCKED, TEXT, id="never submitted"),
        pytest.param(1, MessageState.DELIVERED, "Feria de libros este sábado en {{ direccion }}", id="another text"),
    ],
)
async def test_what_did_not_come_or_said_something_else_is_no_echo(
    account: Account, group: ContactGroup, hours_ago: float, state: MessageState, text: str
) -> None:
    """Nobody is asked for nothing."""
    await sent(account, range(10), hours_ago=hours_ago, state=state, text=text)

    assert await found(account, await draft_of(account, group)) is None


async def test_a_launch_that_counts_down_is_an_echo_already(account: Account, group: ContactGroup) -> None:
    """Two people with the same idea: the second one is asked, and may say that it is meant."""
    first, second = await draft_of(account, group), await draft_of(account, group, by=OPERATOR)
    for campaign_id, by in ((first, OWNER), (second, OPERATOR)):
        revision = (await Campaign.get(id=campaign_id)).revision
        if campaign_id == first:
            await launching.start(account.id, first, revision=revision, by=by, now=NOW)
            continue
        with pytest.raises(SameContent) as refused:
            await launching.start(account.id, second, revision=revision, by=by, now=NOW)
        assert refused.value.values == {"count": 10, "audience": 10, "name": f"de {OWNER}"}
        assert (await Campaign.get(id=second)).state is CampaignState.DRAFT
        await launching.start(account.id, second, revision=revision, by=by, now=NOW, despite=True)

    assert (await Campaign.get(id=second)).state is CampaignState.SCHEDULED


async def test_what_was_called_back_is_none(account: Account, group: ContactGroup) -> None:
    """Nor is a campaign of another account, nor one where the account does not look back."""
    from domain.usecases import campaigns

    first, second = await draft_of(account, group), await draft_of(account, group)
    revision = (await Campaign.get(id=first)).revision
    await launching.start(account.id, first, revision=revision, by=OWNER, now=NOW)
    assert await found(account, second) is not None
    await campaigns.reopen(account.id, first, by=OWNER, now=NOW)
    assert await found(account, second) is None

    await sent(account, range(10), hours_ago=1, state=MessageState.DELIVERED)
    await Account.filter(id=account.id).update(same_content_hours=0)
    assert await found(account, second) is None


async def test_what_was_stopped_before_it_began_will_come_too(account: Account, group: ContactGroup) -> None:
    """*Parar* while it waits for its hour, and *Continuar* later: the same people get both."""
    first = await draft_of(account, group, by=OPERATOR)
    await launching.start(account.id, first, revision=(await Campaign.get(id=first)).revision, by=OPERATOR, now=NOW)
    await campaigns.pause(account.id, first, by=OPERATOR, now=NOW)
    second = await draft_of(account, group)
    with pytest.raises(SameContent):
        await launching.start(account.id, second, revision=(await Campaign.get(id=second)).revision, by=OWNER, now=NOW)
