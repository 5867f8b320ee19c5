"""Words that operators or brands do not want in texts: one list for the installation, and who may use which."""

from tortoise import fields
from tortoise.models import Model

from domain.models.account import Account


class RestrictedWord(Model):
    """
    ``word`` as it was written. ``folded``, unique, as ``domain.rules.wording`` compares it. ``stem``: what begins with
    it counts too. ``refuse``: no campaign is launched with it; else people are warned.
    """

    id = fields.IntField(primary_key=True)
    word = fields.CharField(max_length=40)
    folded = fields.CharField(max_length=40, unique=True)
    stem = fields.BooleanField(default=False, db_default=False)
    refuse = fields.BooleanField(default=True, db_default=True)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "restricted_word"


class WordExemption(Model):
    """An account that may use the word: the bank itself names the bank."""

    id = fields.IntField(primary_key=True)
    word: fields.ForeignKeyRelation[RestrictedWord] = fields.ForeignKeyField(
        "domain.RestrictedWord", related_name="exemptions"
    )
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "domain.Account", related_name="word_exemptions"
    )

    class Meta:
        table = "word_exemption"
        unique_together = (("word", "account"),)
