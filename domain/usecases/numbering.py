"""How an account's numbers are read, and the countries that it may write to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import structlog

from domain.errors import DomainError
from domain.models import Account
from domain.rules.msisdn import REGIONS, NumberPlan
from domain.rules.reach import Reach, reach_of
from domain.usecases.import_spec import Numbering

log = structlog.get_logger()


class NoSuchCountry(DomainError):
    """Values: ``text``."""

    key = "error.no_such_country"


async def numbering_of(account_id: int) -> Numbering:
    """The account's region and countries; until somebody chooses others, its own region is the only one."""
    account = await Account.get(id=account_id)
    return Numbering(account.region, tuple(sorted({account.region, *(account.countries or ())})))


async def plan_of(account_id: int) -> NumberPlan:
    """The same as a rule."""
    return (await numbering_of(account_id)).plan()


async def numbering_anywhere(account_id: int) -> Numbering:
    """For the blacklist, and to look a number up: a country that is not enabled is no reason to refuse it."""
    return replace(await numbering_of(account_id), anywhere=True)


async def reaches_of(account_ids: Iterable[int]) -> Mapping[int, Reach]:
    """Of each account, which numbers it may write to."""
    rows = await Account.filter(id__in=list(account_ids)).only("id", "region", "countries")
    return {row.id: reach_of(frozenset({row.region, *(row.countries or ())})) for row in rows}


def regions() -> Sequence[str]:
    """Every one that may be enabled, ISO 3166-1."""
    return sorted(REGIONS)


async def enable(account_id: int, regions: Sequence[str], *, by: int) -> tuple[str, ...]:
    """
    Let the account write to these countries too. Returns all of them.

    Raises:
        NoSuchCountry: One of them is no region.
    """
    for region in regions:
        if region not in REGIONS:
            raise NoSuchCountry(text=region)
    return await _set(account_id, {*(await numbering_of(account_id)).countries, *regions}, by=by)


async def disable(account_id: int, region: str, *, by: int) -> tuple[str, ...]:
    """Take a country back; the account's own region stays. Returns those that are left."""
    return await _set(account_id, set((await numbering_of(account_id)).countries) - {region}, by=by)


async def _set(account_id: int, countries: set[str], *, by: int) -> tuple[str, ...]:
    account = await Account.get(id=account_id)
    chosen = tuple(sorted({account.region, *countries}))
    await Account.filter(id=account_id).update(countries=list(chosen))
    log.info("countries_set", account=account_id, countries=chosen, by=by)
    return chosen
