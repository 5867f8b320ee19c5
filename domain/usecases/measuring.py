"""
What a text comes to for the people of some groups: the shortest, the longest and the dearest that anybody gets, how
many take how many segments, and the few that cost more than the rest. Reads only; rendering goes on in a thread, page
by page, so that the chat stays alive.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tortoise.expressions import Q

from domain import store
from domain.errors import DomainError
from domain.models import Account, Contact
from domain.rules.blanks import Blanks, HeldBack, filled
from domain.rules.gsm import Alphabet, Carriage, Segments, downgrade
from domain.rules.price import Money
from domain.rules.reach import Reach
from domain.rules.template import CompiledTemplate, compile_template, to_send
from domain.store import ContactRow
from domain.usecases import numbering

EXACT_LIMIT: Final = 200_000  #: recipients; of more, at most ``_DRAWN`` are drawn evenly from all
_DRAWN: Final = 50_000
COSTLY_LIMIT: Final = 400  #: the dearest that are kept to be listed
_PAGE: Final = 5_000
_SLICES: Final = 25
Progress = Callable[[int], Awaitable[None]]  #: told how many have been looked at


@dataclass(frozen=True, slots=True)
class Sample:
    """The text as one contact gets it."""

    contact_id: int
    msisdn: int
    name: str
    text: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class Measure:
    """
    What would go out.

    Attributes:
        exact: Everybody was looked at; else the figures are reckoned from a sample.
        recipients: Who would get it.
        held: Who would not, being blank in a field that the campaign holds back for.
        segments: Of all recipients together.
        by_segments: Recipients by the number of segments that theirs takes.
        usual: The number of segments that most of them take; 0: nobody gets any.
        ucs2: Recipients whose text leaves the GSM alphabet.
        blank: By token's field, recipients who have nothing there.
        unsendable: Recipients whose text comes out empty or too long, or to whose country the account does not write.
        cheaper: Segments that would be saved by replacing, in what makes a text UCS-2, what reads the same.
        costly: Those who take more than ``usual``, the dearest first, at most ``COSTLY_LIMIT``.
        carriage: Of the account's route.
    """

    exact: bool
    recipients: int
    held: int
    segments: int
    by_segments: Mapping[int, int]
    usual: int
    ucs2: int
    blank: Mapping[str, int]
    unsendable: int
    cheaper: int
    sample: Sample | None
    shortest: Sample | None
    longest: Sample | None
    dearest: Sample | None
    costly: Sequence[ContactRow]
    carriage: Carriage

    @property
    def costly_count(self) -> int:
        """How many take more than ``usual``."""
        return sum(count for number, count in self.by_segments.items() if number > self.usual)

    @property
    def extra(self) -> int:
        """Segments beyond what it would be if everybody took ``usual``."""
        return sum((number - self.usual) * count for number, count in self.by_segments.items() if number > self.usual)


@dataclass(slots=True)
class _Tally:
    """Counts over the rows seen; ``brief``: without extremes."""

    carriage: Carriage
    brief: bool
    seen: int = 0
    held: int = 0
    by_segments: Counter[int] = field(default_factory=Counter)
    blank: Counter[str] = field(default_factory=Counter)
    ucs2: int = 0
    unsendable: int = 0
    cheaper: int = 0
    sample: Sample | None = None
    shortest: Sample | None = None
    longest: Sample | None = None
    dearest: Sample | None = None
    kept: dict[int, list[ContactRow]] = field(default_factory=lambda: defaultdict(list))


async def measure(
    account_id: int,
    text: str,
    group_ids: Sequence[int],
    *,
    recipients: int,
    blanks: Blanks | None = None,
    exact: bool = False,
    progress: Progress | None = None,
) -> Measure:
    """
    Look at the text as everybody would get it.

    Args:
        recipients: Distinct contacts of the groups that are not on the blacklist.
        blanks: What is done about blank tokens.
        exact: Everybody is looked at, however many they are, but not for extremes and what would be cheaper.
        progress: Told now and then how many have been looked at.

    Raises:
        BadTemplate: It cannot be rendered at all.
    """
    template = compile_template(text)
    carriage = await carriage_of(account_id)
    wanted = {name: other for name, other in (blanks or {}).items() if name in template.tokens}
    tally = _Tally(carriage, brief=exact)
    reach = (await numbering.reaches_of([account_id]))[account_id]
    exact = exact or recipients <= EXACT_LIMIT
    async for rows in _recipients(account_id, group_ids, exact=exact):
        await asyncio.to_thread(_count, template, rows, tally, wanted, reach)
        if progress is not None:
            await progress(tally.seen)
    scale = 1.0 if exact or not tally.seen else recipients / tally.seen
    total = sum(number * count for number, count in tally.by_segments.items())
    usual = max(tally.by_segments, key=lambda number: (tally.by_segments[number], -number), default=0)
    dear = (row for number in sorted(tally.kept, reverse=True) if number > usual for row in tally.kept[number])
    held = round(tally.held * scale)
    return Measure(
        exact=exact,
        recipients=max(0, recipients - held),
        held=held,
        segments=round(total * scale),
        by_segments={number: round(count * scale) for number, count in sorted(tally.by_segments.items())},
        usual=usual,
        ucs2=round(tally.ucs2 * scale),
        blank={name: round(count * scale) for name, count in tally.blank.items()},
        unsendable=round(tally.unsendable * scale),
        cheaper=round(tally.cheaper * scale),
        sample=tally.sample,
        shortest=tally.shortest,
        longest=tally.longest,
        dearest=tally.dearest,
        costly=list(dear)[:COSTLY_LIMIT],
        carriage=carriage,
    )


async def audience_size(account_id: int, group_ids: Sequence[int]) -> int:
    """Distinct contacts of the groups that are not on the blacklist."""
    found = await store.current().audience_count(account_id, group_ids)
    return found.contacts - found.blacklisted


async def price_of(account_id: int) -> Money | None:
    """What the account pays for a segment; None: not set."""
    account = await Account.get(id=account_id)
    if account.segment_price is None or account.currency is None:
        return None
    return Money(account.segment_price, account.currency)


async def carriage_of(account_id: int) -> Carriage:
    """How the account's route carries texts, as the sender last said."""
    account = await Account.get(id=account_id).only("id", "alphabet", "wide")
    return Carriage(Alphabet(account.alphabet), account.wide)


async def carries(carriage: Carriage) -> None:
    """The sender's word on the route that dispatches, for every account: counters count as it does."""
    alphabet, wide = carriage.alphabet.value, carriage.wide
    await Account.filter(~Q(alphabet=alphabet, wide=wide)).update(alphabet=alphabet, wide=wide)


async def _recipients(account_id: int, group_ids: Sequence[int], *, exact: bool) -> AsyncIterator[Sequence[ContactRow]]:
    if exact:
        after = 0
        while rows := await store.current().audience(account_id, group_ids, after=after, limit=_PAGE):
            yield rows
            after = rows[-1].contact_id
        return
    oldest = await Contact.filter(account_id=account_id).order_by("id").first()
    newest = await Contact.filter(account_id=account_id).order_by("-id").first()
    first, last = (oldest.id - 1, newest.id) if oldest and newest else (0, 0)  # the ids below are other accounts'
    each = max(1, min(_DRAWN, EXACT_LIMIT) // _SLICES)
    for number in range(_SLICES):
        after = first + (last - first) * number // _SLICES
        yield await store.current().audience(account_id, group_ids, after=after, limit=each)


def _count(
    template: CompiledTemplate, rows: Sequence[ContactRow], tally: _Tally, blanks: Blanks, reaches: Reach
) -> None:
    places = [(name, ContactRow._fields.index(name)) for name in template.tokens]
    blank, carriage = tally.blank, tally.carriage
    tally.seen += len(rows)
    for row in rows:
        if not reaches(row.msisdn):
            tally.unsendable += 1
            continue
        fields: Mapping[str, str] = {name: str(row[place]) for name, place in places}
        try:
            if blanks:
                fields = filled(fields, blanks)
        except HeldBack:
            tally.held += 1
            continue
        for token, value in fields.items():
            if not value or value.isspace():
                blank[token] += 1
        try:
            text = to_send(template.render(fields))
        except DomainError:
            tally.unsendable += 1
            continue
        _note(tally, row, text, carriage.segments(text))


def _note(tally: _Tally, row: ContactRow, text: str, size: Segments) -> None:
    tally.by_segments[size.count] += 1
    if size.encoding is Alphabet.UCS2:
        tally.ucs2 += 1
    if tally.sample is None:
        tally.sample = _sample(row, text, size)
    if tally.brief:
        return
    if size.encoding is Alphabet.UCS2:
        carriage = tally.carriage
        tally.cheaper += size.count - carriage.segments(downgrade(text, alphabet=carriage.alphabet)).count
    if len(tally.kept[size.count]) < COSTLY_LIMIT:
        tally.kept[size.count].append(row)
    if tally.shortest is None or len(text) < len(tally.shortest.text):
        tally.shortest = _sample(row, text, size)
    if tally.longest is None or len(text) > len(tally.longest.text):
        tally.longest = _sample(row, text, size)
    dear = tally.dearest
    if dear is None or (size.count, size.units) > (dear.segments.count, dear.segments.units):
        tally.dearest = _sample(row, text, size)


def _sample(row: ContactRow, text: str, size: Segments) -> Sample:
    return Sample(row.contact_id, row.msisdn, f"{row.first_name} {row.last_name}".strip(), text, size)
