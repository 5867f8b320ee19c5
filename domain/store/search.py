"""What is asked of the search for contacts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from domain.rules.contact_filter import Wanted
from domain.rules.number_ranges import Ranges

if TYPE_CHECKING:
    from domain.store.interface import ContactRow


class SearchStore(Protocol):
    """Contacts by a filter."""

    async def find_contacts(
        self,
        account_id: int,
        wanted: Wanted,
        *,
        after: int,
        limit: int,
        backwards: bool = False,
        invalid: Ranges = (),
    ) -> Sequence["ContactRow"]:
        """
        Contacts that match, in order of id from above ``after``; or those below it, the highest first.

        Args:
            invalid: What ``Show.INVALID`` means: the numbers that the account may not write to.
        """
        ...

    async def count_contacts(self, account_id: int, wanted: Wanted, *, invalid: Ranges = ()) -> int:
        """How many match. Reads only, perhaps for a second."""
        ...
