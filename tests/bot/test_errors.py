"""What a person is told when something goes wrong."""

from bot.errors import error_id, explain, plain
from domain.errors import NotAllowed, NotFound, TitleTaken
from domain.rules.permission import Permission
from domain.rules.template import FIELDS, UnknownToken
from locales import Catalogues


def test_values_that_are_words_are_said_in_the_language(catalogues: Catalogues):
    """Nouns and permissions are looked up; a title is the person's own, and escaped."""
    t = catalogues.texts("en", "PE")

    assert explain(NotFound(noun="template"), t) == "It is gone: the SMS template."
    assert (
        explain(NotAllowed(permission=Permission.GOVERN), t) == "Your role does not allow this: managing the account."
    )
    assert "nome, sobrenome" in explain(UnknownToken(line=1, token="x", known=FIELDS), catalogues.texts("pt", "BR"))
    assert explain(TitleTaken(title="<b>"), t) == "There is another one with the title “&lt;b&gt;”."


def test_plain_text_is_the_html_as_it_reads():
    """For the boxes that answer a button."""
    assert plain("<b>1 &lt; 2</b> &amp; <code>x</code>") == "1 < 2 & x"


def test_an_error_id_can_be_said_over_the_phone():
    """Short, and not the same twice."""
    ids = {error_id() for _ in range(50)}

    assert len(ids) > 45
    assert all(len(identity) == 6 for identity in ids)
