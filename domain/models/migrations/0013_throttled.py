from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0012_stopped_changes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Retry",
            name="throttled",
            field=fields.SmallIntField(default=0, db_default=0),
        ),
    ]
