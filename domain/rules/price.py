"""Money: what segments cost. Amounts are exact decimals; how they are written is the screens' business."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from domain.errors import DomainError


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


def parse_price(text: str) -> Money | None:
    """
    An amount and its currency, as in ``0.05 PEN``; None for a blank text: no price is kept.

    Raises:
        BadPrice: It is neither.
    """
    if not text.strip():
        return None
    amount_text, _, currency = text.strip().partition(" ")
    currency = currency.strip().upper()
    try:
        amount = Decimal(amount_text.replace(",", "."))
    except InvalidOperation:
        raise BadPrice(text=text) from None
    if not (amount.is_finite() and amount >= 0 and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise BadPrice(text=text)
    return Money(amount, currency)


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
