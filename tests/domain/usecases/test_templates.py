"""Templates on both engines: titles are unique in an account, texts are checked, drafts are told of changes."""

import pytest

from domain.errors import NotFound, TitleMissing, TitleTaken, TitleTooLong
from domain.models import Account, Campaign, Template
from domain.rules.template import BadTemplate
from domain.usecases import templates
from domain.usecases.templates import TextMissing
from tests.audience import group_of


@pytest.fixture
async def template(account: Account) -> Template:
    """One with a text."""
    made = await templates.create(account.id, title=" cobranza  mayo ")
    return await templates.write(account.id, made.id, text="  Hola {{ nombre }}\n")


async def test_a_title_is_one_line_and_its_own(account: Account, template: Template) -> None:
    """Blank, too long and taken are refused, also when renaming."""
    assert (template.title, template.text) == ("cobranza mayo", "Hola {{ nombre }}")
    other = await templates.create(account.id, title="otro")
    for title, error in (("\n ", TitleMissing), ("x" * 81, TitleTooLong), ("cobranza mayo", TitleTaken)):
        with pytest.raises(error):
            await templates.create(account.id, title=title)
        with pytest.raises(error):
            await templates.rename(account.id, other.id, title=title)

    assert (await templates.rename(account.id, other.id, title="otro más")).title == "otro más"


async def test_a_bad_text_leaves_the_good_one(account: Account, template: Template) -> None:
    """Nothing changes unless all of it can be used."""
    for text, error in (("", TextMissing), ("{{ secreto }}", BadTemplate), ("{{ nombre", BadTemplate)):
        with pytest.raises(error):
            await templates.write(account.id, template.id, text=text)

    assert (await templates.get(account.id, template.id)).text == "Hola {{ nombre }}"


async def test_drafts_count_as_changed_with_their_template(account: Account, template: Template) -> None:
    """A launch asked for on an older screen is refused; what was launched has its copy."""
    draft = await Campaign.create(account=account, template=template, created_by=1, chat_id=1)
    await templates.write(account.id, template.id, text="Adiós")
    await draft.refresh_from_db()
    assert draft.revision == 1
    assert await templates.drafts_using(account.id, template.id) == 1
    await templates.delete(account.id, template.id)
    await templates.delete(account.id, template.id)
    changed = await Campaign.get(id=draft.id).select_related("template")

    assert (changed.revision, changed.template) == (2, None)


async def test_copies_take_the_first_title_that_is_free(account: Account, template: Template) -> None:
    """Text and description go along; a long title is cut."""
    await templates.describe(account.id, template.id, description=" para  mayo ")
    pattern = "{title} (copia {number})"
    first = await templates.copy(account.id, template.id, pattern=pattern)
    second = await templates.copy(account.id, template.id, pattern=pattern)
    await templates.rename(account.id, template.id, title="x" * 80)
    long = await templates.copy(account.id, template.id, pattern=pattern)

    assert [first.title, second.title] == ["cobranza mayo (copia 1)", "cobranza mayo (copia 2)"]
    assert (first.text, first.description) == ("Hola {{ nombre }}", "para mayo")
    assert len(long.title) == 80


async def test_what_costs_more_is_replaced_in_the_whole_text(account: Account, template: Template) -> None:
    """Tokens are words of ours in any writing."""
    await templates.write(account.id, template.id, text="Atención {{ dirección }} “sí”")
    replaced = await templates.replace_foreign(account.id, template.id)

    assert replaced.text == 'Atencion {{ direccion }} "si"'


async def test_readers_go_round(account: Account, template: Template) -> None:
    """‹ and › through the contacts of the account, in order, and round at the ends."""
    assert await templates.reader(account.id) is None
    await group_of(account, "uno", 1)
    alone = await templates.reader(account.id)
    assert alone is not None
    assert (alone.before, alone.after) == (None, None)
    await group_of(account, "tres", 3)
    first = await templates.reader(account.id)
    assert first is not None
    assert first.after is not None
    second = await templates.reader(account.id, first.after)
    assert second is not None
    gone = await templates.reader(account.id, 10**9)

    assert second.before == first.contact_id
    assert (second.fields["first_name"], second.fields["value_1"]) == ("Nombre1", "101")
    assert gone is not None
    assert gone.contact_id == first.contact_id


async def test_lists_are_by_title_and_those_without_text_are_not_offered(account: Account, template: Template) -> None:
    """To a campaign, that is."""
    await templates.create(account.id, title="a medias")
    everything = await templates.page(account.id, offset=0, limit=8)
    sendable = await templates.page(account.id, offset=0, limit=8, with_text=True)

    assert [one.title for one in everything.templates] == ["a medias", "cobranza mayo"]
    assert [one.title for one in sendable.templates] == ["cobranza mayo"]
    assert (everything.total, sendable.total) == (2, 1)


async def test_another_accounts_template_is_not_there(account: Account, template: Template) -> None:
    """The two accounts may use the same title."""
    other = await Account.create(name="Otra", region="PE", time_zone="America/Lima", sender_id="OTRA")
    await templates.create(other.id, title="cobranza mayo")
    for attempt in (
        templates.get(other.id, template.id),
        templates.write(other.id, template.id, text="x"),
        templates.rename(other.id, template.id, title="x"),
        templates.describe(other.id, template.id, description="x"),
        templates.copy(other.id, template.id, pattern="{title} {number}"),
    ):
        with pytest.raises(NotFound):
            await attempt
    await templates.delete(other.id, template.id)

    assert await Template.exists(id=template.id)
