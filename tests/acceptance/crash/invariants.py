"""
The promise as one checker over the database and the SMSC's ledger: none twice, none lost, none to the blacklist, each
number accounted for. It changes nothing and trusts neither side.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.rules.campaign_state import FINISHED
from domain.rules.message_state import IN_DOUBT, MessageState
from domain.rules.receipt import IdForm, canonical_id
from domain.rules.statistics import Statistics
from tests.acceptance.crash.ground import Database
from tests.acceptance.crash.ledger_view import LedgerView, Taken

_S = MessageState
_SENT: Final = {_S.ACCEPTED, _S.DELIVERED, _S.EXPIRED, _S.REJECTED}
_NEVER_LEFT: Final = {_S.PENDING, _S.BLOCKED, _S.SCHEDULE_EXPIRED, _S.INVALID_NUMBER}
_UNSETTLED: Final = {_S.PENDING, _S.SUBMITTED}
_FATES: Final = {
    "DELIVRD": _S.DELIVERED,
    "EXPIRED": _S.EXPIRED,
    "UNDELIV": _S.REJECTED,
    "REJECTD": _S.REJECTED,
    "DELETED": _S.REJECTED,
}
_SHOWN: Final = 5


@dataclass(slots=True)
class Findings:
    """What the checker saw. Everything in ``faults`` breaks the promise; ``doubt`` is bounded by the caller."""

    messages: int = 0
    taken: int = 0
    duplicates: int = 0
    lost: int = 0
    blacklisted: int = 0
    doubt: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str, examples: Sequence[object]) -> int:
        """Note a kind of fault, with a few of its cases; how many there are."""
        if examples:
            self.faults.append(f"{what}: {len(examples)}, such as {list(examples[:_SHOWN])}")
        return len(examples)


@dataclass(slots=True)
class Checker:
    """
    Attributes:
        audience: How many messages each campaign must have.
        barred: Numbers on the blacklist, and the submit after which none may reach them.
        imports: How many contacts each import must have brought.
    """

    database: Database
    ledger: LedgerView
    audience: dict[int, int] = field(default_factory=dict)
    barred: dict[int, int] = field(default_factory=dict)
    imports: dict[int, int] = field(default_factory=dict)

    def bar(self, numbers: Iterable[int]) -> None:
        """These are on the blacklist from now on; none of our programs was sending when they got there."""
        self.ledger.read()
        for number in numbers:
            self.barred.setdefault(number, self.ledger.submits)

    async def at_any_moment(self) -> Findings:
        """What must hold while everything runs, and with everything dead: cheap, only of what is new in the ledger."""
        findings = Findings()
        fresh = self.ledger.read()
        findings.taken = len(fresh)
        self._ledger_alone(findings, fresh)
        if fresh:
            campaigns = ",".join(str(key) for key in sorted({taken.key.campaign for taken in fresh}))
            states = ",".join(f"'{state}'" for state in sorted(_NEVER_LEFT))
            [rows] = await self.database.rows(
                f"select campaign_id, msisdn, state from message where campaign_id in ({campaigns})"
                f" and state in ({states})"
            )
            unsent = {(row[0], row[1]): row[2] for row in rows}
            findings.duplicates += findings.fault(
                "taken by the SMSC and not submitted for us: it would go twice",
                [
                    (taken.key, unsent[taken.key.campaign, taken.key.msisdn])
                    for taken in fresh
                    if (taken.key.campaign, taken.key.msisdn) in unsent
                ],
            )
        return findings

    async def at_the_end(self) -> Findings:
        """What must hold once all campaigns have ended and no receipt is owed."""
        findings = await self.at_any_moment()
        # What we know of is in the ledger already, for it was there before the SMSC answered.
        messages, parts, inbox, campaigns, covered, notices, imports = await self.database.rows(
            "select campaign_id, msisdn, state, id, segments from message order by id",
            "select message_id, part, state, smsc_message_id from message_part",
            "select smsc_message_id from pending_receipt",
            "select id, state, results from campaign order by id",
            "select k.campaign_id, count(*) from chunk k join message m on m.id between k.lo and k.hi"
            " and m.campaign_id = k.campaign_id group by k.campaign_id",
            "select subject_id, state from notice where kind = 'summary'",
            "select j.id, j.state, count(g.contact_id) from import_job j left join group_contact g"
            " on g.group_id = j.group_id group by j.id, j.state",
        )
        self.ledger.read()
        rows = [(row[0], row[1], MessageState(row[2]), row[3], row[4]) for row in messages]
        findings.messages = len(rows)
        findings.taken = sum(self.ledger.taken.values())
        findings.duplicates = len(self.ledger.duplicates)
        findings.doubt = sum(row[2] in IN_DOUBT for row in rows)
        self._states(findings, rows)
        fates: dict[tuple[int, int | str], str] = {(row[0], row[1]): row[2] for row in parts}
        fates |= {(row[0], row[3]): row[2] for row in parts if row[3] is not None}
        self._receipts(findings, rows, fates, {row[0] for row in inbox})
        self._campaigns(findings, rows, campaigns, {row[0]: row[1] for row in covered})
        self._notices(findings, notices)
        findings.fault(
            "imports that did not come to their end",
            [row for row in imports if row[1] != "done" or row[2] != self.imports.get(row[0])],
        )
        return findings

    def _ledger_alone(self, findings: Findings, fresh: Sequence[Taken]) -> None:
        twice = self.ledger.duplicates
        findings.duplicates += findings.fault("taken more than once", [(key, twice[key]) for key in twice])
        findings.blacklisted += findings.fault(
            "on the blacklist, and submitted",
            [one.key for one in fresh if one.n > self.barred.get(one.key.msisdn, one.n)],
        )

    def _states(self, findings: Findings, rows: Sequence[tuple[int, int, MessageState, int, int]]) -> None:
        taken = defaultdict[tuple[int, int], int](int)
        for key in self.ledger.taken:
            taken[key.campaign, key.msisdn] += 1
        known = {(row[0], row[1]): row for row in rows}
        findings.lost += findings.fault(
            "taken by the SMSC and unknown to us", [key for key in taken if key not in known]
        )
        findings.lost += findings.fault("without an end", [row[:3] for row in rows if row[2] in _UNSETTLED])
        findings.fault(
            "failed for us, and taken by the SMSC",
            [row[:3] for row in rows if row[2] is _S.FAILED and row[4] == 1 and taken.get(row[:2])],
        )
        findings.fault(
            "sent for us, and not all of it at the SMSC",
            [row[:3] for row in rows if row[2] in _SENT and taken.get(row[:2], 0) < row[4]],
        )

    def _receipts(
        self,
        findings: Findings,
        rows: Sequence[tuple[int, int, MessageState, int, int]],
        parts: Mapping[tuple[int, int | str], str],
        inbox: set[str],
    ) -> None:
        """
        Each receipt that we acknowledged is applied, or waits in the inbox: it will never come again. An orphan is
        applied under its own id, to a part of which it need not be.
        """
        known = {(row[0], row[1]): row for row in rows}
        gone = []
        for number, stat in self.ledger.acked.items():
            taken = self.ledger.by_number[number]
            row = known.get((taken.key.campaign, taken.key.msisdn))
            fate = _FATES.get(stat)
            smsc_id = canonical_id(taken.smsc_id, form=IdForm.AUTO)
            if row is None or fate is None or smsc_id in inbox:
                continue
            _, _, state, message_id, _ = row
            told = {parts.get((message_id, taken.key.part)), parts.get((message_id, smsc_id))}
            applied = state is fate if taken.parts == 1 else fate in told
            if not applied and not (taken.parts > 1 and state in {*_FATES.values()}):
                gone.append((taken.key, stat, state.value))
        findings.lost += findings.fault("receipts acknowledged and not stored", gone)

    def _campaigns(
        self,
        findings: Findings,
        rows: Sequence[tuple[int, int, MessageState, int, int]],
        campaigns: Sequence[tuple[int, str, object]],
        covered: Mapping[int, int],
    ) -> None:
        counts = defaultdict[int, Counter[MessageState]](Counter)
        for campaign, _, state, _, _ in rows:
            counts[campaign][state] += 1
        findings.lost += findings.fault(
            "contacts without a message",
            [
                (campaign, counts[campaign].total(), wanted)
                for campaign, wanted in self.audience.items()
                if counts[campaign].total() != wanted
            ],
        )
        findings.fault(
            "messages that no chunk covers, or two",
            [key for key, found in counts.items() if covered.get(key, 0) != found.total()],
        )
        findings.fault("campaigns without an end", [row[:2] for row in campaigns if row[1] not in FINISHED])
        for campaign, _, results in campaigns:
            frozen = json.loads(results) if isinstance(results, str) else results or {}
            for found in (counts[campaign], {MessageState(state): count for state, count in frozen.items()}):
                _identities(findings, campaign, Statistics(found), counts[campaign].total())

    def _notices(self, findings: Findings, notices: Sequence[tuple[int, str]]) -> None:
        summaries = Counter(campaign for campaign, _ in notices)
        findings.fault(
            "campaigns without exactly one summary",
            [campaign for campaign in self.audience if summaries[campaign] != 1],
        )
        findings.fault("summaries not posted", [row for row in notices if row[1] not in {"sent", "unknown"}])


def _identities(findings: Findings, campaign: int, found: Statistics, total: int) -> None:
    """FEATURES M29, from the lines that a person sees."""
    lines = {line.key: line.total for line in found.lines()}
    sent = sum(lines[state] for state in ("delivered", "accepted", "expired", "rejected"))
    ignored = sum(lines[state] for state in ("blocked", "schedule_expired", "invalid_number"))
    doubt = lines["no_response"] + lines["disconnected"]
    whole = lines["sent"] + doubt + lines["failed"] + lines["ignored"] + lines["pending"]
    if (sent, ignored, whole, total) != (lines["sent"], lines["ignored"], lines["total"], lines["total"]):
        findings.faults.append(f"the figures of campaign {campaign} do not add up: {lines}, of {total}")
