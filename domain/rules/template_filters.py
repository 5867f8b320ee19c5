"""
The filters and tests of the template language, each bounded: no argument makes a long text out of a short one. Every
one takes what a contact holds, which is text, and none of them ever fails over it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from domain.rules.gsm import downgrade

MAX_TEXT: Final = 1_530  #: characters of a rendered text: ten segments of 153
_MAX_TRUNCATE: Final = 160
_MAX_DECIMALS: Final = 4
_EXACTLY: Final = Context(prec=60)  # digits: more than a number that is read has, with its decimals
_NUMBER: Final = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d[\d.,'\s\u00a0\u202f]{0,38})", re.ASCII)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+|[1-9]\d{0,2}(?:,\d{3})+")
_DATE_LAYOUTS: Final = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y-%m-%d %H:%M")
_DATE_FORMAT: Final = re.compile(r"(?:[^%]|%[dmYyHM%]){1,40}")

Constant = str | int | float


class Number(float):
    """A value read as a number, for comparisons; it prints as it was written. NaN where it is none: never equal."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, value: float, text: str) -> "Number":
        made = super().__new__(cls, value)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


def read_number(text: str) -> Decimal | None:
    """
    A number as people write it, with points or commas for thousands or decimals; None where it is none.

    With one kind of mark, once: three digits behind it are thousands (``1.250``), anything else decimals (``12,5``).
    """
    found = _NUMBER.fullmatch(text.strip().removeprefix("S/").strip())
    if found is None:
        return None
    digits = re.sub(r"['\s\u00a0\u202f]", "", found["digits"])
    marks = re.findall("[.,]", digits)
    if marks and not _THOUSANDS.fullmatch(digits):
        whole, _, decimals = digits.rpartition(marks[-1])
        if len(marks) > 1 and (marks[-1] in whole or not _THOUSANDS.fullmatch(whole)):
            return None
    else:
        whole, decimals = digits, ""
    return Decimal(f"{found['sign']}{re.sub('[.,]', '', whole)}.{decimals or '0'}")


def _title(value: object) -> str:
    return re.sub(r"[^\W\d_]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), _text(value))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _truncate(value: object, length: int = 20) -> str:
    return _text(value)[: max(0, min(length, _MAX_TRUNCATE))]


def _default(value: object, other: Constant = "") -> object:
    """Also for a blank, which is what a contact holds where an upload said nothing."""
    return value if _text(value).strip() else other


def _money(value: object, decimals: int = 2, mark: str = ".") -> str:
    amount = read_number(_text(value))
    if amount is None:
        return _text(value)
    places = max(0, min(decimals, _MAX_DECIMALS))
    written = f"{amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACTLY):,f}"
    return written if mark == "." else written.translate({ord(","): ".", ord("."): ","})


def _number(value: object) -> Number:
    text = _text(value)
    amount = read_number(text)
    return Number(float("nan") if amount is None else float(amount), text)


def _date(value: object, layout: str = "%d/%m/%Y") -> str:
    text = _text(value).strip()
    found = _read_date(text)
    if found is None:
        return text
    parts = {name: found.strftime(name) for name in ("%d", "%m", "%y", "%H", "%M")}
    parts |= {"%Y": f"{found.year:04d}", "%%": "%"}
    return re.sub("%.", lambda code: parts[code[0]], layout)


def _read_date(text: str) -> datetime | None:
    for known in _DATE_LAYOUTS:
        try:
            return datetime.strptime(text, known)  # noqa: DTZ007 - a calendar date, of no zone
        except ValueError:
            continue
    return None


def _replace(value: object, old: str, new: str) -> str:
    return _text(value).replace(old, new) if old else _text(value)


def _bounded(filter_: Callable[..., object]) -> Callable[..., object]:
    """A chain of replacements must not grow: one character more than any text may have is enough to be refused."""

    def run(value: object, *arguments: Constant) -> object:
        out = filter_(value, *arguments)
        return out[: MAX_TEXT + 1] if isinstance(out, str) else out

    return run


@dataclass(frozen=True, slots=True)
class FilterRule:
    """
    How a filter may be used.

    Attributes:
        kinds: Of each argument, in order; all but the first ``required`` may be left out.
        matches: What a text argument must look like.
    """

    run: Callable[..., object]
    kinds: tuple[type[object], ...] = ()
    required: int = 0
    matches: re.Pattern[str] | None = None

    def accepts(self, arguments: list[Constant]) -> bool:
        """Whether these constants may stand between its brackets."""
        if not self.required <= len(arguments) <= len(self.kinds):
            return False
        return all(
            isinstance(argument, kind)
            and (self.matches is None or not isinstance(argument, str) or self.matches.fullmatch(argument) is not None)
            for argument, kind in zip(arguments, self.kinds, strict=False)
        )


FILTERS: Final[Mapping[str, FilterRule]] = {
    "upper": FilterRule(_bounded(lambda value: _text(value).upper())),
    "lower": FilterRule(_bounded(lambda value: _text(value).lower())),
    "title": FilterRule(_bounded(_title)),
    "capitalize": FilterRule(_bounded(lambda value: _text(value).capitalize())),
    "trim": FilterRule(_bounded(lambda value: _text(value).strip())),
    "truncate": FilterRule(_truncate, (int,)),
    "default": FilterRule(_bounded(_default), (object,), 1),
    "money": FilterRule(_bounded(_money), (int, str), matches=re.compile("[.,]")),
    "number": FilterRule(_number),
    "date": FilterRule(_bounded(_date), (str,), matches=_DATE_FORMAT),
    "plain": FilterRule(_bounded(lambda value: downgrade(_text(value)))),
    "replace": FilterRule(_bounded(_replace), (str, str), 2),
}


def is_filled(value: object) -> bool:
    """``is defined``: whether a contact holds anything there."""
    return bool(_text(value).strip())


TESTS: Final[Mapping[str, Callable[[object], bool]]] = {
    "defined": is_filled,
    "undefined": lambda value: not is_filled(value),
    "none": lambda value: not is_filled(value),
}
