"""The countries that an account writes to, as a test of one number: for each message, so it is cheap."""

from functools import cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from domain.rules.msisdn import region_of

NOT_ENABLED: Final = "number.country_not_enabled"  #: error of a message to a country that the account does not write to

_LENGTHS: Final = (2, 3, 1)  # digits of a calling code; none is the beginning of another


class Reach:
    """
    Whether a number is of one of these regions (ISO 3166-1). Where a calling code is theirs alone, or none of theirs,
    that is enough; of one that several countries share (+1, +7, +44) the number itself is looked at.
    """

    def __init__(self, regions: frozenset[str]) -> None:
        self.regions = regions
        self._whole: dict[str, bool] = {}  # by calling code
        self._shared: set[str] = set()
        for code, theirs in COUNTRY_CODE_TO_REGION_CODE.items():
            inside = [region in regions for region in theirs]
            if all(inside) or not any(inside):
                self._whole[str(code)] = inside[0]
            else:
                self._shared.add(str(code))

    def __call__(self, msisdn: int) -> bool:
        """False: it is of another country, or of none."""
        digits = str(msisdn)
        for length in _LENGTHS:
            known = self._whole.get(digits[:length])
            if known is not None:
                return known
            if digits[:length] in self._shared:
                return region_of(msisdn) in self.regions
        return False


@cache
def reach_of(regions: frozenset[str]) -> Reach:
    """One for each set of regions; it is asked for with each claim."""
    return Reach(regions)
