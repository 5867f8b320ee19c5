"""
What the hot paths ask of the database; ``sqlite`` and ``postgres`` each implement it. Times are epoch milliseconds.

Every method is one transaction, or a few where it says so. What is refused by a guard is left out of the answer, never
an error: somebody else was first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

from domain.rules.existing import Existing
from domain.rules.message_state import MessageEvent, MessageState
from domain.rules.receipt import other_bases


class ContactRow(NamedTuple):
    """A contact's fields as templates see them. ``msisdn``: E.164 digits."""

    contact_id: int
    msisdn: int
    first_name: str
    last_name: str
    email: str
    address: str
    value_1: str
    value_2: str
    value_3: str


class ImportedRow(NamedTuple):
    """A valid row of an upload; a plain tuple, for a million of them go through the drivers as they are."""

    msisdn: int
    first_name: str
    last_name: str
    email: str
    address: str
    value_1: str
    value_2: str
    value_3: str


@dataclass(frozen=True, slots=True)
class StagedRows:
    """Rows of a staged file that ``staged`` has opened: those above ``after``, up to ``last``."""

    path: Path
    after: int
    last: int
    count: int

    def __len__(self) -> int:
        return self.count


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of contacts that are there. ``fields``: those that the file has a column for, where they matter."""

    existing: Existing = Existing.FILL
    fields: frozenset[str] = frozenset()

    @property
    def writes(self) -> bool:
        """Whether any of their fields may change."""
        return self.existing is Existing.FILL or (self.existing is Existing.REPLACE and bool(self.fields))


@dataclass(frozen=True, slots=True)
class SliceCounts:
    """What a slice of an import did, and the last msisdn in it."""

    created: int
    updated: int
    last_msisdn: int


@dataclass(frozen=True, slots=True)
class Listed:
    """How numbers of an upload stand before anything is written."""

    new: int
    known: int
    blacklisted: int


@dataclass(frozen=True, slots=True)
class GroupCount:
    """A group's size: contacts in it, and how many of them are on the blacklist."""

    contacts: int
    blacklisted: int


@dataclass(frozen=True, slots=True)
class BlankCount:
    """Contacts without anything in a field, by field, and how many lack any of them."""

    by_field: Mapping[str, int]
    contacts: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk under lease, or (``chunk_id`` None) messages that go again, one by one."""

    campaign_id: int
    chunk_id: int | None
    message_ids: tuple[int, ...]  # empty for a chunk: they are read by range


class ToSend(NamedTuple):
    """
    A pending message of a claim, with how often it was refused for now. ``contact``: its contact's fields, in the order
    of ``ContactRow``; None: it has been deleted since.
    """

    message_id: int
    msisdn: int
    tries: int
    throttled: int
    contact: Sequence[Any] | None


class Submission(NamedTuple):
    """
    About to be written: committed first.

    Attributes:
        segments: As they are billed.
        parts: Submits, each with its own response; None: one for each segment.
    """

    message_id: int
    segments: int
    parts: int | None = None


class PartAnswer(NamedTuple):
    """What the SMSC said of one part of a message of several."""

    part: int
    state: MessageState
    smsc_message_id: str | None
    error: str | None


class Result(NamedTuple):
    """
    What became of a submitted message.

    Attributes:
        smsc_message_id: Canonical form; only for a message of one part.
        parts: Only for a message of several parts.
        retry_ms: With ``SUBMIT_THROTTLED``, ``SUBMIT_RETRY`` and ``UNSENT``: not before this moment.
        marks_ms: With these: the moments at which it may have been marked for this submit; at another it was marked for
            another one since, of a sender that was here meanwhile, which is on the wire. None: whichever it was.
    """

    message_id: int
    event: MessageEvent
    route: str
    smsc_message_id: str | None = None
    error: str | None = None
    parts: tuple[PartAnswer, ...] = ()
    retry_ms: int = 0
    marks_ms: tuple[int, ...] | None = None


class Receipt(NamedTuple):
    """
    A receipt's word on a part or message.

    Attributes:
        smsc_message_ids: Forms that its id may have in the response, the likeliest first; empty: it carried none.
        either_base: The response may have had it in the other base too: decimal or hexadecimal.
        stands_for: A ``PartsReceipt``: of which parts it speaks; None: of its own.
        reference: The user_message_reference that it echoes.
        sent_ms: When the message was submitted, as the SMSC says; exact where ``zoned``, else by unknown clocks.
    """

    route: str
    smsc_message_ids: tuple[str, ...]
    event: MessageEvent
    error: str | None
    source: str
    destination: str
    seen_ms: int
    either_base: bool = False
    stands_for: str | None = None
    reference: int | None = None
    sent_ms: int | None = None
    zoned: bool = False

    @property
    def forms(self) -> tuple[str, ...]:
        """Every form of its id, the likeliest first."""
        ids = self.smsc_message_ids
        return (*ids, *other_bases(ids[0])[1:]) if self.either_base and ids else ids


@dataclass(frozen=True, slots=True)
class Evidence:
    """Counts of what a batch changed, for logs and metrics: by event, and how many were refused by a guard."""

    applied: Mapping[MessageEvent, int]
    refused: int = 0
    waiting: int = 0  # receipts put aside because their message is not known yet


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason that came most often: in a response or a receipt, as it is kept, and how many messages got it."""

    state: MessageState
    error: str
    messages: int


class DispatchStore(Protocol):
    """
    Expansion, claims, submits, answers and receipts.

    Attributes:
        senders_share: Several senders may work at once, and share what is limited.
        in_order: Marks that are asked for after results are committed with them or after them, never before them.
    """

    senders_share: ClassVar[bool]
    in_order: ClassVar[bool]

    async def expand(self, campaign_id: int, *, after: int, limit: int) -> int | None:
        """
        Write the next slice of messages: contacts of the campaign's groups with an id above ``after`` that have no
        message in it yet; blacklisted ones as ``BLOCKED``. Who is blank in a field that the campaign holds back for
        (``Campaign.blanks``) gets none. Makes the chunks.

        Returns:
            The last contact id of the slice; None: there is nothing above ``after``, or the campaign neither begins
            nor runs any more, and nothing is written.
        """
        ...

    async def register_sender(self, sender: str, *, host: str, pid: int, now_ms: int, lease_ms: int) -> None:
        """Make a sender known. On SQLite it is the only one: every other row is swept with what it held."""
        ...

    async def share_pace(
        self, sender: str, limits: Mapping[str, float], *, using: Mapping[str, float]
    ) -> Mapping[str, float]:
        """
        What a sender may use of each limit that all senders have together; see ``domain.rules.share``. What it does
        not name any more it gives up. On SQLite it has all of it.

        Args:
            limits: By the name of what is limited.
            using: What it uses at the moment (binds: that are open); nothing of what is not named.

        Returns:
            What may be used from now on; less than ``using`` means that it must use less, and say so. Empty: its lease
            is lost.
        """
        ...

    async def renew_sender(
        self, sender: str, *, lease_ms: int, links: Sequence[Mapping[str, object]], skew_ms: int = 0
    ) -> bool:
        """Prolong the lease. False: it was lost; the sender must drop what it holds and register anew."""
        ...

    async def clock_ms(self) -> int:
        """What time it is by the database's clock. On SQLite that is this machine's."""
        ...

    async def sweep_senders(self, now_ms: int) -> int:
        """
        Delete senders whose lease is past, free their chunks and retries, and put what they had in flight in doubt.

        Returns:
            The number of messages put in doubt.
        """
        ...

    async def in_flight(self, campaign_id: int) -> Sequence[int]:
        """The messages of a campaign that are SUBMITTED. Reads all of the campaign, and only reads."""
        ...

    async def lose(self, ids: Sequence[int], *, now_ms: int) -> int:
        """
        Put in doubt those of the messages that are SUBMITTED though no running sender holds them, in a chunk or to be
        tried again: the commit came when its sender had given up waiting for it. Returns how many.
        """
        ...

    async def leave(self, sender: str) -> None:
        """A graceful end: free chunks and retries and delete the row. What is still in flight goes in doubt."""
        ...

    async def claim(
        self, sender: str, campaign_id: int, *, now_ms: int, limit: int, without: Collection[int] = ()
    ) -> Claim | None:
        """
        Lease due retries (at most ``limit``) or else one chunk of the campaign, none of ``without``; only while it is
        RUNNING, before its closing hour, and with something left of the day's limits.
        """
        ...

    async def pending(self, claim: Claim) -> Sequence[ToSend]:
        """The messages of the claim that are still PENDING, in order of id, with their contacts."""
        ...

    async def mark_submitted(
        self, sender: str, claim: Claim, batch: Sequence[Submission], *, route: str, now_ms: int
    ) -> frozenset[int]:
        """
        Commit a batch as SUBMITTED before its bytes leave. Guards, all in the transaction: the message is PENDING,
        the sender's row stands and holds the claim, the campaign is RUNNING and its closing hour has not come, the
        number is not on the blacklist (then it becomes BLOCKED), and the day's limits (the campaign's messages, the
        account's money) leave room: of a batch that does not fit the front is marked.

        Returns:
            The ids to write to the wire. The others must not be written.
        """
        ...

    async def settle(self, ids: Sequence[int], event: MessageEvent, *, error: str | None, now_ms: int) -> int:
        """Move pending messages that cannot be sent (``BAD_NUMBER``, ``SCHEDULE_END``). Returns how many moved."""
        ...

    async def finish_claim(self, sender: str, claim: Claim) -> None:
        """Give a claim back: a chunk with nothing pending or in flight is DONE, another is READY again."""
        ...

    async def record_results(self, results: Sequence[Result], *, now_ms: int) -> Evidence:
        """Apply responses, time-outs and losses with guarded updates, and receipts that were waiting for them."""
        ...

    async def record_receipts(self, receipts: Sequence[Receipt], *, now_ms: int) -> Evidence:
        """Apply receipts with guarded updates; those whose message is not known wait in the inbox. Then acknowledge."""
        ...

    async def expire_pending(self, campaign_id: int, *, now_ms: int) -> int:
        """All PENDING messages of a campaign that ended become SCHEDULE_EXPIRED. Returns how many."""
        ...

    async def drop_outsiders(self, campaign_id: int) -> int:
        """
        Delete PENDING messages to contacts that are in none of the campaign's groups, slice by slice. What is held in
        memory by a sender is refused when it is to be marked. Returns how many.
        """
        ...

    async def undone(self, campaign_id: int) -> int:
        """How many messages of the campaign are pending, being retried, or in flight: 0 means drained."""
        ...

    async def counts(self, campaign_id: int) -> Mapping[MessageState, int]:
        """Messages of a campaign by state. Reads only."""
        ...

    async def submitted_segments(self, campaign_id: int) -> Mapping[MessageState, int]:
        """Segments that went out, by the state of their messages: what is billed, and what is in doubt. Reads only."""
        ...

    async def last_submit(self, campaign_id: int) -> int | None:
        """When a message of it was submitted last, epoch milliseconds; None: none was. Reads only."""
        ...

    async def usual_refusal(self, campaign_id: int, states: Collection[MessageState]) -> Refusal | None:
        """What most messages of the campaign in one of ``states`` got; None: none of them has an error. Reads only."""
        ...

    async def links(self, now_ms: int) -> Sequence[Mapping[str, object]]:
        """What the running senders say of their links; empty: no sender runs."""
        ...
