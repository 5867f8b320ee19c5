"""Contacts by a filter, in SQL for both engines. Ordered by id, so that a page begins where the last one ended."""

import json
from typing import Final

from domain.rules.contact_filter import Show, Wanted
from domain.rules.number_ranges import Ranges

#: What people write for a letter, beside itself in capitals.
ACCENTED: Final = {
    "a": "áàâäãå",
    "c": "ç",
    "e": "éèêë",
    "i": "íìîï",
    "n": "ñ",
    "o": "óòôöõ",
    "u": "úùûü",
    "y": "ýÿ",
}


class Query:
    """A ``where`` that grows, with its values. ``bind`` turns a value into a placeholder."""

    def __init__(self, account_id: int, wanted: Wanted, invalid: Ranges, *, sqlite: bool) -> None:
        self.values: list[object] = []
        self._sqlite = sqlite
        self.key = "c.id"
        self.source = self._source(account_id, wanted)
        for word in wanted.words:
            self.source += f" and {self._named(word)}"
        if wanted.digits:
            self.source += f" and cast(c.msisdn as text) like {self.bind(f'%{wanted.digits}%')}"
        if wanted.import_id is not None:
            self.source += f" and c.import_id = {self.bind(wanted.import_id)}"
        if wanted.ids is not None:
            self.source += f" and {self.key} in {self._ids(wanted.ids)}"
        if wanted.show is Show.INVALID:
            self.source += f" and {self.key} in ({self._invalid(account_id, invalid)})"
        else:
            self.source += self._standing(account_id, wanted.show)

    def bind(self, value: object) -> str:
        """A placeholder for the value."""
        self.values.append(value)
        return "?" if self._sqlite else f"${len(self.values)}"

    def _source(self, account_id: int, wanted: Wanted) -> str:
        if wanted.group_id is None:
            # With the plus SQLite walks by id, instead of sorting what the index of numbers gives.
            return f"from contact c where {'+' if self._sqlite else ''}c.account_id = {self.bind(account_id)}"
        self.key = "g.contact_id"
        join = "cross join" if self._sqlite else "join"  # SQLite: in this order
        return (
            f"from group_contact g {join} contact c on c.id = g.contact_id and c.account_id = {self.bind(account_id)}"
            f" where g.group_id = {self.bind(wanted.group_id)}"
        )

    def _ids(self, ids: tuple[int, ...]) -> str:
        if self._sqlite:
            return f"(select value from json_each({self.bind(json.dumps(ids))}))"
        return f"(select unnest({self.bind(list(ids))}::bigint[]))"

    def _invalid(self, account_id: int, ranges: Ranges) -> str:
        """By the index of numbers: nothing but these ranges of it is read."""
        if self._sqlite:
            return (
                f"select d.id from json_each({self.bind(json.dumps(ranges))}) r cross join contact d"
                f" where d.account_id = {self.bind(account_id)}"
                " and d.msisdn between json_extract(r.value, '$[0]') and json_extract(r.value, '$[1]')"
            )
        firsts, lasts = (self.bind([numbers[at] for numbers in ranges]) for at in (0, 1))
        # With an offset PostgreSQL goes through the ranges one by one, instead of reading the whole table beside them.
        return (
            f"select f.id from unnest({firsts}::bigint[], {lasts}::bigint[]) r(first, last)"
            f" cross join lateral (select d.id from contact d where d.account_id = {self.bind(account_id)}"
            " and d.msisdn between r.first and r.last offset 0) f"
        )

    def _named(self, word: str) -> str:
        name = "(c.first_name || ' ' || c.last_name)"
        if self._sqlite:
            return f"{name} glob {self.bind('*' + ''.join(_glob(letter) for letter in word) + '*')}"
        # Seven times as fast as to fold the name of each row.
        return f"{name} ~ {self.bind(''.join(_regex(letter) for letter in word))}"

    def _standing(self, account_id: int, show: Show) -> str:
        listed = (
            "select d.id from blacklist_entry b join contact d on d.account_id = b.account_id and d.msisdn = b.msisdn"
            " where b.account_id = "
        )
        grouped = "select 1 from group_contact m join contact_group k on k.id = m.group_id where m.contact_id = c.id"
        if show is Show.BLACKLISTED:
            return f" and {self.key} in ({listed}{self.bind(account_id)})"
        if show is Show.CLEAN:
            return (
                " and not exists (select 1 from blacklist_entry b"
                " where b.account_id = c.account_id and b.msisdn = c.msisdn)"
            )
        return f" and not exists ({grouped})" if show is Show.NO_GROUP else ""


def _forms(letter: str) -> str:
    """A letter as people write it, as a class of characters; empty: it is none."""
    if not letter.isalpha() or len(letter.upper()) != 1:
        return ""
    return f"[{letter}{letter.upper()}{''.join(form + form.upper() for form in ACCENTED.get(letter, ''))}]"


def _glob(letter: str) -> str:
    return _forms(letter) or (f"[{letter}]" if letter in "*?[" else letter)


def _regex(letter: str) -> str:
    return _forms(letter) or (letter if letter.isalnum() else f"\\{letter}")


def page(query: Query, columns: str, *, after: int, limit: int, backwards: bool) -> str:
    """The rows behind a key, or those before it, the nearest first."""
    side, order = ("<", " desc") if backwards else (">", "")
    key = query.key
    where = f"{query.source} and {key} {side} {query.bind(after)}"
    return f"select {columns} {where} order by {key}{order} limit {query.bind(limit)}"
