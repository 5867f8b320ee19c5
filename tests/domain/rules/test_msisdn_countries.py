"""The verdict on a hundred thousand numbers of ten countries, against that of ``phonenumbers``."""

import random
from collections.abc import Iterator

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from domain.rules.msisdn import NumberPlan
from tests.domain.rules.test_msisdn import by_library

COUNTRIES = ("PE", "CO", "MX", "AR", "BR", "CL", "EC", "ES", "US", "BO")
MANY = 10_400  # of each country
ALL_KINDS = tuple(PhoneNumberType.values())


def numbers(region: str, chance: random.Random) -> Iterator[str]:
    """
    Around the examples of every kind: with some digits changed, one too many or too few, and in every usual way of
    typing them. Only digits, blanks and a plus: what else people put there is the other tests'.
    """
    code = str(phonenumbers.country_code_for_region(region))
    examples = [
        phonenumbers.national_significant_number(example)
        for kind in ALL_KINDS
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    prefixes = ("", "", "", f"+{code}", f"+{code}", code, f"00{code}", "0", "1", "9", f"+{code} ", f"+{code}0")
    for _ in range(MANY):
        digits = list(chance.choice(examples))
        for _ in range(chance.choice((0, 1, 2, 6))):
            digits[chance.randrange(len(digits))] = chance.choice("0123456789")
        if chance.random() < 0.1:
            digits.append(chance.choice("0123456789"))
        elif chance.random() < 0.1:
            digits.pop()
        national = "".join(digits)
        if chance.random() < 0.2:
            national = f"{national[:3]} {national[3:6]} {national[6:]}"
        yield chance.choice(prefixes) + national


@pytest.mark.parametrize("region", COUNTRIES)
def test_a_countrys_numbers_are_judged_as_the_library_does(region: str) -> None:
    """
    Number by number. The one difference is meant, and is the rule's: ``00`` and a country code are an international
    prefix everywhere, also where the library knows another one.
    """
    plan, chance = NumberPlan(region), random.Random(region)
    different = []
    taken = 0
    for text in numbers(region, chance):
        ours, theirs = plan.parse(text).msisdn, by_library(text, region)
        taken += theirs is not None
        if ours != theirs and text.startswith("00"):
            theirs = by_library("+" + text[2:], region) or theirs
        if ours != theirs:
            different.append((text, ours, theirs))

    assert different == []
    assert taken > MANY // 20
