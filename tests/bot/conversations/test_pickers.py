"""Days, hours, weekdays, ends and paces, by taps and typed; every hour is shown with its zone."""

from datetime import UTC, date, datetime, time

import pytest

from bot.conversations.campaign_new import NewCampaign
from bot.hours_words import days_words
from bot.wizard import GoTo, Step
from domain.errors import DomainError
from domain.models import Account, Campaign, StartKind
from domain.rules.campaign_state import CampaignState
from domain.rules.holiday import holiday_name
from domain.usecases import draft_hours, drafts, sending_rules
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import Talk, talk_of
from tests.conftest import OWNER


@pytest.fixture
async def draft(sqlite_account: Account) -> int:
    """A draft that lacks nothing but its hours."""
    group = await group_of(sqlite_account, "clientes", 5)
    campaign_id = await drafts.create(sqlite_account.id, name="Aviso", person_id=OWNER, chat_id=OWNER)
    await drafts.set_group(sqlite_account.id, campaign_id, group_id=group.id, chosen=True)
    await drafts.set_text(sqlite_account.id, campaign_id, text="Hola {{ nombre }}")
    await drafts.set_sender_id(sqlite_account.id, campaign_id, sender_id="PREGON")
    return campaign_id


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


WEEKLY = {
    "es": "lunes a viernes 10:05 a 11:45",
    "en": "monday to friday 10:05 to 11:45",
    "pt": "segunda a sexta das 10:05 às 11:45",
}
CAP = {"es": "2000 al día", "en": "2000 a day", "pt": "2000 por dia"}


async def test_weekdays_and_an_hour_by_taps(owner: Talk, draft: int) -> None:
    """The set that nearly everybody wants, a day less, an hour; then the closing hour."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.WHEN))
    await owner.tap(t.label("wizard.weekdays"))
    await owner.tap(days_words(range(5), t))
    await owner.tap(t.weekday(2))
    await owner.tap(t.label("wizard.to_hour"))
    await owner.tap(":15")
    await owner.tap("10:15")
    campaign = await Campaign.get()
    assert (campaign.start_kind, campaign.weekdays, campaign.begins) == (StartKind.WEEKLY, 0b11011, 615)

    await owner.tap(t.label("wizard.closing_hour"))
    await owner.tap(":45")
    await owner.tap("11:45")
    await owner.tap(t.label("wizard.expire"))
    screen = await owner.tap(t.label("wizard.next"))
    await campaign.refresh_from_db()

    assert (campaign.ends, campaign.carry_on) == (705, False)
    assert "10:15 (Lima)" in screen.text
    assert "11:45 (Lima)" in screen.text


async def test_weekly_hours_may_be_typed_at_once(owner: Talk, draft: int) -> None:
    """As people say them: days, beginning and end; the campaign waits for the next period."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.WHEN))
    await owner.type(WEEKLY[t.language])
    campaign = await Campaign.get()
    assert (campaign.weekdays, campaign.begins, campaign.ends) == (0b11111, 605, 705)

    await owner.do(GoTo(draft, Step.WHEN))
    await owner.tap(t.label("wizard.next"))  # nothing has to be chosen again
    await owner.tap(t.label("review.schedule"))
    screen = await owner.tap(t.label("review.schedule_yes", count=5))
    assert screen.toast == t.label("launch.scheduled")
    await campaign.refresh_from_db()

    # It is Tuesday noon in Lima: the next period begins on Wednesday.
    assert campaign.state is CampaignState.SCHEDULED
    assert (campaign.start_at, campaign.launch_at) == (datetime(2026, 11, 25, 15, 5, tzinfo=UTC), None)


async def test_the_way_back_from_a_picker_leads_to_its_step(owner: Talk, draft: int) -> None:
    """One screen at a time, not to the step before."""
    t = owner.chat.t
    back, here = t.label("nav.back"), t("wizard.ask_date")
    for door in (t.label("wizard.other_date"), t.label("wizard.weekdays")):
        step = await owner.do(GoTo(draft, Step.WHEN))
        await owner.tap(door)
        assert (await owner.tap(back)).text == step.text
    await owner.tap(t.label("wizard.weekdays"))
    days = await owner.tap(days_words(range(5), t))
    await owner.tap(t.label("wizard.to_hour"))
    assert (await owner.tap(back)).text == days.text
    step = await owner.do(GoTo(draft, Step.ENDS))
    await owner.tap(t.label("wizard.closing_hour"))

    assert (await owner.tap(back)).text == step.text
    assert here not in step.text


async def test_a_start_on_a_holiday_or_in_quiet_hours_says_why_it_waits(
    owner: Talk, draft: int, sqlite_account: Account
) -> None:
    """Asked for the 8th of December, it leaves on the 10th: two holidays of Peru."""
    t, zone = owner.chat.t, owner.chat.account.zone
    await draft_hours.set_skip_holidays(sqlite_account.id, draft, skip=True)
    await owner.do(GoTo(draft, Step.WHEN))
    screen = await owner.type("2026-12-08 10:00")
    name = holiday_name(date(2026, 12, 8), "PE", language=t.language)
    day = t.day(datetime(2026, 12, 8, 15, 0, tzinfo=UTC), zone)
    assert t("forecast.waits_holiday", day=day, name=name) in screen.text
    await sending_rules.set_quiet(sqlite_account.id, quiet=(time(9, 0), time(11, 0)))
    await draft_hours.set_quiet_hours(sqlite_account.id, draft, keep=True)
    await owner.do(GoTo(draft, Step.WHEN))
    screen = await owner.type("2026-12-01 10:00")

    when = t.moment(datetime(2026, 12, 1, 15, 0, tzinfo=UTC), zone)
    assert t("forecast.waits_quiet", when=when) in screen.text


async def test_a_cap_that_goes_on_at_midnight_says_so_before_the_launch(
    owner: Talk, draft: int, sqlite_account: Account
) -> None:
    """Two a day for five contacts; with quiet hours the rest waits for the morning, and nothing is said."""
    t, zone = owner.chat.t, owner.chat.account.zone
    await draft_hours.set_daily_cap(sqlite_account.id, draft, cap=2)
    await owner.do(GoTo(draft, Step.WHEN))
    screen = await owner.type("2026-12-01 10:00")
    midnight = t("forecast.midnight", when=t.moment(datetime(2026, 12, 2, 5, 0, tzinfo=UTC), zone))
    assert midnight in screen.text
    await sending_rules.set_quiet(sqlite_account.id, quiet=(time(21, 0), time(8, 0)))
    await draft_hours.set_quiet_hours(sqlite_account.id, draft, keep=True)
    await owner.do(GoTo(draft, Step.WHEN))
    screen = await owner.type("2026-12-01 10:00")

    assert midnight not in screen.text


async def test_not_one_weekday_is_refused(owner: Talk, draft: int) -> None:
    """The last one cannot be taken out."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.WHEN))
    await owner.tap(t.label("wizard.weekdays"))
    await owner.tap(t.weekday(2))
    with pytest.raises(DomainError):
        await owner.tap(t.weekday(2))

    assert (await Campaign.get()).weekdays == 0b100


async def test_any_day_of_the_year_is_in_the_calendar(owner: Talk, draft: int) -> None:
    """Months are turned; days that are over cannot be picked."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.WHEN))
    await owner.tap(t.label("wizard.other_date"))
    assert "23" not in owner.labels
    assert "·24·" in owner.labels
    await owner.tap("›")
    await owner.tap("24")
    await owner.tap("09:00")

    assert (await Campaign.get()).start_at == datetime(2026, 12, 24, 14, 0, tzinfo=UTC)


async def test_the_end_may_be_typed(owner: Talk, draft: int) -> None:
    """An hour closes, a day is the last; going back to the end of all undoes both."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.ENDS))
    await owner.type("18:30")
    await owner.type("2026-12-24" if t.language == "en" else "24/12")
    campaign = await Campaign.get()
    assert (campaign.ends, campaign.last_day) == (18 * 60 + 30, date(2026, 12, 24))
    assert "18:30 (Lima)" in owner.screen.text

    await owner.tap(t.label("wizard.when_done"))
    await campaign.refresh_from_db()
    assert (campaign.ends, campaign.last_day, campaign.carry_on) == (None, None, True)


async def test_the_last_day_is_picked_from_a_month(owner: Talk, draft: int) -> None:
    """Or taken away again."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.ENDS))
    await owner.type("18:30")
    await owner.tap(t.label("wizard.last_day"))
    await owner.tap("30")
    assert (await Campaign.get()).last_day == date(2026, 11, 30)

    await owner.tap(t.label("wizard.no_last_day"))
    assert (await Campaign.get()).last_day is None


async def test_the_pace_by_taps_and_typed(owner: Talk, draft: int) -> None:
    """Messages a second, a cap for a day, a priority; each is said in the review."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.PACE))
    await owner.tap("10/s")
    await owner.tap(t.number(5_000))
    await owner.tap(t.label("wizard.priority_high"))
    campaign = await Campaign.get()
    assert (campaign.tps, campaign.daily_cap, campaign.priority) == (10, 5_000, 1)

    await owner.type("0.5/s")
    await owner.type(CAP[t.language])
    await owner.tap(t.label("wizard.next"))
    await campaign.refresh_from_db()

    assert (campaign.tps, campaign.daily_cap) == (0.5, 2_000)
    assert t.label("hours.cap", cap=t.number(2_000)) in owner.screen.text


async def test_quiet_hours_and_holidays_are_switches(owner: Talk, draft: int, sqlite_account: Account) -> None:
    """Where the account has no quiet hours its owner is led to set them; campaigns keep them until told not to."""
    t = owner.chat.t
    await owner.do(GoTo(draft, Step.SILENCE))
    await owner.tap(t.label("wizard.skip_holidays"))
    await owner.tap(t.label("wizard.set_quiet_hours"))
    await owner.type("21:00 a 8:00")
    await sqlite_account.refresh_from_db()
    assert (sqlite_account.quiet_begins, sqlite_account.quiet_ends) == (21 * 60, 8 * 60)

    screen = await owner.do(GoTo(draft, Step.REVIEW))
    assert "21:00–08:00 (Lima)" in screen.text
    await owner.do(GoTo(draft, Step.SILENCE))
    await owner.tap(t.label("wizard.quiet_hours", hours="21:00–08:00"))
    screen = await owner.tap(t.label("wizard.next"))
    campaign = await Campaign.get()

    assert (campaign.quiet_hours, campaign.skip_holidays) == (False, True)
    assert "21:00–08:00 (Lima)" not in screen.text


async def test_an_owner_rules_the_countdown(owner: Talk, sqlite_account: Account) -> None:
    """And how far back the same text is asked about."""
    from bot.conversations.account_rules import OpenRules

    t = owner.chat.t
    await owner.do(OpenRules())
    await owner.tap(t.label("rules.seconds", number=10))
    await owner.tap(t.label("rules.hours", number=72))
    await sqlite_account.refresh_from_db()

    assert (sqlite_account.countdown_s, sqlite_account.same_content_hours) == (10, 72)


async def test_every_step_is_edited_from_the_review_and_leads_back_to_it(owner: Talk, draft: int) -> None:
    """No step is a dead end, none walks the person through all that follow."""
    t = owner.chat.t
    for step in Step:
        if step is Step.REVIEW:
            continue
        await owner.do(GoTo(draft, Step.REVIEW))
        await owner.tap(t.label(f"review.edit_{step.name.lower()}"))
        assert owner.has(t.label("nav.home"))
        if step is Step.MODE:
            await owner.tap(t.label("campaign.mode.normal"))
        elif step is Step.SENDER:
            await owner.tap("PREGON")
        elif step is Step.WHEN:
            await owner.tap(t.label("wizard.start_now"))
        else:
            await owner.tap(t.label("wizard.next"))
        assert owner.has(t.label("review.edit_name")), step


async def test_a_new_draft_needs_one_tap_a_step(owner: Talk, draft: int) -> None:
    """Name, mode, group and on, text, sender, now."""
    t = owner.chat.t
    await owner.do(NewCampaign())
    await owner.type("otra")
    await owner.tap(t.label("campaign.mode.normal"))
    await owner.tap("clientes")
    await owner.tap(t.label("wizard.next"))
    await owner.tap(t.label("wizard.own_text"))
    await owner.type("Hola")
    await owner.tap(t.label("wizard.next"))
    await owner.tap("PREGON")
    await owner.tap(t.label("wizard.start_now"))

    assert owner.has(t.label("review.launch"))
