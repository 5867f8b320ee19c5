"""When a sender was last at work: one row that outlives every sender, by the database's clock."""

from datetime import UTC, datetime

from domain.models import Pulse

_ROW = 1


async def beat(now_ms: int) -> None:
    """A sender is at work at this moment. An earlier moment than the one noted changes nothing."""
    if not await Pulse.filter(id=_ROW, at_ms__lte=now_ms).update(at_ms=now_ms):
        await Pulse.bulk_create([Pulse(id=_ROW, at_ms=now_ms)], ignore_conflicts=True)


async def last() -> datetime | None:
    """When a sender was last at work, UTC; None: none ever was."""
    row = await Pulse.get_or_none(id=_ROW)
    return None if row is None else datetime.fromtimestamp(row.at_ms / 1000, UTC)
