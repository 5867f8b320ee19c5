"""
*¿Por qué no avanza?*: of all that may hold a campaign up, the one cause that does, since when, and until when. Pure:
the facts are gathered by ``domain.usecases.standing``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from domain.rules.campaign_state import CampaignState
from domain.rules.schedule import Closure

_OVERDUE: Final = timedelta(seconds=5)  # a tick of a sender, and some

_SOON: Final = timedelta(seconds=20)  # by then something has left


class Cause(StrEnum):
    """What holds a campaign up. Its sentence is the text ``standing.<value>``."""

    STOPPED_BY = "stopped_by"  #: a person
    STOPPED_ITSELF = "stopped_itself"  #: a fault, or a launch that was found long afterwards
    MANY_REFUSED = "many_refused"  #: the operator refuses too much of it
    COUNTDOWN = "countdown"
    EARLY = "early"  #: its first hour is to come
    OUTSIDE = "outside"  #: its next hour is
    QUIET = "quiet"
    HOLIDAY = "holiday"
    NO_SENDER = "no_sender"
    CLOCK = "clock"  #: every sender's clock is wrong: they do not send
    LINK_DOWN = "link_down"
    THROTTLED = "throttled"  #: by the operator
    DAILY_CAP = "daily_cap"
    BUDGET = "budget"
    WRITING = "writing"  #: its messages are being written
    BLACKLIST = "blacklist"  #: nobody is left of its audience
    HELD = "held"  #: what is left is held back, for a field is blank
    CONTACTS = "contacts"  #: a permanent one waits for contacts
    PRIORITY = "priority"  #: another campaign goes first
    RETRY = "retry"  #: what is left was refused for now, and goes again
    ANSWERS = "answers"  #: all is sent; the operator has not answered yet
    UNCLEAR = "unclear"  #: nothing that we know of
    PACE = "pace"  #: it goes, as slowly as it was told to


#: It should be moving, and nobody told it not to: worth a word when it lasts.
UNWANTED: Final = frozenset(
    {
        Cause.NO_SENDER,
        Cause.CLOCK,
        Cause.LINK_DOWN,
        Cause.THROTTLED,
        Cause.WRITING,
        Cause.RETRY,
        Cause.ANSWERS,
        Cause.UNCLEAR,
    }
)
_BY_CLOSURE: Final = {
    Closure.EARLY: Cause.EARLY,
    Closure.OUTSIDE: Cause.OUTSIDE,
    Closure.OVER: Cause.OUTSIDE,
    Closure.QUIET: Cause.QUIET,
    Closure.HOLIDAY: Cause.HOLIDAY,
}


@dataclass(frozen=True, slots=True)
class LinkFact:
    """
    A link of a running sender.

    Attributes:
        throttled_since: The operator slows it down.
        final: It has stopped trying: the credentials are wrong.
        word: The operator's own, as in ESME_RINVPASWD.
    """

    bound: bool
    since: datetime
    reason: str = ""
    throttled_since: datetime | None = None
    final: bool = False
    word: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What is known of a campaign at ``now``.

    Attributes:
        begun: It was open once.
        stopped_by: Name of the person who stopped it.
        reason: Text key where it stopped by itself.
        closure: Why its hours do not let it send; None: they do.
        opens: Its next period.
        skews_s: Of the running senders' clocks, against the database's; empty: no sender runs.
        right_s: A clock that is off by more does not send.
        pending: Messages that are not submitted yet. ``retrying``: of them, refused for now.
        waiting: Messages that are submitted and not answered.
        held: Contacts who got no message because a field is blank.
        limit: ``cap`` or ``budget``: a limit of the day is reached, until ``limit_until``.
        last_at: When something of it was submitted last, where that is since when it waits.
        ahead: Name of a running campaign that goes first.
        pace: Of its own, messages a second; 0: as fast as it goes.
        moving: Something was sent lately; None: not known.
    """

    now: datetime
    state: CampaignState
    state_at: datetime
    begun: bool = True
    permanent: bool = False
    stopped_by: str | None = None
    reason: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    launch_at: datetime | None = None
    start_at: datetime | None = None
    closure: Closure | None = None
    opens: datetime | None = None
    skews_s: Sequence[float] = ()
    right_s: float = 30.0
    last_sender_at: datetime | None = None
    links: Sequence[LinkFact] = ()
    total: int = 0
    pending: int = 0
    retrying: int = 0
    retry_at: datetime | None = None
    waiting: int = 0
    blocked: int = 0
    held: int = 0
    limit: str = ""
    limit_until: datetime | None = None
    last_at: datetime | None = None
    ahead: str = ""
    pace: float = 0.0
    moving: bool | None = None


@dataclass(frozen=True, slots=True)
class Standstill:
    """
    The one cause.

    Attributes:
        since: None: not known, or of no use.
        until: When it ends by itself; None: when what it waits for comes.
        about: The values that its sentence names: a person, a reason, a campaign, a number.
    """

    cause: Cause
    since: datetime | None = None
    until: datetime | None = None
    about: Mapping[str, object] = field(default_factory=dict)


def standstill(facts: Facts) -> Standstill | None:
    """The cause that comes first; None: it moves, or it has ended."""
    match facts.state:
        case CampaignState.PAUSED:
            return _stopped(facts)
        case CampaignState.SCHEDULED:
            return _waits(facts)
        case CampaignState.STARTING | CampaignState.RUNNING:
            return _moves_not(facts)
        case CampaignState.COMPLETED:
            return _nobody(facts)
    return None


def _stopped(facts: Facts) -> Standstill:
    if not facts.reason:
        return Standstill(Cause.STOPPED_BY, facts.state_at, about={"who": facts.stopped_by})
    cause = Cause.MANY_REFUSED if "failed" in facts.detail else Cause.STOPPED_ITSELF
    return Standstill(cause, facts.state_at, about={"reason": facts.reason, **facts.detail})


def _waits(facts: Facts) -> Standstill | None:
    if facts.launch_at is not None and facts.launch_at > facts.now:
        return Standstill(Cause.COUNTDOWN, facts.state_at, facts.launch_at)
    opens = facts.launch_at or facts.start_at
    if opens is not None and opens + _OVERDUE < facts.now:
        return _nobody_sends(facts) or Standstill(Cause.WRITING, opens)
    closed = _BY_CLOSURE[facts.closure] if facts.closure is not None else Cause.EARLY
    if closed is Cause.OUTSIDE and not facts.begun:
        closed = Cause.EARLY
    return Standstill(closed, facts.state_at, opens)


def _moves_not(facts: Facts) -> Standstill | None:
    if facts.state is CampaignState.RUNNING and facts.closure is not None:
        return Standstill(_BY_CLOSURE[facts.closure], facts.state_at, facts.opens)
    nobody = _nobody_sends(facts)
    if nobody is not None:
        return nobody
    if facts.state is CampaignState.STARTING:
        return Standstill(Cause.WRITING, facts.state_at)
    if not facts.pending and not facts.waiting:
        nobody = _nobody(facts)
        return nobody or (Standstill(Cause.CONTACTS, facts.state_at) if facts.permanent else None)
    down = [link for link in facts.links if not link.bound]
    if facts.links and len(down) == len(facts.links):
        trying = [link for link in down if not link.final]  # one that still tries may mend it by itself
        first = min(trying or down, key=lambda link: link.since)
        about = {"reason": first.reason, "final": first.final, "word": first.word}
        return Standstill(Cause.LINK_DOWN, first.since, about=about)
    if facts.limit:
        cause = Cause.DAILY_CAP if facts.limit == "cap" else Cause.BUDGET
        return Standstill(cause, _since(facts), facts.limit_until)
    throttled = [link.throttled_since for link in facts.links if link.bound and link.throttled_since is not None]
    if throttled and len(throttled) == len(facts.links) - len(down):
        return Standstill(Cause.THROTTLED, min(throttled))
    return _slow(facts)


def _slow(facts: Facts) -> Standstill | None:
    if facts.pending and facts.pending <= facts.retrying:
        return Standstill(Cause.RETRY, _since(facts), facts.retry_at, {"messages": facts.retrying})
    if facts.ahead and facts.moving is False:
        return Standstill(Cause.PRIORITY, _since(facts), about={"name": facts.ahead})
    if not facts.pending and facts.moving is False:
        return Standstill(Cause.ANSWERS, _since(facts), about={"messages": facts.waiting})
    if facts.pending and facts.moving is False and facts.now - facts.state_at > _SOON:
        return Standstill(Cause.UNCLEAR)
    return Standstill(Cause.PACE, about={"pace": facts.pace}) if facts.pace and facts.pending else None


def _since(facts: Facts) -> datetime:
    """It has sent nothing since."""
    return facts.state_at if facts.last_at is None else max(facts.state_at, facts.last_at)


def _nobody_sends(facts: Facts) -> Standstill | None:
    if not facts.skews_s:
        return Standstill(Cause.NO_SENDER, facts.last_sender_at)
    off = min(facts.skews_s, key=abs)
    if abs(off) > facts.right_s:
        return Standstill(Cause.CLOCK, about={"seconds": round(off)})
    return None


def _nobody(facts: Facts) -> Standstill | None:
    """Why there is nobody to send to."""
    if facts.total and facts.blocked == facts.total:
        return Standstill(Cause.BLACKLIST, about={"messages": facts.blocked})
    if facts.held and (facts.permanent or not facts.total):
        return Standstill(Cause.HELD, about={"messages": facts.held})
    return None
