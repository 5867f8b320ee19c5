"""The command line. Each command reads the settings, wires what it needs, and ends cleanly on SIGINT or SIGTERM."""

import asyncio
import contextlib
import fcntl
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from domain import monitoring
from domain.database import NotOurSchema, migrate_database, open_database
from domain.rules.role import Role
from domain.settings import BadSettings, Settings, load_settings

log = structlog.get_logger()
app = typer.Typer(
    name="pregon",
    help="Bulk SMS campaigns from a Telegram chat, over SMPP.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

_ONE_PROCESS = (
    "on SQLite bot and sender are one program: use `pregon run`,"
    " or set PREGON_DATABASE_URL=postgres://… to run them apart"
)

Part = Callable[[Settings, asyncio.Event], Awaitable[None]]


def _fail(message: str) -> NoReturn:
    """The operator must mend something: one line a fault on stderr, exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(2)


def _settings(*, token: bool = False, route: bool = False, apart: bool = False) -> Settings:
    """The settings, checked for what the command needs."""
    try:
        settings = load_settings()
    except BadSettings as error:
        _fail(str(error))
    if apart and settings.on_sqlite:
        _fail(_ONE_PROCESS)
    if token and not settings.bot_token.get_secret_value():
        _fail("PREGON_BOT_TOKEN is not set: the token that @BotFather gave you")
    if route and not settings.routes:
        _fail("PREGON_SMSC_URL is not set: smpp://system_id:password@host:2775")
    monitoring.set_up_logging(settings.log_level)
    return settings


@contextlib.contextmanager
def _only_process(settings: Settings) -> Iterator[None]:
    """Two programs on one SQLite file would send twice; the kernel frees the lock if we die."""
    if not settings.on_sqlite:
        yield
        return
    path = settings.sqlite_path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".run").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            _fail(f"another Pregón is running on {path}")
        yield


async def _bot(settings: Settings, stop: asyncio.Event) -> None:
    from bot.app import run_bot

    await run_bot(settings, stop=stop)


async def _sender(settings: Settings, stop: asyncio.Event) -> None:
    from sender.worker import Worker

    await Worker(settings.routes).run(stop)


@contextlib.asynccontextmanager
async def _stopping() -> AsyncIterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _serve(settings: Settings, *parts: Part) -> None:
    """Run the parts side by side until a signal; when one ends or fails, all end."""

    async def part_of(part: Part, stop: asyncio.Event) -> None:
        try:
            await part(settings, stop)
        finally:
            stop.set()

    async with _stopping() as stop, open_database(settings.database_url), asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part_of(part, stop))
        log.info("ready", parts=",".join(part.__name__.strip("_") for part in parts))


def _run(settings: Settings, *parts: Part) -> None:
    for part in parts:
        # Not well before it says so itself.
        monitoring.checks[part.__name__.strip("_")] = lambda: (False, "starting")
    with _only_process(settings):
        server = monitoring.serve(settings.metrics_address)
        try:
            asyncio.run(_serve(settings, *parts))
        except NotOurSchema as error:
            _fail(str(error))
        finally:
            if server:
                server.shutdown()


@app.command()
def run() -> None:
    """Bot and sender in one process: all that a small installation needs."""
    _run(_settings(token=True, route=True), _bot, _sender)


@app.command()
def bot() -> None:
    """Only the bot. PostgreSQL."""
    _run(_settings(token=True, apart=True), _bot)


@app.command()
def sender() -> None:
    """Only a sender; as many as you like. PostgreSQL."""
    _run(_settings(route=True, apart=True), _sender)


@app.command()
def migrate() -> None:
    """Bring the database up to date. The other commands do so themselves at start."""
    settings = _settings()
    try:
        asyncio.run(migrate_database(settings.database_url))
    except NotOurSchema as error:
        _fail(str(error))
    typer.echo("the database is up to date")


@app.command()
def check() -> None:
    """One line a check: settings, database, token, each route's bind. Exit code 1 if one fails."""
    from bot.check import check_token
    from sender.smpp import probe

    settings = _settings()
    failed = False

    async def line(name: str, look: Awaitable[object]) -> None:
        nonlocal failed
        try:
            found = await look
        except Exception as error:  # noqa: BLE001 - a check reports whatever is wrong
            failed = True
            typer.echo(f"FAIL  {name}: {error or type(error).__name__}")
        else:
            typer.echo(f"ok    {name}{f': {found}' if found else ''}")

    async def checks() -> None:
        await line("database", migrate_database(settings.database_url))
        await line("token", check_token(settings))
        if not settings.routes:
            await line("route", _nothing("PREGON_SMSC_URL is not set"))
        for route in settings.routes:
            await line(f"route {route.name}", probe(route, 10.0))

    typer.echo("ok    settings")
    asyncio.run(checks())
    raise typer.Exit(1 if failed else 0)


async def _nothing(why: str) -> NoReturn:
    raise LookupError(why)


@app.command()
def invite(
    account: Annotated[str, typer.Option(help="Name of the account.")],
    role: Annotated[Role, typer.Option(help="What the person may do.")] = Role.OPERATOR,
    hours: Annotated[int, typer.Option(help="The link is good for so long.")] = 48,
) -> None:
    """Print a one-time link that lets a person in."""
    from bot.check import bot_username
    from domain.usecases import accounts

    settings = _settings(token=True)

    async def make() -> str:
        async with open_database(settings.database_url):
            await accounts.ensure_first_account(settings)
            found = await accounts.by_name(account)
            token = await accounts.invite(found.id, role, by=None, valid_for=timedelta(hours=hours))
        return f"https://t.me/{await bot_username(settings)}?start=inv_{token}"

    from domain.errors import NotFound

    with _only_process(settings):
        try:
            typer.echo(asyncio.run(make()))
        except NotFound:
            _fail(f"there is no account {account!r}")


Port = Annotated[int, typer.Option(help="Where the chat page listens.")]
SmscPort = Annotated[int, typer.Option(help="Where the simulated operator listens.")]
Data = Annotated[Path, typer.Option(help="Folder that keeps everything, so that a second start continues.")]


@app.command()
def sandbox(port: Port = 8081, smsc_port: SmscPort = 2775, data: Annotated[Path | None, typer.Option()] = None) -> None:
    """Only the emulated Telegram with its page, and the simulated operator."""
    from sandbox.app import serve

    async def until_stopped() -> None:
        async with _stopping() as stop:
            served = asyncio.create_task(serve(port=port, smsc_port=smsc_port, data=data, ready=typer.echo))
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait((served, stopped), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            served.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await served

    monitoring.set_up_logging("INFO")
    asyncio.run(until_stopped())


@app.command()
def demo(port: Port = 8080, smsc_port: SmscPort = 2776, data: Data = Path("pregon-data")) -> None:
    """Everything on this machine with nothing to configure: open the page that it prints."""
    from sandbox.demo import run_demo

    raise typer.Exit(run_demo(port=port, smsc_port=smsc_port, data=data))


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
