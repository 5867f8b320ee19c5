"""What a message says, apart from who said it and where: the part that sending makes and editing replaces."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiogram.types import (
    Contact,
    Document,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    PhotoSize,
)

from sandbox.botapi import html
from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.schema import Json, plain
from sandbox.botapi.text import Formatted, tidy

MAX_TEXT: Final = 4096
MAX_CAPTION: Final = 1024
MAX_SOURCE_BYTES: Final = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Text or one media with its caption."""

    text: str | None = None
    entities: tuple[MessageEntity, ...] = ()
    link_preview_options: LinkPreviewOptions | None = None
    document: Document | None = None
    photo: tuple[PhotoSize, ...] = ()
    contact: Contact | None = None
    caption: str | None = None
    caption_entities: tuple[MessageEntity, ...] = ()
    show_caption_above_media: bool | None = None
    has_media_spoiler: bool | None = None

    @property
    def has_media(self) -> bool:
        """Whether it carries a caption rather than a text."""
        return self.document is not None or bool(self.photo)

    def fields(self) -> Json:
        """Message fields, empty ones left out."""
        every: Json = {name: getattr(self, name) for name in self.__slots__}
        return {name: plain(value) for name, value in every.items() if value not in (None, ())}

    @classmethod
    def of(cls, message: Message) -> "Content":
        """The content of a message that is already in a chat."""
        return cls(
            text=message.text,
            entities=tuple(message.entities or ()),
            link_preview_options=message.link_preview_options,
            document=message.document,
            photo=tuple(message.photo or ()),
            contact=message.contact,
            caption=message.caption,
            caption_entities=tuple(message.caption_entities or ()),
            show_caption_above_media=message.show_caption_above_media,
            has_media_spoiler=message.has_media_spoiler,
        )


def text_content(
    text: str | None, parse_mode: object, entities: list[MessageEntity] | None, preview: LinkPreviewOptions | None
) -> Content:
    """
    A text message's content.

    Raises:
        ApiError: Empty, too long, or markup that cannot be parsed.
    """
    if not text:
        raise bad_request("message text is empty")
    formatted = _formatted(text, parse_mode, entities)
    if not formatted.text:
        raise bad_request("text must be non-empty")
    # Telegram counts characters here, not UTF-16 units: message_text_length_max in TDLib is compared with code points.
    if len(formatted.text) > MAX_TEXT:
        raise bad_request("message is too long")
    return Content(text=formatted.text, entities=formatted.entities, link_preview_options=preview)


def caption_of(
    caption: str | None, parse_mode: object, entities: list[MessageEntity] | None
) -> tuple[str | None, tuple[MessageEntity, ...]]:
    """
    A caption and its entities; ``None`` when there is none.

    Raises:
        ApiError: Too long, or markup that cannot be parsed.
    """
    if not caption:
        return None, ()
    formatted = _formatted(caption, parse_mode, entities)
    if len(formatted.text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return formatted.text or None, formatted.entities


def _formatted(text: str, parse_mode: object, entities: list[MessageEntity] | None) -> Formatted:
    if len(text.encode()) > MAX_SOURCE_BYTES:
        raise bad_request("text is too long")
    mode = parse_mode.lower() if isinstance(parse_mode, str) else ""
    if mode in {"", "none"}:
        return tidy(Formatted(text, tuple(entities or ())))
    parser = _PARSERS.get(mode)
    if parser is None:
        if mode in {"markdown", "markdownv2"}:
            raise ApiError(400, "SANDBOX: parse_mode Markdown not emulated")
        raise bad_request("unsupported parse_mode")
    return tidy(parser(text))


_PARSERS: Final[dict[str, Callable[[str], Formatted]]] = {"html": html.parse}
