"""What senders hold: chunks of messages under lease, messages to try again, and the lease of each sender itself."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class ChunkState(StrEnum):
    """A claim takes a chunk, never single messages: one row changes where there would be five hundred."""

    READY = "ready"  #: may be claimed
    LEASED = "leased"  #: held by ``sender``
    DONE = "done"  #: nothing in it is pending or in flight


class Chunk(Model):
    """The messages of one campaign with ``lo <= id <= hi``."""

    id = fields.BigIntField(primary_key=True)
    campaign_id = fields.IntField()
    lo = fields.BigIntField()
    hi = fields.BigIntField()
    state = fields.CharEnumField(ChunkState, max_length=8)
    sender = fields.CharField(max_length=32, null=True)

    class Meta:
        table = "chunk"
        indexes = (Index(fields=("campaign_id", "state", "id")),)


class Retry(Model):
    """A message that goes again after ``next_ms``: it has left its chunk and is claimed by itself."""

    message_id = fields.BigIntField(primary_key=True, generated=False)
    campaign_id = fields.IntField()
    next_ms = fields.BigIntField()
    throttled = fields.SmallIntField(default=0, db_default=0)  # submits that the SMSC was too busy for
    sender = fields.CharField(max_length=32, null=True)

    class Meta:
        table = "retry"
        indexes = (Index(fields=("campaign_id", "next_ms")),)


class DayUse(Model):
    """
    What a sender submitted of a campaign in a day of its account's calendar, which begins at ``begins_ms``: the limits
    of a day are kept by these sums. Under an empty ``sender`` stands what came back unsent, or was refused: below 0.
    """

    id = fields.BigIntField(primary_key=True)
    account_id = fields.IntField()
    campaign_id = fields.IntField()
    begins_ms = fields.BigIntField()
    sender = fields.CharField(max_length=32)
    messages = fields.BigIntField(default=0, db_default=0)
    micros = fields.BigIntField(default=0, db_default=0)  # what they cost: millionths of the currency
    short_micros = fields.BigIntField(default=0, db_default=0)  # of a message for which the budget was short

    class Meta:
        table = "day_use"
        unique_together = (("campaign_id", "begins_ms", "sender"),)
        indexes = (Index(fields=("account_id", "begins_ms")),)


class Sender(Model):
    """
    A running sender. What it holds is its own as long as this row stands: whoever finds ``lease_ms`` past deletes the
    row, frees the chunks and puts what was in flight in doubt, all in one transaction.
    """

    id = fields.CharField(max_length=32, primary_key=True)
    host = fields.CharField(max_length=128)
    pid = fields.IntField()
    started_ms = fields.BigIntField()
    lease_ms = fields.BigIntField()
    skew_ms = fields.BigIntField(default=0, db_default=0)  # its clock less the database's
    links: fields.Field[list[dict[str, object]]] = fields.JSONField(default=list)  # name, state, since_ms, reason

    class Meta:
        table = "sender"


class Pulse(Model):
    """One row: when a sender was last at work, by the database's clock. It outlives every sender."""

    id = fields.IntField(primary_key=True, generated=False)
    at_ms = fields.BigIntField()

    class Meta:
        table = "pulse"


class PaceShare(Model):
    """
    What one sender may use of something that all senders together have only so much of: a route's submits a second, a
    campaign's, a route's binds. The shares of a resource never add up to more than its limit.
    """

    id = fields.BigIntField(primary_key=True)
    resource = fields.CharField(max_length=64)
    sender = fields.CharField(max_length=32)
    share = fields.FloatField(default=0.0, db_default=0.0)

    class Meta:
        table = "pace_share"
        unique_together = (("resource", "sender"),)
