from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.models.message import DecisionKind
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("domain", "0008_intake")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DoubtDecision",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("campaign_id", fields.IntField(db_index=True)),
                ("person_id", fields.BigIntField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="SENT: sent\nRESEND: resend", enum_type=DecisionKind, max_length=8
                    ),
                ),
                ("messages", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "doubt_decision",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "A person's word on all messages of a campaign that were in doubt at that moment.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PaceShare",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("resource", fields.CharField(max_length=64)),
                ("sender", fields.CharField(max_length=32)),
                ("share", fields.FloatField(default=0.0, db_default=0.0)),
            ],
            options={
                "table": "pace_share",
                "app": "domain",
                "unique_together": (("resource", "sender"),),
                "pk_attr": "id",
                "table_description": "What one sender may use of something that all senders together have only so much of: a route's submits a second, a",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Message",
            name="decision_id",
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name="Message",
            name="word",
            field=fields.CharField(null=True, max_length=16),
        ),
        ops.AddField(
            model_name="PendingReceipt",
            name="forms",
            field=fields.CharField(null=True, max_length=200),
        ),
        ops.AddField(
            model_name="PendingReceipt",
            name="reference",
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name="PendingReceipt",
            name="sent_ms",
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name="PendingReceipt",
            name="stands_for",
            field=fields.CharField(null=True, max_length=8),
        ),
        ops.AddField(
            model_name="PendingReceipt",
            name="zoned",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddIndex(
            model_name="PendingReceipt",
            index=Index(fields=["destination"]),
        ),
    ]
