"""Contacts by a filter on SQLite, on a connection of their own: a long look holds up nobody."""

from collections.abc import Sequence

from domain.rules.contact_filter import Wanted
from domain.rules.number_ranges import Ranges
from domain.store import search_sql
from domain.store.contact_sql import CONTACT
from domain.store.interface import ContactRow
from domain.store.search_sql import Query
from domain.store.sqlite.connection import SqliteConnection


class SqliteSearch(SqliteConnection):
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
        query = Query(account_id, wanted, invalid, sqlite=True)
        statement = search_sql.page(query, CONTACT, after=after, limit=limit, backwards=backwards)
        return await self.read_long(lambda db: [ContactRow(*row) for row in db.execute(statement, query.values)])

    async def count_contacts(self, account_id: int, wanted: Wanted, *, invalid: Ranges = ()) -> int:
        query = Query(account_id, wanted, invalid, sqlite=True)
        statement = f"select count(*) {query.source}"
        return await self.read_long(lambda db: int(db.execute(statement, query.values).fetchone()[0]))
