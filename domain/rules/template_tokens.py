"""The tokens of templates: which words name which field of a contact, in each language. Data and look-up only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.rules.accents import without_accents

#: Fields of a contact, in the order of the manual's upload.
FIELDS: Final = ("msisdn", "first_name", "last_name", "email", "address", "value_1", "value_2", "value_3")

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "es": ("numero", "nombre", "apellido", "email", "direccion", "valor_1", "valor_2", "valor_3"),
    "en": ("number", "first_name", "last_name", "email", "address", "value_1", "value_2", "value_3"),
    "pt": ("numero", "nome", "sobrenome", "email", "endereco", "valor_1", "valor_2", "valor_3"),
}

_ALSO: Final[Mapping[str, str]] = {
    "phone": "msisdn",
    "telefono": "msisdn",
    "celular": "msisdn",
    "telefone": "msisdn",
    "apellidos": "last_name",
    "name": "first_name",
    "correo": "email",
    **{f"valor{n}": f"value_{n}" for n in (1, 2, 3)},
    **{f"value{n}": f"value_{n}" for n in (1, 2, 3)},
}

_BY_WORD: Final[Mapping[str, str]] = {
    **{field: field for field in FIELDS},
    **_ALSO,
    **{name: field for names in _NAMES.values() for name, field in zip(names, FIELDS, strict=True)},
}

_BY_LANGUAGE: Final = {
    language: MappingProxyType(dict(zip(names, FIELDS, strict=True))) for language, names in _NAMES.items()
}


def tokens(language: str) -> Mapping[str, str]:
    """Token -> field in a language (``es``, ``pt-BR``…), in the manual's order; Spanish where we have no other."""
    return _BY_LANGUAGE.get(language[:2].lower(), _BY_LANGUAGE["es"])


def field_of(token: str) -> str | None:
    """The field that a word names in any language, with or without accents and capitals; None: none."""
    return _BY_WORD.get(without_accents(token.casefold()))
