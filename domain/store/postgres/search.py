"""Contacts by a filter on PostgreSQL."""

from collections.abc import Sequence

from domain.rules.contact_filter import Wanted
from domain.rules.number_ranges import Ranges
from domain.store import search_sql
from domain.store.contact_sql import CONTACT
from domain.store.interface import ContactRow
from domain.store.postgres.connection import PostgresConnection
from domain.store.search_sql import Query


class PostgresSearch(PostgresConnection):
    """The search's part of the store. ``domain.store.interface`` says what each method promises."""

    async def find_contacts(
        self,
        account_id: int,
        wanted: Wanted,
        *,
        after: int,
        limit: int,
        backwards: bool = False,
        invalid: Ranges = (),
    ) -> Sequence[ContactRow]:
        query = Query(account_id, wanted, invalid, sqlite=False)
        statement = search_sql.page(query, CONTACT, after=after, limit=limit, backwards=backwards)
        async with self.acquire() as db:
            return [ContactRow(*row) for row in await db.fetch(statement, *query.values)]

    async def count_contacts(self, account_id: int, wanted: Wanted, *, invalid: Ranges = ()) -> int:
        query = Query(account_id, wanted, invalid, sqlite=False)
        async with self.acquire() as db:
            return int(await db.fetchval(f"select count(*) {query.source}", *query.values))
