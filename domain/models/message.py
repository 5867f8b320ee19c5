"""One row a message, one a part where there are several, and receipts that came before we knew whose they are."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from domain.rules.message_state import MessageState


class Message(Model):
    """
    One SMS to one number of one campaign.

    There is no foreign key to the contact: it may be deleted, the message stays. ``(campaign_id, msisdn)`` is unique:
    the database itself refuses a second one.
    """

    id = fields.BigIntField(primary_key=True)
    campaign_id = fields.IntField()
    contact_id = fields.BigIntField()
    msisdn = fields.BigIntField()
    state = fields.CharEnumField(MessageState, max_length=16)
    tries = fields.SmallIntField(default=0, db_default=0)  # submits that ended in a temporary status
    segments = fields.SmallIntField(default=0, db_default=0)  # as it is billed; 0 before it is submitted
    parts = fields.SmallIntField(null=True)  # submits, each with its own response; None: one for each segment
    route = fields.CharField(max_length=32, null=True)
    smsc_message_id = fields.CharField(max_length=65, null=True)  # canonical form; of the only part
    error = fields.CharField(max_length=32, null=True)  # SMPP status of the response, or err of the receipt
    submitted_ms = fields.BigIntField(null=True)
    answered_ms = fields.BigIntField(null=True)
    done_ms = fields.BigIntField(null=True)
    word = fields.CharField(max_length=16, null=True)  # of a receipt that settles nothing: ENROUTE, UNKNOWN …
    decision_id = fields.IntField(null=True)  # of the person who settled the doubt about it, see ``DoubtDecision``

    class Meta:
        table = "message"
        unique_together = (("campaign_id", "msisdn"),)


class MessagePart(Model):
    """A segment of a message of several: it has its own id at the SMSC and its own receipt."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.BigIntField()
    part = fields.SmallIntField()  # from 1
    state = fields.CharEnumField(MessageState, max_length=16)
    route = fields.CharField(max_length=32)
    smsc_message_id = fields.CharField(max_length=65, null=True)
    error = fields.CharField(max_length=32, null=True)

    class Meta:
        table = "message_part"
        unique_together = (("message_id", "part"),)


class PendingReceipt(Model):
    """A receipt whose message is not known yet: it is early, or its id never reached us. Kept until it is matched."""

    id = fields.BigIntField(primary_key=True)
    route = fields.CharField(max_length=32)
    smsc_message_id = fields.CharField(max_length=65, null=True)  # canonical form
    event = fields.CharField(max_length=24)  # a MessageEvent
    error = fields.CharField(max_length=32, null=True)
    source = fields.CharField(max_length=32)
    destination = fields.CharField(max_length=32)
    seen_ms = fields.BigIntField()
    forms = fields.CharField(max_length=200, null=True)  # of its id, the likeliest first, with commas between
    stands_for = fields.CharField(max_length=8, null=True)  # a ``PartsReceipt``; None: each part has its own
    reference = fields.IntField(null=True)  # user_message_reference, where the SMSC echoes it
    sent_ms = fields.BigIntField(null=True)  # when we submitted it, as the SMSC says
    zoned = fields.BooleanField(default=False, db_default=False)  # ``sent_ms`` is exact; else by unknown clocks

    class Meta:
        table = "pending_receipt"
        indexes = (Index(fields=("smsc_message_id",)), Index(fields=("destination",)))


class DecisionKind(StrEnum):
    """What a person may say of messages in doubt."""

    SENT = "sent"  #: they count as sent, and are billed
    RESEND = "resend"  #: they go again, though some may arrive twice


class DoubtDecision(Model):
    """A person's word on all messages of a campaign that were in doubt at that moment."""

    id = fields.IntField(primary_key=True)
    campaign_id = fields.IntField(db_index=True)
    person_id = fields.BigIntField()
    kind = fields.CharEnumField(DecisionKind, max_length=8)
    messages = fields.IntField()  # how many it moved
    at = fields.DatetimeField()

    class Meta:
        table = "doubt_decision"
