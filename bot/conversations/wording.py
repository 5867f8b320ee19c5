"""Restricted words: the list, one word with what becomes of it and who is exempt, and the list as a file."""

import dataclasses
from collections.abc import Sequence

from bot.chat import Chat
from bot.layout import PAGE, cut, footer, heading, pager, pairs
from bot.screen import Action, Button, Document, Screen, Style, Takes, on, unpack
from domain.rules.permission import Permission
from domain.rules.wording import WORD_LIMIT
from domain.usecases import wording
from domain.usecases.wording import Page, Taken, Word
from locales import Texts

_FILE_LIMIT = 1_000_000  # bytes; a list of 2,000 words has a tenth of it

# Actions


class ListWords(Action, code="vw"):
    """A page of them."""

    page: int = 0


class OpenWord(Action, code="vwa"):
    """One of them."""

    word_id: int


class AskWords(Action, code="vwb", permission=Permission.GOVERN):
    """Words shall be typed, or a file of them sent."""


class SaveWords(Action, code="vwc", permission=Permission.GOVERN, takes=Takes.TEXT | Takes.FILE):
    """They were."""


class SetRefuse(Action, code="vwd", permission=Permission.GOVERN):
    """Refuse a text with it, or only warn."""

    word_id: int
    refuse: bool


class SetStem(Action, code="vwe", permission=Permission.GOVERN):
    """Look for what begins with it, or for the word alone."""

    word_id: int
    stem: bool


class ChooseExempt(Action, code="vwf", permission=Permission.GOVERN):
    """Which accounts may use it?"""

    word_id: int
    page: int = 0


class SetExempt(Action, code="vwg", permission=Permission.GOVERN):
    """That one may, or may not any more."""

    word_id: int
    account_id: int
    allowed: bool


class AskRemoveWord(Action, code="vwh", permission=Permission.GOVERN):
    """Whether it shall really go."""

    word_id: int


class RemoveWord(Action, code="vwi", permission=Permission.GOVERN):
    """It goes."""

    word_id: int


class SendWords(Action, code="vwj"):
    """The list as a file."""


# Screens


def words_screen(found: Page, chat: Chat, *, keeps: bool, page: int = 0, toast: str | None = None) -> Screen:
    """By alphabet; who keeps the list may change it."""
    t = chat.t
    text = t("wording.count", count=found.total) if found.total else t("wording.none")
    rows: list[tuple[Button, ...]] = [(Button(cut(_label(word, chat)), OpenWord(word.id)),) for word in found.words]
    rows += pager(page, found.total, to=ListWords)
    if keeps:
        rows.append((Button(t.label("wording.add"), AskWords(), Style.PRIMARY),))
    if found.total:
        rows.append((Button(t.label("wording.file"), SendWords()),))
    lines = [_head(t), "", text]
    if not keeps:
        lines.append(t("wording.kept_elsewhere"))
    return Screen("\n".join(lines), (*rows, *footer(t, unpack("tl:0"))), toast=toast)


def word_screen(word: Word, chat: Chat, *, keeps: bool, toast: str | None = None) -> Screen:
    """What is looked for, what becomes of a text that has it, and who may use it."""
    t, one = chat.t, word.restriction
    lines = [heading(one.word, t.label("templates.title"), t.label("wording.title")), ""]
    lines.append(t("wording.is_stem" if one.stem else "wording.is_word"))
    lines.append(t("wording.refuses" if one.refuse else "wording.warns"))
    if word.exempt:
        lines.append(t("wording.exempt", names=", ".join(word.exempt.values())))
    rows: tuple[tuple[Button, ...], ...] = ()
    if keeps:
        refuse = t.label("wording.only_warn" if one.refuse else "wording.refuse")
        stem = t.label("wording.as_word" if one.stem else "wording.as_stem")
        rows = pairs(
            [
                Button(refuse, SetRefuse(word.id, not one.refuse)),
                Button(stem, SetStem(word.id, not one.stem)),
                Button(t.label("wording.exemptions"), ChooseExempt(word.id)),
                Button(t.label("wording.remove"), AskRemoveWord(word.id)),
            ]
        )
    return Screen("\n".join(lines), (*rows, *footer(t, ListWords())), toast=toast)


def ask_screen(t: Texts) -> Screen:
    """Typed or as a file."""
    return Screen(f"{_head(t)}\n\n{t('wording.ask', limit=WORD_LIMIT)}", footer(t, ListWords()), expects=SaveWords())


def exempt_screen(word: Word, names: Sequence[tuple[int, str]], t: Texts, *, page: int) -> Screen:
    """Every account; a tap changes it."""
    shown = names[page * PAGE : (page + 1) * PAGE]
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                cut(f"{'✅ ' if account_id in word.exempt else ''}{name}"),
                SetExempt(word.id, account_id, account_id not in word.exempt),
            ),
        )
        for account_id, name in shown
    ]
    rows += pager(page, len(names), to=lambda number: ChooseExempt(word.id, number))
    head = heading(t.label("wording.exemptions"), t.label("wording.title"), word.restriction.word)
    return Screen(f"{head}\n\n{t('wording.ask_exempt')}", (*rows, *footer(t, OpenWord(word.id))))


def remove_screen(word: Word, t: Texts) -> Screen:
    """The safe way first."""
    head = heading(t.label("wording.remove"), t.label("wording.title"), word.restriction.word)
    rows = (
        (Button(t.label("wording.keep"), OpenWord(word.id)),),
        (Button(t.label("wording.remove_yes"), RemoveWord(word.id), Style.DANGER),),
    )
    return Screen(f"{head}\n\n{t('wording.ask_remove', word=word.restriction.word)}", (*rows, *footer(t, ListWords())))


def _label(word: Word, chat: Chat) -> str:
    one = word.restriction
    badge = "✅" if chat.account.id in word.exempt else "⛔" if one.refuse else "⚠️"
    return f"{badge} {one.word}{'*' if one.stem else ''}"


def _head(t: Texts) -> str:
    return heading(t.label("wording.title"), t.label("templates.title"))


# Handlers


@on(ListWords)
async def list_words(action: ListWords, chat: Chat) -> Screen:
    """A page."""
    return await _list(chat, page=action.page)


@on(OpenWord)
async def open_word(action: OpenWord, chat: Chat) -> Screen:
    """One of them."""
    return word_screen(await wording.get(action.word_id), chat, keeps=await _keeps(chat))


@on(AskWords)
async def ask_words(_: AskWords, chat: Chat) -> Screen:
    """Ask."""
    return ask_screen(chat.t)


@on(SaveWords)
async def save_words(_: SaveWords, chat: Chat) -> Screen:
    """Typed, or the file; what cannot be read keeps the question open."""
    if chat.upload is not None:
        if chat.upload.size > _FILE_LIMIT:
            raise wording.ListFull(limit=wording.WORDS_LIMIT)
        taken = await wording.read_file(chat.account.id, await chat.upload.read(), by=chat.person_id)
    else:
        taken = await wording.add(chat.account.id, chat.text or "", by=chat.person_id)
    return await _list(chat, toast=_taken(taken, chat.t))


@on(SetRefuse)
async def set_refuse(action: SetRefuse, chat: Chat) -> Screen:
    """From the next save or launch on."""
    word = await wording.change(chat.account.id, action.word_id, refuse=action.refuse)
    return word_screen(word, chat, keeps=True, toast=chat.t.label("account.saved"))


@on(SetStem)
async def set_stem(action: SetStem, chat: Chat) -> Screen:
    """From the next save or launch on."""
    word = await wording.change(chat.account.id, action.word_id, stem=action.stem)
    return word_screen(word, chat, keeps=True, toast=chat.t.label("account.saved"))


@on(ChooseExempt)
async def choose_exempt(action: ChooseExempt, chat: Chat) -> Screen:
    """All accounts of the installation."""
    return exempt_screen(await wording.get(action.word_id), await _accounts(chat), chat.t, page=action.page)


@on(SetExempt)
async def set_exempt(action: SetExempt, chat: Chat) -> Screen:
    """At once."""
    word = await wording.exempt(chat.account.id, action.word_id, other_id=action.account_id, allowed=action.allowed)
    return exempt_screen(word, await _accounts(chat), chat.t, page=0)


@on(AskRemoveWord)
async def ask_remove(action: AskRemoveWord, chat: Chat) -> Screen:
    """Ask."""
    return remove_screen(await wording.get(action.word_id), chat.t)


@on(RemoveWord)
async def remove_word(action: RemoveWord, chat: Chat) -> Screen:
    """Back to the list."""
    await wording.remove(chat.account.id, action.word_id)
    return await _list(chat, toast=chat.t.label("wording.removed"))


@on(SendWords)
async def send_words(_: SendWords, chat: Chat) -> Screen:
    """It can be changed and sent back."""
    content = await wording.write_file(lambda name: chat.t.label(f"wording.csv_{name}"))
    document = Document(chat.t.label("wording.file_name"), content)
    return dataclasses.replace(await _list(chat), documents=(document,))


async def _list(chat: Chat, *, page: int = 0, toast: str | None = None) -> Screen:
    found = await wording.page(offset=page * PAGE, limit=PAGE)
    return words_screen(found, chat, keeps=await _keeps(chat), page=page, toast=toast)


async def _keeps(chat: Chat) -> bool:
    return chat.may(Permission.GOVERN) and await wording.keeps_list(chat.account.id)


async def _accounts(chat: Chat) -> Sequence[tuple[int, str]]:
    """Their names, for those who keep the list alone."""
    return await wording.accounts() if await _keeps(chat) else ()


def _taken(taken: Taken, t: Texts) -> str:
    return t.label("wording.taken", added=t.number(taken.added), changed=t.number(taken.changed))
