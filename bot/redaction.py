"""Keeping the token out of the logs: every URL of the Bot API carries it, and the HTTP library logs them."""

import logging
from typing import Any, Final

_QUIET: Final = ("httpx", "httpcore")
_INSTEAD: Final = "<token>"


def redact_logs(token: str) -> None:
    """Silence the HTTP library below WARNING, and replace the token in whatever is logged from now on."""
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if not token:
        return
    make = logging.getLogRecordFactory()

    def make_redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        message = record.getMessage()
        if token in message:
            record.msg, record.args = message.replace(token, _INSTEAD), ()
        return record

    logging.setLogRecordFactory(make_redacted)
