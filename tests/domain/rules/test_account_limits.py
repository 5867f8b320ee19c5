"""The limits of an account as people write them."""

from decimal import Decimal

import pytest

from domain.rules.account_limits import BadBudget, BadFault, parse_budget, parse_fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30", (30, None)), (" 30 % ", (30, None)), ("30 de 200", (30, 200)), ("0", (0, None))],
)  # fmt: skip
def test_a_percentage_and_of_how_many(text: str, expected: tuple[int, int | None]) -> None:
    """The number of messages may be left out."""
    assert parse_fault(text) == expected


@pytest.mark.parametrize("text", ["", "x", "101", "30 de 5", "30 de 99999", "-3"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    """So is a window that is too small or too large."""
    with pytest.raises(BadFault):
        parse_fault(text)


@pytest.mark.parametrize(("text", "amount"), [("150", "150.00"), ("99,5", "99.50"), ("20.25 PEN", "20.25")])
def test_an_amount(text: str, amount: str) -> None:
    """A comma is a point, and the currency is the account's."""
    assert parse_budget(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "x", "0", "-5", "inf", "1e12"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    """A budget of nought would be a stop without saying so."""
    with pytest.raises(BadBudget):
        parse_budget(text)
