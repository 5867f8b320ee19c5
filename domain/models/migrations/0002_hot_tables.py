"""What the models cannot say: the membership table, partial indexes, and room for updates in place on PostgreSQL."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state_apps import StateApps

_SHARED = """
create table group_contact (
    group_id integer not null,
    contact_id bigint not null,
    primary key (group_id, contact_id)
) {without_rowid};
create index group_contact_contact on group_contact (contact_id);
create unique index campaign_group_pair on campaign_group (campaign_id, group_id);
create index message_smsc_id on message (smsc_message_id) where smsc_message_id is not null;
create index message_part_smsc_id on message_part (smsc_message_id) where smsc_message_id is not null;
"""
# A message is updated three times in its life: with free room on its page the indexes are left alone (HOT updates).
_POSTGRES = """
alter table message set (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
"""


async def create(_apps: StateApps, editor: BaseSchemaEditor) -> None:
    """Both dialects; ``without rowid`` halves the writes of a two-column table on SQLite."""
    on_sqlite = editor.client.capabilities.dialect == "sqlite"
    await editor.client.execute_script(_SHARED.format(without_rowid="without rowid" if on_sqlite else ""))
    if not on_sqlite:
        await editor.client.execute_script(_POSTGRES)


class Migration(migrations.Migration):
    """After the tables that it completes."""

    dependencies = [("domain", "0001_initial")]
    operations = [ops.RunPython(create)]
