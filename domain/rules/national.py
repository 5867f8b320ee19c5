"""
Regular expressions made from the metadata of ``phonenumbers``: which digits are, without doubt, a mobile number. What
they do not accept is not refused: ``msisdn`` asks the library.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

#: Country calling codes as text; none is the beginning of another.
CALLING_CODES: Final = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))

#: The kinds that the library looks for before it looks for mobiles: it calls a number by the first that fits.
BEFORE_MOBILE: Final = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
_NEVER: Final = "(?!)"


@dataclass(frozen=True, slots=True)
class RegionPatterns:
    """How a region's numbers look, and which digits in front of them are not part of them."""

    general: str  #: pattern of every number of the region
    begins_plainly: str  #: pattern that looks ahead: nothing is taken off the front, nothing put there
    _general: re.Pattern[str]
    _national_prefix: re.Pattern[str] | None
    _international_prefix: re.Pattern[str] | None
    _either_prefix: re.Pattern[str] | None  # one look instead of two, where the national one is never nothing

    def possible(self, digits: str, start: int = 0) -> bool:
        """Whether it looks like a national number at all."""
        return self._general.fullmatch(digits, start) is not None

    def rewritten(self, digits: str, start: int = 0) -> bool:
        """Whether the library may take something off the front, or put something there."""
        if self._either_prefix is not None and self._either_prefix.match(digits, start) is None:
            return False
        if self._international_prefix is not None and self._international_prefix.match(digits, start):
            return True
        found = self._national_prefix.match(digits, start) if self._national_prefix is not None else None
        if found is None or found.end() == start:
            return False
        transformed = bool(found.re.groups) and found[found.re.groups] is not None
        return transformed or not self.possible(digits, start) or self.possible(digits, found.end())


@dataclass(frozen=True, slots=True)
class CallingCode:
    """
    The numbers behind a country calling code.

    Attributes:
        mobile: Called with digits and where the national number begins; its ``lastgroup`` is the region.
        main: The region whose habits decide how such a number is read.
        alternatives: ``mobile`` as a pattern, to be built into another.
    """

    mobile: Callable[[str, int], re.Match[str] | None]
    main: RegionPatterns
    alternatives: str


@cache
def region_patterns(region: str, code: int = 0) -> RegionPatterns:
    """
    The patterns of a region; ``001`` with a calling code for those that belong to no country.

    Raises:
        KeyError: There is no such region.
    """
    metadata = metadata_of(region, code)
    if metadata is None:
        raise KeyError(region)
    national, international = metadata.national_prefix_for_parsing, metadata.international_prefix
    either = re.compile(f"(?:{national or _NEVER})|(?:{international or _NEVER})", re.ASCII)
    general, plainly = _pattern(metadata.general_desc), f"(?!{national or _NEVER})(?!{international or _NEVER})"
    return RegionPatterns(
        general,
        _NEVER if either.match("") else plainly,
        re.compile(general, re.ASCII),
        _compiled(national),
        _compiled(international),
        None if either.match("") else either,
    )


@cache
def calling_code(code: str) -> CallingCode:
    """
    The patterns of a calling code.

    Raises:
        KeyError: There is no such code.
    """
    regions = COUNTRY_CODE_TO_REGION_CODE[int(code)]
    alternatives = []
    earlier = ""
    for region in regions:
        metadata = metadata_of(region, int(code))
        if metadata is None:
            continue
        # The first region that claims a number has it, whatever the later ones would say.
        name = region if region.isalpha() else "WORLD"
        alternatives.append(f"(?P<{name}>{earlier}{_leading(metadata)}{_mobile(metadata)})")
        earlier += f"(?!{_claim(metadata)})"
    either = "|".join(alternatives)
    return CallingCode(re.compile(either, re.ASCII).fullmatch, region_patterns(regions[0], int(code)), either)


def plain_local(region: str, code: str) -> Callable[[str], re.Match[str] | None]:
    """
    Matches what is a mobile number as it is typed at home, where the library rewrites nothing of it; ``lastgroup`` is
    the region. One look instead of three: most rows of most files are written so.
    """
    home = region_patterns(region, int(code))
    pattern = f"{home.begins_plainly}(?={home.general})(?:{calling_code(code).alternatives})"
    return re.compile(pattern, re.ASCII).fullmatch


def plain_international(code: str) -> Callable[[str], re.Match[str] | None]:
    """The same for what is typed with ``+`` and the country code."""
    behind = calling_code(code)
    pattern = f"\\+{code}{behind.main.begins_plainly}(?:{behind.alternatives})"
    return re.compile(pattern, re.ASCII).fullmatch


def metadata_of(region: str, code: int) -> PhoneMetadata | None:
    """What the library knows of a region; of ``001`` behind a calling code."""
    return PhoneMetadata.metadata_for_region_or_calling_code(code, region)


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    return re.compile(pattern, re.ASCII) if pattern else None


def _pattern(description: PhoneNumberDesc | None) -> str:
    """Digits of this description, of its lengths, and nothing behind them."""
    if description is None or not description.national_number_pattern:
        return _NEVER
    lengths = "|".join(rf"\d{{{length}}}" for length in description.possible_length if length > 0)
    only = rf"(?=(?:{lengths})\Z)" if lengths else ""
    return rf"{only}(?:{description.national_number_pattern})\Z"


def _mobile(metadata: PhoneMetadata) -> str:
    earlier = "|".join(_pattern(getattr(metadata, kind)) for kind in BEFORE_MOBILE if getattr(metadata, kind))
    not_earlier = f"(?!{earlier})" if earlier else ""
    return f"(?={_pattern(metadata.general_desc)}){not_earlier}{_pattern(metadata.mobile)}"


def _leading(metadata: PhoneMetadata) -> str:
    return f"(?={metadata.leading_digits})" if metadata.leading_digits else ""


def _claim(metadata: PhoneMetadata) -> str:
    """The library calls a number this region's by its first digits where it knows them, else by any kind that fits."""
    if metadata.leading_digits:
        return f"(?:{metadata.leading_digits})"
    kinds = (*BEFORE_MOBILE, "fixed_line", "mobile")
    fits = "|".join(_pattern(getattr(metadata, kind)) for kind in kinds if getattr(metadata, kind))
    return f"(?={_pattern(metadata.general_desc)})(?:{fits or _NEVER})"
