from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0004_wording_and_tests")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Pulse",
            fields=[
                ("id", fields.IntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("at_ms", fields.BigIntField()),
            ],
            options={
                "table": "pulse",
                "app": "domain",
                "pk_attr": "id",
                "table_description": (
                    "One row: when a sender was last at work, by the database's clock. It outlives every sender."
                ),
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Campaign",
            name="state_detail",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Sender",
            name="skew_ms",
            field=fields.BigIntField(default=0, db_default=0),
        ),
    ]
