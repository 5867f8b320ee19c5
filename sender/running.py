"""Which campaigns run, as the feed needs them. Reads only."""

from domain.models import Campaign
from domain.rules.blanks import decided
from domain.rules.campaign_state import CampaignState
from domain.usecases import numbering
from sender.feed import Running


async def running_campaigns() -> list[Running]:
    """Of all accounts, the oldest first."""
    columns = ("id", "account_id", "text", "sender_id", "tps", "priority", "open_until", "blanks")
    found = await Campaign.filter(state=CampaignState.RUNNING).only(*columns).order_by("id")
    reaches = await numbering.reaches_of({c.account_id for c in found}) if found else {}  # type: ignore[attr-defined]
    return [
        Running(
            c.id,
            c.account_id,  # type: ignore[attr-defined]
            c.text,
            c.sender_id,
            reaches[c.account_id],  # type: ignore[attr-defined]
            c.tps or 0.0,
            c.priority,
            c.open_until.timestamp() if c.open_until else 0.0,
            decided(c.blanks),
        )
        for c in found
    ]
