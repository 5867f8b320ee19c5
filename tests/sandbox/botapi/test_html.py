"""HTML to entities: offsets in UTF-16, and Telegram's sentences for markup that is wrong."""

import pytest

from sandbox.botapi import html
from sandbox.botapi.errors import ApiError
from sandbox.botapi.text import Formatted, tidy, utf16_length


def read(source: str) -> tuple[str, list[tuple]]:
    result = html.parse(source)
    return result.text, [(one.type, one.offset, one.length) for one in result.entities]


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        pytest.param("<b>a</b><strong>b</strong>", "ab", [("bold", 0, 1), ("bold", 1, 1)], id="bold"),
        pytest.param("<i>a</i><em>b</em>", "ab", [("italic", 0, 1), ("italic", 1, 1)], id="italic"),
        pytest.param("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)], id="underline"),
        pytest.param("<s>a</s><del>b</del>", "ab", [("strikethrough", 0, 1), ("strikethrough", 1, 1)], id="strike"),
        pytest.param(
            '<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>',
            "ab",
            [("spoiler", 0, 1), ("spoiler", 1, 1)],
            id="spoiler",
        ),
        pytest.param("<code>a</code><pre>b</pre>", "ab", [("code", 0, 1), ("pre", 1, 1)], id="code"),
        pytest.param(
            "<blockquote>a</blockquote><blockquote expandable>b</blockquote>",
            "ab",
            [("blockquote", 0, 1), ("expandable_blockquote", 1, 1)],
            id="quotes",
        ),
        pytest.param("👍<b>é</b>", "👍é", [("bold", 2, 1)], id="an emoji counts two"),
        pytest.param("<b>👨‍👩‍👧</b>.", "👨‍👩‍👧.", [("bold", 0, 8)], id="joined emoji"),
        pytest.param("<b>a<i>b</i></b>", "ab", [("bold", 0, 2), ("italic", 1, 1)], id="nested"),
        pytest.param("<b></b>a", "a", [], id="empty tag"),
        pytest.param("&lt;b&gt; &amp; &quot; &#39; &#x41; &nbsp;", "<b> & \" ' A &nbsp;", [], id="references"),
        pytest.param("a & b &; c", "a & b &; c", [], id="lone ampersands"),
        pytest.param("<B>a</B >", "a", [("bold", 0, 1)], id="case and space"),
        pytest.param("<a>not a link</a>", "not a link", [], id="anchor without address"),
    ],
)
def test_tags_become_entities(source, text, entities):
    """What the chat shows, and where."""
    assert read(source) == (text, entities)


def test_entities_carry_what_their_tag_says():
    """Address, person, language, emoji id, moment."""
    source = (
        '<a href="https://example.org/?a=1&amp;b=2">a</a><a href="tg://user?id=1001">b</a>'
        '<pre><code class="language-python">c</code></pre><tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>'
        '<tg-time unix="1764000000" format="wDT">d</tg-time>'
    )
    link, person, block, emoji, moment = html.parse(source).entities

    assert (link.type, link.url) == ("text_link", "https://example.org/?a=1&b=2")
    assert person.type == "text_mention"
    assert person.user is not None
    assert person.user.id == 1001
    assert (block.type, block.language, block.length) == ("pre", "python", 1)
    assert (emoji.type, emoji.custom_emoji_id, emoji.length) == ("custom_emoji", "5368324170671202286", 2)
    assert (moment.type, moment.unix_time, moment.date_time_format) == ("date_time", 1764000000, "wDT")


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        pytest.param("é<p>", 'Unsupported start tag "p" at byte offset 2', id="unknown tag"),
        pytest.param("<b>", 'Can\'t find end tag corresponding to start tag "b"', id="never closed"),
        pytest.param("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"', id="crossed"),
        pytest.param("a</b>", "Unexpected end tag at byte offset 1", id="only closed"),
        pytest.param("a <b", "Unclosed start tag at byte offset 2", id="cut in a start tag"),
        pytest.param("<b>a</b", "Unclosed end tag at byte offset 4", id="cut in an end tag"),
        pytest.param('<a href="x', "Unclosed start tag at byte offset 0", id="cut in a value"),
        pytest.param("<a href", 'Unclosed start tag "a" at byte offset 0', id="cut in an attribute"),
        pytest.param('<a ="x">a</a>', 'Empty attribute name in the tag "a" at byte offset 0', id="nameless attribute"),
        pytest.param("<a href=x/y>a</a>", "Unexpected end of name token at byte offset 8", id="bare value"),
        pytest.param("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0', id="bare span"),
        pytest.param("<tg-emoji>a</tg-emoji>", "Invalid custom emoji identifier specified", id="emoji without id"),
        pytest.param('<tg-time unix="1" format="x">a</tg-time>', "Invalid date format used", id="time format"),
        pytest.param("1 < 2", 'Unsupported start tag "" at byte offset 2', id="an unescaped sign"),
    ],
)
def test_wrong_markup_is_refused_with_the_byte_where_it_is(source, sentence):
    """Bytes of UTF-8, not characters."""
    with pytest.raises(ApiError) as refusal:
        html.parse(source)

    assert refusal.value.description == f"Bad Request: can't parse entities: {sentence}"


def test_white_space_goes_from_both_ends_and_entities_move_along():
    """Telegram trims; an offset that does not move points at the wrong letter."""
    tidied = tidy(html.parse("\n  a <b>b </b> \n"))

    assert tidied.text == "a b"
    assert [(one.offset, one.length) for one in tidied.entities] == [(2, 1)]


def test_entities_beyond_a_hundred_are_ignored():
    """Silently, as in Telegram."""
    assert len(tidy(html.parse("<b>a</b> " * 120)).entities) == 100


def test_commands_and_links_are_found_but_not_inside_code():
    """Telegram marks them by itself."""
    tidied = tidy(
        html.parse("👍 /start@pregon_demo_bot see https://example.org/a, <code>/not</code> 1/2 x@example.org")
    )
    found = [(one.type, one.offset, one.length) for one in tidied.entities]

    assert found == [
        ("bot_command", 3, 22),
        ("url", 30, 21),
        ("code", 53, 4),
        ("email", 62, 13),
    ]


@pytest.mark.parametrize("text", ["", "abc", "é", "👍", "a👍b🇵🇪"])
def test_length_is_that_of_utf_16(text):
    """By the codec itself."""
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


def test_plain_text_is_left_alone():
    """Without parse_mode nothing is a tag."""
    assert tidy(Formatted("<b>a</b>")).text == "<b>a</b>"
