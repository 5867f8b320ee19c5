"""Undoing a change, in SQL that both engines read: which rows are not as it left them, and how the others go back."""

from typing import Final

from domain.store.journal import Span
from domain.store.journal_sql import IMAGE, Dialect, Touched

UNDO_SLICE: Final = 2_000  #: rows undone in one transaction: some 40 ms of SQLite's only writer
KEPT: Final = "update change set kept = kept + $2 where id = $1"
STEP_UNDO: Final = "update change set cursor = $3 where id = $1 and state = 'undoing' and cursor = $2"

# $1 change, $2 and $3 the keys above the first and up to the second, $4 account, $5 group

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
when {Touched.JOINED_ALL} then
    not exists ({_THERE}) or exists (select 1 from $each_group where not exists (
        select 1 from group_contact g where g.group_id = cast(e.value as integer) and g.contact_id = r.key
    ))
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
_EVERY_JOINED: Final = f"from change_row r, $each_group where {_RANGE} and r.what = {Touched.JOINED_ALL}"
_LEAVE_EVERY: Final = f"""
delete from group_contact
where (group_id, contact_id) in (select cast(e.value as integer), r.key {_EVERY_JOINED})
"""
_REVISE_EVERY: Final = f"""
update contact_group set revision = revision + 1 where id in (select cast(e.value as integer) {_EVERY_JOINED})
"""
#: Those that nobody sees: of a group that is deleted, which must not come back with contacts that are gone.
_GONE_MEMBERSHIPS: Final = f"delete from group_contact where contact_id in ({_KEYS} = {Touched.CREATED})"
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
        (_LEAVE_EVERY, rows),
        (_REVISE_EVERY, rows),
        (_GONE_MEMBERSHIPS, rows),
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
