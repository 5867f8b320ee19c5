"""Contacts as files: what is written, and that the import reads it back unchanged."""

import csv
import io
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from domain.models import Account, ChangeKind, Contact
from domain.rules.contact_filter import Wanted
from domain.rules.formula import unprotect
from domain.store import ImportedRow, Store
from domain.store.contact_sql import FIELDS, STAGED
from domain.usecases import blacklist, contact_export, contact_file, groups, imports, undo
from domain.usecases.blacklist import Source
from domain.usecases.contact_file import FileKind
from tests.conftest import OWNER

FIRST = 51_987_000_000
HEADER = ("Número de Teléfono", "Nombre", "Apellidos", "Email", "Dirección", "Valor #1", "Valor #2", "Valor #3")
_LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\x00\ufeff\ufffe\uffff")
_PIECES = st.sampled_from(
    [
        "=1+1",
        "'",
        "'=1",
        "+51 1",
        "-5",
        "@a",
        '"',
        '";"',
        "\n",
        ";",
        ",",
        "\t",
        "|",
        "007",
        "1E5",
        "😀",
        "ñÁ",
        " ",
        "٣",
        "=",
        "#N/A",
        "TRUE",
    ]
)


def _stored(text: str) -> str:
    """As fields are kept: without blanks around, and lines ended the one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()[:255]


VALUES = st.lists(st.one_of(_PIECES, st.text(_LETTERS, max_size=6)), max_size=5).map("".join).map(_stored)
ROWS = st.lists(st.tuples(*[VALUES] * len(FIELDS)), min_size=1, max_size=12)


@given(data=ROWS)
@settings(max_examples=30)
def test_a_workbook_gives_each_cell_back(data: list[tuple[str, ...]]) -> None:
    """With the apostrophe that the import takes away again."""
    with tempfile.TemporaryDirectory() as folder:
        writer = contact_file.writer_of(FileKind.XLSX, Path(folder) / "a", HEADER[1:])
        writer.write(data)
        writer.close()
        sheet = (
            CalamineWorkbook.from_path(str(Path(folder) / "a")).get_sheet_by_index(0).to_python(skip_empty_area=False)
        )
    cells = [tuple(unprotect(str(cell)) for cell in row) for row in sheet[1:]]

    assert [(*row, *[""] * (len(FIELDS) - len(row))) for row in cells] == data[: len(cells)]
    assert not any(any(row) for row in data[len(cells) :])


async def _untold(_done: int) -> None:
    """Nobody listens."""


async def exported(account: Account, kind: FileKind, wanted: Wanted = Wanted()) -> contact_export.ExportedFile:  # noqa: B008
    """The one file that it comes to."""
    (file,) = await contact_export.contacts(
        account.id, wanted, kind=kind, title="contactos", header=HEADER, told=_untold
    )
    return file


async def snapshot(account: Account) -> list[tuple[object, ...]]:
    """What the contacts hold."""
    return [tuple(row) for row in await Contact.filter(account=account).order_by("msisdn").values_list(*STAGED)]


async def imported(account: Account, file: contact_export.ExportedFile, group_id: int) -> imports.Job:
    """The file brought in as a person does, without correcting anything."""
    job = await imports.receive(account.id, file.name, file.content, person_id=OWNER, chat_id=1, group_id=group_id)
    await imports.review(account.id, job)
    await imports.confirm(account.id, job)
    assert await imports.run_job(job)
    return await imports.get(account.id, job)


@pytest.mark.parametrize("kind", list(FileKind))
@given(data=ROWS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_export_then_import_is_the_identity(
    account: Account, store: Store, kind: FileKind, data: list[tuple[str, ...]]
) -> None:
    """Quotes, line breaks, formulas, apostrophes, emoji, leading zeros: each field of each contact as it was."""
    await Contact.filter(account=account).delete()
    rows = [ImportedRow(FIRST + n, *fields) for n, fields in enumerate(data)]
    change = await undo.begin(account.id, ChangeKind.ADD, by=OWNER)
    await store.write_contacts(account.id, None, rows, now_ms=1, change_id=change)
    await undo.finish(change)
    before = await snapshot(account)
    file = await exported(account, kind)
    await Contact.filter(account=account).delete()
    lines = await groups.lines(account.id)
    group_id = lines[0].id if lines else await groups.create(account.id, "Clientes")
    job = await imported(account, file, group_id)

    assert await snapshot(account) == before
    assert job.counts is not None
    assert dict(job.counts.refused) == {}
    await imported(account, file, group_id)
    assert await snapshot(account) == before


async def test_a_large_csv_is_zipped_and_very_many_rows_are_parted(
    account: Account, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet holds a million rows, and Telegram takes 50 MB."""
    monkeypatch.setattr(contact_file, "ZIP_ABOVE", 10)
    monkeypatch.setattr(contact_export, "ROWS_A_FILE", 4)
    monkeypatch.setattr(contact_export.contact_search, "SLICE", 2)
    change = await undo.begin(account.id, ChangeKind.ADD, by=OWNER)
    rows = [ImportedRow(FIRST + n, "Ana", "", "", "", "", "", "") for n in range(9)]
    await store.write_contacts(account.id, None, rows, now_ms=1, change_id=change)
    told: list[int] = []

    async def note(done: int) -> None:
        told.append(done)

    files = await contact_export.contacts(
        account.id, Wanted(), kind=FileKind.CSV, title="contactos", header=HEADER, told=note
    )

    assert [(file.name, file.rows) for file in files] == [
        ("contactos-1.zip", 4),
        ("contactos-2.zip", 4),
        ("contactos-3.zip", 1),
    ]
    assert told == sorted(told)
    assert told[-1] == 9
    with zipfile.ZipFile(io.BytesIO(files[0].content)) as archive:
        assert archive.namelist() == ["contactos-1.csv"]
        assert archive.read("contactos-1.csv").startswith(b"\xef\xbb\xbf")


async def test_a_workbook_holds_text_only(account: Account, store: Store) -> None:
    """A number with fifteen digits, leading zeros and formulas stay what they are."""
    change = await undo.begin(account.id, ChangeKind.ADD, by=OWNER)
    row = ImportedRow(FIRST, "=1+1", "007", "http://a.pe", "1E5", "", "", "")
    await store.write_contacts(account.id, None, [row], now_ms=1, change_id=change)
    file = await exported(account, FileKind.XLSX)
    cells = CalamineWorkbook.from_filelike(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()

    assert cells[1][:5] == [str(FIRST), "'=1+1", "007", "http://a.pe", "1E5"]


async def test_the_blacklist_is_exported_with_source_and_date(account: Account) -> None:
    """In the account's own hours."""
    await blacklist.put(account.id, [FIRST], source=Source.OPTOUT, by=None)
    entry = await blacklist.find(account.id, FIRST)
    assert entry is not None
    (file,) = await contact_export.blacklist(
        account.id,
        kind=FileKind.CSV,
        title="lista",
        header=("Número", "Origen", "Desde"),
        sources={source: source.upper() for source in Source},
        zone=ZoneInfo("America/Lima"),
    )
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))

    day = entry.since.astimezone(ZoneInfo("America/Lima")).strftime("%Y-%m-%d %H:%M")
    assert rows == [["Número", "Origen", "Desde"], [str(FIRST), "OPTOUT", day]]
    assert entry.since <= datetime.now(UTC)
