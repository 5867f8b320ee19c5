"""The tables of contacts as an ORM's models with the relation between them, which the product does without."""

from tortoise import fields
from tortoise.models import Model


class Group(Model):
    """As ``domain.models.ContactGroup``, what is needed of it."""

    id = fields.IntField(primary_key=True)
    contacts: fields.ManyToManyRelation["Person"]

    class Meta:
        table = "contact_group"


class Person(Model):
    """As ``domain.models.Contact``, in its groups."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField()
    msisdn = fields.BigIntField()
    first_name = fields.CharField(max_length=255)
    last_name = fields.CharField(max_length=255)
    email = fields.CharField(max_length=255)
    address = fields.CharField(max_length=255)
    value_1 = fields.CharField(max_length=255)
    value_2 = fields.CharField(max_length=255)
    value_3 = fields.CharField(max_length=255)
    created_ms = fields.BigIntField()
    updated_ms = fields.BigIntField()
    groups: fields.ManyToManyRelation[Group] = fields.ManyToManyField(
        "orm.Group", related_name="contacts", through="group_contact", forward_key="group_id", backward_key="contact_id"
    )

    class Meta:
        table = "contact"
        unique_together = (("account_id", "msisdn"),)
