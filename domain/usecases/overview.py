"""What an account's home shows: a few figures, how far a newcomer has come, and the account's own settings."""

from dataclasses import dataclass
from datetime import datetime

from domain import store
from domain.models import Account, Campaign, Contact, Message, Template
from domain.rules.campaign_state import CampaignState
from domain.rules.price import Money
from domain.rules.statistics import BILLED, Statistics
from domain.usecases import campaigns, doubts

_MOVING = (CampaignState.STARTING, CampaignState.RUNNING)


@dataclass(frozen=True, slots=True)
class Overview:
    """
    Attributes:
        moving: Campaigns that are being sent.
        scheduled: Campaigns whose hour is to come.
        stopped: Campaigns that somebody, or a fault, stopped.
        sent_today: Messages sent since midnight in the account's zone.
        in_doubt: Messages whose fate nobody knows.
        has_template: There is one with a text.
        has_campaign: One was started once.
    """

    moving: int
    scheduled: int
    stopped: int
    contacts: int
    sent_today: int
    in_doubt: int
    has_template: bool
    has_campaign: bool

    @property
    def new_here(self) -> bool:
        """One of the three first steps is still to be done."""
        return not (self.contacts and self.has_template and self.has_campaign)


@dataclass(frozen=True, slots=True)
class AccountCard:
    """The account's settings. ``price``: of a segment; None: not set."""

    name: str
    region: str
    time_zone: str
    sender_id: str
    price: Money | None


async def overview(account_id: int, *, midnight: datetime) -> Overview:
    """The figures of now. ``midnight``: when the account's day began, aware UTC."""
    by_state = await campaigns.count_by_state(account_id)
    return Overview(
        moving=sum(by_state.get(state, 0) for state in _MOVING),
        scheduled=by_state.get(CampaignState.SCHEDULED, 0),
        stopped=by_state.get(CampaignState.PAUSED, 0),
        contacts=await Contact.filter(account_id=account_id).count(),
        sent_today=await _sent_since(account_id, midnight),
        in_doubt=sum(one.messages for one in await doubts.campaigns_in_doubt(account_id)),
        has_template=await Template.filter(account_id=account_id).exclude(text="").exists(),
        has_campaign=await Campaign.filter(account_id=account_id, test=False, started_at__not_isnull=True).exists(),
    )


async def account_card(account_id: int) -> AccountCard:
    """The account's settings as they are now."""
    account = await Account.get(id=account_id)
    price = Money(account.segment_price, account.currency) if account.segment_price and account.currency else None
    return AccountCard(account.name, account.region, account.time_zone, account.sender_id, price)


async def _sent_since(account_id: int, moment: datetime) -> int:
    """Only those that were at work since are looked at; of those begun since, the counts say it all."""
    at_work = Campaign.filter(account_id=account_id, test=False, started_at__not_isnull=True)
    recent = await at_work.filter(started_at__gte=moment)
    before = at_work.filter(started_at__lt=moment)
    older = [*await before.filter(ended_at=None), *await before.filter(ended_at__gte=moment)]
    sent = sum([Statistics(await store.current().counts(campaign.id)).sent for campaign in recent])
    moment_ms = int(moment.timestamp() * 1000)
    for campaign in older:
        sent += await Message.filter(
            campaign_id=campaign.id, state__in=list(BILLED), submitted_ms__gte=moment_ms
        ).count()
    return sent
