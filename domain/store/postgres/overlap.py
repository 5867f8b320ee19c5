"""Who of an audience got, or will get, certain campaigns, on PostgreSQL."""

from collections.abc import Sequence
from typing import Final

from domain.store.outcome import CAME, OVERLAP_SLICE
from domain.store.postgres.connection import PostgresConnection

_MEMBERS: Final = """
from group_contact g join contact_group k on k.id = g.group_id and k.account_id = $1
where g.group_id = any($2::int[])
"""
_TOP: Final = f"select max(g.contact_id) {_MEMBERS}"
_OVERLAP: Final = f"""
select count(*) from contact c
where c.account_id = $1
  and not exists (select 1 from blacklist_entry b where b.account_id = c.account_id and b.msisdn = c.msisdn)
  and c.id in (select g.contact_id {_MEMBERS} and g.contact_id > $6 and g.contact_id <= $7)
  and (exists (
        select 1 from message m
        where m.campaign_id = any($3::int[]) and m.msisdn = c.msisdn and {CAME.format(since="$5")}
    ) or exists (
        select 1 from campaign_group p join group_contact o on o.group_id = p.group_id
        where p.campaign_id = any($4::int[]) and o.contact_id = c.id
    ))
"""


class PostgresOverlap(PostgresConnection):
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
        async with self.acquire() as db:
            top = await db.fetchval(_TOP, account_id, list(group_ids))
            found = 0
            for after in range(0, top or 0, OVERLAP_SLICE):
                values = (account_id, list(group_ids), list(sent_in), list(planned_in), since_ms)
                found += int(await db.fetchval(_OVERLAP, *values, after, after + OVERLAP_SLICE))
            return found
