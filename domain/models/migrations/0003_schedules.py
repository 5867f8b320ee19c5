from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0002_hot_tables")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Account",
            name="budget_day",
            field=fields.DecimalField(null=True, max_digits=12, decimal_places=2),
        ),
        ops.AddField(
            model_name="Account",
            name="countdown_s",
            field=fields.SmallIntField(default=60, db_default=60),
        ),
        ops.AddField(
            model_name="Account",
            name="fault_percent",
            field=fields.SmallIntField(default=30, db_default=30),
        ),
        ops.AddField(
            model_name="Account",
            name="fault_window",
            field=fields.SmallIntField(default=200, db_default=200),
        ),
        ops.AddField(
            model_name="Account",
            name="quiet_begins",
            field=fields.SmallIntField(null=True),
        ),
        ops.AddField(
            model_name="Account",
            name="quiet_ends",
            field=fields.SmallIntField(null=True),
        ),
        ops.AddField(
            model_name="Account",
            name="same_content_hours",
            field=fields.SmallIntField(default=24, db_default=24),
        ),
        ops.AddField(
            model_name="Campaign",
            name="begins",
            field=fields.SmallIntField(null=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="carry_on",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="daily_cap",
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="ends",
            field=fields.SmallIntField(null=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="forecast",
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
        ),
        ops.AddField(
            model_name="Campaign",
            name="last_day",
            field=fields.DateField(null=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="launch_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Campaign",
            name="open_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Campaign",
            name="priority",
            field=fields.SmallIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Campaign",
            name="quiet_hours",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Campaign",
            name="skip_holidays",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Campaign",
            name="tps",
            field=fields.FloatField(null=True),
        ),
        ops.AddField(
            model_name="Campaign",
            name="weekdays",
            field=fields.SmallIntField(null=True),
        ),
    ]
