"""What a person changed, row by row, so that it can be undone; how each looks at the contacts."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from domain.models.change import ChangeKind, ChangeState
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

_JOURNAL = """
create table change_row (
    change_id bigint not null,
    key bigint not null,
    what smallint not null,
    joined smallint not null default 0,
    msisdn bigint,
    after_ms bigint,
    before text,
    primary key (change_id, key)
) {without_rowid}
"""


async def create_journal(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Both dialects. ``key``: a contact's id, or the number of an entry of the blacklist."""
    on_sqlite = editor.client.capabilities.dialect == "sqlite"
    await editor.client.execute_script(_JOURNAL.format(without_rowid="without rowid" if on_sqlite else ""))


class Migration(migrations.Migration):
    dependencies = [("domain", "0005_standing")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Change",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="changes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="IMPORT: import\nADD: add\nEDIT: edit\nDELETE: delete\nDELETE_GROUP: delete_group\nBLACKLIST: blacklist\nUNBLACKLIST: unblacklist\nDNC: dnc\nJOIN: join\nLEAVE: leave",
                        enum_type=ChangeKind,
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=ChangeState.DONE,
                        description="RUNNING: running\nDONE: done\nUNDOING: undoing\nUNDONE: undone",
                        enum_type=ChangeState,
                        max_length=16,
                    ),
                ),
                ("subject_id", fields.BigIntField(null=True)),
                ("group_id", fields.IntField(null=True)),
                ("title", fields.CharField(default="", max_length=255)),
                ("count", fields.IntField(default=0)),
                ("made_by", fields.BigIntField()),
                ("made_ms", fields.BigIntField()),
                (
                    "scope",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                (
                    "before",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                ("cursor", fields.BigIntField(default=0)),
                ("kept", fields.IntField(default=0)),
                ("undone_by", fields.BigIntField(null=True)),
                ("undone_ms", fields.BigIntField(null=True)),
                ("purged", fields.BooleanField(default=False)),
            ],
            options={
                "table": "change",
                "app": "domain",
                "indexes": [Index(fields=["account_id", "id"]), Index(fields=["purged", "made_ms"])],
                "pk_attr": "id",
                "table_description": "One thing that a person did. The rows that it touched are in ``change_row``, a table without a model that only",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactView",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="views",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("person_id", fields.BigIntField()),
                ("group_id", fields.IntField(null=True)),
                ("name", fields.CharField(default="", max_length=80)),
                ("number", fields.CharField(default="", max_length=20)),
                ("show", fields.CharField(default="all", max_length=16)),
                ("import_id", fields.IntField(null=True)),
                (
                    "picked",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("total", fields.IntField(null=True)),
            ],
            options={
                "table": "contact_view",
                "app": "domain",
                "unique_together": (("account", "person_id"),),
                "pk_attr": "id",
                "table_description": "How a person looks at the account's contacts: the filter, and the contacts that are ticked. One a person.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Contact",
            name="import_id",
            field=fields.IntField(null=True),
        ),
        ops.AddIndex(
            model_name="Contact",
            index=Index(fields=["import_id", "id"]),
        ),
        ops.AddField(
            model_name="ImportJob",
            name="change_id",
            field=fields.BigIntField(null=True),
        ),
        ops.RunPython(create_journal),
    ]
