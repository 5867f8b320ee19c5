"""A contact file on its way in, and its bytes: kept until it is done, so that a kill in the middle loses nothing."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.models.account import Account
from domain.models.contact import ContactGroup
from domain.rules.existing import Existing


class ImportState(StrEnum):
    """Where an import is."""

    PREVIEW = "preview"  #: the first rows are shown; nothing is written
    RUNNING = "running"  #: confirmed; goes on after a restart
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"  #: the file could not be read to its end; nothing of it is half done


class ImportJob(Model):
    """
    ``cursor`` is the last msisdn whose slice is committed: slices go in ascending order of msisdn, each with its
    counts in one transaction, so a restart continues after it.
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField("domain.Account", related_name="imports")
    group: fields.ForeignKeyNullableRelation[ContactGroup] = fields.ForeignKeyField(
        "domain.ContactGroup", related_name="imports", null=True, on_delete=fields.SET_NULL
    )
    person_id = fields.BigIntField()
    chat_id = fields.BigIntField()
    file_name = fields.CharField(max_length=255)
    sha256 = fields.CharField(max_length=64, db_index=True)
    upload = fields.BigIntField(null=True)  # names its pieces; null: it is done, and they are dropped
    content = fields.BinaryField(null=True)  # an upload of an earlier release, in one; dropped when it is done
    encoding = fields.CharField(max_length=16, default="utf-8")  # a Python codec
    delimiter = fields.CharField(max_length=1, default=",")
    preamble = fields.SmallIntField(default=0)  # lines in front of the first row
    columns: fields.Field[list[str | None]] = fields.JSONField(default=list)  # field of each column, or null
    header = fields.BooleanField(default=False)
    sample: fields.Field[list[list[str]]] = fields.JSONField(default=list)  # the first rows, the header among them
    parts: fields.Field[list[dict[str, Any]] | None] = fields.JSONField(null=True)  # the upload's tables
    part = fields.SmallIntField(default=0, db_default=0)  # the one that is imported
    odd = fields.CharField(max_length=400, default="", db_default="")  # bytes, in hexadecimal, that an encoding changes
    existing = fields.CharEnumField(Existing, max_length=8, default=Existing.FILL, db_default=Existing.FILL.value)
    state = fields.CharEnumField(ImportState, max_length=16, default=ImportState.PREVIEW)
    cursor = fields.BigIntField(default=0)
    counts: fields.Field[dict[str, int]] = fields.JSONField(default=dict)
    refused = fields.BigIntField(null=True)  # names the pieces of the rows refused: JSON lines, deflated
    errors = fields.BinaryField(null=True)  # those of an earlier release, in one
    created_at = fields.DatetimeField(auto_now_add=True)
    change_id = fields.BigIntField(null=True)  # what undoes it
    started_at = fields.DatetimeField(null=True)  # confirmed
    ended_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "import_job"


class UploadPiece(Model):
    """
    Some bytes of an upload, or of the rows refused of it: in one they would hold SQLite's writer for too long.

    ``upload`` is drawn by lot. The job's row names it once the last piece is in: pieces that no job names never came to
    their end, or are done with.
    """

    id = fields.BigIntField(primary_key=True)
    upload = fields.BigIntField()
    position = fields.IntField()  # from 0
    created_ms = fields.BigIntField()
    content = fields.BinaryField()  # the last one, so that SQLite reads the others without it

    class Meta:
        table = "upload_piece"
        unique_together = (("upload", "position"),)
