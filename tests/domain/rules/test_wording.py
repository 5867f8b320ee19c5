"""Restricted words are found however they are dressed up, and other words are left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.wording import BadWord, Restriction, find, folded, parse_word

BCP = Restriction("BCP")
APPLE = Restriction("Apple")
BANK = Restriction("banc", stem=True)
CREDIT = Restriction("Banco de Crédito")


@pytest.mark.parametrize(
    ("text", "restriction", "shown"),
    [
        pytest.param("Su BCP avisa", BCP, "BCP", id="as it is"),
        pytest.param("su bcp.", BCP, "bcp", id="small, before a full stop"),
        pytest.param("B C P le avisa", BCP, "B C P", id="letters set apart"),
        pytest.param("pague en B.C.P. hoy", BCP, "B.C.P", id="with points"),
        pytest.param("B-C-P", BCP, "B-C-P", id="with dashes"),
        pytest.param("B_C_P", BCP, "B_C_P", id="with underscores"),
        pytest.param("B  C\nP", BCP, "B  C\nP", id="over two lines"),
        pytest.param("8CP", BCP, "8CP", id="a digit first"),
        pytest.param("BĆP", BCP, "BĆP", id="an accent"),
        pytest.param("B\u200bC\u200bP", BCP, "B\u200bC\u200bP", id="invisible between"),
        pytest.param("ВСР", BCP, "ВСР", id="cyrillic"),
        pytest.param("ＢＣＰ", BCP, "ＢＣＰ", id="wide"),
        pytest.param("Gane un Appl3 hoy", APPLE, "Appl3", id="a digit for a letter"),
        pytest.param("@pple", APPLE, "@pple", id="a sign for a letter"),
        pytest.param("APP1E", APPLE, "APP1E", id="one for L"),
        pytest.param("Ap.ple", APPLE, "Ap.ple", id="a point inside"),
        pytest.param("A p p l 3", APPLE, "A p p l 3", id="apart, and a digit"),
        pytest.param("Αpple", APPLE, "Αpple", id="a Greek capital"),
        pytest.param("ΛPPLE", APPLE, "ΛPPLE", id="a Greek letter that GSM has"),
        pytest.param("su banca en línea", BANK, "banc", id="a stem"),
        pytest.param("BANCÁRIO", BANK, "BANC", id="a stem in capitals"),
        pytest.param("el Banco  de crédito le avisa", CREDIT, "Banco  de crédito", id="several words"),
        pytest.param("BancoDeCredito", CREDIT, "BancoDeCredito", id="several words run together"),
    ],
)
def test_a_restricted_word_is_found_where_it_stands(text: str, restriction: Restriction, shown: str) -> None:
    """The place is that of the text as it was written."""
    found = find(text, [restriction])

    assert [text[one.start : one.end] for one in found] == [shown]


@pytest.mark.parametrize(
    ("text", "restriction"),
    [
        pytest.param("abcpd", BCP, id="inside another word"),
        pytest.param("BCPs", BCP, id="a longer word"),
        pytest.param("b cp", BCP, id="not each letter alone"),
        pytest.param("manzana", APPLE, id="another word"),
        pytest.param("applet", APPLE, id="no stem"),
        pytest.param("el nombre de su abanico", BANK, id="a stem in the middle"),
        pytest.param("pague 501 soles", Restriction("sol"), id="a number"),
        pytest.param("S/ 50.10", Restriction("solo"), id="an amount"),
        pytest.param("a los clientes", Restriction("alos"), id="two words make no third"),
        pytest.param("", BCP, id="nothing"),
    ],
)
def test_other_words_are_left_alone(text: str, restriction: Restriction) -> None:
    """A refusal for no reason stops a campaign."""
    assert not find(text, [restriction])


def test_each_place_of_each_word_is_named_in_order() -> None:
    """So that all of them can be shown."""
    found = find("Apple, BCP y otra vez apple", [BCP, APPLE])

    assert [one.restriction.word for one in found] == ["Apple", "BCP", "Apple"]


@pytest.mark.parametrize("typed", ["", " ", "a", "*", "x*", "¡!", "w" * 41])
def test_what_is_no_word_is_refused(typed: str) -> None:
    """One letter would be found everywhere."""
    with pytest.raises(BadWord):
        parse_word(typed)


def test_an_asterisk_makes_a_stem_and_spelling_does_not_matter() -> None:
    """The list holds a word once."""
    assert parse_word("  Banc* ") == ("Banc", True)
    assert parse_word("Crédito") == ("Crédito", False)
    assert folded("CRÉDITO  Fácil") == "credito facil" == folded("credito-facil")


@given(st.text(max_size=200), st.text(min_size=1, max_size=20))
def test_any_text_and_any_word_can_be_compared(text: str, word: str) -> None:
    """Places lie in the text."""
    for one in find(text, [Restriction(word)] if folded(word) else []):
        assert 0 <= one.start < one.end <= len(text)


@pytest.mark.parametrize("longer", ["x", "!x", "_x"])
def test_a_long_word_that_almost_stands_there_is_told_at_once(longer: str) -> None:
    """However many letters it shares: each launch and each screen of a text asks this, on the thread of the chat."""
    word = "a" * 36
    begun = time.process_time()
    found = find(f"{word}{longer} {word[:-1]}x", [Restriction(word)])

    assert len(found) == (longer != "x")
    assert time.process_time() - begun < 1.0
