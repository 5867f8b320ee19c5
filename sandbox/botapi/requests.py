"""From an HTTP request to a validated aiogram method. Bodies are read by content type, whatever the HTTP method is."""

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import UnionType
from typing import Final, Literal, Union, cast, get_args, get_origin
from urllib.parse import parse_qsl

from aiogram.types import (
    BufferedInputFile,
    ForceReply,
    InlineKeyboardMarkup,
    InputFile,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from aiohttp import BodyPartReader, web
from pydantic import ValidationError

from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.schema import Method, unknown_fields

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | ForceReply

MAX_REQUEST_BYTES: Final = 51 << 20
"""50 MB of file and some room for the form around it, as the hosted Bot API."""

_MISSING: Final = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "document": "there is no document in the request",
    "photo": "there is no photo in the request",
    "action": "wrong parameter action in request",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "file_id": "file_id not specified",
    "callback_query_id": "query is too old and response timeout expired or query ID is invalid",
}
_MARKUPS: Final[dict[str, type[Markup]]] = {
    "inline_keyboard": InlineKeyboardMarkup,
    "keyboard": ReplyKeyboardMarkup,
    "remove_keyboard": ReplyKeyboardRemove,
    "force_reply": ForceReply,
}


@dataclass(slots=True)
class RawCall:
    """A call before it is understood: strings from a form or a query, or values from JSON; uploads by part name."""

    fields: dict[str, object] = field(default_factory=dict)
    files: dict[str, BufferedInputFile] = field(default_factory=dict)


async def read(request: web.Request) -> RawCall:
    """
    Collect query and body.

    ``aiohttp``'s own ``post()`` ignores the body of a GET, and some clients poll that way.

    Raises:
        ApiError: 413 above ``MAX_REQUEST_BYTES``; 400 for a body that is not what its content type says.
    """
    call = RawCall(dict(request.query))
    try:
        if request.content_type == "application/json":
            body = json_body(await request.read())
            if not isinstance(body, dict):
                raise bad_request("can't parse JSON object")
            call.fields |= body
        elif request.content_type == "application/x-www-form-urlencoded":
            call.fields |= dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        elif request.content_type.startswith("multipart/"):
            await _read_parts(request, call)
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(413, "Request Entity Too Large") from error
    except ValueError as error:
        raise bad_request("can't parse request body") from error
    return call


def json_body(content: bytes) -> object:
    """
    A JSON body.

    Raises:
        ValueError: Not JSON, or half of a surrogate pair escaped in it, which nothing behind could encode.
    """
    body = json.loads(content or b"{}")
    if b"\\u" in content:
        json.dumps(body, ensure_ascii=False).encode()
    return body


async def _read_parts(request: web.Request, call: RawCall) -> None:
    total = 0
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            continue
        content = bytearray()
        while chunk := await part.read_chunk(1 << 16):
            total += len(chunk)
            if total > MAX_REQUEST_BYTES:
                raise ApiError(413, "Request Entity Too Large")
            content += chunk
        if part.filename is None:
            call.fields[part.name] = content.decode()
        else:
            call.files[part.name] = BufferedInputFile(bytes(content), filename=part.filename)


def understand(kind: type[Method], call: RawCall) -> Method:
    """
    Decode by annotation and validate with the method's model.

    Raises:
        ApiError: A required parameter is missing (Telegram's words), a value has the wrong type, or a field is one
            that the Bot API does not have: Telegram would ignore that one, we tell.
    """
    fields: dict[str, object] = {}
    for name, value in {**call.fields, **call.files}.items():
        decoded = _attached(_decoded(kind, name, value), call.files)
        if decoded == "" and not _takes(kind, name, str):
            continue
        fields[name] = decoded
    used_names = set(kind.model_fields)
    for name in call.files:
        if name not in used_names:
            fields.pop(name, None)
    if "reply_markup" in fields:
        fields["reply_markup"] = _markup(fields["reply_markup"])
    try:
        method = kind.model_validate(fields)
    except ValidationError as error:
        raise _complaint(error) from error
    if strange := list(unknown_fields(method)):
        raise ApiError(400, f"SANDBOX: unknown fields {', '.join(strange)}")
    return method


@cache
def _members(annotation: Hashable) -> tuple[object, ...]:
    origin = get_origin(annotation)
    if origin is Union or origin is UnionType:
        return tuple(member for part in get_args(annotation) for member in _members(part))
    return (annotation,)


def _takes(kind: type[Method], name: str, wanted: type) -> bool:
    info = kind.model_fields.get(name)
    if info is None:
        return True
    members = _members(cast("Hashable", info.annotation))
    return any(member is wanted or (wanted is str and get_origin(member) is Literal) for member in members)


def _decoded(kind: type[Method], name: str, value: object) -> object:
    """Forms carry only strings: ``text=123`` stays text, ``chat_id=123`` is a number, a keyboard is JSON."""
    if not isinstance(value, str):
        return value
    if _takes(kind, name, str):
        return int(value) if _takes(kind, name, int) and value.lstrip("-").isdigit() else value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _attached(value: object, files: Mapping[str, BufferedInputFile]) -> object:
    if isinstance(value, str) and value.startswith("attach://"):
        return files.get(value.removeprefix("attach://"), value)
    if isinstance(value, list):
        return [_attached(item, files) for item in value]
    if isinstance(value, dict):
        return {name: _attached(item, files) for name, item in value.items()}
    return value


def _markup(value: object) -> object:
    """
    Choose the markup's class by its own key.

    Left to itself aiogram takes a malformed inline keyboard for a ``ReplyKeyboardRemove`` with extra fields.
    """
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if not value:
        return None
    for key, kind in _MARKUPS.items():
        if key in value:
            try:
                return kind.model_validate(value)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(step) for step in first["loc"])
                raise bad_request(f"can't parse inline keyboard button: {where}: {first['msg']}") from error
    raise ApiError(400, f"SANDBOX: unknown fields {', '.join(f'reply_markup.{key}' for key in value)}")


def _complaint(error: ValidationError) -> ApiError:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return bad_request(_MISSING.get(name, f'parameter "{name}" is required'))
    where = ".".join(str(step) for step in first["loc"])
    return ApiError(400, f"SANDBOX: {where}: {first['msg']}")


def params(call: RawCall) -> dict[str, object]:
    """What the bot sent, fit for the outbox: uploads as name and size."""
    return call.fields | {
        name: {"file_name": part.filename, "size": len(part.data)} for name, part in call.files.items()
    }


def uploaded(value: object) -> BufferedInputFile | None:
    """The upload behind a file parameter, or ``None`` when it is a file id or an address."""
    if isinstance(value, BufferedInputFile):
        return value
    if isinstance(value, InputFile):
        raise TypeError(type(value))
    return None
