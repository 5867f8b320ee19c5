"""Delivering news: rows that bot and sender wrote become messages, each once unless the program died over it."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TelegramError

from bot.chat import Chat
from bot.limiter import Urgency, certainly_not_sent, retry_after_s
from bot.screen import Screen
from bot.stage import Bot, follow, post, send_document
from bot.visit import drawn, named, view_chats
from domain.errors import DomainError
from domain.models import Notice, NoticeKind
from domain.usecases import notices
from locales import Catalogues

log = structlog.get_logger()

Renderer = Callable[[Notice, Chat], Awaitable[Screen]]
_TICK_S: Final = 1.0
_BATCH: Final = 50
_TRIES: Final = 20
_LONGEST_WAIT_S: Final = 600.0
_QUIET: Final = frozenset({NoticeKind.STARTED})
_renderers: dict[NoticeKind, Renderer] = {}


def notice(kind: NoticeKind) -> Callable[[Renderer], Renderer]:
    """
    Register the one renderer of a kind: ``async (notice, chat) -> Screen``. A ``DomainError`` means that there is
    nothing to tell any more.
    """

    def register(renderer: Renderer) -> Renderer:
        if kind in _renderers:
            raise TypeError(f"{kind} has a renderer already")
        _renderers[kind] = renderer
        return renderer

    return register


class Outbox:
    """The deliverer; one in the program, which is the only one that talks to Telegram."""

    def __init__(self, bot: Bot, catalogues: Catalogues) -> None:
        self._bot, self._catalogues = bot, catalogues

    async def run(self) -> None:
        """Until cancelled. Whatever the database does, it is asked again; what it did not take is as after a crash."""
        whole = False
        while True:
            found = 0
            try:
                if not whole:
                    await self._recover()
                    whole = True
                found = await self.deliver_due()
            except Exception:
                log.exception("outbox_failed")
                whole = False
            if not found:
                await asyncio.sleep(_TICK_S)

    async def _recover(self) -> None:
        again = await notices.recover()
        if again:
            log.warning("notices_sent_again", notices=list(again))

    async def deliver_due(self) -> int:
        """
        Deliver what is due now: in order in each chat, chats beside one another. Returns how many were taken up.

        Raises:
            Exception: The database failed; nothing is on its way any more.
        """
        rows = await notices.due(datetime.now(UTC), limit=_BATCH)
        by_chat: dict[int, list[Notice]] = defaultdict(list)
        for row in rows:
            by_chat[row.chat_id].append(row)
        ends = await asyncio.gather(
            *(self._deliver_in_order(chat) for chat in by_chat.values()), return_exceptions=True
        )
        for failure in ends:
            if failure is not None:
                raise failure
        return len(rows)

    async def _deliver_in_order(self, rows: list[Notice]) -> None:
        for row in rows:
            if await notices.claim(row.id):
                row.tries += 1
                try:
                    await self._deliver(row)
                except Exception:
                    log.exception("notice_failed", notice=row.id, kind=row.kind, subject=row.subject_id)
                    await self._later(row)

    async def _deliver(self, row: Notice) -> None:
        chats = await view_chats(self._bot, row.chat_id, row.person_id, self._catalogues)
        if not chats:
            log.info("notice_for_nobody", notice=row.id, person=row.person_id)
            await notices.undeliverable(row.id)
            return
        try:
            plain, account = await drawn(chats, lambda chat: _renderers[row.kind](row, chat))
            screen = named(plain, account)
        except DomainError as error:
            log.info("notice_void", notice=row.id, error=type(error).__name__)
            await notices.undeliverable(row.id)
            return
        try:
            for document in screen.documents:
                await send_document(self._bot, row.chat_id, document, Urgency.NEWS, quiet=True)
            shown = await post(self._bot, row.chat_id, screen, Urgency.NEWS, quiet=row.kind in _QUIET)
        except TelegramError as error:
            await self._failed(row, error)
            return
        await notices.delivered(row.id, shown.message_id)
        await follow(self._bot, screen, row.chat_id, shown.message_id, person_id=row.person_id)
        log.info("notice_sent", notice=row.id, kind=row.kind, subject=row.subject_id)

    async def _failed(self, row: Notice, error: TelegramError) -> None:
        log.warning("notice_refused", notice=row.id, kind=row.kind, error=type(error).__name__, text=str(error))
        if isinstance(error, RetryAfter):
            await notices.postpone(row.id, datetime.now(UTC) + timedelta(seconds=retry_after_s(error)))
        elif isinstance(error, ChatMigrated):
            await notices.move_chat(row.chat_id, error.new_chat_id)
            await notices.postpone(row.id, datetime.now(UTC))
        elif isinstance(error, Forbidden | BadRequest):
            await notices.undeliverable(row.id)
        elif isinstance(error, NetworkError) and not certainly_not_sent(error):
            await notices.in_doubt(row.id)
        else:
            await self._later(row)

    async def _later(self, row: Notice) -> None:
        if row.tries >= _TRIES:
            await notices.undeliverable(row.id)
            return
        wait_s = min(_LONGEST_WAIT_S, 2.0**row.tries)
        await notices.postpone(row.id, datetime.now(UTC) + timedelta(seconds=wait_s))
