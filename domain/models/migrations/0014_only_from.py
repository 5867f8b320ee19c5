from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0013_throttled")]

    initial = False

    operations = [
        ops.AddField(model_name="Campaign", name="only_from", field=fields.DatetimeField(null=True)),
    ]
