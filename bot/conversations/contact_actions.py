"""What is done to several contacts at once: those that are ticked, or all that match the filter; counted first."""

import dataclasses
import json
import zlib
from collections.abc import Sequence
from typing import Final

from bot.chat import Chat
from bot.conversations import contact_list as list_talk
from bot.conversations import undo as undo_talk
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Screen, Style, on
from domain.errors import NotFound
from domain.models import ChangeKind
from domain.rules.contact_filter import Wanted
from domain.rules.permission import Permission
from domain.usecases import bulk, contact_search, groups, undo
from domain.usecases.contact_search import View
from domain.usecases.groups import GroupLine
from locales import Texts

_DEEDS: Final = (ChangeKind.JOIN, ChangeKind.LEAVE, ChangeKind.BLACKLIST, ChangeKind.DNC, ChangeKind.DELETE)
_OF_A_GROUP: Final = frozenset({ChangeKind.JOIN, ChangeKind.LEAVE})


# --- actions


class AskActions(Action, code="qa", permission=Permission.EDIT):
    """What shall be done; ``all``: to all that match, else to those that are ticked."""

    all: bool


class ChooseTarget(Action, code="qb", permission=Permission.EDIT):
    """Which group they join or leave."""

    deed: str
    all: bool
    page: int = 0


class AskDeed(Action, code="qc", permission=Permission.EDIT):
    """What it would mean, with the count."""

    deed: str
    all: bool
    group_id: int | None


class Do(Action, code="qd", permission=Permission.EDIT):
    """Do it, if it is still what was asked. ``seen``: to whom; ``after``: the person's newest change by then."""

    deed: str
    all: bool
    group_id: int | None
    seen: str = ""
    after: int = 0


# --- screens


def actions_screen(view: View, t: Texts, *, everybody: bool, count: int) -> Screen:
    """The deeds."""
    which = "list.act.on_all" if everybody else "list.act.on_picked"
    buttons = [Button(t.label(f"list.deed.{deed}"), _first(deed, view, everybody)) for deed in _DEEDS] if count else []
    text = f"{_head(t)}\n\n{list_talk.filter_line(view, t) if everybody else ''}{t(which, count=count)}"
    return Screen(text, (*pairs(buttons), *footer(t, list_talk.ListContacts())))


def target_screen(deed: ChangeKind, lines: Sequence[GroupLine], t: Texts, *, everybody: bool, page: int) -> Screen:
    """Which group."""
    page = min(max(page, 0), max(0, (len(lines) - 1) // PAGE))
    rows: list[tuple[Button, ...]] = [
        (Button(cut(f"👥 {line.title}"), AskDeed(deed.value, everybody, line.id)),)
        for line in lines[page * PAGE : (page + 1) * PAGE]
    ]
    rows += pager(page, len(lines), to=lambda index: ChooseTarget(deed.value, everybody, index))
    text = t(f"list.target.{deed}") if lines else t("groups.list.empty")
    return Screen(f"{_head(t)}\n\n{text}", (*rows, *footer(t, AskActions(everybody))))


def confirm_screen(action: AskDeed, yes: Do, t: Texts, *, count: int, listed: int, title: str) -> Screen:
    """Asks, with the numbers. ``listed``: how many are on the blacklist already."""
    deed = _deed(action.deed)
    back = AskActions(action.all)
    if not count:
        return Screen(f"{_head(t)}\n\n{t('error.nothing_to_do')}", footer(t, back))
    key = "list.confirm.dnc_all" if deed is ChangeKind.DNC and action.group_id is None else f"list.confirm.{deed}"
    lines = [t(key, count=count, title=title)]
    if deed is ChangeKind.BLACKLIST and listed:
        lines.append(t("list.confirm.listed", count=listed))
    lines.append(t("list.confirm.undo"))
    style = Style.PRIMARY if deed is ChangeKind.JOIN else Style.DANGER
    button = Button(t.label(f"list.yes.{deed}", count=count), yes, style)
    return Screen(f"{_head(t)}\n\n" + "\n\n".join(lines), ((button,), *footer(t, back)))


def _head(t: Texts) -> str:
    return heading(t.label("list.act"), t.label("contacts.title"), t.label("list.title"))


def _first(deed: ChangeKind, view: View, everybody: bool) -> Action:
    if deed in _OF_A_GROUP and not (deed is ChangeKind.LEAVE and view.group_id is not None):
        return ChooseTarget(deed.value, everybody)
    return AskDeed(deed.value, everybody, view.group_id if deed in {ChangeKind.LEAVE, ChangeKind.DNC} else None)


# --- handlers


@on(AskActions)
async def ask_actions(action: AskActions, chat: Chat) -> Screen:
    """Offer the deeds."""
    view = await contact_search.view(chat.account.id, chat.person_id)
    count = await contact_search.count(chat.account.id, _wanted(view, everybody=action.all))
    return actions_screen(view, chat.t, everybody=action.all, count=count)


@on(ChooseTarget)
async def choose_target(action: ChooseTarget, chat: Chat) -> Screen:
    """Offer the groups."""
    lines = await groups.lines(chat.account.id)
    return target_screen(_deed(action.deed), lines, chat.t, everybody=action.all, page=action.page)


@on(AskDeed)
async def ask_deed(action: AskDeed, chat: Chat) -> Screen:
    """Count first."""
    account_id, deed = chat.account.id, _deed(action.deed)
    view = await contact_search.view(account_id, chat.person_id)
    wanted = _wanted(view, everybody=action.all)
    listed = await contact_search.count(account_id, bulk.blacklisted_of(wanted))
    count = listed if deed is ChangeKind.DNC else await contact_search.count(account_id, wanted)
    after = await undo.newest(account_id, by=chat.person_id)
    yes = Do(action.deed, action.all, action.group_id, _digest(wanted, count), after.id if after else 0)
    return confirm_screen(action, yes, chat.t, count=count, listed=listed, title=await _title(action, chat))


@on(Do)
async def do(action: Do, chat: Chat) -> Screen:
    """
    Do it and show what was done, with the way back. A second tap shows the same; where the filter is another one by
    now, or other contacts match it, it is asked again.
    """
    account_id, deed = chat.account.id, _deed(action.deed)
    if deed in _OF_A_GROUP and action.group_id is None:
        raise NotFound(noun="group")
    newest = await undo.newest(account_id, by=chat.person_id)
    if newest is not None and newest.id > action.after and newest.kind is deed:
        return undo_talk.change_screen(await undo.get(account_id, newest.id, now=chat.now), chat)
    view = await contact_search.view(account_id, chat.person_id)
    wanted = _wanted(view, everybody=action.all)
    count = await contact_search.count(account_id, bulk.blacklisted_of(wanted) if deed is ChangeKind.DNC else wanted)
    if _digest(wanted, count) != action.seen:
        asked = await ask_deed(AskDeed(action.deed, action.all, action.group_id), chat)
        return dataclasses.replace(asked, toast=chat.t.label("launch.counts_changed"))
    change = await bulk.start(
        account_id,
        deed,
        wanted,
        by=chat.person_id,
        now=chat.now,
        title=await _title(action, chat),
        group_id=action.group_id,
    )
    await contact_search.change_view(account_id, chat.person_id)
    return undo_talk.change_screen(change, chat)


def _digest(wanted: Wanted, count: int) -> str:
    return f"{zlib.crc32(json.dumps([wanted.to_json(), count]).encode()):x}"


def _wanted(view: View, *, everybody: bool) -> Wanted:
    return view.wanted if everybody else Wanted(ids=tuple(sorted(view.picked)))


def _deed(name: str) -> ChangeKind:
    if name not in set(_DEEDS):
        raise NotFound(noun="field")
    return ChangeKind(name)


async def _title(action: AskDeed | Do, chat: Chat) -> str:
    return "" if action.group_id is None else (await groups.get(chat.account.id, action.group_id)).title
