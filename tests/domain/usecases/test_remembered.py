"""What a card shows again is found once, until its ground moves; what is decided is found anew. On both engines."""

from datetime import UTC, datetime, timedelta

import pytest

from domain import store
from domain.database import open_database
from domain.models import Account, Campaign, Contact, ContactGroup, DayUse, Message
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.quota import day_of
from domain.store import Refusal
from domain.usecases import audience, blacklist, campaigns, contacts, launching, progress, refusals
from domain.usecases.blacklist import Source
from domain.usecases.launching import NobodyToSendTo
from domain.usecases.remembered import Remembered
from tests.audience import FIRST, block, group_of
from tests.conftest import OWNER

S = MessageState
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


async def campaign_of(account: Account, group: ContactGroup, state: CampaignState, **columns: object) -> Campaign:
    """A campaign to the group."""
    campaign = await Campaign.create(
        account=account, name="x", state=state, text="Hola", sender_id="X", created_by=OWNER, chat_id=OWNER, **columns
    )
    await campaign.groups.add(group)
    return campaign


async def reached(campaign: Campaign, now: datetime = NOW) -> int | None:
    """What its card says."""
    return (await progress.of(campaign.account.id, campaign.id, now=now)).audience


async def test_the_usual_reason_is_looked_for_when_more_is_refused(account: Account) -> None:
    """Of as many refused messages it is the same; their errors are changed here as nothing ever does."""
    group = await group_of(account, "uno", 5)
    campaign = await campaign_of(account, group, CampaignState.RUNNING, started_at=NOW)
    await store.current().expand(campaign.id, after=0, limit=100)

    async def usual() -> Refusal | None:
        return await refusals.most_frequent(campaign, await campaigns.counts(campaign))

    assert await usual() is None
    refused = Message.filter(campaign_id=campaign.id, msisdn__lt=FIRST + 2)
    await refused.update(state=S.FAILED, error="ESME_RX_P_APPN")
    assert await usual() == Refusal(S.FAILED, "ESME_RX_P_APPN", 2)
    await refused.update(error="never so")
    assert await usual() == Refusal(S.FAILED, "ESME_RX_P_APPN", 2)
    await Message.filter(campaign_id=campaign.id, msisdn__gte=FIRST + 2).update(state=S.REJECTED, error="1042")
    assert await usual() == Refusal(S.REJECTED, "1042", 3)
    await Message.filter(campaign_id=campaign.id, msisdn__gt=FIRST + 2).update(state=S.PENDING, error=None)
    await refused.update(error=None)
    assert await usual() == Refusal(S.REJECTED, "1042", 1)


async def test_who_would_get_it_is_counted_anew_when_a_person_changes_it(account: Account) -> None:
    """At once: blacklisted, taken off, joined. An opt-out comes from another process: within half a minute."""
    group = await group_of(account, "uno", 5)
    campaign = await campaign_of(account, group, CampaignState.SCHEDULED, start_at=NOW + timedelta(hours=1))
    assert await reached(campaign) == 5
    await block(account, [FIRST])  # as an opt-out does
    assert await reached(campaign) == 5
    later = NOW + timedelta(seconds=audience.LASTS_S)
    assert await reached(campaign, later) == 4
    await blacklist.add(account.id, f"+{FIRST + 1}", source=Source.MANUAL, by=OWNER)
    assert await reached(campaign, later) == 3
    entry = await blacklist.find(account.id, FIRST + 1)
    assert entry is not None
    await blacklist.remove(account.id, entry.id, by=OWNER)
    assert await reached(campaign, later) == 4
    await group_of(account, "dos", 2, first=FIRST + 5)
    member = await Contact.get(msisdn=FIRST + 5)
    await contacts.join(account.id, group.id, contact_id=member.id, by=OWNER)
    assert await reached(campaign, later) == 5


async def test_who_is_held_back_is_counted_anew_when_a_person_changes_it(account: Account) -> None:
    """It reads all contacts of the groups: not at each look, but after each change of one, and of what is asked for."""
    group = await group_of(account, "uno", 5, blank=2)
    blanks = {"first_name": None}
    campaign = await campaign_of(account, group, CampaignState.RUNNING, started_at=NOW, blanks=blanks)

    async def held() -> int:
        return (await progress.of(account.id, campaign.id, now=NOW)).held

    assert await held() == 2
    blank = await Contact.get(msisdn=FIRST + 4)
    await Contact.filter(id=blank.id).update(first_name="Ana")
    assert await held() == 2
    await contacts.change(account.id, blank.id, field="last_name", text="Paz", by=OWNER)
    assert await held() == 1
    await Campaign.filter(id=campaign.id).update(blanks={"first_name": None, "email": None})
    assert await held() == 5


async def test_the_last_submit_is_looked_for_when_more_went_out(account: Account) -> None:
    """Where it waits for a limit of the day, nothing does: each submit is counted there."""
    group = await group_of(account, "uno", 2)
    campaign = await campaign_of(account, group, CampaignState.RUNNING, started_at=NOW, daily_cap=1)
    await store.current().expand(campaign.id, after=0, limit=100)
    day = {"account_id": account.id, "campaign_id": campaign.id, "sender": "s1"}
    midnight_ms = day_of(int(NOW.timestamp() * 1_000), account.time_zone)[0]
    await DayUse.create(begins_ms=midnight_ms, messages=1, **day)

    async def last_at(submitted: int) -> datetime | None:
        moment_ms = int((NOW + timedelta(seconds=submitted)).timestamp() * 1_000)
        await Message.filter(campaign_id=campaign.id, msisdn=FIRST).update(submitted_ms=moment_ms)
        return (await progress.of(account.id, campaign.id, now=NOW + timedelta(hours=1))).facts.last_at

    assert await last_at(1) == NOW + timedelta(seconds=1)
    assert await last_at(2) == NOW + timedelta(seconds=1)
    await DayUse.filter(campaign_id=campaign.id).update(messages=2)
    assert await last_at(3) == NOW + timedelta(seconds=3)


async def test_a_launch_counts_for_itself(account: Account) -> None:
    """Everybody has opted out since its card was drawn: nobody is left, whatever the card says."""
    group = await group_of(account, "uno", 2)
    draft = await campaign_of(account, group, CampaignState.DRAFT)
    assert await reached(draft) == 2
    await block(account, [FIRST, FIRST + 1])
    assert await reached(draft) == 2
    with pytest.raises(NobodyToSendTo):
        await launching.start(account.id, draft.id, revision=draft.revision, by=OWNER, now=NOW)


async def test_what_was_asked_before_a_change_is_not_kept_after_it(sqlite_url: str) -> None:
    """It is told to who asked; of another database nothing is known, and of many the oldest goes."""
    kept = Remembered[str]()

    async def before() -> str:
        kept.forget()
        return "before"

    async def after() -> str:
        return "after"

    async with open_database(sqlite_url):
        assert await kept.get(1, before, stands_on=1) == "before"
        assert await kept.get(1, after, stands_on=1) == "after"
        assert await kept.get(1, before, stands_on=1) == "after"
        for key in range(2, 258):
            await kept.get(key, after, stands_on=1)
        assert await kept.get(257, before, stands_on=1) == "after"
        assert await kept.get(1, before, stands_on=1) == "before"
        await kept.get(1, after, stands_on=1)
    async with open_database(sqlite_url):
        assert await kept.get(1, before, stands_on=1) == "before"
