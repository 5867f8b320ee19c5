"""What segments cost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.price import BadPrice, Money, bracket, estimate, parse_price

PRICE = Money(Decimal("0.035"), "PEN")
SEGMENTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("0.035 PEN", PRICE),
        ("0,035 pen", PRICE),
        ("PEN 0.035", PRICE),
        ("S/ 0.035", PRICE),
        ("S/.0,035", PRICE),
        (" 1  USD ", Money(Decimal(1), "USD")),
        ("0 PEN", Money(Decimal(0), "PEN")),
        ("  ", None),
    ],
)
def test_a_price_is_an_amount_and_a_currency(text: str, price: Money | None) -> None:
    """Nothing means that no price is kept."""
    assert parse_price(text) == price


def test_an_amount_alone_is_in_the_currency_that_the_account_has() -> None:
    """Another one still has to be said."""
    assert parse_price("0,035", currency="PEN") == PRICE
    assert parse_price("1 USD", currency="PEN") == Money(Decimal(1), "USD")


@pytest.mark.parametrize(
    "text", ["0.05", "PEN", "-1 PEN", "NaN PEN", "Infinity PEN", "1 SOLES", "1 ÑÑÑ", "S/ 1 USD", "$ 1"]
)
def test_a_price_that_is_none_is_refused(text: str) -> None:
    """With what was written."""
    with pytest.raises(BadPrice) as refused:
        parse_price(text)

    assert refused.value.values == {"text": text}


@given(SEGMENTS, SEGMENTS)
def test_what_is_in_doubt_is_the_width_of_the_bracket(billed: int, in_doubt: int) -> None:
    """At least what was sent, at most that and all that is in doubt; exact, to the last decimal."""
    found = bracket(billed, in_doubt, price=PRICE)

    assert found.low == estimate(billed, PRICE)
    assert found.high == found.low + estimate(in_doubt, PRICE) == estimate(billed + in_doubt, PRICE)
    assert found.exact is (in_doubt == 0)


def test_currencies_do_not_mix() -> None:
    """A sum over routes of two operators is two sums."""
    with pytest.raises(ValueError, match="PEN and USD"):
        _ = PRICE + Money(Decimal(1), "USD")
