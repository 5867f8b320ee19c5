"""Time zones by the names that people have for them: a city or a country, as CLDR calls it."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global

_LANGUAGES: Final = ("es", "en", "pt")  # a person may write another one's name for a city
_LEAST: Final = 3  # letters of a name that is begun


def zones_named(typed: str) -> tuple[str, ...]:
    """
    IANA zones of a city, else of a country, else of what begins like that; capitals and accents do not matter. Several
    where the name is of several; none where it is nobody's.
    """
    name = _folded(typed.split(",")[0])
    if not name:
        return ()
    cities, countries = _names()
    for found in (cities.get(name), countries.get(name)):
        if found:
            return found
    if len(name) < _LEAST:
        return ()
    begun = (zone for city, zones in cities.items() if city.startswith(name) for zone in zones)
    return tuple(sorted(set(begun)))


@cache
def _names() -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
    """Folded names of cities and of countries, with their zones."""
    cities: dict[str, set[str]] = {}
    countries: dict[str, set[str]] = {}
    known = available_timezones()
    locales = [Locale.parse(language) for language in _LANGUAGES]
    for zone, territory in get_global("zone_territories").items():
        if "/" not in zone or zone not in known:
            continue
        cities.setdefault(_folded(zone), set()).add(zone)
        cities.setdefault(_folded(zone.rpartition("/")[2]), set()).add(zone)
        for locale in locales:
            city = locale.time_zones.get(zone, {}).get("city")
            if city:
                cities.setdefault(_folded(city), set()).add(zone)
            if territory in locale.territories:
                countries.setdefault(_folded(locale.territories[territory]), set()).add(zone)
    return (
        {name: tuple(sorted(zones)) for name, zones in cities.items()},
        {name: tuple(sorted(zones)) for name, zones in countries.items()},
    )


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).replace("_", " ").split())
