"""What we rely on inside aiosmpplib, and must look at again when it changes."""

import inspect
from importlib.metadata import version

import pytest
from aiosmpplib import ESME, AbstractRetryTimer, BindMode

from sender.smpp.session import Session


def test_the_library_is_the_release_that_was_reviewed():
    """Our subclass overrides private names: a new release needs a new look."""

    assert version("aiosmpplib") == "0.7.4"


@pytest.mark.parametrize(
    "name", ["_dequeue_messages", "_receive_data", "_connection_keeper", "_disconnect", "connect", "stop", "start"]
)
def test_the_library_still_has_what_we_override_or_call(name: str):
    """An override of a name that is gone would silently do nothing."""

    assert inspect.iscoroutinefunction(getattr(ESME, name))


def test_the_library_s_loop_still_calls_what_we_override():
    """``start`` is the part of the library that we live in."""
    source = inspect.getsource(ESME.start)

    for name in ("self.connect()", "self._receive_data()", "self._dequeue_messages()", "self._connection_keeper()"):
        assert name in source
    assert "self.retry_timer.reset()" in source
    assert "self.retry_timer.wait()" in source


def test_a_session_has_the_attributes_that_the_loop_uses():
    """Set by the library's constructor, read by its loop, written by us."""
    names = {
        "_reader",
        "_writer",
        "_bound",
        "_data_received",
        "_session_state",
        "_is_shutting_down",
        "sequence_generator",
    }
    source = inspect.getsource(ESME.__init__)

    assert names <= {name for name in names if f"self.{name}" in source}
    assert issubclass(Session, ESME)
    assert {"wait", "reset", "next_delay"} <= AbstractRetryTimer.__abstractmethods__
    assert BindMode.TRANSCEIVER.smpp_command == 9
