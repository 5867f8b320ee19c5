"""
What the template language allows, held against the tree of a text before anything is compiled. No rendering.

BadTemplate                      the text cannot be a template; shown to the person who writes it
├─ TemplateSyntax(line, what)
├─ TemplateNotAllowed(line, what)
├─ UnknownToken(line, token, known)
├─ TemplateTooLong(limit, length)
└─ TemplateTooComplex(limit)
"""

import re
from typing import Final

from jinja2 import nodes

from domain.errors import DomainError
from domain.rules.template_filters import FILTERS, TESTS
from domain.rules.template_tokens import FIELDS, field_of

MAX_NODES: Final = 120
MAX_DEPTH: Final = 8
_BRACKETS: Final = re.compile(r"\{[{%#]|\}\}")
_MAX_CONSTANT: Final = 200  # characters
_MAX_NUMBER: Final = 10**12
_SHOWN: Final = 60  # characters of a faulty line


class BadTemplate(DomainError):
    """The text cannot be a template."""

    key = "template.bad"


class TemplateSyntax(BadTemplate):
    """A bracket too many, a missing ``endif``… Values: ``line``; ``what``: that line's text."""

    key = "template.syntax"


class TemplateNotAllowed(BadTemplate):
    """Something of Jinja2 that our language leaves out. Values: ``line``; ``what``: its name."""

    key = "template.not_allowed"


class UnknownToken(BadTemplate):
    """Values: ``line``; ``token``; ``known``: the fields that there are tokens for."""

    key = "template.unknown_token"


class TemplateTooLong(BadTemplate):
    """Values: ``limit`` and ``length``, in characters."""

    key = "template.too_long"


class TemplateTooComplex(BadTemplate):
    """Too many tokens, filters and conditions, or too deep inside one another. Values: ``limit``."""

    key = "template.too_complex"


def line_of(source: str, number: int) -> str:
    """A line of a text, from 1, short enough to be shown."""
    lines = source.splitlines()
    return lines[number - 1].strip()[:_SHOWN] if 0 < number <= len(lines) else ""


def check(tree: nodes.Template, source: str) -> frozenset[str]:
    """
    Refuse what is not of the language; name the fields that are read, and turn each token into its field.

    Raises:
        BadTemplate: With the line and what is wrong there.
    """
    return _Check(source).walk(tree)


def unguarded(tree: nodes.Template) -> frozenset[str]:
    """
    Fields that a checked tree writes out as they are: neither with a ``default`` nor under an ``if`` that asks for
    them. Where one of these is blank, the text has a hole.
    """
    found: set[str] = set()
    waiting: list[tuple[nodes.Node, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, safe = waiting.pop()
        match node:
            case nodes.Name() if node.name not in safe:
                found.add(node.name)
            case nodes.If() | nodes.CondExpr():
                safe |= _read(node.test)
                waiting += [(child, safe) for child in node.iter_child_nodes(exclude=("test",))]
            case nodes.Filter(name="default"):
                waiting += [(child, safe | _read(node)) for child in node.iter_child_nodes()]
            case _:
                waiting += [(child, safe) for child in node.iter_child_nodes()]
    return frozenset(found)


def _read(node: nodes.Node) -> frozenset[str]:
    names = {node.name} if isinstance(node, nodes.Name) else set()
    return frozenset(names | {name.name for name in node.find_all(nodes.Name)})


_TREE: Final = (nodes.Template, nodes.If, nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Operand)
_ORDERINGS: Final = frozenset({"lt", "lteq", "gt", "gteq"})
_COMPARISONS: Final = _ORDERINGS | {"eq", "ne"}


class _Check:
    """Walks the tree before it is compiled: Jinja2 computes constants while compiling, in the sandbox or not."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._fields: set[str] = set()
        self._last: nodes.TemplateData | None = None

    def walk(self, tree: nodes.Template) -> frozenset[str]:
        """See ``check``."""
        for data in tree.find_all(nodes.TemplateData):
            self._last = data
        seen = 0
        waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
        while waiting:
            node, depth = waiting.pop()
            seen += 1
            if seen > MAX_NODES or depth > MAX_DEPTH:
                raise TemplateTooComplex(limit=MAX_NODES if seen > MAX_NODES else MAX_DEPTH)
            self._check(node)
            waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
        return frozenset(self._fields)

    def _check(self, node: nodes.Node) -> None:
        match node:
            case nodes.Name():
                self._token(node)
            case nodes.Output():
                self._output(node)
            case nodes.TemplateData():
                self._text(node)
            case nodes.Const():
                self._constant(node)
            case nodes.Filter():
                self._filter(node)
            case nodes.Test():
                if node.name not in TESTS or node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
                    self._refuse(node, f"is {node.name}")
            case nodes.Compare():
                self._compare(node)
            case nodes.CondExpr():
                node.expr2 = node.expr2 or nodes.Const("", lineno=node.lineno)  # nothing, not an undefined
            case _ if not isinstance(node, _TREE):
                self._refuse(node, type(node).__name__.lower())

    def _refuse(self, node: nodes.Node, what: str) -> None:
        raise TemplateNotAllowed(line=node.lineno or 1, what=what)

    def _token(self, node: nodes.Name) -> None:
        field = field_of(node.name)
        if node.ctx != "load":
            self._refuse(node, "set")
        if field is None:
            raise UnknownToken(line=node.lineno, token=node.name, known=FIELDS)
        node.name = field
        self._fields.add(field)

    def _output(self, node: nodes.Output) -> None:
        for child in node.nodes:
            if _is_truth(child):
                self._refuse(child, "true/false")  # Python's words would go out

    def _text(self, node: nodes.TemplateData) -> None:
        """No brackets of ours may go out as text, be it by ``raw``, by halves put together, or by a slip."""
        data = node.data
        found = _BRACKETS.search(data)
        at = found.start() if found else len(data) if data.endswith("{") and node is not self._last else None
        if at is not None:
            line = node.lineno + data.count("\n", 0, at)
            raise TemplateSyntax(line=line, what=line_of(self._source, line))

    def _constant(self, node: nodes.Const) -> None:
        value: object = node.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._refuse(node, str(value).lower())
        elif isinstance(value, str):
            if len(value) > _MAX_CONSTANT or "{" in value or "}" in value:
                self._refuse(node, f'"{value[:_SHOWN]}"')
        elif not abs(value) < _MAX_NUMBER:
            self._refuse(node, "number")

    def _filter(self, node: nodes.Filter) -> None:
        rule = FILTERS.get(node.name)
        arguments = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
        named = bool(node.kwargs or node.dyn_args or node.dyn_kwargs) or len(arguments) < len(node.args)
        if rule is None or node.node is None or named or not rule.accepts(arguments):
            self._refuse(node, f"|{node.name}")

    def _compare(self, node: nodes.Compare) -> None:
        """A text is not compared with a number: it would fail, or never be equal, while rendering."""
        sides = [node.expr, *(operand.expr for operand in node.ops)]
        numbers = {_is_number(side) for side in sides}
        for operand in node.ops:
            if operand.op not in _COMPARISONS:
                self._refuse(node, operand.op)
            if len(numbers) > 1 or (operand.op in _ORDERINGS and numbers != {True}):
                self._refuse(node, f"{operand.op}, |number")


def _is_number(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Filter):
        return node.name == "number"
    return isinstance(node, nodes.Const) and not isinstance(node.value, str)


def _is_truth(node: nodes.Node | None) -> bool:
    """Whether it may come to true or false, not to a text."""
    match node:
        case nodes.Compare() | nodes.Not() | nodes.Test():
            return True
        case nodes.And() | nodes.Or():
            return _is_truth(node.left) or _is_truth(node.right)
        case nodes.CondExpr():
            return _is_truth(node.expr1) or _is_truth(node.expr2)
        case nodes.Filter():
            return _is_truth(node.node)
        case _:
            return False
