"""Where a campaign stands, in words: why it does not move, how far it is, how long it still takes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from bot.chat import Chat
from domain.models import CampaignMode
from domain.rules.campaign_state import CampaignState
from domain.rules.statistics import Statistics
from domain.usecases.campaigns import Progress
from locales import Texts

_BAR: Final = 12  # blocks of a progress bar


def why_not(found: Progress, figures: Statistics, chat: Chat) -> str | None:
    """*¿Por qué no avanza?*: the one cause, since when, and what unlocks it; None: it goes on, or it has ended."""
    t, campaign, zone = chat.t, found.campaign, chat.account.zone
    if campaign.state is CampaignState.PAUSED:
        since = t.moment(campaign.state_at, zone)
        if campaign.state_reason:
            reason = t.markup(campaign.state_reason) if campaign.state_reason in t else campaign.state_reason
            return t("campaigns.stopped_itself", since=since, reason=reason)
        return t("campaigns.stopped_by", since=since, who=found.moved_by or t.label("campaigns.somebody"))
    if campaign.state is CampaignState.SCHEDULED and campaign.start_at is not None:
        return t("campaigns.waits_for_hour", when=t.moment(campaign.start_at, zone))
    if campaign.state not in {CampaignState.STARTING, CampaignState.RUNNING}:
        return None
    if not found.links:
        return t("campaigns.no_sender")
    if all(str(link["state"]) != "bound" for link in found.links):
        return _link_down(found.links, chat)
    if campaign.mode is CampaignMode.PERMANENT and campaign.state is CampaignState.RUNNING and not figures.pending:
        return t("campaigns.waits_for_contacts")
    return None


def bar(share: float) -> str:
    """``▓▓▓░░░`` for a part of 1."""
    full = int(share * _BAR)
    return "▓" * full + "░" * (_BAR - full)


def duration(seconds: float, t: Texts) -> str:
    """Roughly, in the largest unit that says enough."""
    if seconds < 90:
        return t.label("campaigns.seconds", count=max(1, round(seconds)))
    if seconds < 90 * 60:
        return t.label("campaigns.minutes", count=round(seconds / 60))
    return t.label("campaigns.hours", count=round(seconds / 3600))


def _link_down(links: Sequence[Mapping[str, object]], chat: Chat) -> str:
    """The one that has been down longest speaks for all."""
    t = chat.t
    first = min(links, key=lambda link: int(str(link.get("since_ms", 0))))
    since = datetime.fromtimestamp(int(str(first.get("since_ms", 0))) / 1000, UTC)
    key = f"link.reason.{first.get('reason') or 'connecting'}"
    reason = t.markup(key if key in t else "link.reason.internal")
    return t("campaigns.link_down", since=t.moment(since, chat.account.zone), reason=reason)
