"""The words of one language, with the number, money and date formats of a region. Reading files is ``catalogue``'s."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, get_day_names, get_timezone_location
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from markupsafe import Markup, escape

_PRICE_DIGITS: Final = 6  # as many as a price per segment is kept with
_CODE_AND_DIGIT: Final = re.compile(r"(?<=[A-Za-z])(?=\d)")  # CLDR parts them (alphaNextToNumber), Babel does not


@dataclass(frozen=True, slots=True)
class Entry:
    """The words of a key: one form, or as many as the language has plurals. ``area``: the file's name."""

    forms: tuple[str, ...]
    plural: bool
    fuzzy: bool
    area: str


class Texts:
    """
    ``t("key", name=…)`` gives HTML, ``t.label("key", name=…)`` plain text.

    A value is put in as ``str`` makes it, but ``count`` is a number: it chooses the plural form and is written in the
    locale's way. Other quantities go through ``number``, ``percent``, ``money``, ``moment`` first.
    """

    def __init__(
        self, language: str, region: str, *, entries: Mapping[str, Entry], plural: Callable[[int], int]
    ) -> None:
        self.language = language
        self.region = region
        self._entries = entries
        self._plural = plural
        self._locale = _locale(language, region)

    def __call__(self, key: str, **values: object) -> str:
        """
        HTML: the catalogue's text with the values escaped, but for those that are ``Markup``.

        Raises:
            KeyError: No such text, or a placeholder without a value.
        """
        shown = {name: escape(value) for name, value in self._shown(values).items()}
        return self._form(key, values).format_map(shown)

    def markup(self, key: str, **values: object) -> Markup:
        """As a call, for being a value of another text: it is not escaped again."""
        return Markup(self(key, **values))  # noqa: S704 - escaped in the call

    def label(self, key: str, **values: object) -> str:
        """
        Plain text for buttons, toasts and file names: nothing is escaped.

        Raises:
            KeyError: No such text, or a placeholder without a value.
        """
        return self._form(key, values).format_map(self._shown(values))

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def number(self, value: float | Decimal) -> str:
        """With the locale's separators: 12,044 or 12.044."""
        return format_decimal(value, locale=self._locale)

    def percent(self, fraction: float | Decimal) -> str:
        """A fraction of 1 as a percentage, with one decimal where it has one: 62.5 %."""
        pattern = self._locale.percent_formats[None].pattern.replace("#,##0", "#,##0.#")
        return format_percent(fraction, format=pattern, locale=self._locale)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount in an ISO 4217 currency; with more decimals than it is paid in, where a price has them."""
        exponent = amount.normalize().as_tuple().exponent
        actual = -exponent if isinstance(exponent, int) else 0
        digits = max(get_currency_precision(currency), min(actual, _PRICE_DIGITS))
        pattern = self._locale.currency_formats["standard"].pattern
        decimals = "0." + "0" * digits if digits else "0"
        written = format_currency(
            amount, currency, format=pattern.replace("0.00", decimals), currency_digits=False, locale=self._locale
        )
        return _CODE_AND_DIGIT.sub("\xa0", written)

    def moment(self, when: datetime, zone: ZoneInfo) -> str:
        """Date and time in the zone, with the zone named: 25 nov. 2026, 14:05 (Lima)."""
        local = format_datetime(when, "d MMM y, HH:mm", tzinfo=zone, locale=self._locale)
        return f"{local} ({self.zone(zone)})"

    def day(self, when: datetime, zone: ZoneInfo) -> str:
        """The date in the zone: 25 nov. 2026."""
        return format_datetime(when, "d MMM y", tzinfo=zone, locale=self._locale)

    def weekday(self, day: int, *, short: bool = True) -> str:
        """The name of a day of the week, 0 = Monday: lun, or lunes."""
        names = get_day_names("abbreviated" if short else "wide", "stand-alone", self._locale)
        return str(names[day]).rstrip(".")

    def month(self, day: date) -> str:
        """The month and its year, short: nov 2026."""
        return format_date(day, "LLL y", locale=self._locale).replace(".", "")

    def time(self, when: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
        """The time of day in the zone: 14:05, or 14:05:11."""
        return format_datetime(when, "HH:mm:ss" if seconds else "HH:mm", tzinfo=zone, locale=self._locale)

    def zone(self, zone: ZoneInfo) -> str:
        """The zone as people call it: its city."""
        if "/" not in zone.key or zone.key.startswith("Etc/"):
            return zone.key.removeprefix("Etc/")
        return get_timezone_location(zone, locale=self._locale, return_city=True).rsplit("/", 1)[-1]

    def country(self, region: str) -> str:
        """The name of an ISO 3166-1 region: Perú."""
        return str(self._locale.territories.get(region, region))

    def _form(self, key: str, values: Mapping[str, object]) -> str:
        entry = self._entries[key]
        if not entry.plural:
            return entry.forms[0]
        count = values["count"]
        if not isinstance(count, int):
            raise TypeError(f"{key}: count is {count!r}, not an int")
        return entry.forms[self._plural(count)]

    def _shown(self, values: Mapping[str, object]) -> dict[str, object]:
        shown = dict(values)
        count = shown.get("count")
        if isinstance(count, int):
            shown["count"] = self.number(count)
        return shown


def _locale(language: str, region: str) -> Locale:
    try:
        return Locale.parse(f"{language}_{region}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language)  # CLDR has no English of Peru, say
