"""``python -m sandbox.smsc``: the simulated SMSC as a process of its own, for acceptance tests and benches."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from sandbox.smsc.behaviour import BehaviourError, Script, script_from_json
from sandbox.smsc.ledger import LedgerError
from sandbox.smsc.smsc import Smsc
from sandbox.smsc.web import routes

_MISCONFIGURED: Final = 2


async def serve(options: argparse.Namespace, script: Script) -> None:
    """Run until SIGINT or SIGTERM; one line on stdout says the ports once both listen."""
    credentials = dict(pair.split(":", 1) for pair in options.credential) or None
    smsc = Smsc(
        ledger=options.ledger,
        script=script,
        credentials=credentials,
        max_binds=options.max_binds,
        window=options.window,
        strict_length=not options.any_length,
    )
    await smsc.start(options.host, options.port)
    runner: web.AppRunner | None = None
    ready = {"smsc_port": smsc.port}
    if options.http_port is not None:
        application = web.Application()
        application.add_routes(routes(smsc, lambda _event: None))
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, options.host, options.http_port)
        await site.start()
        ready["http_port"] = runner.addresses[0][1]
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    await stopped.wait()
    await smsc.stop()
    if runner is not None:
        await runner.cleanup()


def main() -> int:
    """Read the command line and serve; returns the exit code, 2 when misconfigured."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.smsc", description="A simulated SMSC for SMPP 3.4")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2775, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, help="serve /sim/smsc/* here; 0 takes a free one")
    parser.add_argument("--ledger", type=Path, help="file of JSON lines, created or continued")
    parser.add_argument("--behaviour", default="{}", help="JSON as POST /sim/smsc/behaviour takes it")
    parser.add_argument(
        "--credential", action="append", default=[], metavar="SYSTEM_ID:PASSWORD", help="may be repeated"
    )
    parser.add_argument("--max-binds", type=int, help="sessions at once per system_id")
    parser.add_argument("--window", type=int, default=200, help="deliver_sm outstanding per link")
    parser.add_argument("--any-length", action="store_true", help="take short_message beyond one SMS")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        asyncio.run(serve(options, script_from_json(json.loads(options.behaviour), current=Script())))
    except (BehaviourError, LedgerError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return _MISCONFIGURED
    return 0


if __name__ == "__main__":
    sys.exit(main())
