"""
The journal of changes, in SQL that both engines read: what a change did to each row, whether the row is still as the
change left it, and how it becomes what it was. What differs is a ``Dialect``.

Placeholders are ``$1``; ``Dialect.sql`` turns them into the engine's own.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from domain.store.contact_sql import STAGED
from domain.store.journal import Span

UNDO_SLICE: Final = 2_000  #: rows undone in one transaction: some 40 ms of SQLite's only writer


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


#: A contact as it was: a JSON array in this order, for a deleted one the array of its groups' ids behind it.
IMAGE: Final = (*STAGED, "created_ms", "updated_ms", "import_id")
_NUMBERS: Final = frozenset({"msisdn", "created_ms", "updated_ms", "import_id"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """
    Where the engines differ.

    Attributes:
        ids: The numbers of a parameter, to stand behind ``in``; ``numbers``: as a table, with ``msisdn``.
        array: Function that makes a JSON array of its arguments; ``text``: what turns that into text.
        cell, number: One cell of ``before`` as text and as a number; ``{}`` is its position.
        groups: The ids of a contact's groups as a JSON array.
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
    each_group: str

    def sql(self, text: str) -> str:
        """With the engine's placeholders."""
        return re.sub(r"\$(\d)", rf"{self.placeholder}\1", text)

    def image(self, alias: str = "c", *, groups: bool = False) -> str:
        """The expression for ``before``."""
        cells = ", ".join(f"{alias}.{name}" for name in IMAGE)
        more = f", {self.groups.format(alias)}" if groups else ""
        return f"{self.array}({cells}{more}){self.text}"

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
    groups="json((select json_group_array(g.group_id) from group_contact g where g.contact_id = {}.id))",
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
    groups="(select coalesce(jsonb_agg(g.group_id), '[]'::jsonb) from group_contact g where g.contact_id = {}.id)",
    each_group=f"jsonb_array_elements_text(r.before::jsonb -> {len(IMAGE)}) e(value)",
)

# --- doing; $1 the ids or numbers, $2 change, $3 account, $4 group

_DONE_NOW: Final = "select r.key from change_row r where r.change_id = $2 and r.key in {ids}"


def note_deleted(dialect: Dialect) -> str:
    """Keep contacts as they are, before they go. $1 ids, $2 change, $3 account."""
    return f"""
        insert into change_row (change_id, key, what, msisdn, before)
        select cast($2 as bigint), c.id, {Touched.DELETED}, c.msisdn, {dialect.image(groups=True)}
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
        select cast($2 as bigint), c.id, {Touched.LEFT_ALL}, {dialect.image(groups=True)} from contact c
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
KEPT: Final = "update change set kept = kept + $2 where id = $1"
STEP_UNDO: Final = "update change set cursor = $3 where id = $1 and state = 'undoing' and cursor = $2"
PURGE: Final = """
delete from change_row where change_id = $1 and key in (select key from change_row where change_id = $1 limit $2)
"""
PURGE_MEMBERS: Final = """
delete from group_contact where group_id = $1
and contact_id in (select contact_id from group_contact where group_id = $1 limit $2)
"""

# --- undoing; $1 change, $2 and $3 the keys above the first and up to the second, $4 account, $5 group

_NUMBER_ROWS: Final = f"({Touched.LISTED}, {Touched.UNLISTED})"
_RANGE: Final = "r.change_id = $1 and r.key > $2 and r.key <= $3"
_MEMBER: Final = "select 1 from group_contact g where g.group_id = cast($5 as integer) and g.contact_id = r.key"
_SAME: Final = "select 1 from contact c where c.id = r.key and c.account_id = $4 and c.updated_ms = r.after_ms"
_THERE: Final = "select 1 from contact c where c.id = r.key and c.account_id = $4"
_NUMBER_TAKEN: Final = "select 1 from contact c where c.account_id = $4 and c.msisdn = r.msisdn and c.id <> r.key"
_GROUP_THERE: Final = "select 1 from contact_group k where k.id = cast($5 as integer) and k.account_id = $4"
_ELSEWHERE: Final = """
select 1 from group_contact g join contact_group k on k.id = g.group_id
where g.contact_id = r.key and (r.joined = 0 or g.group_id <> cast($5 as integer))
"""
_ENTRY: Final = "select 1 from blacklist_entry b where b.account_id = $4 and b.msisdn = r.key"
#: Somebody changed the row since, or took its place: it is not as the change left it.
TOUCHED_SINCE: Final = f"""
case r.what
when {Touched.CREATED} then
    not exists ({_SAME}) or exists ({_ELSEWHERE}) or (r.joined = 1 and not exists ({_MEMBER}))
when {Touched.CHANGED} then
    not exists ({_SAME}) or exists ({_NUMBER_TAKEN}) or (r.joined = 1 and not exists ({_MEMBER}))
when {Touched.DELETED} then
    exists ({_NUMBER_TAKEN}) or exists ({_THERE})
when {Touched.JOINED} then
    not exists ({_THERE}) or not exists ({_MEMBER})
when {Touched.LEFT} then
    not exists ({_THERE}) or exists ({_MEMBER}) or not exists ({_GROUP_THERE})
when {Touched.LISTED} then
    not exists ({_ENTRY} and b.created_ms = r.after_ms)
when {Touched.UNLISTED} then
    exists ({_ENTRY})
when {Touched.LEFT_ALL} then
    not exists ({_THERE})
else true end
"""
UPPER: Final = """
select max(key), count(*) from (select key from change_row where change_id = $1 and key > $2 order by key limit $3) part
"""
COUNT_UPTO: Final = "select count(*) from change_row where change_id = $1 and key <= $2"
COUNT_TOUCHED: Final = f"select count(*) from change_row r where {_RANGE} and {TOUCHED_SINCE}"
#: Which later changes touched what is not as this one left it.
LATER_CHANGES: Final = f"""
select d.id, count(*) from change_row r
join change_row l on l.key = r.key and (abs(l.what) in {_NUMBER_ROWS}) = (abs(r.what) in {_NUMBER_ROWS})
join change d on d.id = l.change_id
where {_RANGE} and d.account_id = $4 and d.id > r.change_id and d.state <> 'undone' and {TOUCHED_SINCE}
group by d.id order by d.id desc
"""
LOCK: Final = (
    f"select 1 from contact c where c.id in (select r.key from change_row r where {_RANGE}) order by c.id for update"
)
#: Rows that are left alone carry the negative of what was done to them.
MARK_TOUCHED: Final = f"""
update change_row as r set what = -what where {_RANGE} and r.what > 0 and {TOUCHED_SINCE}
"""
_KEYS: Final = f"select r.key from change_row r where {_RANGE} and r.what"
_ENDED_MEMBERSHIPS: Final = f"""
delete from group_contact where group_id = cast($4 as integer) and contact_id in (
    {_KEYS} = {Touched.JOINED} or ({_RANGE} and r.joined = 1 and r.what in ({Touched.CREATED}, {Touched.CHANGED}))
)
"""
_GONE_CONTACTS: Final = f"delete from contact where id in ({_KEYS} = {Touched.CREATED})"
_BACK_MEMBERSHIPS: Final = f"""
insert into group_contact (group_id, contact_id)
select cast($4 as integer), r.key from change_row r where {_RANGE} and r.what = {Touched.LEFT} order by r.key
on conflict do nothing
"""
_UNLIST: Final = f"""
delete from blacklist_entry where account_id = $4 and msisdn in ({_KEYS} = {Touched.LISTED})
"""


def _restore_fields(dialect: Dialect) -> str:
    """Give changed contacts the fields that they had. $1 to $3."""
    assignments = ", ".join(f"{name} = {dialect.read(name)}" for name in IMAGE)
    return f"""
        update contact set {assignments} from change_row r
        where {_RANGE} and r.what = {Touched.CHANGED} and contact.id = r.key
    """


def _restore_contacts(dialect: Dialect) -> str:
    """Put deleted contacts back under the ids that they had. $1 to $3, $4 account."""
    cells = ", ".join(dialect.read(name) for name in IMAGE)
    return f"""
        insert into contact (id, account_id, {", ".join(IMAGE)})
        select r.key, cast($4 as integer), {cells} from change_row r
        where {_RANGE} and r.what = {Touched.DELETED} order by r.key
    """


def _restored_groups(dialect: Dialect) -> str:
    """Where deleted contacts were. A deleted group counts until it is purged: it comes back with its members."""
    return f"""
        from change_row r, {dialect.each_group}
        where {_RANGE} and r.what in ({Touched.DELETED}, {Touched.LEFT_ALL}) and (
            exists (select 1 from contact_group k where k.id = cast(e.value as integer))
            or exists (select 1 from change d where d.kind = 'delete_group' and not d.purged
                       and d.subject_id = cast(e.value as integer))
        )
    """


def _restore_memberships(dialect: Dialect) -> str:
    """Put them back in their groups. $1 to $3."""
    return f"""
        insert into group_contact (group_id, contact_id)
        select cast(e.value as integer), r.key {_restored_groups(dialect)} on conflict do nothing
    """


def _revise_restored(dialect: Dialect) -> str:
    """Tell permanent campaigns. $1 to $3."""
    return f"""
        update contact_group set revision = revision + 1
        where id in (select cast(e.value as integer) {_restored_groups(dialect)})
    """


def _restore_entries(dialect: Dialect) -> str:
    """Put entries of the blacklist back as they were: id, source, who and when. $1 to $3, $4 account."""
    cells = f"{dialect.number.format(0)}, cast($4 as integer), r.key, {dialect.cell.format(1)}"
    cells += f", {dialect.number.format(2)}, {dialect.number.format(3)}"
    return f"""
        insert into blacklist_entry (id, account_id, msisdn, source, created_by, created_ms)
        select {cells} from change_row r where {_RANGE} and r.what = {Touched.UNLISTED} order by r.key
    """


def touched(dialect: Dialect, span: Span, statement: str) -> tuple[str, tuple[object, ...]]:
    """``COUNT_TOUCHED``, ``MARK_TOUCHED`` or ``LATER_CHANGES`` with its values."""
    return dialect.sql(statement), (span.change_id, span.after, span.upto, span.account_id, span.group_id)


def steps(dialect: Dialect, span: Span) -> list[tuple[str, tuple[object, ...]]]:
    """The statements that undo a span, in order, with their values."""
    rows = (span.change_id, span.after, span.upto)
    of_account, of_group = (*rows, span.account_id), (*rows, span.group_id)
    statements: tuple[tuple[str, tuple[object, ...]], ...] = (
        (_ENDED_MEMBERSHIPS, of_group),
        (_GONE_CONTACTS, rows),
        (_restore_fields(dialect), rows),
        (_restore_contacts(dialect), of_account),
        (_restore_memberships(dialect), rows),
        (_revise_restored(dialect), rows),
        (_BACK_MEMBERSHIPS, of_group),
        (_UNLIST, of_account),
        (_restore_entries(dialect), of_account),
    )
    return [(dialect.sql(text), values) for text, values in statements]
