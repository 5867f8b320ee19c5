"""
What is asked of the database about messages whose fate is not known, off the hot paths; ``sqlite`` and ``postgres``
each implement it. Times are epoch milliseconds.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from domain.rules.message_state import MessageEvent, MessageState
from domain.store.interface import Evidence, PartAnswer


class Word(NamedTuple):
    """A receipt that settles nothing: on its way, or unknown. ``stat``: the operator's word, at most 16 characters."""

    route: str
    smsc_message_ids: tuple[str, ...]
    stat: str


class LatePart(NamedTuple):
    """What the SMSC said of a part when its message was in doubt already."""

    message_id: int
    route: str
    answer: PartAnswer


class Adopted(NamedTuple):
    """A page of the inbox that was looked through: the last row of it, and what its receipts changed."""

    last_id: int
    applied: Mapping[MessageEvent, int]


class DoubtStore(Protocol):
    """Late words, orphan receipts, and what people decide."""

    async def record_words(self, words: Sequence[Word]) -> None:
        """Note what settles nothing on messages that are not settled. A word whose message is not known is dropped."""
        ...

    async def record_late_parts(self, answers: Sequence[LatePart], *, now_ms: int) -> Evidence:
        """Settle parts that are in doubt, and their messages when no other part is; receipts that waited follow."""
        ...

    async def adopt_orphans(self, senders: Mapping[int, str], *, after: int, limit: int) -> Adopted | None:
        """
        Look through the next page of the inbox for receipts that can mean only one message whose id never reached us
        (``domain.rules.orphan``), and apply them.

        Args:
            senders: The sender ID of each campaign that may have such messages.
            after: The last row of the page before.

        Returns:
            None: there is nothing above ``after``.
        """
        ...

    async def drop_receipts(self, before_ms: int) -> int:
        """Drop receipts that wait since before this moment: they are another system's. Returns how many."""
        ...

    async def settle_doubt(self, campaign_id: int, event: MessageEvent, *, decision_id: int, now_ms: int) -> int:
        """
        A person's word on all messages of a campaign that are in doubt: ``TAKEN_AS_SENT``, or ``RESEND`` (they go
        again as soon as the campaign runs). Returns how many moved.
        """
        ...

    async def part_states(self, campaign_id: int) -> Mapping[tuple[MessageState, MessageState], int]:
        """Parts of messages that failed or are in doubt, by the state of message and part. Reads only."""
        ...
