"""
A campaign while it is a draft: a row from the first step of the wizard on, changed in place. Each change raises its
revision, so a launch that was asked for on an older screen is refused. Its hours and its pace are in ``draft_hours``;
what happens from the start on is in ``campaigns``.
"""

from dataclasses import dataclass
from datetime import time

import structlog
from tortoise.expressions import F
from tortoise.transactions import in_transaction

from domain import store
from domain.errors import NotFound, WrongState
from domain.models import Account, Campaign, CampaignMode, ContactGroup, Template
from domain.rules.blanks import decided
from domain.rules.campaign_state import CampaignState
from domain.rules.sender_id import parse_sender_id
from domain.rules.title import clean_title
from domain.store import GroupCount
from domain.usecases import campaigns
from domain.usecases.hours import quiet_of
from domain.usecases.templates import checked_text

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group that the draft may go to: its size, and whether it does."""

    id: int
    title: str
    contacts: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """
    A draft with what its screens show.

    Attributes:
        groups: The chosen ones, by title.
        text: Its own, or its template's as it stands now; empty: none chosen yet.
        text_title: The template's title; empty: a text of its own.
        audience: Distinct contacts of its groups, and how many of them are on the blacklist.
        quiet: The account's quiet hours; None: it has none.
    """

    campaign: Campaign
    groups: tuple[tuple[int, str], ...]
    text: str
    text_title: str
    audience: GroupCount
    quiet: tuple[time, time] | None = None

    @property
    def id(self) -> int:
        """The campaign's."""
        return self.campaign.id

    @property
    def recipients(self) -> int:
        """Who would get it."""
        return self.audience.contacts - self.audience.blacklisted


async def create(account_id: int, *, name: str | None, person_id: int, chat_id: int) -> int:
    """
    The first step: a draft with a name, which keeps the account's quiet hours. Returns its id.

    Raises:
        TitleMissing, TitleTooLong: The name cannot be used.
    """
    draft = await Campaign.create(
        account_id=account_id, name=clean_title(name), created_by=person_id, chat_id=chat_id, quiet_hours=True
    )
    log.info("draft_created", campaign=draft.id, account=account_id, by=person_id)
    return draft.id


async def get(account_id: int, campaign_id: int) -> Draft:
    """
    A draft as it stands.

    Raises:
        NotFound: It is gone, or another account's.
        WrongState: It is no draft any more.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise _no_draft(campaign)
    groups = await ContactGroup.filter(campaigns__id=campaign_id).order_by("title", "id")
    ids = [group.id for group in groups]
    audience = await store.current().audience_count(account_id, ids) if ids else GroupCount(0, 0)
    template = campaign.template
    return Draft(
        campaign=campaign,
        groups=tuple((group.id, group.title) for group in groups),
        text=template.text if template else campaign.text,
        text_title=template.title if template else "",
        audience=audience,
        quiet=quiet_of(await Account.get(id=account_id)),
    )


async def group_choices(account_id: int, campaign_id: int) -> list[GroupChoice]:
    """Every group of the account, by title."""
    chosen = {group.id for group in await ContactGroup.filter(campaigns__id=campaign_id)}
    sizes = await store.current().group_sizes(account_id)
    groups = await ContactGroup.filter(account_id=account_id).order_by("title", "id")
    return [GroupChoice(g.id, g.title, sizes.get(g.id, 0), g.id in chosen) for g in groups]


async def rename(account_id: int, campaign_id: int, *, name: str | None) -> None:
    """
    Another name.

    Raises:
        TitleMissing, TitleTooLong: It cannot be used.
        NotFound, WrongState: As in ``get``.
    """
    await edit(account_id, campaign_id, name=clean_title(name))


async def set_mode(account_id: int, campaign_id: int, *, mode: CampaignMode) -> None:
    """
    Normal or permanent.

    Raises:
        NotFound, WrongState: As in ``get``.
    """
    await edit(account_id, campaign_id, mode=mode)


async def set_group(account_id: int, campaign_id: int, *, group_id: int, chosen: bool) -> None:
    """
    Put a group in or take it out; doing so twice changes nothing more.

    Raises:
        NotFound: The group or the draft is gone, or another account's.
        WrongState: It is no draft any more.
    """
    group = await ContactGroup.get_or_none(id=group_id, account_id=account_id)
    if group is None:
        raise NotFound(noun="group")
    async with in_transaction():
        await edit(account_id, campaign_id)
        campaign = await Campaign.get(id=campaign_id)
        await (campaign.groups.add(group) if chosen else campaign.groups.remove(group))


async def set_all_groups(account_id: int, campaign_id: int, *, chosen: bool) -> None:
    """
    *Seleccionar todo*, *eliminar todos*.

    Raises:
        NotFound, WrongState: As in ``get``.
    """
    groups = await ContactGroup.filter(account_id=account_id)
    async with in_transaction():
        await edit(account_id, campaign_id)
        campaign = await Campaign.get(id=campaign_id)
        if chosen and groups:
            await campaign.groups.add(*groups)
        elif not chosen:
            await campaign.groups.clear()


async def set_template(account_id: int, campaign_id: int, *, template_id: int) -> None:
    """
    The text of a template; as it is when the campaign starts.

    Raises:
        NotFound: The template or the draft is gone, or another account's.
        WrongState: It is no draft any more.
    """
    template = await Template.get_or_none(id=template_id, account_id=account_id)
    if template is None:
        raise NotFound(noun="template")
    await edit(account_id, campaign_id, template_id=template.id, text="")


async def set_text(account_id: int, campaign_id: int, *, text: str | None) -> None:
    """
    A text of its own.

    Raises:
        TextMissing, BadTemplate: It cannot be used; nothing changed.
        NotFound, WrongState: As in ``get``.
    """
    checked = checked_text(text)
    await edit(account_id, campaign_id, template_id=None, text=checked.source)


async def set_blank(account_id: int, campaign_id: int, *, field: str, other: str | None) -> None:
    """
    What is done about contacts who have nothing in a field: ``other`` stands there; None: they are held back.

    Raises:
        NotFound, WrongState: As in ``get``.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    await edit(account_id, campaign_id, blanks=decided({**decided(campaign.blanks), field: other}))


async def forget_blank(account_id: int, campaign_id: int, *, field: str) -> None:
    """
    Nothing is decided about a field any more.

    Raises:
        NotFound, WrongState: As in ``get``.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    blanks = {name: other for name, other in decided(campaign.blanks).items() if name != field}
    await edit(account_id, campaign_id, blanks=blanks)


async def set_sender_id(account_id: int, campaign_id: int, *, sender_id: str) -> None:
    """
    Whose message it is for the one who gets it.

    Raises:
        BadSenderId: It is neither a number nor at most 11 letters and digits.
        NotFound, WrongState: As in ``get``.
    """
    await edit(account_id, campaign_id, sender_id=parse_sender_id(sender_id))


async def delete(account_id: int, campaign_id: int) -> None:
    """
    Throw a draft away. A second call changes nothing.

    Raises:
        WrongState: It is no draft any more.
    """
    if await Campaign.filter(id=campaign_id, account_id=account_id, state=CampaignState.DRAFT).delete():
        log.info("draft_deleted", campaign=campaign_id, account=account_id)
        return
    campaign = await Campaign.get_or_none(id=campaign_id, account_id=account_id)
    if campaign is not None:
        raise _no_draft(campaign)


async def edit(account_id: int, campaign_id: int, **columns: object) -> None:
    """
    Change columns of a draft, and raise its revision. What may be in them is for the caller to check.

    Raises:
        NotFound, WrongState: As in ``get``.
    """
    changed = await Campaign.filter(id=campaign_id, account_id=account_id, state=CampaignState.DRAFT).update(
        revision=F("revision") + 1, **columns
    )
    if not changed:
        raise _no_draft(await campaigns.get(account_id, campaign_id))


def _no_draft(campaign: Campaign) -> WrongState:
    return WrongState(now=campaign.state.value, wanted=CampaignState.DRAFT.value)
