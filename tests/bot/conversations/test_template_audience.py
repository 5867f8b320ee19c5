"""What a text costs for a real group: extremes, counts, the costly few with their remedies; and its characters."""

import pytest

from bot.conversations.template_audience import ListCostly, MeasureGroup
from bot.conversations.template_marks import ShowCharacters
from domain.models import Account, Contact, Template
from domain.rules.gsm import Alphabet, Carriage
from domain.rules.template import tokens
from domain.usecases import measuring
from domain.usecases.measuring import audience_size, measure
from locales import Texts
from tests.audience import FIRST, group_of
from tests.bot.conversations.talk import Talk, talk_of
from tests.conftest import create_account


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


async def test_a_groups_figures_name_the_extremes_and_the_costly(owner: Talk, sqlite_account: Account) -> None:
    """Twelve contacts: one with a long name, one whose accent makes it Unicode."""
    t, account = owner.chat.t, sqlite_account
    group = await group_of(account, "clientes", 12)
    await Contact.filter(msisdn=FIRST).update(first_name="x" * 70)
    await Contact.filter(msisdn=FIRST + 1).update(first_name="José Raúl")
    template = await Template.create(account=account, title="uno", text="Hola {{ nombre }}" + "y" * 100)
    await owner.do(MeasureGroup(template.id, group.id))
    text = owner.screen.text
    two = t.label("templates.segments", count=2)
    assert t("audience.people", count=12) in text
    assert t("audience.row", segments=two, people="2", cost=f" · {t.money(4 * account.segment_price, 'PEN')}") in text
    assert t("audience.ucs2", count=1) in text
    await owner.tap(t.label("audience.costly_button", count=2))
    assert "ú → u" in owner.screen.text
    first_name = next(token for token, field in tokens(t.language).items() if field == "first_name")
    assert t("audience.why_long", where=f"{{{{ {first_name} }}}}", length=70,
             count=15, gain=f" · {t.label('marks.saves', count=1)} ({t.money(account.segment_price, 'PEN')})"
             ) in owner.screen.text  # fmt: skip
    await owner.do(MeasureGroup(template.id, group.id))
    await owner.tap(t.label("audience.make_plain"))

    assert "{{ nombre|plain }}" in (await Template.get()).text
    found = await measure(account.id, (await Template.get()).text, [group.id], recipients=12)
    assert (found.costly_count, found.ucs2) == (1, 0)


async def test_a_long_value_is_cut_by_one_tap(owner: Talk, sqlite_account: Account) -> None:
    """To the length at which the dearest takes no more than the others."""
    account = sqlite_account
    group = await group_of(account, "clientes", 5)
    await Contact.filter(msisdn=FIRST).update(first_name="x" * 70)
    template = await Template.create(account=account, title="uno", text="Hola {{ nombre }}" + "y" * 100)
    await owner.do(MeasureGroup(template.id, group.id))
    await owner.tap("✂️")
    found = await measure(account.id, (await Template.get()).text, [group.id], recipients=5)

    assert found.by_segments == {1: 5}


async def test_everybody_costing_the_same_is_said(owner: Talk, sqlite_account: Account) -> None:
    """An old button for the list of the costly shows that there are none."""
    group = await group_of(sqlite_account, "clientes", 3)
    template = await Template.create(account=sqlite_account, title="uno", text="Hola {{ nombre }}")
    await owner.do(ListCostly(template.id, group.id))

    assert owner.chat.t("audience.nobody_costly") in owner.screen.text


async def test_a_large_group_is_sampled_and_it_is_said(
    owner: Talk, sqlite_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit."""
    monkeypatch.setattr(measuring, "EXACT_LIMIT", 100)
    group = await group_of(sqlite_account, "clientes", 300)
    template = await Template.create(account=sqlite_account, title="uno", text="Hola {{ nombre }}")
    await owner.do(MeasureGroup(template.id, group.id))
    size = await audience_size(sqlite_account.id, [group.id])
    found = await measure(sqlite_account.id, "Hola {{ nombre }}", [group.id], recipients=size)

    assert "≈" in owner.screen.text
    assert not found.exact
    assert found.by_segments == {1: 300}


async def test_a_sample_is_drawn_from_all_of_an_account_that_came_late(
    sqlite_account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its contacts have the highest ids: the first of them stand for no more than they are."""
    await group_of(sqlite_account, "otra", 1_000)
    late = await create_account("Otra")
    group = await group_of(late, "clientes", 200)
    await Contact.filter(account=late, msisdn__gte=FIRST + 100).update(first_name="x" * 200)
    monkeypatch.setattr(measuring, "EXACT_LIMIT", 100)
    found = await measure(late.id, "Hola {{ nombre }}", [group.id], recipients=200)

    assert not found.exact
    assert abs(found.by_segments[2] - 100) <= 10


async def test_each_character_is_shown_in_place_and_replaced_alone(owner: Talk, sqlite_account: Account) -> None:
    """What it saves is said; tokens are left alone."""
    t = owner.chat.t
    template = await Template.create(account=sqlite_account, title="uno", text="Pagó “hoy” [{{ nombre }}]" + "x" * 60)
    await owner.do(ShowCharacters(template.id))
    assert "<u><b>ó</b></u>" in owner.screen.text
    await owner.tap("ó → o")
    assert "Pago “hoy” [{{ nombre }}]" in (await Template.get()).text
    await owner.tap("[ → (")
    assert "Pago “hoy” ({{ nombre }}]" in (await Template.get()).text
    await owner.tap(t.label("templates.replace"))

    assert 'Pago "hoy" ({{ nombre }}]' in (await Template.get()).text


async def test_a_route_with_the_spanish_table_is_counted_by_it(owner: Talk, sqlite_account: Account) -> None:
    """As the sender said of its route."""
    await measuring.carries(Carriage(Alphabet.SPANISH))
    group = await group_of(sqlite_account, "clientes", 2)
    found = await measure(sqlite_account.id, "á" * 77, [group.id], recipients=2)

    assert (found.by_segments, found.ucs2) == ({1: 2}, 0)
