"""One bind and unbind, to see whether a route works."""

import asyncio
from contextlib import suppress

from aiosmpplib import BindMode

from domain.rules.route import Route
from sender.smpp import pdu
from sender.smpp.binding import MODES, open_bind


async def probe(route: Route, timeout_s: float) -> None:
    """
    Bind and unbind once in each mode that the route uses.

    Args:
        timeout_s: For each bind.

    Raises:
        BindFailed: With the reason.
    """
    for mode in MODES[route.bind]:
        await _probe(route, mode, timeout_s)


async def _probe(route: Route, mode: BindMode, timeout_s: float) -> None:
    bound = await open_bind(route, mode, sequence=1, timeout_s=timeout_s)
    try:
        bound.writer.write(pdu.pack(pdu.UNBIND, sequence=2))
        # Bound is bound: how the SMSC takes leave changes nothing.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(timeout_s):
                while data := await bound.reader.read(1 << 16):
                    bound.unread.extend(data)
                    found, _ = pdu.split(bound.unread)
                    if any(frame.command == pdu.UNBIND_RESP for frame in found):
                        break
    finally:
        bound.writer.transport.abort()
