"""
One test on every engine at once: a siege waits more than it works. ``PREGON_TEST_ENGINE`` names the one to keep to.
"""

import asyncio
import functools
import inspect
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from tests.acceptance.crash.siege import Siege

ENGINES: Final = tuple(os.environ.get("PREGON_TEST_ENGINE", "sqlite postgres").split())
_FIXTURES: Final = {"siege": "sieges", "fresh": "fresh_sieges"}


def on_each_engine(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A test of one ``siege``, or a ``fresh`` one, becomes one of several; it fails with all that failed, and where."""
    signature = inspect.signature(test)
    [single] = [name for name in signature.parameters if name in _FIXTURES]
    several = _FIXTURES[single]

    @functools.wraps(test)
    async def side_by_side(**kwargs: Any) -> None:
        sieges: Sequence[Siege] = kwargs.pop(several)
        ends = await asyncio.gather(*(test(**{single: siege}, **kwargs) for siege in sieges), return_exceptions=True)
        failed = []
        for siege, end in zip(sieges, ends, strict=True):
            if end is not None:
                end.add_note(f"on {siege.ground.database.engine}; logs: {siege.logs}")
                failed.append(end)
        if len(failed) == 1:
            raise failed[0]
        if failed:
            raise BaseExceptionGroup("on several engines", failed)

    names = [one.replace(name=_FIXTURES.get(one.name, one.name)) for one in signature.parameters.values()]
    side_by_side.__signature__ = signature.replace(parameters=names)  # type: ignore[attr-defined]
    return side_by_side
