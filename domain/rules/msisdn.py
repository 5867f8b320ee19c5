"""
Phone numbers: what a person or a spreadsheet wrote, turned into E.164 digits, or the reason why not. The verdict is
that of ``phonenumbers``; clean numbers are judged by the patterns of ``national``, twenty times as fast.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from domain.rules.national import (
    CALLING_CODES,
    CallingCode,
    calling_code,
    plain_international,
    plain_local,
    region_patterns,
)


class NumberProblem(StrEnum):
    """Why a text is no number that can be written to."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    SCIENTIFIC = "scientific"  #: 5,19989E+10: a spreadsheet has dropped digits; never guessed
    FRACTION = "fraction"  #: 98776301.5: an amount, or a number that a spreadsheet has reckoned with; never guessed
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BAD_RANGE = "bad_range"  #: right length, but no such number, or one that takes no SMS
    LANDLINE = "landline"
    COUNTRY_NOT_ENABLED = "country_not_enabled"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Exactly one is set. ``msisdn``: E.164 digits."""

    msisdn: int | None
    problem: NumberProblem | None


#: ISO 3166-1 codes of all regions that have numbers.
REGIONS: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)

_MAX_LENGTH: Final = 60  # characters; no number is longer, however it is written
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(?:[.,]\d*)?\s*[eE]\s*\+?\d{1,3}", re.ASCII)
_INTEGRAL: Final = re.compile(r"(\+?\d{7,})[.,]0{1,2}", re.ASCII)
_DECIMAL: Final = re.compile(r"[\s'’`]*(\+?\d{7,})[.．](\d{1,2})\s*", re.ASCII)
_DIGITS: Final = re.compile(r"\+?\d+", re.ASCII)
_PREFIX: Final = re.compile(r"^['’`]*(?:(?:tel|sms|cel|tlf|telf|whatsapp)\s*[:.])?", re.IGNORECASE)

#: What people type between digits; directional marks come with numbers copied from contact apps.
_SEPARATORS: Final = {
    ord(character): None
    for character in " \t\r\n.-()[]'’`\u00a0\u00ad\u2007\u2009\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2012\u2013"
    "\u2014\u2015\u202a\u202b\u202c\u202d\u202e\u202f\u2060\u2066\u2067\u2068\u2069\u2212\u3000\ufeff－（）．"
}

_MOBILE_TYPES: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_LENGTH_PROBLEMS: Final = {
    ValidationResult.TOO_SHORT: NumberProblem.TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: NumberProblem.TOO_SHORT,
    ValidationResult.TOO_LONG: NumberProblem.TOO_LONG,
}
_PARSE_PROBLEMS: Final = {
    NumberParseException.INVALID_COUNTRY_CODE: NumberProblem.BAD_RANGE,
    NumberParseException.TOO_SHORT_AFTER_IDD: NumberProblem.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: NumberProblem.TOO_SHORT,
    NumberParseException.TOO_LONG: NumberProblem.TOO_LONG,
}
_PROBLEMS: Final = {problem: Verdict(None, problem) for problem in NumberProblem}


class NumberPlan:
    """
    How an account's numbers are read.

    Args:
        region: ISO 3166-1: numbers without country code are of there.
        countries: Regions that may be written to; None: every one. Numbers of those that are named are also read as
            international where they are typed without ``+``; with None only the home region's are.
        landlines: Whether landlines take SMS.
        anywhere: Every region's numbers are taken; ``countries`` says no more than which ones are read without ``+``.

    Raises:
        ValueError: There is no such region.
    """

    def __init__(
        self,
        region: str,
        *,
        countries: frozenset[str] | None = None,
        landlines: bool = False,
        anywhere: bool = False,
    ) -> None:
        code = phonenumbers.country_code_for_region(region)
        if not code:
            raise ValueError(f"no such region: {region}")
        self.region = region
        self.countries = None if anywhere else countries
        self.landlines = landlines
        self._code = str(code)
        self._home = region_patterns(region, code)
        self._own = calling_code(self._code)
        self._plain_local = plain_local(region, self._code)
        self._plain_international = plain_international(self._code)
        others = {str(phonenumbers.country_code_for_region(other)) for other in countries or ()}
        self._other_codes = tuple(sorted((others & CALLING_CODES) - {self._code}))

    def parse(self, text: str) -> Verdict:
        """
        Judge one number: local, with ``+``, ``00`` or only the country code, with what people put between digits.

        Letters make it no number, also those that ``phonenumbers`` would dial; so does a second number in the cell.
        """
        found = self.read(text)
        return Verdict(found, None) if isinstance(found, int) else _PROBLEMS[found]

    def read(self, text: str) -> int | NumberProblem:
        """As ``parse``, without a value around it: for whole files."""
        plain = self._plain_local(text)
        if plain is not None and self._allowed(plain.lastgroup):
            return int(self._code + text)
        digits = text.translate(_SEPARATORS)
        if digits != text and (decimal := _DECIMAL.fullmatch(text)):
            return NumberProblem.FRACTION if decimal[2].strip("0") else self.read(decimal[1])
        plain = self._plain_international(digits)
        if plain is not None and self._allowed(plain.lastgroup):
            return int(digits)
        found = self._clean(digits)
        return self._doubtful(text) if found is None else found

    def _clean(self, digits: str) -> int | None:
        """The number, where there is no doubt that it is a mobile's that may be written to; None: ask further."""
        if not digits.isascii():
            return None
        if not digits.isdigit():
            return self._international(digits[1:]) if digits[:1] == "+" and digits[1:].isdigit() else None
        if digits.startswith("00"):
            return self._international(digits[2:])
        if self._home.rewritten(digits):
            return None
        if self._home.possible(digits):
            found = self._own.mobile(digits, 0)
            return int(self._code + digits) if found is not None and self._allowed(found.lastgroup) else None
        if digits.startswith(self._code) and not self._home.rewritten(digits, len(self._code)):
            return self._behind(self._own, digits, len(self._code))
        return None

    def _international(self, digits: str) -> int | None:
        """Digits that begin with a country code."""
        for length in (2, 3, 1):
            if digits[:length] in CALLING_CODES:
                return self._behind(calling_code(digits[:length]), digits, length)
        return None

    def _behind(self, code: CallingCode, digits: str, start: int) -> int | None:
        """Digits whose country code ends at ``start``."""
        found = code.mobile(digits, start)
        if found is None or not self._allowed(found.lastgroup) or code.main.rewritten(digits, start):
            return None
        return int(digits)

    def _allowed(self, region: str | None) -> bool:
        return self.countries is None or region in self.countries

    def _doubtful(self, text: str) -> int | NumberProblem:
        """Clean up what is unusual, then ask ``phonenumbers``."""
        if len(text) > _MAX_LENGTH:
            return NumberProblem.NOT_A_NUMBER if text.strip() else NumberProblem.EMPTY
        plain = _PREFIX.sub("", "".join(map(_ascii, text)).strip()).strip()
        if _SCIENTIFIC.fullmatch(plain):
            return NumberProblem.SCIENTIFIC
        integral = _INTEGRAL.fullmatch(plain)
        digits = integral[1] if integral else plain.translate(_SEPARATORS)
        if not digits:
            return NumberProblem.NOT_A_NUMBER if plain else NumberProblem.EMPTY
        if not _DIGITS.fullmatch(digits):
            return NumberProblem.NOT_A_NUMBER
        readings = self._readings(digits)
        verdicts = (self._judge(reading, region) for reading, region in readings)
        first = next(verdicts)
        if isinstance(first, int):
            return first
        return next((verdict for verdict in verdicts if isinstance(verdict, int)), first)

    def _readings(self, digits: str) -> list[tuple[str, str | None]]:
        """The likeliest first: what is wrong with it is what the person is told."""
        if digits.startswith("+"):
            return [(digits, None)]
        if digits.startswith("00"):
            return [("+" + digits[2:], None), (digits, self.region)]
        bare: list[tuple[str, str | None]] = [("+" + digits, None)] if digits.startswith(self._other_codes) else []
        return [(digits, self.region), *bare]

    def _judge(self, digits: str, region: str | None) -> int | NumberProblem:
        """What ``phonenumbers`` says of one reading."""
        try:
            number = phonenumbers.parse(digits, region)
        except NumberParseException as error:
            return _PARSE_PROBLEMS.get(error.error_type, NumberProblem.NOT_A_NUMBER)
        if not phonenumbers.is_valid_number(number):
            length = phonenumbers.is_possible_number_with_reason(number)
            return _LENGTH_PROBLEMS.get(length, NumberProblem.BAD_RANGE)
        kind = phonenumbers.number_type(number)
        fixed = kind == PhoneNumberType.FIXED_LINE
        if kind not in _MOBILE_TYPES and not (self.landlines and fixed):
            return NumberProblem.LANDLINE if fixed else NumberProblem.BAD_RANGE
        if not self._allowed(phonenumbers.region_code_for_number(number)):
            return NumberProblem.COUNTRY_NOT_ENABLED
        return int(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])


def _ascii(character: str) -> str:
    """A digit of any script, and the full-width plus, as ASCII."""
    if character == "＋":
        return "+"
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def display(msisdn: int) -> str:
    """As people write it: ``+51 987 763 010``."""
    number = _parsed(msisdn)
    return f"+{msisdn}" if number is None else phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def mask(msisdn: int) -> str:
    """For logs: the last four digits, ``…3010``."""
    return f"…{msisdn % 10_000:04d}"


def region_of(msisdn: int) -> str | None:
    """ISO 3166-1 of a number, as PE; None where it is no country's."""
    number = _parsed(msisdn)
    region = phonenumbers.region_code_for_number(number) if number is not None else None
    return region if region and region.isalpha() else None


def regions_of(texts: Iterable[str], home: str) -> list[str]:
    """The regions of the valid ones, the most frequent first. ``home``: as ``NumberPlan``'s region."""
    everywhere = NumberPlan(home)
    found = Counter(region_of(msisdn) for msisdn in map(everywhere.read, texts) if isinstance(msisdn, int))
    return [region for region, _ in found.most_common() if region is not None]


def _parsed(msisdn: int) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(f"+{msisdn}", None)
    except NumberParseException:
        return None
