"""The person's side over HTTP: writing, uploading, tapping, looking. It does only what a person with a phone can do."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

from aiohttp import BodyPartReader, web
from pydantic import BaseModel, ValidationError

from sandbox.botapi.acts import Acts
from sandbox.botapi.bodies import Act, Block, Card, FaultRule, Rewrite, Sample, Tap, Write
from sandbox.botapi.chats import Room, screen
from sandbox.botapi.errors import SimError
from sandbox.botapi.faults import Fault
from sandbox.botapi.people import GROUP_ID, GROUP_TITLE, PEOPLE
from sandbox.botapi.requests import json_body
from sandbox.botapi.schema import dump
from sandbox.botapi.transcript import transcript
from sandbox.botapi.world import World

POLLING_WITHIN_S: Final = 60.0
FIRST_SAMPLE: Final = "contacts_excel_es.csv"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


Body = TypeVar("Body", bound=BaseModel)


class PersonSide:
    """
    The routes under ``/sim``, but not ``/sim/smsc``.

    Args:
        world: What the acts change.
        samples: Folder of the bundled uploads.
    """

    def __init__(self, world: World, *, samples: Path | None) -> None:
        self._world = world
        self._acts = Acts(world)
        self._samples = samples

    def routes(self) -> list[web.RouteDef]:
        """Every route; refusals become ``{"ok": false, "error": …}``."""
        acts: dict[str, Answer] = {
            "message": self._message,
            "document": self._document,
            "contact": self._contact,
            "callback": self._callback,
            "edit": self._edit,
            "block": self._block,
            "fault": self._fault,
            "reset": self._reset,
        }
        looks: dict[str, Answer] = {
            "chat/{id}": self._chat,
            "file/{file_id}": self._file,
            "outbox": self._outbox,
            "state": self._state,
            "events": self._events,
        }
        return [
            *(web.post(f"/sim/{path}", self._guarded(answer)) for path, answer in acts.items()),
            *(web.get(f"/sim/{path}", self._guarded(answer)) for path, answer in looks.items()),
        ]

    def _guarded(self, answer: Answer) -> Answer:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await answer(request)
            except SimError as refusal:
                return web.json_response({"ok": False, "error": refusal.error}, status=refusal.status)
            finally:
                self._world.store.commit()

        return guarded

    async def _message(self, request: web.Request) -> web.Response:
        act = await _body(request, Write)
        return _said(self._acts.write(act.chat_id, act.user_id, act.text, reply_to=act.reply_to_message_id))

    async def _document(self, request: web.Request) -> web.Response:
        if request.content_type.startswith("multipart/"):
            fields, name, content, mime_type = await _upload(request)
            act = _valid(Act, {key: fields.get(key) for key in ("chat_id", "user_id")})
            caption = fields.get("caption")
        else:
            sample = await _body(request, Sample)
            act, caption, mime_type = sample, sample.caption, "text/csv"
            path = next((path for path in self._sample_files() if path.name == sample.sample), None)
            if path is None:
                raise SimError(404, f"no sample named {sample.sample}")
            name, content = path.name, path.read_bytes()
        return _said(
            self._acts.upload(act.chat_id, act.user_id, name, content, mime_type=mime_type, caption=caption or None)
        )

    async def _contact(self, request: web.Request) -> web.Response:
        act = await _body(request, Card)
        card = act.model_dump(include={"phone_number", "first_name", "last_name"}, exclude_none=True)
        return _said(self._acts.share_contact(act.chat_id, act.user_id, card))

    async def _callback(self, request: web.Request) -> web.Response:
        tap = await _body(request, Tap)
        update_id, query = self._acts.tap(tap.chat_id, tap.user_id, tap.message_id, data=tap.data, label=tap.label)
        self._world.store.commit()
        if tap.wait and not query.answered.is_set():
            try:
                async with asyncio.timeout(tap.wait):
                    await query.answered.wait()
            except TimeoutError:
                pass  # the answer stays null: the person saw the spinner for that long
        answer = {"ok": True, "update_id": update_id, "callback_query_id": query.id, "answer": query.answer}
        return web.json_response(answer)

    async def _edit(self, request: web.Request) -> web.Response:
        act = await _body(request, Rewrite)
        return _said([self._acts.rewrite(act.chat_id, act.user_id, act.message_id, act.text)])

    async def _block(self, request: web.Request) -> web.Response:
        act = await _body(request, Block)
        return web.json_response({"ok": True, "update_id": self._acts.block(act.user_id, blocked=act.blocked)})

    async def _fault(self, request: web.Request) -> web.Response:
        rule = await _body(request, FaultRule)
        self._world.faults.add(Fault(**rule.model_dump()))
        return web.json_response({"ok": True})

    async def _reset(self, _: web.Request) -> web.Response:
        self._world.reset()
        return web.json_response({"ok": True})

    async def _chat(self, request: web.Request) -> web.Response:
        room = self._room(request.match_info["id"])
        if request.query.get("format", "json") == "text":
            return web.Response(text=transcript(room))
        messages = [screen(room, shown) for shown in room.messages.values()]
        return web.json_response({"chat": dump(room.chat), "messages": messages})

    def _room(self, chat_id: str) -> Room:
        room = self._world.chats.get(int(chat_id)) if chat_id.removeprefix("-").isdigit() else None
        if room is None:
            raise SimError(404, "no such chat")
        return room

    async def _file(self, request: web.Request) -> web.Response:
        file = self._world.files.by_id(request.match_info["file_id"])
        if file is None:
            raise SimError(404, "no such file")
        headers = {
            "Content-Type": file.mime_type,
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(file.name)}",
            "X-Content-Type-Options": "nosniff",
        }
        return web.Response(body=self._world.files.content(file), headers=headers)

    async def _outbox(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdigit():
            raise SimError(400, "since must be a number")
        return web.json_response(self._world.outbox.since(int(since), request.query.get("method")))

    async def _state(self, _: web.Request) -> web.Response:
        world = self._world
        people = [
            {"id": one.id, "first_name": one.first_name, "language_code": one.language_code, "chat_id": one.id}
            for one in PEOPLE
        ]
        return web.json_response({
            "bot": dump(world.bot) | {"commands": world.profile.menu()},
            "people": people,
            "groups": [{"id": GROUP_ID, "title": GROUP_TITLE, "members": [one.id for one in PEOPLE]}],
            "samples": [{"name": path.name, "size": path.stat().st_size} for path in self._sample_files()],
            "polling": world.webhook.target is not None or world.updates.polled_within(POLLING_WITHIN_S),
        })  # fmt: skip

    def _sample_files(self) -> list[Path]:
        if self._samples is None:
            return []
        return sorted(self._samples.glob("*.csv"), key=lambda path: (path.name != FIRST_SAMPLE, path.name))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        with self._world.events.listen() as listener:
            await response.prepare(request)
            await response.write(b": connected\n\n")
            try:
                async for frames in listener.frames():
                    await response.write(frames)
            except ConnectionResetError:
                pass  # the page was closed
        return response


def _said(said: list[tuple[int | None, int]]) -> web.Response:
    """The answer to an act that made messages: ids of the last one (a very long text becomes several)."""
    update_id, message_id = said[-1]
    return web.json_response({"ok": True, "update_id": update_id, "message_id": message_id})


def _valid(kind: type[Body], fields: object) -> Body:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        raise SimError(400, f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}") from error


async def _body(request: web.Request, kind: type[Body]) -> Body:
    try:
        fields = json_body(await request.read())
    except ValueError as error:
        raise SimError(400, "the body is not JSON") from error
    return _valid(kind, {**request.query, **fields} if isinstance(fields, dict) else fields)


async def _upload(request: web.Request) -> tuple[dict[str, str], str, bytes, str | None]:
    fields: dict[str, str] = {}
    upload: tuple[str, bytes, str | None] | None = None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = await part.read()
        if part.filename is not None:
            mime_type = part.headers.get("Content-Type")
            upload = (part.filename, bytes(content), mime_type)
        else:
            fields[part.name] = content.decode(errors="replace")
    if upload is None:
        raise SimError(400, "file: the upload is missing")
    return (fields, *upload)
