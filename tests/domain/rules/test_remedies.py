"""Why a text is dear, and how a template helps itself."""

import pytest

from domain.rules.blanks import BadDefault, HeldBack, clean_default, decided, filled, held_fields, undecided
from domain.rules.character_costs import character_costs
from domain.rules.gsm import Alphabet, Carriage
from domain.rules.remedies import downgraded, plain_tokens, remedy, replaced, shortened
from domain.rules.template import compile_template
from domain.rules.text_card import text_card


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("Hola {{ nombre }}", "Hola {{ nombre|plain }}"),
        ("{{-nombre-}}", "{{- nombre|plain -}}"),
        ("{{ nombre|upper }} {% if nombre %}x{% endif %}", "{{ nombre|upper }} {% if nombre %}x{% endif %}"),
    ],
)
def test_plain_tokens_bring_plain_values(source: str, changed: str) -> None:
    """What has a filter of its own is meant; the result is a template still."""
    found = plain_tokens(source)

    assert found.replace(" ", "") == changed.replace(" ", "")
    assert compile_template(found).tokens == compile_template(source).tokens


def test_the_filter_plain_takes_out_what_makes_a_text_unicode() -> None:
    """What GSM 03.38 has stays."""
    render = compile_template("{{ nombre|plain }}").render

    assert render({"first_name": "José “Ñandú” Müller"}) == 'José "Ñandu" Müller'


def test_one_field_is_cut_where_it_stands_plain() -> None:
    """In whatever language it is written; other fields stay."""
    found = shortened("{{ nome }} {{ apellido }} {{ first_name }}", "first_name", 12)

    assert found.count("|truncate(12)") == 2
    assert compile_template(found).render({"first_name": "x" * 40, "last_name": "y" * 40}).count("x") == 24


def test_a_character_in_a_token_is_left_alone() -> None:
    """A bracket of a token is no bracket of the text."""
    assert replaced("[{{ dirección }}] ó {% if nombre %}ó{% endif %}", "ó", "o") == (
        "[{{ dirección }}] o {% if nombre %}o{% endif %}"
    )


@pytest.mark.parametrize(
    ("source", "alphabet", "plain"),
    [
        pytest.param("“Hola”", Alphabet.GSM7, '"Hola"', id="the text itself"),
        pytest.param(
            """“Hola” {{ nombre|default("“amigo” Raúl") }}""",
            Alphabet.GSM7,
            """"Hola" {{ nombre|default("“amigo” Raul") }}""",
            id="quotes within quotes stay",
        ),
        pytest.param(
            "Año {{ valor_1|money }}",
            Alphabet.STRICT,
            "Ano {{ valor_1|money }}",
            id="signs of ours, not allowed in texts",
        ),
        pytest.param("ñ｛｛ nombre |", Alphabet.STRICT, "ñ｛｛ nombre |", id="as it is where it would be no template"),
    ],
)
def test_what_costs_more_is_replaced_and_a_template_stays_one(source: str, alphabet: Alphabet, plain: str) -> None:
    """Its card and the costs of its characters are shown, whatever stands in its brackets."""
    carriage = Carriage(alphabet)

    assert downgraded(source, alphabet=alphabet) == plain
    assert character_costs(source, {}, carriage=carriage).all_replaced.count == 1
    assert text_card(source, {}, carriage=carriage).replaceable


def test_a_character_that_parts_two_brackets_saves_nothing() -> None:
    """Without it the text would be no template: its screen says so by no figure, and opens."""
    source = "{☺{{ nombre }}" + "x" * 80

    costs = character_costs(source, {"first_name": "Ana"}, carriage=Carriage(Alphabet.GSM7))

    assert [(one.character, one.saves) for one in costs.characters] == [("☺", 0), ("{", 0)]


@pytest.mark.parametrize(
    ("name", "alphabet", "now", "then", "characters", "excess"),
    [
        pytest.param("x" * 70, Alphabet.GSM7, 2, 1, "", 15, id="long"),
        pytest.param("José Raúl", Alphabet.GSM7, 2, 1, "ú", 0, id="a character"),
        pytest.param("José Raúl" + "x" * 60, Alphabet.SPANISH, 2, 1, "", 20, id="long in the Spanish table"),
    ],
)
def test_what_makes_a_text_dear_is_named(
    name: str, alphabet: Alphabet, now: int, then: int, characters: str, excess: int
) -> None:
    """The value, and the character or the units too many."""
    template = compile_template("Hola {{ nombre }}" + "y" * 100)
    found = remedy(template, {"first_name": name}, usual=1, carriage=Carriage(alphabet))

    assert (found.now, found.then, found.field, found.excess) == (now, then, "first_name", excess)
    assert "".join(one.character for one in found.foreign) == characters


def test_blanks_are_filled_or_held_and_the_column_is_not_trusted() -> None:
    """A field that is none of ours is left out; a number is never blank."""
    assert decided({"first_name": None, "x'; drop": None, "msisdn": None, "email": 5, "address": "Lima"}) == {
        "first_name": None,
        "address": "Lima",
    }
    assert decided("nonsense") == {}
    assert held_fields({"email": None, "first_name": None, "address": "Lima"}) == ("first_name", "email")
    assert undecided({"msisdn", "email", "first_name"}, {"email": "x"}) == ("first_name",)
    assert filled({"first_name": " "}, {"first_name": "cliente"}) == {"first_name": "cliente"}
    assert filled({"first_name": "Ana"}, {"first_name": None}) == {"first_name": "Ana"}
    with pytest.raises(HeldBack):
        filled({"first_name": " "}, {"first_name": None})


@pytest.mark.parametrize("typed", ["", "  ", None, "x" * 61, "{{ nombre }}", "a}"])
def test_what_cannot_stand_for_a_blank_is_refused(typed: str | None) -> None:
    """A raw bracket never reaches a phone."""
    with pytest.raises(BadDefault):
        clean_default(typed)
