"""The last guard against a text that Telegram would refuse: cut as it will be counted, with the tags left whole."""

from html import escape
from html.parser import HTMLParser
from typing import Final

TEXT_LIMIT: Final = 4_096  # Bot API, sendMessage: UTF-16 units after the entities are parsed
CAPTION_LIMIT: Final = 1_024
TOAST_LIMIT: Final = 200  # Bot API, answerCallbackQuery
_ELLIPSIS: Final = "…"


def utf16_length(text: str) -> int:
    """UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int) -> str:
    """Plain text of at most ``limit`` UTF-16 units, with an ellipsis where something is missing."""
    if utf16_length(text) <= limit:
        return text
    units = text.encode("utf-16-le")[: (limit - 1) * 2]
    return units.decode("utf-16-le", errors="ignore") + _ELLIPSIS  # half of a pair is dropped


def cut_html(text: str, limit: int) -> str:
    """HTML that shows at most ``limit`` UTF-16 units; what is open where it is cut is closed."""
    if utf16_length(text) <= limit:
        return text
    cutter = _Cutter(limit)
    cutter.feed(text)
    cutter.close()
    return cutter.result()


class _Cutter(HTMLParser):
    def __init__(self, limit: int) -> None:
        super().__init__(convert_charrefs=True)
        self._left = limit
        self._full = False
        self._open: list[str] = []
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Kept while there is room."""
        if self._full:
            return
        self._open.append(tag)
        self._parts.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        """Kept where its start was."""
        if not self._full and self._open and self._open[-1] == tag:
            self._open.pop()
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Kept as far as it fits."""
        if self._full:
            return
        length = utf16_length(data)
        if length > self._left:
            data, self._full = cut(data, self._left) if self._left else "", True
        self._left -= length
        self._parts.append(escape(data, quote=False))

    def result(self) -> str:
        """What was kept, with every tag closed."""
        return "".join((*self._parts, *(f"</{tag}>" for tag in reversed(self._open))))
