"""The filter of the contacts: group, name, number, how they stand, the import they came with."""

from collections.abc import Sequence

from bot.chat import Chat
from bot.conversations import contact_list as list_talk
from bot.layout import PAGE, cut, footer, heading, pager
from bot.screen import Action, Button, Rows, Screen, Style, on
from domain.errors import NotFound
from domain.rules.contact_filter import Show
from domain.usecases import contact_search, groups
from domain.usecases.contact_search import NAME_LIMIT, ImportLine, View
from domain.usecases.groups import GroupLine
from locales import Texts

# --- actions


class AskFilter(Action, code="qf"):
    """The filter as it is; each part can be changed."""


class ChooseGroup(Action, code="qg"):
    """Which group."""

    page: int = 0


class SetGroup(Action, code="qh"):
    """A group was chosen; None: any."""

    group_id: int | None


class AskName(Action, code="qn"):
    """Ask for a part of the name."""


class SetName(Action, code="qm"):
    """It was typed; ``clear``: any name."""

    clear: bool = False


class AskPart(Action, code="qp"):
    """Ask for a part of the number."""


class SetPart(Action, code="qq"):
    """It was typed; ``clear``: any number."""

    clear: bool = False


class ChooseShow(Action, code="qs"):
    """How they shall stand."""


class SetShow(Action, code="qt"):
    """It was chosen."""

    show: str


class ChooseImport(Action, code="qi"):
    """Which import."""

    page: int = 0


class SetImport(Action, code="qj"):
    """It was chosen; None: any."""

    job_id: int | None


# --- screens


def filter_screen(view: View, t: Texts) -> Screen:
    """The parts of the filter, with what each is now, and how many match."""
    anything = t.label("list.filter.any")
    parts = (
        ("group", cut(view.group, 16) or anything, ChooseGroup()),
        ("name", cut(view.name, 16) or anything, AskName()),
        ("number", view.number or anything, AskPart()),
        ("show", t.label(f"list.show.{view.show}"), ChooseShow()),
        ("import", cut(view.file, 14) or anything, ChooseImport()),
    )
    rows: Rows = tuple(
        (Button(cut(t.label(f"list.filter.by_{name}", value=value)), action),) for name, value, action in parts
    )
    go = Button(t.label("list.filter.go", count=view.total), list_talk.ListContacts(), Style.PRIMARY)
    last = (Button(t.label("list.reset"), list_talk.ShowAll()),) if view.is_filtered else ()
    text = f"{_head(t)}\n\n{t('list.filter.ask')}\n\n{_count(view, t)}"
    return Screen(
        text,
        (*rows, (go,), last, *footer(t, list_talk.ListContacts()))
        if last
        else (*rows, (go,), *footer(t, list_talk.ListContacts())),
    )


def group_screen(lines: Sequence[GroupLine], t: Texts, *, page: int) -> Screen:
    """Which group."""
    page = min(max(page, 0), max(0, (len(lines) - 1) // PAGE))
    rows: list[tuple[Button, ...]] = [(Button(t.label("list.filter.any"), SetGroup(None)),)]
    rows += [
        (
            Button(
                t.label("groups.list.line", title=cut(line.title, 20), number=t.number(line.contacts)),
                SetGroup(line.id),
            ),
        )
        for line in lines[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(lines), to=ChooseGroup)
    return Screen(f"{_head(t)}\n\n{t('list.filter.which_group')}", (*rows, *footer(t, AskFilter())))


def text_screen(t: Texts, *, key: str, now: str, question: Action, clear: Action) -> Screen:
    """Asks for a part of the name or number. ``key``: the words."""
    rows: Rows = ((Button(t.label("list.filter.any"), clear),),) if now else ()
    lines = [t(key, limit=NAME_LIMIT)] + ([t("contacts.edit.now", value=now)] if now else [])
    cancel = (Button(t.label("nav.cancel"), AskFilter()),)
    return Screen(f"{_head(t)}\n\n" + "\n".join(lines), (*rows, cancel, *footer(t, AskFilter())), expects=question)


def show_screen(view: View, t: Texts) -> Screen:
    """How they shall stand."""
    rows: Rows = tuple(
        (Button(("● " if show is view.show else "") + t.label(f"list.show.{show}"), SetShow(show.value)),)
        for show in Show
    )
    return Screen(f"{_head(t)}\n\n{t('list.filter.which_show')}", (*rows, *footer(t, AskFilter())))


def import_screen(lines: Sequence[ImportLine], chat: Chat, *, page: int, total: int) -> Screen:
    """Which import, the newest first."""
    t = chat.t
    rows: list[tuple[Button, ...]] = [(Button(t.label("list.filter.any"), SetImport(None)),)]
    rows += [
        (Button(cut(f"{cut(line.file_name, 14)} · {t.moment(line.at, chat.account.zone)}"), SetImport(line.id)),)
        for line in lines
    ]
    rows += pager(page, total, to=ChooseImport)
    key = "list.filter.which_import" if total else "list.filter.no_import"
    return Screen(f"{_head(t)}\n\n{t(key)}", (*rows, *footer(t, AskFilter())))


def _head(t: Texts) -> str:
    return heading(t.label("list.filter"), t.label("contacts.title"), t.label("list.title"))


def _count(view: View, t: Texts) -> str:
    return t("list.matches", count=view.total) if view.total else t("list.none")


# --- handlers


@on(AskFilter)
async def ask_filter(_action: AskFilter, chat: Chat) -> Screen:
    """Show it."""
    return filter_screen(await contact_search.view(chat.account.id, chat.person_id), chat.t)


@on(ChooseGroup)
async def choose_group(action: ChooseGroup, chat: Chat) -> Screen:
    """Offer the groups."""
    return group_screen(await groups.lines(chat.account.id), chat.t, page=action.page)


@on(SetGroup)
async def set_group(action: SetGroup, chat: Chat) -> Screen:
    """Note it."""
    return await _changed(chat, group_id=action.group_id)


@on(AskName)
async def ask_name(_action: AskName, chat: Chat) -> Screen:
    """Ask for it."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    return text_screen(chat.t, key="list.filter.ask_name", now=view.name, question=SetName(), clear=SetName(clear=True))


@on(SetName)
async def set_name(action: SetName, chat: Chat) -> Screen:
    """Note it."""
    return await _changed(chat, name="" if action.clear else chat.text or "")


@on(AskPart)
async def ask_part(_action: AskPart, chat: Chat) -> Screen:
    """Ask for it."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    return text_screen(
        chat.t, key="list.filter.ask_number", now=view.number, question=SetPart(), clear=SetPart(clear=True)
    )


@on(SetPart)
async def set_part(action: SetPart, chat: Chat) -> Screen:
    """Note it."""
    return await _changed(chat, number="" if action.clear else chat.text or "")


@on(ChooseShow)
async def choose_show(_action: ChooseShow, chat: Chat) -> Screen:
    """Offer them."""
    return show_screen(await contact_search.view(chat.account.id, chat.person_id), chat.t)


@on(SetShow)
async def set_show(action: SetShow, chat: Chat) -> Screen:
    """Note it."""
    if action.show not in set(Show):
        raise NotFound(noun="field")
    return await _changed(chat, show=action.show)


@on(ChooseImport)
async def choose_import(action: ChooseImport, chat: Chat) -> Screen:
    """Offer those that have ended."""
    page = max(0, action.page)
    lines, total = await contact_search.imports_of(chat.account.id, limit=PAGE, offset=page * PAGE)
    return import_screen(lines, chat, page=page, total=total)


@on(SetImport)
async def set_import(action: SetImport, chat: Chat) -> Screen:
    """Note it."""
    return await _changed(chat, import_id=action.job_id)


async def _changed(chat: Chat, **columns: object) -> Screen:
    return filter_screen(await contact_search.change_view(chat.account.id, chat.person_id, **columns), chat.t)
