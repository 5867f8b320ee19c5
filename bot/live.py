"""Messages that follow a campaign or an import: drawn anew as it changes, until it ends or the person leaves it."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from telegram.error import Forbidden, NetworkError, RetryAfter

from bot.chat import Chat
from bot.limiter import GROUP_SPACING_S, PRIVATE_SPACING_S, Urgency
from bot.screen import Follow, Screen
from bot.stage import Bot, MessageGone, digest_of, edit
from bot.visit import drawn, named, view_chats
from domain.errors import DomainError
from domain.models import LiveView, LiveViewKind
from domain.usecases import conversations
from locales import Catalogues

log = structlog.get_logger()

Renderer = Callable[[int, Chat], Awaitable[tuple[Screen, bool]]]
_TICK_S: Final = 1.0
_renderers: dict[LiveViewKind, Renderer] = {}


def live(kind: LiveViewKind) -> Callable[[Renderer], Renderer]:
    """
    Register the one renderer of a kind: ``async (subject_id, chat) -> (screen, whether it is the last one)``. A
    ``DomainError`` means that there is nothing to follow any more.
    """

    def register(renderer: Renderer) -> Renderer:
        if kind in _renderers:
            raise TypeError(f"{kind} has a renderer already")
        _renderers[kind] = renderer
        return renderer

    return register


async def render_view(chat_id: int, message_id: int, chat: Chat) -> Screen | None:
    """What a followed message shows now; None: it follows nothing, or that is gone."""
    for view in await conversations.live_views():
        if (view.chat_id, view.message_id) == (chat_id, message_id) and view.kind in _renderers:
            try:
                screen, final = await _renderers[view.kind](view.subject_id, chat)
            except DomainError:
                return None
            return screen if final else dataclasses.replace(screen, follow=Follow(view.kind, view.subject_id))
    return None


class LiveTicker:
    """Looks at every followed message once a second, and edits those whose picture has changed."""

    def __init__(self, bot: Bot, catalogues: Catalogues) -> None:
        self._bot, self._catalogues = bot, catalogues
        self._looked: dict[int, float] = {}
        self._busy: set[int] = set()

    async def run(self) -> None:
        """Until cancelled. Whatever the database does, it is asked again."""
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await self._look(group)
                except Exception:
                    log.exception("live_look_failed")
                await asyncio.sleep(_TICK_S)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        views = await conversations.live_views()
        ids = {view.id for view in views}
        self._looked = {view_id: at for view_id, at in self._looked.items() if view_id in ids}
        for view in filter(self._is_due, views):
            self._looked[view.id] = time.monotonic()
            self._busy.add(view.id)
            group.create_task(self._guarded(view))

    def _is_due(self, view: LiveView) -> bool:
        spacing = PRIVATE_SPACING_S if view.chat_id > 0 else GROUP_SPACING_S
        return view.id not in self._busy and time.monotonic() >= self._looked.get(view.id, 0.0) + spacing

    async def _guarded(self, view: LiveView) -> None:
        try:
            try:
                await self.refresh(view)
            except (MessageGone, Forbidden):
                await conversations.unfollow(view.chat_id, view.message_id)
        except (RetryAfter, NetworkError) as error:
            log.info("live_view_delayed", view=view.id, error=type(error).__name__)
        except Exception:
            log.exception("live_view_failed", view=view.id, kind=view.kind, subject=view.subject_id)
        finally:
            self._busy.discard(view.id)

    async def refresh(self, view: LiveView) -> None:
        """
        Draw one message anew if it would look different.

        Raises:
            MessageGone: It cannot be edited any more.
            TelegramError: The last picture could not be shown; those before are dropped instead.
        """
        chats = await view_chats(self._bot, view.chat_id, view.person_id, self._catalogues)
        renderer = _renderers.get(view.kind)
        if not chats or renderer is None:
            await conversations.unfollow(view.chat_id, view.message_id)
            return
        try:
            (plain, final), account = await drawn(chats, lambda chat: renderer(view.subject_id, chat))
            screen = named(plain, account)
        except DomainError:
            await conversations.unfollow(view.chat_id, view.message_id)
            return
        digest = digest_of(screen)
        if digest != view.digest:
            if not await conversations.is_followed(view.chat_id, view.message_id):
                return  # the person has gone elsewhere with it
            urgency = Urgency.NEWS if final else Urgency.PROGRESS
            if not await edit(self._bot, view.chat_id, view.message_id, screen, urgency):
                return
            await conversations.set_digest(view.id, digest)
        if final:
            await conversations.unfollow(view.chat_id, view.message_id)
