"""The wizard by taps and typing: every step is a row, and a launch happens once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from bot.conversations import campaign_launch
from bot.conversations.campaign_launch import AskLaunch, Launch
from bot.conversations.campaign_new import NewCampaign
from bot.conversations.campaigns import ListCampaigns
from bot.conversations.end_picker import SaveEnds
from bot.conversations.when_picker import SaveStart
from bot.wizard import GoTo, ResumeDraft, Step
from domain.models import Account, Campaign, CampaignMode, ContactGroup, StartKind, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.role import Role
from domain.rules.template import tokens
from locales import Texts
from tests.audience import FIRST, block, group_of
from tests.bot.conversations.talk import NOON, Talk, talk_of


@pytest.fixture
async def ready(sqlite_account: Account) -> Account:
    """An account with two groups that share a contact, one number blacklisted, and a template."""
    await group_of(sqlite_account, "clientes", 5)
    await group_of(sqlite_account, "morosos", 3, first=FIRST + 4)
    await block(sqlite_account, [FIRST])
    await Template.create(account=sqlite_account, title="cobranza", text="Hola {{ nombre }}, debe S/ {{ valor_1 }}")
    return sqlite_account


@pytest.fixture
def owner(ready: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(ready, texts)


async def to_review(owner: Talk) -> Campaign:
    """From nothing to the last step, by buttons."""
    t = owner.chat.t
    await owner.do(NewCampaign())
    await owner.type("Prueba_SMS_01")
    await owner.tap(t.label("campaign.mode.normal"))
    await owner.tap("clientes")
    await owner.tap(t.label("wizard.next"))
    await owner.tap("cobranza")
    await owner.tap("PREGON")
    await owner.tap(t.label("wizard.start_now"))
    return await Campaign.all().order_by("-id").first() or pytest.fail("no campaign")


async def test_six_steps_by_buttons_lead_to_a_review_that_says_what_will_happen(owner: Talk) -> None:
    """Recipients without the blacklisted, segments, cost, and the text as a real contact gets it."""
    await to_review(owner)

    text = owner.screen.text
    assert "<b>4</b>" in text
    assert "Hola Nombre1, debe S/ 101" in text
    assert owner.chat.t.money(Decimal("0.2"), "PEN") in text
    assert owner.has(owner.chat.t.label("review.launch"))


async def test_the_launch_asks_once_more_with_the_number_and_then_shows_the_card(owner: Talk) -> None:
    """The second screen restates how many and how much."""
    t = owner.chat.t
    campaign = await to_review(owner)
    await owner.tap(t.label("review.launch"))

    assert "<b>4</b>" in owner.screen.text
    assert t.money(Decimal("0.2"), "PEN") in owner.screen.text

    await owner.tap(t.label("review.launch_yes", count=4))
    await campaign.refresh_from_db()

    assert (campaign.state, campaign.launch_at) == (CampaignState.SCHEDULED, NOON + timedelta(minutes=1))
    assert campaign.text == "Hola {{ nombre }}, debe S/ {{ valor_1 }}"
    assert (campaign.text_title, campaign.sender_id, campaign.currency) == ("cobranza", "PREGON", "PEN")
    assert owner.screen.follow is not None


async def test_the_same_launch_twice_starts_once(owner: Talk) -> None:
    """Two taps, two people, or an update that Telegram delivers again."""
    campaign = await to_review(owner)
    await campaign.refresh_from_db()
    await owner.tap(owner.chat.t.label("review.launch"))
    launch = owner.button(owner.chat.t.label("review.launch_yes", count=4)).action
    assert isinstance(launch, Launch)
    await owner.do(launch)
    await campaign.refresh_from_db()
    first = campaign.revision
    screen = await owner.do(launch)
    await campaign.refresh_from_db()

    assert campaign.revision == first
    assert screen.toast == owner.chat.t.label("review.launched_already")
    assert screen.follow is not None


async def test_what_changed_since_the_review_is_shown_instead_of_launched(owner: Talk) -> None:
    """Somebody edits the template while another one looks at the review."""
    campaign = await to_review(owner)
    await campaign.refresh_from_db()
    stale = campaign.revision
    await Campaign.filter(id=campaign.id).update(revision=stale + 1)
    for action in (AskLaunch(campaign.id, stale), Launch(campaign.id, stale, seen="")):
        screen = await owner.do(action)
        assert screen.toast == owner.chat.t.label("review.changed")
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.DRAFT


async def test_numbers_that_changed_since_they_were_confirmed_are_shown_again(owner: Talk, ready: Account) -> None:
    """Somebody is blacklisted between the question and the answer: the person sees the new number and price first."""
    t = owner.chat.t
    await to_review(owner)
    await owner.tap(t.label("review.launch"))
    await block(ready, [FIRST + 1])
    screen = await owner.tap(t.label("review.launch_yes", count=4))
    assert screen.toast == t.label("launch.counts_changed")
    assert (await Campaign.get()).state is CampaignState.DRAFT

    await owner.tap(t.label("review.launch_yes", count=3))
    assert (await Campaign.get()).state is CampaignState.SCHEDULED


async def test_the_same_text_to_the_same_people_is_asked_about_first(owner: Talk, ready: Account) -> None:
    """With how many got it, and from which campaign; the safe way is the first button."""
    t = owner.chat.t
    await to_review(owner)
    await owner.tap(t.label("review.launch"))
    await owner.tap(t.label("review.launch_yes", count=4))
    await to_review(owner)
    await owner.tap(t.label("review.launch"))

    assert t("launch.echo", count=4, audience="4", share=t.percent(1)) in owner.screen.text
    assert owner.labels[0] == t.label("review.launch_no")
    await owner.tap(t.label("launch.despite"))
    await owner.tap(t.label("review.launch_yes", count=4))
    assert await Campaign.filter(state=CampaignState.SCHEDULED).count() == 2


async def test_groups_are_toggled_and_their_people_counted_once(owner: Talk) -> None:
    """A contact in two of them is one recipient."""
    t = owner.chat.t
    await owner.do(NewCampaign())
    await owner.type("dos grupos")
    await owner.tap(t.label("campaign.mode.permanent"))
    await owner.tap("clientes")
    screen = await owner.tap("morosos")

    assert "<b>7</b>" in screen.text
    assert "<b>6</b>" in screen.text
    assert owner.button("morosos").label.startswith("✅")

    await owner.tap(t.label("wizard.no_group"))
    assert not owner.has(t.label("wizard.next"))
    assert (await Campaign.get()).mode is CampaignMode.PERMANENT


async def test_a_killed_bot_goes_on_with_the_draft_where_it_was(owner: Talk, ready: Account) -> None:
    """Everything said so far is in the row: another process, another chat value, the same step."""
    t = owner.chat.t
    await owner.do(NewCampaign())
    await owner.type("a medias")
    await owner.tap(t.label("campaign.mode.normal"))
    await owner.tap("clientes")
    campaign = await Campaign.get()
    again = talk_of(ready, t)
    await again.do(ListCampaigns())
    screen = await again.tap("a medias")

    assert again.has("cobranza")
    assert screen.text.startswith(f"<b>{t.label('wizard.step_text')}</b>")
    await again.do(ResumeDraft(campaign.id))
    assert again.has("cobranza")


async def test_a_group_can_be_brought_along(owner: Talk) -> None:
    """From a group's screen the wizard begins with that group chosen."""
    group = await ContactGroup.get(title="clientes")
    await owner.do(NewCampaign(group_id=group.id))
    await owner.type("desde el grupo")
    draft = await Campaign.get()

    assert [group.title for group in await draft.groups.all()] == ["clientes"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("mañana 9:30", datetime(2026, 11, 25, 14, 30, tzinfo=UTC), id="es"),
        pytest.param("amanhã às 9h30", datetime(2026, 11, 25, 14, 30, tzinfo=UTC), id="pt"),
        pytest.param("2026-12-01 10:05", datetime(2026, 12, 1, 15, 5, tzinfo=UTC), id="iso"),
    ],
)
async def test_the_start_may_be_typed_in_the_zone_of_the_account(owner: Talk, typed: str, expected: datetime) -> None:
    """It is shown with the zone named, and kept in UTC."""
    t = owner.chat.t
    campaign = await to_review(owner)
    await owner.tap(t.label("review.edit_when"))
    await owner.type(typed)
    await campaign.refresh_from_db()

    assert (campaign.start_kind, campaign.start_at) == (StartKind.AT, expected)
    assert "Lima" in owner.screen.text
    assert owner.has(t.label("review.schedule"))


async def test_the_start_may_be_picked_and_schedules(owner: Talk) -> None:
    """Day, hour, quarter; then the campaign waits for its hour."""
    t = owner.chat.t
    campaign = await to_review(owner)
    await owner.tap(t.label("review.edit_when"))
    await owner.tap(t.label("wizard.tomorrow", day=""))
    await owner.tap(":15")
    await owner.tap("10:15")
    await owner.tap(t.label("review.schedule"))
    await owner.tap(t.label("review.schedule_yes", count=4))
    await campaign.refresh_from_db()

    assert campaign.state is CampaignState.SCHEDULED
    assert campaign.start_at == datetime(2026, 11, 25, 15, 15, tzinfo=UTC)
    assert campaign.started_at is None


async def test_hours_that_are_over_are_not_offered(owner: Talk) -> None:
    """It is noon: today's buttons begin at twelve."""
    t = owner.chat.t
    await to_review(owner)
    await owner.tap(t.label("review.edit_when"))
    await owner.tap(t.label("wizard.today", day=""))

    assert owner.labels[4] == "13:00"
    await owner.tap(":15")
    assert owner.labels[4] == "12:15"


async def test_a_review_names_what_is_missing_and_offers_no_start(owner: Talk) -> None:
    """The steps that are open are marked."""
    t = owner.chat.t
    await owner.do(NewCampaign())
    await owner.type("vacía")
    await owner.do(ResumeDraft((await Campaign.get()).id))
    screen = await owner.do(GoTo((await Campaign.get()).id, Step.REVIEW))

    assert t.label("wizard.step_groups") in screen.text
    assert not owner.has(t.label("review.launch"))


async def test_blank_tokens_and_dear_letters_are_counted_before_the_start(owner: Talk, ready: Account) -> None:
    """Real data decides: names that are missing, letters outside the alphabet."""
    t = owner.chat.t
    await group_of(ready, "sin nombre", 3, first=FIRST + 100, blank=2)
    await owner.do(NewCampaign())
    await owner.type("avisos")
    await owner.tap(t.label("campaign.mode.normal"))
    await owner.tap("sin nombre")
    await owner.tap(t.label("wizard.next"))
    await owner.type("Atención {{ nombre }}")
    await owner.tap(t.label("wizard.next"))
    await owner.type("Mi Marca")
    screen = await owner.tap(t.label("wizard.start_now"))

    assert t("review.blank", count=2, token="{{ " + _token(t) + " }}") in screen.text
    assert t("review.ucs2", count=3) in screen.text


def _token(t: Texts) -> str:
    return next(token for token, field in tokens(t.language).items() if field == "first_name")


async def test_without_a_price_an_owner_is_offered_to_set_it(ready: Account, texts: Texts) -> None:
    """An operator is told that there is none, and gets no button."""
    await Account.filter(id=ready.id).update(segment_price=None, currency=None)
    owner = talk_of(ready, texts)
    campaign = await to_review(owner)

    assert texts("review.no_price") in owner.screen.text
    assert owner.has(texts.label("review.set_price"))

    operator = talk_of(ready, texts, person_id=1002, role=Role.OPERATOR)
    await operator.do(ResumeDraft(campaign.id))
    assert not operator.has(texts.label("review.set_price"))


async def test_leaving_keeps_the_draft_and_says_so(owner: Talk) -> None:
    """✖ loses nothing; discarding asks first."""
    t = owner.chat.t
    campaign = await to_review(owner)
    screen = await owner.tap(t.label("review.save"))

    assert screen.toast == t.label("wizard.kept")
    await owner.tap(t.label("wizard.resume"))
    await owner.tap(t.label("review.discard"))
    assert await Campaign.exists(id=campaign.id)
    await owner.tap(t.label("review.discard_yes"))
    assert not await Campaign.exists(id=campaign.id)


async def test_a_budget_that_no_message_fits_in_is_said_and_offers_no_launch(owner: Talk, ready: Account) -> None:
    """It could never send."""
    t = owner.chat.t
    campaign = await to_review(owner)
    older = owner.button(t.label("review.launch")).action
    await Account.filter(id=ready.id).update(budget_day=Decimal("0.04"))
    assert older is not None
    await owner.do(older)
    assert t("forecast.never") in owner.screen.text
    await owner.do(GoTo(campaign.id, int(Step.REVIEW)))

    assert t("forecast.never") in owner.screen.text
    assert not owner.has(t.label("review.launch"))


async def test_the_countdown_begins_when_everybody_was_counted(owner: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million recipients are rendered once more before it; their minute is not used up by that."""
    seconds = iter(range(0, 100_000, 90))
    t = owner.chat.t
    campaign = await to_review(owner)
    await owner.tap(t.label("review.launch"))
    monkeypatch.setattr(campaign_launch, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
    await owner.tap(t.label("review.launch_yes", count=4))
    await campaign.refresh_from_db()

    assert campaign.launch_at is not None
    assert campaign.launch_at >= NOON + timedelta(seconds=90 + 60)
    assert t("launch.begins_in", left="1:00") in owner.screen.text


@pytest.mark.parametrize("later", [False, True], ids=["at once", "at an hour"])
async def test_a_closing_hour_before_the_beginning_is_said_to_be_the_next_days(owner: Talk, later: bool) -> None:
    """It goes on all night: the person may have meant today's, which is over."""
    t = owner.chat.t
    campaign = await to_review(owner)
    if later:
        await owner.do(SaveStart(campaign.id), text="2026-12-01 12:00")
    for typed, next_day in (("11:00", True), ("13:00", False)):
        await owner.do(SaveEnds(campaign.id), text=typed)
        for _ in range(2):
            assert (t.label("hours.next_day", at=f"{typed} (Lima)") in owner.screen.text) is next_day
            await owner.do(GoTo(campaign.id, int(Step.REVIEW)))
