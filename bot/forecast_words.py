"""The rehearsal of a campaign in words: its results table, its money and its hours; and what came of it."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.chat import Chat
from bot.layout import units
from bot.standing import holiday_words
from domain.rules.price import Bracket
from domain.rules.schedule import Closure
from domain.rules.statistics import Statistics
from domain.usecases.rehearsal import Rehearsal, Said
from locales import Texts

_MOMENT: Final = timedelta(minutes=1)  # what takes less is not told from when to when
_INDENT: Final = " "


def table(said: Said, t: Texts) -> str:
    """The manual's table as it will be: *Estado, Total, %*. HTML."""
    head = [t.label(f"results.column_{name}") for name in ("state", "total", "share")]
    lines = [head, *([_name(line.key, line.depth, t), t.number(line.total), _share(line.share, t)]
                     for line in said.statistics.lines())]  # fmt: skip
    return _pre(lines)


def compared(said: Said, came: Statistics, t: Texts) -> str:
    """Forecast against fact: *Estado, Prev., Real, ±*; the last only where something differs, for phones. HTML."""
    head = [t.label("results.column_state"), *(t.label(f"forecast.column_{name}") for name in ("said", "came", "off"))]
    columns = 3 if is_as_said(said, came) else 4
    facts = {line.key: line.total for line in came.lines()}
    lines = [head]
    for line in said.statistics.lines():
        off = facts[line.key] - line.total
        signed = f"{'+' if off > 0 else '−'}{t.number(abs(off))}" if off else "="
        lines.append([_name(line.key, line.depth, t), t.number(line.total), t.number(facts[line.key]), signed])
    return _pre([line[:columns] for line in lines])


def is_as_said(said: Said, came: Statistics) -> bool:
    """Every row is as it was said."""
    return said.statistics.lines() == came.lines()


def outlook(found: Rehearsal, chat: Chat, *, held: bool = True) -> list[str]:
    """When the first and the last leave, segments, money, and (``held``) whom it does not reach. HTML, a line each."""
    said, zone, t = found.said, chat.account.zone, chat.t
    lines = []
    if found.waits is Closure.HOLIDAY:
        name = holiday_words(found.asked, chat)
        lines.append(t("forecast.waits_holiday", day=t.day(found.asked, zone), name=name))
    elif found.waits is Closure.QUIET:
        lines.append(t("forecast.waits_quiet", when=t.moment(found.asked, zone)))
    if said.first is not None:
        lines.append(hours(said.first, said.last, zone, t, about=not found.rate_known))
    if found.plan.midnight is not None:
        lines.append(t("forecast.midnight", when=t.moment(found.plan.midnight, zone)))
    lines += money(said, t)
    if held and said.held:
        lines.append(t("forecast.held", count=said.held))
    if not said.exact:
        lines.append(t("forecast.sampled"))
    return lines


def hours(first: datetime, last: datetime | None, zone: ZoneInfo, t: Texts, *, about: bool) -> str:
    """From the first to the last message. HTML."""
    begins = t.moment(first, zone)
    if last is None:
        return t("forecast.begins", first=begins)
    if last - first < _MOMENT:
        return t("forecast.at_once", first=begins)
    same_day = first.astimezone(zone).date() == last.astimezone(zone).date()
    ends = f"{t.time(last, zone)} ({t.zone(zone)})" if same_day else t.moment(last, zone)
    return t("forecast.from_to", first=begins, last=f"≈ {ends}" if about else ends)


def money(said: Said, t: Texts) -> list[str]:
    """Segments, and what they cost. HTML."""
    about = "" if said.exact else "≈ "
    number = t.number(said.low) if said.low == said.high else f"{t.number(said.low)} – {t.number(said.high)}"
    lines = [t("review.segments", number=f"{about}{number}")]
    if said.cost is None:
        lines.append(t("review.no_price"))
    else:
        lines.append(t("review.cost", cost=f"{about}{bracket(said.cost, t)}"))
    return lines


def bracket(cost: Bracket, t: Texts) -> str:
    """An amount, or from one to another."""
    low, high = (t.money(end.amount, end.currency) for end in (cost.low, cost.high))
    return low if cost.exact else f"{low} – {high}"


def _name(key: str, depth: int, t: Texts) -> str:
    return f"{_INDENT * depth}{t.label(f'results.row_{key}')}"


def _share(share: float, t: Texts) -> str:
    return t.percent(round(share, 3)).replace("\u00a0", "")


def _pre(lines: list[list[str]]) -> str:
    """Aligned columns; the words are our own, there is nothing to escape in them."""
    widths = [max(units(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = []
    for line in lines:
        first = line[0] + " " * (widths[0] - units(line[0]))
        others = (" " * (width - units(cell)) + cell for cell, width in zip(line[1:], widths[1:], strict=True))
        rows.append(" ".join((first, *others)))
    return "<pre>" + "\n".join(rows) + "</pre>"
