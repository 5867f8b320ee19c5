from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("domain", "0009_doubt")]

    initial = False

    operations = [
        ops.CreateModel(
            name="UploadPiece",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("upload", fields.BigIntField()),
                ("position", fields.IntField()),
                ("created_ms", fields.BigIntField()),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "upload_piece",
                "app": "domain",
                "unique_together": (("upload", "position"),),
                "pk_attr": "id",
                "table_description": "Some bytes of an upload, or of the rows refused of it: in one they would hold SQLite's writer for too long.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="ImportJob",
            name="refused",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="upload",
            field=fields.BigIntField(null=True),
        ),
    ]
