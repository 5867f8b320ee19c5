"""What the bot keeps of a chat: the open question, the messages that it keeps up to date, and notices to deliver."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Conversation(Model):
    """The open question of one person in one chat: the packed action that their next message answers."""

    id = fields.BigIntField(primary_key=True)
    chat_id = fields.BigIntField()
    user_id = fields.BigIntField()
    state = fields.CharField(max_length=32, null=True)
    question = fields.CharField(max_length=64, null=True)
    live_message_id = fields.BigIntField(null=True)  # the one message whose keyboard is alive
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "conversation"
        unique_together = (("chat_id", "user_id"),)


class LiveViewKind(StrEnum):
    """What a message shows that is kept up to date."""

    CAMPAIGN = "campaign"
    IMPORT = "import"
    CHANGE = "change"  #: a change of many contacts, or its undoing


class LiveView(Model):
    """A message that follows a campaign or an import until it ends. ``digest``: what it shows now."""

    id = fields.BigIntField(primary_key=True)
    chat_id = fields.BigIntField()
    message_id = fields.BigIntField()
    person_id = fields.BigIntField()  # in whose language and with whose rights
    kind = fields.CharEnumField(LiveViewKind, max_length=16)
    subject_id = fields.IntField()
    digest = fields.CharField(max_length=64, default="")

    class Meta:
        table = "live_view"
        unique_together = (("chat_id", "message_id"),)


class NoticeKind(StrEnum):
    """News that opens a message of its own."""

    STARTED = "started"
    SUMMARY = "summary"
    STOPPED = "stopped"  #: by itself, with the reason
    MISSED = "missed"  #: its hours passed while no sender was at work
    STANDSTILL = "standstill"  #: it should move, and does not
    IMPORTED = "imported"


class NoticeState(StrEnum):
    """Where a notice is."""

    PENDING = "pending"
    SENDING = "sending"  #: committed before the request leaves
    SENT = "sent"
    UNKNOWN = "unknown"  #: the answer never came; it may have arrived, and is not sent again
    DEAD = "dead"  #: refused for good: the chat is gone, or the bot was blocked


class Notice(Model):
    """A row of the outbox. ``key`` is unique: the same news is written once, however often it is found."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=96, unique=True)
    chat_id = fields.BigIntField()
    person_id = fields.BigIntField()
    kind = fields.CharEnumField(NoticeKind, max_length=16)
    subject_id = fields.IntField()
    detail: fields.Field[dict[str, object]] = fields.JSONField(default=dict)
    state = fields.CharEnumField(NoticeState, max_length=16, default=NoticeState.PENDING)
    message_id = fields.BigIntField(null=True)
    tries = fields.SmallIntField(default=0)
    next_at = fields.DatetimeField(auto_now_add=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "notice"
        indexes = (Index(fields=("state", "next_at")),)
