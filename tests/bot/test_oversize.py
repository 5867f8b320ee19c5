"""Cutting to what Telegram counts."""

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from bot.oversize import cut, cut_html, utf16_length


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(1, 40))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int):
    """Half of a surrogate pair is never left."""
    short = cut(text, limit)

    assert utf16_length(short) <= limit
    assert short == text or text.startswith(short.removesuffix("…"))


@given(st.lists(st.tuples(st.sampled_from(["b", "i", "code", ""]), st.text("ab<&>🙂", max_size=20)), max_size=8))
def test_cut_html_shows_a_beginning_with_every_tag_closed(pieces: list[tuple[str, str]]):
    """Telegram refuses a message whose tags do not match."""
    markup = "".join(
        f"<{t}>{html.escape(s, quote=False)}</{t}>" if t else html.escape(s, quote=False) for t, s in pieces
    )
    short = cut_html(markup, 12)
    visible = html.unescape(re.sub(r"</?[a-z]+>", "", short))
    whole = "".join(s for _, s in pieces)

    assert utf16_length(visible) <= 12 or short == markup
    assert short == markup or whole.startswith(visible.removesuffix("…"))
    for tag in ("b", "i", "code"):
        assert short.count(f"<{tag}>") == short.count(f"</{tag}>")


def test_what_fits_is_left_as_it_is():
    """Attributes and entities too."""
    text = '<a href="https://x.example/?a=1&amp;b=2">x</a> &lt;'

    assert cut_html(text, 60) == text
