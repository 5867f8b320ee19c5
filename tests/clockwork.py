"""The real scheduler on a clock of the test's own, and a campaign for it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.models import Account, Campaign, ContactGroup, Notice, NoticeKind, StartKind
from domain.rules.campaign_state import CampaignState
from sender.clock import Clock
from sender.scheduler import Scheduler
from tests.conftest import OWNER

NOON: Final = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  #: a Tuesday, 12:00 in Lima
SIX_PM: Final = 18 * 60
NINE_AM: Final = 9 * 60


class Sim:
    """The real scheduler on a clock of the test's own."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.skew = timedelta()  # its clock is ahead of the database's by so much
        self.scheduler = Scheduler(Clock(self._database_ms, own_ms=self._own_ms), now=lambda: self.now)

    def _own_ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    async def _database_ms(self) -> int:
        return int((self.now - self.skew).timestamp() * 1000)

    async def at(self, moment: datetime) -> None:
        """What a few ticks at that moment do."""
        self.now = moment
        for _ in range(3):
            await self.scheduler.tick()
            await self.scheduler.written()


async def scheduled(account: Account, group: ContactGroup, **columns: Any) -> Campaign:
    """One that waits for its hour."""
    values: dict[str, Any] = {
        "name": "x",
        "state": CampaignState.SCHEDULED,
        "state_at": NOON,
        "text": "Hola",
        "sender_id": "PREGON",
        "created_by": OWNER,
        "chat_id": OWNER,
        "start_kind": StartKind.WEEKLY,
        "begins": NINE_AM,
        "ends": SIX_PM,
        "start_at": NOON,
    }
    campaign = await Campaign.create(account=account, **{**values, **columns})
    await campaign.groups.add(group)
    return campaign


async def news(kind: NoticeKind) -> list[dict[str, object]]:
    """Details of the notices of a kind."""
    return [notice.detail for notice in await Notice.filter(kind=kind).order_by("id")]
