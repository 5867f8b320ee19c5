"""Reading uploads without a database: every file of the corpus comes to what it must, row by row."""

import sqlite3
from pathlib import Path

import pytest

from domain.rules.csv_layout import FileRejected
from domain.usecases.import_file import ERRORS, STAGED, look_at, read_into
from domain.usecases.import_reader import look, read
from domain.usecases.import_spec import (
    LookSpec,
    Numbering,
    ReadSpec,
    Tally,
    as_json,
    look_from,
    read_spec_from,
    unpack_errors,
)
from tests.domain.usecases.nasty_files import EXCEL_PEOPLE, EXCEL_ROWS, PACKED, REFUSED, ROWS, TEXTS, Nasty, workbook

PERU = Numbering("PE", ("PE",))


def told_nothing(_done: int, _total: int) -> None:
    """Nobody asks."""


def read_nasty(nasty: Nasty, folder: Path) -> Tally:
    """As the import does it: look, then read."""
    seen = look_at(nasty.content, LookSpec(nasty.name, PERU, nasty.part, nasty.encoding))
    spec = ReadSpec(seen.parts[seen.index], seen.layout, seen.columns, PERU)
    assert look_from(as_json(seen)) == seen
    assert read_spec_from(as_json(spec)) == spec
    return read_into(folder, nasty.content, spec, told_nothing)


def contacts_in(folder: Path) -> dict[int, tuple[str, ...]]:
    """What is staged, without blanks at the end."""
    found = {}
    for msisdn, *fields in sqlite3.connect(folder / STAGED).execute("select * from staged"):
        while fields and fields[-1] == "":
            fields.pop()
        found[msisdn] = tuple(fields)
    return found


@pytest.mark.parametrize("nasty", [n for n in (*TEXTS, *PACKED) if n.error is None], ids=lambda nasty: nasty.id)
def test_a_file_comes_to_what_it_holds(nasty: Nasty, tmp_path: Path) -> None:
    """The value of each contact; line, column, value and reason of each refused row."""
    tally = read_nasty(nasty, tmp_path)
    errors = list(unpack_errors((tmp_path / ERRORS).read_bytes()))

    assert contacts_in(tmp_path) == dict(nasty.contacts)
    assert [(e.line, e.column, e.value, e.reason.rpartition(".")[2]) for e in errors] == list(nasty.refused)
    assert tally.rows == tally.contacts + tally.repeated + len(errors)


@pytest.mark.parametrize("nasty", [n for n in (*TEXTS, *REFUSED) if n.error], ids=lambda nasty: nasty.id)
def test_a_file_is_refused_with_the_limit_named(nasty: Nasty, tmp_path: Path) -> None:
    """As a whole, before much of it is unpacked."""
    assert nasty.error is not None
    with pytest.raises(nasty.error) as refused:
        read_nasty(nasty, tmp_path)

    assert {name: refused.value.values.get(name) for name in nasty.values} == nasty.values


async def test_a_workbook_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Looked at and read; what it was given does not stay behind."""
    content = workbook([["vacía"]], EXCEL_ROWS)
    seen = await look(content, LookSpec("a.xlsx", PERU, 1))
    file = await read(content, ReadSpec(seen.parts[1], seen.layout, seen.columns, PERU), told_nothing)

    assert [part.sheet for part in seen.parts] == ["Hoja1", "Hoja2"]
    assert contacts_in(file.folder) == EXCEL_PEOPLE
    file.close()
    assert not file.folder.exists()


async def test_a_large_text_is_read_in_a_process_of_its_own_and_tells_how_far_it_is() -> None:
    """To the same result as in a thread."""
    content = ROWS.encode() + b"".join(b"9877%05d;x;y\n" % n for n in range(30_000))
    seen = await look(content, LookSpec("a.csv", PERU))
    told: list[tuple[int, int]] = []
    file = await read(
        content,
        ReadSpec(seen.parts[0], seen.layout, seen.columns, PERU),
        lambda done, total: told.append((done, total)),
    )

    assert file.tally.contacts == 30_002
    assert told
    assert all(done <= total for done, total in told)
    file.close()


async def test_a_refusal_of_the_process_is_raised_here() -> None:
    """With its values."""
    broken = workbook(EXCEL_ROWS)[:3_000]

    with pytest.raises(FileRejected) as refused:
        await look(broken, LookSpec("a.xlsx", PERU))
    assert type(refused.value).key == "file.broken"
