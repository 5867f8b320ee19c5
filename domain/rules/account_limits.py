"""The limits that an account sets for all its campaigns, as people write them. Pure."""

import re
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Final

from domain.errors import DomainError

LARGEST_WINDOW: Final = 5_000  # messages
SMALLEST_WINDOW: Final = 20
_PERCENT: Final = re.compile(r"(\d{1,3})\s*%?(?:\D+(\d{1,5})\D*)?", re.ASCII)


class BadFault(DomainError):
    """Not a percentage, or not a number of messages that we keep. Values: ``text``, ``low``, ``high``."""

    key: ClassVar[str] = "limits.bad_fault"


class BadBudget(DomainError):
    """Not an amount. Values: ``text``."""

    key: ClassVar[str] = "limits.bad_budget"


def parse_fault(text: str) -> tuple[int, int | None]:
    """
    Which percentage, of how many messages (None: as before): ``30``, ``30 %``, ``30 de 200``.

    Raises:
        BadFault: It is neither.
    """
    found = _PERCENT.fullmatch(text.strip())
    percent, window = (int(found[1]), int(found[2]) if found[2] else None) if found else (-1, None)
    if not 0 <= percent <= 100 or (window is not None and not SMALLEST_WINDOW <= window <= LARGEST_WINDOW):
        raise BadFault(text=text, low=SMALLEST_WINDOW, high=LARGEST_WINDOW)
    return percent, window


def parse_budget(text: str) -> Decimal:
    """
    An amount in the account's currency.

    Raises:
        BadBudget: It is none, or not above nought.
    """
    try:
        amount = Decimal(text.strip().split(" ")[0].replace(",", "."))
    except InvalidOperation:
        raise BadBudget(text=text) from None
    if not amount.is_finite() or not 0 < amount < 10**9:
        raise BadBudget(text=text)
    return amount.quantize(Decimal("0.01"))
