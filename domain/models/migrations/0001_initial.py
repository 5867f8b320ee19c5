from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from domain.models.campaign import CampaignMode, StartKind
from domain.models.chat import LiveViewKind, NoticeKind, NoticeState
from domain.models.dispatch import ChunkState
from domain.models.import_job import ImportState
from domain.rules.campaign_state import CampaignState
from domain.rules.message_state import MessageState
from domain.rules.role import Role
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=64)),
                ("region", fields.CharField(max_length=2)),
                ("time_zone", fields.CharField(max_length=64)),
                ("sender_id", fields.CharField(max_length=21)),
                ("segment_price", fields.DecimalField(null=True, max_digits=12, decimal_places=6)),
                ("currency", fields.CharField(null=True, max_length=3)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "account",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "Owns contacts, templates and campaigns, has its zone, its default sender ID and its price.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BlacklistEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="blacklist",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("msisdn", fields.BigIntField()),
                ("source", fields.CharField(max_length=16)),
                ("created_by", fields.BigIntField(null=True)),
                ("created_ms", fields.BigIntField()),
            ],
            options={
                "table": "blacklist_entry",
                "app": "domain",
                "unique_together": (("account", "msisdn"),),
                "pk_attr": "id",
                "table_description": "``source``: ``manual``, ``import``, ``card`` or ``optout``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Chunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("campaign_id", fields.IntField()),
                ("lo", fields.BigIntField()),
                ("hi", fields.BigIntField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="READY: ready\nLEASED: leased\nDONE: done", enum_type=ChunkState, max_length=8
                    ),
                ),
                ("sender", fields.CharField(null=True, max_length=32)),
            ],
            options={
                "table": "chunk",
                "app": "domain",
                "indexes": [Index(fields=["campaign_id", "state", "id"])],
                "pk_attr": "id",
                "table_description": "The messages of one campaign with ``lo <= id <= hi``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Contact",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="contacts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("msisdn", fields.BigIntField()),
                ("first_name", fields.CharField(default="", db_default="", max_length=255)),
                ("last_name", fields.CharField(default="", db_default="", max_length=255)),
                ("email", fields.CharField(default="", db_default="", max_length=255)),
                ("address", fields.CharField(default="", db_default="", max_length=255)),
                ("value_1", fields.CharField(default="", db_default="", max_length=255)),
                ("value_2", fields.CharField(default="", db_default="", max_length=255)),
                ("value_3", fields.CharField(default="", db_default="", max_length=255)),
                ("created_ms", fields.BigIntField()),
                ("updated_ms", fields.BigIntField()),
            ],
            options={
                "table": "contact",
                "app": "domain",
                "unique_together": (("account", "msisdn"),),
                "pk_attr": "id",
                "table_description": "One number of an account. ``msisdn``: E.164 digits with country code, no ``+``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ContactGroup",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="groups",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("title", fields.CharField(max_length=80)),
                ("description", fields.CharField(default="", max_length=400)),
                ("revision", fields.IntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "contact_group",
                "app": "domain",
                "unique_together": (("account", "title"),),
                "pk_attr": "id",
                "table_description": "``revision`` rises with every change of membership, so that a permanent campaign sees it without counting.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Conversation",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("chat_id", fields.BigIntField()),
                ("user_id", fields.BigIntField()),
                ("state", fields.CharField(null=True, max_length=32)),
                ("question", fields.CharField(null=True, max_length=64)),
                ("live_message_id", fields.BigIntField(null=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "conversation",
                "app": "domain",
                "unique_together": (("chat_id", "user_id"),),
                "pk_attr": "id",
                "table_description": "The open question of one person in one chat: the packed action that their next message answers.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ImportJob",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="imports",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "group",
                    fields.ForeignKeyField(
                        "domain.ContactGroup",
                        source_field="group_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="imports",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("person_id", fields.BigIntField()),
                ("chat_id", fields.BigIntField()),
                ("file_name", fields.CharField(max_length=255)),
                ("sha256", fields.CharField(db_index=True, max_length=64)),
                ("content", fields.BinaryField(null=True)),
                ("encoding", fields.CharField(default="utf-8", max_length=16)),
                ("delimiter", fields.CharField(default=",", max_length=1)),
                ("preamble", fields.SmallIntField(default=0)),
                (
                    "columns",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("header", fields.BooleanField(default=False)),
                (
                    "sample",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=ImportState.PREVIEW,
                        description="PREVIEW: preview\nRUNNING: running\nDONE: done\nCANCELLED: cancelled\nFAILED: failed",
                        enum_type=ImportState,
                        max_length=16,
                    ),
                ),
                ("cursor", fields.BigIntField(default=0)),
                (
                    "counts",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("errors", fields.BinaryField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "import_job",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "``cursor`` is the last msisdn whose slice is committed: slices go in ascending order of msisdn, each with its",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="invitations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="OWNER: owner\nOPERATOR: operator\nVIEWER: viewer", enum_type=Role, max_length=16
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("created_by", fields.BigIntField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_by", fields.BigIntField(null=True)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invitation",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "A one-time link. Only the hash of its secret is kept.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LiveView",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("chat_id", fields.BigIntField()),
                ("message_id", fields.BigIntField()),
                ("person_id", fields.BigIntField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="CAMPAIGN: campaign\nIMPORT: import\nCHANGE: change",
                        enum_type=LiveViewKind,
                        max_length=16,
                    ),
                ),
                ("subject_id", fields.IntField()),
                ("digest", fields.CharField(default="", max_length=64)),
            ],
            options={
                "table": "live_view",
                "app": "domain",
                "unique_together": (("chat_id", "message_id"),),
                "pk_attr": "id",
                "table_description": "A message that follows a campaign or an import until it ends. ``digest``: what it shows now.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Message",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("campaign_id", fields.IntField()),
                ("contact_id", fields.BigIntField()),
                ("msisdn", fields.BigIntField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="PENDING: pending\nSUBMITTED: submitted\nACCEPTED: accepted\nDELIVERED: delivered\nEXPIRED: expired\nREJECTED: rejected\nNO_RESPONSE: no_response\nDISCONNECTED: disconnected\nFAILED: failed\nBLOCKED: blocked\nSCHEDULE_EXPIRED: schedule_expired\nINVALID_NUMBER: invalid_number",
                        enum_type=MessageState,
                        max_length=16,
                    ),
                ),
                ("tries", fields.SmallIntField(default=0, db_default=0)),
                ("segments", fields.SmallIntField(default=0, db_default=0)),
                ("route", fields.CharField(null=True, max_length=32)),
                ("smsc_message_id", fields.CharField(null=True, max_length=65)),
                ("error", fields.CharField(null=True, max_length=32)),
                ("submitted_ms", fields.BigIntField(null=True)),
                ("answered_ms", fields.BigIntField(null=True)),
                ("done_ms", fields.BigIntField(null=True)),
            ],
            options={
                "table": "message",
                "app": "domain",
                "unique_together": (("campaign_id", "msisdn"),),
                "pk_attr": "id",
                "table_description": "One SMS to one number of one campaign.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MessagePart",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("message_id", fields.BigIntField()),
                ("part", fields.SmallIntField()),
                (
                    "state",
                    fields.CharEnumField(
                        description="PENDING: pending\nSUBMITTED: submitted\nACCEPTED: accepted\nDELIVERED: delivered\nEXPIRED: expired\nREJECTED: rejected\nNO_RESPONSE: no_response\nDISCONNECTED: disconnected\nFAILED: failed\nBLOCKED: blocked\nSCHEDULE_EXPIRED: schedule_expired\nINVALID_NUMBER: invalid_number",
                        enum_type=MessageState,
                        max_length=16,
                    ),
                ),
                ("route", fields.CharField(max_length=32)),
                ("smsc_message_id", fields.CharField(null=True, max_length=65)),
                ("error", fields.CharField(null=True, max_length=32)),
            ],
            options={
                "table": "message_part",
                "app": "domain",
                "unique_together": (("message_id", "part"),),
                "pk_attr": "id",
                "table_description": "A segment of a message of several: it has its own id at the SMSC and its own receipt.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("key", fields.CharField(unique=True, max_length=96)),
                ("chat_id", fields.BigIntField()),
                ("person_id", fields.BigIntField()),
                (
                    "kind",
                    fields.CharEnumField(
                        description="STARTED: started\nSUMMARY: summary\nSTOPPED: stopped\nMISSED: missed\nSTANDSTILL: standstill\nIMPORTED: imported",
                        enum_type=NoticeKind,
                        max_length=16,
                    ),
                ),
                ("subject_id", fields.IntField()),
                (
                    "detail",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=NoticeState.PENDING,
                        description="PENDING: pending\nSENDING: sending\nSENT: sent\nUNKNOWN: unknown\nDEAD: dead",
                        enum_type=NoticeState,
                        max_length=16,
                    ),
                ),
                ("message_id", fields.BigIntField(null=True)),
                ("tries", fields.SmallIntField(default=0)),
                ("next_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "notice",
                "app": "domain",
                "indexes": [Index(fields=["state", "next_at"])],
                "pk_attr": "id",
                "table_description": "A row of the outbox. ``key`` is unique: the same news is written once, however often it is found.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PendingReceipt",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("route", fields.CharField(max_length=32)),
                ("smsc_message_id", fields.CharField(null=True, max_length=65)),
                ("event", fields.CharField(max_length=24)),
                ("error", fields.CharField(null=True, max_length=32)),
                ("source", fields.CharField(max_length=32)),
                ("destination", fields.CharField(max_length=32)),
                ("seen_ms", fields.BigIntField()),
            ],
            options={
                "table": "pending_receipt",
                "app": "domain",
                "indexes": [Index(fields=["smsc_message_id"])],
                "pk_attr": "id",
                "table_description": "A receipt whose message is not known yet: it is early, or its id never reached us. Kept until it is matched.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Person",
            fields=[
                ("id", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(max_length=130)),
                ("language", fields.CharField(max_length=8)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "person",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "A Telegram identity that was let in once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Membership",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="memberships",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "person",
                    fields.ForeignKeyField(
                        "domain.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="memberships",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.CharEnumField(
                        description="OWNER: owner\nOPERATOR: operator\nVIEWER: viewer", enum_type=Role, max_length=16
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "membership",
                "app": "domain",
                "unique_together": (("account", "person"),),
                "pk_attr": "id",
                "table_description": "A person's role in an account. Revoking sets ``revoked_at`` and the row stays for the record.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Retry",
            fields=[
                ("message_id", fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ("campaign_id", fields.IntField()),
                ("next_ms", fields.BigIntField()),
                ("sender", fields.CharField(null=True, max_length=32)),
            ],
            options={
                "table": "retry",
                "app": "domain",
                "indexes": [Index(fields=["campaign_id", "next_ms"])],
                "pk_attr": "message_id",
                "table_description": "A message that goes again after ``next_ms``: it has left its chunk and is claimed by itself.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Sender",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ("host", fields.CharField(max_length=128)),
                ("pid", fields.IntField()),
                ("started_ms", fields.BigIntField()),
                ("lease_ms", fields.BigIntField()),
                (
                    "links",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "sender",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "A running sender. What it holds is its own as long as this row stands: whoever finds ``lease_ms`` past deletes the",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Template",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="templates",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("title", fields.CharField(max_length=80)),
                ("description", fields.CharField(default="", max_length=400)),
                ("text", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "template",
                "app": "domain",
                "unique_together": (("account", "title"),),
                "pk_attr": "id",
                "table_description": "``text`` is in the restricted language of ``domain.rules.template``.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Campaign",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "domain.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="campaigns",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(default="", max_length=80)),
                (
                    "mode",
                    fields.CharEnumField(
                        default=CampaignMode.NORMAL,
                        description="NORMAL: normal\nPERMANENT: permanent",
                        enum_type=CampaignMode,
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    fields.CharEnumField(
                        default=CampaignState.DRAFT,
                        description="DRAFT: draft\nSCHEDULED: scheduled\nSTARTING: starting\nRUNNING: running\nPAUSED: paused\nCOMPLETED: completed\nCANCELLED: cancelled",
                        enum_type=CampaignState,
                        max_length=16,
                    ),
                ),
                ("state_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("state_reason", fields.CharField(default="", max_length=64)),
                ("state_by", fields.BigIntField(null=True)),
                (
                    "groups",
                    fields.ManyToManyField(
                        "domain.ContactGroup",
                        unique=True,
                        db_constraint=True,
                        through="campaign_group",
                        forward_key="group_id",
                        backward_key="campaign_id",
                        related_name="campaigns",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "template",
                    fields.ForeignKeyField(
                        "domain.Template",
                        source_field="template_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="campaigns",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("text", fields.TextField(default="", unique=False)),
                ("text_title", fields.CharField(default="", max_length=80)),
                ("sender_id", fields.CharField(default="", max_length=21)),
                ("segment_price", fields.DecimalField(null=True, max_digits=12, decimal_places=6)),
                ("currency", fields.CharField(null=True, max_length=3)),
                (
                    "start_kind",
                    fields.CharEnumField(
                        default=StartKind.NOW,
                        description="NOW: now\nAT: at\nWEEKLY: weekly",
                        enum_type=StartKind,
                        max_length=8,
                    ),
                ),
                ("start_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("revision", fields.IntField(default=0)),
                ("created_by", fields.BigIntField()),
                ("chat_id", fields.BigIntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("started_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("audience_revision", fields.BigIntField(default=-1)),
                (
                    "results",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
                (
                    "shown",
                    fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads),
                ),
            ],
            options={
                "table": "campaign",
                "app": "domain",
                "indexes": [Index(fields=["account_id", "id"]), Index(fields=["state"])],
                "pk_attr": "id",
                "table_description": "A row from the first step of the wizard on.",
            },
            bases=["Model"],
        ),
    ]
