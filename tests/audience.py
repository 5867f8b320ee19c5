"""Contacts in groups, and numbers on the blacklist, for tests that send to somebody."""

from collections.abc import Sequence

from domain import store
from domain.models import Account, Contact, ContactGroup

FIRST = 51987650001  #: a mobile of Peru


async def group_of(account: Account, title: str, count: int, *, first: int = FIRST, blank: int = 0) -> ContactGroup:
    """A group with ``count`` contacts with numbers from ``first`` on; the last ``blank`` of them have no name."""
    group = await ContactGroup.create(account=account, title=title)
    numbers = range(first, first + count)
    known = set(await Contact.filter(account=account, msisdn__in=list(numbers)).values_list("msisdn", flat=True))
    new = [
        Contact(
            account=account,
            msisdn=msisdn,
            first_name="" if msisdn >= first + count - blank else f"Nombre{msisdn - first}",
            last_name="Apellido",
            value_1=str(100 + msisdn - first),
            created_ms=1,
            updated_ms=1,
        )
        for msisdn in numbers
        if msisdn not in known
    ]
    if new:
        await Contact.bulk_create(new)
    ids = await Contact.filter(account=account, msisdn__in=list(numbers)).order_by("id").values_list("id", flat=True)
    await store.current().add_members(group.id, [int(str(one)) for one in ids])
    return group


async def block(account: Account, msisdns: Sequence[int]) -> None:
    """Put numbers on the blacklist."""
    await store.current().blacklist(account.id, msisdns, source="manual", by=None, now_ms=1)
