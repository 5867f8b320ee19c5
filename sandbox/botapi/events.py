"""What the chat page is told as it happens, as Server-Sent Events. Bounded: a slow page loses the oldest events."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from sandbox.botapi.schema import Json

HEARTBEAT_S: Final = 15.0
KEPT_CHAT_EVENTS: Final = 5_000
KEPT_SMS_EVENTS: Final = 2_000
_SMS_KINDS: Final = frozenset({"sms", "smsc"})


class Listener:
    """One open page. SMS events wait in a line of their own, so a storm of them cannot push chat events out."""

    def __init__(self) -> None:
        self._chat: deque[Json] = deque(maxlen=KEPT_CHAT_EVENTS)
        self._sms: deque[Json] = deque(maxlen=KEPT_SMS_EVENTS)
        self._news = asyncio.Event()

    def put(self, event: Json) -> None:
        """Queue one event."""
        (self._sms if event.get("kind") in _SMS_KINDS else self._chat).append(event)
        self._news.set()

    async def frames(self, heartbeat_s: float = HEARTBEAT_S) -> AsyncIterator[bytes]:
        """SSE frames for ever, several events in one piece when they come fast; a comment when nothing happens."""
        while True:
            try:
                async with asyncio.timeout(heartbeat_s):
                    await self._news.wait()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            self._news.clear()
            batch = [*self._chat, *self._sms]
            self._chat.clear()
            self._sms.clear()
            yield b"".join(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in batch)


class Events:
    """Everybody who listens."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def publish(self, event: Json) -> None:
        """Tell every open page; costs nothing when there is none."""
        for listener in self._listeners:
            listener.put(event)

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener for as long as the page is open."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
