"""Watches what the operator answers, campaign by campaign: one of which too much is refused stops by itself."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from domain.models import Campaign
from domain.rules.campaign_state import CampaignState
from domain.rules.fault import fault_in
from domain.rules.message_state import MessageEvent
from domain.store import Result
from domain.usecases import campaigns
from sender.clock import within
from sender.feed import Ready

log = structlog.get_logger()

MANY_REFUSED: Final = "campaigns.many_refused"  #: text key: why a campaign stopped by itself
_KEPT: Final = 10_000  # answers of a campaign, however large the account's window
_PAUSE_S: Final = 0.2  # between two looks
_LOOK_S: Final = 60.0  # until the next one at the latest: what has ended is forgotten


class FaultWatch:
    """
    What this sender saw since the campaign last changed: going on, or an edit, begins with an empty window, so that the
    same old messages do not stop it again.
    """

    def __init__(self) -> None:
        self._answers: dict[int, deque[str | None]] = {}
        self._revisions: dict[int, int] = {}
        self._refused = asyncio.Event()

    def note(self, results: Sequence[Result], in_flight: Mapping[int, Ready]) -> None:
        """These results are written. Cheap: it is called for every batch."""
        for result in results:
            if result.event is MessageEvent.SUBMIT_OK:
                error = None
            elif result.event is MessageEvent.SUBMIT_ERROR:
                error = result.error or ""
                self._refused.set()
            else:
                continue
            ready = in_flight.get(result.message_id)
            if ready is not None:
                campaign_id = ready.held.claim.campaign_id
                answers = self._answers.get(campaign_id)
                if answers is None:
                    answers = self._answers[campaign_id] = deque(maxlen=_KEPT)
                answers.append(error)

    @property
    def watched(self) -> int:
        """Campaigns of which something is remembered."""
        return len(self._answers)

    async def run(self) -> None:
        """Until cancelled: look when something was refused, and now and then."""
        while True:
            await within(self._refused, _LOOK_S)
            self._refused.clear()
            try:
                await self.judge()
            except Exception:
                log.exception("faults_not_judged")
            await asyncio.sleep(_PAUSE_S)

    async def judge(self) -> None:
        """Stop the running campaigns of which too much was refused."""
        if not self._answers:
            return
        running = Campaign.filter(state=CampaignState.RUNNING, id__in=list(self._answers)).select_related("account")
        found = {campaign.id: campaign for campaign in await running}
        for campaign_id in [campaign_id for campaign_id in self._answers if campaign_id not in found]:
            self._forget(campaign_id)
        for campaign in found.values():
            if self._revisions.setdefault(campaign.id, campaign.revision) != campaign.revision:
                self._forget(campaign.id)
                continue
            account = campaign.account
            window = min(account.fault_window, _KEPT)
            fault = fault_in(self._answers[campaign.id], window=window, percent=account.fault_percent)
            if fault is None:
                continue
            detail = {"failed": fault.failed, "of": fault.of, "name": fault.error}
            if await campaigns.fault(campaign.id, MANY_REFUSED, revision=campaign.revision, detail=detail):
                log.warning("campaign_refused", campaign=campaign.id, **detail)
            self._forget(campaign.id)

    def _forget(self, campaign_id: int) -> None:
        del self._answers[campaign_id]
        self._revisions.pop(campaign_id, None)
