"""Importing in the chat: from the file to the result, and every file that is none."""

import csv
import io
from pathlib import Path

import pytest

from bot.conversations.contacts_import import AskFile, SetColumn, ShowPreview, letter
from bot.conversations.import_result import follow_import, tell_result
from bot.conversations.import_review import AskGroup, Confirm, Review, StopReading
from bot.progress import bar
from bot.screen import Follow
from domain import store
from domain.errors import NotAllowed, NotFound
from domain.models import Account, Contact, ImportJob, ImportState, LiveViewKind, Notice
from domain.rules.role import Role
from domain.usecases import contacts, groups, import_run, imports
from domain.usecases.import_progress import ReadingStopped
from locales import Texts
from tests.bot.conftest import Cast
from tests.bot.conversations.sending import Sender, check, sender_of

SAMPLES = Path(__file__).parents[3] / "sandbox" / "samples"
EXCEL = (SAMPLES / "contacts_excel_es.csv").read_bytes()


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Sender:
    """The owner, once in each language."""
    return sender_of(sqlite_account, texts)


async def reviewed(owner: Sender, content: bytes = EXCEL, name: str = "contacts_excel_es.csv") -> int:
    """A file up to the dry run, into a new group named after it; the import's id."""
    t = owner.chat.t
    await owner.send(content, name)
    await owner.tap(t.label("imports.continue"))
    await owner.tap(t.label("imports.group.suggested", title="").split("«")[0].split("“")[0].strip())
    return (await ImportJob.all().order_by("-id").first().values("id"))["id"]


async def test_a_file_sent_at_any_moment_goes_to_the_result_by_taps(owner: Sender) -> None:
    """Columns, group, dry run, progress, result with the refused rows as a file."""
    t = owner.chat.t
    await owner.send(EXCEL, "contacts_excel_es.csv")
    text = owner.screen.text
    assert "Windows-1252" in text
    assert t.label("imports.delimiter.semicolon") in text
    assert "José" in text
    assert owner.has(f"A · {t.label('field_short.msisdn')}")
    assert owner.has(t.label("imports.header_on"))
    await owner.tap(t.label("imports.continue"))
    assert owner.asked is not None
    await owner.tap("contacts excel es")
    text = owner.screen.text
    assert owner.said
    assert t("imports.review.new", number="4") in text
    assert t("imports.review.repeated", number="1") in text
    assert t("imports.refused.count", count=4) in text
    assert t.label("import.reason.scientific") in text
    assert "5,19989E+10" in text
    await owner.tap(t.label("imports.confirm", count=4))
    job = await ImportJob.get()
    assert owner.screen.follow == Follow(LiveViewKind.IMPORT, job.id)
    assert await import_run.run_job(job.id)
    screen, last = await follow_import(job.id, owner.chat)
    assert last
    assert screen.text.endswith(t("imports.ended.done"))
    result = await tell_result(await Notice.get(), owner.chat)
    check(result)

    assert t("imports.result.created", number="4") in result.text
    (document,) = result.documents
    rows = list(csv.reader(io.StringIO(document.content.decode("utf-8-sig")), delimiter=";"))
    assert document.name == t.label("imports.errors.file")
    assert rows[0] == [t.label(f"imports.errors.{name}") for name in ("line", "column", "value", "reason")]
    assert rows[1] == ["3", "1", "5,19989E+10", t.label("import.reason.scientific")]
    assert len(rows) == 5
    labels = [button.label for row in result.rows for button in row]
    assert t.label("imports.see_group") in labels
    assert t.label("groups.campaign") in labels


async def test_a_file_for_a_group_goes_there_without_asking(owner: Sender, sqlite_account: Account) -> None:
    """The button stood on the group's screen."""
    t = owner.chat.t
    group_id = await groups.create(sqlite_account.id, "Clientes")
    await contacts.add(sqlite_account.id, None, line="51987763010")
    await owner.do(AskFile(group_id))
    await owner.send((SAMPLES / "contacts_manual.csv").read_bytes())
    await owner.tap(t.label("imports.continue"))

    assert t("imports.review.rows", count=2, group="Clientes") in owner.screen.text
    assert t("imports.review.known.fill", number="1") in owner.screen.text
    await owner.tap(t.label("imports.change_group"))
    await owner.tap(t.label("groups.new"))
    await owner.type("Otros")
    assert t("imports.review.rows", count=2, group="Otros") in owner.screen.text
    await owner.tap(t.label("imports.change_group"))
    await owner.type("Sin pedirlo")
    assert t("imports.review.rows", count=2, group="Sin pedirlo") in owner.screen.text


async def test_each_step_leads_back_to_the_one_before(owner: Sender) -> None:
    """From the dry run to the group, from the group to the columns."""
    t = owner.chat.t
    job_id = await reviewed(owner)
    assert owner.button(t.label("nav.back")).action == AskGroup(job_id)
    await owner.tap(t.label("nav.back"))

    assert owner.button(t.label("nav.back")).action == ShowPreview(job_id)


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        pytest.param("foto.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), "imports.refused.image", id="a PNG named csv"),
        pytest.param("lista.pdf", b"%PDF-1.4 x", "imports.refused.document", id="PDF"),
        pytest.param("lista.xlsx", b"PK\x03\x04" + bytes(99), "file.broken", id="xlsx"),
        pytest.param("lista.xls", b"<html><table>", "imports.refused.html", id="a web page named xls"),
        pytest.param("agenda.vcf", b"BEGIN:VCARD\n", "imports.refused.vcf", id="vCard"),
        pytest.param("lista.xls", b"\xd0\xcf\x11\xe0" + bytes(99), "file.broken", id="xls"),
        pytest.param("lista.zip", b"PK\x03\x04" + bytes(99), "file.broken", id="zip"),
        pytest.param("lista.rar", b"Rar!" + bytes(99), "imports.refused.archive", id="rar"),
        pytest.param("lista.csv", bytes(range(32)) * 9, "file.not_text", id="noise"),
        pytest.param("lista.csv", b"", "file.empty", id="empty"),
        pytest.param("", b" \n", "file.empty", id="blank"),
    ],
)
async def test_what_is_no_list_is_refused_in_plain_words(owner: Sender, name: str, content: bytes, key: str) -> None:
    """With what to do instead, and the question stays open for the next file."""
    await owner.send(content, name)

    assert owner.chat.t(key) in owner.screen.text
    assert owner.asked is not None
    assert await ImportJob.all().count() == 0


async def test_a_file_that_is_too_large_is_refused_before_it_is_fetched(owner: Sender) -> None:
    """Telegram would not give it anyway."""
    t = owner.chat.t
    await owner.send(b"51987763010", size=21_000_000)

    assert t("imports.refused.too_large", size=t.number(21.0), limit=20) in owner.screen.text
    assert await ImportJob.all().count() == 0


async def test_the_same_file_again_is_warned_about(owner: Sender) -> None:
    """With when and where it went."""
    job_id = await reviewed(owner)
    await owner.do(Confirm(job_id))
    await import_run.run_job(job_id)
    await owner.send(EXCEL, "otro nombre.csv")

    assert "contacts excel es" in owner.screen.text
    assert "(Lima)" in owner.screen.text


async def test_a_column_is_changed_by_tapping_it(owner: Sender) -> None:
    """With samples of what is in it; without a number column one cannot go on."""
    t = owner.chat.t
    await owner.send(b"987763010,Ana,987763011\n987763012,Luis,987763013\n")
    await owner.tap("A · ")
    assert "987763010" in owner.screen.text
    await owner.tap(t.label("imports.column.none"))
    assert t("imports.no_number") in owner.screen.text
    assert not owner.has(t.label("imports.continue"))
    await owner.tap("C · ")
    await owner.tap(t.label("field.msisdn"))

    assert owner.has(f"C · {t.label('field_short.msisdn')}")
    assert owner.has(t.label("imports.continue"))
    await owner.tap(t.label("imports.header_off"))
    assert owner.has(t.label("imports.header_on"))
    assert "987763010" not in owner.screen.text
    job_id = (await ImportJob.get()).id
    with pytest.raises(NotFound):
        await owner.do(SetColumn(job_id, 7, "email"))


async def test_a_wide_file_shows_its_columns_by_pages(owner: Sender) -> None:
    """Eight at once; cells are cut and escaped."""
    cells = ",".join(["987763010", "<script>&", "una celda muy larga que no cabe en la pantalla", *"abcdefghij"])
    await owner.send(f"{cells}\n{cells}\n".encode())
    assert "&lt;script&gt;&amp;" in owner.screen.text
    assert "una celda mu…" in owner.screen.text
    await owner.tap("›")

    assert owner.has("M · ")
    assert not owner.has("A · ")


async def test_the_example_is_the_manuals_and_imports_as_it_is(owner: Sender) -> None:
    """*Archivo de ejemplo* of the manual, with its two rows."""
    t = owner.chat.t
    await owner.do(AskFile())
    await owner.tap(t.label("imports.example"))
    (document,) = owner.screen.documents
    assert document.name == "contact_sample.csv"
    assert owner.asked is not None
    job_id = await reviewed(owner, document.content, document.name)
    await owner.do(Confirm(job_id))
    await import_run.run_job(job_id)

    assert await Contact.all().order_by("msisdn").values_list("msisdn", "first_name", "value_3") == [
        (51987763010, "Jose", "200"),
        (51989450371, "Jannet", "400"),
    ]


async def test_a_file_without_a_usable_row_offers_no_import(owner: Sender) -> None:
    """It says so, and gives the rows with their reasons."""
    t = owner.chat.t
    await reviewed(owner, b"telefono,nombre\nabc,Ana\n12,Luis\n", "malo.csv")
    assert t("imports.review.nothing") in owner.screen.text
    assert not owner.has("✔")
    await owner.tap(t.label("imports.errors"))

    (document,) = owner.screen.documents
    assert document.content.count(b"\r\n") == 3
    assert t("imports.review.nothing") in owner.screen.text


async def test_refused_rows_that_are_not_kept_any_more_are_said_to_be_gone(owner: Sender) -> None:
    """A month later the button is still there."""
    t = owner.chat.t
    job_id = await reviewed(owner, b"telefono,nombre\nabc,Ana\n12,Luis\n", "malo.csv")
    await ImportJob.filter(id=job_id).update(state=ImportState.DONE, refused=None)
    await owner.tap(t.label("imports.errors"))

    assert (owner.screen.toast, owner.screen.documents) == (t.label("imports.errors.gone", days=30), ())


async def test_an_upload_can_be_given_up(owner: Sender) -> None:
    """Nothing of it stays, not the group that was named for it either, and its old buttons find nothing."""
    t = owner.chat.t
    job_id = await reviewed(owner)
    assert len(await groups.lines(owner.chat.account.id)) == 1
    await owner.tap(t.label("nav.cancel"))

    assert owner.screen.toast == t.label("imports.discarded")
    assert not await groups.lines(owner.chat.account.id)
    with pytest.raises(NotFound):
        await owner.do(Review(job_id))


async def test_giving_an_upload_up_leaves_a_group_that_was_there(owner: Sender) -> None:
    """Empty or not: it was not made for the file."""
    t = owner.chat.t
    kept = await groups.create(owner.chat.account.id, "Clientes")
    await owner.send(EXCEL, "contacts_excel_es.csv")
    await owner.tap(t.label("imports.continue"))
    await owner.tap("Clientes")
    await owner.tap(t.label("nav.cancel"))

    assert [line.id for line in await groups.lines(owner.chat.account.id)] == [kept]


async def test_numbers_of_a_country_that_is_not_enabled_come_with_the_way_to_enable_it(owner: Sender) -> None:
    """One tap from the refusal to the country, and the same file is counted anew."""
    t = owner.chat.t
    await reviewed(owner, b"numero\n+573001234567\n+573001234568\n", "colombia.csv")
    assert t("imports.review.nothing_abroad") in owner.screen.text
    assert t("number.enable_country") in owner.screen.text
    await owner.tap(t.label("imports.countries"))
    await owner.tap(t.country("CO"))

    assert t("imports.review.new", number="2") in owner.screen.text
    assert t("number.enable_country") not in owner.screen.text


async def test_a_reading_that_is_stopped_says_so(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two is drawn last: the tap, or what was waiting for the end. The columns are there again."""
    t = owner.chat.t
    job_id = await reviewed(owner)

    async def stopped(_account_id: int, _job_id: int) -> None:
        raise ReadingStopped

    await ImportJob.filter(id=job_id).update(counts={})
    monkeypatch.setattr(imports, "review", stopped)
    for action in (Review(job_id), StopReading(job_id)):
        await owner.do(action)
        assert t("imports.stopped") in owner.screen.text
        assert owner.has(t.label("imports.continue"))


async def test_progress_tells_rate_and_time_left_and_can_be_stopped(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped, the same message says what was written; old buttons lead there too."""
    t = owner.chat.t
    rows = "\n".join(f"51987{n:06d}" for n in range(100)).encode()
    job_id = await reviewed(owner, rows, "cien.csv")
    await owner.do(Confirm(job_id))
    assert t("imports.reading") in owner.screen.text
    monkeypatch.setattr(type(store.current()), "import_rows", 40)
    original = store.current().import_slice

    async def stop_after_one(*args: object, **named: object) -> object:
        counts = await original(*args, **named)  # type: ignore[arg-type]
        if counts is None:
            return None
        screen, last = await follow_import(job_id, owner.chat)
        check(screen)
        assert not last
        assert t("imports.running.counts", done="40", total="100") in screen.text
        await owner.tap(t.label("imports.stop"))
        return counts

    monkeypatch.setattr(store.current(), "import_slice", stop_after_one)
    assert not await import_run.run_job(job_id)

    assert t("imports.result.created", number="40") in owner.screen.text
    assert t("imports.result.left", number="60") in owner.screen.text
    assert await Notice.all().count() == 0
    for action in (ShowPreview(job_id), AskGroup(job_id), Review(job_id), Confirm(job_id)):
        await owner.do(action)
        assert t("imports.result.created", number="40") in owner.screen.text


async def test_a_failed_import_says_why(owner: Sender) -> None:
    """In the person's language, with what is written."""
    t = owner.chat.t
    job_id = await reviewed(owner)
    await owner.do(Confirm(job_id))
    await import_run.end(job_id, ImportState.FAILED, reason="imports.failed.group_gone")
    result = await tell_result(await Notice.get(), owner.chat)

    assert t("imports.failed.group_gone") in result.text
    assert t("imports.result.failed", group="contacts excel es") in result.text


async def test_a_viewer_may_not_import(sqlite_account: Account, texts: Texts) -> None:
    """Refused before the file is fetched."""
    viewer = sender_of(sqlite_account, texts, role=Role.VIEWER)
    with pytest.raises(NotAllowed):
        await viewer.send(EXCEL)

    assert await ImportJob.all().count() == 0


@pytest.mark.parametrize(("column", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (49, "AX")])
def test_columns_are_called_as_in_a_spreadsheet(column: int, name: str) -> None:
    """People look for them there."""
    assert letter(column) == name


@pytest.mark.parametrize(("fraction", "filled"), [(0.0, 0), (0.5, 6), (0.999, 11), (1.0, 12), (1.1, 12)])
def test_a_bar_is_full_only_at_the_end(fraction: float, filled: int) -> None:
    """And never longer than it is."""
    drawn = bar(fraction)

    assert drawn.count("█") == filled
    assert drawn.count("█") + drawn.count("░") == 12


async def test_over_the_wire_a_file_becomes_one_result_message_with_its_errors(chat: Cast) -> None:
    """The whole way: bot, runner and outbox against the emulated Telegram."""
    owner = chat.owner
    await owner.upload("clientes.csv", EXCEL)
    await owner.sees("Windows-1252")
    await owner.tap("Continuar")
    await owner.tap("Usar «clientes»")
    await owner.tap("Importar 4 contactos")
    await owner.sees("Importación terminada en el grupo", "Contactos nuevos: 4")
    shown = await owner.messages()

    assert [m["document"]["file_name"] for m in shown if m["sim"]["outgoing"] and "document" in m] == ["errores.csv"]
    await owner.tap("Ver grupo")
    await owner.sees("clientes", "Contactos: 4")
