"""What a batch of results or receipts means for rows that were just read: pure, the same for both engines."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.rules.message_state import TABLE, MessageEvent, MessageState, combine, fate_event
from domain.store.interface import Evidence, Receipt, Result

CHUNK: Final = 500  # messages a chunk
_AGAIN: Final = frozenset({MessageEvent.SUBMIT_RETRY, MessageEvent.UNSENT})


@dataclass(frozen=True, slots=True)
class Row:
    """A message as the transaction found it."""

    message_id: int
    campaign_id: int
    state: MessageState
    tries: int = 0


@dataclass(slots=True)
class Plan:
    """The writes of a batch, as tuples in the order of their statements' placeholders."""

    #: state, tries added, smsc_message_id, error, answered_ms, message_id, old state
    answered: list[tuple[str, int, str | None, str | None, int, int, str]] = field(default_factory=list)
    #: state, error, done_ms, message_id, old state
    fates: list[tuple[str, str | None, int, int, str]] = field(default_factory=list)
    #: message_id, campaign_id, next_ms
    retries: list[tuple[int, int, int]] = field(default_factory=list)
    #: message_id, part, state, route, smsc_message_id, error
    parts: list[tuple[int, int, str, str, str | None, str | None]] = field(default_factory=list)
    #: messages that are done with being tried
    settled: list[int] = field(default_factory=list)
    smsc_ids: list[str] = field(default_factory=list)
    applied: Counter[MessageEvent] = field(default_factory=Counter)
    refused: int = 0

    def evidence(self, *, waiting: int = 0) -> Evidence:
        """The counts, for logs and metrics."""
        return Evidence(dict(self.applied), self.refused, waiting)


def plan_results(results: Sequence[Result], rows: Mapping[int, Row], *, now_ms: int) -> Plan:
    """Which of the results the table admits from the states found, and what they write."""
    plan = Plan()
    seen: dict[int, MessageState] = {}
    for result in results:
        row = rows.get(result.message_id)
        state = seen.get(result.message_id, row.state if row else None)
        to = TABLE.get((state, result.event)) if state else None
        if row is None or state is None or to is None:
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
            plan.retries.append((result.message_id, row.campaign_id, result.retry_ms))
        else:
            plan.settled.append(result.message_id)
        if result.smsc_message_id:
            plan.smsc_ids.append(result.smsc_message_id)
        for part in result.parts:
            plan.parts.append(
                (result.message_id, part.part, part.state, result.route, part.smsc_message_id, part.error)
            )
            if part.smsc_message_id:
                plan.smsc_ids.append(part.smsc_message_id)
        plan.applied[result.event] += 1
    return plan


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


def event_of_parts(states: Iterable[MessageState]) -> MessageEvent | None:
    """What the receipts of all parts together mean for the message; None: nothing yet."""
    return fate_event(combine(states))


def chunks(ids: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending ids cut into ranges of about ``CHUNK`` messages: (lo, hi)."""
    return [(ids[i], ids[min(i + CHUNK, len(ids)) - 1]) for i in range(0, len(ids), CHUNK)]
