"""Who of an audience got, or will get, certain campaigns, on SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from domain.store.outcome import CAME, OVERLAP_SLICE
from domain.store.sqlite.connection import SqliteConnection

_MEMBERS: Final = """
from group_contact g join contact_group k on k.id = g.group_id and k.account_id = :account
where g.group_id in (select value from json_each(:groups))
"""
_TOP: Final = f"select max(g.contact_id) {_MEMBERS}"
_OVERLAP: Final = f"""
select count(*) from contact c
where c.account_id = :account
  and not exists (select 1 from blacklist_entry b where b.account_id = c.account_id and b.msisdn = c.msisdn)
  and c.id in (select g.contact_id {_MEMBERS} and g.contact_id > :after and g.contact_id <= :upto)
  and (exists (
        select 1 from json_each(:sent) j cross join message m on m.campaign_id = j.value and m.msisdn = c.msisdn
        where {CAME.format(since=":since")}
    ) or exists (
        select 1 from json_each(:planned) j
        cross join campaign_group p on p.campaign_id = j.value
        cross join group_contact o on o.group_id = p.group_id and o.contact_id = c.id
    ))
"""
_Values = dict[str, int | str]


class SqliteOverlap(SqliteConnection):
    """``domain.store.interface`` says what it promises."""

    async def overlap(
        self,
        account_id: int,
        group_ids: Sequence[int],
        *,
        sent_in: Sequence[int],
        planned_in: Sequence[int],
        since_ms: int,
    ) -> int:
        values: _Values = {
            "account": account_id,
            "groups": json.dumps(list(group_ids)),
            "sent": json.dumps(list(sent_in)),
            "planned": json.dumps(list(planned_in)),
            "since": since_ms,
        }
        top = await self.read(partial(_number, _TOP, values))
        found = 0
        for after in range(0, top, OVERLAP_SLICE):
            found += await self.read(
                partial(_number, _OVERLAP, {**values, "after": after, "upto": after + OVERLAP_SLICE})
            )
        return found


def _number(query: str, values: _Values, db: sqlite3.Connection) -> int:
    return int(db.execute(query, values).fetchone()[0] or 0)
