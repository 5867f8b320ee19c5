"""
Every state of a campaign × every button × two roles × a fresh, a stale and a double tap: a table that is made from the
table of ``domain.rules.campaign_state``, not written by hand.
"""

import dataclasses
from datetime import timedelta
from typing import Any, Final

import pytest

from bot.conversations.campaign_countdown import CallBack, SendNow
from bot.conversations.campaign_edit import AskChange, AskGroups, EditLaunched, SaveChange, SetCarryOn
from bot.conversations.campaigns import AskCancel, Cancel, CopyCampaign, OpenCampaign, Pause, Reopen, Resume
from bot.screen import Action
from domain.errors import NotAllowed
from domain.models import Account, Campaign
from domain.rules.campaign_state import TABLE, CampaignEvent, CampaignState
from domain.rules.permission import allows
from domain.rules.role import Role
from domain.usecases.campaigns import HoursOver
from locales import Catalogues
from tests.audience import group_of
from tests.bot.conversations.talk import NOON, Talk, talk_of
from tests.conftest import OWNER

S, E = CampaignState, CampaignEvent
#: The states of the table as rows; a scheduled one may count down, wait, or be between two periods.
SITUATIONS: Final[dict[str, dict[str, Any]]] = {
    "draft": {"state": S.DRAFT},
    "counting down": {"state": S.SCHEDULED, "launch_at": NOON + timedelta(minutes=1)},
    "scheduled": {"state": S.SCHEDULED, "start_at": NOON + timedelta(days=1)},
    "between periods": {"state": S.SCHEDULED, "start_at": NOON + timedelta(days=1), "started_at": NOON},
    "starting": {"state": S.STARTING, "started_at": NOON},
    "running": {"state": S.RUNNING, "started_at": NOON},
    "stopped": {"state": S.PAUSED, "started_at": NOON},
    "stopped before its hour": {"state": S.PAUSED, "start_at": NOON + timedelta(days=1)},
    "completed": {"state": S.COMPLETED, "started_at": NOON, "ended_at": NOON},
    "cancelled": {"state": S.CANCELLED, "started_at": NOON, "ended_at": NOON},
}
UNDER_WAY: Final = {S.SCHEDULED, S.STARTING, S.RUNNING, S.PAUSED}
#: What each button asks for; None: it changes nothing in the campaign's state.
BUTTONS: Final[dict[type[Action], CampaignEvent | None]] = {
    Pause: E.PAUSE,
    Resume: E.RESUME,
    Cancel: E.CANCEL,
    Reopen: E.EDIT,
    CallBack: E.EDIT,
    SendNow: E.SCHEDULE_BEGIN,
    AskCancel: None,
    OpenCampaign: None,
    CopyCampaign: None,
    EditLaunched: None,
    AskGroups: None,
}
ROLES: Final = (Role.OPERATOR, Role.VIEWER)


def expected(situation: str, button: type[Action]) -> CampaignState:
    """Where the tap leads, by the table; where it means nothing, nowhere."""
    row, event = SITUATIONS[situation], BUTTONS[button]
    state: CampaignState = row["state"]
    if event is None:
        return state
    if event is E.EDIT and row.get("started_at"):
        return state  # what has begun is no draft again
    if button in (CallBack, SendNow) and not row.get("launch_at"):
        return state
    return TABLE.get((state, event), state)


@pytest.fixture
async def campaign(sqlite_account: Account) -> Campaign:
    """One that lacks nothing."""
    group = await group_of(sqlite_account, "clientes", 3)
    made = await Campaign.create(
        account=sqlite_account, name="c", text="Hola", sender_id="PREGON", created_by=OWNER, chat_id=OWNER,
        state_at=NOON, weekdays=127,
    )  # fmt: skip
    await made.groups.add(group)
    return made


async def _put(campaign: Campaign, situation: str) -> Campaign:
    blank = {"launch_at": None, "start_at": None, "started_at": None, "ended_at": None}
    await Campaign.filter(id=campaign.id).update(**{**blank, **SITUATIONS[situation]})
    return await Campaign.get(id=campaign.id)


def _talk(account: Account, catalogues: Catalogues, role: Role) -> Talk:
    return talk_of(account, catalogues.texts("es", "PE"), role=role, now=NOON)


def _offers(talk: Talk, button: type[Action]) -> bool:
    return any(isinstance(one.action, button) for row in talk.screen.rows for one in row)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("button", BUTTONS, ids=lambda button: button.__name__)
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_every_tap_has_the_right_answer(
    campaign: Campaign,
    sqlite_account: Account,
    catalogues: Catalogues,
    situation: str,
    button: type[Action],
    role: Role,
) -> None:
    """Fresh, and then a second time; a viewer is refused what needs a right, and nothing has changed."""
    talk = _talk(sqlite_account, catalogues, role)
    before = await _put(campaign, situation)
    action = button(campaign.id)  # type: ignore[call-arg]
    if not allows(role, action.permission):
        with pytest.raises(NotAllowed):
            await talk.do(action)
        assert (await Campaign.get(id=campaign.id)).revision == before.revision
        return
    first = await talk.do(action)
    once = await Campaign.get(id=campaign.id)
    moved = once.state is not before.state
    second = await talk.do(action)
    twice = await Campaign.get(id=campaign.id)

    assert once.state is expected(situation, button)
    assert once.revision == before.revision + moved
    assert (twice.state, twice.revision) == (once.state, once.revision) or _means_something(button, once)
    if BUTTONS[button] is not None and not moved:
        assert first.toast, "a tap that came too late is answered"
    if moved and BUTTONS[button] is not None and not _means_something(button, once):
        assert second.toast


def _means_something(button: type[Action], campaign: Campaign) -> bool:
    """The second tap is a request of its own in the new state: none of ours is."""
    event = BUTTONS[button]
    return event is not None and (campaign.state, event) in TABLE and button not in (CallBack, SendNow, Reopen)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("now", SITUATIONS)
@pytest.mark.parametrize("drawn", SITUATIONS)
async def test_every_button_of_an_old_card_is_answered_by_what_is_true_now(
    campaign: Campaign, sqlite_account: Account, catalogues: Catalogues, drawn: str, now: str, role: Role
) -> None:
    """The card was drawn in one state, and the campaign has gone to another behind it."""
    talk = _talk(sqlite_account, catalogues, role)
    await _put(campaign, drawn)
    await talk.do(OpenCampaign(campaign.id))
    offered = {type(one.action) for row in talk.screen.rows for one in row if type(one.action) in BUTTONS}
    assert all(allows(role, button(campaign.id).permission) for button in offered)  # type: ignore[call-arg]
    for button in sorted(offered, key=lambda one: one.code):
        before = await _put(campaign, now)
        await talk.do(button(campaign.id))  # type: ignore[call-arg]
        after = await Campaign.get(id=campaign.id)

        assert after.state is expected(now, button), button
        assert after.revision == before.revision + (after.state is not before.state)


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_a_card_offers_is_what_the_table_admits(
    campaign: Campaign, sqlite_account: Account, catalogues: Catalogues, situation: str
) -> None:
    """No button that would be refused, none missing; a viewer gets none of them."""
    row = await _put(campaign, situation)
    operator, viewer = (_talk(sqlite_account, catalogues, role) for role in ROLES)
    for talk in (operator, viewer):
        await talk.do(OpenCampaign(campaign.id))
    counts = situation == "counting down"
    admitted = {
        Pause: (row.state, E.PAUSE) in TABLE and not counts,
        Resume: (row.state, E.RESUME) in TABLE,
        AskCancel: (row.state, E.CANCEL) in TABLE and not counts and row.state is not S.DRAFT,
        Reopen: (row.state, E.EDIT) in TABLE and row.started_at is None and not counts,
        EditLaunched: row.state in UNDER_WAY and row.started_at is not None,
        CallBack: counts,
        SendNow: counts,
    }

    assert {button: _offers(operator, button) for button in admitted} == admitted
    assert not any(_offers(viewer, button) for button in admitted)


@pytest.mark.parametrize("what", ["name", "ends", "pace", "cap", "text", "sender"])
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_may_be_edited_in_each_state(
    campaign: Campaign, sqlite_account: Account, catalogues: Catalogues, situation: str, what: str
) -> None:
    """Name, end and pace while it is under way; text and sender only while it is stopped; else nothing changes."""
    typed = {"name": "Otra", "ends": "20:30", "pace": "2,5", "cap": "500", "text": "Chau {{ nombre }}", "sender": "BCP"}
    column = {"ends": "ends", "pace": "tps", "cap": "daily_cap", "sender": "sender_id"}.get(what, what)
    kept = {"name": "Otra", "ends": 1230, "pace": 2.5, "cap": 500, "text": "Chau {{ nombre }}", "sender": "BCP"}
    before = await _put(campaign, situation)
    talk = _talk(sqlite_account, catalogues, Role.OPERATOR)
    await talk.do(AskChange(campaign.id, what))
    await talk.do(SaveChange(campaign.id, what), text=typed[what])
    after = await Campaign.get(id=campaign.id)
    allowed = {S.PAUSED} if what in {"text", "sender"} else UNDER_WAY

    assert getattr(after, column) == (kept[what] if before.state in allowed else getattr(before, column))
    assert after.revision == before.revision + (before.state in allowed)


async def test_a_closing_hour_set_while_it_runs_holds_at_once(
    campaign: Campaign, sqlite_account: Account, catalogues: Catalogues
) -> None:
    """And may be taken away again; whether it goes on another day is one more tap."""
    await _put(campaign, "running")
    talk = _talk(sqlite_account, catalogues, Role.OPERATOR)
    await talk.do(SaveChange(campaign.id, "ends"), text="18:00")
    assert (await Campaign.get(id=campaign.id)).open_until == NOON + timedelta(hours=6)
    await talk.do(SetCarryOn(campaign.id, carry_on=False))
    assert not (await Campaign.get(id=campaign.id)).carry_on
    await talk.do(SaveChange(campaign.id, "ends", "-"))

    assert (await Campaign.get(id=campaign.id)).open_until is None

    await talk.do(SetCarryOn(campaign.id, carry_on=False))
    talk.chat = dataclasses.replace(talk.chat, now=NOON + timedelta(hours=8))
    with pytest.raises(HoursOver):  # 18:00 has passed, and there is no other day: nothing expires by such an edit
        await talk.do(SaveChange(campaign.id, "ends", str(18 * 60)))
    assert (await Campaign.get(id=campaign.id)).state is S.RUNNING
