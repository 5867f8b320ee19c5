"""Lines of the log."""

import io
import logging
import sys

import pytest
import structlog

from domain import monitoring


class _Full(io.StringIO):
    """A file on a disk that has no room."""

    def write(self, _text: str) -> int:
        raise OSError("no space left on device")


def test_a_full_disk_under_the_log_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is lost; the sender goes on."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", _Full())
    monitoring.set_up_logging("INFO")
    try:
        structlog.get_logger().info("something", campaign=1)
    finally:
        structlog.configure(**before)
        root.handlers[:] = handlers
        root.setLevel(level)
