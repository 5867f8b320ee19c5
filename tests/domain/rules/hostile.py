"""Texts that try to take a template's machine down, for the tests and for the bench that times their refusal."""

from typing import Final

_OPEN: Final = "{% if nombre %}"

#: By name; each is refused.
HOSTILE: Final = {
    "ten megabytes": "x" * 10_000_000,
    "ten megabytes of tokens": "{{ nombre }}" * 850_000,
    "a thousand conditions deep": _OPEN * 1_000 + "{% endif %}" * 1_000,
    "as many conditions as fit": "{%if nombre%}" * 70 + "x" + "{%endif%}" * 70,
    "conditions that never end": "{%if nombre%}" * 150,
    "brackets a thousand deep": "{{" + "(" * 990 + "nombre" + ")" * 990 + "}}",
    "lists a thousand deep": "{{" + "[" * 990 + "]" * 990 + "}}",
    "negations": "{{" + "not " * 480 + "nombre}}",
    "signs": "{{" + "-" * 1_900 + "1}}",
    "chained inline conditions": "{{" + "1 if nombre else " * 110 + "1}}",
    "a giant text literal": '{{ "' + "a" * 1_900 + '" }}',
    "a giant number literal": "{{ " + "9" * 1_900 + " }}",
    "a multiplied literal": "{{ 'a' * 99999999999 }}",
    "a power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "a concatenation": "{{ nombre ~ nombre ~ nombre }}",
    "an attribute": "{{ nombre.__class__ }}",
    "an attribute walk": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a subscript": "{{ nombre['__class__'] }}",
    "attr": "{{ nombre|attr('__class__') }}",
    "format": "{{ '%999999999d'|format(1) }}",
    "format of a value": "{{ nombre|format(nombre) }}",
    "str.format": "{{ '{0.__class__}'.format(nombre) }}",
    "a long layout of money": "{{ valor_1|money(999999999) + 'x' * 99 }}",
    "center": "{{ nombre|center(999999999) }}",
    "a chain of a hundred filters": "{{ nombre" + "|upper" * 300 + "}}",
    "replacements that grow": "{{ nombre" + "|replace('a','" + "a" * 201 + "')" + "}}",
    "a loop": "{% for x in range(99999999) %}x{% endfor %}",
    "a call": "{{ range(99999999) }}",
    "lipsum": "{{ lipsum(n=99999) }}",
    "cycler": "{{ cycler.__init__.__globals__ }}",
    "a macro": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "an include": "{% include '/etc/passwd' %}",
    "a set": "{% set nombre = 1 %}",
    "self": "{{ self._TemplateReference__context }}",
    "raw": "{% raw %}{{ nombre }}{% endraw %}",
    "a dictionary": "{{ {'a': nombre} }}",
    "a test with arguments": "{{ 1 is divisibleby(0) }}",
    "keyword arguments": "{{ nombre|default(**nombre) }}",
}
