from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("domain", "0006_changes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DayUse",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("account_id", fields.IntField()),
                ("campaign_id", fields.IntField()),
                ("begins_ms", fields.BigIntField()),
                ("sender", fields.CharField(max_length=32)),
                ("messages", fields.BigIntField(default=0, db_default=0)),
                ("micros", fields.BigIntField(default=0, db_default=0)),
                ("short_micros", fields.BigIntField(default=0, db_default=0)),
            ],
            options={
                "table": "day_use",
                "app": "domain",
                "unique_together": (("campaign_id", "begins_ms", "sender"),),
                "indexes": [Index(fields=["account_id", "begins_ms"])],
                "pk_attr": "id",
                "table_description": "What a sender submitted of a campaign in a day of its account's calendar, which begins at ``begins_ms``: the limits",
            },
            bases=["Model"],
        ),
    ]
