"""
Telegram's HTML: tags to entities with UTF-16 offsets, and its sentences when the markup is wrong.

Only this dialect; what becomes of the text afterwards is in ``text``.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from aiogram.types import MessageEntity, User

from sandbox.botapi.errors import ApiError, bad_request
from sandbox.botapi.people import BY_ID
from sandbox.botapi.text import Formatted, utf16_length

_KINDS: Final = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
    "code": "code", "pre": "pre", "blockquote": "blockquote", "a": "text_link", "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}  # fmt: skip
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}

_REFERENCE: Final = re.compile(r"&(?:#x(?P<hex>[0-9A-Fa-f]*)|#(?P<dec>[0-9]*)|(?P<name>[A-Za-z]*));?")
_PLAIN: Final = re.compile(r"[^<&]+")
_TAG_NAME: Final = re.compile(r"[^\s>]*")
_SPACE: Final = re.compile(r"\s*")
_ATTRIBUTE: Final = re.compile(r"[^\s=>/\"']*")
_TOKEN: Final = re.compile(r"[A-Za-z0-9.-]*")
_USER_LINK: Final = re.compile(r"tg://user\?id=(\d+)")
_TIME_FORMAT: Final = re.compile(r"[rR]|[tTdDwW]*")


@dataclass(slots=True)
class _Open:
    tag: str
    attributes: dict[str, str]
    offset: int
    start: int


@dataclass(slots=True)
class _Reader:
    """One pass over the source; ``at`` counts characters, the sentences want bytes."""

    source: str
    at: int = 0
    offset: int = 0
    pieces: list[str] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    entities: list[MessageEntity] = field(default_factory=list)

    def read(self) -> Formatted:
        while self.at < len(self.source):
            if self.source[self.at] == "<":
                if self.source.startswith("</", self.at):
                    self._close()
                else:
                    self._open()
            elif self.source[self.at] == "&":
                char, self.at = _reference(self.source, self.at)
                self._write(char)
            else:
                self._write(self._take(_PLAIN))
        if self.stack:
            raise _wrong(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        self.entities.sort(key=lambda entity: (entity.offset, -entity.length))
        return Formatted("".join(self.pieces), tuple(self.entities))

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.at)
        taken = match.group() if match else ""
        self.at += len(taken)
        return taken

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _byte(self, position: int) -> int:
        return len(self.source[:position].encode())

    def _write(self, text: str) -> None:
        self.pieces.append(text)
        self.offset += utf16_length(text)

    def _open(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._take(_TAG_NAME).lower()
        if not self._peek():
            raise _wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KINDS:
            raise _wrong(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        attributes: dict[str, str] = {}
        while True:
            self._take(_SPACE)
            if self._peek() == ">":
                break
            name, value = self._attribute(tag, begin)
            attributes[name] = value
        self.at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self.stack.append(_Open(tag, attributes, self.offset, len(self.pieces)))

    def _attribute(self, tag: str, begin: int) -> tuple[str, str]:
        unclosed = f'Unclosed start tag "{tag}" at byte offset {self._byte(begin)}'
        name = self._take(_ATTRIBUTE)
        if not name:
            raise _wrong(
                unclosed if not self._peek()
                else f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}'
            )  # fmt: skip
        self._take(_SPACE)
        if self._peek() != "=":
            if not self._peek():
                raise _wrong(unclosed)
            return name, ""
        self.at += 1
        self._take(_SPACE)
        if not self._peek():
            raise _wrong(unclosed)
        value = self._quoted() if self._peek() in "'\"" else self._token()
        if not self._peek():
            raise _wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return name, value

    def _token(self) -> str:
        start = self.at
        value = self._take(_TOKEN).lower()
        if self._peek() and not self._peek().isspace() and self._peek() != ">":
            raise _wrong(f"Unexpected end of name token at byte offset {self._byte(start)}")
        return value

    def _quoted(self) -> str:
        quote, pieces = self._peek(), []
        self.at += 1
        while self._peek() and self._peek() != quote:
            if self._peek() == "&":
                char, self.at = _reference(self.source, self.at)
            else:
                char, self.at = self._peek(), self.at + 1
            pieces.append(char)
        self.at += 1
        return "".join(pieces)

    def _close(self) -> None:
        begin = self.at
        if not self.stack:
            raise _wrong(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self.at += 2
        tag = self._take(_TAG_NAME).lower()
        self._take(_SPACE)
        if self._peek() != ">":
            raise _wrong(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self.at += 1
        opened = self.stack.pop()
        if tag and tag != opened.tag:
            raise _wrong(
                f"Unmatched end tag at byte offset {self._byte(begin)}, "
                f'expected "</{opened.tag}>", found "</{tag}>"'
            )  # fmt: skip
        if self.offset > opened.offset:
            self._add(opened)

    def _add(self, opened: _Open) -> None:
        inner = "".join(self.pieces[opened.start :])
        details = _details(opened, inner)
        if details is None:
            return
        language = opened.attributes.get("class", "").removeprefix("language-")
        whole = self.entities[-1] if self.entities else None
        same = whole is not None and (whole.offset, whole.length) == (opened.offset, self.offset - opened.offset)
        if whole and same and {opened.tag, whole.type} == {"pre", "code"}:
            # <pre><code class="language-x"> is one block; without a language the outer tag wins.
            known = whole.language or (language if opened.tag == "code" else None) or None
            self.entities[-1] = whole.model_copy(update={"type": "pre", "language": known})
            return
        if opened.tag == "code":
            # Kept for a <pre> around it; a lone <code class> loses its language at the end.
            details["language"] = language or None
        entity = MessageEntity.model_validate(
            {"offset": opened.offset, "length": self.offset - opened.offset, **details}
        )  # fmt: skip
        self.entities.append(entity)


def _details(opened: _Open, inner: str) -> dict[str, object] | None:
    """The entity's type and what it carries; ``None`` when Telegram would show plain text."""
    attributes = opened.attributes
    details: dict[str, object] = {"type": _KINDS[opened.tag]}
    if opened.tag == "blockquote" and "expandable" in attributes:
        details["type"] = "expandable_blockquote"
    elif opened.tag == "a":
        url = attributes.get("href") or inner
        if user := _USER_LINK.fullmatch(url):
            return {"type": "text_mention", "user": person} if (person := _person(int(user[1]))) else None
        if not re.match(r"(?i)(https?|tg|ton|mailto|tel):|[\w-]+(\.[\w-]+)+", url):
            return None
        details["url"] = url if ":" in url else f"http://{url}/"
    elif opened.tag == "tg-emoji":
        if not attributes.get("emoji-id", "").isdigit() or int(attributes["emoji-id"]) == 0:
            raise _wrong("Invalid custom emoji identifier specified")
        details["custom_emoji_id"] = attributes["emoji-id"]
    elif opened.tag == "tg-time":
        return _time(attributes, details)
    return details


def _time(attributes: dict[str, str], details: dict[str, object]) -> dict[str, object] | None:
    style = attributes.get("format", "")
    if not _TIME_FORMAT.fullmatch(style):
        raise _wrong("Invalid date format used")
    moment = attributes.get("unix", "")
    if not moment.isdigit() or int(moment) == 0:
        return None
    return {**details, "unix_time": int(moment), **({"date_time_format": style} if style else {})}


def _person(user_id: int) -> User | None:
    person = BY_ID.get(user_id)
    return person.user() if person else None


def _reference(source: str, at: int) -> tuple[str, int]:
    """One character reference, or the ampersand itself where Telegram does not know the name."""
    match = _REFERENCE.match(source, at)
    if match is None:
        return "&", at + 1
    if match["name"] is not None:
        char = _NAMED.get(match["name"])
        return (char, match.end()) if char else ("&", at + 1)
    digits = match["hex"] or match["dec"]
    code = int(digits, 16 if match["hex"] else 10) if digits else 0
    if code == 0 or code >= 0x10FFFF or len(match.group().rstrip(";")) >= 10:
        return "&", at + 1
    if 0xD800 <= code <= 0xDFFF:
        raise _wrong(
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate "
            "code units"
        )
    return chr(code), match.end()


def _wrong(sentence: str) -> ApiError:
    return bad_request(f"can't parse entities: {sentence}")


def parse(source: str) -> Formatted:
    """
    Read a text sent with ``parse_mode=HTML``.

    Returns:
        The text without tags and its entities, offsets in UTF-16 code units.

    Raises:
        ApiError: ``can't parse entities: …`` with the byte offset, as Telegram words it.

    Source: Bot API, "HTML style".
    """
    result = _Reader(source).read()
    entities = (
        entity.model_copy(update={"language": None}) if entity.type == "code" and entity.language else entity
        for entity in result.entities
    )
    return Formatted(result.text, tuple(entities))
