"""What an import does with contacts that are there: what each choice writes, and that each is undone exactly."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.models import Account, Contact, ContactGroup, ImportJob, ImportState
from domain.rules.existing import Existing
from domain.usecases import groups, import_run, imports, numbering, undo
from tests.conftest import OWNER
from tests.domain.usecases.test_undo import tables

ANA, LUIS = 51987763010, 51987763011


async def run(account: Account, content: bytes, group_id: int, existing: Existing = Existing.FILL) -> imports.Job:
    """A file that is in."""
    job_id = await imports.receive(account.id, "a.csv", content, person_id=OWNER, chat_id=OWNER, group_id=group_id)
    await imports.set_existing(account.id, job_id, existing=existing)
    await imports.review(account.id, job_id)
    await imports.confirm(account.id, job_id)
    assert await import_run.run_job(job_id)
    return await imports.get(account.id, job_id)


@pytest.mark.parametrize(
    ("existing", "fields"),
    [
        pytest.param(Existing.FILL, ("Anita", "Ruiz", "Lima", "1"), id="what is filled wins"),
        pytest.param(Existing.LEAVE, ("Ana", "Ruiz", "Lima", "1"), id="they stay as they are"),
        pytest.param(Existing.REPLACE, ("Anita", "", "Lima", ""), id="the file's columns win, blank or not"),
    ],
)
async def test_what_becomes_of_a_contact_that_is_there(
    account: Account, existing: Existing, fields: tuple[str, ...]
) -> None:
    """A column that the file does not have is never touched; in each case it joins the group."""
    first = await groups.create(account.id, "Uno")
    await run(account, b"numero,nombre,apellido,direccion,valor_1\n51987763010,Ana,Ruiz,Lima,1\n", first)
    second = await groups.create(account.id, "Dos")
    job = await run(
        account, b"numero,nombre,apellido,valor_1\n51987763010,Anita,,\n51987763011,Luis,,\n", second, existing
    )
    ana = await Contact.get(msisdn=ANA)

    assert (ana.first_name, ana.last_name, ana.address, ana.value_1) == fields
    assert (await Contact.get(msisdn=LUIS)).first_name == "Luis"
    assert (await groups.get(account.id, second)).contacts == 2
    assert job.counts is not None
    assert (job.counts.created, job.counts.updated) == (1, 1)


_names = st.text(st.sampled_from("abñ \t\\;'"), max_size=4)
_files = st.lists(st.tuples(st.integers(ANA, ANA + 9), _names, _names), min_size=1, max_size=12)


def written(rows: list[tuple[int, str, str]]) -> bytes:
    """As a file."""
    lines = [";".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows]
    return "\r\n".join(["numero;nombre;apellido", *lines]).encode()


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_files, rows=_files, existing=st.sampled_from(Existing))
async def test_again_it_changes_nothing_and_undone_everything_is_as_it_was(
    account: Account, before: list[tuple[int, str, str]], rows: list[tuple[int, str, str]], existing: Existing
) -> None:
    """By every row of the tables, ids and times included."""
    await Contact.filter(account=account).delete()
    number = await ImportJob.all().count()
    group_id = await groups.create(account.id, f"g{number}")
    await run(account, written(before), group_id)
    was = await tables()
    first = await run(account, written(rows), group_id, existing)
    then = await tables()
    await run(account, written(rows), group_id, existing)

    assert await tables() == then
    assert first.change_id is not None
    await undo.undo(account.id, first.change_id, by=OWNER, now=datetime.now(UTC))
    assert await tables() == was
    await ContactGroup.filter(id=group_id).delete()


async def test_a_country_that_is_enabled_is_taken_from_then_on(account: Account) -> None:
    """Refused and named before; an owner enables it, and the dry run is taken anew."""
    group_id = await groups.create(account.id, "Uno")
    content = b"51987763010\n+573001234567\n+573001234568\n+56961234567\n"
    job_id = await imports.receive(account.id, "a.csv", content, person_id=OWNER, chat_id=OWNER, group_id=group_id)
    refused = (await imports.review(account.id, job_id)).counts
    missed = await imports.missed_countries(account.id, job_id)
    await numbering.enable(account.id, ["CO"], by=OWNER)
    await imports.recount(account.id, job_id)
    counts = (await imports.review(account.id, job_id)).counts

    assert refused is not None
    assert refused.refused == {"import.reason.country_not_enabled": 3}
    assert missed == ["CO", "CL"]
    assert counts is not None
    assert (counts.contacts, sum(counts.refused.values())) == (3, 1)
    assert await numbering.disable(account.id, "PE", by=OWNER) == ("CO", "PE")
    with pytest.raises(numbering.NoSuchCountry):
        await numbering.enable(account.id, ["XX"], by=OWNER)


async def test_another_table_of_an_archive_goes_in_after_the_first(account: Account) -> None:
    """The bytes are kept for it; each table is warned about for itself."""
    from tests.domain.usecases.nasty_files import zipped

    group_id = await groups.create(account.id, "Uno")
    first = await run(account, zipped({"a.csv": b"51987763010\n", "b.csv": b"51987763011,Luis\n"}), group_id)
    second = await imports.again(account.id, first.id)
    job = await imports.get(account.id, second)

    assert first.state is ImportState.DONE
    assert (job.part, job.table.name) == (1, "b.csv")
    assert await imports.before(account.id, second) is None
    single = await run(account, b"51987763012\n", group_id)
    with pytest.raises(imports.UploadGone):
        await imports.again(account.id, single.id)
