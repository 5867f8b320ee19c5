"""
*Ensayo exacto*: the results table that a draft will come to if the operator accepts everything, when its first and its
last message leave, and what it costs. Kept with the campaign at its launch, to be held against what came. Reads only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.models import Account, Campaign, StartKind
from domain.rules.message_state import MessageState
from domain.rules.plan import Plan
from domain.rules.price import Bracket, Money
from domain.rules.schedule import Closure, closure
from domain.rules.statistics import Statistics
from domain.usecases.course import course_of
from domain.usecases.drafts import Draft
from domain.usecases.forecast import Forecast, Progress, forecast, price_of

_SAMPLING: Final = 0.02  # of the segments that a sample gives: what it may be off by, either way


@dataclass(frozen=True, slots=True)
class Said:
    """
    What is kept of a rehearsal.

    Attributes:
        counts: Messages by state, as the results table has them.
        held: Contacts that are held back: there is no message for them.
        low, high: Segments that are billed, at least and at most; they differ where not everything is known.
        cost: The same in money; None: no price is set.
        first, last: When the first and the last message leave; None: none does.
        exact: Everybody was looked at.
    """

    counts: Mapping[MessageState, int]
    held: int
    low: int
    high: int
    cost: Bracket | None
    first: datetime | None
    last: datetime | None
    exact: bool

    @property
    def statistics(self) -> Statistics:
        """As the results screen reads it."""
        return Statistics(self.counts)

    @property
    def digest(self) -> str:
        """Equal for two rehearsals that say the same of numbers and money; for a button."""
        told = repr((sorted(self.counts.items()), self.held, self.low, self.high, self.cost))
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    def to_json(self) -> dict[str, object]:
        """For ``Campaign.forecast``."""
        cost = self.cost and {
            "low": str(self.cost.low.amount),
            "high": str(self.cost.high.amount),
            "currency": self.cost.low.currency,
        }
        return {
            "counts": {state.value: count for state, count in self.counts.items()},
            "held": self.held,
            "low": self.low,
            "high": self.high,
            "cost": cost,
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """
    A draft, rehearsed.

    Attributes:
        forecast: Texts and segments.
        plan: Hours and pace.
        receipts: The route asks for receipts: what is accepted is then delivered.
        waits: What keeps it from beginning when it was asked to, at ``asked``: quiet hours, a holiday; None: nothing.
        rate_known: The campaign or its route has a pace; else one was assumed.
    """

    forecast: Forecast
    plan: Plan
    said: Said
    receipts: bool
    rate_known: bool
    asked: datetime
    waits: Closure | None


async def rehearse(
    account_id: int, draft: Draft, *, now: datetime, exact: bool = False, progress: Progress | None = None
) -> Rehearsal:
    """
    What comes of the draft if it is launched now.

    Args:
        exact: Look at every recipient, however many there are.
        progress: Told now and then how many have been looked at.

    Raises:
        BadTemplate: Its text cannot be rendered at all.
    """
    found = await forecast(account_id, draft, exact=exact, progress=progress)
    account = await Account.get(id=account_id)
    sendable = max(0, found.recipients - found.unsendable)
    price = await price_of(account_id)
    cost = price.times(found.segments) if price else None
    course = await course_of(draft.campaign, account, messages=sendable, segments=found.segments, cost=cost, now=now)
    begins = now + timedelta(seconds=account.countdown_s)
    planned = course.plan(sendable, start=begins)
    low, high = _segments(found, planned, sendable)
    arrived = MessageState.DELIVERED if course.receipts else MessageState.ACCEPTED
    counts = {
        arrived: planned.sent,
        MessageState.BLOCKED: found.blacklisted,
        MessageState.SCHEDULE_EXPIRED: planned.expired,
        MessageState.INVALID_NUMBER: found.unsendable,
    }
    said = Said(
        counts={state: count for state, count in counts.items() if count},
        held=found.held,
        low=low,
        high=high,
        cost=Bracket(price.times(low), price.times(high)) if price else None,
        first=planned.first,
        last=planned.last,
        exact=found.exact,
    )
    asked = _asked(draft.campaign, begins)
    waits = closure(asked, course.hours) if draft.campaign.start_kind is not StartKind.WEEKLY else None
    return Rehearsal(found, planned, said, course.receipts, course.rate_known, asked, waits)


def _asked(campaign: Campaign, begins: datetime) -> datetime:
    at = campaign.start_at if campaign.start_kind is StartKind.AT else None
    return begins if at is None else max(at, begins)


def said_of(campaign: Campaign) -> Said | None:
    """What was said at its launch; None: nothing was, or an older release said it otherwise."""
    kept = campaign.forecast
    if not isinstance(kept, Mapping):
        return None
    try:
        return _read(kept)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _read(kept: Mapping[str, object]) -> Said:
    counts, cost = kept["counts"], kept["cost"]
    if not isinstance(counts, Mapping):
        raise TypeError("counts")
    bracket = None
    if isinstance(cost, Mapping):
        low, high = (Money(Decimal(str(cost[key])), str(cost["currency"])) for key in ("low", "high"))
        bracket = Bracket(low, high)
    return Said(
        counts={MessageState(state): int(count) for state, count in counts.items()},
        held=int(str(kept["held"])),
        low=int(str(kept["low"])),
        high=int(str(kept["high"])),
        cost=bracket,
        first=_moment(kept["first"]),
        last=_moment(kept["last"]),
        exact=bool(kept["exact"]),
    )


def _moment(kept: object) -> datetime | None:
    return datetime.fromisoformat(str(kept)).astimezone(UTC) if kept else None


def _segments(found: Forecast, planned: Plan, sendable: int) -> tuple[int, int]:
    """At least and at most: a sample may be off, and which messages expire is known only when they do."""
    off = 0 if found.exact else round(found.segments * _SAMPLING)
    share = planned.sent / sendable if sendable else 0.0
    low = found.segments if not planned.expired else int(found.segments * share)
    return max(0, low - off), found.segments + off
