"""Which column of a file is which field of a contact: by the words of its header, else by what stands in the cells."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.rules.accents import without_accents
from domain.rules.msisdn import NumberPlan


class Field(StrEnum):
    """A field of a contact, in the order of the manual's upload."""

    MSISDN = "msisdn"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMAIL = "email"
    ADDRESS = "address"
    VALUE_1 = "value_1"
    VALUE_2 = "value_2"
    VALUE_3 = "value_3"


_VALUES: Final = (Field.VALUE_1, Field.VALUE_2, Field.VALUE_3)
_WORDS: Final = {
    Field.MSISDN: (
        "numero telefono celular movil fono tel cel phone mobile number msisdn cellphone whatsapp telefone gsm"
        " numero_de_telefono numero_telefono numero_telefonico numero_celular numero_de_celular telefono_celular"
        " telefono_movil phone_number mobile_number mobile_phone cell_phone numero_do_telefone numero_de_telefone"
        " nro_telefono nro_celular nro num_telefono num_celular tlf telf destino destinatario to recipient"
        " telefone_celular"
    ),
    Field.FIRST_NAME: "nombre nombres name first_name firstname given_name nome primeiro_nome primer_nombre cliente",
    Field.LAST_NAME: (
        "apellido apellidos last_name lastname surname family_name sobrenome apelido apellido_paterno primer_apellido"
    ),
    Field.EMAIL: "email e_mail correo correo_electronico mail email_address",
    Field.ADDRESS: "direccion domicilio address street endereco calle direccion_postal",
    Field.VALUE_1: "valor_1 value_1 valor_del_cliente_1 valor_cliente_1 valor_do_cliente_1 variable_1 var_1",
    Field.VALUE_2: "valor_2 value_2 valor_del_cliente_2 valor_cliente_2 valor_do_cliente_2 variable_2 var_2",
    Field.VALUE_3: "valor_3 value_3 valor_del_cliente_3 valor_cliente_3 valor_do_cliente_3 variable_3 var_3",
}
_FIELD_BY_WORD: Final = {word: field for field, words in _WORDS.items() for word in words.split()}
_ENOUGH: Final = 0.5  # share of cells that makes a column one of phones, or of e-mail addresses


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """
    Attributes:
        columns: The field in each column; None: not taken.
        header: The first row holds names, not a contact.
    """

    columns: tuple[Field | None, ...]
    header: bool

    @property
    def has_msisdn(self) -> bool:
        """Whether a column of phone numbers is known: without one nothing can be imported."""
        return Field.MSISDN in self.columns


def field_of_header(cell: str) -> Field | None:
    """The field that a header names, in our languages, with or without accents; None: none."""
    return _FIELD_BY_WORD.get("_".join(re.findall(r"[a-z]+|[0-9]+", without_accents(cell.casefold()))))


def guess_columns(rows: Sequence[Sequence[str]], *, plan: NumberPlan) -> ColumnMap:
    """
    Guess from the first rows of a file.

    A header is a first row without a valid number that names a field, or has a word above a column of numbers. Columns
    whose names say nothing become the values, in order. Without a header it is the manual's order, turned so that the
    numbers and the e-mail addresses are where they stand.
    """
    width = max((len(row) for row in rows), default=0)
    if not width:
        return ColumnMap((), header=False)
    first = [*rows[0], *[""] * (width - len(rows[0]))]
    named = [field_of_header(cell) for cell in first]
    below = rows[1:]
    numbers = [_share((row[at] for row in below if at < len(row)), plan) for at in range(width)]
    above = first[numbers.index(max(numbers))]
    is_word = max(numbers) >= _ENOUGH and above.strip() != "" and not any(map(str.isdigit, above))
    header = _share(first, plan) == 0 and (any(named) or is_word)
    if not header:
        below = rows
        numbers = [_share((row[at] for row in below if at < len(row)), plan) for at in range(width)]
    phone = _phone_column(named if header else [], numbers)
    if header and any(named):
        used = [any(at < len(row) and row[at].strip() for row in rows) for at in range(width)]
        columns = _by_name(named, phone, used=used)
    else:
        columns = _by_order(below, width, phone)
    return ColumnMap(tuple(columns), header)


def _share(cells: Iterable[str], plan: NumberPlan) -> float:
    """How many of the cells that hold something hold a valid number, 0 to 1."""
    found = [isinstance(plan.read(cell), int) for cell in cells if cell.strip()]
    return sum(found) / len(found) if found else 0.0


def _phone_column(named: Sequence[Field | None], numbers: Sequence[float]) -> int:
    """Of those that are called so the one with most numbers; another only where that one has none and it has many."""
    called = [at for at, field in enumerate(named) if field is Field.MSISDN]
    best = max(range(len(numbers)), key=lambda at: (numbers[at], -at))
    if not called:
        return best
    chosen = max(called, key=lambda at: (numbers[at], -at))
    return best if numbers[chosen] == 0 and numbers[best] >= _ENOUGH else chosen


def _by_name(named: Sequence[Field | None], phone: int, *, used: Sequence[bool]) -> list[Field | None]:
    columns: list[Field | None] = [None] * len(named)
    columns[phone] = Field.MSISDN
    for at, field in enumerate(named):
        if field not in (None, *columns):
            columns[at] = columns[at] or field
    free = [field for field in _VALUES if field not in columns]
    for at, found in enumerate(columns):
        if found is None and free and used[at]:
            columns[at] = free.pop(0)
    return columns


def _by_order(rows: Sequence[Sequence[str]], width: int, phone: int) -> list[Field | None]:
    columns: list[Field | None] = [None] * width
    columns[phone] = Field.MSISDN
    rest = [field for field in Field if field is not Field.MSISDN]
    email = _email_column(rows, width)
    if email is not None and email != phone:
        columns[email] = Field.EMAIL
        rest.remove(Field.EMAIL)
    for at, found in enumerate(columns):
        if found is None and rest:
            columns[at] = rest.pop(0)
    return columns


def _email_column(rows: Sequence[Sequence[str]], width: int) -> int | None:
    for at in range(width):
        cells = [row[at] for row in rows if at < len(row) and row[at].strip()]
        if cells and sum("@" in cell for cell in cells) / len(cells) >= _ENOUGH:
            return at
    return None
