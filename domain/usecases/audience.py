"""
Who a campaign would reach as things stand, and whom it holds back, for its card. Reads only.

Either reads the whole audience, so it is remembered until somebody joins or leaves one of the groups, and for half a
minute at most: an opt-out is seen then. What a person changes here is seen at once (``forget``). A launch, and all else
that is decided by who is there, counts anew.
"""

from datetime import datetime
from typing import Final

from domain import store
from domain.models import Campaign, ContactGroup
from domain.rules.blanks import decided, held_fields
from domain.usecases.remembered import Remembered

LASTS_S: Final = 30.0

_reached: Final = Remembered[int]()
_held: Final = Remembered[int]()


async def reached_count(campaign: Campaign, *, now: datetime) -> int:
    """Contacts of the campaign's groups who are neither on the blacklist nor held back."""
    account_id, groups = await _groups(campaign)

    async def ask() -> int:
        found = await store.current().audience_count(account_id, list(groups))
        return found.contacts - found.blacklisted

    listed = await _reached.get(campaign.id, ask, stands_on=(groups, _while(now)))
    return max(0, listed - await held_count(campaign, now=now))


async def held_count(campaign: Campaign, *, now: datetime) -> int:
    """Contacts of the campaign's groups who are held back as they stand now; 0 where it holds nobody back."""
    fields = held_fields(decided(campaign.blanks))
    if not fields:
        return 0
    account_id, groups = await _groups(campaign)

    async def ask() -> int:
        return (await store.current().audience_blanks(account_id, list(groups), fields)).contacts

    return await _held.get(campaign.id, ask, stands_on=(groups, fields, _while(now)))


def forget() -> None:
    """Contacts, groups or the blacklist have changed."""
    _reached.forget()
    _held.forget()


async def _groups(campaign: Campaign) -> tuple[int, dict[int, int]]:
    """The campaign's account; its groups with their revisions, which rise when anybody joins or leaves."""
    account_id: int = campaign.account_id  # type: ignore[attr-defined]
    return account_id, {group.id: group.revision for group in await ContactGroup.filter(campaigns__id=campaign.id)}


def _while(now: datetime) -> int:
    """The same for so long as an answer may be told again."""
    return int(now.timestamp() // LASTS_S)
