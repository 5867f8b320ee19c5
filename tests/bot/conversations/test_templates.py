"""Writing a text by chat: tokens, the counter, what makes it dear, and a real contact's view of it."""

import pytest

from bot.conversations.templates import (
    AskText,
    AskTitle,
    CopyTemplate,
    ListTemplates,
    OpenTemplate,
    SaveText,
    template_screen,
)
from domain.errors import NotAllowed, TitleMissing, TitleTaken, TitleTooLong
from domain.models import Account, Campaign, Template
from domain.rules.role import Role
from domain.rules.template import BadTemplate, UnknownToken, tokens
from domain.usecases.templates import TextMissing
from locales import Texts
from tests.audience import group_of
from tests.bot.conversations.talk import Talk, check, talk_of
from tests.conftest import VIEWER


@pytest.fixture
def owner(sqlite_account: Account, texts: Texts) -> Talk:
    """The owner, once in each language."""
    return talk_of(sqlite_account, texts)


async def test_title_then_text_then_the_card_with_the_manuals_counter(owner: Talk, sqlite_account: Account) -> None:
    """5 segments and 56 characters are remaining: what is left of six."""
    t = owner.chat.t
    await group_of(sqlite_account, "clientes", 2)
    await owner.do(ListTemplates())
    await owner.tap(t.label("templates.new"))
    await owner.type("cobranza")
    assert f"<code>{{{{ {list(tokens(t.language))[1]} }}}}</code>" in owner.screen.text
    await owner.tap(t.label("templates.show_tokens"))
    assert owner.button("{{").copy_text is not None
    text = "Hola {{ nombre }}, " + "x" * (104 - len("Hola Nombre0, "))
    await owner.type(text)

    left = t.label("templates.segments", count=5), t.label("templates.characters", count=56)
    assert t("templates.remaining", segments=left[0], characters=left[1]) in owner.screen.text
    assert "Hola Nombre0, x" in owner.screen.text
    await owner.tap(t.label("templates.reader_after"))
    assert "Hola Nombre1, x" in owner.screen.text


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        pytest.param("{% for x in y %}a{% endfor %}", BadTemplate, id="for"),
        pytest.param("{{ self }}", UnknownToken, id="self"),
        pytest.param("{{ ''.__class__ }}", BadTemplate, id="attribute"),
        pytest.param("Hola {{ nombre", BadTemplate, id="open"),
        pytest.param("   ", TextMissing, id="blank"),
        pytest.param("x" * 5_000, BadTemplate, id="long"),
    ],
)
async def test_a_bad_text_is_refused_and_may_be_typed_again(owner: Talk, typed: str, error: type[Exception]) -> None:
    """The question stays open, the title stays, and the next answer is taken."""
    await owner.do(AskTitle())
    await owner.type("cobranza")
    with pytest.raises(error) as refused:
        await owner.type(typed)
    assert owner.chat.t(refused.value.key, **refused.value.values)  # type: ignore[attr-defined]
    await owner.type("Hola")

    assert (await Template.get()).text == "Hola"


async def test_titles_are_checked(owner: Talk) -> None:
    """Blank, too long, or taken: the question stays open."""
    await owner.do(AskTitle())
    with pytest.raises(TitleMissing):
        await owner.type("  ")
    with pytest.raises(TitleTooLong):
        await owner.type("x" * 5_000)
    await owner.type("uno")
    await owner.do(AskTitle())
    with pytest.raises(TitleTaken):
        await owner.type("uno")


async def test_what_makes_it_unicode_is_named_and_replaced_at_a_tap(owner: Talk) -> None:
    """In the whole text; tokens are left alone."""
    t = owner.chat.t
    await owner.do(AskTitle())
    await owner.type("aviso")
    await owner.type("Atención {{ dirección }}: “pagó” [hoy]")
    assert "ó → o" in owner.screen.text
    assert "[ ]" in owner.screen.text
    screen = await owner.tap(t.label("templates.replace"))

    assert 'Atencion {{ direccion }}: "pago" [hoy]' in (await Template.get()).text
    assert screen.toast == t.label("templates.replaced")
    assert not owner.has(t.label("templates.replace"))


async def test_copy_rename_describe_and_delete_with_what_it_means(owner: Talk, sqlite_account: Account) -> None:
    """A draft that uses it is named before it loses its text."""
    t = owner.chat.t
    template = await Template.create(account=sqlite_account, title="uno", text="Hola")
    await Campaign.create(account=sqlite_account, name="b", template=template, created_by=1, chat_id=1)
    await owner.do(CopyTemplate(template.id))
    await owner.do(CopyTemplate(template.id))
    await owner.tap(t.label("templates.rename"))
    await owner.type("otro")
    await owner.tap(t.label("templates.describe"))
    await owner.type("para mayo")
    assert "para mayo" in owner.screen.text
    await owner.do(OpenTemplate(template.id))
    await owner.tap(t.label("templates.delete"))
    assert t("templates.drafts_lose", count=1) in owner.screen.text
    await owner.tap(t.label("templates.delete_yes"))
    titles = await Template.all().order_by("title").values_list("title", flat=True)

    assert titles == sorted(["otro", t.label("templates.copy_of", title="uno", number=1)])


async def test_a_title_without_a_text_yet_asks_for_it(owner: Talk, sqlite_account: Account) -> None:
    """What a kill in the middle leaves behind goes on with its question."""
    template = await Template.create(account=sqlite_account, title="a medias", text="")
    await owner.do(ListTemplates())
    await owner.tap("a medias")

    assert owner.asked == SaveText(template.id)


async def test_viewers_look_and_change_nothing(sqlite_account: Account, texts: Texts) -> None:
    """Neither by a button nor by a forged one."""
    template = await Template.create(account=sqlite_account, title="uno", text="Hola")
    viewer = talk_of(sqlite_account, texts, person_id=VIEWER, role=Role.VIEWER)
    await viewer.do(OpenTemplate(template.id))

    assert not viewer.has(texts.label("templates.edit_text"))
    with pytest.raises(NotAllowed):
        await viewer.do(AskText(template.id))


def test_a_text_beyond_every_limit_is_still_shown_and_can_be_edited(texts: Texts) -> None:
    """Nothing that was saved becomes unreachable."""
    template = Template(id=1, title="<b>", description="", text="x" * 1_999)
    account = Account(id=1, name="x", region="PE", time_zone="America/Lima", sender_id="P")
    screen = template_screen(template, None, talk_of(account, texts).chat)
    check(screen)

    assert "&lt;b&gt;" in screen.text
    assert any(button.action == AskText(1) for row in screen.rows for button in row)
