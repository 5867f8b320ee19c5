"""Weekly hours and paces in the words of a chat."""

import contextlib
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.pace_words import BadPaceText, PaceWords, parse_pace
from domain.rules.weekly_words import WeeklyWords, parse_weekly
from domain.rules.when import BadWhen, WhenInPast, parse_clock, parse_day

WORKDAYS, EVERY, WEEKEND = frozenset(range(5)), frozenset(range(7)), frozenset({5, 6})
LIMA = ZoneInfo("America/Lima")
NOW = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "days", "begins", "ends"),
    [
        ("lunes a viernes 10:05 a 11:45", WORKDAYS, time(10, 5), time(11, 45)),
        ("Lunes a Viernes de 10:05 a 11:45", WORKDAYS, time(10, 5), time(11, 45)),
        ("lun-vie 10:05-11:45", WORKDAYS, time(10, 5), time(11, 45)),
        ("lun–vie, 9 a 18", WORKDAYS, time(9), time(18)),
        ("de lunes a viernes desde las 9:00 hasta las 18:30", WORKDAYS, time(9), time(18, 30)),
        ("monday to friday 10:05 to 11:45", WORKDAYS, time(10, 5), time(11, 45)),
        ("Mon-Fri 9am to 6pm", WORKDAYS, time(9), time(18)),
        ("weekdays 9am-6pm", WORKDAYS, time(9), time(18)),
        ("todos los días 8:00 a 20:00", EVERY, time(8), time(20)),
        ("every day 08:00", EVERY, time(8), None),
        ("sábado y domingo 9:00", WEEKEND, time(9), None),
        ("sábados y domingos a las 9", WEEKEND, time(9), None),
        ("fines de semana 10h a 13h", WEEKEND, time(10), time(13)),
        ("lunes, miércoles y viernes 22:00 a 02:00", frozenset({0, 2, 4}), time(22), time(2)),
        ("viernes a lunes 10:00", frozenset({4, 5, 6, 0}), time(10), None),
        ("martes", frozenset({1}), None, None),
        ("10:05 a 11:45", frozenset(), time(10, 5), time(11, 45)),
        ("segunda a sexta 9:00 as 18:00", WORKDAYS, time(9), time(18)),
        ("de segunda-feira a sexta-feira, das 9h às 18h30", WORKDAYS, time(9), time(18, 30)),
        ("seg, qua e sex das 10h às 13h", frozenset({0, 2, 4}), time(10), time(13)),
        ("às segundas-feiras e terças 9:00", frozenset({0, 1}), time(9), None),
        ("todos os dias 8:00 até 20:00", EVERY, time(8), time(20)),
    ],
)
def test_days_and_hours_are_understood(text: str, days: frozenset[int], begins: time | None, ends: time | None) -> None:
    """In the three languages, with or without an hour, over midnight too."""
    assert parse_weekly(text) == WeeklyWords(days, begins, ends)


@pytest.mark.parametrize(
    "text", ["", "hola", "lunes a", "lunes 25:00", "lunes 10:00 a", "lunes 10:00 a 26:00", "luna 9"]
)
def test_what_is_not_understood_is_said(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadWhen):
        parse_weekly(text)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    """Never another error."""
    for parse, refused in ((parse_weekly, BadWhen), (parse_pace, BadPaceText), (parse_clock, BadWhen)):
        with contextlib.suppress(refused):
            parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10/s", PaceWords(10, None)),
        ("10", PaceWords(10, None)),
        ("10 por segundo", PaceWords(10, None)),
        ("10 SMS/s", PaceWords(10, None)),
        ("0,5 per second", PaceWords(0.5, None)),
        ("600 por minuto", PaceWords(10, None)),
        ("3600 mensajes por hora", PaceWords(1, None)),
        ("1000 al día", PaceWords(None, 1000)),
        ("1 000 al día", PaceWords(None, 1000)),
        ("1.000 diarios", PaceWords(None, 1000)),
        ("5000/day", PaceWords(None, 5000)),
        ("5000 per day", PaceWords(None, 5000)),
        ("2000 mensajes al día", PaceWords(None, 2000)),
        ("10 mensagens por segundo", PaceWords(10, None)),
        ("1 mensagem por minuto", PaceWords(1 / 60, None)),
        ("2.000 ao dia", PaceWords(None, 2000)),
        ("2000 mensagens diárias", PaceWords(None, 2000)),
    ],
)
def test_a_pace_is_understood(text: str, expected: PaceWords) -> None:
    """A second's, a minute's, an hour's, or a cap for a day."""
    assert parse_pace(text) == expected


@pytest.mark.parametrize("text", ["", "rápido", "10 por siglo", "1,5 al día", "-3"])
def test_a_pace_that_is_none_is_said(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadPaceText):
        parse_pace(text)


def test_a_day_and_a_clock_alone() -> None:
    """As they are read within a moment."""
    assert parse_day("viernes", now=NOW, zone=LIMA) == date(2026, 11, 27)
    assert parse_day("hoy", now=NOW, zone=LIMA) == date(2026, 11, 24)
    assert parse_day("31/12", now=NOW, zone=LIMA) == date(2026, 12, 31)
    assert parse_day("2026-12-24", now=NOW, zone=LIMA) == date(2026, 12, 24)
    assert [parse_clock(text) for text in ("11:45", "a las 18", "6 pm", "18h")] == [
        time(11, 45),
        time(18),
        time(18),
        time(18),
    ]
    with pytest.raises(WhenInPast):
        parse_day("2026-11-01", now=NOW, zone=LIMA)
    with pytest.raises(BadWhen):
        parse_day("nunca", now=NOW, zone=LIMA)
