"""
The list of restricted words: one for the whole installation, kept by those who govern its first account. Each account
may be exempt from some of them. Texts are held against it when a template is saved and when a campaign is launched.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import structlog
from tortoise.transactions import in_transaction

from domain.errors import DomainError, NotAllowed, NotFound
from domain.models import Account, RestrictedWord, WordExemption
from domain.rules.blanks import Blanks
from domain.rules.template import compile_template
from domain.rules.wording import BadWord, Found, Restriction, find_in_template, folded, parse_word

log = structlog.get_logger()

WORDS_LIMIT: Final = 2_000  #: of the whole list
_STEMS: Final = frozenset({"stem", "raiz", "raíz", "raiz*", "*"})
_WARNINGS: Final = frozenset({"warn", "avisar", "aviso", "advertir"})
_REFUSALS: Final = frozenset({"refuse", "rechazar", "rechazo", "prohibir", "rejeitar", "recusar"})
_HEADINGS: Final = frozenset({"palabra", "word", "palavra"})


class WordsRefused(DomainError):
    """A text may not be sent as it is. Values: ``words``."""

    key = "wording.refused"


class ListFull(DomainError):
    """There is no room for more words. Values: ``limit``."""

    key = "wording.list_full"


class BadLine(DomainError):
    """A line of a file cannot be read; nothing of it was taken. Values: ``line``, ``text``."""

    key = "wording.bad_line"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the list. ``exempt``: titles of the accounts that may use it, by id."""

    id: int
    restriction: Restriction
    exempt: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Words of the list in order of the alphabet, and how many there are in all."""

    words: Sequence[Word]
    total: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of words that were typed or sent in a file."""

    added: int
    changed: int


async def keeps_list(account_id: int) -> bool:
    """Whether the account is the first one, whose administrators keep the list."""
    first = await Account.all().order_by("id").first()
    return first is not None and first.id == account_id


async def page(*, offset: int, limit: int) -> Page:
    """A page of the list."""
    rows = await RestrictedWord.all().order_by("folded").offset(offset).limit(limit)
    return Page([await _word(row) for row in rows], await RestrictedWord.all().count())


async def get(word_id: int) -> Word:
    """
    A word of the list.

    Raises:
        NotFound: It is gone.
    """
    row = await RestrictedWord.get_or_none(id=word_id)
    if row is None:
        raise NotFound(noun="word")
    return await _word(row)


async def add(account_id: int, typed: str, *, by: int) -> Taken:
    """
    Words, one a line or between commas; ``banc*`` is a stem. They are refused until somebody says that a warning does.

    Raises:
        NotAllowed: The account does not keep the list.
        BadWord: One of them is no word; nothing changed.
        ListFull: There are too many.
    """
    lines = [word for word in re.split(r"[\n,;]", typed) if word.strip()]
    if not lines:
        raise BadWord(word="", limit=0)
    return await _take(account_id, [Restriction(*parse_word(line)) for line in lines], by=by, keep_kind=True)


async def read_file(account_id: int, content: bytes, *, by: int) -> Taken:
    """
    A file of words, one a line: ``word,kind,action``, by comma, semicolon or tab; ``kind``: ``stem`` or ``raíz``,
    ``action``: ``warn`` or ``avisar``; both may be left out. Words of the list that it does not name stay.

    Raises:
        NotAllowed: The account does not keep the list.
        BadLine: One of the lines cannot be read; nothing changed.
        ListFull: There are too many.
    """
    return await _take(account_id, _parse_file(content), by=by, keep_kind=False)


async def write_file(says: Callable[[str], str]) -> bytes:
    """
    The whole list as ``read_file`` takes it: UTF-8 with a byte order mark, for spreadsheets.

    Args:
        says: The person's word for ``word``, ``kind``, ``action``; ``stem``; ``refuse``, ``warn``.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow([says("word"), says("kind"), says("action")])
    for row in await RestrictedWord.all().order_by("folded"):
        rows.writerow([row.word, says("stem" if row.stem else "word"), says("refuse" if row.refuse else "warn")])
    return out.getvalue().encode("utf-8-sig")


async def change(account_id: int, word_id: int, *, refuse: bool | None = None, stem: bool | None = None) -> Word:
    """
    Refuse it or only warn of it; look for the word or for what begins with it.

    Raises:
        NotAllowed: The account does not keep the list.
        NotFound: It is gone.
    """
    await _allow(account_id)
    columns = {name: value for name, value in (("refuse", refuse), ("stem", stem)) if value is not None}
    if columns and not await RestrictedWord.filter(id=word_id).update(**columns):
        raise NotFound(noun="word")
    return await get(word_id)


async def remove(account_id: int, word_id: int) -> None:
    """
    Take a word off the list. A second call changes nothing.

    Raises:
        NotAllowed: The account does not keep the list.
    """
    await _allow(account_id)
    if await RestrictedWord.filter(id=word_id).delete():
        log.info("word_removed", word=word_id, account=account_id)


async def exempt(account_id: int, word_id: int, *, other_id: int, allowed: bool) -> Word:
    """
    Let an account use a word, or not any more; doing so twice changes nothing more.

    Raises:
        NotAllowed: The account does not keep the list.
        NotFound: The word or the other account is gone.
    """
    await _allow(account_id)
    await get(word_id)
    if not await Account.filter(id=other_id).exists():
        raise NotFound(noun="account")
    if allowed:
        await WordExemption.get_or_create(word_id=word_id, account_id=other_id)
    else:
        await WordExemption.filter(word_id=word_id, account_id=other_id).delete()
    log.info("word_exemption", word=word_id, account=other_id, allowed=allowed)
    return await get(word_id)


async def accounts() -> Sequence[tuple[int, str]]:
    """Id and name of every account, for choosing who is exempt."""
    return [(account.id, account.name) for account in await Account.all().order_by("name")]


async def look(account_id: int, source: str) -> list[Found]:
    """The restricted words that a template writes by itself, but for those that the account may use."""
    return find_in_template(source, await _restrictions(account_id))


async def _restrictions(account_id: int) -> list[Restriction]:
    exempt_ids = await WordExemption.filter(account_id=account_id).values_list("word_id", flat=True)
    rows = await RestrictedWord.exclude(id__in=list(exempt_ids)) if exempt_ids else await RestrictedWord.all()
    return [Restriction(row.word, row.stem, row.refuse) for row in rows]


async def refuse(account_id: int, source: str, blanks: Blanks = MappingProxyType({})) -> None:
    """
    Nothing, where the text may be sent.

    Args:
        blanks: What stands where a contact is blank: a person wrote that too.

    Raises:
        WordsRefused: It has a word that is refused.
        BadTemplate: With ``blanks``: it is none.
    """
    tokens = compile_template(source).tokens if blanks else ()
    texts = [source, *(other for name, other in blanks.items() if other and name in tokens)]
    refused = [one for one in await _restrictions(account_id) if one.refuse]
    words = dict.fromkeys(one.restriction.word for text in texts for one in find_in_template(text, refused))
    if words:
        raise WordsRefused(words=", ".join(words))


def _parse_file(content: bytes) -> list[Restriction]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        mark = next((mark for mark in (";", "\t") if mark in line), ",")
        cells = [cell.strip() for cell in next(csv.reader([line], delimiter=mark), [])]
        if not any(cells) or (number == 1 and cells[0].casefold() in _HEADINGS):
            continue
        words = {cell.casefold() for cell in cells[1:]}
        try:
            word, stem = parse_word(cells[0])
        except BadWord:
            raise BadLine(line=number, text=line[:60]) from None
        if words - _STEMS - _WARNINGS - _REFUSALS - _HEADINGS - {""}:
            raise BadLine(line=number, text=line[:60])
        found.append(Restriction(word, stem or bool(words & _STEMS), not words & _WARNINGS))
    return found


async def _take(account_id: int, words: Sequence[Restriction], *, by: int, keep_kind: bool) -> Taken:
    """``keep_kind``: a word that is there already keeps what was said of it, but for becoming a stem."""
    await _allow(account_id)
    added = changed = 0
    async with in_transaction():
        known = {row.folded: row for row in await RestrictedWord.all()}
        for one in words:
            key = folded(one.word)
            row = known.get(key)
            if row is None:
                known[key] = await RestrictedWord.create(
                    word=one.word, folded=key, stem=one.stem, refuse=one.refuse, created_by=by
                )
                added += 1
            elif not keep_kind or one.stem:
                row.stem, row.refuse = one.stem, row.refuse if keep_kind else one.refuse
                await row.save(update_fields=["stem", "refuse"])
                changed += 1
        if len(known) > WORDS_LIMIT:
            raise ListFull(limit=WORDS_LIMIT)
    log.info("words_taken", added=added, changed=changed, by=by)
    return Taken(added, changed)


async def _allow(account_id: int) -> None:
    if not await keeps_list(account_id):
        raise NotAllowed(permission="govern")


async def _word(row: RestrictedWord) -> Word:
    exempt = await WordExemption.filter(word_id=row.id).select_related("account").order_by("account__name")
    names = {one.account.id: one.account.name for one in exempt}
    return Word(row.id, Restriction(row.word, row.stem, row.refuse), names)
