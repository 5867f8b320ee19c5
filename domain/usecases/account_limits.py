"""The limits that hold for all campaigns of an account: the budget of a day, and when a campaign stops by itself."""

from dataclasses import dataclass
from decimal import Decimal

from domain.models import Account
from domain.rules.account_limits import parse_budget, parse_fault


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """
    As they stand.

    Attributes:
        fault_percent: A campaign stops when so much of its latest ``fault_window`` messages was refused; 0: never.
        budget: Spent in a day at the most, in the account's currency; None: no limit.
    """

    fault_percent: int
    fault_window: int
    budget: Decimal | None
    currency: str | None


async def of(account_id: int) -> AccountLimits:
    """The account's."""
    account = await Account.get(id=account_id)
    return AccountLimits(account.fault_percent, account.fault_window, account.budget_day, account.currency)


async def set_fault(account_id: int, text: str) -> None:
    """
    Percentage and, where it was typed, of how many messages.

    Raises:
        BadFault: It cannot be read.
    """
    percent, window = parse_fault(text)
    rules = {"fault_percent": percent} if window is None else {"fault_percent": percent, "fault_window": window}
    await Account.filter(id=account_id).update(**rules)


async def set_budget(account_id: int, text: str | None) -> None:
    """
    What may be spent in a day; None: no limit.

    Raises:
        BadBudget: Not an amount.
    """
    await Account.filter(id=account_id).update(budget_day=None if text is None else parse_budget(text))
