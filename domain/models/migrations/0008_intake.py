from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from domain.rules.existing import Existing
from json import dumps, loads
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0007_day_use")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Account",
            name="countries",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="existing",
            field=fields.CharEnumField(
                default=Existing.FILL,
                description="FILL: fill\nLEAVE: leave\nREPLACE: replace",
                db_default="fill",
                enum_type=Existing,
                max_length=8,
            ),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="odd",
            field=fields.CharField(default="", db_default="", max_length=400),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="part",
            field=fields.SmallIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="parts",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
    ]
