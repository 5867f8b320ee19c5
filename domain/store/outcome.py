"""What a batch of results or receipts means for rows that were just read: pure, the same for both engines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from domain.rules.message_state import IN_DOUBT, TABLE, MessageEvent, MessageState, sources
from domain.rules.orphan import Orphan
from domain.rules.receipt import receipt_keys
from domain.store.interface import Evidence, PartAnswer, Receipt, Result
from domain.store.placing import place

CHUNK: Final = 500  # messages a chunk
#: Nothing waits for half an hour to be tried again: then the clock was set back since, and it is due.
RETRY_HORIZON_MS: Final = 1_800_000
OVERLAP_SLICE: Final = 50_000  #: ids of contacts a query: about 100 ms on SQLite
#: In SQL, of a message ``m``: it came since, or may have, or will; a refused one did not.
CAME: Final = (
    f"(m.state = '{MessageState.PENDING}' or (m.submitted_ms >= {{since}} and m.state <> '{MessageState.FAILED}'))"
)
#: One row: state, error, how many. ``messages``: a from and a where clause.
USUAL_REFUSAL: Final = """
select m.state, m.error, count(*) as number {messages} and m.state in {states} and m.error is not null
group by m.state, m.error order by number desc, m.state, m.error limit 1
"""
_AGAIN: Final = frozenset({MessageEvent.SUBMIT_THROTTLED, MessageEvent.SUBMIT_RETRY, MessageEvent.UNSENT})
_NOT_BILLED: Final = _AGAIN | {MessageEvent.SUBMIT_ERROR}
#: The states by what stands in the database: a tenth of the cost of ``MessageState(…)``.
STATES: Final = {state.value: state for state in MessageState}
#: Where a receipt leads, and the states in which each of them means something: the same for all.
FATES: Final = {event: to for (state, event), to in TABLE.items() if state is MessageState.ACCEPTED}
FATED: Final = frozenset.intersection(*(sources(event) for event in FATES))


class Row(NamedTuple):
    """A message as the transaction found it."""

    message_id: int
    campaign_id: int
    state: MessageState
    segments: int = 0
    submitted_ms: int | None = None


#: state, tries added, smsc_message_id, error, answered_ms, message_id, old state
Answered = tuple[str, int, str | None, str | None, int, int, str]


@dataclass(slots=True)
class Plan:
    """The writes of a batch, as tuples in the order of their statements' placeholders."""

    answered: list[Answered] = field(default_factory=list)
    #: state, error, done_ms, message_id, old state
    fates: list[tuple[str, str | None, int, int, str]] = field(default_factory=list)
    #: message_id, campaign_id, next_ms, throttled added
    retries: list[tuple[int, int, int, int]] = field(default_factory=list)
    #: message_id, part, state, route, smsc_message_id, error
    parts: list[tuple[int, int, str, str, str | None, str | None]] = field(default_factory=list)
    #: messages that are done with being tried
    settled: list[int] = field(default_factory=list)
    smsc_ids: list[str] = field(default_factory=list)
    #: by campaign and when they were submitted: messages that go again, and segments that are not billed
    returned: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    applied: Counter[MessageEvent] = field(default_factory=Counter)
    refused: int = 0

    def rounds(self) -> list[list[Answered]]:
        """``answered`` in order, parted so that each message is in a round once: one update sees it in one state."""
        found: list[list[Answered]] = []
        rounds_of = Counter[int]()
        for row in self.answered:
            turn = rounds_of[row[5]]
            rounds_of[row[5]] += 1
            if turn == len(found):
                found.append([])
            found[turn].append(row)
        return found

    def give_back(self, row: Row, result: Result) -> None:
        """The message was counted when it was submitted; not so what was not sent, or not billed."""
        if row.submitted_ms is not None and result.event in _NOT_BILLED:
            refused = sum(part.state is MessageState.FAILED for part in result.parts)
            sums = self.returned.setdefault((row.campaign_id, row.submitted_ms), [0, 0])
            sums[0] += result.event in _AGAIN
            sums[1] += refused if result.parts else row.segments

    def evidence(self, *, waiting: int = 0) -> Evidence:
        """The counts, for logs and metrics."""
        return Evidence(dict(self.applied), self.refused, waiting)


def plainly_accepted(results: Sequence[Result]) -> tuple[dict[int, str | None], Sequence[Result]]:
    """
    Part a batch: messages of one part that were simply accepted, with their SMSC ids, and the others.

    What the table says of the first is one and the same update, which needs no look at the rows. A batch with two
    results for a message is not parted: the second depends on what the first did.
    """
    plain: dict[int, str | None] = {}
    others: list[Result] = []
    for result in results:
        message_id, event, _, smsc_message_id, error, parts, *_ = result
        if event is MessageEvent.SUBMIT_OK and not parts and error is None:
            plain[message_id] = smsc_message_id
        else:
            others.append(result)
    if len(plain) + len(others) < len(results) or any(other.message_id in plain for other in others):
        return {}, results
    return plain, others


def doubted_parts(results: Sequence[Result], rows: Mapping[int, Row]) -> list[int]:
    """The messages of several parts that are in doubt: orphans may have been adopted for some of theirs."""
    return [
        result.message_id
        for result in results
        if result.parts and result.message_id in rows and rows[result.message_id].state in IN_DOUBT
    ]


def plan_results(
    results: Sequence[Result],
    rows: Mapping[int, Row],
    plan: Plan,
    known: Mapping[int, Sequence[PartAnswer]],
    now_ms: int,
) -> Plan:
    """
    Add to the plan what the table admits of the results, from the states found, and what that writes.

    Args:
        known: The parts in the database, of ``doubted_parts``.
    """
    seen: dict[int, MessageState] = {}
    for result in results:
        row = rows.get(result.message_id)
        state = seen.get(result.message_id, row.state if row else None)
        to = TABLE.get((state, result.event)) if state else None
        if row is None or state is None or to is None or _of_another_submit(row, result):
            plan.refused += 1
            continue
        seen[result.message_id] = to
        again = result.event in _AGAIN
        plan.answered.append(
            (
                to,
                int(result.event is MessageEvent.SUBMIT_RETRY),
                result.smsc_message_id,
                result.error,
                now_ms,
                result.message_id,
                state,
            )
        )
        if again:
            throttled = int(result.event is MessageEvent.SUBMIT_THROTTLED)
            plan.retries.append((result.message_id, row.campaign_id, result.retry_ms, throttled))
        else:
            plan.settled.append(result.message_id)
        plan.give_back(row, result)
        if result.smsc_message_id:
            plan.smsc_ids.append(result.smsc_message_id)
        before = known.get(result.message_id)
        for part in place(before, result.parts, count=row.segments) if before else result.parts:
            plan.parts.append(
                (result.message_id, part.part, part.state, result.route, part.smsc_message_id, part.error)
            )
            if part.smsc_message_id:
                plan.smsc_ids.append(part.smsc_message_id)
        plan.applied[result.event] += 1
    return plan


def _of_another_submit(row: Row, result: Result) -> bool:
    """The lease of who says so was lost, and the message has been submitted by another since."""
    return result.event in _AGAIN and result.marks_ms is not None and row.submitted_ms not in result.marks_ms


def admit(plan: Plan, row: Row, receipt: Receipt, *, event: MessageEvent | None = None) -> Row:
    """Add a receipt's effect on a message to the plan, where the table admits it; the row as it is afterwards."""
    event = event or receipt.event
    to = TABLE.get((row.state, event))
    if to is None:
        plan.refused += 1
        return row
    plan.fates.append((to, receipt.error, receipt.seen_ms, row.message_id, row.state))
    plan.applied[event] += 1
    return Row(row.message_id, row.campaign_id, to)


def sql_list(states: Iterable[StrEnum]) -> str:
    """States as SQL writes them after ``in``."""
    return "('" + "','".join(sorted(states)) + "')"


_DIGITS: Final = 15  # E.164
#: The states of a part in which a receipt, or a late response, means something.
PART_OPEN: Final = sql_list({MessageState.ACCEPTED, *IN_DOUBT})
PART_IN_DOUBT: Final = sql_list(IN_DOUBT)

#: The columns of the inbox, in the order of ``waiting_row``.
WAITING: Final = (
    "route, smsc_message_id, event, error, source, destination, seen_ms, forms, stands_for, reference, sent_ms, zoned"
)


def waiting_row(receipt: Receipt) -> tuple[object, ...]:
    """A receipt as the inbox keeps it."""
    r, forms = receipt, receipt.forms
    known = r.route, forms[0] if forms else None, r.event, r.error, r.source, r.destination, r.seen_ms
    return (*known, "\n".join(forms) or None, r.stands_for, r.reference, r.sent_ms, r.zoned)


def waiting_receipt(row: Sequence[Any]) -> Receipt:
    """The other way round; rows of an older release have one form."""
    route, likeliest, event, error, source, destination, seen_ms, forms, stands_for, reference, sent_ms, zoned = row
    ids = tuple(forms.split("\n")) if forms else (likeliest,) if likeliest else ()
    told = route, ids, MessageEvent(event), error, source, destination, seen_ms
    return Receipt(*told, stands_for=stands_for, reference=reference, sent_ms=sent_ms, zoned=bool(zoned))


def waiting_keys(smsc_ids: Iterable[str]) -> list[str]:
    """Under which likeliest forms a receipt for a message of one of these ids may wait."""
    return list(dict.fromkeys(key for smsc_id in smsc_ids for key in receipt_keys(smsc_id)))


def chunks(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending ids cut into ranges of about ``CHUNK`` messages: (lo, hi)."""
    return [(ids[i], ids[min(i + CHUNK, len(ids)) - 1]) for i in range(0, len(ids), CHUNK)]


def digits(destination: str) -> int | None:
    """The number that a receipt is about; None: it is none."""
    plain = destination.strip().removeprefix("+").removeprefix("00")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= _DIGITS else None


def orphan_of(receipt: Receipt) -> Orphan:
    """What a receipt says of a message, apart from its id."""
    return Orphan(
        receipt.destination, receipt.source, receipt.seen_ms, receipt.sent_ms, receipt.zoned, receipt.reference
    )
