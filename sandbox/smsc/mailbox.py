"""deliver_sm that an ESME has not acknowledged yet: kept by system_id, sent on any of its binds that can receive."""

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from sandbox.smsc.behaviour import Stat
from sandbox.smsc.journal import Message


class Parcel:
    """One deliver_sm body; ``message`` and ``stat`` are None for an incoming SMS."""

    __slots__ = ("body", "final", "message", "sent", "stat")

    def __init__(
        self, body: bytes, message: Message | None = None, stat: Stat | None = None, final: bool = False
    ) -> None:
        self.body = body
        self.message = message
        self.stat = stat
        self.final = final
        self.sent = False


class Receiver(Protocol):
    """A bound link that can receive."""

    @property
    def room(self) -> int:
        """How many more deliver_sm may be outstanding on it now."""

    def deliver(self, parcels: list[Parcel]) -> None:
        """Send them in one write."""


class Mailbox:
    """The queue of one system_id. Nothing leaves it for good but by an acknowledgement."""

    def __init__(self) -> None:
        self.waiting: deque[Parcel] = deque()
        self._receivers: deque[Receiver] = deque()

    def join(self, receiver: Receiver) -> None:
        """A bind that can receive has come."""
        self._receivers.append(receiver)

    def leave(self, receiver: Receiver, unacknowledged: Iterable[Parcel]) -> None:
        """A bind has gone: what it had not acknowledged goes to the head of the queue, oldest first."""
        if receiver in self._receivers:
            self._receivers.remove(receiver)
        self.waiting.extendleft(reversed(list(unacknowledged)))

    def put(self, parcels: Iterable[Parcel]) -> None:
        """Queue and send as far as the windows allow."""
        self.waiting.extend(parcels)
        self.pump()

    def pump(self) -> None:
        """Send what fits into the windows, the binds in turn."""
        waiting = self.waiting
        for _ in range(len(self._receivers)):
            if not waiting:
                return
            receiver = self._receivers[0]
            self._receivers.rotate(-1)
            count = min(receiver.room, len(waiting))
            if count > 0:
                receiver.deliver([waiting.popleft() for _ in range(count)])
