"""Imports: what a file comes to, and that kill, restart, cancel and doing it twice change nothing of that."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import store
from domain.errors import NotFound, WrongState
from domain.models import Account, Contact, ContactGroup, ImportJob, ImportState, Notice, NoticeKind, UploadPiece
from domain.rules.contact_csv import Field, FileEmpty, FileNotText, RowError
from domain.rules.upload import FileBroken
from domain.store import SliceCounts
from domain.usecases import blacklist, contacts, groups, import_run, imports, uploads
from domain.usecases.import_spec import pack_errors, unpack_errors
from domain.usecases.imports import Job

SAMPLES = Path(__file__).parents[3] / "sandbox" / "samples"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
async def group_id(account: Account) -> int:
    """An empty group."""
    return await groups.create(account.id, "Clientes")


async def upload(account: Account, content: bytes, group_id: int | None, name: str = "contactos.csv") -> int:
    """A file in the owner's chat."""
    return await imports.receive(account.id, name, content, person_id=1001, chat_id=1001, group_id=group_id)


async def confirmed(account: Account, content: bytes, group_id: int) -> int:
    """A file on its way in."""
    job_id = await upload(account, content, group_id)
    await imports.review(account.id, job_id)
    assert (await imports.confirm(account.id, job_id)).state is ImportState.RUNNING
    return job_id


async def imported(account: Account, content: bytes, group_id: int) -> Job:
    """A file that is in."""
    job_id = await confirmed(account, content, group_id)
    assert await import_run.run_job(job_id)
    return await imports.get(account.id, job_id)


async def everything(account: Account) -> list[tuple[Any, ...]]:
    """All contacts, without ids and times."""
    names = ("msisdn", "first_name", "last_name", "email", "address", "value_1", "value_2", "value_3")
    return [tuple(row) for row in await Contact.filter(account=account).order_by("msisdn").values_list(*names)]


def numbers(count: int, *, name: str = "n") -> bytes:
    """A file of that many rows in falling order, every tenth number twice."""
    rows = [f"51987{n:06d},{name}{n}" for n in range(count, 0, -1)]
    rows += [f"51987{n:06d},again{n}" for n in range(10, count, 10)]
    return "\n".join(rows).encode()


@pytest.mark.parametrize(
    ("name", "rows", "new", "repeated", "refused", "layout"),
    [
        pytest.param("contacts_manual.csv", 2, 2, 0, {}, ("utf-8", ",", False), id="manual"),
        pytest.param(
            "contacts_excel_es.csv",
            9,
            4,
            1,
            {"scientific": 1, "landline": 1, "empty": 1, "not_a_number": 1},
            ("cp1252", ";", True),
            id="Excel in Spanish",
        ),
        pytest.param(
            "contacts_utf8_bom.csv", 2, 1, 0, {"country_not_enabled": 1}, ("utf-8-sig", ",", True), id="UTF-8 with BOM"
        ),
        pytest.param("contacts_tab_utf16.csv", 2, 2, 0, {}, ("utf-16", "\t", True), id="Excel's Unicode text"),
    ],
)
async def test_the_sample_files_come_to_what_they_hold(
    account: Account,
    group_id: int,
    name: str,
    rows: int,
    new: int,
    repeated: int,
    refused: dict[str, int],
    layout: tuple[str, str, bool],
) -> None:
    """Each kind of file that people send, counted before and after."""
    job_id = await upload(account, (SAMPLES / name).read_bytes(), group_id, name)
    seen = await imports.review(account.id, job_id)
    await imports.confirm(account.id, job_id)
    assert await import_run.run_job(job_id)
    job = await imports.get(account.id, job_id)

    assert seen.counts is not None
    assert job.counts is not None
    assert (seen.layout.encoding, seen.layout.delimiter, seen.header) == layout
    assert (seen.counts.rows, seen.counts.new, seen.counts.known, seen.counts.repeated) == (rows, new, 0, repeated)
    assert {key.removeprefix("import.reason."): n for key, n in seen.counts.refused.items()} == refused
    assert rows == new + repeated + sum(refused.values())
    assert (job.state, job.counts.created, job.counts.updated) == (ImportState.DONE, new, 0)
    assert (await groups.get(account.id, group_id)).contacts == new


async def test_refused_rows_are_named_by_line_column_and_value(account: Account, group_id: int) -> None:
    """For ``errores.csv`` and the first lines on the screen."""
    job_id = await upload(account, (SAMPLES / "contacts_excel_es.csv").read_bytes(), group_id)
    await imports.review(account.id, job_id)

    assert [(e.line, e.column, e.value, e.reason) for e in await imports.errors(account.id, job_id)] == [
        (3, 1, "5,19989E+10", "import.reason.scientific"),
        (6, 1, "(01) 444-5555", "import.reason.landline"),
        (8, 1, "", "import.reason.empty"),
        (9, 1, "abc", "import.reason.not_a_number"),
    ]


async def test_of_a_number_that_comes_twice_the_last_row_wins(account: Account, group_id: int) -> None:
    """The manual is silent; the panel's habit is that what is further down is newer."""
    job = await imported(account, b"51987763010,Jose,Torres\n51987763011,Ana\n+51 987 763 010,Juan,\n", group_id)

    assert await everything(account) == [
        (51987763010, "Juan", "", "", "", "", "", ""),
        (51987763011, "Ana", "", "", "", "", "", ""),
    ]
    assert job.counts is not None
    assert (job.counts.created, job.counts.repeated) == (2, 1)


async def test_the_dry_run_tells_new_known_and_blacklisted_and_writes_nothing(account: Account, group_id: int) -> None:
    """What a person decides on."""
    await contacts.add(account.id, None, line="51987763010,Jose")
    await blacklist.put(account.id, [51987763011], source=blacklist.Source.MANUAL, by=1)
    job_id = await upload(account, b"51987763010\n51987763011\n51987763012\n", group_id)
    counts = (await imports.review(account.id, job_id)).counts

    assert counts is not None
    assert (counts.new, counts.known, counts.blacklisted) == (2, 1, 1)
    assert await Contact.all().count() == 1


@pytest.mark.parametrize(
    ("content", "error"),
    [
        pytest.param(b"", FileEmpty, id="nothing"),
        pytest.param(b"\r\n \r\n", FileEmpty, id="blank lines"),
        pytest.param(PNG, FileNotText, id="an image"),
        pytest.param(b"PK\x03\x04" + bytes(40), FileBroken, id="a broken workbook"),
        pytest.param(b"%PDF-1.7\n" + bytes(40), FileNotText, id="a PDF"),
    ],
)
async def test_what_is_no_contact_file_is_refused_and_not_kept(
    account: Account, content: bytes, error: type[Exception]
) -> None:
    """No half import is left behind."""
    with pytest.raises(error):
        await upload(account, content, None)

    assert await ImportJob.all().count() == 0


async def test_the_same_file_again_is_noticed(account: Account, group_id: int) -> None:
    """Also under another name; a file given up before does not count."""
    content = numbers(3)
    first = await upload(account, content, group_id)
    second = await upload(account, content, group_id)
    assert await imports.before(account.id, second) is None
    await imports.review(account.id, first)
    await imports.confirm(account.id, first)
    running = await imports.before(account.id, second)
    await import_run.run_job(first)
    done = await imports.before(account.id, second)

    assert running is not None
    assert running.ended_at is None
    assert done is not None
    assert done.ended_at is not None
    assert done.group == "Clientes"


async def test_a_column_is_one_field_and_a_change_voids_the_dry_run(account: Account, group_id: int) -> None:
    """A field chosen twice moves; the counts are taken anew."""
    job_id = await upload(account, b"Jose,987763010,987763011\n", group_id)
    before = await imports.review(account.id, job_id)
    await imports.set_column(account.id, job_id, column=2, field=Field.MSISDN)
    changed = await imports.get(account.id, job_id)

    assert before.columns.index(Field.MSISDN) == 1
    assert changed.columns[1:] == (None, Field.MSISDN)
    assert changed.counts is None
    await imports.review(account.id, job_id)
    await imports.confirm(account.id, job_id)
    await import_run.run_job(job_id)
    assert [row[0] for row in await everything(account)] == [51987763011]
    with pytest.raises(WrongState):
        await imports.set_column(account.id, job_id, column=0, field=None)
    with pytest.raises(NotFound):
        await imports.set_column(account.id, job_id, column=9, field=None)


async def test_a_header_can_be_switched_off_and_on(account: Account, group_id: int) -> None:
    """The guess may be wrong."""
    job_id = await upload(account, b"987763010,Ana\n987763011,Luis\n", group_id)
    assert not (await imports.get(account.id, job_id)).header
    await imports.set_header(account.id, job_id, header=True)
    counts = (await imports.review(account.id, job_id)).counts

    assert counts is not None
    assert counts.rows == 1


async def test_without_a_column_of_numbers_or_rows_it_cannot_be_confirmed(account: Account, group_id: int) -> None:
    """The button is not shown; a forged one is refused."""
    job_id = await upload(account, b"nombre,telefono\nhola,abc\n", group_id)
    counts = (await imports.review(account.id, job_id)).counts
    assert counts is not None
    assert counts.contacts == 0
    with pytest.raises(WrongState):
        await imports.confirm(account.id, job_id)
    await imports.set_column(account.id, job_id, column=1, field=None)

    assert (await imports.review(account.id, job_id)).counts is None
    with pytest.raises(WrongState):
        await imports.confirm(account.id, job_id)


async def test_two_taps_on_confirm_import_once(account: Account, group_id: int) -> None:
    """The second one shows how it stands."""
    job_id = await confirmed(account, numbers(3), group_id)
    again = await imports.confirm(account.id, job_id)
    await import_run.run_job(job_id)

    assert again.state is ImportState.RUNNING
    assert not await import_run.run_job(job_id)
    assert (await imports.confirm(account.id, job_id)).state is ImportState.DONE


async def test_the_bytes_are_dropped_and_one_result_is_told(account: Account, group_id: int) -> None:
    """However often the end is reached."""
    job_id = await confirmed(account, numbers(3), group_id)
    before = (await ImportJob.get(id=job_id)).upload
    assert await import_run.run_job(job_id)
    job = await imports.get(account.id, job_id)
    assert not await import_run.end(job.id, ImportState.DONE)
    notice = await Notice.get()

    assert await uploads.content_of(job.id) is None
    assert not await UploadPiece.filter(upload=before).exists()
    assert (notice.key, notice.kind, notice.chat_id) == (f"import:{job.id}", NoticeKind.IMPORTED, 1001)
    assert job.ended_at is not None


async def test_another_accounts_import_is_not_found(account: Account, group_id: int) -> None:
    """Ids in a button are never trusted."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="X")
    theirs = await groups.create(other.id, "Suyo")
    job_id = await upload(account, numbers(2), group_id)
    for refused in (
        imports.get(other.id, job_id),
        imports.set_header(other.id, job_id, header=True),
        imports.set_group(account.id, job_id, group_id=theirs),
        imports.review(other.id, job_id),
        imports.confirm(other.id, job_id),
        imports.cancel(other.id, job_id),
        imports.errors(other.id, job_id),
    ):
        with pytest.raises(NotFound):
            await refused
    await imports.discard(other.id, job_id)
    assert await ImportJob.all().count() == 1


class Interrupted(BaseException):
    """As ``kill -9``: nothing of ours catches it."""


@pytest.fixture
def small_slices(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven rows a slice, without a pause."""
    monkeypatch.setattr(type(store.current()), "import_rows", 7)
    monkeypatch.setattr(type(store.current()), "import_pause_s", 0.0)


def interrupt_after(slices: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[None]]) -> None:
    """Let something happen when so many slices are committed."""
    db = store.current()
    original, done = db.import_slice, 0

    async def import_slice(*args: Any, **named: Any) -> SliceCounts | None:
        nonlocal done
        counts = await original(*args, **named)
        done += 1
        if done == slices:
            await act()
        return counts

    monkeypatch.setattr(db, "import_slice", import_slice)


@pytest.mark.parametrize("slices", [1, 4, 8])
@pytest.mark.usefixtures("small_slices")
async def test_killed_between_slices_it_goes_on_and_counts_everything_once(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch, slices: int
) -> None:
    """Rows and counts are those of an import that nobody disturbed."""
    content = numbers(50)
    await contacts.add(account.id, None, line="51987000020,old,Old")
    job_id = await confirmed(account, content, group_id)

    async def die() -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        interrupt_after(slices, patch, die)
        with pytest.raises(Interrupted):
            await import_run.run_job(job_id)
    halfway = await imports.get(account.id, job_id)
    assert await import_run.run_job(job_id)
    job = await imports.get(account.id, job_id)

    assert halfway.counts is not None
    assert halfway.counts.written == min(50, 7 * slices)
    assert job.counts is not None
    assert (job.counts.created, job.counts.updated, job.counts.repeated) == (49, 1, 4)
    rows = await everything(account)
    assert [row[0] for row in rows] == [51987000000 + n for n in range(1, 51)]
    assert [row[1] for row in rows] == [f"again{n}" if n % 10 == 0 and n < 50 else f"n{n}" for n in range(1, 51)]
    assert rows[19][2] == "Old"
    assert (await groups.get(account.id, group_id)).contacts == 50


@pytest.mark.usefixtures("small_slices")
async def test_cancelled_it_stops_at_a_slice_and_says_what_is_written(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written stays; the bytes go."""
    job_id = await confirmed(account, numbers(50), group_id)

    async def cancel() -> None:
        await imports.cancel(account.id, job_id)

    interrupt_after(2, monkeypatch, cancel)
    assert not await import_run.run_job(job_id)
    job = await imports.cancel(account.id, job_id)

    assert job.state is ImportState.CANCELLED
    assert job.counts is not None
    assert job.counts.written == 14
    assert await Contact.all().count() == 14
    assert await uploads.content_of(job_id) is None
    assert await Notice.all().count() == 0


@pytest.mark.usefixtures("small_slices")
async def test_a_group_deleted_meanwhile_ends_the_import_with_the_reason(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind our back: our own screen refuses to delete it."""
    job_id = await confirmed(account, numbers(50), group_id)

    async def delete() -> None:
        await ContactGroup.filter(id=group_id).delete()

    interrupt_after(2, monkeypatch, delete)
    await import_run._attempt(job_id)
    notice = await Notice.get()

    assert (await imports.get(account.id, job_id)).state is ImportState.FAILED
    assert notice.detail == {"reason": "imports.failed.group_gone"}


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the runner; it looks twice a second."""
    async with asyncio.timeout(20):
        while not await condition():
            await asyncio.sleep(0.02)


async def test_the_runner_carries_out_what_is_confirmed_and_what_a_crash_left(account: Account, group_id: int) -> None:
    """Two of one account come one after the other."""
    jobs = [await confirmed(account, numbers(5 + n), group_id) for n in range(2)]
    stop = asyncio.Event()
    runner = asyncio.create_task(imports.run_jobs(stop))

    async def done() -> bool:
        return not await ImportJob.filter(state=ImportState.RUNNING).exists()

    await until(done)
    stop.set()
    await asyncio.wait_for(runner, 5)
    states = [await imports.get(account.id, job_id) for job_id in jobs]

    assert [job.counts.written for job in states if job.counts] == [5, 6]
    assert await Notice.all().count() == 2


@pytest.mark.usefixtures("small_slices")
async def test_the_runner_stops_between_slices_and_another_goes_on(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the program is stopped and started in mid-import."""
    job_id = await confirmed(account, numbers(50), group_id)
    stop = asyncio.Event()

    async def ask_to_stop() -> None:
        stop.set()

    with monkeypatch.context() as patch:
        interrupt_after(3, patch, ask_to_stop)
        patch.setattr(type(store.current()), "import_pause_s", 0.05)
        await asyncio.wait_for(imports.run_jobs(stop), 20)
    halfway = await imports.get(account.id, job_id)
    assert await import_run.run_job(job_id)

    assert halfway.counts is not None
    assert 21 <= halfway.counts.written < 50
    assert await Contact.all().count() == 50


async def test_a_job_that_fails_for_no_reason_of_its_own_is_given_up_after_three_times(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It must not go round for ever, and the person is told."""
    job_id = await confirmed(account, numbers(5), group_id)

    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(store.current(), "import_slice", broken)
    runner = import_run._Runner()
    for _ in range(3):
        await runner._guarded(job_id)

    assert (await imports.get(account.id, job_id)).state is ImportState.FAILED
    assert (await Notice.get()).detail == {"reason": "imports.failed.unexpected"}


async def test_uploads_that_nobody_confirms_are_deleted_after_a_day(account: Account, group_id: int) -> None:
    """They hold the bytes of the file."""
    kept = await upload(account, numbers(2), group_id)
    await upload(account, numbers(3), group_id)
    await ImportJob.exclude(id=kept).update(created_at=datetime.now(UTC) - timedelta(days=2))

    assert await import_run.sweep(datetime.now(UTC)) == 1
    assert await ImportJob.all().values_list("id", flat=True) == [kept]


async def test_an_upload_lies_in_pieces_and_comes_back_whole(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a write of its own, so that megabytes hold up nobody."""
    monkeypatch.setattr(uploads, "PIECE", 100)
    content = numbers(50)
    job_id = await upload(account, content, group_id)
    sizes = [len(piece.content) for piece in await UploadPiece.all()]

    assert await uploads.content_of(job_id) == content
    assert (len(sizes), max(sizes)) == (-(-len(content) // 100), 100)
    await imports.review(account.id, job_id)
    await imports.discard(account.id, job_id)
    assert await UploadPiece.all().count() == 0


async def test_the_refused_rows_are_still_named_after_the_import(
    account: Account, group_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They lie in pieces too, and outlive the upload."""
    monkeypatch.setattr(uploads, "PIECE", 10)
    job = await imported(account, numbers(3) + b"".join(b"\nno%d,x" % n for n in range(30)), group_id)

    assert [error.value for error in await imports.errors(account.id, job.id)] == [f"no{n}" for n in range(30)]


async def test_the_refused_rows_are_kept_for_a_month(account: Account, group_id: int) -> None:
    """Those of an earlier release too; how many they were is kept with the import."""
    old, older, young = [await imported(account, numbers(n) + b"\nbad,x", group_id) for n in (3, 4, 5)]
    month_ago = datetime.now(UTC) - import_run.ERRORS_FOR
    await ImportJob.filter(id__in=[old.id, older.id]).update(ended_at=month_ago - timedelta(minutes=1))
    await ImportJob.filter(id=young.id).update(ended_at=month_ago + timedelta(minutes=1))
    await ImportJob.filter(id=older.id).update(
        refused=None, errors=pack_errors(await imports.errors(account.id, old.id))
    )
    await UploadPiece.all().update(created_ms=0)
    await import_run.sweep(datetime.now(UTC))

    assert [len(await imports.errors(account.id, job.id)) for job in (old, older, young)] == [0, 0, 1]
    assert await UploadPiece.all().count() == 1
    assert [(await imports.get(account.id, job.id)).counts for job in (old, older)] == [old.counts, older.counts]


async def test_an_upload_of_an_earlier_release_is_read(account: Account, group_id: int) -> None:
    """Its bytes lie in the job's row."""
    job_id = await upload(account, numbers(3), group_id)
    await ImportJob.filter(id=job_id).update(content=numbers(5), upload=None)
    await imports.review(account.id, job_id)
    await imports.confirm(account.id, job_id)

    assert await import_run.run_job(job_id)
    assert await uploads.content_of(job_id) is None
    assert await Contact.all().count() == 5


async def test_pieces_that_no_import_names_are_swept(account: Account, group_id: int) -> None:
    """A kill between two pieces, or while they are dropped, leaves nothing; a young upload may yet be named."""
    cut_short, young = await uploads.keep(b"half"), await uploads.keep(b"half")
    job = await imported(account, numbers(3) + b"\nbad,x", group_id)
    waiting = await upload(account, numbers(2), group_id)
    await UploadPiece.exclude(upload=young).update(created_ms=0)

    assert await uploads.sweep() == 1
    assert [await uploads.read(name) for name in (cut_short, young)] == [b"", b"half"]
    assert await uploads.content_of(waiting) == numbers(2)
    assert len(await imports.errors(account.id, job.id)) == 1


async def test_a_nul_in_a_file_does_not_stop_the_import(account: Account, group_id: int) -> None:
    """PostgreSQL takes none, neither in text nor in JSON."""
    content = "51987763010\tA\0na\r\n51987763011\tLuis\r\nab\0c\tx\r\n".encode("utf-16")
    job = await imported(account, content, group_id)

    assert [row[1] for row in await everything(account)] == ["Ana", "Luis"]
    assert job.counts is not None
    assert sum(job.counts.refused.values()) == 1


_cells = st.text(st.sampled_from("abñ 1,;\"'=\n"), max_size=6)
_files = st.lists(st.tuples(st.integers(51_900_000_000, 51_900_000_012), _cells, _cells), min_size=1, max_size=20)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_files)
async def test_importing_a_file_twice_changes_nothing(account: Account, rows: list[tuple[int, str, str]]) -> None:
    """Whatever is in it: same contacts, same groups, and everything of it is known the second time."""
    await Contact.filter(account=account).delete()
    group_id = await groups.create(account.id, f"g{await ImportJob.all().count()}")
    quoted = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows]
    content = "\r\n".join(quoted).encode()
    first = await imported(account, content, group_id)
    before = await everything(account)
    members = (await groups.get(account.id, group_id)).contacts
    second = await imported(account, content, group_id)

    assert await everything(account) == before
    assert (await groups.get(account.id, group_id)).contacts == members == len({row[0] for row in rows})
    assert first.counts is not None
    assert second.counts is not None
    assert (second.counts.created, second.counts.updated) == (0, first.counts.created)
    assert second.counts.repeated == first.counts.repeated


@given(st.lists(st.builds(RowError, st.integers(1), st.integers(0), st.text(), st.text(min_size=1))))
def test_refused_rows_come_out_as_they_went_in(errors: list[RowError]) -> None:
    """Line separators of other scripts among them."""
    assert list(unpack_errors(pack_errors(errors))) == errors


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param("contactos_clientes-2026.csv", "contactos clientes 2026", id="words"),
        pytest.param("Lista (final) ñandú.CSV", "Lista final ñandú", id="accents"),
        pytest.param(".csv", "csv", id="only an ending"),
        pytest.param("", "", id="nothing"),
        pytest.param("x" * 200 + ".csv", "x" * 80, id="long"),
    ],
)
def test_a_group_is_suggested_after_the_file(name: str, title: str) -> None:
    """One tap less for most people."""
    assert imports.suggested_title(name) == title
