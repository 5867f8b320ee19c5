"""How fast a campaign goes, as people write it: ``10 por segundo``, ``1000 al día``. No clock is read."""

import re
from dataclasses import dataclass
from typing import ClassVar, Final

from domain.errors import DomainError
from domain.rules.when import simplify


class BadPaceText(DomainError):
    """Not a pace that we understand. Values: ``text``."""

    key: ClassVar[str] = "error.bad_pace_text"


@dataclass(frozen=True, slots=True)
class PaceWords:
    """What was named: messages a second, messages a day; None: that was not."""

    tps: float | None
    daily_cap: int | None


_NUMBER: Final = r"(?P<number>\d+(?:\.\d+)?)"
_UNIT: Final = r"(?P<unit>s|seg|segundo|sec|second|min|minuto|minute|h|hora|hour|d|dia|day|diari[ao]s?|daily)"
_PACE: Final = re.compile(
    rf"{_NUMBER}(?: ?(?:sms|mensajes?|messages?|mensage(?:m|ns)))? ?(?:(?:/|por|a[lo]?|per|each|cada) ?)?{_UNIT}?"
)
_THOUSANDS: Final = re.compile(r"\b([1-9]\d{0,2})[ .'](?=\d{3}(?!\d))")
_SECONDS: Final = {
    **dict.fromkeys(("s", "seg", "segundo", "sec", "second"), 1),
    **dict.fromkeys(("min", "minuto", "minute"), 60),
    **dict.fromkeys(("h", "hora", "hour"), 3_600),
}


def parse_pace(text: str) -> PaceWords:
    """
    One pace: ``10/s``, ``600 por minuto``, ``0,5 per second``; a bare number is a second's. Or a cap: ``1000 al día``.

    Raises:
        BadPaceText: Neither.
    """
    found = _PACE.fullmatch(_THOUSANDS.sub(r"\1", simplify(re.sub(r"(?<=\d),(?=\d)", ".", text))))
    if found is None:
        raise BadPaceText(text=text)
    number, unit = float(found["number"]), found["unit"] or "s"
    if unit in _SECONDS:
        return PaceWords(number / _SECONDS[unit], None)
    if number != int(number):
        raise BadPaceText(text=text)
    return PaceWords(None, int(number))
