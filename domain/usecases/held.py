"""Who gets no message of a campaign because a field that its text needs is blank. Reads only."""

from domain import store
from domain.models import Campaign, ContactGroup
from domain.rules.blanks import decided, held_fields


async def held_count(campaign: Campaign) -> int:
    """Contacts of the campaign's groups who are held back as they stand now; 0 where it holds nobody back."""
    fields = held_fields(decided(campaign.blanks))
    if not fields:
        return 0
    group_ids = [group.id for group in await ContactGroup.filter(campaigns__id=campaign.id)]
    account_id: int = campaign.account_id  # type: ignore[attr-defined]
    return (await store.current().audience_blanks(account_id, group_ids, fields)).contacts
