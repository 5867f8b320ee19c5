"""What screens have in common: headings, the last row, pages of a list, and cutting text to what fits."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from markupsafe import escape

from bot.screen import Action, Button, Rows, unpack
from locales import Texts

LABEL_LIMIT: Final = 30  # UTF-16 units: wider ones are cut by phones
PAGE: Final = 8  # rows of a list
_PER_ROW: Final = 2
_ELLIPSIS: Final = "…"


def units(text: str) -> int:
    """The length that Telegram counts: UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int = LABEL_LIMIT) -> str:
    """At most ``limit`` UTF-16 units, on one line, ending in … where something is missing. Plain text in and out."""
    line = " ".join(text.split())
    if units(line) <= limit:
        return line
    kept = line.encode("utf-16-le")[: (limit - 1) * 2].decode("utf-16-le", "ignore")
    return kept.rstrip() + _ELLIPSIS


def heading(title: str, *crumbs: str) -> str:
    """Bold title and, below it, where one is. Plain text in, HTML out."""
    first = f"<b>{escape(title)}</b>"
    return f"{first}\n<i>{escape(' › '.join(crumbs))}</i>" if crumbs else first


def footer(t: Texts, back: Action | None = None) -> Rows:
    """The last row of a screen: back, where there is something to go back to, and home."""
    home = Button(t.label("nav.home"), unpack("h"))
    return ((Button(t.label("nav.back"), back), home),) if back else ((home,),)


def pairs(buttons: Sequence[Button]) -> Rows:
    """Two buttons a row; one alone where its label, or its neighbour's, is long."""
    return tuple(_pairs(buttons))


def pager(page: int, total: int, *, to: Callable[[int], Action], size: int = PAGE) -> Rows:
    """
    ``‹ 2/14 ›``; nothing where one page holds all. At the ends it goes round.

    Args:
        page: From 0.
        total: Things in the list.
        to: The action that opens a page.
    """
    last = max(0, (total - 1) // size)
    if last == 0:
        return ()
    here = min(page, last)
    return (
        (
            Button("‹", to(here - 1 if here else last)),
            Button(f"{here + 1}/{last + 1}", to(here)),
            Button("›", to(here + 1 if here < last else 0)),
        ),
    )


def _pairs(buttons: Sequence[Button]) -> Iterator[tuple[Button, ...]]:
    row: tuple[Button, ...] = ()
    for button in buttons:
        wide = units(button.label) > LABEL_LIMIT // _PER_ROW + 3
        if row and (wide or len(row) == _PER_ROW or units(row[-1].label) > LABEL_LIMIT // _PER_ROW + 3):
            yield row
            row = ()
        row = (*row, button)
    if row:
        yield row
