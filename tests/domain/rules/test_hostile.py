"""Hostile templates are refused with words, whatever they try; how fast: ``bench.templates``."""

import pytest

from domain.rules.template import BadTemplate, compile_template
from domain.usecases.templates import checked_text
from tests.domain.rules.hostile import HOSTILE


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_template_is_refused(name: str) -> None:
    """As any other fault in a text: a sentence for the person, never an exception of the library."""
    with pytest.raises(BadTemplate):
        compile_template(HOSTILE[name])
    with pytest.raises(BadTemplate):
        checked_text(HOSTILE[name])
