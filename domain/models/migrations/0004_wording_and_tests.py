from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0003_schedules")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RestrictedWord",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("word", fields.CharField(max_length=40)),
                ("folded", fields.CharField(unique=True, max_length=40)),
                ("stem", fields.BooleanField(default=False, db_default=False)),
                ("refuse", fields.BooleanField(default=True, db_default=True)),
                ("created_by", fields.BigIntField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "restricted_word",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "``word`` as it was written. ``folded``, unique, as ``domain.rules.wording`` compares it. ``stem``: what begins with",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TeamPhone",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="team_phones",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("msisdn", fields.BigIntField()),
                ("name", fields.CharField(max_length=80)),
                ("created_by", fields.BigIntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "team_phone",
                "app": "domain",
                "unique_together": (("account", "msisdn"),),
                "pk_attr": "id",
                "table_description": "A number of the account's own people, which tests may go to.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WordExemption",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "word",
                    fields.ForeignKeyField(
                        "domain.RestrictedWord",
                        source_field="word_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="exemptions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="word_exemptions",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "word_exemption",
                "app": "domain",
                "unique_together": (("word", "account"),),
                "pk_attr": "id",
                "table_description": "An account that may use the word: the bank itself names the bank.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Account",
            name="alphabet",
            field=fields.CharField(default="gsm", db_default="gsm", max_length=16),
        ),
        ops.AddField(
            model_name="Campaign",
            name="blanks",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Campaign",
            name="test",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Person",
            name="phone",
            field=fields.BigIntField(null=True),
        ),
    ]
