"""The operator's counters as one value: what tests wait for and the page shows."""

from dataclasses import dataclass

from sandbox.smsc.journal import iso_time


@dataclass(frozen=True, slots=True)
class BindView:
    """A bound session; ``since`` in seconds since the epoch."""

    system_id: str
    mode: str
    since: float


@dataclass(frozen=True, slots=True)
class Summary:
    """
    The operator's counters since the ledger began or the last reset.

    received = accepted + refused + throttled (0x58 and 0x14) + silent (no answer given). ``receipts`` have become due,
    ``acknowledged`` are answered by the ESME, ``waiting`` are due later or not acknowledged yet. ``rate`` is submits in
    the last second, ``duplicates`` those taken with destination, part and text of an earlier one.
    """

    received: int
    accepted: int
    refused: int
    throttled: int
    silent: int
    receipts: int
    acknowledged: int
    waiting: int
    incoming: int
    duplicates: int
    binds: tuple[BindView, ...]
    rate: int

    def view(self) -> dict[str, object]:
        """As ``GET /sim/smsc/summary`` shows it."""
        shown: dict[str, object] = {name: getattr(self, name) for name in self.__slots__ if name != "binds"}
        return shown | {
            "binds": [
                {"system_id": bind.system_id, "mode": bind.mode, "since": iso_time(bind.since)} for bind in self.binds
            ]
        }
