"""Contacts by a filter, in SQL for both engines. Ordered by id, so that a page begins where the last one ended."""

import json
from typing import Final

from domain.rules.contact_filter import Show, Wanted

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
_FOREIGN: Final = "".join(marks + marks.upper() for marks in (m.replace("ÿ", "") for m in ACCENTED.values()))
_PLAIN: Final = "".join(letter * 2 * len(marks.replace("ÿ", "")) for letter, marks in ACCENTED.items())


class Query:
    """A ``where`` that grows, with its values. ``bind`` turns a value into a placeholder."""

    def __init__(self, account_id: int, wanted: Wanted, *, sqlite: bool) -> None:
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

    def _named(self, word: str) -> str:
        name = "(c.first_name || ' ' || c.last_name)"
        if self._sqlite:
            return f"{name} glob {self.bind('*' + ''.join(map(_glob, word)) + '*')}"
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        folded = f"translate(lower({name}), '{_FOREIGN}', '{_PLAIN}')"
        return f"{folded} like {self.bind(f'%{escaped}%')}"

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


def _glob(letter: str) -> str:
    """A letter in all its forms, as SQLite's GLOB reads it."""
    forms = letter + letter.upper() + "".join(form + form.upper() for form in ACCENTED.get(letter, ""))
    return f"[{forms}]" if letter.isalpha() and len(letter.upper()) == 1 else f"[{letter}]"


def page(query: Query, columns: str, *, after: int, limit: int, backwards: bool) -> str:
    """The rows behind a key, or those before it, the nearest first."""
    side, order = ("<", " desc") if backwards else (">", "")
    key = query.key
    where = f"{query.source} and {key} {side} {query.bind(after)}"
    return f"select {columns} {where} order by {key}{order} limit {query.bind(limit)}"
