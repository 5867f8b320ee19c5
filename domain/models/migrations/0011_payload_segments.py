from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0010_upload_pieces")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Account",
            name="wide",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Message",
            name="parts",
            field=fields.SmallIntField(null=True),
        ),
    ]
