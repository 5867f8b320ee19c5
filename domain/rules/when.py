"""
The moments that people write in a chat, in Spanish, English or Portuguese. No clock is read: ``now`` is an argument.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from domain.errors import DomainError
from domain.rules.accents import without_accents
from domain.rules.local_time import wall


class BadWhen(DomainError):
    """Not a moment that we understand. Values: ``text``."""

    key = "schedule.bad_when"


class WhenInPast(DomainError):
    """Understood, but over. Values: ``text``; ``when``: that moment, UTC."""

    key = "schedule.past"


WEEKDAYS: Final[Mapping[str, int]] = {
    word: day
    for day, words in enumerate((
        ("lunes", "lun", "monday", "mon", "segunda", "seg"),
        ("martes", "mar", "tuesday", "tue", "terca", "ter"),
        ("miercoles", "mie", "wednesday", "wed", "quarta", "qua"),
        ("jueves", "jue", "thursday", "thu", "quinta", "qui"),
        ("viernes", "vie", "friday", "fri", "sexta", "sex"),
        ("sabado", "sab", "saturday", "sat"),
        ("domingo", "dom", "sunday", "sun"),
    ))
    for word in words
}  # fmt: skip

_DAYS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("hoy", "today", "hoje"), 0),
    **dict.fromkeys(("manana", "tomorrow", "amanha"), 1),
    **dict.fromkeys(("pasado manana", "day after tomorrow", "depois de amanha"), 2),
}

_MONTHS: Final[Mapping[str, int]] = {
    word: month
    for month, words in enumerate((
        ("enero", "ene", "january", "jan", "janeiro"),
        ("febrero", "feb", "february", "fevereiro", "fev"),
        ("marzo", "mar", "march", "marco"),
        ("abril", "abr", "april", "apr"),
        ("mayo", "may", "maio", "mai"),
        ("junio", "jun", "june", "junho"),
        ("julio", "jul", "july", "julho"),
        ("agosto", "ago", "august", "aug"),
        ("septiembre", "setiembre", "sep", "set", "september", "setembro"),
        ("octubre", "oct", "october", "outubro", "out"),
        ("noviembre", "nov", "november", "novembro"),
        ("diciembre", "dic", "december", "dec", "dezembro", "dez"),
    ), 1)
    for word in words
}  # fmt: skip

_UNITS: Final[Mapping[str, int]] = {  # minutes
    **dict.fromkeys(("minuto", "minutos", "minute", "minutes", "min", "mins", "m"), 1),
    **dict.fromkeys(("hora", "horas", "hour", "hours", "hr", "hrs", "h"), 60),
    **dict.fromkeys(("dia", "dias", "day", "days", "d"), 24 * 60),
    **dict.fromkeys(("semana", "semanas", "week", "weeks"), 7 * 24 * 60),
}

_COUNTS: Final = {**dict.fromkeys(("un", "una", "um", "uma", "a", "an", "one"), 1.0), "media": 0.5, "meia": 0.5}
_HALVES: Final = {  # hours to add to 1..11
    **dict.fromkeys(("am", "manana", "manha", "madrugada"), 0),
    **dict.fromkeys(("pm", "tarde", "noche", "noite"), 12),
}
#: People do not agree on which hour these are, nor on which day.
_UNCLEAR: Final = {
    **dict.fromkeys(("manana", "manha"), frozenset({12})),
    **dict.fromkeys(("noche", "noite"), frozenset({12, 1, 2, 3, 4, 5})),
}

#: Words between the others that say nothing.
_FILLERS: Final = re.compile(r"(?:^| )(?:a las?|as|at|on|el|o|na|no|proximo|proxima|next|this|este|esta|de la|da)(?= )")
_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))? ?(?P<unit>h|hs|hrs|horas)? ?(?P<half>[a-z]+)?", re.ASCII
)
_SPAN: Final = re.compile(r"(?:en|in|dentro de|em|daqui a) (?P<count>\d{1,4}|[a-z]+) (?P<unit>[a-z]+)", re.ASCII)
_DAY: Final = r"(?P<day>\d\d?)"
_REST: Final = r" (?P<rest>.+)"
_DATE: Final = (
    re.compile(rf"(?P<year>20\d\d)-(?P<month>\d\d?)-{_DAY}(?: ?t ?| )(?P<rest>.+)", re.ASCII),
    re.compile(rf"{_DAY}(?P<mark>[/.-])(?P<month>\d\d?)(?:(?P=mark)(?P<year>20\d\d|\d\d))?{_REST}", re.ASCII),
    re.compile(rf"{_DAY}o? (?:de |of )?(?P<month>[a-z]+)\.?(?: (?:de |del )?(?P<year>20\d\d))?{_REST}", re.ASCII),
    re.compile(rf"(?P<month>[a-z]+)\.? {_DAY}(?:st|nd|rd|th)?(?: (?P<year>20\d\d))?{_REST}", re.ASCII),
)
_WORD: Final = re.compile(r"(?P<word>pasado manana|day after tomorrow|depois de amanha|[a-z]+) (?P<rest>.+)", re.ASCII)
_MONTH_FIRST: Final = frozenset({"en-us"})


def parse_when(text: str, *, now: datetime, zone: tzinfo, language: str = "es") -> datetime:
    """
    Read a moment: ``2026-12-01 09:30``, ``01/12/2026 9:30``, ``1 de diciembre 9:30``, ``hoy 18:00``, ``lunes 10:05``,
    ``9:30`` (the next time that clocks show it), ``en 2 horas``; in any of our languages, whichever is set.

    Args:
        now: Aware.
        zone: The account's; a time that its clocks jump over is the moment of the jump.
        language: Only ``en-US`` matters: there the month stands before the day.

    Returns:
        UTC, after ``now``.

    Raises:
        BadWhen: Not understood, or no such date.
        WhenInPast: Understood, but not after ``now``.
    """
    plain = simplify(text)
    try:
        when = _span(plain, now) or _moment(plain, now.astimezone(zone), zone, month_first=_american(language))
    except (ValueError, OverflowError):
        when = None
    if when is None:
        raise BadWhen(text=text)
    if when <= now:
        raise WhenInPast(text=text, when=when)
    return when


def parse_clock(text: str) -> time:
    """
    A time of day alone: ``11:45``, ``a las 18``, ``6 pm``, ``18h``.

    Raises:
        BadWhen: Not understood, or there is no such hour.
    """
    try:
        found = _clock(simplify(text))
    except ValueError:
        found = None
    if found is None:
        raise BadWhen(text=text)
    return found


def parse_day(text: str, *, now: datetime, zone: tzinfo, language: str = "es") -> date:
    """
    A day alone, as ``parse_when`` reads it before a time: ``31/12``, ``viernes``, ``mañana``, ``2026-12-31``.

    Raises:
        BadWhen: Not understood, or no such date.
        WhenInPast: Understood, but over.
    """
    try:
        return parse_when(f"{text} 23:59", now=now, zone=zone, language=language).astimezone(zone).date()
    except BadWhen:
        raise BadWhen(text=text) from None


def _american(language: str) -> bool:
    return language.replace("_", "-").lower() in _MONTH_FIRST


def simplify(text: str) -> str:
    """Small letters without accents, one space between words, and none of those that say nothing."""
    spaced = " ".join(without_accents(text[:100].casefold()).replace(",", " ").split())
    spaced = re.sub(r"\b([ap])\. ?m\.", r"\1m", spaced)
    spaced = re.sub(r"\b(segunda|terca|quarta|quinta|sexta)(s?)[- ]feiras?\b", r"\1\2", spaced)
    return _FILLERS.sub("", spaced).strip()


def _span(plain: str, now: datetime) -> datetime | None:
    """``en 2 horas``."""
    found = _SPAN.fullmatch(plain)
    if found is None or found["unit"] not in _UNITS:
        return None
    count = float(found["count"]) if found["count"].isdigit() else _COUNTS.get(found["count"])
    return None if count is None else now.astimezone(UTC) + timedelta(minutes=count * _UNITS[found["unit"]])


def _moment(plain: str, local: datetime, zone: tzinfo, *, month_first: bool) -> datetime | None:
    """A date, or a word for one, and a time; or only a time."""
    for pattern in _DATE:
        found = pattern.fullmatch(plain)
        clock = _clock(found["rest"]) if found else None
        if found and clock is not None:
            return _dated(found, clock, local, zone, month_first=month_first)
    found = _WORD.fullmatch(plain)
    clock = _clock(found["rest"]) if found else None
    if found and clock is not None:
        return _worded(found["word"], clock, local, zone)
    clock = _clock(plain, alone=True)
    return None if clock is None else _next_day(local, clock, zone, step=1)


def _clock(text: str, *, alone: bool = False) -> time | None:
    """
    A time of day. ``alone``: a mere number is none.

    Raises:
        ValueError: There is no such hour, or it is not clear which.
    """
    found = _CLOCK.fullmatch(text)
    if found is None or (found["half"] and found["half"] not in _HALVES):
        return None
    if alone and not (found["minute"] or found["unit"] or found["half"]):
        return None
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12 or hour in _UNCLEAR.get(found["half"], ()):
            raise ValueError(text)
        hour = hour % 12 + _HALVES[found["half"]]
    return time(hour, int(found["minute"] or 0))


def _dated(found: re.Match[str], clock: time, local: datetime, zone: tzinfo, *, month_first: bool) -> datetime | None:
    """Without a year it is the next such date."""
    names = found.groupdict()
    day, month_word = found["day"], found["month"]
    if month_first and names.get("mark"):
        day, month_word = month_word, day
    month = int(month_word) if month_word.isdigit() else _MONTHS.get(month_word)
    if month is None:
        return None
    if names.get("year"):
        return wall(date(2000 + int(names["year"]) % 100, month, int(day)), clock, zone)
    this_year = wall(date(local.year, month, int(day)), clock, zone)
    return this_year if this_year > local else wall(date(local.year + 1, month, int(day)), clock, zone)


def _worded(word: str, clock: time, local: datetime, zone: tzinfo) -> datetime | None:
    if word in _DAYS:
        return wall(local.date() + timedelta(days=_DAYS[word]), clock, zone)
    if word not in WEEKDAYS:
        return None
    ahead = (WEEKDAYS[word] - local.weekday()) % 7
    return _next_day(local + timedelta(days=ahead), clock, zone, step=7, after=local)


def _next_day(local: datetime, clock: time, zone: tzinfo, *, step: int, after: datetime | None = None) -> datetime:
    """That time on that day, or ``step`` days later where it is over."""
    first = wall(local.date(), clock, zone)
    return first if first > (after or local) else wall(local.date() + timedelta(days=step), clock, zone)
