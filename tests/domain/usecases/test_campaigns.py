"""From draft to end on both engines: guards hold, copies are made, and each is launched once."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain import store
from domain.errors import NotFound, TitleMissing, TitleTooLong, WrongState
from domain.models import Account, Campaign, CampaignMode, ContactGroup, Notice, NoticeKind, StartKind, Template
from domain.rules.campaign_state import TABLE, CampaignEvent, CampaignState, sources
from domain.rules.sender_id import BadSenderId
from domain.rules.template import BadTemplate
from domain.usecases import blacklist, campaigns, draft_hours, drafts, launching, progress
from domain.usecases.blacklist import Source
from domain.usecases.draft_hours import StartInThePast
from domain.usecases.launching import Incomplete, NobodyToSendTo, StartPassed
from tests.audience import FIRST, block, group_of
from tests.conftest import OPERATOR, OWNER

NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


@pytest.fixture
async def group(account: Account) -> ContactGroup:
    """Three contacts."""
    return await group_of(account, "clientes", 3)


@pytest.fixture
async def draft(account: Account, group: ContactGroup) -> int:
    """A draft that lacks nothing."""
    template = await Template.create(account=account, title="cobranza", text="Hola {{ nombre }}")
    campaign_id = await drafts.create(account.id, name="  Prueba \n SMS  ", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_template(account.id, campaign_id, template_id=template.id)
    await drafts.set_sender_id(account.id, campaign_id, sender_id="+51 1 234-5678")
    return campaign_id


async def launch(account: Account, campaign_id: int, *, by: int = OWNER, now: datetime = NOW) -> Campaign:
    """At the revision that it has now."""
    revision = (await Campaign.get(id=campaign_id)).revision
    return await launching.start(account.id, campaign_id, revision=revision, by=by, now=now)


async def in_state(account: Account, state: CampaignState, *, begun: bool | None = None) -> Campaign:
    """A campaign that stands there; ``begun``: its first hour has come, None: where that is the rule."""
    begun = state not in {CampaignState.DRAFT, CampaignState.SCHEDULED} if begun is None else begun
    return await Campaign.create(
        account=account,
        name="x",
        state=state,
        text="Hola",
        created_by=OWNER,
        chat_id=OWNER,
        started_at=NOW if begun else None,
    )


async def test_each_step_of_a_draft_raises_its_revision(account: Account, draft: int) -> None:
    """What was seen before a change cannot be launched after it."""
    found = await drafts.get(account.id, draft)

    assert found.campaign.name == "Prueba SMS"
    assert found.campaign.revision == 3
    assert (found.text, found.text_title) == ("Hola {{ nombre }}", "cobranza")
    assert found.campaign.sender_id == "5112345678"
    assert found.recipients == 3


async def test_bad_values_change_nothing(account: Account, draft: int) -> None:
    """Each is refused with its own error."""
    for name, error in ((" ", TitleMissing), ("x" * 81, TitleTooLong)):
        with pytest.raises(error):
            await drafts.rename(account.id, draft, name=name)
    with pytest.raises(BadTemplate):
        await drafts.set_text(account.id, draft, text="{% for x in y %}{% endfor %}")
    for sender_id in ("", "12", "doce letras1", "Ñandú", "1" * 16):
        with pytest.raises(BadSenderId):
            await drafts.set_sender_id(account.id, draft, sender_id=sender_id)
    with pytest.raises(StartInThePast):
        await draft_hours.start_at(account.id, draft, moment=NOW, now=NOW)

    assert (await Campaign.get(id=draft)).revision == 3


async def test_groups_are_chosen_once_and_counted_once(account: Account, draft: int) -> None:
    """Tapping twice changes nothing more; people of two groups count once, the blacklisted apart."""
    other = await group_of(account, "otros", 2, first=FIRST + 2)
    await block(account, [FIRST])
    for _ in range(2):
        await drafts.set_group(account.id, draft, group_id=other.id, chosen=True)
    found = await drafts.get(account.id, draft)
    assert (found.audience.contacts, found.audience.blacklisted, found.recipients) == (4, 1, 3)
    await drafts.set_all_groups(account.id, draft, chosen=False)
    assert (await drafts.get(account.id, draft)).groups == ()
    await drafts.set_all_groups(account.id, draft, chosen=True)
    choices = await drafts.group_choices(account.id, draft)

    assert [(one.title, one.contacts, one.chosen) for one in choices] == [("clientes", 3, True), ("otros", 2, True)]


async def test_a_launch_copies_text_title_and_price(account: Account, draft: int) -> None:
    """Later edits of the template and of the price change nothing here."""
    campaign = await launch(account, draft)
    await Template.all().update(text="otro")
    await Account.filter(id=account.id).update(segment_price=Decimal(9))
    campaign = await campaigns.get(account.id, draft)

    assert campaign.state is CampaignState.SCHEDULED
    assert (campaign.text, campaign.text_title) == ("Hola {{ nombre }}", "cobranza")
    assert (campaign.segment_price, campaign.currency) == (Decimal("0.05"), "PEN")
    assert (campaign.launch_at, campaign.started_at, campaign.state_by) == (NOW + timedelta(minutes=1), None, OWNER)


async def test_two_who_launch_at_once_launch_once(account: Account, draft: int) -> None:
    """Whoever comes second is told that it has moved on."""
    revision = (await Campaign.get(id=draft)).revision
    answers = await asyncio.gather(
        *(launching.start(account.id, draft, revision=revision, by=who, now=NOW) for who in (OWNER, OPERATOR, OWNER)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, Campaign) for answer in answers) == 1
    assert sum(isinstance(answer, WrongState) for answer in answers) == 2
    assert (await Campaign.get(id=draft)).revision == revision + 1


async def test_a_launch_of_an_older_revision_is_refused(account: Account, draft: int) -> None:
    """Also when only the template has changed."""
    from domain.usecases import templates

    revision = (await Campaign.get(id=draft)).revision
    template = await Template.get()
    await templates.write(account.id, template.id, text="Adiós")
    with pytest.raises(WrongState):
        await launching.start(account.id, draft, revision=revision, by=OWNER, now=NOW)

    assert (await Campaign.get(id=draft)).state is CampaignState.DRAFT


async def test_what_lacks_something_is_not_launched(account: Account, draft: int) -> None:
    """Group, text, people, hour."""
    await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(hours=1), now=NOW)
    with pytest.raises(StartPassed):
        await launch(account, draft, now=NOW + timedelta(hours=1))
    await draft_hours.start_now(account.id, draft)
    await block(account, [FIRST, FIRST + 1, FIRST + 2])
    with pytest.raises(NobodyToSendTo):
        await launch(account, draft)
    await Template.all().delete()
    with pytest.raises(Incomplete) as refused:
        await launch(account, draft)
    assert refused.value.values == {"missing": "text"}
    await drafts.set_all_groups(account.id, draft, chosen=False)
    with pytest.raises(Incomplete):
        await launch(account, draft)


async def test_a_permanent_campaign_may_begin_with_nobody(account: Account, draft: int) -> None:
    """It waits for those to come."""
    await drafts.set_all_groups(account.id, draft, chosen=False)
    empty = await group_of(account, "vacío", 0)
    await drafts.set_group(account.id, draft, group_id=empty.id, chosen=True)
    await drafts.set_mode(account.id, draft, mode=CampaignMode.PERMANENT)

    assert (await launch(account, draft)).state is CampaignState.SCHEDULED


async def test_a_scheduled_one_is_due_at_its_hour_begins_once_and_says_so(account: Account, draft: int) -> None:
    """The scheduler's tick may come twice, or late."""
    hour = NOW + timedelta(hours=1)
    await draft_hours.start_at(account.id, draft, moment=hour, now=NOW)
    campaign = await launch(account, draft)
    assert (campaign.state, campaign.started_at) == (CampaignState.SCHEDULED, None)
    assert await campaigns.due(hour - timedelta(seconds=1)) == []
    assert [one.id for one in await campaigns.due(hour)] == [draft]

    assert await campaigns.begin(campaign, now=hour)
    assert not await campaigns.begin(campaign, now=hour)
    assert (await Campaign.get(id=draft)).started_at == hour
    assert await Notice.filter(kind=NoticeKind.STARTED).count() == 1


async def test_what_is_scheduled_can_be_edited_until_its_hour(account: Account, draft: int) -> None:
    """Back to the draft, with everything in it."""
    await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(hours=1), now=NOW)
    await launch(account, draft)
    with pytest.raises(WrongState):
        await drafts.rename(account.id, draft, name="otro")
    await campaigns.reopen(account.id, draft, by=OWNER, now=NOW)
    await drafts.rename(account.id, draft, name="otro")
    found = await drafts.get(account.id, draft)

    assert (found.campaign.start_kind, found.text, found.groups) != (StartKind.NOW, "", ())


async def test_the_senders_steps_hold_their_guards(account: Account, draft: int, group: ContactGroup) -> None:
    """STARTING → RUNNING → COMPLETED, each once; a fault stops it and is told."""
    await campaigns.begin(await launch(account, draft))
    revision = await campaigns.audience_revision(await Campaign.get(id=draft))
    await group.refresh_from_db()
    assert revision == group.revision > 0
    assert not await campaigns.complete(await campaigns.get(account.id, draft), NOW)
    starting = await campaigns.get(account.id, draft)
    assert await campaigns.expanded(starting, revision)
    assert not await campaigns.expanded(starting, revision)
    assert (await Campaign.get(id=draft)).audience_revision == revision
    assert [one.id for one in await campaigns.in_states(CampaignState.RUNNING)] == [draft]

    assert await campaigns.fault(draft, "template.bad")
    assert not await campaigns.fault(draft, "template.bad")
    stopped = await Campaign.get(id=draft)
    assert (stopped.state, stopped.state_reason, stopped.state_by) == (CampaignState.PAUSED, "template.bad", None)
    await campaigns.resume(account.id, draft, by=OWNER, now=NOW)
    assert (await Campaign.get(id=draft)).state_reason == ""
    await campaigns.expanded(await campaigns.get(account.id, draft), revision)
    assert await campaigns.complete(await campaigns.get(account.id, draft), NOW)
    assert not await campaigns.complete(await campaigns.get(account.id, draft), NOW)
    assert (await Campaign.get(id=draft)).ended_at == NOW
    assert [one.kind for one in await Notice.all()] == [NoticeKind.STOPPED]


@pytest.mark.parametrize("state", list(CampaignState))
async def test_every_request_is_granted_in_its_states_and_refused_in_the_others(
    account: Account, state: CampaignState
) -> None:
    """The table decides, and a refusal changes nothing."""
    asked = {
        CampaignEvent.PAUSE: campaigns.pause,
        CampaignEvent.RESUME: campaigns.resume,
        CampaignEvent.CANCEL: campaigns.cancel,
        CampaignEvent.EDIT: campaigns.reopen,
    }
    for event, ask in asked.items():
        campaign = await in_state(account, state, begun=False if event is CampaignEvent.EDIT else None)
        if state in sources(event):
            moved = await ask(account.id, campaign.id, by=OPERATOR, now=NOW)
            assert moved.state is TABLE[state, event]
            assert (moved.state_by, moved.state_at, moved.revision) == (OPERATOR, NOW, 1)
        else:
            with pytest.raises(WrongState) as refused:
                await ask(account.id, campaign.id, by=OPERATOR, now=NOW)
            assert refused.value.values["now"] == state.value
            assert (await Campaign.get(id=campaign.id)).revision == 0


async def test_what_has_begun_is_no_draft_again(account: Account) -> None:
    """Stopped or between two periods: messages of it are written."""
    for state in sources(CampaignEvent.EDIT):
        campaign = await in_state(account, state, begun=True)
        with pytest.raises(WrongState):
            await campaigns.reopen(account.id, campaign.id, by=OPERATOR, now=NOW)


async def test_two_who_stop_it_at_once_stop_it_once(account: Account) -> None:
    """The second one is told, and the first one's name stays."""
    campaign = await in_state(account, CampaignState.RUNNING)
    answers = await asyncio.gather(
        *(campaigns.pause(account.id, campaign.id, by=who, now=NOW) for who in (OWNER, OPERATOR)),
        return_exceptions=True,
    )

    assert sum(isinstance(answer, WrongState) for answer in answers) == 1
    assert (await Campaign.get(id=campaign.id)).revision == 1


async def test_another_accounts_campaign_is_not_there(account: Account, draft: int) -> None:
    """Ids in a button are never trusted."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="OTRA")
    stranger_group = await ContactGroup.create(account=other, title="ajeno")
    for attempt in (
        campaigns.get(other.id, draft),
        drafts.get(other.id, draft),
        drafts.rename(other.id, draft, name="x"),
        drafts.set_group(account.id, draft, group_id=stranger_group.id, chosen=True),
        campaigns.cancel(other.id, draft, by=OWNER, now=NOW),
        launching.copy(other.id, draft, name="x", by=OWNER, chat_id=OWNER),
        launching.start(other.id, draft, revision=3, by=OWNER, now=NOW),
    ):
        with pytest.raises(NotFound):
            await attempt
    await drafts.delete(other.id, draft)

    assert await Campaign.exists(id=draft)


async def test_a_copy_goes_on_with_the_template_or_with_the_text_that_was_sent(account: Account, draft: int) -> None:
    """Where the template has changed since, the text that was sent is the one that is edited."""
    await launch(account, draft)
    same = await launching.copy(account.id, draft, name="copia", by=OPERATOR, chat_id=OPERATOR)
    await Template.all().update(text="otro")
    changed = await launching.copy(account.id, draft, name="copia", by=OPERATOR, chat_id=OPERATOR)

    assert (await drafts.get(account.id, same.id)).text_title == "cobranza"
    found = await drafts.get(account.id, changed.id)
    assert (found.text, found.text_title, found.recipients) == ("Hola {{ nombre }}", "", 3)


async def test_the_list_is_by_age_and_by_state(account: Account) -> None:
    """Newest first, counted whole."""
    for state in CampaignState:
        await in_state(account, state)
    page = await campaigns.page(account.id, offset=1, limit=2)
    drafts_only = await campaigns.page(account.id, offset=0, limit=8, states=[CampaignState.DRAFT])

    assert [one.state for one in page.campaigns] == list(CampaignState)[::-1][1:3]
    assert page.total == len(CampaignState)
    assert [one.state for one in drafts_only.campaigns] == [CampaignState.DRAFT]
    assert await campaigns.count_by_state(account.id) == dict.fromkeys(CampaignState, 1)


async def test_progress_tells_who_moved_it_and_what_the_senders_say(account: Account, draft: int) -> None:
    """Links of senders whose lease stands."""
    await launching.send_now(account.id, (await launch(account, draft)).id, by=OWNER, now=NOW)
    now_ms = int(NOW.timestamp() * 1000)
    await store.current().register_sender("s1", host="h", pid=1, now_ms=now_ms, lease_ms=now_ms + 10_000)
    links = [{"name": "default", "state": "bound", "since_ms": now_ms, "reason": ""}]
    await store.current().renew_sender("s1", lease_ms=now_ms + 10_000, links=links)
    found = await progress.of(account.id, draft, now=NOW)
    later = await progress.of(account.id, draft, now=NOW + timedelta(minutes=1))

    assert (found.groups, found.facts.stopped_by) == (("clientes",), "Owner")
    assert [link.bound for link in found.facts.links] == [True]
    assert list(later.facts.links) == []


async def test_what_waits_for_its_hour_says_how_many_will_get_it(account: Account, draft: int) -> None:
    """As things stand, without the blacklisted; once it has begun its messages say it."""
    await draft_hours.start_at(account.id, draft, moment=NOW + timedelta(hours=1), now=NOW)
    await launch(account, draft)
    waiting = await progress.of(account.id, draft, now=NOW)
    await blacklist.add(account.id, f"+{FIRST}", source=Source.MANUAL, by=OWNER)
    fewer = await progress.of(account.id, draft, now=NOW)
    await campaigns.begin(await campaigns.get(account.id, draft), now=NOW + timedelta(hours=1))
    begun = await progress.of(account.id, draft, now=NOW)

    assert waiting.audience
    assert (fewer.audience, begun.audience) == (waiting.audience - 1, None)


async def test_drafts_go_only_while_they_are_drafts(account: Account, draft: int) -> None:
    """A second call changes nothing; a campaign is never deleted."""
    running = await in_state(account, CampaignState.RUNNING)
    with pytest.raises(WrongState):
        await drafts.delete(account.id, running.id)
    await drafts.delete(account.id, draft)
    await drafts.delete(account.id, draft)

    assert await Campaign.all().count() == 1
