"""What people changed in contacts, groups and the blacklist: for a day it can be undone exactly."""

from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from domain.models.account import Account


class ChangeKind(StrEnum):
    """What was done."""

    IMPORT = "import"
    ADD = "add"  #: contacts typed, pasted or sent as a card
    EDIT = "edit"
    DELETE = "delete"
    DELETE_GROUP = "delete_group"
    BLACKLIST = "blacklist"
    UNBLACKLIST = "unblacklist"
    DNC = "dnc"  #: the blacklisted were taken out of a group
    JOIN = "join"
    LEAVE = "leave"


class ChangeState(StrEnum):
    """Where a change is."""

    RUNNING = "running"  #: being carried out slice by slice; goes on after a restart
    DONE = "done"
    UNDOING = "undoing"  #: being undone slice by slice; goes on after a restart
    UNDONE = "undone"


class Change(Model):
    """
    One thing that a person did. The rows that it touched are in ``change_row``, a table without a model that only
    ``domain.store`` touches; they are deleted a day later.

    Attributes:
        subject_id: The import job, the contact, the number or the group that it is about, where it is one.
        group_id: The group that contacts joined or left.
        title: What it is about, in the person's own words: a group's title, a file's name, a number.
        count: Rows that it touched.
        scope: What a change of many applies to: JSON of the filter, the ids.
        before: A deleted group's row, with what pointed to it.
        stopped: A person did not let it come to its end; what was done by then stands.
        cursor: Keys up to this one are carried out (RUNNING) or undone (UNDOING).
        kept: Rows that were not undone because somebody had changed them since.
    """

    id = fields.BigIntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="changes")
    kind = fields.CharEnumField(ChangeKind, max_length=16)
    state = fields.CharEnumField(ChangeState, max_length=16, default=ChangeState.DONE)
    subject_id = fields.BigIntField(null=True)
    group_id = fields.IntField(null=True)
    title = fields.CharField(max_length=255, default="")
    count = fields.IntField(default=0)
    made_by = fields.BigIntField()
    made_ms = fields.BigIntField()
    scope: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)
    before: fields.Field[dict[str, object] | None] = fields.JSONField(null=True)
    stopped = fields.BooleanField(default=False, db_default=False)
    cursor = fields.BigIntField(default=0)
    kept = fields.IntField(default=0)
    undone_by = fields.BigIntField(null=True)
    undone_ms = fields.BigIntField(null=True)
    purged = fields.BooleanField(default=False)

    class Meta:
        table = "change"
        indexes = (Index(fields=("account_id", "id")), Index(fields=("purged", "made_ms")))


class ContactView(Model):
    """
    How a person looks at the account's contacts: the filter, and the contacts that are ticked. One a person.

    Attributes:
        show: One of ``domain.rules.contact_filter.Show``.
        picked: Ids of ticked contacts.
        total: How many match, as last counted; None: not counted.
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="views")
    person_id = fields.BigIntField()
    group_id = fields.IntField(null=True)
    name = fields.CharField(max_length=80, default="")
    number = fields.CharField(max_length=20, default="")
    show = fields.CharField(max_length=16, default="all")
    import_id = fields.IntField(null=True)
    picked: fields.Field[list[int]] = fields.JSONField(default=list)
    total = fields.IntField(null=True)

    class Meta:
        table = "contact_view"
        unique_together = (("account", "person_id"),)
