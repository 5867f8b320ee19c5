"""
What a campaign would come to, found by rendering its text for the people who would get it. Reads only; rendering goes
on in a thread, page by page, so that the chat stays alive.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain import store
from domain.errors import DomainError
from domain.models import Account, Contact
from domain.rules.gsm import Alphabet, segments
from domain.rules.price import Money, estimate
from domain.rules.template import CompiledTemplate, compile_template
from domain.store import ContactRow
from domain.usecases.drafts import Draft
from domain.usecases.templates import fields_of

EXACT_LIMIT: Final = 50_000  #: recipients; of more, as many are drawn evenly from all
_PAGE: Final = 2_000
_SLICES: Final = 25


@dataclass(frozen=True, slots=True)
class Sample:
    """The text as one contact would get it."""

    text: str
    msisdn: int
    name: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What would go out.

    Attributes:
        exact: Every recipient was looked at; else figures are reckoned from a sample.
        segments: Of all recipients together.
        by_segments: Recipients by the number of segments that theirs takes.
        ucs2: Recipients whose text leaves the GSM alphabet.
        blank: By token's field, recipients who have nothing there.
        unsendable: Recipients whose text comes out empty or too long.
        cost: At the account's price; None: none is set.
    """

    recipients: int
    blacklisted: int
    exact: bool
    segments: int
    by_segments: Mapping[int, int]
    ucs2: int
    blank: Mapping[str, int]
    unsendable: int
    cost: Money | None
    sample: Sample | None


@dataclass(slots=True)
class _Tally:
    seen: int = 0
    by_segments: Counter[int] = field(default_factory=Counter)
    blank: Counter[str] = field(default_factory=Counter)
    ucs2: int = 0
    unsendable: int = 0
    sample: Sample | None = None


async def forecast(account_id: int, draft: Draft) -> Forecast:
    """
    What the draft comes to now.

    Raises:
        BadTemplate: Its text cannot be rendered at all.
    """
    template = compile_template(draft.text)
    tally = _Tally()
    exact = draft.recipients <= EXACT_LIMIT
    async for rows in _recipients(account_id, [group_id for group_id, _ in draft.groups], exact=exact):
        await asyncio.to_thread(_count, template, rows, tally)
    scale = 1.0 if exact or not tally.seen else draft.recipients / tally.seen
    by_segments = {number: round(count * scale) for number, count in sorted(tally.by_segments.items())}
    total = round(sum(number * count for number, count in tally.by_segments.items()) * scale)
    price = await price_of(account_id)
    return Forecast(
        recipients=draft.recipients,
        blacklisted=draft.audience.blacklisted,
        exact=exact,
        segments=total,
        by_segments=by_segments,
        ucs2=round(tally.ucs2 * scale),
        blank={name: round(count * scale) for name, count in tally.blank.items()},
        unsendable=round(tally.unsendable * scale),
        cost=estimate(total, price) if price else None,
        sample=tally.sample,
    )


async def price_of(account_id: int) -> Money | None:
    """What the account pays for a segment; None: not set."""
    account = await Account.get(id=account_id)
    if account.segment_price is None or account.currency is None:
        return None
    return Money(account.segment_price, account.currency)


async def _recipients(account_id: int, group_ids: list[int], *, exact: bool) -> AsyncIterator[Sequence[ContactRow]]:
    if exact:
        after = 0
        while rows := await store.current().audience(account_id, group_ids, after=after, limit=_PAGE):
            yield rows
            after = rows[-1].contact_id
        return
    newest = await Contact.filter(account_id=account_id).order_by("-id").first()
    top = newest.id if newest else 0
    for number in range(_SLICES):
        after = top * number // _SLICES
        yield await store.current().audience(account_id, group_ids, after=after, limit=EXACT_LIMIT // _SLICES)


def _count(template: CompiledTemplate, rows: Sequence[ContactRow], tally: _Tally) -> None:
    for row in rows:
        fields = fields_of(row)
        tally.seen += 1
        for token in template.tokens:
            if not fields[token].strip():
                tally.blank[token] += 1
        try:
            text = template.render(fields)
        except DomainError:
            tally.unsendable += 1
            continue
        size = segments(text)
        if not text.strip():
            tally.unsendable += 1
            continue
        tally.by_segments[size.count] += 1
        tally.ucs2 += size.encoding is Alphabet.UCS2
        if tally.sample is None:
            tally.sample = Sample(text, row.msisdn, f"{row.first_name} {row.last_name}".strip())
