"""aiogram's models as the schema: method names, plain dumps by alias, and the fields that no model knows."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from aiogram import methods as aiogram_methods
from aiogram.client.default import Default
from aiogram.methods import TelegramMethod
from aiogram.types import InputFile
from aiogram.types.base import TelegramObject
from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
Given = TypeVar("Given")
Method = TelegramMethod[Any]
Json = dict[str, object]


def _known_methods() -> Mapping[str, type[Method]]:
    found = (getattr(aiogram_methods, name) for name in aiogram_methods.__all__)
    kinds = (kind for kind in found if isinstance(kind, type) and issubclass(kind, TelegramMethod))
    return {kind.__api_method__.lower(): kind for kind in kinds if kind is not TelegramMethod}


METHODS: Final = _known_methods()
"""Every Bot API method by its lower-case name: Telegram takes the names in any case."""


def given(value: "Given | Default | None") -> "Given | None":
    """The value that the caller named; aiogram marks what was left out with a ``Default`` sentinel."""
    return None if isinstance(value, Default) else value


def plain(value: object) -> object:
    """
    Anything aiogram holds as what JSON can carry.

    ``by_alias`` matters: without it ``from`` leaves as ``from_user`` and the client loses the sender without a word.
    """
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="python", by_alias=True, exclude_none=True))
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if not isinstance(item, Default)}
    if isinstance(value, InputFile):
        return {"file_name": value.filename, "size": len(getattr(value, "data", b""))}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return int(value.timestamp())
    return value


def dump(model: BaseModel) -> Json:
    """A model as the Bot API would send it, checked once more against its own class."""
    answer = plain(model)
    assert isinstance(answer, dict), answer
    if isinstance(model, TelegramObject):
        checked(type(model), answer)
    return answer


def checked(kind: type[Model], fields: Mapping[str, object]) -> Model:
    """
    Build what the sandbox sends from plain fields.

    Raises:
        ValueError: The sandbox itself made a field that the Bot API does not have.
    """
    model = kind.model_validate(dict(fields))
    if strange := list(unknown_fields(model)):
        raise ValueError(f"{kind.__name__} has no {', '.join(strange)}")
    return model


def unknown_fields(value: object, path: str = "") -> Iterator[str]:
    """Dotted names of what aiogram took as ``extra``: its models allow anything, Telegram's clients mistype."""
    if isinstance(value, BaseModel):
        yield from (f"{path}{name}" for name in value.model_extra or ())
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        for number, item in enumerate(value):
            yield from unknown_fields(item, f"{path}{number}.")
