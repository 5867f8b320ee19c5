"""Money: what segments cost. Amounts are exact decimals; how they are written is the screens' business."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Final

from domain.errors import DomainError

_PRICE: Final = re.compile(
    r"(?:(?P<sol>S/\.?)|(?P<before>[A-Z]{3}))?\s*(?P<amount>[0-9]+(?:[.,][0-9]+)?)\s*(?P<after>[A-Z]{3})?",
    re.IGNORECASE,
)


class BadPrice(DomainError):
    """Not an amount and a currency. Values: ``text``."""

    key: ClassVar[str] = "price.bad"


@dataclass(frozen=True, slots=True)
class Money:
    """
    An amount.

    Attributes:
        currency: ISO 4217, as in PEN.
    """

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return Money(self.amount + other.amount, self.currency)

    def times(self, count: int) -> "Money":
        """This amount, ``count`` times."""
        return Money(self.amount * count, self.currency)


@dataclass(frozen=True, slots=True)
class Bracket:
    """What something costs at least and at most: they differ by what is in doubt."""

    low: Money
    high: Money

    @property
    def exact(self) -> bool:
        """Nothing is in doubt."""
        return self.low == self.high


def parse_price(text: str, *, currency: str | None = None) -> Money | None:
    """
    An amount and its currency, as in ``0.05 PEN`` or ``S/ 0.05``; None for a blank text: no price is kept.

    Args:
        currency: What an amount alone is in; None: it has to be said.

    Raises:
        BadPrice: It is neither.
    """
    if not text.strip():
        return None
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise BadPrice(text=text)
    said = "PEN" if found["sol"] else (found["before"] or found["after"] or currency or "").upper()
    if not said or (found["after"] and (found["sol"] or found["before"])):
        raise BadPrice(text=text)
    return Money(Decimal(found["amount"].replace(",", ".")), said)


def estimate(segments: int, price: Money) -> Money:
    """What ``segments`` cost at ``price`` each."""
    return price.times(segments)


def bracket(billed: int, in_doubt: int, *, price: Money) -> Bracket:
    """
    The cost of a campaign.

    Args:
        billed: Segments of messages that were sent (accepted, delivered, expired, rejected).
        in_doubt: Segments of messages without response, or disconnected: billed only if they arrived.
    """
    low = price.times(billed)
    return Bracket(low, low + price.times(in_doubt))
