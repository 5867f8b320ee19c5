"""Contact files: how they are written, what their columns mean, and every row's fate with its line."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.contact_csv import (
    MAX_CELL,
    REASONS,
    ColumnMap,
    Field,
    FileEmpty,
    FileNotText,
    FileRejected,
    Layout,
    Preview,
    Row,
    RowError,
    TooManyColumns,
    TooManyRows,
    detect,
    errors_csv,
    guess_columns,
    preview_text,
    read_rows,
)
from domain.rules.csv_records import MAX_LINE, LineTooLong, records_of
from domain.rules.msisdn import NumberPlan

PERU = NumberPlan("PE")
SAMPLES = Path(__file__).parents[3] / "sandbox" / "samples"
IN_ORDER = tuple(Field)


def preview(content: bytes) -> Preview:
    """A look at a file."""
    return preview_text(io.BytesIO(content), io.BytesIO(content), PERU)


def read_as(content: bytes, layout: Layout, columns: ColumnMap) -> list[Row | RowError]:
    """All of it, in a given way."""
    return list(read_rows(records_of(io.BytesIO(content), layout), columns=columns, plan=PERU))


def read(content: bytes) -> list[Row | RowError]:
    """As the import does it: look, then read."""
    seen = preview(content)
    return read_as(content, seen.layout, seen.columns)


def fates(rows: Iterable[Row | RowError]) -> list[tuple[int, int | str]]:
    return [(row.line, row.msisdn if isinstance(row, Row) else row.reason.rpartition(".")[2]) for row in rows]


def test_the_excel_sample_row_by_row() -> None:
    """Semicolons, Windows-1252, a header with accents, and every way in which Excel spoils a number."""
    content = (SAMPLES / "contacts_excel_es.csv").read_bytes()
    seen = preview(content)
    rows = read(content)

    assert seen.layout == Layout("cp1252", ";")
    assert seen.columns == ColumnMap(IN_ORDER, header=True)
    assert seen.header_cells[0] == "Número"
    assert fates(rows) == [
        (2, 51987763010),
        (3, "scientific"),
        (4, 51987763011),
        (5, 51987763012),
        (6, "landline"),
        (7, 51987763010),
        (8, "empty"),
        (9, "not_a_number"),
        (10, 51987763013),
    ]
    assert rows[0] == Row(
        2, 51987763010, "José", "Núñez", "jnunez@example.com", "Av. Perú 123, Lima", "Vence el 5/12", "1.250,50", "Gold"
    )
    assert rows[1] == RowError(3, 1, "5,19989E+10", "import.reason.scientific")
    assert isinstance(rows[2], Row)
    assert rows[2].address == "Jr. «Los Álamos» 45; dpto. 3"
    assert isinstance(rows[8], Row)
    assert rows[8].last_name == '=HYPERLINK("http://x")'


def test_the_manuals_sample() -> None:
    """No header, commas, eight columns in the manual's order."""
    content = (SAMPLES / "contacts_manual.csv").read_bytes()

    assert preview(content).columns == ColumnMap(IN_ORDER, header=False)
    assert read(content) == [
        Row(1, 51987763010, "Jose", "Torres", "jtorres@itelvox.com", "", "Deuda", "100", "200"),
        Row(2, 51989450371, "Jannet", "Quintana", "jquintana@itelvox.com", "", "Deuda", "300", "400"),
    ]


def test_the_utf8_sample() -> None:
    """A BOM, an English header, a line break inside a cell, two countries."""
    rows = read((SAMPLES / "contacts_utf8_bom.csv").read_bytes())

    assert rows == [
        Row(2, 51987763020, "Ana", "Ruiz", "ana@example.com", "Calle 1", "a", "b", "c"),
        Row(3, 573001234567, "Luis", "Gómez", "", "Bogotá\nPiso 2", "", "", ""),
    ]


def test_the_utf16_sample() -> None:
    """Excel's "Unicode text": tabs, two columns."""
    content = (SAMPLES / "contacts_tab_utf16.csv").read_bytes()

    assert preview(content).layout == Layout("utf-16", "\t")
    assert [row[:3] for row in read(content) if isinstance(row, Row)] == [
        (2, 51987763030, "Rosa"),
        (3, 51987763031, "Saúl"),
    ]


TEXT = "teléfono;nombre\n987763010;Zoë\n987763011;Íñigo\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("cp1252"), "cp1252"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp850"), "cp1252"),  # cannot be told apart: a person sees it in the preview
    ],
)
def test_the_encoding_is_found(content: bytes, encoding: str) -> None:
    """By its mark, by strict UTF-8, by the NULs of UTF-16; else it is Windows-1252."""
    assert detect(io.BytesIO(content)).encoding == encoding


def test_a_sample_may_end_within_a_character() -> None:
    """Only the beginning of a file was read."""
    content = "nombre,Zoë".encode()

    assert detect(io.BytesIO(content[:-1])).encoding == "utf-8"


@pytest.mark.parametrize(
    ("text", "delimiter", "preamble"),
    [
        pytest.param("51987763010\n51987763011\n", ",", 0, id="one column"),
        pytest.param("+51 987 763 010\n+51 987 763 011\n", ",", 0, id="blanks are no delimiter"),
        pytest.param("987763010;1.250,50\n987763011;3,5\n", ";", 0, id="decimal commas"),
        pytest.param("987763010;Av. Peru 1, Lima, PE\n987763011;Jr. Ica 2, Lima, PE\n", ";", 0, id="commas in cells"),
        pytest.param("987763010,a;b\n987763011,c\n", ",", 0, id="a stray semicolon"),
        pytest.param("987763010|Jose\n987763011|Ana\n", "|", 0, id="bars"),
        pytest.param("sep=;\n987763010;a,b\n987763011;c,d\n", ";", 1, id="Excel's own line"),
        pytest.param('987763010;"a\nb;c"\n987763011;d\n', ";", 0, id="a line break in a cell"),
    ],
)
def test_the_delimiter_is_found(text: str, delimiter: str, preamble: int) -> None:
    """The one that cuts the lines alike."""
    found = detect(io.BytesIO(text.encode()))

    assert (found.delimiter, found.preamble) == (delimiter, preamble)


@pytest.mark.parametrize(
    ("content", "error", "values"),
    [
        pytest.param(b"", FileEmpty, {}, id="nothing"),
        pytest.param(b" \r\n\r\n", FileEmpty, {}, id="blank lines"),
        pytest.param(b"\xef\xbb\xbf", FileEmpty, {}, id="only a mark"),
        pytest.param(b";;;\r\n;;;\r\n", FileEmpty, {}, id="only delimiters"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", FileNotText, {"kind": "png"}, id="PNG"),
        pytest.param(b"\xff\xd8\xff\xe0\0\x10JFIF", FileNotText, {"kind": "jpg"}, id="JPEG"),
        pytest.param(b"%PDF-1.7\n", FileNotText, {"kind": "pdf"}, id="PDF"),
        pytest.param(b"PK\x03\x04\x14\0", FileNotText, {"kind": "zip"}, id="a workbook is a ZIP"),
        pytest.param(bytes(range(256)) * 8, FileNotText, {"kind": ""}, id="noise"),
        pytest.param(b"\1\2\3\4" * 50, FileNotText, {"kind": ""}, id="control characters"),
        pytest.param(b",".join([b"x"] * 51), TooManyColumns, {"limit": 50, "columns": 51}, id="51 columns"),
        pytest.param(b"1\n" * 3_000_001, TooManyRows, {"limit": 1_000_000}, id="three million lines"),
        pytest.param(b"1" * 70_000 + b"\n" + b"1" * MAX_LINE, LineTooLong, {"limit": MAX_LINE}, id="an endless line"),
    ],
)
def test_a_file_that_is_no_contact_file_is_refused(
    content: bytes, error: type[FileRejected], values: dict[str, object]
) -> None:
    """Whole, with the reason, before anything is read."""
    with pytest.raises(error) as refused:
        preview(content)

    assert refused.value.values == values


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    """It is refused, or every row has a fate."""
    try:
        rows = read(content)
    except FileRejected:
        return

    assert all(isinstance(row, Row) or row.reason in REASONS for row in rows)


N = "987763010"


@pytest.mark.parametrize(
    ("rows", "columns", "header"),
    [
        pytest.param([[N, "Jose", "Torres"]], ["msisdn", "first_name", "last_name"], False, id="the manual's order"),
        pytest.param([["Jose", "Torres", N]], ["first_name", "last_name", "msisdn"], False, id="the number is last"),
        pytest.param([[N, "a@b.pe", "Jose"]], ["msisdn", "email", "first_name"], False, id="e-mail in another place"),
        pytest.param(
            [["Nombres", "TELÉFONO", "Correo electrónico"], ["Jose", N, ""]],
            ["first_name", "msisdn", "email"],
            True,
            id="Spanish words, any order",
        ),
        pytest.param(
            [["Last Name", "Mobile Number", "First-Name"], ["T", N, "J"]],
            ["last_name", "msisdn", "first_name"],
            True,
            id="English words",
        ),
        pytest.param(
            [["Celular", "Nome", "Sobrenome", "Endereço"], [N, "J", "T", "R"]],
            ["msisdn", "first_name", "last_name", "address"],
            True,
            id="Portuguese words",
        ),
        pytest.param(
            [["Teléfono", "Nombre", "Deuda", "Vence"], [N, "J", "100", "5/12"]],
            ["msisdn", "first_name", "value_1", "value_2"],
            True,
            id="other words become values",
        ),
        pytest.param(
            [["Número", "Celular"], ["12345678", N], ["87654321", "987763011"]],
            ["value_1", "msisdn"],
            True,
            id="two are called so: the one that holds numbers",
        ),
        pytest.param([["Código", "Dato"], [N, "x"]], ["msisdn", "first_name"], True, id="a word above numbers"),
        pytest.param(
            [["5,2E+10", "Zoe"], [N, "J"]], ["msisdn", "first_name"], False, id="a spoilt number is no header"
        ),
        pytest.param([["abc", "x"], ["def", "y"]], ["msisdn", "first_name"], False, id="no number at all"),
        pytest.param([], [], False, id="no rows"),
    ],
)
def test_the_columns_are_guessed(rows: list[list[str]], columns: list[str], header: bool) -> None:
    """By words, else by what stands there; the person sees it and may correct it."""
    assert guess_columns(rows, plan=PERU) == ColumnMap(tuple(map(Field, columns)), header)


def test_columns_may_be_corrected_and_left_out() -> None:
    """The person's word, not the guess."""
    columns = ColumnMap((None, Field.MSISDN, Field.VALUE_3), header=False)
    rows = read_as(b"x,987763010,y\n", Layout("utf-8", ","), columns)

    assert rows == [Row(1, 51987763010, "", "", "", "", "", "", "y")]
    with pytest.raises(ValueError, match="phone"):
        read_as(b"", Layout("utf-8", ","), ColumnMap((None,), header=False))


def test_lines_are_those_of_the_file() -> None:
    """Blank lines, line breaks in cells and Excel's first line count; rows of nothing are passed over."""
    content = b'sep=;\r\nnumero;nombre\r\n\r\n987763010;"a\r\nb"\r\n;;\r\n987763011;c\r\nabc;d\r\n'

    assert fates(read(content)) == [(4, 51987763010), (7, 51987763011), (8, "not_a_number")]


def test_a_quote_that_is_never_closed_swallows_nothing() -> None:
    """It is a letter like others; every row behind it is still read."""
    stray = [b'987763010;"Jose', *(b"9877630%d;x" % n for n in range(11, 90))]

    assert fates(read(b"\n".join(stray))) == [(n + 1, 51987763010 + n) for n in range(80)]


def test_many_stray_quotes_take_no_longer() -> None:
    """Each one costs at most a few lines read twice."""
    rows = read(b"".join(b'9%08d;"x%d\n' % (87_000_000 + n, n) for n in range(20_001)))

    assert len(rows) == 20_001


def test_cells_have_a_length() -> None:
    """255 characters fit; more is that row's fault, whichever the column."""
    rows = read(f"987763010,{'x' * MAX_CELL}\n987763011,{'x' * (MAX_CELL + 1)}\n{'9' * 300},x\n".encode())

    assert fates(rows) == [(1, 51987763010), (2, "cell_too_long"), (3, "cell_too_long")]
    assert isinstance(rows[1], RowError)
    assert (rows[1].column, len(rows[1].value)) == (2, 100)


def test_a_long_cell_in_a_column_that_is_not_taken_refuses_no_row() -> None:
    """A note of whoever kept the list: it goes nowhere, so it needs no room."""
    columns = ColumnMap((Field.MSISDN, None, Field.FIRST_NAME), header=False)
    records = [
        (1, ["987763010", "x" * 300, "Ana"]),
        (2, ["987763011", "x" * 300, "y" * 300]),
        (3, ["98", "x" * 300, ""]),
    ]
    rows = list(read_rows(iter(records), columns=columns, plan=NumberPlan("PE")))

    assert fates(rows) == [(1, 51987763010), (2, "cell_too_long"), (3, "too_short")]
    assert isinstance(rows[1], RowError)
    assert rows[1].column == 3


def test_a_row_with_more_cells_than_the_header_is_not_guessed() -> None:
    """An address with a comma would push every value one place on."""
    rows = read(b"numero,direccion,valor_1\n987763010,Av. Peru 1, Lima,100\n987763011,x,1,,\n")

    assert fates(rows) == [(2, "too_many_cells"), (3, 51987763011)]


def test_a_short_row_is_blank_behind() -> None:
    """Excel leaves out what is empty at the end."""
    assert read(b"987763010,a,b\n987763011\n")[1] == Row(2, 51987763011, "", "", "", "", "", "", "")


def test_a_wrong_email_is_kept() -> None:
    """We send no e-mail: it is the person's own text."""
    row = read(b"numero,email\n987763010,nobody at example\n")[0]

    assert isinstance(row, Row)
    assert row.email == "nobody at example"


def test_nul_and_dos_end_of_file_never_reach_the_database() -> None:
    """PostgreSQL takes no NUL in a text."""
    content = b"987763010,Jose\n" * 5_000 + b"987763010,a\0b\n\x1a"

    assert read(content)[-1] == Row(5_001, 51987763010, "ab", "", "", "", "", "", "")


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=12)
CONTACTS = st.lists(st.tuples(st.integers(980_000_000, 989_999_999), CELLS, CELLS, CELLS), min_size=1, max_size=20)


@given(CONTACTS, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le"]))
def test_what_a_spreadsheet_writes_is_read_back(
    contacts: list[tuple[int, str, str, str]], delimiter: str, encoding: str
) -> None:
    """Whatever stands in the cells."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(("numero", "nombre", "apellido", "direccion"))
    writer.writerows(contacts)
    columns = ColumnMap((Field.MSISDN, Field.FIRST_NAME, Field.LAST_NAME, Field.ADDRESS), header=True)
    content = out.getvalue().encode(encoding)
    rows = read_as(content, Layout(encoding, delimiter), columns)

    assert [
        (row.msisdn - 51_000_000_000, row.first_name, row.last_name, row.address)
        for row in rows
        if isinstance(row, Row)
    ] == contacts


def test_refusals_go_out_as_a_file_that_a_spreadsheet_does_not_compute() -> None:
    """UTF-8 with BOM, the account's delimiter; a number's apostrophe is taken off when it comes back."""
    errors = [RowError(3, 1, "=1+1", "import.reason.not_a_number"), RowError(4, 1, "+51 9", "import.reason.too_short")]
    content = errors_csv(
        errors,
        ";",
        header=("Línea", "Columna", "Valor", "Motivo"),
        reasons={"import.reason.not_a_number": "No es un número"},
    )

    assert content.decode("utf-8-sig").splitlines() == [
        "Línea;Columna;Valor;Motivo",
        "3;1;'=1+1;No es un número",
        "4;1;'+51 9;import.reason.too_short",
    ]
    assert content.startswith(b"\xef\xbb\xbf")
