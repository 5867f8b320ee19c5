"""Which contacts are wanted: by group, part of the name, part of the number, and how they stand."""

import unicodedata
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

_WORDS: Final = 6  # of a name; more are not looked at
_DIGITS: Final = 15  # E.164


class Show(StrEnum):
    """How the contacts stand."""

    ALL = "all"
    BLACKLISTED = "blacklisted"
    CLEAN = "clean"  #: not on the blacklist
    INVALID = "invalid"  #: the number cannot be written to
    NO_GROUP = "no_group"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A filter; the default is every contact of the account.

    Attributes:
        words: Folded pieces that the first and last name must all hold.
        digits: What the number must hold.
        import_id: Only those that this import was the last to write.
        ids: Only these.
    """

    group_id: int | None = None
    words: tuple[str, ...] = ()
    digits: str = ""
    show: Show = Show.ALL
    import_id: int | None = None
    ids: tuple[int, ...] | None = None

    def to_json(self) -> dict[str, object]:
        """For the database."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, object]) -> "Wanted":
        """Back from the database."""
        ids = found["ids"]
        return cls(
            group_id=_number(found["group_id"]),
            words=tuple(map(str, _list(found["words"]))),
            digits=str(found["digits"]),
            show=Show(str(found["show"])),
            import_id=_number(found["import_id"]),
            ids=None if ids is None else tuple(int(str(one)) for one in _list(ids)),
        )


def fold(text: str) -> str:
    """Without capitals, accents and repeated blanks: ``José  ÑAÑO`` is found as ``jose nano``."""
    plain = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def words_of(text: str) -> tuple[str, ...]:
    """The pieces of a typed name."""
    return tuple(fold(text).split()[:_WORDS])


def digits_of(text: str) -> str:
    """The digits of a typed number or a part of one."""
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())[:_DIGITS]


def is_number(text: str) -> bool:
    """Whether what was typed to search for is a number, or a part of one: no letters, two digits at least."""
    return len(digits_of(text)) >= 2 and not any(letter.isalpha() for letter in text)


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
