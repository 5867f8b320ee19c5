"""The moments that people write."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.schedule import BadWhen, WhenInPast, parse_when

LIMA = ZoneInfo("America/Lima")
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # Monday, 10:00 in Lima


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("2026-12-01 09:30", "2026-12-01 09:30"),
        ("2026-12-01T09:30", "2026-12-01 09:30"),
        ("01/12/2026 9:30", "2026-12-01 09:30"),
        ("1-12-26 9:30", "2026-12-01 09:30"),
        ("1.12.2026 9:30", "2026-12-01 09:30"),
        ("1/12 9:30", "2026-12-01 09:30"),
        ("3/4 10:00", "2027-04-03 10:00"),
        ("9:30", "2026-11-24 09:30"),
        ("11:00", "2026-11-23 11:00"),
        ("10:00", "2026-11-24 10:00"),
        ("hoy 18:00", "2026-11-23 18:00"),
        ("mañana 9:30", "2026-11-24 09:30"),
        ("MAÑANA A LAS 9", "2026-11-24 09:00"),
        ("pasado mañana 8 am", "2026-11-25 08:00"),
        ("tomorrow at 9:30", "2026-11-24 09:30"),
        ("amanhã às 9h30", "2026-11-24 09:30"),
        ("lunes 10:05", "2026-11-23 10:05"),
        ("lunes 9:00", "2026-11-30 09:00"),
        ("el próximo viernes a las 10:00", "2026-11-27 10:00"),
        ("terça-feira 9h30", "2026-11-24 09:30"),
        ("qui às 10:00", "2026-11-26 10:00"),
        ("na próxima sexta feira às 9 da manhã", "2026-11-27 09:00"),
        ("depois de amanhã às 15h", "2026-11-25 15:00"),
        ("daqui a meia hora", "2026-11-23 10:30"),
        ("1º de dezembro de 2026 às 9h30", "2026-12-01 09:30"),
        ("next friday at 9am", "2026-11-27 09:00"),
        ("en 2 horas", "2026-11-23 12:00"),
        ("dentro de 3 días", "2026-11-26 10:00"),
        ("en media hora", "2026-11-23 10:30"),
        ("in 30 minutes", "2026-11-23 10:30"),
        ("em uma hora", "2026-11-23 11:00"),
        ("1 de diciembre de 2026 a las 9:30", "2026-12-01 09:30"),
        ("1 dic 9:30", "2026-12-01 09:30"),
        ("December 1st, 2026, 9:30 pm", "2026-12-01 21:30"),
        ("9:30 p. m.", "2026-11-23 21:30"),
        ("12 am", "2026-11-24 00:00"),
        ("12 pm", "2026-11-23 12:00"),
        ("9 de la noche", "2026-11-23 21:00"),
        ("18h", "2026-11-23 18:00"),
    ],
)
def test_a_moment_is_understood_however_it_is_written(text: str, local: str) -> None:
    """By the account's clocks; a time alone is the next time that they show it."""
    assert parse_when(text, now=NOW, zone=LIMA).astimezone(LIMA).strftime("%Y-%m-%d %H:%M") == local


@pytest.mark.parametrize(
    "text",
    ["", "9", "mañana", "hoy 12 de la noche", "12 de la mañana", "2 de la noite", "12 da manhã", "foo 9:30",
     "31/02/2026 9:00", "25:00", "9:60", "13 pm", "0 am", "32 dic 9:00", "en horas",
     "en 2 lunas", "1/13/2026 9:00", "x" * 5000, "\ud83d", "2026-12-01"],
)  # fmt: skip
def test_what_is_not_understood_is_said_to_be_so(text: str) -> None:
    """Never guessed: an hour too early is a campaign too early."""
    with pytest.raises(BadWhen) as refused:
        parse_when(text, now=NOW, zone=LIMA)

    assert refused.value.values == {"text": text}


@pytest.mark.parametrize("text", ["hoy 9:00", "2026-11-23 10:00", "01/01/2026 9:00", "en 0 minutos"])
def test_a_moment_that_is_over_is_refused(text: str) -> None:
    """With the moment that was understood."""
    with pytest.raises(WhenInPast) as refused:
        parse_when(text, now=NOW, zone=LIMA)
    when = refused.value.values["when"]

    assert isinstance(when, datetime)
    assert when <= NOW


def test_americans_write_the_month_first() -> None:
    """Only where the language says so."""
    american = parse_when("3/4 10:00", now=NOW, zone=LIMA, language="en-US")
    english = parse_when("3/4 10:00", now=NOW, zone=LIMA, language="en")

    assert (american.month, english.month) == (3, 4)


def test_a_time_that_clocks_jump_over_is_the_jump() -> None:
    """02:30 on that Sunday does not exist in Madrid."""
    when = parse_when("29/03/2026 2:30", now=datetime(2026, 3, 1, tzinfo=UTC), zone=ZoneInfo("Europe/Madrid"))

    assert when == datetime(2026, 3, 29, 1, tzinfo=UTC)


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(["America/Lima", "America/Santiago", "America/Sao_Paulo", "Europe/Madrid"]).map(ZoneInfo)


@given(MOMENTS, MOMENTS, ZONES)
def test_a_written_moment_is_read_back(now: datetime, moment: datetime, zone: ZoneInfo) -> None:
    """To the minute, or as the first of two moments that clocks show alike."""
    written = moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    try:
        found = parse_when(written, now=now, zone=zone)
    except WhenInPast as over:
        found = over.values["when"]  # type: ignore[assignment]

    assert found.astimezone(zone).strftime("%Y-%m-%d %H:%M") == written
    assert abs(found - moment) <= timedelta(hours=1, minutes=1)


@given(st.text(max_size=40), MOMENTS, ZONES)
def test_no_text_makes_it_fail(text: str, now: datetime, zone: ZoneInfo) -> None:
    """It is a moment to come, or one of the two refusals."""
    try:
        when = parse_when(text, now=now, zone=zone)
    except (BadWhen, WhenInPast):
        return

    assert when > now
    assert when.tzinfo is UTC
