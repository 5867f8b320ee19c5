"""List and card: states in the manual's words, buttons from the table, and why it does not move."""

import dataclasses
from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.conversations.campaigns import (
    AskCancel,
    Cancel,
    CopyCampaign,
    ListCampaigns,
    OpenCampaign,
    Pause,
    Reopen,
    Resume,
    campaign_screen,
    live_card,
)
from bot.progress import bar
from bot.standing import why_not
from domain import store
from domain.models import Account, Campaign, CampaignMode, LiveViewKind
from domain.rules.campaign_state import ACTIVE, CampaignState
from domain.rules.message_state import MessageState
from domain.rules.quota import Quota
from domain.rules.role import Role
from domain.rules.schedule import Closure, Hours
from domain.rules.standstill import Facts, LinkFact, standstill
from domain.usecases.course import Course
from domain.usecases.progress import Progress
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, Talk, check, talk_of
from tests.conftest import OPERATOR, VIEWER


def campaign(state: CampaignState, **columns: Any) -> Campaign:
    """One that is in no database."""
    values: dict[str, Any] = {"name": "Prueba_SMS_01", "text": "Hola", "text_title": "cobranza", "sender_id": "PREGON"}
    return Campaign(id=7, state=state, state_at=NOON, account_id=1, created_by=1, chat_id=1, **{**values, **columns})


def progress(
    state: CampaignState,
    counts: Mapping[MessageState, int] | None = None,
    *,
    known: Any = None,
    course: Course | None = None,
    **columns: Any,
) -> Progress:
    """As the use case finds it, with a link that is bound."""
    found, by_state = campaign(state, **columns), counts or {}
    facts = Facts(
        now=NOON,
        state=state,
        state_at=NOON,
        permanent=found.mode is CampaignMode.PERMANENT,
        stopped_by="Operator",
        reason=found.state_reason,
        start_at=found.start_at,
        skews_s=(0.0,),
        links=(LinkFact(bound=True, since=NOON),),
        total=sum(by_state.values()),
        pending=by_state.get(MessageState.PENDING, 0),
    )
    return Progress(
        found,
        ("clientes",),
        by_state,
        course or Course(Hours(ZoneInfo("America/Lima"), NOON)),
        dataclasses.replace(facts, **(known or {})),
    )


@pytest.fixture
def owner(texts: Texts) -> Talk:
    """Somebody to draw screens for; no database."""
    return talk_of(Account(id=1, name="Pregón", region="PE", time_zone="America/Lima", sender_id="PREGON"), texts)


@pytest.mark.parametrize("state", list(CampaignState))
def test_the_card_of_each_state_has_its_word_and_follows_while_it_is_active(state: CampaignState, owner: Talk) -> None:
    """The manual's words; what has ended is not kept up to date."""
    screen = campaign_screen(progress(state, {MessageState.PENDING: 3}), owner.chat)
    check(screen)

    assert owner.chat.t.label(f"campaign.state.{state.value}") in screen.text
    assert (screen.follow is not None) == (state in ACTIVE)


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        pytest.param(CampaignState.RUNNING, {"do_pause", "do_cancel"}, id="running"),
        pytest.param(CampaignState.PAUSED, {"do_edit", "do_resume", "do_cancel"}, id="stopped before its hour"),
        pytest.param(CampaignState.SCHEDULED, {"do_edit", "do_pause", "do_cancel"}, id="scheduled"),
        pytest.param(CampaignState.COMPLETED, set(), id="completed"),
    ],
)
def test_buttons_are_those_of_the_table_and_of_the_role(state: CampaignState, offered: set[str], owner: Talk) -> None:
    """A viewer gets none of them."""
    t = owner.chat.t
    names = {"do_pause", "do_resume", "do_edit", "do_cancel"}
    for role, expected in ((Role.OPERATOR, offered), (Role.VIEWER, set())):
        screen = campaign_screen(progress(state), dataclasses.replace(owner.chat, role=role))
        labels = [button.label for row in screen.rows for button in row]
        assert {name for name in names if t.label(f"campaigns.{name}") in labels} == expected


def test_a_running_card_says_how_far_how_fast_and_how_long(owner: Talk) -> None:
    """Half of it is done, at 10 a second."""
    counts = {MessageState.PENDING: 500, MessageState.DELIVERED: 400, MessageState.FAILED: 100}
    screen = campaign_screen(progress(CampaignState.RUNNING, counts), owner.chat, per_second=10.0)
    t = owner.chat.t

    assert bar(0.5) in screen.text
    assert t("campaigns.pace_left", rate="10", left=t.label("campaigns.seconds", count=50)) in screen.text
    assert t("campaigns.figure_sent", number="400") in screen.text


def test_a_limit_of_the_day_says_since_when_and_when_it_will_be_done(owner: Talk) -> None:
    """A hundred a day, all gone at noon: 250 more are done on the third day; a pace is reckoned with it too."""
    t, zone = owner.chat.t, owner.chat.account.zone
    capped = Course(Hours(zone, NOON), Quota(cap=100, submitted=100), rate=100.0)
    counts = {MessageState.PENDING: 250, MessageState.DELIVERED: 100}
    midnight = (NOON.astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    at_limit = {"limit": "cap", "limit_until": midnight, "last_at": NOON}
    screen = campaign_screen(progress(CampaignState.RUNNING, counts, known=at_limit, course=capped), owner.chat)
    ends = t.moment(midnight + timedelta(days=2), zone)

    assert t("standing.daily_cap", since=t.moment(NOON, zone), until=t.moment(midnight, zone)) in screen.text
    assert t("standing.ends", when=ends) in screen.text
    begun = dataclasses.replace(capped, quota=Quota(cap=100, submitted=90))
    screen = campaign_screen(progress(CampaignState.RUNNING, counts, course=begun), owner.chat, per_second=10.0)
    assert t("campaigns.pace_until", rate="10", when=ends) in screen.text


def test_the_card_that_waits_for_the_budget_leads_to_it(owner: Talk) -> None:
    """For those who may raise it."""
    spent = progress(CampaignState.RUNNING, {MessageState.PENDING: 3}, known={"limit": "budget", "limit_until": NOON})
    limits = owner.chat.t.label("limits.title")
    for role, offered in ((Role.OWNER, True), (Role.OPERATOR, False)):
        screen = campaign_screen(spent, dataclasses.replace(owner.chat, role=role))
        assert (limits in [button.label for row in screen.rows for button in row]) == offered


async def test_to_edit_what_is_scheduled_says_that_it_is_a_draft_again(sqlite_account: Account, texts: Texts) -> None:
    """Who only looks would leave it unlaunched without knowing."""
    made = await Campaign.create(
        account=sqlite_account, name="Aviso", state=CampaignState.SCHEDULED, start_at=NOON + timedelta(days=1),
        text="Hola", sender_id="PREGON", created_by=1001, chat_id=1001,
    )  # fmt: skip
    screen = await talk_of(sqlite_account, texts).do(Reopen(made.id))

    assert screen.toast == texts.label("campaigns.reopened")
    assert (await Campaign.get()).state is CampaignState.DRAFT


def test_one_that_waits_for_its_hour_says_when_it_will_be_done_or_how_much_will_not(owner: Talk) -> None:
    """At 9 tomorrow, for an hour, at one a second; a permanent one has no end."""
    t, zone = owner.chat.t, owner.chat.account.zone
    opens = (NOON.astimezone(zone) + timedelta(days=1)).replace(hour=9, minute=0, second=0)
    hours = Hours(zone, opens, begins=time(9), ends=time(10), carry_on=False)
    waits = {"closure": Closure.EARLY}

    def said(audience: int, **more: Any) -> str:
        found = progress(CampaignState.SCHEDULED, known=waits | more, start_at=opens, course=Course(hours, rate=1.0))
        return campaign_screen(dataclasses.replace(found, audience=audience), owner.chat).text

    assert t("standing.ends", when=t.moment(opens + timedelta(minutes=30), zone)) in said(1_801)
    assert t("standing.ends_at_once") in said(60)
    assert t("standing.not_all", count=400) in said(4_000)
    assert t("standing.ends", when="")[:6] not in said(1_801, permanent=True)


def test_what_does_not_move_says_why(owner: Talk) -> None:
    """One cause, since when, and what unlocks it."""
    t, chat = owner.chat.t, owner.chat
    since = t.moment(NOON, chat.account.zone)
    sending = {MessageState.PENDING: 3}
    down = LinkFact(bound=False, since=NOON, reason="wrong_password")

    def reason(state: CampaignState, counts: Mapping[MessageState, int] | None = None, **more: Any) -> str | None:
        return why_not(standstill(progress(state, counts, **more).facts), chat)

    running = CampaignState.RUNNING
    assert reason(running, sending) is None
    assert reason(running, sending, known={"skews_s": ()}) == t("standing.no_sender_ever")
    assert reason(running, sending, known={"links": (down,)}) == t(
        "standing.link_down", since=since, reason=t.markup("link.reason.wrong_password")
    )
    refused = dataclasses.replace(down, final=True, word="ESME_RINVPASWD")
    assert reason(running, sending, known={"links": (refused,)}) == t(
        "standing.link_refused", since=since, reason=t.markup("link.reason.wrong_password"), word="ESME_RINVPASWD"
    )
    silent = LinkFact(bound=False, since=NOON, reason="silent")
    assert reason(running, sending, known={"links": (refused, silent)}) == t(  # one of them still tries
        "standing.link_down", since=since, reason=t.markup("link.reason.silent")
    )
    assert reason(running, mode=CampaignMode.PERMANENT) == t("standing.contacts")
    assert reason(CampaignState.PAUSED) == t("standing.stopped_by", since=since, who="Operator")
    assert "<b>" not in (reason(CampaignState.SCHEDULED, start_at=None) or "")
    assert since in (reason(CampaignState.SCHEDULED, start_at=NOON) or "")
    assert reason(CampaignState.COMPLETED) is None
    with pytest.raises(KeyError):  # that text wants a value: reasons of faults must stand alone
        reason(CampaignState.PAUSED, state_reason="template.too_complex")


def test_names_from_outside_are_escaped(owner: Talk) -> None:
    """A campaign called ``<b>&`` is shown as it is called."""
    screen = campaign_screen(progress(CampaignState.RUNNING, name="<b>&", text_title="<i>"), owner.chat)

    assert "&lt;b&gt;&amp;" in screen.text
    assert "&lt;i&gt;" in screen.text


@pytest.fixture
async def running(sqlite_account: Account) -> Campaign:
    """A campaign in the middle: three messages are written."""
    group = await group_of(sqlite_account, "clientes", 3)
    made = await Campaign.create(
        account=sqlite_account,
        name="Prueba_SMS_01",
        state=CampaignState.RUNNING,
        text="Hola",
        sender_id="PREGON",
        created_by=1001,
        chat_id=1001,
        started_at=NOON - timedelta(seconds=60),
    )
    await made.groups.add(group)
    await store.current().expand(made.id, after=0, limit=100)
    return made


async def test_stop_continue_cancel_and_who_did_it(running: Campaign, sqlite_account: Account, texts: Texts) -> None:
    """Each is answered with the card as it is now."""
    owner = talk_of(sqlite_account, texts)
    await owner.do(OpenCampaign(running.id))
    assert texts.label("campaigns.do_pause") in owner.labels

    await owner.tap(texts.label("campaigns.do_pause"))
    assert "Owner" in owner.screen.text
    await owner.tap(texts.label("campaigns.do_resume"))
    assert (await Campaign.get(id=running.id)).state is CampaignState.STARTING
    await owner.tap(texts.label("campaigns.do_cancel"))
    assert texts("campaigns.ask_cancel_pending", count=3) in owner.screen.text
    await owner.tap(texts.label("campaigns.cancel_yes"))

    assert (await Campaign.get(id=running.id)).state is CampaignState.CANCELLED
    assert texts.label("campaigns.do_cancel") not in owner.labels


async def test_a_late_tap_shows_what_is_true_now(running: Campaign, sqlite_account: Account, texts: Texts) -> None:
    """Two people stop it: the second one sees that it is stopped, and by whom."""
    owner, operator = talk_of(sqlite_account, texts), talk_of(sqlite_account, texts, person_id=OPERATOR)
    await owner.do(Pause(running.id))
    screen = await operator.do(Pause(running.id))

    stopped = texts.label("campaign.state.paused")
    assert screen.toast == texts.label("campaigns.too_late", state=stopped)
    assert "Owner" in screen.text
    await owner.do(Cancel(running.id))
    for late in (Resume(running.id), AskCancel(running.id), Cancel(running.id)):
        assert (await operator.do(late)).toast is not None


async def test_the_live_card_is_the_last_one_once_it_has_ended(running: Campaign, sqlite_account: Account) -> None:
    """The ticker lets go of it."""
    from locales import load

    owner = talk_of(sqlite_account, load().texts("es", "PE"))
    screen, final = await live_card(running.id, owner.chat)
    assert screen.follow is not None
    assert screen.follow.kind == LiveViewKind.CAMPAIGN
    assert not final
    await Campaign.filter(id=running.id).update(state=CampaignState.COMPLETED)
    screen, final = await live_card(running.id, owner.chat)
    assert owner.chat.t("campaigns.awaits_receipts") in screen.text
    assert not final
    await Campaign.filter(id=running.id).update(results={"delivered": 3})

    assert (await live_card(running.id, owner.chat))[1]


async def test_edit_as_new_opens_the_wizard_with_everything_in_it(
    running: Campaign, sqlite_account: Account, texts: Texts
) -> None:
    """A second campaign; the first one is left alone."""
    owner = talk_of(sqlite_account, texts)
    screen = await owner.do(CopyCampaign(running.id))
    draft = await Campaign.get(state=CampaignState.DRAFT)

    assert draft.name == texts.label("campaigns.copy_of", name="Prueba_SMS_01")
    assert (draft.text, draft.sender_id, draft.started_at) == ("Hola", "PREGON", None)
    assert texts.label("wizard.step_review") in screen.text


async def test_the_list_has_pages_filters_and_an_empty_state(sqlite_account: Account, texts: Texts) -> None:
    """The newest first, eight a page."""
    owner = talk_of(sqlite_account, texts)
    await owner.do(ListCampaigns())
    assert texts("campaigns.none") in owner.screen.text
    for number in range(10):
        await Campaign.create(account=sqlite_account, name=f"C{number}", created_by=1, chat_id=1)
    await owner.do(ListCampaigns())
    assert owner.has("C9")
    assert not owner.has("C1")
    await owner.tap("›")
    assert owner.has("C1")
    await owner.tap(texts.label("campaigns.only_done"))
    assert texts("campaigns.none_of_these") in owner.screen.text
    await owner.tap(texts.label("campaigns.only_done"))

    assert owner.has("C9")
    viewer = talk_of(sqlite_account, texts, person_id=VIEWER, role=Role.VIEWER)
    await viewer.do(ListCampaigns())
    assert not viewer.has(texts.label("campaigns.new"))
    await viewer.tap("C9")
    assert not viewer.has(texts.label("campaigns.resume_draft"))
