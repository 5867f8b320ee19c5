"""Putting the bot together, and running it until it is told to stop."""

import asyncio
import contextlib
import os
import warnings
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from telegram import Chat, Update
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.warnings import PTBUserWarning

import bot.conversations  # noqa: F401 - importing declares every action
from bot.access import Context, Gate
from bot.commands import set_commands
from bot.errors import error_id
from bot.limiter import Limiter
from bot.live import LiveTicker
from bot.outbox import Outbox
from bot.persistence import CONVERSATION, SqlPersistence
from bot.polling import LONG_POLL_S, Poller
from bot.processor import PerChat
from bot.redaction import redact_logs
from bot.router import Router
from bot.screen import actions
from bot.watchdog import Watchdog
from domain.settings import Settings
from domain.usecases.accounts import ensure_first_account
from domain.usecases.change_run import run_changes
from domain.usecases.import_run import run_jobs
from locales import Catalogues, load

log = structlog.get_logger()

BotApplication = Application[Any, Context, Any, Any, Any, Any]
Job = Callable[[asyncio.Event], Coroutine[Any, Any, None]]

#: What else the program does beside talking: each runs until the event is set.
jobs: Final[list[Job]] = [run_jobs, run_changes]

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 30.0


def network_builder() -> ApplicationBuilder[Any, Any, Any, Any, Any, Any]:
    """A builder with the connections of production; a test passes one with its own transport instead."""
    return (
        ApplicationBuilder()
        .connection_pool_size(32)
        .pool_timeout(10)
        .connect_timeout(10)
        .read_timeout(15)
        .write_timeout(15)
        .media_write_timeout(60)
        .get_updates_connection_pool_size(8)  # with 1, a connection that hangs stops polling for good
        .get_updates_read_timeout(LONG_POLL_S + 10)
    )


def build_application(
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any], settings: Settings
) -> Application[Any, Any, Any, Any, Any, Any]:
    """
    The application with every handler. The database must be open before it is initialised.

    Args:
        builder: With or without a transport of its own.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # periods as timedelta: the other way is deprecated in 22.x
    catalogues = load()
    processor = PerChat()
    application = (
        builder.token(settings.bot_token.get_secret_value())
        .base_url(f"{settings.bot_api_url.rstrip('/')}/bot")
        .base_file_url(f"{settings.file_url.rstrip('/')}/file/bot")
        .updater(None)
        .job_queue(None)
        .rate_limiter(Limiter())
        .persistence(SqlPersistence())
        .concurrent_updates(processor)
        .context_types(ContextTypes(context=Context))
        .build()
    )
    processor.application = application
    application.add_handler(TypeHandler(Update, Gate(catalogues, settings).admit), group=-1)
    for handler in _handlers(Router(catalogues)):
        application.add_handler(handler)
    application.add_error_handler(_last_door(catalogues, settings))
    return application


def _handlers(router: Router) -> list[Any]:
    """
    One conversation: two would take each other's texts. Its states are the codes of the open questions; what does not
    depend on them enters from anywhere. Edited messages are nobody's.
    """
    new = filters.UpdateType.MESSAGE
    private, group = new & filters.ChatType.PRIVATE, new & filters.ChatType.GROUPS
    said: MessageHandler[Context, object] = MessageHandler(private & ~filters.COMMAND, router.message)
    with warnings.catch_warnings():
        # Meant: buttons carry all that they need, so they are not tracked by message.
        warnings.filterwarnings("ignore", category=PTBUserWarning, message=".*CallbackQueryHandler.*")
        conversation: ConversationHandler[Context] = ConversationHandler(
            entry_points=[
                CallbackQueryHandler(router.tap),
                MessageHandler(private & filters.COMMAND, router.command),
                MessageHandler(group & filters.COMMAND, router.group_command),
            ],
            states={action.code: [said] for action in actions()},
            fallbacks=[said],
            allow_reentry=True,
            name=CONVERSATION,
            persistent=True,
        )
    return [conversation, said]  # said once more: no question is open


def _last_door(catalogues: Catalogues, settings: Settings) -> Callable[[object, Context], Coroutine[Any, Any, None]]:
    """What no door of the router's caught, because it was not open yet: the database does not answer, say."""

    async def tell(update: object, context: Context) -> None:
        identity = error_id()
        update_id = update.update_id if isinstance(update, Update) else None
        log.error("update_failed", error_id=identity, update=update_id, exc_info=context.error)
        if not isinstance(update, Update) or update.effective_chat is None:
            return
        t = catalogues.texts(settings.language, settings.region)
        with contextlib.suppress(TelegramError):
            if update.callback_query is not None:
                await update.callback_query.answer(t.label("error.unexpected", id=identity), show_alert=True)
            elif update.effective_chat.type == Chat.PRIVATE:
                await context.bot.send_message(update.effective_chat.id, t.label("error.unexpected", id=identity))

    return tell


async def run_bot(settings: Settings, *, stop: asyncio.Event) -> None:
    """
    Run until ``stop`` is set. The database is open.

    Raises:
        InvalidToken: Telegram does not know the token.
        PollingWedged: The connection hangs: the program should be started again.
    """
    redact_logs(settings.bot_token.get_secret_value())
    await ensure_first_account(settings)
    application = build_application(network_builder(), settings)
    catalogues = load()
    try:
        if not await _initialize(application, stop):
            return
        await application.start()
        poller = Poller(application)
        log.info("bot_started", username=application.bot.username)
        try:
            await _work(application, poller, catalogues, settings, stop)
        finally:
            await poller.confirm()
            await application.stop()
    finally:
        await application.shutdown()
        await application.bot.shutdown()  # the line above leaves it open where the bot never got as far as its name
    log.info("bot_stopped")


async def _initialize(application: BotApplication, stop: asyncio.Event) -> bool:
    """Wait for the network if there is none yet. False: it was told to stop before there was."""
    wait_s = _FIRST_WAIT_S
    while not stop.is_set():
        try:
            await application.initialize()
        except (InvalidToken, BadRequest):
            raise
        except (NetworkError, RetryAfter) as error:
            log.warning("telegram_unreachable", error=type(error).__name__, text=str(error), again_in_s=wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), wait_s)
            wait_s = min(_LONGEST_WAIT_S, wait_s * 2)
        else:
            return True
    return False


async def _work(
    application: BotApplication, poller: Poller, catalogues: Catalogues, settings: Settings, stop: asyncio.Event
) -> None:
    work = (
        poller.run(),
        Outbox(application.bot, catalogues).run(),
        LiveTicker(application.bot, catalogues).run(),
        Watchdog().run(),
        _announce(application, catalogues, settings.region),
    )
    try:
        async with asyncio.TaskGroup() as group:
            endless = [group.create_task(coroutine) for coroutine in work]
            for job in jobs:
                group.create_task(job(stop))
            await stop.wait()
            for task in endless:
                task.cancel()
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures


async def _announce(application: BotApplication, catalogues: Catalogues, region: str) -> None:
    """The menus are for convenience: without them everything works."""
    try:
        await set_commands(application.bot, catalogues, region)
    except TelegramError as error:
        log.warning("commands_not_set", error=type(error).__name__, text=str(error))
