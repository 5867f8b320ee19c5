"""Cells that a spreadsheet would compute: harmless on the way out, unchanged on the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.formula import protect, unprotect

NASTY = st.text(alphabet=st.sampled_from("'=+-@\t\r\n ＝＋－＠aé0;,\"|😀"), max_size=12)


@given(st.one_of(NASTY, st.text(max_size=30)))
def test_what_goes_out_comes_back_the_same(text: str) -> None:
    """Also where the text begins with apostrophes of its own."""
    assert unprotect(protect(text)) == text


@pytest.mark.parametrize("text", ["=1+1", "+51", "-5", "@a", "\t=1", "\r=1", " =1", "＝1+1", "'=1"])
def test_what_a_spreadsheet_would_compute_begins_with_an_apostrophe(text: str) -> None:
    """Source: OWASP, CSV injection."""
    assert protect(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "'", "'hola", "O'Higgins", "a=1", "007", "'7"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    """Exactly our apostrophe is taken away, nobody else's."""
    assert protect(text) == text
    assert unprotect(text) == text
