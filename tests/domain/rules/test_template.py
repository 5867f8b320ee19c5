"""The language of templates: what it renders, and everything that it refuses before anything runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.template import (
    FIELDS,
    MAX_SOURCE,
    MAX_TEXT,
    BadTemplate,
    TemplateNotAllowed,
    TemplateSyntax,
    TemplateTooComplex,
    TemplateTooLong,
    TextTooLong,
    UnknownToken,
    compile_template,
    tokens,
)

CONTACT = {
    "msisdn": "51987763010",
    "first_name": "José",
    "last_name": "Núñez",
    "email": "jnunez@example.com",
    "address": "",
    "value_1": "2026-12-05",
    "value_2": "1.250,50",
    "value_3": "",
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("Hola {{ nombre }}, debe {{valor_2}}", "Hola José, debe 1.250,50", id="plain tokens"),
        pytest.param("{{ first_name }} {{ sobrenome }} {{ numero }}", "José Núñez 51987763010", id="three languages"),
        pytest.param("{{ Número }}/{{ DIRECCIÓN }}.", "51987763010/.", id="accents and capitals are forgiven"),
        pytest.param("100% {x} }{ %s {{ nombre }}", "100% {x} }{ %s José", id="marks of other languages are text"),
        pytest.param("{{ direccion|default('su casa') }}", "su casa", id="a blank takes the default"),
        pytest.param("{{ nombre|default('cliente')|upper }}", "JOSÉ", id="filters in a row"),
        pytest.param("{{ apellido|lower|capitalize }}", "Núñez", id="lower, capitalize"),
        pytest.param("{{ email|truncate(6) }}", "jnunez", id="truncate"),
        pytest.param("{{ email|truncate(99999999) }}", "jnunez@example.com", id="truncate is bounded"),
        pytest.param("{{ valor_2|money }}", "1,250.50", id="money reads what people write"),
        pytest.param("{{ valor_2|money(0) }}/{{ valor_2|money(1, ',') }}", "1,251/1.250,5", id="money, other ways"),
        pytest.param("{{ nombre|money }}", "José", id="what is no number stays as it is"),
        pytest.param("{{ nombre|replace('José', '%s')|money }}" % ("1" * 39), f"{int('1' * 39):,}.00", id="long money"),
        pytest.param("{{ valor_1|date }} {{ valor_1|date('%d/%m') }}", "05/12/2026 05/12", id="date"),
        pytest.param("{{ nombre|date }}", "José", id="what is no date stays as it is"),
        pytest.param("{{ nombre|replace('é', 'e')|trim }}", "Jose", id="replace, trim"),
        pytest.param("{{ 'o\\'higgins peña-ruiz'|title }}", "O'Higgins Peña-Ruiz", id="title"),
        pytest.param("{% if valor_3 %}a{% elif nombre %}b{% else %}c{% endif %}", "b", id="if, elif, else"),
        pytest.param("{% if valor_2|number >= 1000 and not valor_3 %}alto{% endif %}", "alto", id="number compares"),
        pytest.param("{% if nombre|number > 0 %}x{% endif %}.", ".", id="what is no number is never more"),
        pytest.param("{% if nombre == 'José' %}x{% endif %}", "x", id="texts compare"),
        pytest.param("{% if direccion is defined %}x{% else %}y{% endif %}", "y", id="defined means filled in"),
        pytest.param("{{ valor_3 or nombre }}, {{ 'x' if valor_3 }}", "José, ", id="or; if without else is nothing"),
        pytest.param("a\r\nb{# note #}\n", "a\nb\n", id="line ends are one kind, comments go"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_template_renders(source: str, text: str) -> None:
    """Tokens, filters and conditions; a value is never read as template."""
    assert compile_template(source).render(CONTACT) == text


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{% for i in nombre %}a{% endfor %}", "for"),
        ("{{ 'a' * 99999999 }}", "mul"),
        ("{{ 2 ** 9999999 }}", "pow"),
        ("{{ nombre.__class__ }}", "getattr"),
        ("{{ nombre[0] }}", "getitem"),
        ("{{ range(9) }}", "call"),
        ("{{ nombre.upper() }}", "call"),
        ("{% set a = 1 %}", "assign"),
        ("{% set nombre = 1 %}", "assign"),
        ("{% include 'x' %}", "include"),
        ("{% import 'x' as y %}", "import"),
        ("{% extends 'x' %}", "extends"),
        ("{% macro a() %}{% endmacro %}", "macro"),
        ("{% block a %}{% endblock %}", "block"),
        ("{{ nombre ~ nombre }}", "concat"),
        ("{{ nombre|attr('x') }}", "|attr"),
        ("{{ '%s'|format(1) }}", "|format"),
        ("{{ nombre|upper(3) }}", "|upper"),
        ("{{ nombre|default(apellido) }}", "|default"),
        ("{{ nombre|date('%99999d') }}", "|date"),
        ("{{ nombre|replace('a') }}", "|replace"),
        ("{{ nombre is callable }}", "true/false"),
        ("{% if nombre is callable %}{% endif %}", "is callable"),
        ("{% if valor_1 > 3 %}a{% endif %}", "gt, |number"),
        ("{% if valor_1 == 3 %}a{% endif %}", "eq, |number"),
        ("{% if nombre in apellido %}a{% endif %}", "in"),
        ("{{ nombre == 'x' }}", "true/false"),
        ("{{ (nombre == 'x')|upper }}", "true/false"),
        ("{{ 'a' and not nombre }}", "true/false"),
        ("{{ True }}", "true"),
        ("{{ none }}", "none"),
        ("{{ 1e999 }}", "number"),
        ("{{ [1] }}", "list"),
        ("{{ {} }}", "dict"),
        ("{{ -5 }}", "neg"),
        ("{{ '{{' }}", '"{{"'),
        ("{{ 'x{' }}", '"x{"'),
    ],
)
def test_what_is_not_of_the_language_is_refused_by_name(source: str, what: str) -> None:
    """Before it is compiled: Jinja2 would compute constants while compiling."""
    with pytest.raises(TemplateNotAllowed) as refused:
        compile_template("Hola\n" + source)

    assert refused.value.values == {"line": 2, "what": what}


@pytest.mark.parametrize("name", ["foo", "self", "loop", "request", "lipsum", "caller", "__builtins__"])
def test_an_unknown_token_is_named_with_those_that_exist(name: str) -> None:
    """Jinja2's own globals are unknown like any other word."""
    with pytest.raises(UnknownToken) as refused:
        compile_template("{{ " + name + " }}")

    assert refused.value.values["token"] == name
    assert refused.value.values["known"] == FIELDS


@pytest.mark.parametrize(
    "source",
    [
        "{{ nombre",
        "{{ }}",
        "{% if nombre %}",
        "{% endif %}",
        "{nombre}}",
        "{{{ nombre }}}",
        "{{" * 5,
        "{% raw %}{{ nombre }}{% endraw %}",
        "{% raw %}{%{% endraw %}",
        "{ {#- c -#} {",
        "{ {%- if nombre -%} {x{% endif %}",
    ],
)
def test_brackets_that_do_not_match_are_shown_with_their_line(source: str) -> None:
    """So is every way of sending a bracket of ours as text."""
    with pytest.raises(TemplateSyntax) as refused:
        compile_template("uno\n" + source)

    assert refused.value.values["line"] == 2
    assert refused.value.values["what"] == source


def test_long_deep_and_busy_templates_are_refused() -> None:
    """Bounds of work, not of taste; 900 brackets end Python's parser stack."""
    with pytest.raises(TemplateTooLong) as long:
        compile_template("x" * (MAX_SOURCE + 1))
    for source in (
        "{{nombre}}" * 121,
        "{{ " + "(" * 900 + "nombre" + ")" * 900 + " }}",
        "{{ nombre" + "|upper" * 9 + "}}",
    ):
        with pytest.raises(TemplateTooComplex):
            compile_template(source)

    assert long.value.values == {"limit": 2_000, "length": 2_001}


def test_a_text_over_ten_segments_is_refused_when_it_is_rendered() -> None:
    """Values decide the length; a chain of replacements cannot fill the memory first."""
    long = "x" * 255
    bomb = "{{ nombre" + "|replace('x','" + "x" * 200 + "')" * 1 + "|replace('x','" + "x" * 200 + "') }}"
    assert len(compile_template("x" * MAX_TEXT).render({})) == MAX_TEXT
    with pytest.raises(TextTooLong) as refused:
        compile_template("{{ nombre }}" * 7).render({"first_name": long})
    with pytest.raises(TextTooLong):
        compile_template(bomb).render({"first_name": long})

    assert refused.value.values == {"limit": 1_530, "length": 1_785}


def test_a_template_knows_what_it_reads() -> None:
    """``plain`` takes the fast way; ``constant`` is encoded once a campaign."""
    plain, clever, fixed = map(compile_template, ("{{ nombre }}", "{{ nombre|upper }} {{ valor_1 }}", "Hola"))

    assert (plain.tokens, plain.plain, plain.constant) == (frozenset({"first_name"}), True, False)
    assert (clever.tokens, clever.plain, clever.constant) == (frozenset({"first_name", "value_1"}), False, False)
    assert (fixed.tokens, fixed.plain, fixed.constant) == (frozenset(), True, True)


def test_each_language_has_a_token_for_every_field() -> None:
    """In the manual's order, which is the upload's."""
    for language in ("es", "en", "pt-BR", "xx"):
        assert tuple(tokens(language).values()) == FIELDS
    assert next(iter(tokens("es"))) == "numero"
    assert tokens("pt-BR")["sobrenome"] == "last_name"


@pytest.mark.parametrize("token", [name for language in ("es", "en", "pt") for name in tokens(language)])
def test_every_token_that_is_shown_works(token: str) -> None:
    """Whatever the language of the person who writes."""
    assert compile_template("{{ " + token + " }}").plain


VALUES = st.fixed_dictionaries({field: st.text(max_size=60) for field in FIELDS})
PIECES = st.lists(
    st.one_of(
        st.sampled_from(sorted(tokens("es"))).map(lambda t: (True, t)), st.text(max_size=20).map(lambda t: (False, t))
    ),
    max_size=8,
)


@given(PIECES, VALUES)
def test_the_fast_way_renders_what_jinja_renders(pieces: list[tuple[bool, str]], values: dict[str, str]) -> None:
    """Tokens and any text between them; a filter that changes nothing leads the second one through Jinja2."""
    if any("{" in text or "}" in text or "\r" in text for is_token, text in pieces if not is_token):
        return
    fast = compile_template("".join("{{ " + text + " }}" if is_token else text for is_token, text in pieces))
    slow = compile_template(
        "".join("{{ " + text + "|default('') }}" if is_token else text for is_token, text in pieces)
    )
    blank = {field: value if value.strip() else "" for field, value in values.items()}

    assert fast.plain
    assert fast.render(blank) == slow.render(blank)


@given(st.text(st.sampled_from("{}%#|()'\" nombreif=.,[]~*1-\n"), max_size=60), VALUES)
def test_no_text_breaks_the_checker(source: str, values: dict[str, str]) -> None:
    """It renders, or it is refused with a reason; nothing else; and never with brackets of ours in it."""
    try:
        template = compile_template(source)
        text = template.render({field: value.replace("{", "(") for field, value in values.items()})
    except BadTemplate:
        return
    except TextTooLong:
        return

    assert "{{" not in text


@pytest.mark.parametrize("tag", ["for x in y", "foo", "-macro x()"])
def test_a_tag_that_is_not_closed_is_refused_by_its_name(tag: str) -> None:
    """That it lacks its end, or is unknown to Jinja2, is not what the person should mend."""
    with pytest.raises(TemplateNotAllowed) as caught:
        compile_template(f"Hola\n{{%{tag} %}}")

    assert caught.value.values == {"line": 2, "what": tag.removeprefix("-").split()[0]}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("Hola", id="constant"),
        pytest.param("100% de {{ nombre }}", id="one token"),
        pytest.param("{{ apellido }}, {{ nombre }}: {{ nombre }}", id="tokens in any order"),
        pytest.param("{% if nombre %}Hola {{ nombre }}{% else %}Hola{% endif %}", id="more than tokens"),
    ],
)
def test_a_row_and_a_mapping_give_the_same_text(source: str) -> None:
    """By the million it goes by rows."""
    template = compile_template(source)
    row = ["Ana", "", "Rojas"]
    places = {"first_name": 0, "last_name": 2}

    fields = {name: row[place] for name, place in places.items()}
    assert template.by_position(places)(row) == template.render(fields)
