"""
What an operator sees of a running program: log lines of the form ``event key=value`` on stderr, ``/metrics`` for
Prometheus, and ``/healthz``.
"""

import contextlib
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client import make_wsgi_app

_TOKEN: Final = re.compile(r"\b\d{1,12}:[A-Za-z0-9_-]{30,}")  # Bot API: the token, as httpx puts it in URLs
#: httpx logs the token at INFO; APScheduler warns when a tick is still under way, which is as it should be.
_LEVELS: Final = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "apscheduler": logging.ERROR,
    "aiosmpplib": logging.WARNING,
    "tortoise": logging.WARNING,
    "asyncio": logging.WARNING,
    "telegram": logging.WARNING,
}

#: Name to "is it well, and a word about it"; programs add theirs.
checks: Final[dict[str, Callable[[], tuple[bool, str]]]] = {}


def _redact(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for key, value in event.items():
        if isinstance(value, str) and ":" in value:
            event[key] = _TOKEN.sub("<token>", value)
    return event


class _Stderr(io.StringIO):
    """Where a line that cannot be written is lost: a full disk under the log must not end a sender."""

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def set_up_logging(level: str) -> None:
    """One line an event on stderr; other libraries' warnings in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        _redact,
    ]
    renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, at_least in _LEVELS.items():
        logging.getLogger(name).setLevel(at_least)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """A line a scrape would drown the rest."""


def _answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/metrics":
        found: Iterable[bytes] = _metrics(environ, start_response)
        return found
    if environ["PATH_INFO"] != "/healthz":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"/metrics or /healthz\n"]
    looked = {name: check() for name, check in checks.items()}
    well = all(ok for ok, _ in looked.values())
    start_response("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
    body = {"ok": well, "checks": {name: {"ok": ok, "detail": detail} for name, (ok, detail) in looked.items()}}
    return [json.dumps(body).encode() + b"\n"]


_metrics = make_wsgi_app()


def serve(address: str) -> WSGIServer | None:
    """
    Answer on ``host:port`` from a thread of its own; None where the address is empty.

    Raises:
        OSError: The address is taken, or not ours.
    """
    if not address:
        return None
    host, _, port = address.rpartition(":")
    server = make_server(host or "127.0.0.1", int(port), _answer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="monitoring", daemon=True).start()
    return server
