"""What a campaign would come to, found by rendering its text for the people who would get it. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain import store
from domain.rules.blanks import Blanks, decided, held_fields, undecided
from domain.rules.price import Money, estimate
from domain.rules.template import compile_template
from domain.usecases.drafts import Draft
from domain.usecases.measuring import EXACT_LIMIT, Measure, Progress, Sample, measure, price_of

__all__ = ["EXACT_LIMIT", "Forecast", "Progress", "Sample", "forecast", "open_blanks", "price_of"]


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What would go out.

    Attributes:
        recipients: Who gets it: neither on the blacklist nor held back.
        held: Held back, being blank in a token that the campaign asks for.
        exact: Every recipient was looked at; else figures are reckoned from a sample.
        segments: Of all recipients together.
        by_segments: Recipients by the number of segments that theirs takes.
        ucs2: Recipients whose text leaves the GSM alphabet.
        blank: By token's field, recipients who have nothing there, and for whom nothing stands there instead.
        unsendable: Recipients whose text comes out empty or too long, or to whose country the account does not write.
        cost: At the account's price; None: none is set.
        measure: All that was found.
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
    held: int
    measure: Measure


@dataclass(frozen=True, slots=True)
class Holes:
    """
    A draft's tokens where a blank leaves a hole.

    Attributes:
        counts: By field, how many of its contacts are blank there.
        held: Contacts who get nothing, being blank in one that holds back.
    """

    counts: Mapping[str, int]
    held: int


async def forecast(account_id: int, draft: Draft, *, exact: bool = False, progress: Progress | None = None) -> Forecast:
    """
    What the draft comes to now.

    Args:
        exact: Look at every recipient, however many there are; what makes texts dear is not looked for then.
        progress: Told now and then how many have been looked at.

    Raises:
        BadTemplate: Its text cannot be rendered at all.
    """
    blanks = decided(draft.campaign.blanks)
    group_ids = [group_id for group_id, _ in draft.groups]
    found = await measure(
        account_id,
        draft.text,
        group_ids,
        recipients=draft.recipients,
        blanks=blanks,
        exact=exact,
        progress=progress,
    )
    price = await price_of(account_id)
    return Forecast(
        recipients=found.recipients,
        blacklisted=draft.audience.blacklisted,
        exact=found.exact,
        segments=found.segments,
        by_segments=found.by_segments,
        ucs2=found.ucs2,
        blank=found.blank,
        unsendable=found.unsendable,
        cost=estimate(found.segments, price) if price else None,
        sample=found.sample,
        held=found.held,
        measure=found,
    )


async def holes_of(account_id: int, draft: Draft) -> Holes:
    """
    How many are blank in what, and how many get nothing for it.

    Raises:
        BadTemplate: The text is none.
    """
    group_ids = [group_id for group_id, _ in draft.groups]
    holding = held_fields(decided(draft.campaign.blanks))
    fields = undecided(compile_template(draft.text).bare, {}) if draft.text else ()
    found = await store.current().audience_blanks(account_id, group_ids, fields)
    held = (await store.current().audience_blanks(account_id, group_ids, holding)).contacts if holding else 0
    return Holes(found.by_field, held)


async def open_blanks(account_id: int, text: str, group_ids: list[int], *, blanks: Blanks) -> Mapping[str, int]:
    """
    Contacts by the token's field that they are blank in, where nobody has decided what to do; those of 0 are left out.

    Raises:
        BadTemplate: The text is none.
    """
    fields = undecided(compile_template(text).bare, blanks)
    if not fields or not group_ids:
        return {}
    found = await store.current().audience_blanks(account_id, group_ids, fields)
    return {field: count for field, count in found.by_field.items() if count}
