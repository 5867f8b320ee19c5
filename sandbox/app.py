"""The sandbox as one process: Bot API, both sides of ``/sim``, the chat page, and the simulated SMSC. Only wiring."""

import asyncio
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from sandbox.botapi import BotApi
from sandbox.smsc import Smsc, routes

PAGE: Final = Path(__file__).parent / "web"
SAMPLES: Final = Path(__file__).parent / "samples"
MAX_BODY_BYTES: Final = 128 << 20
"""A person may upload more than the bot may download."""

_FRESH: Final = {"Cache-Control": "no-store"}

_log = structlog.get_logger()


async def serve(
    *,
    host: str = "127.0.0.1",
    port: int,
    smsc_port: int,
    data: Path | None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """
    Run until cancelled.

    Args:
        host: Where to listen, for HTTP and SMPP.
        port: HTTP; 0 takes a free one.
        smsc_port: SMPP; 0 takes a free one.
        data: Folder for chats, files, update ids and the SMSC's ledger, so that a restart goes on; ``None``: in memory.
        ready: Called once with the address of the chat page when everything listens.

    Raises:
        OSError: A port is taken, or the folder cannot be used.
    """
    botapi = BotApi(data=data, samples=SAMPLES)
    smsc = Smsc(ledger=None if data is None else data / "smsc.ledger")
    runner = web.AppRunner(_application(botapi, smsc), access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    try:
        await smsc.start(host, smsc_port)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        await botapi.start()
        bound = runner.addresses[0][1]
        _log.info("sandbox_ready", host=host, port=bound, smsc_port=smsc.port)
        if ready is not None:
            ready(f"http://{host}:{bound}/")
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await botapi.stop()
        await smsc.stop()


def _application(botapi: BotApi, smsc: Smsc) -> web.Application:
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    application.add_routes([
        web.get("/", _page("index.html")),
        web.get("/web/{path:.+}", _page(None)),
        *botapi.routes(),
        *routes(smsc, botapi.publish),
    ])  # fmt: skip
    return application


def _page(name: str | None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """
    A file of the chat page, never cached: the page changes with the checkout it is served from. Read whole, for they
    are small; aiohttp leaves a file open that it streams to a browser gone before the first byte.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        path = (PAGE / (name or request.match_info["path"])).resolve()
        if not path.is_relative_to(PAGE) or not path.is_file():
            raise web.HTTPNotFound
        kind, _ = mimetypes.guess_type(path.name)
        return web.Response(body=path.read_bytes(), content_type=kind, headers=_FRESH)

    return answer
