"""What the contact statements have in common on both engines: columns, and what becomes of a contact that is there."""

from collections.abc import Sequence
from typing import Final

from domain.rules.blanks import decided, held_fields
from domain.rules.existing import Existing
from domain.store.interface import ContactRow, ImportedRow, Policy

FIELDS: Final = ImportedRow._fields[1:]  #: what a contact has besides its number
STAGED: Final = ImportedRow._fields
COLUMNS: Final = ", ".join(STAGED)
CONTACT: Final = "c.id, " + ", ".join(f"c.{name}" for name in STAGED)


def assignments(policy: Policy) -> str:
    """What an upsert sets in a contact that is there; ``updated_ms`` and ``import_id`` apart."""
    if policy.existing is Existing.REPLACE:
        return ", ".join(f"{name} = excluded.{name}" for name in _replaced(policy))
    return ", ".join(
        f"{name} = case when excluded.{name} <> '' then excluded.{name} else contact.{name} end" for name in FIELDS
    )


def differs(policy: Policy) -> str:
    """Whether it says anything new: a contact that is left alone keeps its ``updated_ms`` too."""
    if policy.existing is Existing.REPLACE:
        return " or ".join(f"excluded.{name} <> contact.{name}" for name in _replaced(policy))
    return " or ".join(f"(excluded.{name} <> '' and excluded.{name} <> contact.{name})" for name in FIELDS)


def _replaced(policy: Policy) -> list[str]:
    return [name for name in FIELDS if name in policy.fields]


OPTOUT: Final = "optout"  #: the source of a number whose owner asked for it
DELETE_SLICE: Final = 5_000  # memberships a transaction: about 10 ms on SQLite
NUMBERS_SLICE: Final = 10_000  # numbers a query


def people(group_ids: Sequence[int]) -> str:
    """What to count of ``group_contact g``: nobody is in one group twice, and looking takes five times as long."""
    return "*" if len(set(group_ids)) == 1 else "distinct g.contact_id"


def blank_counts(fields: Sequence[str]) -> str:
    """What to select from ``contact c``: one count a field, and at last of those who lack any of them."""
    blank = [f"trim(c.{field}) = ''" for field in fields]
    counts = [f"count(*) filter (where {condition})" for condition in blank]
    return ", ".join([*counts, f"count(*) filter (where {' or '.join(blank) or '1 = 0'})"])


def not_blank(stored: object) -> str:
    """
    The condition on ``contact c`` that a campaign's ``blanks``, as read from JSON, come to; perhaps nothing. Who is on
    the blacklist (``b``) is blocked, not held back.
    """
    fields = held_fields(decided(stored))
    if not fields:
        return ""
    filled = " and ".join(f"trim(c.{field}) <> ''" for field in fields)
    return f" and (b.id is not null or ({filled}))"


def merged(pages: list[list[ContactRow]], limit: int) -> list[ContactRow]:
    """The first ``limit`` distinct contacts of several pages, in order of id."""
    by_id = {row.contact_id: row for page in pages for row in page}
    return [by_id[contact_id] for contact_id in sorted(by_id)[:limit]]
