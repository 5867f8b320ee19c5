"""The texts that campaigns start from."""

from tortoise import fields
from tortoise.models import Model

from domain.models.account import Account


class Template(Model):
    """``text`` is in the restricted language of ``domain.rules.template``."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="templates")
    title = fields.CharField(max_length=80)
    description = fields.CharField(max_length=400, default="")
    text = fields.TextField()
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "template"
        unique_together = (("account", "title"),)
