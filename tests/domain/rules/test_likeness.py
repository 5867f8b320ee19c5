"""Texts that say nearly the same, whoever gets them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.likeness import MUCH, alike, is_much, likeness

REMINDER = (
    "Hola {{ nombre }}, su deuda de S/ {{ valor_1 }} vence el 5/12. Pague en https://banco.pe/a y evite recargos."
)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(REMINDER.upper(), id="capitals"),
        pytest.param(REMINDER.replace("5/12", "15/12"), id="another date"),
        pytest.param(REMINDER.replace("{{ valor_1 }}", "{{ valor_2 }}"), id="another token"),
        pytest.param(REMINDER.replace("Hola {{ nombre }}, s", "HOLA  José:\n s"), id="a name written out"),
        pytest.param(REMINDER.replace("/a", "/xyz?q=1"), id="another link"),
        pytest.param(REMINDER.replace("Pague", "Págue").replace(".", " ."), id="accents and points"),
        pytest.param(REMINDER.replace("su deuda", "tu deuda"), id="one word of many"),
    ],
)
def test_the_same_reminder_is_known_again(other: str) -> None:
    """What differs from contact to contact, and how it is written, does not count."""
    assert alike(REMINDER, other)


@pytest.mark.parametrize(
    "other",
    [
        "Hola {{ nombre }}, gracias por su pago. Su próxima cuota vence el 5/1.",
        "Feria de libros este sábado: 50 % de descuento. Más en https://libros.pe",
        "{{ nombre }}",
        "",
    ],
)
def test_another_message_is_another(other: str) -> None:
    """A few words in common are not the same text."""
    assert not alike(REMINDER, other)


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_a_part_of_one(one: str, other: str) -> None:
    """And a text is like itself."""
    assert 0 <= likeness(one, other) <= 1
    assert alike(one, one)
    assert alike(one, other) == (likeness(one, other) >= 0.9)


def test_a_fifth_of_an_audience_is_much() -> None:
    """Fewer are not worth a question, and nobody never is."""
    assert MUCH == 0.2
    assert [is_much(overlap, 10) for overlap in (0, 1, 2, 10)] == [False, False, True, True]
    assert not is_much(0, 0)
