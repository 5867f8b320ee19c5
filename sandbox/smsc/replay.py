"""A ledger read back into memory, so that a restart of the SMSC continues: messages, counters, phones, receipts."""

from pathlib import Path
from typing import Final

from sandbox.smsc import pdu
from sandbox.smsc.behaviour import Stat
from sandbox.smsc.handsets import Handsets
from sandbox.smsc.intake import count
from sandbox.smsc.journal import Journal, Message
from sandbox.smsc.ledger import ReceiptLine, SubmitLine, read_ledger
from sandbox.smsc.receipts import Due
from sandbox.smsc.rulebook import Step

_CHUNK: Final = 1_000


def replay(path: Path, journal: Journal, handsets: Handsets) -> tuple[int, list[Due]]:
    """
    Fill ``journal`` and ``handsets`` from the ledger at ``path``.

    Returns:
        The last message id as a number, and the final receipts that no ESME has acknowledged, due now.

    Raises:
        LedgerError: A line cannot be read.
    """
    last_number = 0
    owed: dict[int, tuple[Message, Stat]] = {}
    chunk: list[Message] = []
    for line in read_ledger(path):
        if isinstance(line, SubmitLine):
            message = _message(line)
            last_number = max(last_number, line.number)
            journal.last_n = line.n
            journal.counters.received += 1
            count(journal.counters, message)
            chunk.append(message)
            if line.due is not None:
                owed[line.number] = (message, line.due)
            elif line.number:
                handsets.arrive([message], now=message.time)
            if len(chunk) == _CHUNK:
                journal.add(chunk, now=0)
                chunk = []
        elif isinstance(line, ReceiptLine):
            _receipt(line, owed, journal, handsets)
        else:
            chunk = []
            owed.clear()
            journal.clear()
            handsets.clear()
    journal.add(chunk, now=0)
    return last_number, [(message, Step(0.0, stat, final=True)) for message, stat in owed.values()]


def _receipt(line: ReceiptLine, owed: dict[int, tuple[Message, Stat]], journal: Journal, handsets: Handsets) -> None:
    message, _ = owed.pop(line.number, (None, None))
    if message is None:
        return
    journal.counters.receipts += 1
    journal.counters.acknowledged += 1
    message.stat = line.stat
    if line.stat is Stat.DELIVRD:
        message.arrived = True
        handsets.arrive([message], now=message.time)


def _message(line: SubmitLine) -> Message:
    try:
        _, start, end, flags = pdu.locate(line.pdu)
    except pdu.BodyError:
        start = end = flags = 0
    return Message(
        line.n,
        line.time,
        line.session,
        line.system_id,
        line.sequence,
        line.status,
        line.number,
        line.id or "",
        line.pdu,
        line.pdu[start:end],
        end,
        flags,
        None,
    )
