"""
What a campaign does about contacts who have nothing in a token's field: another text stands there, or they are held
back. Kept in ``Campaign.blanks`` as field -> text, or None to hold back. No database.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.errors import DomainError
from domain.rules.template_tokens import FIELDS

DEFAULT_LIMIT: Final = 60  #: characters
NUMBER: Final = "msisdn"  #: the one field that is never blank

Blanks = Mapping[str, str | None]


class BadDefault(DomainError):
    """Not a text to stand for a blank: empty, too long, or with brackets. Values: ``limit``."""

    key = "blanks.bad_default"


class HeldBack(DomainError):
    """The contact has nothing in a field without which they get no message. Values: ``field``."""

    key = "blanks.held_back"


class Undecided(DomainError):
    """Contacts are blank in a token, and nobody has said what to do about it. Values: ``count``."""

    key = "blanks.undecided"


def clean_default(text: str | None) -> str:
    """
    A typed text to stand for a blank.

    Raises:
        BadDefault: It is blank, longer than 60 characters, or would show brackets on a phone.
    """
    clean = " ".join((text or "").split())
    if not clean or len(clean) > DEFAULT_LIMIT or "{" in clean or "}" in clean:
        raise BadDefault(limit=DEFAULT_LIMIT)
    return clean


def decided(stored: object) -> dict[str, str | None]:
    """What a campaign's column says; what is no field of ours is left out."""
    if not isinstance(stored, Mapping):
        return {}
    return {
        field: value
        for field, value in stored.items()
        if field in FIELDS and field != NUMBER and (value is None or isinstance(value, str))
    }


def held_fields(blanks: Blanks) -> tuple[str, ...]:
    """The fields that a contact must have something in, in the manual's order."""
    return tuple(field for field in FIELDS if field in blanks and blanks[field] is None)


def undecided(bare: Iterable[str], blanks: Blanks) -> tuple[str, ...]:
    """
    Fields that nobody has decided about.

    Args:
        bare: Those that the text reads without a ``default`` or an ``if`` of its own (``CompiledTemplate.bare``).
    """
    wanted = set(bare) - {NUMBER}
    return tuple(field for field in FIELDS if field in wanted and field not in blanks)


def filled(fields: Mapping[str, str], blanks: Blanks) -> Mapping[str, str]:
    """
    A contact's fields with the chosen texts where they are blank.

    Raises:
        HeldBack: They are blank where the campaign holds back.
    """
    changed: dict[str, str] = {}
    for field, other in blanks.items():
        if not fields.get(field, "").strip(" "):  # as SQL's trim, which holds back before there is a message
            if other is None:
                raise HeldBack(field=field)
            changed[field] = other
    return {**fields, **changed} if changed else fields
