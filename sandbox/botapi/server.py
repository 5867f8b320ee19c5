"""The Bot API's HTTP side: tokens, methods, answers, faults and downloads. The person's side is ``sim``."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from sandbox.botapi import requests, sim
from sandbox.botapi.errors import ApiError
from sandbox.botapi.faults import Fault
from sandbox.botapi.methods import carry_out
from sandbox.botapi.requests import RawCall
from sandbox.botapi.schema import METHODS, Json, Method
from sandbox.botapi.world import World

_TOKEN: Final = re.compile(r"(\d{1,16}):[A-Za-z0-9_-]+")
_UNAUTHORIZED: Final = "Unauthorized: invalid token specified"

_log = structlog.get_logger()


class BotApi:
    """
    The emulator: mount ``routes()`` in an aiohttp application, ``start()`` it, ``stop()`` it.

    Args:
        data: Folder for chats, files, updates and settings; ``None`` keeps them in memory.
        samples: Folder of the bundled ``.csv`` uploads.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, *, data: Path | None = None, samples: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.world = World(data, clock=clock)
        self._running: set[asyncio.Task[web.Response]] = set()
        self._person = sim.PersonSide(self.world, samples=samples)

    def routes(self) -> list[web.RouteDef]:
        """Bot API, downloads and the person's side."""
        return [
            web.route("*", r"/bot{token:[^/]+}/{method:[^/]+}", self._call),
            web.get(r"/file/bot{token:[^/]+}/{path:.+}", self._download),
            *self._person.routes(),
        ]

    def publish(self, event: Json) -> None:
        """Tell every open page."""
        self.world.events.publish(event)

    async def start(self) -> None:
        """Go on delivering to a webhook that was set before."""
        self.world.webhook.start()

    async def stop(self) -> None:
        """Give up what is still delayed, stop delivering, close the store."""
        for work in self._running:
            work.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.world.webhook.stop()
        self.world.store.close()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        call = RawCall()
        try:
            self._authorise(request)
            kind = _method(name)
            call = await requests.read(request)
        except ApiError as refusal:
            return self._answer(name, call, refusal.code, refusal.body())
        if name.lower() == "getupdates":
            # Only a poll ends with its connection: whatever else arrived is carried out although nobody waits for it.
            return await self._finish(request, kind, name, call)
        work = asyncio.create_task(self._finish(request, kind, name, call))
        self._running.add(work)
        work.add_done_callback(self._running.discard)
        return await asyncio.shield(work)

    async def _finish(self, request: web.Request, kind: type[Method], name: str, call: RawCall) -> web.Response:
        fault = self.world.faults.next_for(name.lower())
        try:
            if fault is not None:
                await self._suffer(fault)
                if fault.code == "drop":
                    return self._cut(request, name, call, fault, {})
            result = await carry_out(self.world, requests.understand(kind, call))
            status, answer = 200, {"ok": True, "result": result}
        except ApiError as refusal:
            status, answer = refusal.code, refusal.body()
        finally:
            self.world.store.commit()
        if fault is not None and fault.code == "lost":
            return self._cut(request, name, call, fault, answer)
        return self._answer(name, call, status, answer, fault=str(fault.code) if fault else None)

    def _answer(self, name: str, call: RawCall, status: int, answer: Json, *, fault: str | None = None) -> web.Response:
        self.world.outbox.add(name, requests.params(call), status=status, answer=answer, fault=fault)
        return web.json_response(answer, status=status, dumps=_compact)

    def _authorise(self, request: web.Request) -> None:
        token = _TOKEN.fullmatch(request.match_info["token"])
        if token is None:
            raise ApiError(401, _UNAUTHORIZED)
        self.world.called_by(int(token[1]))

    @staticmethod
    async def _suffer(fault: Fault) -> None:
        if fault.delay_s > 0:
            await asyncio.sleep(fault.delay_s)
        if refusal := fault.refusal():
            raise refusal

    def _cut(self, request: web.Request, name: str, call: RawCall, fault: Fault, answer: Json) -> web.Response:
        self.world.outbox.add(name, requests.params(call), status=None, answer=answer, fault=str(fault.code))
        _log.info("connection_cut", method=name, fault=fault.code)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _download(self, request: web.Request) -> web.Response:
        try:
            self._authorise(request)
        except ApiError as refusal:
            return web.json_response(refusal.body(), status=refusal.code)
        file = self.world.files.by_path(request.match_info["path"])
        if file is None:
            return web.json_response(ApiError(404, "Not Found").body(), status=404)
        return web.Response(body=self.world.files.content(file), content_type="application/octet-stream")


def _method(name: str) -> type[Method]:
    kind = METHODS.get(name.lower())
    if kind is None:
        raise ApiError(404, "Not Found: method not found")
    return kind


def _compact(answer: object) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
