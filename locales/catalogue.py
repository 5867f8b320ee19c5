"""
Reading ``<language>/<area>.po`` into memory, and what can be wrong with them. ``msgid`` is a key, ``msgstr`` the words.
"""

import gettext
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from locales.texts import Entry, Texts

DEFAULT_LANGUAGE: Final = "es"
_FOLDER: Final = Path(__file__).parent
_TAG: Final = re.compile(r"</?[a-z][a-z-]*", re.IGNORECASE)


class BadCatalogue(Exception):
    """The catalogues cannot be used; the message has one line a fault."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language's entries by key, and which plural form a count takes."""

    entries: Mapping[str, Entry]
    plural: Callable[[int], int]
    forms: int


@dataclass(frozen=True, slots=True)
class Catalogues:
    """Every language. ``texts`` gives the words of one, with the formats of a region."""

    by_language: Mapping[str, Language]

    @property
    def languages(self) -> Sequence[str]:
        """Codes, the default one first."""
        return sorted(self.by_language, key=lambda code: (code != DEFAULT_LANGUAGE, code))

    def known(self, language: str | None, *, otherwise: str = DEFAULT_LANGUAGE) -> str:
        """The nearest language that we have: ``en`` for ``en-GB``; ``otherwise`` for what we do not speak."""
        code = (language or "").replace("_", "-").split("-")[0].lower()
        if code in self.by_language:
            return code
        return DEFAULT_LANGUAGE if otherwise == DEFAULT_LANGUAGE else self.known(otherwise)

    def texts(self, language: str | None, region: str) -> Texts:
        """The words of ``language``, with the number and date formats that it has in ``region`` (ISO 3166-1)."""
        code = self.known(language)
        chosen = self.by_language[code]
        return Texts(code, region, entries=chosen.entries, plural=chosen.plural)

    def faults(self) -> Sequence[str]:
        """What is wrong, one line each: keys, placeholders, tags or plural forms that differ between languages."""
        first, *others = self.languages
        model = self.by_language[first].entries
        found: list[str] = []
        for code in self.languages:
            found += _faults_of(code, self.by_language[code])
        for code in others:
            entries = self.by_language[code].entries
            found += [f"{key}: only in {first}" for key in sorted(model.keys() - entries.keys())]
            found += [f"{key}: only in {code}" for key in sorted(entries.keys() - model.keys())]
            for key in sorted(model.keys() & entries.keys()):
                found += [f"{key}: {fault} in {first} and {code}" for fault in _differences(model[key], entries[key])]
        return found


def load(folder: Path = _FOLDER) -> Catalogues:
    """
    Read every catalogue below ``folder``.

    Raises:
        BadCatalogue: A key stands twice, or plural forms do not fit the language's rule.
    """
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and any(path.glob("*.po")))
    return Catalogues({path.name: _read_language(path) for path in folders})


def placeholders(text: str) -> frozenset[str]:
    """
    The names in braces.

    Raises:
        ValueError: Braces that ``str.format`` does not read, or more than a bare name between them.
    """
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"{{{name}}} must be a bare name")
        names.add(name)
    return frozenset(names)


def tags(text: str) -> Sequence[str]:
    """The HTML tags in a text, sorted: translations may move them, not lose them."""
    return sorted(tag.lower() for tag in _TAG.findall(text))


def _read_language(folder: Path) -> Language:
    entries: dict[str, Entry] = {}
    expression, forms = "(n != 1)", 2
    for file in sorted(folder.glob("*.po")):
        with file.open("rb") as stream:
            catalog = read_po(stream, locale=folder.name, abort_invalid=True)
        expression, forms = catalog.plural_expr, catalog.num_plurals
        for message in catalog:
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            if key in entries:
                raise BadCatalogue(f"{file.parent.name}/{file.name}: {key} is there already")
            words = message.string or ""
            entries[key] = Entry(
                forms=(words,) if isinstance(words, str) else tuple(words),
                plural=message.pluralizable,
                fuzzy=message.fuzzy,
                area=file.stem,
            )
    return Language(entries, gettext.c2py(expression), forms)


def _faults_of(code: str, language: Language) -> list[str]:
    found = []
    for key, entry in sorted(language.entries.items()):
        if entry.fuzzy:
            found.append(f"{key}: fuzzy in {code}")
        if not all(entry.forms):
            found.append(f"{key}: empty in {code}")
        if entry.plural and len(entry.forms) != language.forms:
            found.append(f"{key}: {len(entry.forms)} plural forms in {code}, not {language.forms}")
        try:
            for form in entry.forms:
                placeholders(form)
        except ValueError as error:
            found.append(f"{key}: {error} in {code}")
    return found


def _differences(one: Entry, other: Entry) -> list[str]:
    found = []
    if one.area != other.area:
        found.append("not the same area")
    if one.plural != other.plural:
        found.append("not both plural")
    try:
        if _all_placeholders(one) != _all_placeholders(other):
            found.append("not the same placeholders")
    except ValueError:
        return found  # said already
    if tags(one.forms[-1]) != tags(other.forms[-1]):
        found.append("not the same tags")
    return found


def _all_placeholders(entry: Entry) -> frozenset[str]:
    return frozenset().union(*(placeholders(form) for form in entry.forms))
