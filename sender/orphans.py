"""
Looks, now and then, whether receipts that wait can mean only one message whose id never reached us. Off the hot paths:
it waits until early receipts have met their responses.
"""

import asyncio
from datetime import UTC, datetime
from typing import Final

import structlog

from domain.usecases import doubts
from sender.metrics import RECEIPTS

log = structlog.get_logger()

_PATIENCE_S: Final = 1.0  # a receipt that is merely early is matched by then
_LOOK_S: Final = 60.0  # without a reason: another sender may have put something in doubt
_PURGE_EACH: Final = 60  # looks


class Adopter:
    """One a sender. Several senders may look side by side."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._wake.set()
        self._everything = True  # the next look begins at the beginning
        self._seen = 0  # the inbox has been looked through up to this row

    def waiting(self) -> None:
        """Receipts came that no message is known for."""
        self._wake.set()

    def doubt(self) -> None:
        """Messages were put in doubt: a receipt that waits already may be theirs."""
        self._everything = True
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled. Whatever the database does, it is asked again."""
        looks = 0
        while True:
            await self._woken()
            await asyncio.sleep(_PATIENCE_S)
            try:
                await self.look()
                if looks % _PURGE_EACH == 0:
                    await doubts.drop_old_receipts(datetime.now(UTC))
            except Exception:
                log.exception("orphans_failed")
                self._everything = True
            looks += 1

    async def look(self) -> None:
        """Through what came since the last look, or through all of it."""
        after = 0 if self._everything else self._seen
        self._everything = False
        self._wake.clear()
        last_id, applied = await doubts.adopt_orphans(after=after, now=datetime.now(UTC))
        self._seen = max(self._seen, last_id)
        for event, count in applied.items():
            RECEIPTS.labels(event).inc(count)

    async def _woken(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_S):
                await self._wake.wait()
        except TimeoutError:
            self._everything = True
