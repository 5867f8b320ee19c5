"""
The journal of changes, in SQL that both engines read: what a change does to each row, with the note of what it was.
What differs is a ``Dialect``. Undoing is ``journal_undo_sql``'s.

Placeholders are ``$1``; ``Dialect.sql`` turns them into the engine's own.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from domain.store.contact_sql import STAGED


class Touched(IntEnum):
    """What a change did to the row ``key``: a contact, or (LISTED, UNLISTED) a number of the blacklist."""

    CREATED = 1
    CHANGED = 2
    DELETED = 3
    JOINED = 4  #: only put in the change's group
    LEFT = 5  #: only taken out of it
    LISTED = 6
    UNLISTED = 7
    LEFT_ALL = 8  #: a contact taken out of every group
    JOINED_ALL = 9  #: a contact put in every group that it was not in


#: A contact as it was: a JSON array in this order; behind it the ids of groups that it left or joined with others.
IMAGE: Final = (*STAGED, "created_ms", "updated_ms", "import_id")
_NUMBERS: Final = frozenset({"msisdn", "created_ms", "updated_ms", "import_id"})


_OTHERS: Final = (
    "from contact_group k where k.account_id = c.account_id"
    " and not exists (select 1 from group_contact g where g.group_id = k.id and g.contact_id = c.id)"
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    Where the engines differ.

    Attributes:
        ids: The numbers of a parameter, to stand behind ``in``; ``numbers``: as a table, with ``msisdn``.
        array: Function that makes a JSON array of its arguments; ``text``: what turns that into text.
        cell, number: One cell of ``before`` as text and as a number; ``{}`` is its position.
        groups: The ids of a contact's groups as a JSON array; ``others``: those of the account that it is not in.
        each_group: Table function over the ids at the end of ``before``, as ``value``.
    """

    placeholder: str
    ids: str
    numbers: str
    array: str
    text: str
    cell: str
    number: str
    groups: str
    others: str
    each_group: str

    def sql(self, text: str) -> str:
        """With the engine's placeholders; ``$each_group`` is its own."""
        return re.sub(r"\$(\d)", rf"{self.placeholder}\1", text.replace("$each_group", self.each_group))

    def image(self, alias: str = "c", *, groups: str = "") -> str:
        """The expression for ``before``. ``groups``: those that are kept with it; ``alias`` is ``c`` then."""
        cells = ", ".join(f"{alias}.{name}" for name in IMAGE)
        return f"{self.array}({cells}{groups and ', '}{groups}){self.text}"

    def read(self, name: str) -> str:
        """A column of the image in ``r.before``."""
        form = self.number if name in _NUMBERS else self.cell
        return form.format(IMAGE.index(name))


SQLITE: Final = Dialect(
    placeholder="?",
    ids="(select value from json_each($1))",
    numbers="(select value as msisdn from json_each($1))",
    array="json_array",
    text="",
    cell="json_extract(r.before, '$[{}]')",
    number="json_extract(r.before, '$[{}]')",
    groups="json((select json_group_array(g.group_id) from group_contact g where g.contact_id = c.id))",
    others=f"json((select json_group_array(k.id) {_OTHERS}))",
    each_group=f"json_each(r.before, '$[{len(IMAGE)}]') e",
)
POSTGRES: Final = Dialect(
    placeholder="$",
    ids="(select unnest($1::bigint[]))",
    numbers="(select unnest($1::bigint[]) as msisdn)",
    array="jsonb_build_array",
    text="::text",
    cell="(r.before::jsonb ->> {})",
    number="(r.before::jsonb ->> {})::bigint",
    groups="(select coalesce(jsonb_agg(g.group_id), '[]'::jsonb) from group_contact g where g.contact_id = c.id)",
    others=f"(select jsonb_agg(k.id) {_OTHERS})",
    each_group=f"jsonb_array_elements_text(r.before::jsonb -> {len(IMAGE)}) e(value)",
)

# --- doing; $1 the ids or numbers, $2 change, $3 account, $4 group

_DONE_NOW: Final = "select r.key from change_row r where r.change_id = $2 and r.key in {ids}"


def note_deleted(dialect: Dialect) -> str:
    """Keep contacts as they are, before they go. $1 ids, $2 change, $3 account."""
    return f"""
        insert into change_row (change_id, key, what, msisdn, before)
        select cast($2 as bigint), c.id, {Touched.DELETED}, c.msisdn, {dialect.image(groups=dialect.groups)}
        from contact c where c.account_id = $3 and c.id in {dialect.ids}
    """


def delete_noted(dialect: Dialect) -> tuple[str, str, str]:
    """Raise the revisions of their groups; take them out; delete them. $1 ids, $2 change."""
    keys = _DONE_NOW.format(ids=dialect.ids)
    return (
        f"""
        update contact_group set revision = revision + 1
        where id in (select g.group_id from group_contact g where g.contact_id in ({keys}))
        """,
        f"delete from group_contact where contact_id in ({keys})",
        f"delete from contact where id in ({keys})",
    )


def note_left_all(dialect: Dialect) -> str:
    """Keep in which groups contacts are. $1 ids, $2 change, $3 account."""
    return f"""
        insert into change_row (change_id, key, what, before)
        select cast($2 as bigint), c.id, {Touched.LEFT_ALL}, {dialect.image(groups=dialect.groups)} from contact c
        where c.account_id = $3 and c.id in {dialect.ids} and exists (
            select 1 from group_contact g join contact_group k on k.id = g.group_id where g.contact_id = c.id
        )
    """


def leave_all_noted(dialect: Dialect) -> tuple[str, str]:
    """Raise the revisions of their groups; take them out. $1 ids, $2 change."""
    keys = _DONE_NOW.format(ids=dialect.ids)
    return (
        delete_noted(dialect)[0],
        f"""
        delete from group_contact where contact_id in ({keys})
        and group_id in (select id from contact_group)
        """,
    )


def note_joined_all(dialect: Dialect) -> str:
    """Keep which groups contacts are not in. $1 ids, $2 change, $3 account."""
    return f"""
        insert into change_row (change_id, key, what, before)
        select cast($2 as bigint), c.id, {Touched.JOINED_ALL}, {dialect.image(groups=dialect.others)} from contact c
        where c.account_id = $3 and c.id in {dialect.ids} and exists (select 1 {_OTHERS})
    """


def join_all_noted(dialect: Dialect) -> tuple[str, str]:
    """Put them in those; raise the revisions. $1 ids, $2 change."""
    joined = f"from change_row r, $each_group where r.change_id = $2 and r.key in {dialect.ids}"
    return (
        f"""
        insert into group_contact (group_id, contact_id)
        select cast(e.value as integer), r.key {joined} order by 1, 2 on conflict do nothing
        """,
        f"update contact_group set revision = revision + 1 where id in (select cast(e.value as integer) {joined})",
    )


def note_membership(dialect: Dialect, *, joining: bool) -> str:
    """Those of the contacts that will join, or leave. $1 ids, $2 change, $3 account, $4 group."""
    what = Touched.JOINED if joining else Touched.LEFT
    return f"""
        insert into change_row (change_id, key, what)
        select cast($2 as bigint), c.id, {what} from contact c
        where c.account_id = $3 and c.id in {dialect.ids} and {"not" if joining else ""} exists (
            select 1 from group_contact g where g.group_id = cast($4 as integer) and g.contact_id = c.id
        )
    """


def change_noted_membership(dialect: Dialect, *, joining: bool) -> str:
    """Let them. $1 ids, $2 change, $3 group."""
    keys = _DONE_NOW.format(ids=dialect.ids)
    if joining:
        return f"""
            insert into group_contact (group_id, contact_id)
            select cast($3 as integer), n.key from ({keys} order by r.key) n where true on conflict do nothing
        """
    return f"delete from group_contact where group_id = cast($3 as integer) and contact_id in ({keys})"


def note_listed(dialect: Dialect) -> str:
    """Those of the numbers that are not on the blacklist. $1 numbers, $2 change, $3 account, $4 now."""
    return f"""
        insert into change_row (change_id, key, what, after_ms)
        select cast($2 as bigint), n.msisdn, {Touched.LISTED}, cast($4 as bigint)
        from {dialect.numbers} n
        where not exists (select 1 from blacklist_entry b where b.account_id = $3 and b.msisdn = n.msisdn)
    """


def list_noted(dialect: Dialect) -> str:
    """Put them on it. $1 numbers, $2 change, $3 account, $4 source, $5 who, $6 when."""
    keys = _DONE_NOW.format(ids=dialect.ids)
    return f"""
        insert into blacklist_entry (account_id, msisdn, source, created_by, created_ms)
        select cast($3 as integer), n.key, $4, cast($5 as bigint), cast($6 as bigint)
        from ({keys} order by r.key) n where true on conflict do nothing
    """


def note_unlisted(dialect: Dialect) -> str:
    """Keep entries of the blacklist, before they go. $1 numbers, $2 change, $3 account."""
    before = f"{dialect.array}(b.id, b.source, b.created_by, b.created_ms){dialect.text}"
    return f"""
        insert into change_row (change_id, key, what, before)
        select cast($2 as bigint), b.msisdn, {Touched.UNLISTED}, {before}
        from blacklist_entry b where b.account_id = $3 and b.msisdn in {dialect.ids}
    """


def unlist_noted(dialect: Dialect) -> str:
    """Take them off it. $1 numbers, $2 change, $3 account."""
    keys = _DONE_NOW.format(ids=dialect.ids)
    return f"delete from blacklist_entry where account_id = $3 and msisdn in ({keys})"


def note_edited(dialect: Dialect) -> str:
    """Keep a contact, before a field of it changes. $1 contact, $2 change, $3 account, $4 when it will have changed."""
    return f"""
        insert into change_row (change_id, key, what, msisdn, after_ms, before)
        select cast($2 as bigint), c.id, {Touched.CHANGED}, c.msisdn, cast($4 as bigint), {dialect.image()}
        from contact c where c.id = $1 and c.account_id = $3
    """


def set_column(column: str) -> str:
    """Change one field of a contact; ``column`` is one of ours, never typed. $1 contact, $2 value, $3 its version."""
    if column not in STAGED:
        raise ValueError(column)
    return f"update contact set {column} = $2, updated_ms = $3 where id = $1"


VERSION_OF: Final = "select updated_ms from contact where id = $1 and account_id = $2"
REVISE: Final = "update contact_group set revision = revision + 1 where id = $1"
ADVANCE: Final = "update change set cursor = $2 where id = $1 and state = 'running' and cursor = $3"
COUNTED: Final = "update change set count = count + $2 where id = $1"
PURGE: Final = """
delete from change_row where change_id = $1 and key in (select key from change_row where change_id = $1 limit $2)
"""
PURGE_MEMBERS: Final = """
delete from group_contact where group_id = $1
and contact_id in (select contact_id from group_contact where group_id = $1 limit $2)
"""
