"""Titles and names that people give to things."""

from typing import Final

from domain.errors import TitleMissing, TitleTooLong

TITLE_LIMIT: Final = 80  #: characters, as wide as the columns


def clean_title(text: str | None) -> str:
    """
    A title on one line, without blanks around it.

    Raises:
        TitleMissing: Nothing is left.
        TitleTooLong: More than ``TITLE_LIMIT`` characters.
    """
    title = " ".join((text or "").split())
    if not title:
        raise TitleMissing
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(limit=TITLE_LIMIT, length=len(title))
    return title
