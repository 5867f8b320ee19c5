"""Lines of a campaign's card: how far it is, how fast, what it costs, what it is. Data in, HTML out."""

from datetime import timedelta
from typing import Final

from bot.chat import Chat
from bot.layout import cut
from bot.progress import bar_line
from bot.standing import duration
from domain.rules.message_state import MessageState
from domain.rules.price import Bracket
from domain.rules.standstill import Cause, Standstill
from domain.rules.statistics import Statistics
from domain.usecases.progress import Progress
from locales import Texts

_MOMENT: Final = timedelta(minutes=1)  # what takes less has no end of its own
_GOES_ON: Final = frozenset(  # by itself, at its hour
    {Cause.EARLY, Cause.OUTSIDE, Cause.QUIET, Cause.HOLIDAY, Cause.DAILY_CAP, Cause.BUDGET}
)


def figures_lines(figures: Statistics, t: Texts) -> list[str]:
    """A bar, and the figures that are not nought."""
    parts = [
        ("sent", figures.sent),
        ("delivered", figures.of(MessageState.DELIVERED)),
        ("failed", figures.failed),
        ("ignored", figures.ignored),
        ("in_doubt", figures.in_doubt),
        ("pending", figures.pending),
    ]
    shown = [t.markup(f"campaigns.figure_{key}", number=t.number(number)) for key, number in parts if number]
    return [
        bar_line(figures.share(figures.processed), t),
        t("campaigns.processed", done=t.number(figures.processed), total=t.number(figures.total)),
        " · ".join(shown),
    ]


def pace_line(found: Progress, figures: Statistics, per_second: float, chat: Chat) -> str:
    """How fast, how long still, and when that is done by its hours."""
    t = chat.t
    speed = t.number(round(per_second, 1 if per_second < 10 else None))
    if per_second <= 0 or not figures.pending:
        return t("campaigns.pace", rate=speed)
    seconds = figures.pending / per_second
    planned = found.course.plan(figures.pending, start=chat.now, rate=per_second)
    ends = planned.last
    if ends is None or planned.expired:
        return t("campaigns.pace_too_slow", rate=speed)
    if (ends - chat.now).total_seconds() > seconds + 60 or seconds > 3600:
        return t("campaigns.pace_until", rate=speed, when=t.moment(ends, chat.account.zone))
    return t("campaigns.pace_left", rate=speed, left=duration(seconds, t))


def end_line(found: Progress, waits: Standstill, pending: int, chat: Chat) -> str | None:
    """When it will be done, of one that waits for an hour that is known; None: there is no saying."""
    count = pending or found.audience or 0
    if waits.until is None or waits.cause not in _GOES_ON or not count or found.facts.permanent:
        return None
    planned = found.course.plan(count, start=chat.now)
    if planned.expired:
        return chat.t("standing.not_all", count=planned.expired)
    if planned.last is None:
        return None
    if planned.last - waits.until < _MOMENT:
        return chat.t("standing.ends_at_once")
    return chat.t("standing.ends", when=chat.t.moment(planned.last, chat.account.zone))


def cost_line(cost: Bracket, t: Texts) -> str:
    """So far."""
    low, high = (t.money(money.amount, money.currency) for money in (cost.low, cost.high))
    return t("campaigns.cost", cost=low) if cost.exact else t("campaigns.cost_bracket", low=low, high=high)


def about_lines(found: Progress, t: Texts) -> list[str]:
    """To whom, how many while nothing is written yet, what, and whose."""
    campaign = found.campaign
    title = campaign.text_title or (campaign.template.title if campaign.template else "")
    return [
        t("campaigns.groups", groups=cut(", ".join(found.groups), 120) or "—"),
        *([] if found.audience is None else [t("review.recipients", number=t.number(found.audience))]),
        t("campaigns.text", title=title or t.label("campaigns.own_text")),
        t("campaigns.sender", sender=campaign.sender_id or "—", mode=t.label(f"campaign.mode.{campaign.mode.value}")),
    ]
