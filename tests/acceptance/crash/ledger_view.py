"""The SMSC's ledger as the checker reads it: which part of which message of which campaign was taken, how often."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from sandbox.smsc import alphabet, pdu

_UNDERSTOOD: Final = ("submit", "receipt")


class Part(NamedTuple):
    """A segment of a message. ``part`` counts from 1."""

    campaign: int
    msisdn: int
    part: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A submit that the SMSC took: it will be delivered and paid for. ``n`` counts submits."""

    key: Part
    parts: int
    smsc_id: str
    n: int


@dataclass(slots=True)
class LedgerView:
    """
    Reads on where it stopped.

    Attributes:
        taken: How often each part was taken; more than once is a duplicate.
        by_number: The taken ones, by the SMSC's number of them.
        acked: Final receipts that we acknowledged: the SMSC's number of the message, and what it said.
    """

    path: Path
    taken: Counter[Part] = field(default_factory=Counter)
    by_number: dict[int, Taken] = field(default_factory=dict)
    acked: dict[int, str] = field(default_factory=dict)
    submits: int = 0
    _offset: int = 0

    def read(self) -> list[Taken]:
        """What was taken since the last call. A line without an end is not there yet."""
        fresh: list[Taken] = []
        if not self.path.exists():
            return fresh
        with self.path.open("rb") as file:
            file.seek(self._offset)
            octets = file.read()
        octets = octets[: octets.rfind(b"\n") + 1]
        self._offset += len(octets)
        for raw in octets.splitlines():
            line = json.loads(raw)
            if line["kind"] == "receipt":
                self.acked[line["number"]] = line["stat"]
            elif line["kind"] == "submit":
                self.submits += 1
                if line["id"] is not None:
                    fresh.append(self._take(line))
        return fresh

    @property
    def duplicates(self) -> dict[Part, int]:
        """Parts that were taken more than once."""
        return {key: times for key, times in self.taken.items() if times > 1}

    def _take(self, line: dict[str, object]) -> Taken:
        submit = pdu.parse_submit(bytes.fromhex(str(line["pdu"])))
        part = alphabet.part_of(submit)
        key = Part(int(submit.source.removeprefix("K")), int(submit.destination), part.number)
        taken = Taken(key, part.total, str(line["id"]), int(str(line["n"])))
        self.taken[key] += 1
        self.by_number[int(str(line["number"]))] = taken
        return taken
