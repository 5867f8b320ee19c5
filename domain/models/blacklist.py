"""Numbers that an account never sends to."""

from tortoise import fields
from tortoise.models import Model

from domain.models.account import Account


class BlacklistEntry(Model):
    """``source``: ``manual``, ``import``, ``card`` or ``optout``."""

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="blacklist")
    msisdn = fields.BigIntField()
    source = fields.CharField(max_length=16)
    created_by = fields.BigIntField(null=True)
    created_ms = fields.BigIntField()

    class Meta:
        table = "blacklist_entry"
        unique_together = (("account", "msisdn"),)
