"""Our own catalogues: complete in every language, everything that the code asks for, and nothing else."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import bot
import domain
from bot.screen import actions
from domain.errors import DomainError
from locales import Catalogues
from locales.catalogue import tags
from tests.conftest import LANGUAGES

ROOT: Final = Path(__file__).parents[2]
PARTS: Final = ("bot", "domain", "sender")
_IN_VIEW: Final = re.compile(r"""["']([a-z_]+\.[a-z0-9_.]*)["'](\s*~)?""")
_ANY: Final = "[a-z0-9_.]+"
_KEY: Final = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module of the program that may name a text."""
    files = (file for part in PARTS for file in sorted((ROOT / part).rglob("*.py")))
    return tuple((file, ast.parse(file.read_text(encoding="utf-8"))) for file in files)


def calls(kind: str | None = None) -> Iterator[tuple[str, str]]:
    """Where, and which key: the literals in ``t("…")``, ``chat.t("…")``, ``t.label("…")``, ``t.markup("…")``."""
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and node.args and _asks(node.func, kind):
                for literal in _literals(node.args[0]):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", literal


def _asks(function: ast.expr, kind: str | None) -> bool:
    if isinstance(function, ast.Attribute) and function.attr in {"label", "markup"}:
        return kind in {None, function.attr} and _is_texts(function.value)
    return kind is None and _is_texts(function)


def _is_texts(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and node.id == "t") or (isinstance(node, ast.Attribute) and node.attr == "t")


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


@cache
def named() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """Every string in the code that is a key, and the shapes of those that are put together."""
    keys, shapes = set(), []
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if _KEY.fullmatch(node.value):
                    keys.add(node.value)
                elif _KEY.fullmatch(node.value.replace("{}", "x")):
                    shapes.append(re.compile(re.escape(node.value).replace(r"\{\}", "[a-z0-9_]+")))
            elif isinstance(node, ast.JoinedStr):
                pieces = [re.escape(str(v.value)) if isinstance(v, ast.Constant) else _ANY for v in node.values]
                if isinstance(node.values[0], ast.Constant) and re.match(r"[a-z_]+\.", str(node.values[0].value)):
                    shapes.append(re.compile("".join(pieces)))
    for view in sorted((ROOT / "bot" / "views").glob("*.j2")):
        for key, more in _IN_VIEW.findall(view.read_text(encoding="utf-8")):
            if more:
                shapes.append(re.compile(re.escape(key) + _ANY))
            else:
                keys.add(key)
    return frozenset(keys), tuple(shapes)


def errors() -> Iterator[type[DomainError]]:
    """``DomainError`` and everything below it, wherever it is declared."""
    for package in (domain, bot):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    waiting = [DomainError]
    while waiting:
        found = waiting.pop()
        waiting += found.__subclasses__()
        yield found


def test_every_language_has_every_text(catalogues: Catalogues):
    """Same keys, placeholders and tags; no text empty, fuzzy or without a plural form."""
    assert list(catalogues.faults()) == []
    assert tuple(catalogues.languages) == LANGUAGES


def test_every_text_that_the_code_asks_for_is_there(catalogues: Catalogues):
    """Literals; those that are put together are covered by the shapes below."""
    entries = catalogues.by_language["es"].entries

    assert [f"{place}: {key}" for place, key in calls() if key not in entries] == []


def test_no_text_is_left_over(catalogues: Catalogues):
    """What no code names is dead weight for translators."""
    keys, shapes = named()
    unused = [
        key
        for key in catalogues.by_language["es"].entries
        if key not in keys and not any(shape.fullmatch(key) for shape in shapes)
    ]

    assert unused == []


def test_plain_texts_carry_no_markup(catalogues: Catalogues):
    """A button or a toast would show the tags."""
    found = []
    for code, language in catalogues.by_language.items():
        for place, key in calls("label"):
            forms = language.entries[key].forms if key in language.entries else ()
            found += [f"{place}: {key} in {code}" for form in forms if tags(form) or "&amp;" in form or "&lt;" in form]

    assert found == []


def test_every_error_that_a_person_can_cause_has_its_words(catalogues: Catalogues):
    """A class without them would be a fault when it is raised."""
    entries = catalogues.by_language["es"].entries
    missing = {
        f"{error.__module__}.{error.__qualname__}: {error.key}" for error in errors() if error.key not in entries
    }

    assert missing == set()


def test_every_noun_that_may_be_gone_has_its_word(catalogues: Catalogues):
    """``NotFound(noun="…")`` names it."""
    nouns = {
        value
        for _, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "noun"
        for value in _literals(node.value)
    }

    assert {f"noun.{noun}" for noun in nouns} - catalogues.by_language["es"].entries.keys() == set()
    assert actions()
