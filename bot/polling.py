"""Asking Telegram for updates. Our own loop, for one reason: a call that hangs must end the program, not silence it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any, Final

import structlog
from telegram import Update
from telegram.error import Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import Application

from bot.limiter import retry_after_s
from domain import monitoring

log = structlog.get_logger()

ALLOWED_UPDATES: Final[Sequence[str]] = (Update.MESSAGE, Update.CALLBACK_QUERY)
LONG_POLL_S: Final = 30  # Telegram answers at the latest after this
WEDGED_S: Final = 150.0  # no answer and no error for so long: the connection pool is stuck
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 30.0


class PollingWedged(Exception):
    """A ``getUpdates`` never came back; the program ends, and whoever supervises it starts it again."""


class Poller:
    """Puts updates on the application's queue, in order."""

    def __init__(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        self._application = application
        self._offset: int | None = None
        self._answered: float | None = None  # when getUpdates last answered, monotonic
        monitoring.checks["bot"] = self._health

    def _health(self) -> tuple[bool, str]:
        """For ``/healthz``: well while Telegram answers."""
        if self._answered is None:
            return False, "Telegram has not answered yet"
        seconds = time.monotonic() - self._answered
        return seconds < WEDGED_S, f"Telegram answered {seconds:.0f} s ago"

    async def run(self) -> None:
        """
        Until cancelled. An outage is waited out.

        Raises:
            PollingWedged: See there.
            InvalidToken: Telegram does not know the token.
        """
        self._answered = time.monotonic()  # to getMe, before we began
        wait_s = 0.0
        while True:
            try:
                async with asyncio.timeout(WEDGED_S):
                    await self._once(LONG_POLL_S)
                wait_s = 0.0
                continue
            except TimeoutError:
                raise PollingWedged(f"no answer to getUpdates for {WEDGED_S:.0f} s") from None
            except (InvalidToken, Forbidden):
                raise
            except RetryAfter as error:
                wait_s = retry_after_s(error)
            except TelegramError as error:
                wait_s = min(_LONGEST_WAIT_S, wait_s * 2 or _FIRST_WAIT_S)
                level = log.error if isinstance(error, Conflict) else log.warning  # Conflict: a second bot is running
                level("polling_failed", error=type(error).__name__, text=str(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)

    async def confirm(self) -> None:
        """Tell Telegram which updates we have, so that the next program does not get them again."""
        if self._offset is not None:
            try:
                async with asyncio.timeout(5):
                    await self._application.bot.get_updates(
                        offset=self._offset, timeout=0, limit=1, allowed_updates=ALLOWED_UPDATES
                    )
            except (TelegramError, TimeoutError) as error:
                log.warning("confirm_failed", error=type(error).__name__)

    async def _once(self, timeout_s: int) -> None:
        updates = await self._application.bot.get_updates(
            offset=self._offset, timeout=timeout_s, allowed_updates=ALLOWED_UPDATES
        )
        self._answered = time.monotonic()
        for update in updates:
            await self._application.update_queue.put(update)
            self._offset = update.update_id + 1
