"""The form of a sender ID: what an SMSC takes as source address."""

import re
from typing import ClassVar, Final

from domain.errors import DomainError

MAX_CHARACTERS: Final = 11  #: of an alphanumeric one. Source: 3GPP TS 23.040 §9.1.2.5: ten octets of septets
MAX_DIGITS: Final = 15  #: E.164
_MIN_DIGITS: Final = 3  # the shortest short codes

_NUMBER: Final = re.compile(rf"\d{{{_MIN_DIGITS},{MAX_DIGITS}}}", re.ASCII)
_NAME: Final = re.compile(rf"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9 ._&-]{{0,{MAX_CHARACTERS - 2}}}[A-Za-z0-9])?")
_WRITTEN: Final = re.compile(r"[\s().-]")


class BadSenderId(DomainError):
    """Neither a number nor at most 11 letters and digits. Values: ``text``, ``limit``."""

    key: ClassVar[str] = "error.bad_sender_id"


def parse_sender_id(text: str) -> str:
    """
    A sender ID as it goes on the wire: digits of a short or long number without ``+``, or an alphanumeric one.

    Raises:
        BadSenderId: It is neither.
    """
    name = text.strip()
    digits = _WRITTEN.sub("", name.removeprefix("+"))
    if _NUMBER.fullmatch(digits):
        return digits
    if _NAME.fullmatch(name):
        return name
    raise BadSenderId(text=name[:40], limit=MAX_CHARACTERS)
