"""
The tables, one file a noun: columns and nothing else. Rules are in ``domain.rules``, writes in ``domain.usecases`` and
``domain.store``.

Small tables carry aware UTC datetimes. The hot ones (message, chunk, retry, receipt, sender) carry epoch milliseconds
in 64-bit integers, the same on both engines: SQLite would keep datetimes as text and compare them as text.
"""

from domain.models.account import Account, Invitation, Membership, Person, TeamPhone
from domain.models.blacklist import BlacklistEntry
from domain.models.campaign import Campaign, CampaignMode, StartKind
from domain.models.change import Change, ChangeKind, ChangeState, ContactView
from domain.models.chat import Conversation, LiveView, LiveViewKind, Notice, NoticeKind, NoticeState
from domain.models.contact import Contact, ContactGroup
from domain.models.dispatch import Chunk, ChunkState, DayUse, PaceShare, Pulse, Retry, Sender
from domain.models.import_job import ImportJob, ImportState, UploadPiece
from domain.models.message import DecisionKind, DoubtDecision, Message, MessagePart, PendingReceipt
from domain.models.template import Template
from domain.models.wording import RestrictedWord, WordExemption

__all__ = [
    "Account",
    "BlacklistEntry",
    "Campaign",
    "CampaignMode",
    "Change",
    "ChangeKind",
    "ChangeState",
    "Chunk",
    "ChunkState",
    "Contact",
    "ContactGroup",
    "ContactView",
    "Conversation",
    "DayUse",
    "DecisionKind",
    "DoubtDecision",
    "ImportJob",
    "ImportState",
    "Invitation",
    "LiveView",
    "LiveViewKind",
    "Membership",
    "Message",
    "MessagePart",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "PaceShare",
    "PendingReceipt",
    "Person",
    "Pulse",
    "RestrictedWord",
    "Retry",
    "Sender",
    "StartKind",
    "TeamPhone",
    "Template",
    "UploadPiece",
    "WordExemption",
]
