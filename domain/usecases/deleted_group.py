"""What is kept of a group that is deleted, and how it comes back. Who may, and when, is ``undo``'s."""

from datetime import UTC, datetime

from tortoise.expressions import F, Q

from domain.errors import DomainError
from domain.models import Campaign, Change, ContactGroup, ImportJob
from domain.rules.campaign_state import ACTIVE, FINISHED, CampaignState


class GroupInUse(DomainError):
    """A campaign that has begun or is due would lose its contacts. Values: ``campaign``, its name."""

    key = "error.group_in_use"


async def kept_of(group: ContactGroup) -> dict[str, object]:
    """The group's row and what points to it, for ``Change.before``. Its members stay where they are."""
    return {
        "description": group.description,
        "revision": group.revision,
        "created_at": group.created_at.isoformat(),
        "campaigns": [int(str(one)) for one in await Campaign.filter(groups__id=group.id).values_list("id", flat=True)],
        "imports": [int(str(one)) for one in await ImportJob.filter(group_id=group.id).values_list("id", flat=True)],
    }


async def revise_drafts(campaigns: object) -> None:
    """Those of some campaigns that are drafts come to other contacts now: nobody launches what they have not seen."""
    await Campaign.filter(id__in=campaigns, state=CampaignState.DRAFT).update(revision=F("revision") + 1)


async def leave_drafts(campaigns: object) -> None:
    """
    In a transaction: its campaigns are about to lose a group. Whoever launches one of them is before or behind it.

    Raises:
        GroupInUse: One of them has begun, or is due.
    """
    await revise_drafts(campaigns)
    campaign = await Campaign.filter(id__in=campaigns, state__in=sorted(ACTIVE)).first().values("name")
    if campaign:
        raise GroupInUse(campaign=campaign["name"])


async def put_back(change: Change) -> None:
    """
    In a transaction: the group, under its id, in the drafts and the finished campaigns that it was of. Not in one that
    was launched without it since: nobody was told that it goes to these contacts too.
    """
    before = change.before or {}
    group = await ContactGroup.create(
        id=change.subject_id,
        account_id=change.account_id,  # type: ignore[attr-defined]
        title=change.title,
        description=before["description"],
        revision=before["revision"],
        created_at=datetime.fromisoformat(str(before["created_at"])),
    )
    deleted_at = datetime.fromtimestamp(change.made_ms / 1000, UTC)
    over = Q(state__in=sorted(FINISHED)) & (Q(started_at__lte=deleted_at) | Q(started_at__isnull=True))
    for campaign in await Campaign.filter(Q(state=CampaignState.DRAFT) | over, id__in=before["campaigns"]):
        await campaign.groups.add(group)
    await revise_drafts(before["campaigns"])
    await ImportJob.filter(id__in=before["imports"], group_id=None).update(group_id=group.id)
