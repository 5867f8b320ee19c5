"""Which numbers an account may write to."""

import pytest

from domain.rules.reach import reach_of


@pytest.mark.parametrize(
    ("regions", "msisdn", "allowed"),
    [
        ("PE", 51987763010, True),
        ("PE", 573001234567, False),
        ("PE CO", 573001234567, True),
        ("US", 14155552671, True),
        ("US", 18095551234, False),  # the Dominican Republic has +1 too
        ("US DO", 18095551234, True),
        ("DO", 14155552671, False),
        ("PE", 14155552671, False),
        ("RU", 77012345678, False),  # Kazakhstan
        ("PE", 999123456789, False),
        ("PE", 0, False),
    ],
)
def test_a_number_of_another_country_is_out_of_reach(regions: str, msisdn: int, allowed: bool) -> None:
    """By its calling code, and by its own digits where countries share one."""
    assert reach_of(frozenset(regions.split()))(msisdn) is allowed
