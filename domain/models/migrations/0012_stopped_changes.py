from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0011_payload_segments")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Change",
            name="stopped",
            field=fields.BooleanField(default=False, db_default=False),
        ),
    ]
