"""
Which numbers may be written to, as ranges: a database with an index on numbers finds those outside of them without
looking at the others. Made from the metadata of ``phonenumbers``, as the patterns of ``national`` are. Its patterns
hold digits, classes, groups, alternatives and counts, nothing else: each is a finite automaton.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.phonemetadata import PhoneMetadata, PhoneNumberDesc

from domain.rules.national import BEFORE_MOBILE, metadata_of

Ranges = tuple[tuple[int, int], ...]  #: first and last of each, ascending; they neither touch nor overlap

_DIGITS: Final = 15  # E.164
_LAST: Final = 2**63 - 1  # what a column of numbers holds
_ALL: Final = "0123456789"


def outside(ranges: Ranges) -> Ranges:
    """Every other number that a database may hold."""
    begins = (0, *(last + 1 for _, last in ranges))
    ends = (*(first - 1 for first, _ in ranges), _LAST)
    return tuple((first, last) for first, last in zip(begins, ends, strict=True) if first <= last)


@cache
def mobile_ranges(regions: frozenset[str]) -> Ranges:
    """The mobile numbers of these regions (ISO 3166-1), as msisdns."""
    found: list[tuple[int, int]] = []
    for code, theirs in COUNTRY_CODE_TO_REGION_CODE.items():
        if wanted := regions.intersection(theirs):
            found += _of_code(code, wanted)
    return tuple(_joined(sorted(found)))


@cache
def _of_code(code: int, wanted: frozenset[str]) -> Ranges:
    found: list[tuple[int, int]] = []
    for length in range(1, _DIGITS - len(str(code)) + 1):
        start = code * 10**length
        found += [(start + first, start + last) for first, last in _Language(code, wanted, length).ranges()]
    return tuple(found)


class _Automaton:
    """A pattern: its states are sets of places in it. Behind its last place nothing may follow."""

    def __init__(self, pattern: str) -> None:
        self._steps: list[list[tuple[str, int]]] = []
        self._free: list[list[int]] = []
        self._text, self._at = pattern, 0
        start, self._end = self._either()
        self.start = self._closed({start})
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def step(self, states: frozenset[int], digit: str) -> frozenset[int]:
        """Where a digit leads; the empty set: nowhere."""
        found = self._known.get((states, digit))
        if found is None:
            found = self._closed({to for state in states for digits, to in self._steps[state] if digit in digits})
            self._known[states, digit] = found
        return found

    def accepts(self, states: frozenset[int]) -> bool:
        """Whether it may end here."""
        return self._end in states

    def _closed(self, states: set[int]) -> frozenset[int]:
        todo = list(states)
        while todo:
            new = set(self._free[todo.pop()]) - states
            states |= new
            todo += new
        return frozenset(states)

    def _place(self) -> int:
        self._steps.append([])
        self._free.append([])
        return len(self._steps) - 1

    def _either(self) -> tuple[int, int]:
        start, end = self._place(), self._place()
        while True:
            first, last = self._sequence()
            self._free[start].append(first)
            self._free[last].append(end)
            if self._at >= len(self._text) or self._text[self._at] != "|":
                return start, end
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        start = end = self._place()
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            begin = self._at
            first, last = self._atom()
            least, most = self._count()
            after = self._at
            for number in range(most):
                if number:
                    self._at = begin
                    first, last = self._atom()
                if number >= least:
                    self._free[first].append(last)
                self._free[end].append(first)
                end = last
            self._at = after
        return start, end

    def _count(self) -> tuple[int, int]:
        mark = self._text[self._at : self._at + 1]
        if mark == "?":
            self._at += 1
            return 0, 1
        if mark != "{":
            return 1, 1
        close = self._text.index("}", self._at)
        least, _, most = self._text[self._at + 1 : close].partition(",")
        self._at = close + 1
        return int(least), int(most or least)

    def _atom(self) -> tuple[int, int]:
        if self._text.startswith("(?:", self._at):
            self._at += 3
            inner = self._either()
            self._at += 1
            return inner
        first, last = self._place(), self._place()
        self._steps[first].append((self._digits(), last))
        return first, last

    def _digits(self) -> str:
        mark = self._text[self._at]
        if self._text.startswith(r"\d", self._at):
            self._at += 2
            return _ALL
        if mark in _ALL:
            self._at += 1
            return mark
        if mark != "[":
            raise ValueError(self._text)
        close = self._text.index("]", self._at)
        inside = self._text[self._at + 1 : close].replace(r"\d", "0-9")
        self._at = close + 1
        found = ""
        for at, letter in enumerate(inside):
            if letter == "-":
                found += _ALL[_ALL.index(inside[at - 1]) : _ALL.index(inside[at + 1]) + 1]
            else:
                found += letter
        return found


_automaton: Final[Callable[[str], _Automaton]] = cache(_Automaton)
_States = tuple[frozenset[int], ...]
_Test = Callable[[_States], bool]


class _Language:
    """The national numbers of one length behind a calling code that are mobiles of some regions."""

    def __init__(self, code: int, wanted: frozenset[str], length: int) -> None:
        self._length = length
        self._parts: list[_Automaton] = []
        self._places: dict[str, int] = {}
        self._known: dict[tuple[_States, int], list[tuple[int, int]]] = {}
        tests: list[_Test] = []
        claims: list[_Test] = []
        mobiles: list[int] = []
        for region in COUNTRY_CODE_TO_REGION_CODE[code]:
            metadata = metadata_of(region, code)
            if metadata is None:
                continue
            mobile = self._described(metadata.mobile)
            if region in wanted and mobile is not None:
                mobiles.append(mobile)
                tests.append(self._mobile(metadata, tuple(claims)))
            claims.append(self._claimed(metadata))
        self._mobiles, self._tests = tuple(mobiles), tuple(tests)

    def ranges(self) -> list[tuple[int, int]]:
        """First and last of each, ascending."""
        return self._below(tuple(part.start for part in self._parts), self._length)

    def _below(self, states: _States, left: int) -> list[tuple[int, int]]:
        if not any(states[at] for at in self._mobiles):
            return []
        if not left:
            return [(0, 0)] if any(test(states) for test in self._tests) else []
        known = self._known.get((states, left))
        if known is None:
            size, known = 10 ** (left - 1), []
            for number, digit in enumerate(_ALL):
                after = tuple(part.step(state, digit) for part, state in zip(self._parts, states, strict=True))
                base = number * size
                known += [(base + first, base + last) for first, last in self._below(after, left - 1)]
            self._known[states, left] = known = _joined(known)
        return known

    def _place(self, pattern: str) -> int:
        if pattern not in self._places:
            self._places[pattern] = len(self._parts)
            self._parts.append(_automaton(pattern))
        return self._places[pattern]

    def _described(self, description: PhoneNumberDesc | None) -> int | None:
        """Where its automaton is; None: no number of this length fits it."""
        if description is None or not description.national_number_pattern:
            return None
        lengths = [length for length in description.possible_length if length > 0]
        if lengths and self._length not in lengths:
            return None
        return self._place(description.national_number_pattern)

    def _fits(self, place: int | None) -> _Test:
        if place is None:
            return lambda _states: False
        return lambda states: self._parts[place].accepts(states[place])

    def _leads(self, metadata: PhoneMetadata) -> _Test | None:
        digits = metadata.leading_digits
        return self._fits(self._place(rf"(?:{digits})\d{{0,{_DIGITS}}}")) if digits else None

    def _mobile(self, metadata: PhoneMetadata, claims: Sequence[_Test]) -> _Test:
        leads, general = self._leads(metadata), self._fits(self._described(metadata.general_desc))
        mobile = self._fits(self._described(metadata.mobile))
        against = [*claims, *(self._fits(self._described(getattr(metadata, kind))) for kind in BEFORE_MOBILE)]
        wanted = [general, mobile] if leads is None else [general, mobile, leads]
        return lambda states: all(fits(states) for fits in wanted) and not any(fits(states) for fits in against)

    def _claimed(self, metadata: PhoneMetadata) -> _Test:
        """As ``national``: by its first digits where the library knows them, else by any kind that fits."""
        leads = self._leads(metadata)
        if leads is not None:
            return leads
        general = self._fits(self._described(metadata.general_desc))
        kinds = [self._fits(self._described(getattr(metadata, k))) for k in (*BEFORE_MOBILE, "fixed_line", "mobile")]
        return lambda states: general(states) and any(fits(states) for fits in kinds)


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending ranges without those that touch."""
    found: list[tuple[int, int]] = []
    for first, last in ranges:
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found
