"""
The language of SMS templates: Jinja2 cut down to tokens, a few filters and ``if``. A text is checked before it is
compiled, so that nothing outside that language ever runs.

BadTemplate and its kinds        see ``template_check``
TextTooLong(limit, length)       a rendered text has more characters than ten segments hold
TextBlank                        a rendered text has none
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Final

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import DomainError
from domain.rules.template_check import (
    MAX_NODES,
    BadTemplate,
    TemplateNotAllowed,
    TemplateSyntax,
    TemplateTooComplex,
    TemplateTooLong,
    UnknownToken,
    check,
    line_of,
    unguarded,
)
from domain.rules.template_filters import FILTERS, MAX_TEXT, TESTS
from domain.rules.template_tokens import FIELDS, tokens

__all__ = [
    "FIELDS",
    "MAX_SOURCE",
    "MAX_TEXT",
    "BadTemplate",
    "CompiledTemplate",
    "TemplateNotAllowed",
    "TemplateSyntax",
    "TemplateTooComplex",
    "TemplateTooLong",
    "TextBlank",
    "TextTooLong",
    "UnknownToken",
    "compile_template",
    "to_send",
    "tokens",
]

MAX_SOURCE: Final = 2_000  #: characters of a template


class TextTooLong(DomainError):
    """What it renders to is longer than ten segments. Values: ``limit`` and ``length``, in characters."""

    key = "template.text_too_long"


class TextBlank(DomainError):
    """What it renders to is blank: with what this contact has in their fields nothing is left to send."""

    key = "template.text_blank"


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """
    A checked template.

    Attributes:
        source: As it was written.
        tokens: The fields that it reads.
        bare: Those of them that leave a hole where a contact is blank (``template_check.unguarded``).
        plain: Nothing but text and tokens.
    """

    source: str
    tokens: frozenset[str]
    bare: frozenset[str]
    plain: bool
    _render: Callable[[Mapping[str, str]], str]
    _pieces: tuple[tuple[bool, str], ...] = ()

    @property
    def constant(self) -> bool:
        """Everybody gets the same text."""
        return not self.tokens

    def render(self, fields: Mapping[str, str]) -> str:
        """
        The text for a contact. A field that is not there counts as blank; the spaces around it stay.

        Raises:
            TextTooLong: More than ``MAX_TEXT`` characters; cut them from a value or from the template.
        """
        return _bounded(self._render(fields))

    def by_position(self, places: Mapping[str, int]) -> Callable[[Sequence[str]], str]:
        """
        What renders from rows instead of mappings, for texts by the million. Raises as ``render`` does.

        Args:
            places: Of each of its tokens in a row.
        """
        if not self._pieces:
            fields = [(name, places[name]) for name in self.tokens]
            return lambda row: self.render({name: row[place] for name, place in fields})
        layout, names = _layout(self._pieces)
        if len(names) == 1:
            (only,) = (places[name] for name in names)
            return lambda row: _bounded(layout % row[only])
        pick = itemgetter(*(places[name] for name in names)) if names else lambda row: ()
        return lambda row: _bounded(layout % pick(row))


def to_send(text: str) -> str:
    """
    A rendered text, if there is something in it.

    Raises:
        TextBlank: Nobody is sent an empty message, which costs what any other does.
    """
    if not text or text.isspace():
        raise TextBlank
    return text


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, cache_size=0, keep_trailing_newline=True
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update({name: rule.run for name, rule in FILTERS.items()})
    environment.tests.clear()
    environment.tests.update(TESTS)
    return environment


_ENVIRONMENT: Final = _environment()

_TAGS: Final = re.compile(r"\{%[-+]?\s*(\w+)")
_KNOWN_TAGS: Final = frozenset({"if", "elif", "else", "endif"})


@lru_cache(maxsize=256)
def compile_template(source: str) -> CompiledTemplate:
    """
    Check a template and make it ready to render.

    Raises:
        BadTemplate: With the line and what is wrong there.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateTooLong(limit=MAX_SOURCE, length=len(source))
    try:
        tree = _ENVIRONMENT.parse(source)
        found = check(tree, source)
        pieces = _plain_pieces(tree)
        render = _plain_renderer(pieces) if pieces is not None else _jinja_renderer(tree, sorted(found))
    except TemplateSyntaxError as error:
        # A loop that is not closed is first of all a loop: say that there are none, not that it lacks its end.
        foreign = next((tag for tag in _TAGS.finditer(source) if tag[1] not in _KNOWN_TAGS), None)
        if foreign:
            line = source.count("\n", 0, foreign.start()) + 1
            raise TemplateNotAllowed(line=line, what=foreign[1]) from None
        raise TemplateSyntax(line=error.lineno, what=line_of(source, error.lineno)) from None
    except RecursionError:
        raise TemplateTooComplex(limit=MAX_NODES) from None
    return CompiledTemplate(source, found, unguarded(tree), pieces is not None, render, tuple(pieces or ()))


# Rendering

_Piece = tuple[bool, str]  # whether it is a field, and its name or the text


def _plain_pieces(tree: nodes.Template) -> list[_Piece] | None:
    """Text and tokens in order, where there is nothing else."""
    pieces: list[_Piece] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                pieces.append((False, node.data))
            elif isinstance(node, nodes.Name):
                pieces.append((True, node.name))
            else:
                return None
    return pieces


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise TextTooLong(limit=MAX_TEXT, length=len(text))
    return text


def _layout(pieces: Sequence[_Piece]) -> tuple[str, tuple[str, ...]]:
    """For ``%``, and the fields that it wants in order."""
    layout = "".join("%s" if is_field else text.replace("%", "%%") for is_field, text in pieces)
    return layout, tuple(text for is_field, text in pieces if is_field)


def _plain_renderer(pieces: Sequence[_Piece]) -> Callable[[Mapping[str, str]], str]:
    """Ten times as fast as Jinja2."""
    layout, names = _layout(pieces)
    if not names:
        text = layout % ()
        return lambda fields: text

    def render(fields: Mapping[str, str]) -> str:
        return layout % tuple([fields.get(name) or "" for name in names])

    return render


def _jinja_renderer(tree: nodes.Template, names: list[str]) -> Callable[[Mapping[str, str]], str]:
    template = _ENVIRONMENT.from_string(tree)

    def render(fields: Mapping[str, str]) -> str:
        context = template.new_context({name: str(fields.get(name) or "") for name in names})
        return "".join(template.root_render_func(context))

    return render
