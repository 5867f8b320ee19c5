"""Text as Telegram keeps it: lengths, trimming, and the entities that Telegram finds by itself."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiogram.types import MessageEntity

MAX_ENTITIES: Final = 100

_FOUND: Final = re.compile(
    r"(?P<url>https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/<>@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})\b"
    r"|(?<!\w)(?P<hashtag>\#(?=\w*[^\W\d])\w{1,256})"
)
_OPAQUE: Final = frozenset({"code", "pre", "text_link", "text_mention"})


@dataclass(frozen=True, slots=True)
class Formatted:
    """Text with its entities, sorted by offset, the longest first."""

    text: str
    entities: tuple[MessageEntity, ...] = ()


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units: the unit of every offset in the Bot API."""
    return len(text) + sum(char > "\uffff" for char in text)


def tidy(source: Formatted) -> Formatted:
    """
    What Telegram makes of a text before it is shown.

    White space goes from both ends (at the front only up to the first entity), entities are cut to what is left, links
    and commands are found, and whatever exceeds a hundred entities is ignored without a word.
    """
    text = source.text.rstrip(" \n\r\t")
    end = utf16_length(text)
    first = min((entity.offset for entity in source.entities), default=end)
    lead = 0
    while lead < first and text[lead] in " \n":
        lead += 1
    text = text[lead:]
    kept = [
        entity.model_copy(update={"offset": entity.offset - lead, "length": min(entity.length, end - entity.offset)})
        for entity in source.entities
        if entity.offset < end and entity.length > 0
    ]
    return Formatted(text, tuple(_in_order([*kept, *found(text, beside=kept)])[:MAX_ENTITIES]))


def found(text: str, *, beside: Sequence[MessageEntity] = ()) -> list[MessageEntity]:
    """Links, addresses, commands, mentions and hashtags, but not inside code or links."""
    opaque = [range(one.offset, one.offset + one.length) for one in beside if one.type in _OPAQUE]
    entities = []
    for match in _FOUND.finditer(text):
        offset = utf16_length(text[: match.start()])
        if match.lastgroup and not any(offset in span for span in opaque):
            entities.append(MessageEntity(type=match.lastgroup, offset=offset, length=utf16_length(match.group())))
    return entities


def _in_order(entities: Iterable[MessageEntity]) -> list[MessageEntity]:
    return sorted(entities, key=lambda one: (one.offset, -one.length))
