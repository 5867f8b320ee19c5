"""What the SMSC sends: receipts when they are due, incoming SMS, and what an answer or a lost link makes of them."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from sandbox.smsc import pdu
from sandbox.smsc.behaviour import Stat
from sandbox.smsc.handsets import Handsets
from sandbox.smsc.journal import Journal, Message
from sandbox.smsc.ledger import Ledger, receipt_line
from sandbox.smsc.mailbox import Mailbox, Parcel, Receiver
from sandbox.smsc.receipts import Due, Timetable, receipt, wanted

_REDELIVER_S: Final = 1.0
_TEMPORARY: Final = frozenset({pdu.ESME_RX_T_APPN, pdu.ESME_RTHROTTLED, pdu.ESME_RMSGQFUL})


class Outbound:
    """Timetable and mailboxes together. ``changed`` is called when receipts have become due."""

    def __init__(self, journal: Journal, handsets: Handsets, *, changed: Callable[[], None], seed: int | None) -> None:
        self._journal = journal
        self._handsets = handsets
        self._changed = changed
        self._timetable = Timetable(self.emit, seed=seed)
        self._mailboxes: defaultdict[str, Mailbox] = defaultdict(Mailbox)
        self._unclaimed: list[Parcel] = []
        self._again = 0

    @property
    def waiting(self) -> int:
        """deliver_sm that are due later or that no link has yet."""
        queued = sum(len(mailbox.waiting) for mailbox in self._mailboxes.values())
        return self._timetable.waiting + queued + len(self._unclaimed) + self._again

    def answered(self, messages: Iterable[Message]) -> None:
        """These were taken: their receipts count from now."""
        self._timetable.plan(messages)
        # A message whose receipt never comes reaches the phone without the operator saying so.
        arrived = [message for message in messages if message.plan is not None and not message.plan.steps]
        if arrived:
            self._handsets.arrive(arrived, now=time.time())

    def emit(self, due: list[Due]) -> None:
        """These receipts are due: phones have their SMS, and who asked for a receipt gets it."""
        by_account: defaultdict[str, list[Parcel]] = defaultdict(list)
        arrived: list[Message] = []
        for message, step in due:
            if step.stat is Stat.DELIVRD and not message.arrived:
                message.arrived = True
                arrived.append(message)
            if wanted(message, step.stat):
                by_account[message.system_id].append(receipt(message, step))
        if arrived:
            self._handsets.arrive(arrived, now=time.time())
        for system_id, parcels in by_account.items():
            self._journal.counters.receipts += len(parcels)
            self._mailboxes[system_id].put(parcels)
        self._changed()

    def put(self, system_id: str | None, parcels: list[Parcel]) -> None:
        """Send to an account, or, when ``system_id`` is None, to the first that binds to receive."""
        if system_id is None:
            self._unclaimed += parcels
        else:
            self._mailboxes[system_id].put(parcels)

    def pump(self, system_id: str) -> None:
        """A link of this account has room again."""
        self._mailboxes[system_id].pump()

    def join(self, system_id: str, receiver: Receiver) -> None:
        """A bind that can receive has come: it gets what was kept."""
        mailbox = self._mailboxes[system_id]
        mailbox.join(receiver)
        parcels, self._unclaimed = self._unclaimed, []
        mailbox.put(parcels)

    def leave(self, system_id: str, receiver: Receiver, unacknowledged: list[Parcel]) -> None:
        """A bind has gone: what it had not acknowledged goes to the next one."""
        mailbox = self._mailboxes[system_id]
        mailbox.leave(receiver, unacknowledged)
        mailbox.pump()

    def acknowledged(self, system_id: str, answers: list[tuple[Parcel, int]], *, ledger: Ledger | None) -> None:
        """deliver_sm_resp by command_status: a temporary error brings it again after a second, another one ends it."""
        again: list[Parcel] = []
        for parcel, status in answers:
            if status in _TEMPORARY:
                again.append(parcel)
            elif parcel.message is not None and parcel.stat is not None:
                self._journal.counters.acknowledged += 1
                if parcel.final and ledger is not None:
                    ledger.append(receipt_line(parcel.message, parcel.stat))
        mailbox = self._mailboxes[system_id]
        if again:
            self._again += len(again)
            asyncio.get_running_loop().call_later(_REDELIVER_S, self._redeliver, mailbox, again)
        mailbox.pump()

    def clear(self) -> None:
        """Forget all that is due or queued."""
        self._timetable.clear()
        self._unclaimed.clear()
        for mailbox in self._mailboxes.values():
            mailbox.waiting.clear()

    def _redeliver(self, mailbox: Mailbox, parcels: list[Parcel]) -> None:
        self._again -= len(parcels)
        mailbox.put(parcels)
