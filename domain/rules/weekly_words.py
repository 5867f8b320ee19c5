"""
Weekly hours as people write them: ``lunes a viernes 10:05 a 11:45``, in Spanish, English or Portuguese. No clock is
read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final

from domain.rules.when import WEEKDAYS, BadWhen, parse_clock, simplify

_EVERY: Final = frozenset(range(7))
_SETS: Final[Mapping[str, frozenset[int]]] = {
    **dict.fromkeys(
        ("todos los dias", "todos dias", "cada dia", "diario", "every day", "daily", "todos os dias", "todo dia"),
        _EVERY,
    ),
    **dict.fromkeys(
        ("entre semana", "dias de semana", "dias laborables", "weekdays", "dias uteis", "workdays"),
        frozenset(range(5)),
    ),
    **dict.fromkeys(
        ("fin de semana", "fines de semana", "weekend", "weekends", "fim de semana", "fins de semana"),
        frozenset({5, 6}),
    ),
}
_NAMES: Final = {**WEEKDAYS, **{f"{name}s": day for name, day in WEEKDAYS.items() if len(name) > 4}}
_TO: Final = r"(?:al?|to|through|until|till|hasta(?: las?)?|ate|as|-)"
_DAY: Final = "|".join(sorted(map(re.escape, _NAMES), key=len, reverse=True))
_SET: Final = re.compile("|".join(sorted(map(re.escape, _SETS), key=len, reverse=True)))
_RANGE: Final = re.compile(rf"(?P<first>{_DAY}) ?{_TO} ?(?P<last>{_DAY})(?![a-z])")
_ONE: Final = re.compile(rf"(?P<day>{_DAY})(?![a-z])")
_BETWEEN: Final = re.compile(r"(?:y|e|and|los|las|de|from|desde(?: las?)?|das?|,|on|the|between|entre)(?= |$)")
_CLOCKS: Final = re.compile(rf"(?P<begins>\d[^-]*?)(?:(?: ?{_TO} ?| )(?P<ends>\d.*))?")


@dataclass(frozen=True, slots=True)
class WeeklyWords:
    """
    What was understood.

    Attributes:
        days: 0 = Monday; empty: none was named.
        begins: None: no hour was named.
        ends: At or before ``begins`` it is the next day's; None: no closing hour was named.
    """

    days: frozenset[int]
    begins: time | None
    ends: time | None


def parse_weekly(text: str) -> WeeklyWords:
    """
    Days, hours, or both: ``lunes a viernes 10:05 a 11:45``, ``sábado y domingo 9:00``, ``weekdays 9am to 6pm``,
    ``10:05 a 11:45``.

    Raises:
        BadWhen: Something in it is not understood.
    """
    rest = simplify(text.replace("–", "-").replace("—", "-"))
    days: frozenset[int] = frozenset()
    while rest and not rest[0].isdigit():
        found, rest = _leading_days(rest, text)
        days |= found
    if not rest:
        if not days:
            raise BadWhen(text=text)
        return WeeklyWords(days, None, None)
    clocks = _CLOCKS.fullmatch(rest)
    if clocks is None:
        raise BadWhen(text=text)
    try:
        begins = parse_clock(clocks["begins"].strip())
        ends = parse_clock(clocks["ends"].strip()) if clocks["ends"] else None
    except BadWhen:
        raise BadWhen(text=text) from None
    return WeeklyWords(days, begins, ends)


def _leading_days(rest: str, text: str) -> tuple[frozenset[int], str]:
    """The days that it begins with, none for a word that only joins; and what follows."""
    for pattern in (_SET, _RANGE, _ONE, _BETWEEN):
        found = pattern.match(rest)
        if found is None:
            continue
        left = rest[found.end() :].lstrip(" ,:")
        if pattern is _SET:
            return _SETS[found.group()], left
        if pattern is _RANGE:
            first, last = _NAMES[found["first"]], _NAMES[found["last"]]
            return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1)), left
        return (frozenset({_NAMES[found["day"]]}) if pattern is _ONE else frozenset()), left
    raise BadWhen(text=text)
