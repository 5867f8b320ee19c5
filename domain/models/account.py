"""The workspace, the people in it, and how they came in."""

from tortoise import fields
from tortoise.models import Model

from domain.rules.role import Role


class Account(Model):
    """Owns contacts, templates and campaigns, has its zone, its default sender ID and its price."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=64, unique=True)
    region = fields.CharField(max_length=2)  # ISO 3166-1 alpha-2; local numbers are read in it
    countries: fields.Field[list[str] | None] = fields.JSONField(null=True)  # that may be written to; None: the region
    time_zone = fields.CharField(max_length=64)  # IANA name
    sender_id = fields.CharField(max_length=21)
    segment_price = fields.DecimalField(max_digits=12, decimal_places=6, null=True)
    currency = fields.CharField(max_length=3, null=True)  # ISO 4217
    quiet_begins = fields.SmallIntField(null=True)  # minutes after midnight, by its clocks; None: no quiet hours
    quiet_ends = fields.SmallIntField(null=True)
    countdown_s = fields.SmallIntField(default=60, db_default=60)  # in which a launch can be undone
    budget_day = fields.DecimalField(max_digits=12, decimal_places=2, null=True)  # spent in a day at the most
    fault_percent = fields.SmallIntField(default=30, db_default=30)  # refused of the last ``fault_window``: it stops
    fault_window = fields.SmallIntField(default=200, db_default=200)  # messages
    alphabet = fields.CharField(max_length=16, default="gsm", db_default="gsm")  # its route's, as the sender last said
    wide = fields.BooleanField(default=False, db_default=False)  # the same: its segments are tied by 16 bits
    same_content_hours = fields.SmallIntField(default=24, db_default=24)  # how far back a near-identical text counts
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "account"


class Person(Model):
    """A Telegram identity that was let in once."""

    id = fields.BigIntField(primary_key=True, generated=False)  # the Telegram user id
    name = fields.CharField(max_length=130)
    language = fields.CharField(max_length=8)
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "domain.Account", related_name=False, null=True, on_delete=fields.SET_NULL
    )  # the one the person works in now
    phone = fields.BigIntField(null=True)  # E.164 digits of their own card in Telegram: theirs for certain
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "person"


class TeamPhone(Model):
    """A number of the account's own people, which tests may go to."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="team_phones")
    msisdn = fields.BigIntField()
    name = fields.CharField(max_length=80)
    created_by = fields.BigIntField()
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "team_phone"
        unique_together = (("account", "msisdn"),)


class Membership(Model):
    """A person's role in an account. Revoking sets ``revoked_at`` and the row stays for the record."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="memberships")
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField("domain.Person", related_name="memberships")
    role = fields.CharEnumField(Role, max_length=16)
    created_at = fields.DatetimeField(auto_now_add=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "membership"
        unique_together = (("account", "person"),)


class Invitation(Model):
    """A one-time link. Only the hash of its secret is kept."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="invitations")
    role = fields.CharEnumField(Role, max_length=16)
    token_hash = fields.CharField(max_length=64, unique=True)
    created_by = fields.BigIntField(null=True)  # a person's id; None: made on the command line
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    used_by = fields.BigIntField(null=True)
    used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "invitation"
