"""Words for what went wrong: a ``DomainError`` in the person's language, anything else as an id that the log has."""

import html
import re
import secrets
from enum import Enum
from typing import Final

from markupsafe import Markup

from domain.errors import DomainError
from domain.rules.template import tokens
from locales import Texts

_TAG: Final = re.compile(r"<[^>]*>")
# Values that are words themselves, and the keys of those words.
_WORDS: Final = {"noun": "noun.{}", "permission": "permission.{}", "role": "role.{}"}


class FileTooLarge(DomainError):
    """Telegram gives bots no file above its limit. Values: ``size`` and ``limit``, in megabytes."""

    key = "error.file_too_large"


def explain(error: DomainError, t: Texts) -> str:
    """What a person is told, as HTML."""
    values: dict[str, object] = {}
    for name, value in error.values.items():
        plain = value.value if isinstance(value, Enum) else value
        if isinstance(plain, tuple):  # fields of a contact
            plain = ", ".join(token for token, field in tokens(t.language).items() if field in plain)
        word = _WORDS.get(name, "").format(plain)
        values[name] = Markup(t(word)) if word in t else plain  # noqa: S704 - our own text
    return t(type(error).key, **values)


def plain(text: str) -> str:
    """HTML as it reads, for the places that show no formatting."""
    return html.unescape(_TAG.sub("", text))


def error_id() -> str:
    """A short id to say over the phone."""
    return secrets.token_hex(3).upper()
