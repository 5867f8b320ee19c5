"""Home: who one is, where things stand, what to do first, and the doors to everything. The group's status too."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from bot.chat import Chat
from bot.layout import cut, heading, pairs
from bot.screen import Action, Button, Place, Rows, Screen, Style, on, unpack
from domain.rules.campaign_state import CampaignState
from domain.rules.statistics import Statistics
from domain.usecases import campaigns
from domain.usecases.overview import Overview, overview
from locales import Texts

_GROUP_LINES: Final = 10
#: Text key, packed action: other conversations lead here, so their modules cannot be imported here.
_DOORS: Final = (
    ("home.campaigns", "cl:0:"),
    ("home.contacts", "gl:0"),
    ("home.templates", "tl:0"),
    ("home.blacklist", "bl:0"),
    ("home.results", "rl:0"),
    ("home.account", "a"),
    ("home.help", "hq"),
)

# Actions


class Home(Action, code="h"):
    """Home, in place of what was there."""


class HomeBelow(Action, code="hb"):
    """Home in a message of its own: the one above is kept as it is."""


class GroupStatus(Action, code="hg"):
    """What a group is told: campaigns at work."""


# Screens


def home_screen(found: Overview, chat: Chat) -> Screen:
    """Figures, the first three steps while one of them is to be done, and the doors."""
    t = chat.t
    lines = [
        heading(chat.account.name),
        t("home.who", name=cut(chat.person_name, 64), role=t.label(f"role.{chat.role.value}")),
        "",
        _state_line(found, t),
    ]
    if found.stopped:
        lines.append(t("home.stopped", count=found.stopped))
    if found.new_here:
        lines += ["", *_first_steps(found, t)]
    return Screen("\n".join(lines), _doors(found, t))


def group_screen(at_work: Sequence[tuple[str, CampaignState, Statistics]], chat: Chat) -> Screen:
    """Campaigns at work with how far they are; wizards are for the private chat."""
    t = chat.t
    lines = [heading(t.label("home.group_title"), chat.account.name), ""]
    lines += [
        t(
            "home.group_line",
            name=cut(name),
            state=t.label(f"campaign.state.{state.value}"),
            done=t.number(figures.processed),
            total=t.number(figures.total),
        )
        for name, state, figures in at_work
    ] or [t("home.group_none")]
    lines += ["", t("home.updated", time=t.time(chat.now, chat.account.zone, seconds=True))]
    link = Button(t.label("home.open_private"), url=f"https://t.me/{chat.bot_username}?start=home")
    return Screen("\n".join(lines), ((Button(t.label("home.refresh"), GroupStatus()),), (link,)))


def _state_line(found: Overview, t: Texts) -> str:
    parts = [
        t.markup("home.moving", count=found.moving),
        t.markup("home.people", count=found.contacts),
        t.markup("home.sent_today", count=found.sent_today),
    ]
    if found.scheduled:
        parts.insert(1, t.markup("home.scheduled", count=found.scheduled))
    return " · ".join(parts)


def _first_steps(found: Overview, t: Texts) -> list[str]:
    done = (bool(found.contacts), found.has_template, found.has_campaign)
    keys = ("home.step_contacts", "home.step_template", "home.step_campaign")
    return [t("home.first_steps")] + [
        f"{'✅' if ready else '⬜'} {number}. {t(key)}"
        for number, (ready, key) in enumerate(zip(done, keys, strict=True), 1)
    ]


def _doors(found: Overview, t: Texts) -> Rows:
    doors = dict(_DOORS)
    nxt = None
    if found.new_here:
        nxt = (
            "home.contacts" if not found.contacts else "home.templates" if not found.has_template else "home.campaigns"
        )
    buttons = [
        Button(t.label(key), unpack(packed), Style.PRIMARY if key == nxt else None) for key, packed in doors.items()
    ]
    if found.in_doubt:
        buttons.append(Button(t.label("doubt.home", count=found.in_doubt), unpack("dl")))
    return pairs(buttons)


# Handlers


@on(Home)
async def home(_: Home, chat: Chat) -> Screen:
    """The account as it stands."""
    return home_screen(await overview(chat.account.id, midnight=_midnight(chat.now, chat.account.zone)), chat)


@on(HomeBelow)
async def home_below(_: HomeBelow, chat: Chat) -> Screen:
    """The same, below."""
    return dataclasses.replace(await home(Home(), chat), place=Place.NEW)


@on(GroupStatus)
async def group_status(_: GroupStatus, chat: Chat) -> Screen:
    """The newest campaigns that are not done."""
    found = await campaigns.page(
        chat.account.id,
        offset=0,
        limit=_GROUP_LINES,
        states=(CampaignState.STARTING, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.SCHEDULED),
    )
    at_work = []
    for listed in found.campaigns:
        campaign = await campaigns.get(chat.account.id, listed.id)
        at_work.append((listed.name, listed.state, Statistics(await campaigns.counts(campaign))))
    return group_screen(at_work, chat)


def _midnight(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
