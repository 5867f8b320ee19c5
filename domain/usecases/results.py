"""
What became of a campaign: the manual's table with its cost, the detail of every message, and the report on its text.
Figures are derived from the messages at the moment of asking; nothing is counted apart.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tortoise.functions import Count

from domain.errors import DomainError
from domain.models import Campaign, Contact, Message
from domain.rules.message_state import IN_DOUBT, MessageState
from domain.rules.price import Bracket
from domain.rules.statistics import Statistics
from domain.rules.template import compile_template
from domain.usecases import campaigns, refusals
from domain.usecases.billing import bill
from domain.usecases.refusals import Refusal
from domain.usecases.templates import fields_of

_PAGE: Final = 5_000  # messages
_SAMPLES: Final = 3
_TOKEN: Final = re.compile(r"\{\{-?\s*(\w+)")
_COLUMNS: Final = (
    *("msisdn", "contact_id", "state", "segments", "error", "word"),
    *("submitted_ms", "answered_ms", "done_ms"),
)
#: In others a receipt has said the last word.
_OPEN: Final = frozenset({MessageState.ACCEPTED, *IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Report:
    """
    *Resumen de la campaña* at a moment.

    Attributes:
        previous: The figures when it was last shown; None: this is the first time.
        billed_segments: Of what was sent.
        doubtful_segments: Of what is in doubt: billed only if it arrived.
        cost: At the price that the account had when it started; None: there was none.
        refusal: Why the operator refused much of it; None: it did not.
    """

    campaign: Campaign
    statistics: Statistics
    previous: Statistics | None
    billed_segments: int
    doubtful_segments: int
    cost: Bracket | None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """
    What became of one message. Times are aware UTC.

    Attributes:
        name: Of the contact as it is called now.
        word: What the operator last said of it without settling it, as in ENROUTE; None where it is settled.
    """

    msisdn: int
    name: str
    state: MessageState
    segments: int
    error: str | None
    word: str | None
    submitted_at: datetime | None
    answered_at: datetime | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class Media:
    """
    *Informe de los medios*.

    Attributes:
        text: As it is sent: the campaign's copy.
        tokens: As they are written in it.
        segments: Messages that went out by the number of their segments.
        samples: As a few of its contacts got it, or will.
    """

    campaign: Campaign
    text: str
    tokens: tuple[str, ...]
    segments: Mapping[int, int]
    samples: tuple[str, ...]


async def report(account_id: int, campaign_id: int) -> Report:
    """
    The figures as they stand; nothing is noted as shown.

    Raises:
        NotFound: It is gone, or another account's.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    statistics = Statistics(await campaigns.counts(campaign))
    found = await bill(campaign, statistics.counts)
    return Report(
        campaign=campaign,
        statistics=statistics,
        previous=_read(campaign.shown),
        billed_segments=found.billed,
        doubtful_segments=found.doubtful,
        cost=found.cost,
        refusal=await refusals.most_frequent(campaign, statistics.counts),
    )


async def show(account_id: int, campaign_id: int) -> Report:
    """
    The figures as they stand, and from now on they are the *Precedente* of the next time.

    Raises:
        NotFound: It is gone, or another account's.
    """
    found = await report(account_id, campaign_id)
    shown = {state.value: count for state, count in found.statistics.counts.items()}
    await Campaign.filter(id=campaign_id).update(shown=shown)
    return found


async def details(
    account_id: int, campaign_id: int, *, states: Collection[MessageState] = ()
) -> AsyncIterator[Sequence[Detail]]:
    """
    Every message of the campaign by number, in pages; ``states``: only those in one of them.

    Raises:
        NotFound: It is gone, or another account's.
    """
    await campaigns.get(account_id, campaign_id)
    after = 0
    while True:
        page = Message.filter(campaign_id=campaign_id, msisdn__gt=after)
        if states:
            page = page.filter(state__in=list(states))
        rows = await page.order_by("msisdn").limit(_PAGE).values_list(*_COLUMNS)
        if not rows:
            return
        yield await _with_names(account_id, rows)
        after = rows[-1][0]


async def media(account_id: int, campaign_id: int) -> Media:
    """
    The text and its segments.

    Raises:
        NotFound: It is gone, or another account's.
    """
    campaign = await campaigns.get(account_id, campaign_id)
    rows = await (
        Message.filter(campaign_id=campaign_id, segments__gt=0)
        .annotate(number=Count("id"))
        .group_by("segments")
        .values_list("segments", "number")
    )
    text = campaign.text or (campaign.template.text if campaign.template else "")
    return Media(
        campaign=campaign,
        text=text,
        tokens=tuple(dict.fromkeys(_TOKEN.findall(text))),
        segments=dict(sorted((int(segments), int(number)) for segments, number in rows)),
        samples=await _samples(account_id, campaign_id, text),
    )


async def messages(
    account_id: int, campaign_id: int, *, state: MessageState | None, offset: int, limit: int
) -> Sequence[Detail]:
    """
    A page of the campaign's messages by number; ``state``: only those.

    Raises:
        NotFound: It is gone, or another account's.
    """
    await campaigns.get(account_id, campaign_id)
    query = Message.filter(campaign_id=campaign_id)
    if state is not None:
        query = query.filter(state=state)
    rows = await query.order_by("msisdn").offset(offset).limit(limit).values_list(*_COLUMNS)
    return await _with_names(account_id, rows)


async def _with_names(account_id: int, rows: Sequence[tuple[Any, ...]]) -> list[Detail]:
    people = Contact.filter(account_id=account_id, id__in=[row[1] for row in rows])
    names = {
        contact_id: f"{first} {last}".strip()
        for contact_id, first, last in await people.values_list("id", "first_name", "last_name")
    }
    return [
        Detail(
            msisdn=msisdn,
            name=names.get(contact_id, ""),
            state=MessageState(state),
            segments=segments,
            error=error,
            word=word if state in _OPEN else None,
            submitted_at=_moment(submitted),
            answered_at=_moment(answered),
            done_at=_moment(done),
        )
        for msisdn, contact_id, state, segments, error, word, submitted, answered, done in rows
    ]


async def _samples(account_id: int, campaign_id: int, text: str) -> tuple[str, ...]:
    ids = (
        await Message.filter(campaign_id=campaign_id)
        .order_by("id")
        .limit(_SAMPLES)
        .values_list("contact_id", flat=True)
    )
    people = await Contact.filter(account_id=account_id, id__in=list(ids)).order_by("id")
    found = []
    for contact in people:
        with contextlib.suppress(DomainError):
            found.append(compile_template(text).render(fields_of(contact)))
    return tuple(found)


def _read(shown: Mapping[str, int] | None) -> Statistics | None:
    return None if shown is None else Statistics({MessageState(state): count for state, count in shown.items()})


def _moment(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC)
