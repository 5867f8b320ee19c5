"""Texts and formats of a language and region."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from markupsafe import Markup

from locales import BadCatalogue, Catalogues, load

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
TWO = "nplurals=2; plural=(n != 1);"


def write(folder: Path, language: str, body: str, *, area: str = "common", plural: str = TWO) -> None:
    """A catalogue of the test's."""
    (folder / language).mkdir(exist_ok=True)
    (folder / language / f"{area}.po").write_text(HEADER.format(plural=plural) + body, encoding="utf-8")


@pytest.fixture
def made(tmp_path: Path) -> Catalogues:
    """Two languages with a text of each kind."""
    entry = 'msgid "a"\nmsgstr "<b>{name}</b> & co"\n\nmsgid "n"\nmsgid_plural "n"\n'
    write(tmp_path, "es", entry + 'msgstr[0] "{count} grupo"\nmsgstr[1] "{count} grupos"\n')
    write(tmp_path, "en", entry + 'msgstr[0] "{count} group"\nmsgstr[1] "{count} groups"\n')
    return load(tmp_path)


def test_values_are_escaped_and_the_text_is_not(made: Catalogues):
    """What came from outside cannot become markup; a part of our own stays one."""
    t = made.texts("en", "PE")

    assert t("a", name="<i>") == "<b>&lt;i&gt;</b> & co"
    assert t("a", name=Markup("<i>x</i>")) == "<b><i>x</i></b> & co"
    assert t("a", name=t.markup("n", count=1)) == "<b>1 group</b> & co"
    assert t.label("a", name="<i>") == "<b><i></b> & co"


def test_count_chooses_the_plural_and_is_written_in_the_locales_way(made: Catalogues):
    """In Peru thousands are parted by a comma, in Spain by a point."""
    assert [made.texts("en", "PE")("n", count=n) for n in (0, 1, 2)] == ["0 groups", "1 group", "2 groups"]
    assert made.texts("es", "PE").label("n", count=12044) == "12,044 grupos"
    assert made.texts("es", "ES").label("n", count=12044) == "12.044 grupos"


def test_a_text_that_is_not_there_is_an_error(made: Catalogues):
    """As is a placeholder without its value, or a plural without a number."""
    t = made.texts("en", "PE")
    with pytest.raises(KeyError):
        t("b")
    with pytest.raises(KeyError):
        t("a")
    with pytest.raises(TypeError):
        t("n", count="many")

    assert "a" in t
    assert "b" not in t


@pytest.mark.parametrize(
    ("wanted", "given"), [("en-GB", "en"), ("EN_us", "en"), ("es", "es"), ("fr", "es"), (None, "es"), ("", "es")]
)
def test_the_nearest_language_is_taken(made: Catalogues, wanted: str | None, given: str):
    """Spanish for who speaks none of ours."""
    assert made.known(wanted) == given
    assert made.texts(wanted, "PE").language == given


def test_who_speaks_none_of_ours_gets_the_installations_language(made: Catalogues):
    """Where that is one of ours; else Spanish."""
    assert [made.known("fr", otherwise=otherwise) for otherwise in ("en-GB", "de", "")] == ["en", "es", "es"]
    assert made.known("es-PE", otherwise="en") == "es"


def test_numbers_money_and_moments_are_written_as_in_the_region(catalogues: Catalogues):
    """A price has more decimals than what is paid; a zone is named by its city."""
    t, when, lima = (
        catalogues.texts("es", "PE"),
        datetime(2026, 11, 25, 19, 5, 11, tzinfo=UTC),
        ZoneInfo("America/Lima"),
    )

    assert t.number(1234567) == "1,234,567"
    assert (t.percent(0.625), t.percent(1), t.percent(Decimal(0))) == ("62.5%", "100%", "0%")
    assert t.money(Decimal("1234.5"), "PEN") == "S/\xa01,234.50"
    assert t.money(Decimal("0.0375"), "PEN") == "S/\xa00.0375"
    assert t.money(Decimal(100), "CLP") == "CLP\xa0100"
    assert catalogues.texts("en", "PE").money(Decimal("0.05"), "PEN") == "PEN\xa00.05"
    assert t.moment(when, lima) == "25 nov. 2026, 14:05 (Lima)"
    assert t.day(when, ZoneInfo("UTC")) == "25 nov. 2026"
    assert (t.time(when, lima), t.time(when, lima, seconds=True)) == ("14:05", "14:05:11")
    assert [t.zone(ZoneInfo(key)) for key in ("UTC", "Etc/GMT+5")] == ["UTC", "GMT+5"]
    assert catalogues.texts("en", "PE").moment(when, lima) == "25 Nov 2026, 14:05 (Lima)"


def test_brazilian_portuguese_counts_and_writes_as_in_brazil(catalogues: Catalogues):
    """Whatever Portuguese a client names: nought is singular, and a comma parts the decimals."""
    t, when = catalogues.texts("pt-br", "BR"), datetime(2026, 11, 25, 19, 5, tzinfo=UTC)

    assert [t("home.people", count=count) for count in (0, 1, 2, 12044)] == [
        "<b>0</b> contato", "<b>1</b> contato", "<b>2</b> contatos", "<b>12.044</b> contatos"
    ]  # fmt: skip
    assert (t.money(Decimal("1234.5"), "BRL"), t.percent(0.625)) == ("R$\xa01.234,50", "62,5%")
    assert t.moment(when, ZoneInfo("America/Sao_Paulo")) == "25 nov. 2026, 16:05 (São Paulo)"
    assert (t.weekday(1), t.weekday(1, short=False), t.country("BR")) == ("ter", "terça-feira", "Brasil")
    assert catalogues.texts("pt-PT", "PE").language == "pt"


def test_a_key_that_stands_twice_is_refused(tmp_path: Path):
    """Two areas may not fight over a text."""
    for area in ("common", "account"):
        write(tmp_path, "es", 'msgid "a"\nmsgstr "x"\n', area=area)
    with pytest.raises(BadCatalogue, match=r"es/common\.po: a"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("es", "en", "fault"),
    [
        pytest.param("x", "", "a: empty in en", id="empty"),
        pytest.param("{x}", "{y}", "a: not the same placeholders in es and en", id="placeholders"),
        pytest.param("<b>x</b>", "x", "a: not the same tags in es and en", id="tags"),
        pytest.param("{x.__class__}", "x", "a: {x.__class__} must be a bare name in es", id="attribute"),
        pytest.param("{x:>9}", "{x}", "a: {x} must be a bare name in es", id="format"),
    ],
)
def test_faults_name_the_key_and_what_is_wrong(tmp_path: Path, es: str, en: str, fault: str):
    """One line each."""
    write(tmp_path, "es", f'msgid "a"\nmsgstr "{es}"\n')
    write(tmp_path, "en", f'msgid "a"\nmsgstr "{en}"\n')

    assert fault in load(tmp_path).faults()


def test_faults_find_what_only_one_language_has(tmp_path: Path):
    """Keys, plurals, and work that was not finished."""
    write(tmp_path, "es", 'msgid "a"\nmsgstr "x"\n\nmsgid "p"\nmsgid_plural "p"\nmsgstr[0] "x"\nmsgstr[1] "x"\n')
    write(tmp_path, "en", '#, fuzzy\nmsgid "p"\nmsgstr "x"\n\nmsgid "z"\nmsgstr "x"\n')

    assert set(load(tmp_path).faults()) == {
        "a: only in es", "z: only in en", "p: fuzzy in en", "p: not both plural in es and en"
    }  # fmt: skip
