"""What is asked of the search for contacts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from domain.rules.contact_filter import Wanted

if TYPE_CHECKING:
    from domain.store.interface import ContactRow


class SearchStore(Protocol):
    """Contacts by a filter."""

    async def find_contacts(
        self, account_id: int, wanted: Wanted, *, after: int, limit: int, backwards: bool = False
    ) -> Sequence["ContactRow"]:
        """
        Contacts that match, in order of id from above ``after``; or those below it, the highest first. ``Show.INVALID``
        is not looked at: the database cannot judge a number.
        """
        ...

    async def count_contacts(self, account_id: int, wanted: Wanted) -> int:
        """How many match. Reads only, perhaps for a second."""
        ...
