"""Contacts and their groups. The membership table ``group_contact`` has no model: only ``domain.store`` touches it."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from domain.models.account import Account


class ContactGroup(Model):
    """``revision`` rises with every change of membership, so that a permanent campaign sees it without counting."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="groups")
    title = fields.CharField(max_length=80)
    description = fields.CharField(max_length=400, default="")
    revision = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "contact_group"
        unique_together = (("account", "title"),)


class Contact(Model):
    """One number of an account. ``msisdn``: E.164 digits with country code, no ``+``.

    ``import_id``: the import that last wrote it. ``updated_ms`` rises with every change of a field, by at least one:
    it is also the row's version.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="contacts")
    msisdn = fields.BigIntField()
    first_name = fields.CharField(max_length=255, default="", db_default="")
    last_name = fields.CharField(max_length=255, default="", db_default="")
    email = fields.CharField(max_length=255, default="", db_default="")
    address = fields.CharField(max_length=255, default="", db_default="")
    value_1 = fields.CharField(max_length=255, default="", db_default="")
    value_2 = fields.CharField(max_length=255, default="", db_default="")
    value_3 = fields.CharField(max_length=255, default="", db_default="")
    created_ms = fields.BigIntField()
    updated_ms = fields.BigIntField()
    import_id = fields.IntField(null=True)

    class Meta:
        table = "contact"
        indexes = (Index(fields=("import_id", "id")),)
        unique_together = (("account", "msisdn"),)
