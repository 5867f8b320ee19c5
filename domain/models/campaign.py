"""A campaign: what is sent, to whom, from when, and where it stands."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from domain.models.account import Account
from domain.models.contact import ContactGroup
from domain.models.template import Template
from domain.rules.campaign_state import CampaignState


class CampaignMode(StrEnum):
    """The manual's two modes."""

    NORMAL = "normal"  #: ends when every contact has been served
    PERMANENT = "permanent"  #: keeps serving contacts that join its groups later


class StartKind(StrEnum):
    """When it starts once the person says so."""

    NOW = "now"
    AT = "at"  #: one date and time
    WEEKLY = "weekly"  #: on some weekdays, between two hours


class Campaign(Model):
    """
    A row from the first step of the wizard on.

    ``text`` and ``text_title`` are copied from the template when it starts, so that a later edit of the template
    changes nothing here. ``revision`` rises with every change a person makes: a button that carries an older one is
    stale.
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="campaigns")
    name = fields.CharField(max_length=80, default="")
    mode = fields.CharEnumField(CampaignMode, max_length=16, default=CampaignMode.NORMAL)
    state = fields.CharEnumField(CampaignState, max_length=16, default=CampaignState.DRAFT)
    state_at = fields.DatetimeField(auto_now_add=True)  # since when it is in this state
    state_reason = fields.CharField(max_length=64, default="")  # a text key where it stopped by itself
    state_detail: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)  # what the reason's text names
    state_by = fields.BigIntField(null=True)  # the person who moved it here; None: it moved by itself
    groups: fields.ManyToManyRelation[ContactGroup] = fields.ManyToManyField(
        "domain.ContactGroup",
        related_name="campaigns",
        through="campaign_group",
        forward_key="group_id",
        backward_key="campaign_id",
    )
    template: fields.ForeignKeyNullableRelation[Template] = fields.ForeignKeyField(
        "domain.Template", related_name="campaigns", null=True, on_delete=fields.SET_NULL
    )
    text = fields.TextField(default="")
    text_title = fields.CharField(max_length=80, default="")
    blanks: fields.Field[dict[str, str | None] | None] = fields.JSONField(null=True)  # see ``domain.rules.blanks``
    test = fields.BooleanField(default=False, db_default=False)  # a test send: in no list and no figure of campaigns
    sender_id = fields.CharField(max_length=21, default="")
    segment_price = fields.DecimalField(max_digits=12, decimal_places=6, null=True)  # the account's when it started
    currency = fields.CharField(max_length=3, null=True)  # ISO 4217
    start_kind = fields.CharEnumField(StartKind, max_length=8, default=StartKind.NOW)
    start_at = fields.DatetimeField(null=True)  # AT: the moment; SCHEDULED: when it begins, or goes on, next
    launch_at = fields.DatetimeField(null=True)  # a launch that can still be undone begins then
    weekdays = fields.SmallIntField(null=True)  # WEEKLY: bit 0 is Monday
    begins = fields.SmallIntField(null=True)  # WEEKLY: minutes after midnight, by the account's clocks
    ends = fields.SmallIntField(null=True)  # the closing hour, likewise; None: it ends when all is sent
    last_day = fields.DateField(null=True)  # no period begins after it, by the account's calendar
    carry_on = fields.BooleanField(default=True, db_default=True)  # pending at the closing hour: goes on, or expires
    only_from = fields.DatetimeField(null=True)  # not carrying on: its one period ends after it; None: after its start
    open_until = fields.DatetimeField(null=True)  # nothing is submitted from then on, until it is opened again
    quiet_hours = fields.BooleanField(default=False, db_default=False)  # the account's quiet hours are kept
    skip_holidays = fields.BooleanField(default=False, db_default=False)  # of the account's country
    tps = fields.FloatField(null=True)  # messages a second; None: as the route allows
    daily_cap = fields.IntField(null=True)  # messages submitted in a day of the account's calendar
    priority = fields.SmallIntField(default=0, db_default=0)  # a higher one goes first
    forecast: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)  # what was said at the launch
    revision = fields.IntField(default=0)
    created_by = fields.BigIntField()
    chat_id = fields.BigIntField()  # where its card and its summary go
    created_at = fields.DatetimeField(auto_now_add=True)
    started_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    audience_revision = fields.BigIntField(default=-1)  # see campaigns; when last expanded, below 0: to be
    results: fields.Field[dict[str, int] | None] = fields.JSONField(null=True)  # counts by state, frozen at the end
    shown: fields.Field[dict[str, int] | None] = fields.JSONField(null=True)  # counts when the summary was last posted

    class Meta:
        table = "campaign"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("state",)))
