"""What an account rules for its campaigns: the countdown of a launch, quiet hours, and the same-content guard."""

from dataclasses import dataclass
from datetime import time
from typing import Final

import structlog

from domain.errors import DomainError
from domain.models import Account
from domain.usecases.hours import quiet_of

log = structlog.get_logger()

LONGEST_COUNTDOWN_S: Final = 600
LONGEST_LOOK_BACK_H: Final = 24 * 30


class BadRule(DomainError):
    """Not a value that is possible. Values: ``most``."""

    key = "error.bad_rule"


class NoQuietHours(DomainError):
    """They would begin and end at the same hour."""

    key = "error.no_quiet_hours"


@dataclass(frozen=True, slots=True)
class SendingRules:
    """
    As they are.

    Attributes:
        countdown_s: In which a launch can be called back; 0: it starts at once.
        quiet: By the account's clocks; None: there are none.
        same_content_hours: How far back a near-identical text counts; 0: it is never asked about.
    """

    countdown_s: int
    quiet: tuple[time, time] | None
    same_content_hours: int


async def of(account_id: int) -> SendingRules:
    """The account's rules."""
    account = await Account.get(id=account_id)
    return SendingRules(account.countdown_s, quiet_of(account), account.same_content_hours)


async def set_countdown(account_id: int, *, seconds: int) -> None:
    """
    How long a launch can be called back; campaigns that count down already go on as they do.

    Raises:
        BadRule: More than ten minutes.
    """
    if not 0 <= seconds <= LONGEST_COUNTDOWN_S:
        raise BadRule(most=LONGEST_COUNTDOWN_S)
    await Account.filter(id=account_id).update(countdown_s=seconds)
    log.info("countdown_set", account=account_id, seconds=seconds)


async def set_quiet(account_id: int, *, quiet: tuple[time, time] | None) -> None:
    """
    From when until when nothing is sent of campaigns that keep quiet hours; None: there are none.

    Raises:
        NoQuietHours: It begins when it ends.
    """
    if quiet is not None and quiet[0] == quiet[1]:
        raise NoQuietHours
    begins, ends = (at.hour * 60 + at.minute for at in quiet) if quiet else (None, None)
    await Account.filter(id=account_id).update(quiet_begins=begins, quiet_ends=ends)
    log.info("quiet_hours_set", account=account_id, begins=begins, ends=ends)


async def set_same_content_hours(account_id: int, *, hours: int) -> None:
    """
    How far back a near-identical text to the same people is asked about; 0: never.

    Raises:
        BadRule: More than thirty days.
    """
    if not 0 <= hours <= LONGEST_LOOK_BACK_H:
        raise BadRule(most=LONGEST_LOOK_BACK_H)
    await Account.filter(id=account_id).update(same_content_hours=hours)
    log.info("same_content_set", account=account_id, hours=hours)
