"""The operator's side over HTTP, ``/sim/smsc/*``, and its events for the chat page. No SMPP here."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import islice
from typing import Final

from aiohttp import web

from sandbox.smsc.behaviour import BehaviourError, script_from_json, script_to_json
from sandbox.smsc.handsets import Arrival
from sandbox.smsc.smsc import Smsc

Publish = Callable[[dict[str, object]], None]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PUBLISH_EVERY_S: Final = 0.2
# A campaign at full speed must not be slowed by the page: so many SMS are decoded and shown a turn; a page that wants
# them all asks for the handsets.
_COLLECT_PER_TURN: Final = 500
_PUBLISH_PER_TURN: Final = 100
_BACKLOG: Final = 2_000
_SLICE: Final = 500


class _RequestError(ValueError):
    pass


class Feed:
    """Events ``sms`` and ``smsc``: at most five summaries a second, none when nothing changes."""

    def __init__(self, smsc: Smsc, publish: Publish) -> None:
        self._smsc = smsc
        self._publish = publish
        self._fresh: deque[Arrival] = deque(maxlen=_BACKLOG)
        self._timer: asyncio.TimerHandle | None = None
        smsc.watch(self._changed)

    def collect(self, limit: int) -> None:
        """Look at ``limit`` parts that have arrived, and keep what is new for the page."""
        self._fresh.extend(self._smsc.handsets.collect(limit))

    def _changed(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PUBLISH_EVERY_S, self._turn)

    def _turn(self) -> None:
        self._timer = None
        self.collect(_COLLECT_PER_TURN)
        for _ in range(min(len(self._fresh), _PUBLISH_PER_TURN)):
            arrival = self._fresh.popleft()
            self._publish({"kind": "sms", "handset": arrival.handset, "entry": arrival.view()})
        summary = self._smsc.summary()
        self._publish({"kind": "smsc", "summary": summary.view()})
        if self._fresh or self._smsc.handsets.unread or summary.rate:
            # Another turn shows the rest, and the rate falling to nothing.
            self._changed()


class OperatorSide:
    """The handlers of ``/sim/smsc/*``."""

    def __init__(self, smsc: Smsc, feed: Feed) -> None:
        self._smsc = smsc
        self._feed = feed

    async def messages(self, request: web.Request) -> web.StreamResponse:
        since = _since(request)
        found = self._smsc.journal.since(since)
        following = found[-1].n + 1 if found else max(since, self._smsc.journal.last_n + 1)
        rows = self._smsc.journal.view(found)
        return await _stream(request, b'{"messages":[', _slices(rows), b'],"next":%d}' % following)

    async def handsets(self, request: web.Request) -> web.StreamResponse:
        for _ in range(self._smsc.handsets.unread // _SLICE + 1):
            self._feed.collect(_SLICE)
            await asyncio.sleep(0)
        since = _since(request)
        by_handset: dict[str, list[dict[str, object]]] = {}
        for arrival in self._smsc.handsets.since(since):
            by_handset.setdefault(arrival.handset, []).append(arrival.view())
        return web.json_response(
            {"handsets": by_handset, "next": max(since, self._smsc.handsets.last_n + 1)}, dumps=_dumps
        )

    async def summary(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(self._smsc.summary().view())

    async def behaviour(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(script_to_json(self._smsc.script))

    async def set_behaviour(self, request: web.Request) -> web.StreamResponse:
        script = script_from_json(await _object(request), current=self._smsc.script)
        self._smsc.set_behaviour(script=script)
        return web.json_response({"ok": True, "behaviour": script_to_json(script)})

    async def incoming(self, request: web.Request) -> web.StreamResponse:
        body = await _object(request)
        sender, to, text = body.get("from"), body.get("to"), body.get("text")
        system_id = body.get("system_id")
        if not (isinstance(sender, str) and isinstance(to, str) and isinstance(text, str)):
            raise _RequestError("from, to and text are wanted, as strings")
        if not (system_id is None or isinstance(system_id, str)):
            raise _RequestError("system_id is a string")
        self._smsc.incoming(sender, to, text, system_id=system_id)
        return web.json_response({"ok": True})

    async def link(self, request: web.Request) -> web.StreamResponse:
        body = await _object(request)
        drop, refuse = body.get("drop", 0), body.get("refuse")
        count = None if drop == "all" else drop
        if not (count is None or (isinstance(count, int) and count >= 0)):
            raise _RequestError('drop is a number or "all"')
        if not (refuse is None or isinstance(refuse, bool)):
            raise _RequestError("refuse is true or false")
        if refuse is not None:
            self._smsc.refuse_binds = refuse
        dropped = self._smsc.drop_links(count)
        return web.json_response({"ok": True, "dropped": dropped, "refuse": self._smsc.refuse_binds})

    async def reset(self, _request: web.Request) -> web.StreamResponse:
        self._smsc.reset()
        return web.json_response({"ok": True})


def routes(smsc: Smsc, publish: Publish) -> list[web.RouteDef]:
    """
    The routes of the operator's side.

    Args:
        publish: Takes events ``{"kind": "sms", "handset", "entry"}`` and ``{"kind": "smsc", "summary"}``, on the loop.

    ``since`` and ``next``: entries numbered ``since`` and above are shown; ``next`` is what to ask for the next time.
    """
    side = OperatorSide(smsc, Feed(smsc, publish))
    return [
        web.get("/sim/smsc/messages", _answering(side.messages), allow_head=False),
        web.get("/sim/smsc/handsets", _answering(side.handsets)),
        web.get("/sim/smsc/summary", _answering(side.summary)),
        web.get("/sim/smsc/behaviour", _answering(side.behaviour)),
        web.post("/sim/smsc/behaviour", _answering(side.set_behaviour)),
        web.post("/sim/smsc/incoming", _answering(side.incoming)),
        web.post("/sim/smsc/link", _answering(side.link)),
        web.post("/sim/smsc/reset", _answering(side.reset)),
    ]


def _answering(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (BehaviourError, ValueError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)

    return answer


def _since(request: web.Request) -> int:
    text = request.query.get("since", "0")
    if not text.isdecimal():
        raise _RequestError("since is a number")
    return int(text)


async def _object(request: web.Request) -> dict[str, object]:
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise _RequestError("JSON is wanted") from None
    if not isinstance(body, dict):
        raise _RequestError("an object is wanted")
    return body


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def _slices(rows: Iterator[dict[str, object]]) -> AsyncIterator[bytes]:
    # In slices, so that a long list does not keep the links waiting.
    separator = ""
    while portion := list(islice(rows, _SLICE)):
        yield (separator + ",".join(map(_dumps, portion))).encode()
        separator = ","
        await asyncio.sleep(0)


async def _stream(request: web.Request, head: bytes, slices: AsyncIterator[bytes], tail: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    await response.prepare(request)
    await response.write(head)
    async for octets in slices:
        await response.write(octets)
    await response.write(tail)
    await response.write_eof()
    return response
