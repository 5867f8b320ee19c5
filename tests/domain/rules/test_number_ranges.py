"""Ranges of numbers say what the plan says of each number, for every country."""

import random
from bisect import bisect

import pytest
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from domain.rules.msisdn import REGIONS, NumberPlan
from domain.rules.number_ranges import Ranges, mobile_ranges, outside

_RANGES_TRIED = 300
_ANY_TRIED = 1_500


def holds(ranges: Ranges, msisdn: int) -> bool:
    """Whether one of them does."""
    at = bisect(ranges, msisdn, key=lambda one: one[0]) - 1
    return at >= 0 and ranges[at][0] <= msisdn <= ranges[at][1]


def tried(ranges: Ranges, regions: frozenset[str], chance: random.Random) -> set[int]:
    """Numbers at the borders of ranges, within, and any behind the countries' codes."""
    found: set[int] = set()
    for first, last in chance.sample(ranges, min(len(ranges), _RANGES_TRIED)):
        found |= {first - 1, first, chance.randint(first, last), last, last + 1}
    codes = [code for code, theirs in COUNTRY_CODE_TO_REGION_CODE.items() if regions & set(theirs)]
    for _ in range(_ANY_TRIED):
        length = chance.randint(4, 11)
        found.add(chance.choice(codes) * 10**length + chance.randrange(10**length))
    return found


@pytest.mark.parametrize(
    "regions",
    [
        pytest.param(["PE"], id="one range"),
        pytest.param(["US"], id="area codes"),
        pytest.param(["CA", "JM"], id="a code that others share"),
        pytest.param(["GG"], id="told by its first digits"),
        pytest.param(["KZ"], id="the second of its code"),
        pytest.param(["IT"], id="leading zeros"),
        pytest.param(["PE", "CO", "MX", "BR", "AR", "ES"], id="several"),
        pytest.param(sorted(REGIONS), id="all"),
    ],
)
def test_a_number_is_in_a_range_where_the_plan_takes_it(regions: list[str]) -> None:
    """Those that the library reads as another number, because a prefix comes off, are never stored and not asked."""
    wanted = frozenset(regions)
    plan, ranges, chance = NumberPlan(regions[0], countries=wanted), mobile_ranges(wanted), random.Random(7)
    verdicts = {msisdn: plan.parse(f"+{msisdn}").msisdn for msisdn in tried(ranges, wanted, chance)}
    asked = {msisdn: taken is not None for msisdn, taken in verdicts.items() if taken in (None, msisdn)}

    assert {msisdn: holds(ranges, msisdn) for msisdn in asked} == asked
    assert len(asked) > _ANY_TRIED / 2
    assert any(asked.values())


def test_perus_mobiles_are_one_range() -> None:
    """Nine digits that begin with nine; a database looks at what lies beside it."""
    ranges = mobile_ranges(frozenset({"PE"}))

    assert ranges == ((51_900_000_000, 51_999_999_999),)
    assert outside(ranges) == ((0, 51_899_999_999), (52_000_000_000, 2**63 - 1))
    assert outside(()) == ((0, 2**63 - 1),)
