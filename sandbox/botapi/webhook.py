"""Delivery by webhook: one POST at a time, in order, again and again until the bot answers 2xx."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Final

import aiohttp
import structlog
from aiogram.types import WebhookInfo

from sandbox.botapi.schema import checked
from sandbox.botapi.store import Store
from sandbox.botapi.updates import Updates

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
FIRST_RETRY_S: Final = 0.2
LONGEST_RETRY_S: Final = 30.0
ANSWER_TIMEOUT_S: Final = 30.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Target:
    """Where updates go."""

    url: str
    secret_token: str | None = None
    max_connections: int = 40
    ip_address: str | None = None


class Webhook:
    """
    The webhook of the bot, if it has one. A method call inside the bot's answer is not carried out.

    Args:
        updates: The queue that it drains.
        store: Where the target outlives the process.
        clock: Seconds since the epoch.
    """

    def __init__(self, updates: Updates, store: Store, clock: Callable[[], float]) -> None:
        self._updates = updates
        self._store = store
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._last_error: tuple[int, str] | None = None
        known = store.fact("webhook")
        self.target: Target | None = Target(**known) if isinstance(known, dict) else None

    def start(self) -> None:
        """Begin to deliver, if a target is known."""
        if self.target is not None and self._task is None:
            self._task = asyncio.create_task(self._deliver(self.target))

    async def stop(self) -> None:
        """End delivery; the target stays known."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def point(self, target: Target | None) -> None:
        """Set, replace or remove the target."""
        await self.stop()
        self.target = target
        self._last_error = None
        if target is None:
            self._store.forget("webhook")
        else:
            self._store.put("webhook", asdict(target))
            self.start()

    def info(self) -> WebhookInfo:
        """The answer to getWebhookInfo."""
        fields: dict[str, object] = {
            "url": "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if self.target is not None:
            fields |= {"url": self.target.url, "max_connections": self.target.max_connections}
            fields |= {"ip_address": self.target.ip_address or "127.0.0.1"}
        if self._last_error is not None:
            fields |= {"last_error_date": self._last_error[0], "last_error_message": self._last_error[1]}
        if self._updates.allowed:
            fields["allowed_updates"] = self._updates.allowed
        return checked(WebhookInfo, fields)

    async def _deliver(self, target: Target) -> None:
        headers = {SECRET_HEADER: target.secret_token} if target.secret_token else {}
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        retry_s = FIRST_RETRY_S
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            while True:
                update = await self._updates.first()
                problem = await self._post(session, target.url, update)
                if problem is None:
                    retry_s = FIRST_RETRY_S
                    self._updates.confirm(int(str(update["update_id"])) + 1)
                    self._store.commit()
                    continue
                self._last_error = (int(self._clock()), problem)
                _log.info("webhook_failed", update_id=update["update_id"], problem=problem, retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, LONGEST_RETRY_S)

    @staticmethod
    async def _post(session: aiohttp.ClientSession, url: str, update: dict[str, object]) -> str | None:
        try:
            async with session.post(url, json=update) as answer:
                if answer.ok:
                    return None
                return f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientError as error:
            return f"Connection failed: {type(error).__name__}"
