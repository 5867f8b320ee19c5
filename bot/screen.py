"""
What a conversation is made of: actions, buttons and screens. Nothing here knows Telegram; nothing here waits.

An ``Action`` is what a button does, and also what the next message answers (``Screen.expects``). It packs into callback
data, so it survives restarts and releases; an old or forged one is refused when it is unpacked.
"""

import dataclasses
import types
import typing
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Flag, StrEnum, auto
from typing import TYPE_CHECKING, Any, ClassVar, Final, dataclass_transform

from domain.rules.permission import Permission

if TYPE_CHECKING:
    from bot.chat import Chat

CALLBACK_DATA_BYTES: Final = 64  # Bot API, InlineKeyboardButton.callback_data
_SEPARATOR: Final = ":"


class StaleAction(ValueError):
    """Callback data that no action of this release reads: the button is old, or forged."""


class Takes(Flag):
    """What the message that answers an action may be."""

    TEXT = auto()
    FILE = auto()
    CARD = auto()


_registry: dict[str, type["Action"]] = {}


@dataclass_transform(frozen_default=True)
class Action:
    """
    A frozen value with a code of its own: ``class OpenGroup(Action, code="go"): group_id: int``.

    Fields are ``int``, ``str``, ``bool`` or one of these ``| None``. ``permission`` names what the person must be
    allowed; the router refuses before the handler runs. ``ahead`` lets it go before queued work of the same chat.
    ``takes`` is what may answer it where a screen expects it; other messages go where they would go without it.
    """

    code: ClassVar[str]
    permission: ClassVar[Permission]
    ahead: ClassVar[bool]
    takes: ClassVar[Takes]

    def __init_subclass__(
        cls, *, code: str, permission: Permission = Permission.SEE, ahead: bool = False, takes: Takes = Takes.TEXT
    ) -> None:
        if code in _registry:
            raise TypeError(f"code {code!r} is taken by {_registry[code].__qualname__}")
        cls.code, cls.permission, cls.ahead, cls.takes = code, permission, ahead, takes
        dataclass(frozen=True)(cls)
        _registry[code] = cls

    def pack(self) -> str:
        """
        The callback data, at most 64 bytes.

        Raises:
            ValueError: It does not fit: put an id in the action, not the thing.
        """
        values = (getattr(self, f.name) for f in dataclasses.fields(typing.cast("Any", self)))
        packed = _SEPARATOR.join((self.code, *(_write(value) for value in values)))
        if len(packed.encode()) > CALLBACK_DATA_BYTES:
            raise ValueError(f"{packed!r} does not fit {CALLBACK_DATA_BYTES} bytes")
        return packed


def unpack(packed: str) -> Action:
    """
    The action that a button carries.

    Raises:
        StaleAction: Unknown code, or fields that do not fit it.
    """
    code, *values = packed.split(_SEPARATOR)
    cls = _registry.get(code)
    if cls is None:
        raise StaleAction(packed)
    hints = typing.get_type_hints(cls)
    names = [f.name for f in dataclasses.fields(typing.cast("Any", cls))]
    if len(names) != len(values):
        raise StaleAction(packed)
    try:
        return cls(**{name: _read(text, hints[name]) for name, text in zip(names, values, strict=True)})
    except ValueError as error:
        raise StaleAction(packed) from error


def actions() -> Sequence[type[Action]]:
    """Every action that a conversation has declared, by code."""
    return tuple(_registry[code] for code in sorted(_registry))


def _write(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    text = str(value)
    if _SEPARATOR in text:
        raise ValueError(f"{text!r} holds the separator")
    return text


def _read(text: str, hint: Any) -> object:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if not text and type(None) in kinds:
        return None
    kind = next(k for k in kinds if k is not type(None))
    if kind is bool:
        if text not in {"0", "1"}:
            raise ValueError(text)
        return text == "1"
    return kind(text)


class Style(StrEnum):
    """Bot API, InlineKeyboardButton.style; None is the plain one."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """
    One button: exactly one of ``action``, ``copy_text`` (at most 256 characters) and ``url``.

    ``label`` is text already in the person's language.
    """

    label: str
    action: Action | None = None
    style: Style | None = None
    copy_text: str | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if sum(x is not None for x in (self.action, self.copy_text, self.url)) != 1:
            raise ValueError(f"button {self.label!r} must do exactly one thing")


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that goes with a screen, as a message of its own above it."""

    name: str
    content: bytes
    caption: str = ""  # HTML, at most 1,024 characters


class Place(StrEnum):
    """Where a screen goes."""

    AUTO = "auto"  #: in place of the one whose button was pressed; below a typed answer or an upload
    NEW = "new"  #: always a message of its own, and the old keyboard goes


@dataclass(frozen=True, slots=True)
class Follow:
    """
    The message that shows this screen is kept up to date: kind and id of what it shows (``LiveViewKind``).

    Attributes:
        instead: HTML that an older message of the same subject in the chat says from then on; empty: it stays as it is.
    """

    kind: str
    subject_id: int
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Screen:
    """
    What the person sees: HTML text already in their language (at most 4,096 characters, 1,024 with a picture), and
    the keyboard below it.

    Attributes:
        text: HTML. Everything that came from outside is escaped.
        rows: The keyboard, from above.
        expects: What the next message of this person answers; None: nothing is asked.
        photo: PNG bytes shown above the text.
        documents: Files that go out before it.
        toast: Short word on the button that was pressed, at most 200 characters.
        alert: The toast is a box to be closed: refusals only.
        place: Where it goes.
        follow: What it shows and keeps showing as it changes.
    """

    text: str
    rows: Rows = ()
    expects: Action | None = None
    photo: bytes | None = None
    documents: tuple[Document, ...] = ()
    toast: str | None = None
    alert: bool = False
    place: Place = Place.AUTO
    follow: Follow | None = None


Handler = Callable[[Any, "Chat"], Awaitable[Screen]]
_handlers: dict[type[Action], Handler] = {}


def on(action: type[Action]) -> Callable[[Handler], Handler]:
    """Register the one handler of an action: ``async (action, chat) -> Screen``."""

    def register(handler: Handler) -> Handler:
        if action in _handlers:
            raise TypeError(f"{action.__qualname__} has a handler already")
        _handlers[action] = handler
        return handler

    return register


def handler_of(action: type[Action]) -> Handler:
    """The handler of an action. A test walks them all: each declared action has one."""
    return _handlers[action]
